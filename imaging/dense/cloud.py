"""Stage `cloud`: the dense surface as coloured points, `cloud.laz` (LAS 1.4, point format 7, compressed).

One point a cell, thinned evenly to a bounded number: a surface seen from above, without walls below roofs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import laspy
import numpy as np
import numpy.typing as npt
import rasterio
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.windows import Window, from_bounds

from imaging.dense.model import DenseSurface
from imaging.orthomosaic import Orthomosaic
from imaging.progress import Progress
from imaging.scene import Scene, key_of
from missions.files import writing_whole

STAGE = "cloud"
VERSION = 1
MOST_POINTS = 3_000_000
TILE_CELLS, ROWS_AT_ONCE = 1024, 64
SCALE_M = 0.001
SIGMAS = 10.0
CLOUD = "cloud.laz"


def write_cloud(dense: DenseSurface, drawn: Orthomosaic, scene: Scene, progress: Progress) -> dict[str, Any]:
    """Write `cloud.laz` or take what stands there; gives the stage's record (`points`, `step`, `files`).

    Cells that were filled from far, or are ten times as uncertain as usual, are no points. Coordinates are
    those of the orthomosaic's zone; heights have the scene's own reference.
    """
    key = key_of(STAGE, VERSION, dense.key, drawn.key, MOST_POINTS)
    record = scene.kept(STAGE, key)
    if record is not None:
        progress.stage("cloud: kept from before", 0)
        return record
    grid = dense.grid
    cells = dense.measured_share * grid.width * grid.height
    step = max(1, math.ceil(math.sqrt(cells / MOST_POINTS)))
    tiles = list(grid.blocks(TILE_CELLS // step * step))
    progress.stage(STAGE, len(tiles))
    header = laspy.LasHeader(point_format=7, version="1.4")
    header.scales = np.full(3, SCALE_M)
    header.offsets = np.floor([grid.west_m, grid.north_m - grid.height * grid.cell_m, 0.0])
    header.generating_software = "Droneteam"
    header.add_crs(CRS.from_epsg(grid.epsg))
    points = 0
    target = scene.folder / CLOUD
    with (
        writing_whole(target) as temporary,
        rasterio.open(dense.path) as heights,
        rasterio.open(dense.uncertainty_path) as sigmas,
        rasterio.open(scene.orthomosaic) as picture,
        laspy.open(temporary, mode="w", header=header, laz_backend=laspy.LazBackend.Lazrs) as file,
    ):
        for tile in tiles:
            for found in _points(dense, Window(*tile), step, heights, sigmas, picture):
                file.write_points(_record(found, header))
                points += len(found)
            progress.advance()
    return scene.keep(STAGE, key, {"points": points, "step": step}, [target])


def _points(
    dense: DenseSurface, window: Window, step: int, heights: Any, sigmas: Any, picture: Any
) -> Iterator[npt.NDArray[np.float64]]:
    """(n, 6) easting, northing, height, red, green, blue of every `step`-th cell each way, some rows at a
    time: a tile of them would weigh 50 MB, and as much again as a record.
    """
    grid = dense.grid
    up_m = heights.read(1, window=window)[::step, ::step]
    sigma_m = sigmas.read(1, window=window)[::step, ::step]
    rows, columns = up_m.shape
    east_m = grid.west_m + (window.col_off + np.arange(columns) * step + 0.5) * grid.cell_m
    north_m = grid.north_m - (window.row_off + np.arange(rows) * step + 0.5) * grid.cell_m
    half_m = step * grid.cell_m / 2
    bounds = (east_m[0] - half_m, north_m[-1] - half_m, east_m[-1] + half_m, north_m[0] + half_m)
    colours = picture.read(
        window=from_bounds(*bounds, transform=picture.transform), out_shape=(4, rows, columns),
        boundless=True, fill_value=0, resampling=Resampling.nearest,
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        good = np.isfinite(up_m) & (sigma_m <= SIGMAS * dense.typical_sigma_m) & (colours[3] > 0)
    for first in range(0, rows, ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        there = good[part]
        if there.any():
            bands = [band[part][there] for band in (up_m, *colours[:3])]
            east, north = (each[there] for each in np.meshgrid(east_m, north_m[part]))
            yield np.column_stack([east, north, *bands])


def _record(points: npt.NDArray[np.float64], header: Any) -> Any:
    record = laspy.ScaleAwarePointRecord.zeros(len(points), header=header)
    record.x, record.y, record.z = points[:, 0], points[:, 1], points[:, 2]
    for name, band in zip(("red", "green", "blue"), points[:, 3:].T, strict=True):
        # LAS 1.4 holds colours in 16 bits; 257 takes 255 to 65535.
        record[name] = (band * 257).astype(np.uint16)
    return record
