"""The photos against each other on the coarse grid: what stands there in one photo only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging.footprints import Flags, Floats, Footprint
from imaging.grid import Grid

TILE_CELLS = 64
DIFFERENT_DN = 24.0
CONTRAST_SHARE = 0.6
LEAST_VIEWS = 3
LEAST_CELLS = 2
GROW_CELLS = 2
SHADE_M = 2.0
MOST_SHADE, MOST_TINT = 0.4, 0.15
LEAST_ALIKE = 0.1
THIN = 3


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
    alone = [np.zeros(one.slant.shape, np.uint8) for one in footprints]
    for rows, columns in _tiles(grid):
        near = [
            index
            for index, one in enumerate(footprints)
            if one.window[0].start < rows.stop and one.window[0].stop > rows.start
            and one.window[1].start < columns.stop and one.window[1].stop > columns.start
        ]  # fmt: skip
        if len(near) >= LEAST_VIEWS:
            _compare(footprints, near, rows, columns, SHADE_M / grid.cell_m, alone)
    if trees is not None:
        for one, there in zip(footprints, alone, strict=True):
            there[trees[one.window]] = 0
    passers = [_grown(there) & one.seen for one, there in zip(footprints, alone, strict=True)]
    left = np.zeros((grid.height, grid.width), bool)
    for one, passer in zip(footprints, passers, strict=True):
        left[one.window] |= one.seen & ~passer
    cells, result = 0, []
    for one, passer in zip(footprints, passers, strict=True):
        blind = passer & left[one.window]
        cells += int(np.count_nonzero(blind))
        result.append(replace(one, slant=np.where(blind, np.inf, one.slant).astype(np.float32)))
    return result, cells


def _tiles(grid: Grid) -> Iterator[tuple[slice, slice]]:
    for column, row, width, height in grid.blocks(TILE_CELLS):
        yield slice(row, row + height), slice(column, column + width)


def _compare(
    footprints: list[Footprint],
    near: list[int],
    rows: slice,
    columns: slice,
    shade_cells: float,
    alone: list[npt.NDArray[np.uint8]],
) -> None:
    shape = (len(near), rows.stop - rows.start, columns.stop - columns.start)
    stack = np.full((*shape, 3), np.nan, np.float32)
    parts = []
    for level, index in zip(stack, near, strict=True):
        one = footprints[index]
        here = (
            slice(max(rows.start, one.row), min(rows.stop, one.window[0].stop)),
            slice(max(columns.start, one.column), min(columns.stop, one.window[1].stop)),
        )
        there = (
            slice(here[0].start - one.row, here[0].stop - one.row),
            slice(here[1].start - one.column, here[1].stop - one.column),
        )
        tile = (
            slice(here[0].start - rows.start, here[0].stop - rows.start),
            slice(here[1].start - columns.start, here[1].stop - columns.start),
        )
        level[tile] = np.where(one.seen[there][..., None], one.colours[there], np.nan)
        parts.append((index, there, tile))
    views = np.isfinite(stack[..., 0]).sum(axis=0)
    _shade(stack, shade_cells)
    usual = _median(stack)
    contrast = _contrast(usual)
    away = np.abs(stack - usual).max(axis=-1)
    limit = DIFFERENT_DN + CONTRAST_SHARE * contrast
    with np.errstate(invalid="ignore"):
        agreeing = (away <= limit / 2).sum(axis=0)
        strange = (away > limit) & (views >= LEAST_VIEWS) & (2 * agreeing > views)
    for level, (index, there, tile) in zip(strange, parts, strict=True):
        alone[index][there] = level[tile]


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


def _shade(stack: Floats, width_cells: float) -> None:
    """Bring each photo to the usual brightness all around: asphalt shines towards the sun, grass does not.

    Only cells of the same colour, brighter or darker, tell by how much.
    """
    thin = stack[:, ::THIN, ::THIN]
    usual = np.maximum(_median(thin), 1)
    rows, columns = stack.shape[1:3]
    for photo, few in zip(stack, thin, strict=True):
        with np.errstate(invalid="ignore"):
            ratio = np.log(usual / np.maximum(few, 1))
            shade = ratio.mean(axis=-1)
            alike = (np.abs(shade) < MOST_SHADE) & (ratio.max(axis=-1) - ratio.min(axis=-1) < MOST_TINT)
        parts = np.dstack([np.where(alike, shade, 0), alike]).astype(np.float32)
        total, share = cv2.split(cv2.GaussianBlur(parts, (0, 0), width_cells / THIN))
        photo *= np.exp(cv2.resize(total / np.maximum(share, LEAST_ALIKE), (columns, rows)))[..., None]


def _contrast(usual: Floats) -> Floats:
    """Largest difference to the eight cells around, over the bands."""
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray((cv2.dilate(usual, kernel) - cv2.erode(usual, kernel)).max(axis=-1), np.float32)


def _grown(mask: npt.NDArray[np.uint8]) -> Flags:
    """The mask without specks, and with a margin for shadows and soft edges."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = np.zeros(count, bool)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] >= LEAST_CELLS
    kernel = np.ones((2 * GROW_CELLS + 1, 2 * GROW_CELLS + 1), np.uint8)
    return np.asarray(cv2.dilate(large[labels].astype(np.uint8), kernel) > 0)
