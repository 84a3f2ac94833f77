"""One elevation file: checked before it is read, read in blocks, never whole.

Only GeoTIFF and `.hgt` are opened, without the side files that GDAL would look for: what is hashed is all
that was read. GDAL gives both kinds the same meaning: a height stands in the middle of its cell. (It moves
point-registered GeoTIFFs and `.hgt` by half a cell for that.)
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from pyproj.exceptions import ProjError
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from missions.errors import FormatError
from missions.geodesy import WGS84
from missions.terrain.vertical import horizontal_and_vertical, metres_of_unit

SUFFIXES = (".tif", ".tiff", ".hgt")
MAX_SIDE_PX = 2_000_000
MAX_BLOCK_PX = 16_000_000
"""A block is decoded whole: a file of one giant block would take gigabytes to read one height."""
LOWEST_M, HIGHEST_M = -1_000.0, 9_000.0
"""No ground lies outside; what does is a no-data value (-9999, -32768, 3.4e38), declared or not."""
BLOCK_PX = 256
Block = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
_HGT_DATUM = "EGM96"
_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GTIFF_REPORT_COMPD_CS": "YES",
    "GDAL_CACHEMAX": 128,
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Where cells lie: x = a column + b row + c, y = d column + e row + f; 0.5, 0.5 is the first's middle."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    @property
    def determinant(self) -> float:
        """The area of a cell, with its sign."""
        return self.a * self.e - self.b * self.d

    def xy(self, column: Floats, row: Floats) -> tuple[Floats, Floats]:
        """x and y of columns and rows."""
        return self.a * column + self.b * row + self.c, self.d * column + self.e * row + self.f

    def column_row(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Columns and rows of x and y."""
        dx, dy = x - self.c, y - self.f
        return (self.e * dx - self.b * dy) / self.determinant, (self.a * dy - self.d * dx) / self.determinant


@dataclass(frozen=True, slots=True)
class Raster:
    """A file that passed the checks. `affine` gives x, y in `horizontal`."""

    path: Path
    horizontal: pyproj.CRS
    crs_name: str
    vertical_datum: str
    metres: float
    offset_m: float
    width: int
    height: int
    affine: Cells
    resolution_m: float
    bounds_lonlat: tuple[float, float, float, float]
    """West, south, east, north, degrees, a little wider than the file."""


def check_raster(path: Path) -> Raster:
    """Look at a file's head, and refuse what cannot be used. Raises FormatError."""
    with opened(path) as dataset:
        _refuse_pictures_and_bombs(dataset, path)
        if dataset.crs is None or dataset.transform.is_identity:
            raise FormatError(
                "does not say where on the earth it lies",
                where=str(path),
                remedy="Give a GeoTIFF with its position and reference inside",
            )
        affine = Cells(*dataset.transform[:6])
        if not all(map(math.isfinite, dataclasses.astuple(affine))) or abs(affine.determinant) < 1e-20:
            raise FormatError(
                "its position makes no sense", where=str(path), remedy="Download the file again"
            )
        horizontal, datum, vertical_m = horizontal_and_vertical(dataset.crs.to_wkt(), str(path))
        stated_m = metres_of_unit(dataset.units[0], str(path))
        metres = stated_m if dataset.units[0] or vertical_m is None else vertical_m
        try:
            resolution_m = _resolution_m(affine, dataset, horizontal, path)
            bounds = _bounds(affine, dataset, horizontal, path)
        except ProjError as error:
            raise _not_on_earth(path) from error
        return Raster(
            path=path,
            horizontal=horizontal,
            crs_name=_name_of(horizontal),
            vertical_datum=datum or (_HGT_DATUM if dataset.driver == "SRTMHGT" else ""),
            metres=metres * dataset.scales[0],
            offset_m=metres * dataset.offsets[0],
            width=dataset.width,
            height=dataset.height,
            affine=affine,
            resolution_m=resolution_m,
            bounds_lonlat=bounds,
        )


@contextmanager
def opened(path: Path) -> Iterator[DatasetReader]:
    """The open file; closed when the block ends. Raises FormatError."""
    if not path.is_file():
        raise FormatError("no such elevation file", where=str(path), remedy="Check the path")
    driver = "SRTMHGT" if path.suffix.lower() == ".hgt" else "GTiff"
    try:
        with rasterio.Env(**_OPTIONS):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                dataset = rasterio.open(path.absolute(), driver=driver)
            with dataset:
                yield dataset
    except (RasterioError, OSError) as error:
        raise FormatError(
            "is no elevation file that can be read",
            where=str(path),
            remedy="Give a GeoTIFF, or an .hgt that keeps its name (N52E004.hgt)",
        ) from error


def read_block(dataset: DatasetReader, raster: Raster, row: int, column: int) -> Block:
    """Heights in metres of one block, 257 cells on a side; NaN where there are none.

    Block (0, 0) begins one row above and one column left of the file, and each block shares a row and a
    column with the next: the four cells round any place lie in one block. Raises FormatError where the file
    is damaged.
    """
    block = np.full((BLOCK_PX + 1, BLOCK_PX + 1), np.nan, np.float32)
    top, left = row * BLOCK_PX - 1, column * BLOCK_PX - 1
    first_row, first_column = max(top, 0), max(left, 0)
    rows = min(top + BLOCK_PX + 1, raster.height) - first_row
    columns = min(left + BLOCK_PX + 1, raster.width) - first_column
    if rows <= 0 or columns <= 0:
        return block
    try:
        cells = dataset.read(1, window=Window(first_column, first_row, columns, rows), masked=True)
    except (RasterioError, MemoryError) as error:
        raise FormatError(
            f"is damaged near row {first_row}, column {first_column}",
            where=str(raster.path),
            remedy="Download the file again",
        ) from error
    found = np.where(np.ma.getmaskarray(cells), np.nan, cells.data.astype(np.float64))
    with np.errstate(invalid="ignore", over="ignore"):
        heights = found * raster.metres + raster.offset_m
        heights[~((heights > LOWEST_M) & (heights < HIGHEST_M))] = np.nan
    down, right = first_row - top, first_column - left
    block[down : down + rows, right : right + columns] = heights
    return block


def _refuse_pictures_and_bombs(dataset: DatasetReader, path: Path) -> None:
    colours = {ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.palette}
    if dataset.count < 1 or dataset.count > 2 or colours & set(dataset.colorinterp):
        raise FormatError(
            f"has {dataset.count} bands of {dataset.colorinterp[0].name if dataset.count else 'nothing'}:"
            " a picture, not heights",
            where=str(path),
            remedy="Give a file with one band of heights",
        )
    if not np.issubdtype(np.dtype(dataset.dtypes[0]), np.number) or "complex" in dataset.dtypes[0]:
        raise FormatError(
            f"its cells are {dataset.dtypes[0]}, not heights", where=str(path), remedy="Give another file"
        )
    rows, columns = dataset.block_shapes[0]
    if max(dataset.width, dataset.height) > MAX_SIDE_PX or rows * columns > MAX_BLOCK_PX:
        raise FormatError(
            f"has {dataset.width} x {dataset.height} cells in blocks of {columns} x {rows}, more than can be"
            " read in parts",
            where=str(path),
            remedy="Tile it: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE",
        )


def _not_on_earth(path: Path) -> FormatError:
    return FormatError("lies outside the earth", where=str(path), remedy="Check its position and reference")


def _name_of(crs: pyproj.CRS) -> str:
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else crs.name


def _resolution_m(affine: Cells, dataset: DatasetReader, horizontal: pyproj.CRS, path: Path) -> float:
    column, row = dataset.width / 2, dataset.height / 2
    x, y = affine.xy(np.array([column, column + 1, column]), np.array([row, row, row + 1]))
    lon, lat = pyproj.Transformer.from_crs(horizontal, "EPSG:4326", always_xy=True).transform(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and (np.abs(lat) <= 90).all()):
        raise _not_on_earth(path)
    sides = WGS84.inv(lon[[0, 0]], lat[[0, 0]], lon[1:], lat[1:])[2]
    return float(min(sides))


def _bounds(
    affine: Cells, dataset: DatasetReader, horizontal: pyproj.CRS, path: Path
) -> tuple[float, float, float, float]:
    width, height = float(dataset.width), float(dataset.height)
    x, y = affine.xy(np.array([0.0, width, 0.0, width]), np.array([0.0, 0.0, height, height]))
    to_geo = pyproj.Transformer.from_crs(horizontal, "EPSG:4326", always_xy=True)
    west, south, east, north = to_geo.transform_bounds(x.min(), y.min(), x.max(), y.max(), densify_pts=21)
    if not all(math.isfinite(side) for side in (west, south, east, north)):
        raise _not_on_earth(path)
    if west > east:
        west, east = -180.0, 180.0
    wider = max(1e-6, 0.001 * max(east - west, north - south))
    return west - wider, south - wider, east + wider, north + wider
