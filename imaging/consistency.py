"""The photos against each other on the coarse grid: what stands there in one photo only."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from imaging.bands import largest, mean, smallest
from imaging.footprints import Flags, Floats, Footprint
from imaging.grid import Grid

TILE_CELLS, LEAST_TILE_CELLS = 128, 32
PHOTO_CELLS = 1_000_000
"""Cells of all photos that are compared at once: 12 bytes each, twice and a half. Where many photos reach
into a tile it is taken in parts.
"""
DIFFERENT_DN = 24.0
CONTRAST_SHARE = 0.6
LEAST_VIEWS = 3
LEAST_CELLS = 2
GROW_CELLS = 2
SHADE_M = 2.0
MOST_SHADE, MOST_TINT = 0.4, 0.15
LEAST_ALIKE = 0.1
THIN = 3
BLUR_SIGMAS = 4
"""How far OpenCV's Gaussian blur of floats reaches."""
Window = tuple[slice, slice]
"""Rows and columns of the coarse grid."""
Cells = npt.NDArray[np.int32]
NO_CELLS = np.zeros(0, np.int32)


def without_passers(
    footprints: list[Footprint], grid: Grid, trees: Flags | None = None
) -> tuple[list[Footprint], int]:
    """The footprints blind where they show what most others do not, and how many cells that were.

    What moves between photos - people, cars driving by - stands in one place in a minority of them, and so
    does what leans because no height is known of it. A cell seen by three or more is compared with their
    median colour, less what makes a photo brighter all around; the difference must exceed what small errors
    of place make of the contrast around it. Leaves look different from every side, so cells of `trees` are
    not compared. No cell loses all its photos.
    """
    alone: list[list[Cells]] = [[] for _ in footprints]
    shade_cells = SHADE_M / grid.cell_m
    for column, row, width, height in grid.blocks(TILE_CELLS):
        for tile in _tiles(footprints, (slice(row, row + height), slice(column, column + width))):
            _compare(footprints, tile, (grid.height, grid.width), shade_cells, alone)
    left = np.zeros((grid.height, grid.width), bool)
    passers = [
        _passer(one, np.concatenate([*there, NO_CELLS]), trees, left)
        for one, there in zip(footprints, alone, strict=True)
    ]
    cells, result = 0, []
    for one, packed in zip(footprints, passers, strict=True):
        blind = (np.unpackbits(packed, axis=1, count=one.shape[1]) > 0) & left[one.window]
        cells += int(np.count_nonzero(blind))
        result.append(one.with_slant(np.where(blind, np.inf, one.slant).astype(np.float32)))
    return result, cells


def _tiles(footprints: list[Footprint], tile: Window) -> Iterator[Window]:
    """The tile, or quarters of it and of those, so that few enough cells are compared at once."""
    rows, columns = (part.stop - part.start for part in tile)
    if len(_near(footprints, tile)) * rows * columns <= PHOTO_CELLS or max(rows, columns) <= LEAST_TILE_CELLS:
        yield tile
        return
    halves = [
        [slice(part.start, part.start + size // 2), slice(part.start + size // 2, part.stop)]
        for part, size in zip(tile, (rows, columns), strict=True)
    ]
    for down in halves[0]:
        for across in halves[1]:
            yield from _tiles(footprints, (down, across))


def _passer(one: Footprint, alone: Cells, trees: Flags | None, left: Flags) -> npt.NDArray[np.uint8]:
    """Where a photo shows a passer-by, packed by rows, of the cells where it stands alone; what it still
    shows then is set in `left`.
    """
    there = np.zeros(one.shape, np.uint8)
    there.flat[alone] = 1
    if trees is not None:
        there[trees[one.window]] = 0
    seen = one.seen
    passer = _grown(there) & seen
    left[one.window] |= seen & ~passer
    return np.packbits(passer, axis=1)


def _compare(
    footprints: list[Footprint],
    tile: Window,
    size: tuple[int, int],
    shade_cells: float,
    alone: list[list[Cells]],
) -> None:
    """Add the cells of a tile where a photo stands alone, numbered row by row of its own window: the same
    ones whatever the tiles are.
    """
    rim = _around(tile, 1, size)
    near = _near(footprints, rim)
    if len(near) < LEAST_VIEWS:
        return
    stack = _stacked(footprints, near, rim)
    views = np.isfinite(stack[..., 0]).sum(axis=0)
    stack *= _shades(footprints, near, rim, size, shade_cells)
    usual = _median(stack)
    contrast = _contrast(usual)
    stack -= usual
    away = largest(np.abs(stack, out=stack))
    limit = DIFFERENT_DN + CONTRAST_SHARE * contrast
    with np.errstate(invalid="ignore"):
        agreeing = (away <= limit / 2).sum(axis=0)
        strange = (away > limit) & (views >= LEAST_VIEWS) & (2 * agreeing > views)
    for level, index in zip(strange, near, strict=True):
        here, there = _shared(footprints[index], tile)
        in_rim = tuple(
            slice(part.start - start.start, part.stop - start.start)
            for part, start in zip(here, rim, strict=True)
        )
        rows, columns = np.nonzero(level[in_rim])
        if len(rows):
            place = (rows + there[0].start) * footprints[index].shape[1] + columns + there[1].start
            alone[index].append(place.astype(np.int32))


def _around(window: Window, cells: int, size: tuple[int, int]) -> Window:
    """The window and so many cells around, as far as the grid goes."""
    rows, columns = (
        slice(max(0, part.start - cells), min(most, part.stop + cells))
        for part, most in zip(window, size, strict=True)
    )
    return rows, columns


def _near(footprints: list[Footprint], window: Window) -> list[int]:
    """The photos that reach into a window."""
    shared = (_shared(one, window)[0] for one in footprints)
    return [
        index for index, (rows, columns) in enumerate(shared)
        if rows.start < rows.stop and columns.start < columns.stop
    ]  # fmt: skip


def _shared(one: Footprint, window: Window) -> tuple[Window, Window]:
    """What a window shares with a photo's: counted in the grid, and in the photo's own."""
    (rows, columns), (down, across) = window, one.window
    top, left = max(rows.start, down.start), max(columns.start, across.start)
    bottom, right = min(rows.stop, down.stop), min(columns.stop, across.stop)
    return (
        (slice(top, bottom), slice(left, right)),
        (slice(top - one.row, bottom - one.row), slice(left - one.column, right - one.column)),
    )


def _stacked(footprints: list[Footprint], near: list[int], window: Window, step: int = 1) -> Floats:
    """(n, h, w, 3) what these photos show in a window, every `step`-th cell of it; NaN where they see
    nothing.
    """
    rows, columns = window
    shape = len(near), len(range(rows.start, rows.stop, step)), len(range(columns.start, columns.stop, step))
    stack = np.full((*shape, 3), np.nan, np.float32)
    for level, index in zip(stack, near, strict=True):
        one = footprints[index]
        here, _ = _shared(one, window)
        places = [
            (-(-(part.start - start.start) // step), -(-(part.stop - start.start) // step))
            for part, start in zip(here, window, strict=True)
        ]
        there = tuple(
            slice(start.start + first * step - begin, start.start + last * step - begin, step)
            for (first, last), start, begin in zip(places, window, (one.row, one.column), strict=True)
        )
        inner = tuple(slice(first, last) for first, last in places)
        seen = np.isfinite(one.slant[there])
        level[inner] = np.where(seen[..., None], one.colours[there], np.nan)[
            : inner[0].stop - inner[0].start, : inner[1].stop - inner[1].start
        ]
    return stack


def _median(stack: Floats) -> Floats:
    """(h, w, 3) median over the photos that see a cell, 0 where none does; of an even number the mean of
    both.
    """
    order = np.sort(stack, axis=0)
    count = np.isfinite(stack[..., :1]).sum(axis=0)
    low = np.take_along_axis(order, np.maximum((count - 1) // 2, 0)[None].repeat(3, axis=-1), axis=0)[0]
    high = np.take_along_axis(order, np.minimum(count // 2, len(stack) - 1)[None].repeat(3, axis=-1), axis=0)[
        0
    ]
    high = np.where(np.isfinite(high), high, low)
    return np.asarray(np.nan_to_num((low + high) / 2), np.float32)


def _shades(
    footprints: list[Footprint], near: list[int], window: Window, size: tuple[int, int], width_cells: float
) -> Floats:
    """(n, h, w, 1) what brings each photo to the usual brightness all around: asphalt shines towards the sun,
    grass does not.

    Only cells of the same colour, brighter or darker, tell by how much; every third is asked, the middle one
    of three of the grid, as far around as the blur reaches.
    """
    reach = math.ceil(BLUR_SIGMAS * width_cells) + 2 * THIN
    wide = _around(window, reach, size)
    rows, columns = (slice(part.start // THIN * THIN, -(-part.stop // THIN) * THIN) for part in wide)
    thin = (slice(rows.start + THIN // 2, rows.stop), slice(columns.start + THIN // 2, columns.stop))
    others = _near(footprints, (rows, columns))
    stack = _stacked(footprints, others, thin, THIN)
    usual = np.maximum(_median(stack), 1)
    shades = np.empty((len(near), *(part.stop - part.start for part in window), 1), np.float32)
    inner = tuple(
        slice(part.start - first.start, part.stop - first.start)
        for part, first in zip(window, (rows, columns), strict=True)
    )
    for shade_of, index in zip(shades, near, strict=True):
        few = stack[others.index(index)]
        with np.errstate(invalid="ignore"):
            ratio = np.log(usual / np.maximum(few, 1))
            shade = mean(ratio)
            alike = (np.abs(shade) < MOST_SHADE) & (largest(ratio) - smallest(ratio) < MOST_TINT)
        parts = np.dstack([np.where(alike, shade, 0), alike]).astype(np.float32)
        total, share = cv2.split(cv2.GaussianBlur(parts, (0, 0), width_cells / THIN))
        whole = cv2.resize(total / np.maximum(share, LEAST_ALIKE), None, fx=THIN, fy=THIN)
        shade_of[..., 0] = np.exp(whole[inner])
    return shades


def _contrast(usual: Floats) -> Floats:
    """Largest difference to the eight cells around, over the bands."""
    kernel = np.ones((3, 3), np.uint8)
    return largest(np.asarray(cv2.dilate(usual, kernel) - cv2.erode(usual, kernel), np.float32))


def _grown(mask: npt.NDArray[np.uint8]) -> Flags:
    """The mask without specks, and with a margin for shadows and soft edges."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = np.zeros(count, bool)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] >= LEAST_CELLS
    kernel = np.ones((2 * GROW_CELLS + 1, 2 * GROW_CELLS + 1), np.uint8)
    return np.asarray(cv2.dilate(large[labels].astype(np.uint8), kernel) > 0)
