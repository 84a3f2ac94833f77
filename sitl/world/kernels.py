"""Compiled code that reads grids and finds where rays meet them.

Everything is in single precision and in a fixed order, so that a seed gives the same bytes everywhere. The
first use on a machine compiles it (seconds; numba keeps it for the next time).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Plane = npt.NDArray[Any]
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def _mirrored(index: int, cells: int) -> int:
    if 0 <= index < cells:
        return index
    index %= 2 * cells
    return min(index, 2 * cells - 1 - index)


@compiled
def _reflected(place: float, cells: int) -> float:
    """A fractional index folded back at the outer edges of the first and last cell."""
    if 0 <= place <= cells - 1:
        return place
    place = (place + 0.5) % (2.0 * cells)
    return min(place, 2.0 * cells - place) - 0.5


@compiled
def _between(plane: Plane, row: float, column: float) -> float:
    """The value at a fractional row and column, linearly, the edges mirrored."""
    cells = plane.shape[0]
    row, column = _reflected(row, cells), _reflected(column, cells)
    top, left = math.floor(row), math.floor(column)
    down, right = row - top, column - left
    above, below = _mirrored(top, cells), _mirrored(top + 1, cells)
    before, after = _mirrored(left, cells), _mirrored(left + 1, cells)
    value = float(plane[above, before]) * (1.0 - down) * (1.0 - right)
    value += float(plane[above, after]) * (1.0 - down) * right
    value += float(plane[below, before]) * down * (1.0 - right)
    value += float(plane[below, after]) * down * right
    return value


@compiled
def read_linear(planes: Plane, rows: Float32, columns: Float32) -> Float32:
    """(bands, n) values between the cells of (bands, cells, cells), linearly, the edges mirrored."""
    values = np.empty((planes.shape[0], rows.size), np.float32)
    for i in range(rows.size):
        for band in range(planes.shape[0]):
            values[band, i] = np.float32(_between(planes[band], float(rows[i]), float(columns[i])))
    return values


@compiled
def _linear(plane: Plane, half: np.float32, scale: np.float32, east: np.float32, north: np.float32) -> float:
    """As read_linear, of one place in metres."""
    edge = half - np.float32(0.5)
    return _between(plane, float(edge - north * scale), float(edge + east * scale))


@compiled
def _nearest(
    plane: Plane, half: np.float32, scale: np.float32, east: np.float32, north: np.float32
) -> np.float32:
    cells = plane.shape[0]
    row = _mirrored(math.floor(half - north * scale), cells)
    column = _mirrored(math.floor(half + east * scale), cells)
    return plane[row, column]  # type: ignore[no-any-return]


@compiled
def settle(
    plane: Float32,
    scale: np.float32,
    eyes: Float32,
    slopes: Float32,
    up: Float32,
    nearest: int,
    linear: int,
) -> None:
    """Move `up` (n,) to where rays meet a gentle surface: fixed-point iteration of z = h(x, y).

    `scale` is cells a metre; `slopes` is (2, n), metres east and north that a ray goes for each metre it
    falls, and `eyes` (m, 3) where they come from, n / m rays each. So many rounds take the nearest cell, and
    so many more read linearly.
    """
    half = np.float32(plane.shape[0] / 2)
    each = up.size // max(1, eyes.shape[0])
    for m in range(eyes.shape[0]):
        eye_e, eye_n, eye_u = eyes[m, 0], eyes[m, 1], eyes[m, 2]
        for i in range(m * each, (m + 1) * each):
            level, slope_e, slope_n = up[i], slopes[0, i], slopes[1, i]
            for _ in range(nearest):
                drop = eye_u - level
                level = _nearest(plane, half, scale, eye_e + slope_e * drop, eye_n + slope_n * drop)
            for _ in range(linear):
                drop = eye_u - level
                level = np.float32(
                    _linear(plane, half, scale, eye_e + slope_e * drop, eye_n + slope_n * drop)
                )
            up[i] = level


@compiled
def tallest_near(
    plane: Float32, scale: np.float32, eyes: Float32, slopes: Float32, base: Float32, levels: Float32
) -> Float32:
    """(n,) the greatest value of a skyline where rays pass the `levels` above `base` (n,)."""
    half = np.float32(plane.shape[0] / 2)
    each = base.size // max(1, eyes.shape[0])
    tallest = np.zeros(base.size, np.float32)
    for m in range(eyes.shape[0]):
        eye_e, eye_n, eye_u = eyes[m, 0], eyes[m, 1], eyes[m, 2]
        for i in range(m * each, (m + 1) * each):
            most, slope_e, slope_n = np.float32(0), slopes[0, i], slopes[1, i]
            for level in levels:
                drop = eye_u - (base[i] + level)
                most = max(most, _nearest(plane, half, scale, eye_e + slope_e * drop, eye_n + slope_n * drop))
            tallest[i] = most
    return tallest


@compiled
def march(
    plane: Float32,
    scale: np.float32,
    skyline: Float32,
    skyline_scale: np.float32,
    eyes: Float32,
    slopes: Float32,
    base: Float32,
    tall: Float32,
    low_m: np.float32,
    slack_m: np.float32,
    step_m: np.float32,
    most_steps: int,
    smooth: bool,
    up: Float32,
    wall: npt.NDArray[np.bool_],
) -> None:
    """Where something taller than `low_m` is near a ray, set `up` to where it first dips below the surface.

    Each is stepped down from `tall` (n,) above `base`, and the step that it crossed in is halved six times;
    `wall` says whether it crossed through a side. Where the skyline is below the ray the surface is not
    looked at. With `smooth` a hit that is no side is put on the surface between the cells' middles. The
    bare terrain near the ray is nowhere higher than `base` and `slack_m`.
    """
    half, skyline_half = np.float32(plane.shape[0] / 2), np.float32(skyline.shape[0] / 2)
    each = up.size // max(1, eyes.shape[0])
    for m in range(eyes.shape[0]):
        eye_e, eye_n, eye_u = eyes[m, 0], eyes[m, 1], eyes[m, 2]
        for i in range(m * each, (m + 1) * each):
            if tall[i] <= low_m:
                continue
            slope_e, slope_n = slopes[0, i], slopes[1, i]
            ground = base[i] + slack_m
            above = min(ground + tall[i], eye_u) + np.float32(0.05)
            below = base[i] - np.float32(1.5) - slack_m
            for _ in range(most_steps):
                level = above - step_m
                drop = eye_u - level
                east, north = eye_e + slope_e * drop, eye_n + slope_n * drop
                near = ground + _nearest(skyline, skyline_half, skyline_scale, east, north) >= level
                if near and _nearest(plane, half, scale, east, north) >= level:
                    below = level
                    break
                above = level
            for _ in range(6):
                middle = (above + below) * np.float32(0.5)
                drop = eye_u - middle
                if _nearest(plane, half, scale, eye_e + slope_e * drop, eye_n + slope_n * drop) >= middle:
                    below = middle
                else:
                    above = middle
            drop = eye_u - below
            surface = _nearest(plane, half, scale, eye_e + slope_e * drop, eye_n + slope_n * drop)
            up[i] = below
            wall[i] = surface - below > np.float32(0.06)
            if smooth and not wall[i]:
                east, north = eye_e + slope_e * drop, eye_n + slope_n * drop
                between = np.float32(_linear(plane, half, scale, east, north))
                if abs(between - below) < np.float32(0.06):
                    up[i] = between
