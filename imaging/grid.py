"""The grid that a scene is drawn on: north-up cells in UTM, and where they lie in the local frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyproj import Transformer
from rasterio.transform import Affine

from imaging.lens import Array
from missions.geodesy import LocalFrame


@dataclass(frozen=True)
class Grid:
    """`height` rows by `width` columns of `cell_m`, its north-west corner at (`west_m`, `north_m`) in UTM.

    Columns and rows are counted from that corner, so a cell's centre is at (column + 0.5, row + 0.5).
    """

    frame: LocalFrame
    epsg: int
    west_m: float
    north_m: float
    cell_m: float
    width: int
    height: int

    @property
    def transform(self) -> Affine:
        """UTM from column and row, as rasterio wants it."""
        return Affine(self.cell_m, 0.0, self.west_m, 0.0, -self.cell_m, self.north_m)

    @cached_property
    def _utm_from_geo(self) -> Transformer:
        return Transformer.from_crs("EPSG:4326", f"EPSG:{self.epsg}", always_xy=True)

    def local_from_cells(self, columns: Array, rows: Array) -> Array:
        """(n,) columns and (n,) rows to (n, 2) local east, north in metres."""
        east, north = self.west_m + columns * self.cell_m, self.north_m - rows * self.cell_m
        lon, lat = self._utm_from_geo.transform(east, north, direction="INVERSE")
        return self.frame.local_from_geo(np.column_stack([lon, lat]))

    def cells_from_local(self, east_north: Array) -> Array:
        """(n, 2) local east, north in metres to (n, 2) columns and rows."""
        geo = self.frame.geo_from_local(east_north)
        east, north = self._utm_from_geo.transform(geo[:, 0], geo[:, 1])
        return np.column_stack([(east - self.west_m) / self.cell_m, (self.north_m - north) / self.cell_m])

    def local_from_lattice(self, columns: Array, rows: Array) -> Array:
        """(c,) columns and (r,) rows to (r, c, 2) local metres, bilinear between the lattice's four corners.

        UTM bends against the local frame by 2 mm over a kilometre, so a lattice should stay below that.
        """
        ends = np.array([[c, r] for r in (rows[0], rows[-1]) for c in (columns[0], columns[-1])], float)
        corner = self.local_from_cells(ends[:, 0], ends[:, 1]).reshape(2, 2, 2)
        across = (columns - columns[0]) / max(columns[-1] - columns[0], 1e-9)
        down = (rows - rows[0]) / max(rows[-1] - rows[0], 1e-9)
        x, y = across[None, :, None], down[:, None, None]
        top = (1 - x) * corner[0, 0] + x * corner[0, 1]
        bottom = (1 - x) * corner[1, 0] + x * corner[1, 1]
        return np.asarray((1 - y) * top + y * bottom)

    def blocks(self, size: int) -> Iterator[tuple[int, int, int, int]]:
        """Column, row, width and height of blocks over the grid, to and fro so that neighbours follow."""
        for number, row in enumerate(range(0, self.height, size)):
            columns = range(0, self.width, size)
            for column in columns if number % 2 == 0 else reversed(columns):
                yield column, row, min(size, self.width - column), min(size, self.height - row)


def grid_over(frame: LocalFrame, epsg: int, east_north: Array, cell_m: float) -> Grid:
    """The grid of `cell_m` that covers (n, 2) local points, its corner on a whole number of cells."""
    bare = Grid(frame, epsg, 0.0, 0.0, 1.0, 1, 1)
    utm = bare.cells_from_local(east_north) * [1.0, -1.0]
    west, north = np.floor(utm[:, 0].min() / cell_m), np.ceil(utm[:, 1].max() / cell_m)
    width = int(np.ceil(utm[:, 0].max() / cell_m) - west)
    height = int(north - np.floor(utm[:, 1].min() / cell_m))
    return Grid(
        frame, epsg, float(west * cell_m), float(north * cell_m), cell_m, max(1, width), max(1, height)
    )
