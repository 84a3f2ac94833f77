"""The cells that a search is reckoned on: squares in a flat frame, counted as in a raster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from rasterio import Affine
from rasterio.features import rasterize
from scipy.ndimage import binary_dilation
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from missions.area import Area
from missions.errors import SettingsError
from missions.geodesy import LocalFrame, Points
from missions.local import frame_of, local_from_area

MAX_CELLS = 4_000_000
"""2000 x 2000: a map of 32 MB, and 20 km on a side in cells of 10 m."""
_FEW_CELLS, _FEW_CORNERS, _MANY_CELLS = 16, 200, 20_000
Cells = npt.NDArray[np.float64]
"""Shape (rows, columns)."""


@dataclass(frozen=True)
class SearchGrid:
    """`rows` x `columns` squares of `cell_m`; row 0 is the northernmost, column 0 the westernmost.

    `west_m` and `north_m` are the outer corner of the cell (0, 0) in `frame`. Raises SettingsError where the
    cells make no grid or are more than MAX_CELLS.
    """

    frame: LocalFrame
    west_m: float
    north_m: float
    cell_m: float
    rows: int
    columns: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.cell_m) and self.cell_m > 0):
            raise SettingsError(f"a cell of {self.cell_m} m is none", remedy="Give its side in metres")
        if not (math.isfinite(self.west_m) and math.isfinite(self.north_m)):
            raise SettingsError("the corner of the grid is no place")
        if self.rows < 1 or self.columns < 1:
            raise SettingsError(f"a grid of {self.rows} x {self.columns} cells holds nothing")
        if self.rows * self.columns > MAX_CELLS:
            raise SettingsError(
                f"{self.rows} x {self.columns} cells are more than {MAX_CELLS}",
                remedy=f"Take a smaller area, or cells of {self._fitting_m():.4g} m",
            )

    def _fitting_m(self) -> float:
        """A cell's side with which the same ground fits, rounded up to three figures."""
        side_m = self.cell_m * math.sqrt(self.rows * self.columns / MAX_CELLS) * 1.001
        step = 10.0 ** (math.floor(math.log10(side_m)) - 2)
        return math.ceil(side_m / step) * step

    @classmethod
    def over(cls, area: Area, cell_m: float, frame: LocalFrame | None = None) -> SearchGrid:
        """The fewest whole cells that hold the area. Raises AreaError and SettingsError."""
        frame = frame or frame_of(area)
        return cls.around(local_from_area(area, frame).bounds, cell_m, frame)

    @classmethod
    def around(
        cls, bounds_m: tuple[float, float, float, float], cell_m: float, frame: LocalFrame
    ) -> SearchGrid:
        """The fewest whole cells over west, south, east and north in metres, in their middle."""
        west, south, east, north = bounds_m
        if not (math.isfinite(cell_m) and cell_m > 0):
            raise SettingsError(f"a cell of {cell_m} m is none", remedy="Give its side in metres")
        if not all(math.isfinite(side) for side in bounds_m):
            raise SettingsError("the sides of the grid are no places")
        columns, rows = (max(1, math.ceil(span / cell_m - 1e-9)) for span in (east - west, north - south))
        return cls(
            frame=frame,
            west_m=(west + east - columns * cell_m) / 2,
            north_m=(north + south + rows * cell_m) / 2,
            cell_m=float(cell_m),
            rows=rows,
            columns=columns,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east and north in the frame."""
        east = self.west_m + self.columns * self.cell_m
        return self.west_m, self.north_m - self.rows * self.cell_m, east, self.north_m

    @property
    def transform(self) -> Affine:
        """East and north of column and row; (0.5, 0.5) is the middle of the first cell."""
        return Affine(self.cell_m, 0.0, self.west_m, 0.0, -self.cell_m, self.north_m)

    @cached_property
    def easts_m(self) -> npt.NDArray[np.float64]:
        """(columns,) the middles of the columns."""
        return np.asarray(self.west_m + (np.arange(self.columns) + 0.5) * self.cell_m, float)

    @cached_property
    def norths_m(self) -> npt.NDArray[np.float64]:
        """(rows,) the middles of the rows, the northernmost first."""
        return np.asarray(self.north_m - (np.arange(self.rows) + 0.5) * self.cell_m, float)

    @property
    def centres_m(self) -> npt.NDArray[np.float64]:
        """(rows, columns, 2) east and north of the middles of the cells."""
        return np.stack(np.meshgrid(self.easts_m, self.norths_m), axis=-1)

    def cell_of(self, points_m: Points) -> npt.NDArray[np.intp]:
        """(n, 2) east, north to (n, 2) row, column; -1, -1 for what lies outside."""
        points = np.asarray(points_m, float).reshape(-1, 2)
        row = np.floor((self.north_m - points[:, 1]) / self.cell_m)
        column = np.floor((points[:, 0] - self.west_m) / self.cell_m)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return np.where(inside[:, None], np.column_stack([row, column]), -1).astype(np.intp)

    def cell_polygon(self, row: int, column: int) -> Polygon:
        """The square of one cell in the frame. Raises SettingsError where there is no such cell."""
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise SettingsError(f"there is no cell {row}, {column} among {self.rows} x {self.columns}")
        west, north = self.west_m + column * self.cell_m, self.north_m - row * self.cell_m
        return shapely.box(west, north - self.cell_m, west + self.cell_m, north)

    def share_inside(self, shape: Polygon | MultiPolygon) -> Cells:
        """(rows, columns) how much of each cell lies in a shape of the frame, 0 to 1, exactly."""
        if shape.is_empty:
            return np.zeros(self.shape)
        # Away from the border the middle of a cell decides for all of it; along it each cell is cut.
        middles = self._burnt(shape, all_touched=False)
        crossed = binary_dilation(self._burnt(shape.boundary, all_touched=True), np.ones((3, 3), bool))
        share: Cells = middles.astype(float)
        rows, columns = np.nonzero(crossed)
        corners = np.column_stack([self.west_m + columns * self.cell_m, self.north_m - rows * self.cell_m])
        areas_m2 = np.zeros(len(corners))
        _cut(shape, corners, self.cell_m, np.arange(len(corners)), areas_m2)
        share[rows, columns] = np.clip(areas_m2 / self.cell_m**2, 0.0, 1.0)
        return share

    def _burnt(self, shape: BaseGeometry, *, all_touched: bool) -> npt.NDArray[np.bool_]:
        where = {"out_shape": self.shape, "transform": self.transform, "dtype": "uint8"}
        return np.asarray(rasterize([shape], all_touched=all_touched, **where), bool)


def _cut(
    shape: BaseGeometry,
    corners_m: Points,
    cell_m: float,
    which: npt.NDArray[np.intp],
    areas_m2: npt.NDArray[np.float64],
) -> None:
    """Fill in what the cells `which` share with a shape; where either is much, in halves."""
    few = len(which) <= _FEW_CELLS or shapely.get_num_coordinates(shape) <= _FEW_CORNERS
    if few and len(which) <= _MANY_CELLS:
        west, north = corners_m[which].T
        cells = shapely.box(west, north - cell_m, west + cell_m, north)
        areas_m2[which] = shapely.area(shapely.intersection(cells, shape))
        return
    axis = int(np.ptp(corners_m[which], axis=0).argmax())
    order = which[np.argsort(corners_m[which, axis], kind="stable")]
    for half in np.array_split(order, 2):
        (west, south), (east, north) = corners_m[half].min(axis=0), corners_m[half].max(axis=0)
        around = shapely.box(west, south - cell_m, east + cell_m, north)
        _cut(shapely.intersection(shape, around), corners_m, cell_m, half, areas_m2)
