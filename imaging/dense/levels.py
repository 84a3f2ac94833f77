"""One size of matching: every pair of photos on its plane, what it tells kept in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from imaging.dense.kernels import mark
from imaging.dense.matching import (
    FINELY,
    ROUGHLY,
    Depths,
    Heights,
    Scale,
    Side,
    depths,
    disparity,
)
from imaging.dense.pairing import StereoPair
from imaging.dense.rectification import Rectified, Slab, canvas, rectify
from imaging.footprints import patch_of
from imaging.grid import Grid
from imaging.lens import Array, Lens, View
from imaging.pictures import Decoded, Pictures
from imaging.progress import Progress
from imaging.sampling import Patch
from imaging.surface import Surface, fit_plane
from imaging.survey import Survey
from imaging.threads import in_order

LOW_M = 3.2
LEAST_TOP_M = 2.0
MARGIN_M = 0.4
LEAST_CELLS = 500
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Work:
    """What all pairs share. The search goes from `below_m` under the ground to `headroom_m` above it;
    `pictures` are photos that were decoded before.
    """

    found: Survey
    lenses: dict[str, Lens]
    views: tuple[View, ...]
    surface: Surface
    scale: Scale
    below_m: float
    headroom_m: float
    threads: int
    memory_bytes: int
    pictures: Pictures | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """What one pair tells, its heights row by row in a file of which only parts are read."""

    column: int
    row: int
    rows: int
    columns: int
    sigma_m: float
    path: Path

    def part(self, rows: slice, columns: slice) -> Heights:
        """Some of its cells, counted from its own corner."""
        count = rows.stop - rows.start
        size = np.dtype(np.int16).itemsize
        offset = rows.start * self.columns * size
        whole = np.fromfile(self.path, np.int16, count * self.columns, offset=offset)
        return whole.reshape(count, self.columns)[:, columns]


@dataclass(frozen=True, slots=True)
class Coarse:
    """Heights found at half the size, metres, NaN where there are none, in a file.

    A file that is mapped and stays so counts as memory, page by page, as far as it was ever looked at.
    """

    grid: Grid
    path: Path

    def part(self, rows: slice, columns: slice) -> Floats:
        """Some of its cells."""
        return np.array(np.load(self.path, mmap_mode="r")[rows, columns])


@dataclass(frozen=True, slots=True)
class Level:
    """Photos at 1/`reduce` of their size, heights on `grid`, and what is known already."""

    reduce: int
    grid: Grid
    coarse: Coarse | None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a pair: where to search, and (n, 3) points of what is taller."""

    slab: Slab
    tall: Array


def find_layers(
    work: Work, level: Level, pairs: list[StereoPair], scratch: Path, progress: Progress
) -> list[Layer]:
    """What every pair tells, each in a file of its own."""
    scratch.mkdir()
    photos = Decoded(work.found.photos, level.reduce, work.memory_bytes, work.pictures, grey=True)
    progress.stage("dense: trees and houses" if level.coarse is None else "dense: matching", len(pairs))
    layers: list[Layer] = []
    found = in_order(lambda pair: _matched(work, level, pair, photos), pairs, work.threads)
    for number, layer in enumerate(found):
        if layer is not None:
            path = scratch / f"{number}.heights"
            layer.heights.tofile(path)
            rows, columns = layer.heights.shape
            layers.append(Layer(layer.column, layer.row, rows, columns, layer.sigma_m, path))
        progress.advance()
    return layers


def _matched(work: Work, level: Level, pair: StereoPair, photos: Decoded) -> Depths | None:
    """What one pair tells; None where the two do not face each other's ground after all."""
    first, second = work.views[pair.first], work.views[pair.second]
    middle = (first.centre[:2] + second.centre[:2]) / 2
    ground_m = float(work.surface.height_m(middle))
    reach_m = 0.6 * float(first.centre[2] - ground_m)
    around = _around(work, level.coarse, middle, reach_m)
    plane = rectify(first, second, work.lenses, around.slab, 1 / level.reduce)
    if plane is None:
        return None
    manner = ROUGHLY if level.coarse is None else FINELY
    sides: list[Side] = []
    for view, is_second in ((first, False), (second, True)):
        grey = photos.picture(view.name)
        picture, seen = canvas(plane, view, work.lenses[view.lens], grey, second=is_second)
        sides.append((picture, seen & ~_too_tall(plane, around.tall, second=is_second)))
    found = disparity(plane, sides[0], sides[1], manner)
    return depths(plane, found, level.grid, work.scale, ground_m)


def _around(work: Work, coarse: Coarse | None, middle: Array, reach_m: float) -> Around:
    steps = np.linspace(-reach_m, reach_m, 7)
    places = middle + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    ground = np.column_stack([places, work.surface.height_m(places)])
    plane, above_m = _plane(ground)
    whole = Slab(plane, float(above_m.min()) - work.below_m, float(above_m.max()) + work.headroom_m)
    none = np.zeros((0, 3))
    if coarse is None:
        return Around(whole, none)
    grid = coarse.grid
    cells = grid.cells_from_local(middle + reach_m * np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]]))
    first = np.clip(np.floor(cells.min(axis=0)), 0, [grid.width, grid.height]).astype(int)
    size = np.clip(np.ceil(cells.max(axis=0)), 0, [grid.width, grid.height]).astype(int) - first
    if np.any(size < 2):
        return Around(whole, none)
    found_m = coarse.part(slice(first[1], first[1] + size[1]), slice(first[0], first[0] + size[0]))
    rise_m = found_m - work.surface.heights_on(grid, *first.tolist(), *size.tolist())
    patch = patch_of(grid, *first.tolist(), *size.tolist())
    with np.errstate(invalid="ignore"):
        low, tall = (_points(patch, found_m, which) for which in (rise_m <= LOW_M, rise_m > LOW_M))
    if len(low) < LEAST_CELLS:
        return Around(whole, none)
    plane, above_m = _plane(low[:: max(1, len(low) // 20_000)])
    least_m, most_m = np.percentile(above_m, [1, 99.5])
    return Around(Slab(plane, float(least_m) - MARGIN_M, max(float(most_m), LEAST_TOP_M) + MARGIN_M), tall)


def _points(patch: Patch, heights_m: Floats, which: npt.NDArray[np.bool_]) -> Array:
    """(n, 3) local points of cells of a window."""
    rows, columns = np.nonzero(which)
    places = patch.origin + columns[:, None] * patch.right + rows[:, None] * patch.down
    return np.column_stack([places, heights_m[rows, columns]])


def _plane(points: Array) -> tuple[Array, Array]:
    """The plane a east + b north + c through most of (n, 3) points, and their heights above it."""
    plane = fit_plane(points)
    return plane, points[:, 2] - points[:, :2] @ plane[:2] - plane[2]


def _too_tall(plane: Rectified, tall: Array, *, second: bool) -> npt.NDArray[np.bool_]:
    """Where a canvas shows what is taller than the search goes: a match there could only be wrong."""
    mask = np.zeros((plane.height, plane.width), np.uint8)
    if len(tall) == 0:
        return mask > 0
    centre = plane.second_centre if second else plane.centre
    lowest = np.array(plane.lowest if second else (0.0, 0.0, 0.0))
    corner = np.array([plane.left_px, plane.top_px], float)
    mark(tall, np.ascontiguousarray(plane.rotation), centre, plane.focal_px, lowest, corner, mask)
    # A cell found at half the size covers two pixels, more for what is nearer.
    return np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 0)
