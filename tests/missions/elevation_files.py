"""Elevation files that the tests of terrain share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from rasterio.transform import Affine

WEST, NORTH = 150_000.0, 460_000.0

RD = "EPSG:28992"


Grid = npt.NDArray[Any]


def write_tile(
    path: Path,
    heights: Grid,
    *,
    crs: str | None = RD,
    transform: Affine | None = None,
    point: bool = False,
    unit: str = "",
    count: int = 1,
    **options: Any,
) -> Path:
    """A GeoTIFF of the heights; half-metre cells in RD New from (WEST, NORTH) unless told otherwise."""
    rows, columns = heights.shape
    where = from_origin(WEST, NORTH, 0.5, 0.5) if transform is None else transform
    placed = {} if crs is None else {"crs": crs, "transform": where}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=count,
        dtype=options.pop("dtype", "float32"),
        **placed,
        **options,
    ) as file:
        for band in range(1, count + 1):
            file.write(heights.astype(file.dtypes[0]), band)
        if point:
            file.update_tags(AREA_OR_POINT="Point")
        if unit:
            file.set_band_unit(1, unit)
    return path


def from_origin(west: float, north: float, width: float, height: float) -> Affine:
    return Affine(width, 0, west, 0, -height, north)


def plane(rows: int, columns: int, *, west: float = WEST, north: float = NORTH, cell: float = 0.5) -> Grid:
    """Heights of a tilted plane in the middles of cells, which bilinear interpolation gives back exactly."""
    x = west + (np.arange(columns) + 0.5) * cell
    y = north - (np.arange(rows) + 0.5) * cell
    return height_of(x[None, :], y[:, None])


def height_of(x: Any, y: Any) -> Any:
    return 10 + 0.1 * (x - WEST) + 0.2 * (y - NORTH)


def lonlat(x: Any, y: Any, crs: str = RD) -> npt.NDArray[np.float64]:
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return np.column_stack(transformer.transform(np.atleast_1d(x), np.atleast_1d(y)))
