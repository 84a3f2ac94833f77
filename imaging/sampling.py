"""Compiled loops of the drawing: a photo laid on a surface.

They let other threads run (`nogil`) and raise nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from imaging.compiled import kernel
from imaging.lens import Lens, View

NODES = 257
MOST_TURNS = 3
LATE_ENOUGH = 0.002
FAST = {"contract", "reassoc", "arcp"}
"""What the compiler may change of sums and divisions; NaN and infinity still count."""
EVEN = np.zeros(4, np.float32)
"""The falloff of a photo that is as bright everywhere."""
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def border_px(lens: Lens, steps: int) -> Doubles:
    """(4 steps, 2) pixels along the border of the lens's picture, so many a side."""
    share = np.linspace(0.0, 1.0, steps)
    x, y = share * lens.width_px, share * lens.height_px
    zero = np.zeros_like(share)
    sides = ((x, zero), (x, zero + lens.height_px), (zero, y), (zero + lens.width_px, y))
    return np.vstack([np.column_stack(side) for side in sides])


@dataclass(frozen=True)
class LensTable:
    """A lens as a table of pixels over x = X/Z and y = Y/Z, from `first` in steps of `step`."""

    first: Doubles
    step: Doubles
    pixels: Doubles


@lru_cache(maxsize=32)
def lens_table(lens: Lens) -> LensTable:
    """The lens's table, a little larger than its picture. Linear between nodes it errs by thousandths of a
    pixel.
    """
    border = lens.rays(border_px(lens, 33))[:, :2]
    low, high = border.min(axis=0), border.max(axis=0)
    low, high = low - 0.02 * (high - low), high + 0.02 * (high - low)
    step = (high - low) / (NODES - 1)
    x, y = np.meshgrid(low[0] + step[0] * np.arange(NODES), low[1] + step[1] * np.arange(NODES))
    return LensTable(low, step, lens.pixels(np.stack([x, y, np.ones_like(x)], axis=-1)))


@dataclass(frozen=True)
class Patch:
    """Where a window of a grid lies: the local place of the centre of its first cell, and a step right and
    down.
    """

    origin: Doubles
    right: Doubles
    down: Doubles


def lay(
    picture: npt.NDArray[np.uint8],
    view: View,
    lens: Lens,
    patch: Patch,
    heights_m: Floats,
    weight: Floats,
    gain: Floats,
    correction: Floats,
    first: tuple[float, float],
    step: float,
    total: Floats,
    share: Floats,
    falloff: Floats = EVEN,
) -> None:
    """Add the photo, as it lies on `heights_m` (h, w), times `weight` (h, w) to `total` (h, w, 3), weights to
    `share`.

    Cells of no weight are passed over, as are those outside the picture. `gain` (3,) multiplies the colours,
    and so does `falloff` (4,), as in `brightness.Light`; `correction` (r, c, 3) is added, its node (0, 0) at
    column and row `first` and its nodes `step` cells apart.
    """
    table = lens_table(lens)
    _lay(
        picture, np.ascontiguousarray(view.rotation), view.centre, _motion(view, lens), table.first,
        table.step, table.pixels, _scale(picture, lens), patch.origin, patch.right, patch.down, heights_m,
        weight, gain, correction, np.array([*first, step], float), total, share, falloff,
    )  # fmt: skip


def _motion(view: View, lens: Lens) -> Doubles:
    """How far the camera moves in its own frame while it reads the picture, the rows that this takes, and
    whether it moves.
    """
    return np.array([*(view.rotation @ view.motion_m), lens.height_px, view.motion_m.any()], float)


def _scale(picture: npt.NDArray[np.uint8], lens: Lens) -> Doubles:
    """(2,) pixels of this picture in one of the lens, x and y."""
    return np.array([picture.shape[1] / lens.width_px, picture.shape[0] / lens.height_px])


@kernel(nogil=True, fastmath=FAST)
def _look_up(
    ahead: Doubles, motion: Doubles, first: Doubles, step: Doubles, table: Doubles, pixels: Doubles
) -> None:
    """Column and row into `pixels` (n, 2) of what lies (n, 3) `ahead` of the camera (right, below, deep), NaN
    where the lens's table does not hold it.

    The camera moves by `motion` while the picture is read: where it was is looked up anew until how late its
    row is read, in heights of the picture from the middle, is known to `LATE_ENOUGH`. A first guess is what
    it was of the one before. (Many at a time: each call of compiled code counts its arrays' users up and
    down, one processor after the other.)
    """
    late = 0.0
    for number in range(len(ahead)):
        x = y = np.nan
        for _ in range(MOST_TURNS):
            depth_m = ahead[number, 2] - late * motion[2]
            if depth_m <= 0:
                x = np.nan
                break
            a = ((ahead[number, 0] - late * motion[0]) / depth_m - first[0]) / step[0]
            b = ((ahead[number, 1] - late * motion[1]) / depth_m - first[1]) / step[1]
            if not (0 <= a < table.shape[1] - 1 and 0 <= b < table.shape[0] - 1):
                x = np.nan
                break
            i, j = np.uint64(b), np.uint64(a)
            v, u = b - i, a - j
            i1, j1 = i + np.uint64(1), j + np.uint64(1)
            x = (1 - v) * ((1 - u) * table[i, j, 0] + u * table[i, j1, 0]) + v * (
                (1 - u) * table[i1, j, 0] + u * table[i1, j1, 0]
            )
            y = (1 - v) * ((1 - u) * table[i, j, 1] + u * table[i, j1, 1]) + v * (
                (1 - u) * table[i1, j, 1] + u * table[i1, j1, 1]
            )
            if motion[4] == 0:
                break
            guess, late = late, y / motion[3] - 0.5
            if abs(late - guess) < LATE_ENOUGH:
                break
        pixels[number, 0], pixels[number, 1] = x, y


@kernel(nogil=True, fastmath=FAST)
def _lay(
    picture: npt.NDArray[np.uint8],
    rotation: Doubles,
    centre: Doubles,
    motion: Doubles,
    first: Doubles,
    step: Doubles,
    table: Doubles,
    scale: Doubles,
    origin: Doubles,
    right: Doubles,
    down: Doubles,
    heights_m: Floats,
    weight: Floats,
    gain: Floats,
    correction: Floats,
    nodes: Doubles,
    total: Floats,
    share: Floats,
    falloff: Floats,
) -> None:
    even = not np.any(falloff)
    last_row, last_column = np.uint64(picture.shape[0] - 1), np.uint64(picture.shape[1] - 1)
    node_rows, node_columns = correction.shape[0] - 1, correction.shape[1] - 1
    moved = np.empty((node_columns + 1, 3), np.float32)
    ahead, pixels = np.empty((heights_m.shape[1], 3)), np.empty((heights_m.shape[1], 2))
    one = np.uint64(1)
    for row in range(heights_m.shape[0]):
        for column in range(heights_m.shape[1]):
            if weight[row, column] <= 0:
                ahead[column, 2] = -np.inf
                continue
            east = origin[0] + column * right[0] + row * down[0] - centre[0]
            north = origin[1] + column * right[1] + row * down[1] - centre[1]
            up = heights_m[row, column] - centre[2]
            for axis in range(3):
                ahead[column, axis] = (
                    rotation[axis, 0] * east + rotation[axis, 1] * north + rotation[axis, 2] * up
                )
        _look_up(ahead, motion, first, step, table, pixels)
        r = min(max((row - nodes[1]) / nodes[2], 0.0), float(node_rows))
        p = min(np.int64(r), max(node_rows - 1, 0))
        p1, t = min(p + 1, node_rows), np.float32(r - p)
        for q in range(node_columns + 1):
            for band in range(3):
                moved[q, band] = (1 - t) * correction[p, q, band] + t * correction[p1, q, band]
        for column in range(heights_m.shape[1]):
            x, y = pixels[column, 0] * scale[0] - 0.5, pixels[column, 1] * scale[1] - 0.5
            if not (-0.5 <= x <= last_column + 0.5 and -0.5 <= y <= last_row + 0.5):
                continue
            x, y = min(max(x, 0.0), float(last_column)), min(max(y, 0.0), float(last_row))
            j, i = np.uint64(x), np.uint64(y)
            j1, i1 = min(j + one, last_column), min(i + one, last_row)
            u, v = np.float32(x - j), np.float32(y - i)
            c = min(max((column - nodes[0]) / nodes[2], 0.0), float(node_columns))
            q = min(np.int64(c), max(node_columns - 1, 0))
            q1, s = min(q + 1, node_columns), np.float32(c - q)
            light = np.float32(1.0)
            if not even:
                deep_m = ahead[column, 2]
                across, along = np.float32(ahead[column, 0] / deep_m), np.float32(ahead[column, 1] / deep_m)
                square = across * across + along * along
                light = np.exp(
                    falloff[0] * across + falloff[1] * along + square * (falloff[2] + falloff[3] * square)
                )
            heavy = weight[row, column]
            for band in range(3):
                shown = (1 - v) * ((1 - u) * picture[i, j, band] + u * picture[i, j1, band]) + v * (
                    (1 - u) * picture[i1, j, band] + u * picture[i1, j1, band]
                )
                added = (1 - s) * moved[q, band] + s * moved[q1, band]
                total[row, column, band] += heavy * (light * gain[band] * shown + added)
            share[row, column] += heavy


@kernel(nogil=True)
def coloured(total: Floats, weight: Floats, covered: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """(h, w, 4) RGBA of colours (h, w, 3) times `weight` (h, w); nothing but where it is `covered`."""
    rows, columns = weight.shape
    pixels = np.zeros((rows, columns, 4), np.uint8)
    for row in range(rows):
        for column in range(columns):
            if covered[row, column]:
                heavy = max(weight[row, column], np.float32(1e-6))
                for band in range(3):
                    pixels[row, column, band] = np.uint8(
                        min(max(total[row, column, band] / heavy + np.float32(0.5), 0.0), 255.0)
                    )
                pixels[row, column, 3] = 255
    return pixels


@kernel(nogil=True)
def coarse_colours(
    shown: Floats, clear: npt.NDArray[np.bool_], step: int
) -> tuple[npt.NDArray[np.uint8], Floats]:
    """(r, c, 3) mean colours of (h, w, 3) over the `clear` ones of `step` x `step` cells, and their share."""
    rows, columns = clear.shape[0] // step, clear.shape[1] // step
    colours, share = np.zeros((rows, columns, 3), np.uint8), np.zeros((rows, columns), np.float32)
    total = np.empty((columns, 3), np.float32)
    for row in range(rows):
        total[:] = 0
        for fine_row in range(row * step, (row + 1) * step):
            for column in range(columns):
                for fine_column in range(column * step, (column + 1) * step):
                    if clear[fine_row, fine_column]:
                        share[row, column] += 1
                        for band in range(3):
                            total[column, band] += shown[fine_row, fine_column, band]
        for column in range(columns):
            for band in range(3):
                mean = total[column, band] / max(share[row, column], np.float32(1.0))
                colours[row, column, band] = np.uint8(min(mean + np.float32(0.5), np.float32(255.0)))
            share[row, column] /= step * step
    return colours, share


def shown_at(picture: npt.NDArray[np.uint8], view: View, lens: Lens, places: Doubles) -> Floats:
    """(n, 3) what the photo shows of (n, 3) places, NaN where it does not reach."""
    table = lens_table(lens)
    shown = np.full((len(places), 3), np.nan, np.float32)
    _show(
        picture, np.ascontiguousarray(view.rotation), _motion(view, lens), table.first, table.step,
        table.pixels, _scale(picture, lens), places - view.centre, shown,
    )  # fmt: skip
    return shown


@kernel(nogil=True, fastmath=FAST)
def _show(
    picture: npt.NDArray[np.uint8],
    rotation: Doubles,
    motion: Doubles,
    first: Doubles,
    step: Doubles,
    table: Doubles,
    scale: Doubles,
    offsets: Doubles,
    shown: Floats,
) -> None:
    last_row, last_column = np.uint64(picture.shape[0] - 1), np.uint64(picture.shape[1] - 1)
    ahead, pixels = np.empty((len(offsets), 3)), np.empty((len(offsets), 2))
    for number in range(len(offsets)):
        east, north, up = offsets[number, 0], offsets[number, 1], offsets[number, 2]
        for axis in range(3):
            ahead[number, axis] = (
                rotation[axis, 0] * east + rotation[axis, 1] * north + rotation[axis, 2] * up
            )
    _look_up(ahead, motion, first, step, table, pixels)
    for number in range(len(offsets)):
        x, y = pixels[number, 0] * scale[0] - 0.5, pixels[number, 1] * scale[1] - 0.5
        if not (0 <= x <= last_column and 0 <= y <= last_row):
            continue
        j, i = np.uint64(x), np.uint64(y)
        j1, i1 = min(j + np.uint64(1), last_column), min(i + np.uint64(1), last_row)
        u, v = np.float32(x - j), np.float32(y - i)
        for band in range(3):
            shown[number, band] = (1 - v) * ((1 - u) * picture[i, j, band] + u * picture[i, j1, band]) + v * (
                (1 - u) * picture[i1, j, band] + u * picture[i1, j1, band]
            )
