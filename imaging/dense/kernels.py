"""Compiled loops over pixels and cells. They let other threads run (`nogil`) and raise nothing."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

MISSING = np.int16(-32768)
MOST_HEIGHTS = 64
Heights = npt.NDArray[np.int16]
Values = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def splat(
    disparity: Heights,
    least: np.int16,
    rotation: Doubles,
    centre: Doubles,
    focal_px: float,
    base_m: float,
    offsets: Doubles,
    affine: Doubles,
    first: npt.NDArray[np.int64],
    scale: Doubles,
    heights: Heights,
) -> None:
    """Lay matches of `least` sixteenths or more into the window `heights` whose corner cell is `first`.

    `offsets` are the canvas' left and top and its `lowest`, `scale` low_m, step_m and the difference from
    which the higher of two in a cell is taken rather than the first.
    """
    rows, columns = heights.shape
    step = np.int64(scale[2] / scale[1])
    for y in range(disparity.shape[0]):
        v = (y + offsets[1]) / focal_px
        for x in range(disparity.shape[1]):
            if disparity[y, x] < least:
                continue
            shift = disparity[y, x] / 16.0
            u = x + offsets[0]
            lowest = offsets[2] * (u - shift) + offsets[3] * (y + offsets[1]) + offsets[4]
            distance = focal_px * base_m / (shift + lowest)
            a, b = u / focal_px * distance, v * distance
            east = centre[0] + rotation[0, 0] * a + rotation[1, 0] * b + rotation[2, 0] * distance
            north = centre[1] + rotation[0, 1] * a + rotation[1, 1] * b + rotation[2, 1] * distance
            up = centre[2] + rotation[0, 2] * a + rotation[1, 2] * b + rotation[2, 2] * distance
            column = np.int64(np.floor(affine[0, 0] * east + affine[0, 1] * north + affine[0, 2])) - first[0]
            row = np.int64(np.floor(affine[1, 0] * east + affine[1, 1] * north + affine[1, 2])) - first[1]
            if 0 <= column < columns and 0 <= row < rows:
                number = np.int64(np.round((up - scale[0]) / scale[1]))
                if -32767 <= number <= 32767:
                    before = np.int64(heights[row, column])
                    if before == MISSING or number > before + step:
                        heights[row, column] = np.int16(number)


@numba.njit(cache=True, nogil=True)
def mark(
    points: Doubles,
    rotation: Doubles,
    centre: Doubles,
    focal_px: float,
    lowest: Doubles,
    corner: Doubles,
    mask: npt.NDArray[np.uint8],
) -> None:
    """Set the pixels of a canvas with its left and top at `corner` that show (n, 3) points a metre or more
    before it; `lowest` is the disparity that it is shifted by, of x, of y and of all.
    """
    rows, columns = mask.shape
    for number in range(points.shape[0]):
        east = points[number, 0] - centre[0]
        north = points[number, 1] - centre[1]
        up = points[number, 2] - centre[2]
        z = rotation[2, 0] * east + rotation[2, 1] * north + rotation[2, 2] * up
        if not z > 1:
            continue
        u = focal_px * (rotation[0, 0] * east + rotation[0, 1] * north + rotation[0, 2] * up) / z
        v = focal_px * (rotation[1, 0] * east + rotation[1, 1] * north + rotation[1, 2] * up) / z
        u = (u + lowest[1] * v + lowest[2]) / (1 - lowest[0])
        column, row = np.round(u - corner[0]), np.round(v - corner[1])
        if 0 <= column < columns and 0 <= row < rows:
            mask[np.int64(row), np.int64(column)] = 1


@numba.njit(cache=True, nogil=True)
def agree(  # noqa: C901 - one loop is what makes it fast
    stack: Heights,
    weights: Values,
    tolerance: int,
    mean: Values,
    spread: Values,
    counts: npt.NDArray[np.uint8],
) -> None:
    """The height that most pairs agree on, in each cell of a stack (n, h, w) of whole-number heights.

    Of all runs of heights within `tolerance` of each other the heaviest is taken, of equals the higher.
    `mean` is its weighted mean, `spread` its standard deviation, `counts` [0] how many are in it and [1] how
    many there were.
    """
    layers, rows, columns = stack.shape
    values = np.empty(MOST_HEIGHTS, np.float32)
    heavy = np.empty(MOST_HEIGHTS, np.float32)
    for row in range(rows):
        for column in range(columns):
            number = 0
            for layer in range(layers):
                value = stack[layer, row, column]
                if value == MISSING or number == MOST_HEIGHTS:
                    continue
                place = number
                while place > 0 and values[place - 1] > value:
                    values[place], heavy[place] = values[place - 1], heavy[place - 1]
                    place -= 1
                values[place], heavy[place] = value, weights[layer]
                number += 1
            counts[1, row, column] = number
            if number == 0:
                counts[0, row, column] = 0
                continue
            best, best_weight, best_start, best_stop = 0.0, -1.0, 0, 0
            stop, weight = 0, 0.0
            for start in range(number):
                if start > 0:
                    weight -= heavy[start - 1]
                while stop < number and values[stop] <= values[start] + tolerance:
                    weight += heavy[stop]
                    stop += 1
                if weight >= best_weight - 1e-6:
                    best_weight, best_start, best_stop = weight, start, stop
            total, square = 0.0, 0.0
            for place in range(best_start, best_stop):
                total += heavy[place] * values[place]
            best = total / best_weight
            for place in range(best_start, best_stop):
                square += heavy[place] * (values[place] - best) ** 2
            mean[row, column] = best
            spread[row, column] = np.sqrt(square / best_weight)
            counts[0, row, column] = best_stop - best_start


@numba.njit(cache=True, nogil=True)
def nth_nearest(each: Values, among: Values, nth: int) -> Values:
    """(n,) squares of how far the `nth` nearest `among` (m, d) points, m >= nth, lies from each of (n, d);
    NaN where one of its coordinates is.
    """
    count, dimensions = each.shape
    others = among.shape[0]
    axes = np.ascontiguousarray(among.T)
    squares, away = np.empty(count, np.float32), np.empty(others, np.float32)
    least = np.empty(nth, np.float32)
    for one in range(count):
        # Axis by axis, so that several others are told at once.
        away[:] = 0
        for axis in range(dimensions):
            here = each[one, axis]
            for other in range(others):
                apart = here - axes[axis, other]
                away[other] += apart * apart
        if np.isnan(away[0]):
            squares[one] = np.nan
            continue
        least[:] = np.inf
        for other in range(others):
            square = away[other]
            if square < least[nth - 1]:
                place = nth - 1
                while place > 0 and least[place - 1] > square:
                    least[place] = least[place - 1]
                    place -= 1
                least[place] = square
        squares[one] = least[nth - 1]
    return squares


@numba.njit(cache=True, nogil=True)
def between(cells: Values, first: Doubles, step: float, heights: Values) -> None:
    """Fill `heights` from cells of which some are NaN: at column `first[0]` + `step` x column, row likewise.

    Linear between the four cells around, which all must be there; the mean of the known ones with their
    shares, NaN where those sum up to half or less.
    """
    rows, columns = heights.shape
    left, right_share = np.empty(columns, np.int64), np.empty(columns, np.float32)
    for column in range(columns):
        x = first[0] + step * column
        left[column] = np.int64(np.floor(x))
        right_share[column] = x - left[column]
    one, half = np.float32(1.0), np.float32(0.5)
    for row in range(rows):
        y = first[1] + step * row
        top = np.int64(np.floor(y))
        v = np.float32(y - top)
        above, below = cells[top], cells[top + 1]
        for column in range(columns):
            i, u = np.uint64(left[column]), right_share[column]
            i1 = i + np.uint64(1)
            a, b, c, d = above[i], above[i1], below[i], below[i1]
            height = (one - v) * ((one - u) * a + u * b) + v * ((one - u) * c + u * d)
            if np.isnan(height):
                share = total = np.float32(0.0)
                corners, parts = (a, b, c, d), ((one - v) * (one - u), (one - v) * u, v * (one - u), v * u)
                for corner in range(4):
                    if not np.isnan(corners[corner]):
                        share += parts[corner]
                        total += parts[corner] * corners[corner]
                height = total / share if share > half else np.float32(np.nan)
            heights[row, column] = height
