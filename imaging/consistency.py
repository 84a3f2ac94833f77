"""The photos against each other on the coarse grid: their brightness, and what stands there in one photo
only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import lsqr

from imaging.footprints import Flags, Floats, Footprint
from imaging.grid import Grid

TILE_CELLS = 256
LEAST_SHARED = 200
EVERY = 3
MOST_GAIN = 0.5
DIFFERENT_DN = 24.0
CONTRAST_SHARE = 0.6
LEAST_VIEWS = 3
LEAST_CELLS = 2
GROW_CELLS = 2


def find_gains(footprints: list[Footprint]) -> Floats:
    """(n, 3) factors of the photos' colours with which they agree best where they overlap; their mean log is
    0.

    Least squares over the medians of log ratios, as Brown and Lowe (2007, section 6) balance gains.
    """
    rows: list[tuple[int, int, npt.NDArray[np.float64], float]] = []
    for i, first in enumerate(footprints):
        for j in range(i + 1, len(footprints)):
            ratio = _log_ratio(first, footprints[j])
            if ratio is not None:
                rows.append((i, j, *ratio))
    number = len(footprints)
    gains = np.ones((number, 3), np.float32)
    if not rows:
        return gains
    weights = np.sqrt([weight for *_, weight in rows])
    index = np.arange(len(rows))
    pairs = coo_matrix(
        (
            np.concatenate([weights, -weights]),
            (np.concatenate([index, index]), np.array([i for i, *_ in rows] + [j for _, j, *_ in rows])),
        ),
        (len(rows), number),
    )
    for band in range(3):
        told = weights * np.array([ratio[band] for *_, ratio, _ in rows])
        logs = lsqr(pairs.tocsr(), told, damp=0.05 * float(weights.mean()))[0]
        gains[:, band] = np.exp(np.clip(logs - logs.mean(), -MOST_GAIN, MOST_GAIN))
    return gains


def _log_ratio(first: Footprint, second: Footprint) -> tuple[npt.NDArray[np.float64], float] | None:
    """Median log of second over first by band, and how much it counts."""
    top, left = max(first.row, second.row), max(first.column, second.column)
    bottom = min(first.window[0].stop, second.window[0].stop)
    right = min(first.window[1].stop, second.window[1].stop)
    if bottom - top < 8 or right - left < 8:
        return None
    parts = [
        (slice(top - one.row, bottom - one.row, EVERY), slice(left - one.column, right - one.column, EVERY))
        for one in (first, second)
    ]
    a, b = first.colours[parts[0]].astype(np.float32), second.colours[parts[1]].astype(np.float32)
    both = first.seen[parts[0]] & second.seen[parts[1]]
    both &= np.all((a > 12) & (a < 243) & (b > 12) & (b < 243), axis=-1)
    if np.count_nonzero(both) < LEAST_SHARED:
        return None
    return np.median(np.log(b[both] / a[both]), axis=0).astype(float), min(
        float(np.count_nonzero(both)), 5000.0
    )


def balanced(footprints: list[Footprint], gains: Floats) -> list[Footprint]:
    """The footprints with their colours multiplied by the gains."""
    return [
        replace(one, colours=np.clip(one.colours * gain + 0.5, 0, 255).astype(np.uint8))
        for one, gain in zip(footprints, gains, strict=True)
    ]


def without_passers(
    footprints: list[Footprint], grid: Grid, trees: Flags | None = None
) -> tuple[list[Footprint], int]:
    """The footprints blind where they show what most others do not, and how many cells that were.

    What moves between photos - people, cars driving by - stands in one place in a minority of them. A cell
    seen by three or more is compared with their median colour; the difference must exceed what small errors
    of place make of the contrast around it. Leaves look
    different from every side, so cells of `trees` are not compared. No cell loses all its photos.
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
            _compare(footprints, near, rows, columns, alone)
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
