"""Stage `surface`: the ground under the photos, from the tie points.

A plane that most tie points agree on, and on it a coarse grid of their heights above that plane, smoothed and
clipped. It follows the terrain, not the walls of houses: what stands on the ground leans in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rasterio

from imaging.alignment import Alignment
from imaging.georeference import Georeference
from imaging.grid import Grid, grid_over
from imaging.lens import Array
from imaging.progress import Progress
from imaging.scene import Scene, key_of
from missions.errors import AlignmentError
from missions.files import writing_whole

STAGE = "surface"
VERSION = 1
CELLS_IN_HEIGHT = 20
STEEPEST = 1.75
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Surface:
    """Heights in metres at the centres of `grid`'s cells (rows, columns), in the scene's height reference."""

    grid: Grid
    heights_m: Array
    plane: Array
    spread_m: float
    key: str

    def height_m(self, east_north: Array) -> Array:
        """(..., 2) local metres to (...) heights, bilinear, held at the border."""
        cells = self.grid.cells_from_local(east_north.reshape(-1, 2)) - 0.5
        return self._sample(cells[:, 0], cells[:, 1]).reshape(east_north.shape[:-1])

    @property
    def ground(self) -> Surface:
        """The ground without what stands on it: here the surface itself."""
        return self

    @property
    def hides(self) -> bool:
        """Whether things on it can hide what is behind them: no, it follows the ground alone."""
        return False

    def heights_on(self, grid: Grid, column: int, row: int, width: int, height: int) -> Floats:
        """(height, width) heights at the centres of a window of another grid of the same zone."""
        ratio = grid.cell_m / self.grid.cell_m
        left = (grid.west_m - self.grid.west_m) / self.grid.cell_m + column * ratio
        top = (self.grid.north_m - grid.north_m) / self.grid.cell_m + row * ratio
        # The centre of output pixel i lies at left + (i + 0.5) ratio, that of cell j at j + 0.5.
        shift = np.array([[ratio, 0, left + 0.5 * ratio - 0.5], [0, ratio, top + 0.5 * ratio - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        heights_m = self.heights_m.astype(np.float32)
        drawn = cv2.warpAffine(
            heights_m, shift, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(drawn, np.float32)

    def _sample(self, columns: Array, rows: Array) -> Array:
        last_row, last_column = (size - 1 for size in self.heights_m.shape)
        column, row = np.clip(columns, 0, last_column), np.clip(rows, 0, last_row)
        left = np.minimum(column.astype(int), max(0, last_column - 1))
        top = np.minimum(row.astype(int), max(0, last_row - 1))
        right, below = np.minimum(left + 1, last_column), np.minimum(top + 1, last_row)
        x, y = column - left, row - top
        above = (1 - x) * self.heights_m[top, left] + x * self.heights_m[top, right]
        under = (1 - x) * self.heights_m[below, left] + x * self.heights_m[below, right]
        return np.asarray((1 - y) * above + y * under)


def find_surface(alignment: Alignment, placed: Georeference, scene: Scene, progress: Progress) -> Surface:
    """The ground, written to `stages/surface.tif`, or what stands there. Raises AlignmentError."""
    key = key_of(STAGE, VERSION, placed.key)
    progress.stage(STAGE, 1)
    record = scene.kept(STAGE, key)
    if record is None:
        record = _found(_reliable(alignment, placed), placed, scene, key)
    progress.advance()
    with rasterio.open(scene.stages / f"{STAGE}.tif") as file:
        heights_m = file.read(1).astype(float)
    grid = Grid(frame=placed.frame, **record["grid"])
    return Surface(grid, heights_m, np.array(record["plane"]), float(record["spread_m"]), key)


def _reliable(alignment: Alignment, placed: Georeference) -> Array:
    """Tie points seen three times or more with a small error; all of them where those are few."""
    good = (alignment.point_views >= 3) & (alignment.point_error_px <= 2.0)
    points = placed.points[good] if np.count_nonzero(good) >= 100 else placed.points
    below = points[:, 2] < min(view.centre[2] for view in placed.views)
    if np.count_nonzero(below) < 10:
        raise AlignmentError(
            "the photos show too little ground to find its height",
            remedy="Point the camera down and let the photos overlap by 60 % or more",
        )
    return np.asarray(points[below])


def _found(points: Array, placed: Georeference, scene: Scene, key: str) -> dict[str, Any]:
    plane = fit_plane(points)
    above_m = points[:, 2] - _on_plane(plane, points)
    spread_m = 1.4826 * float(np.median(np.abs(above_m)))
    height_m = float(np.median([view.centre[2] for view in placed.views]) - np.median(points[:, 2]))
    kept = np.abs(above_m) <= max(6 * spread_m, 0.05 * height_m)
    centres = np.array([view.centre[:2] for view in placed.views])
    reach_m = STEEPEST * height_m
    around = np.vstack([points[kept, :2], centres - reach_m, centres + reach_m])
    grid = grid_over(placed.frame, placed.epsg, around, max(0.5, round(height_m / CELLS_IN_HEIGHT, 1)))
    relief_m = _relief(points[kept], above_m[kept], grid)
    columns, rows = np.arange(grid.width, dtype=float) + 0.5, np.arange(grid.height, dtype=float) + 0.5
    local = grid.local_from_lattice(columns, rows)
    heights_m = relief_m + plane[0] * local[..., 0] + plane[1] * local[..., 1] + plane[2]
    target = scene.stages / f"{STAGE}.tif"
    with writing_whole(target) as temporary:
        _write_tiff(temporary, grid, heights_m)
    body = {
        "plane": plane.tolist(),
        "spread_m": spread_m,
        "points": int(np.count_nonzero(kept)),
        "height_above_ground_m": height_m,
        "grid": {
            name: getattr(grid, name) for name in ("epsg", "west_m", "north_m", "cell_m", "width", "height")
        },
    }
    return scene.keep(STAGE, key, body, [target])


def fit_plane(points: Array) -> Array:
    """(3,) a, b, c of height = a east + b north + c by least absolute deviations (ten reweightings)."""
    base = np.column_stack([points[:, :2], np.ones(len(points))])
    weights = np.ones(len(points))
    plane = np.zeros(3)
    for _ in range(10):
        root = np.sqrt(weights)[:, None]
        plane = np.linalg.lstsq(base * root, points[:, 2] * root[:, 0], rcond=None)[0]
        weights = 1 / np.maximum(np.abs(points[:, 2] - base @ plane), 0.05)
    return plane


def _relief(points: Array, above_m: Array, grid: Grid) -> Array:
    """Height above the plane in every cell: its median, spread out, fading to zero far from any point."""
    cells = np.floor(grid.cells_from_local(points[:, :2])).astype(int)
    flat = np.clip(cells[:, 1], 0, grid.height - 1) * grid.width + np.clip(cells[:, 0], 0, grid.width - 1)
    order = np.lexsort((above_m, flat))
    values, starts, counts = np.unique(flat[order], return_index=True, return_counts=True)
    total, weight = np.zeros(grid.height * grid.width), np.zeros(grid.height * grid.width)
    total[values] = above_m[order][starts + (counts - 1) // 2]
    weight[values] = 1.0
    shape = (grid.height, grid.width)
    relief_m, trust = np.zeros(shape), np.zeros(shape)
    for sigma_cells in (1.5, 4.0, 10.0):
        near, sum_m = (
            cv2.GaussianBlur(each.reshape(shape), (0, 0), sigma_cells, borderType=cv2.BORDER_CONSTANT)
            for each in (weight, total)
        )
        mean_m = sum_m / np.maximum(near, 1e-9)
        share = (1 - trust) * np.clip(near * 2 * np.pi * sigma_cells**2 / 4, 0, 1)
        relief_m, trust = relief_m + share * mean_m, trust + share
    low_m, high_m = np.percentile(above_m, [1, 99])
    return np.asarray(np.clip(relief_m, low_m, high_m))


def _on_plane(plane: Array, points: Array) -> Array:
    return np.asarray(plane[0] * points[:, 0] + plane[1] * points[:, 1] + plane[2])


def _write_tiff(path: Any, grid: Grid, heights_m: Array) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", width=grid.width, height=grid.height, count=1, dtype="float32",
        crs=f"EPSG:{grid.epsg}", transform=grid.transform, compress="deflate", predictor=3,
    ) as file:  # fmt: skip
        file.write(heights_m.astype(np.float32), 1)
