"""How far every place is on foot around what cannot be crossed: fast marching, compiled.

Sethian, A fast marching level set method for monotonically advancing fronts, PNAS 93 (1996), and his second
order upwind differences (Level Set Methods and Fast Marching Methods, 1999, 8.3): |grad d| = slowness, places
taken in order of distance from a heap.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def march(slowness: Floats, row: int, column: int, start: float, cell_m: float) -> Floats:
    """(rows, columns) metres from a cell whose own distance is `start`; inf where nothing leads.

    `slowness` is what a metre counts for; where it is inf a cell is not entered.
    """
    rows, columns = slowness.shape
    distance = np.full((rows, columns), np.inf)
    done = np.zeros((rows, columns), np.bool_)
    keys = np.empty(4 * rows * columns + 8)
    cells = np.empty(4 * rows * columns + 8, np.int64)
    distance[row, column] = start
    size = _push(keys, cells, 0, start, row * columns + column)
    while size > 0:
        cell = cells[0]
        size = _pop(keys, cells, size)
        at_row, at_column = cell // columns, cell % columns
        if done[at_row, at_column]:
            continue
        done[at_row, at_column] = True
        for step in range(4):
            near_row = at_row + (1 if step == 0 else -1 if step == 1 else 0)
            near_column = at_column + (1 if step == 2 else -1 if step == 3 else 0)
            if near_row < 0 or near_column < 0 or near_row >= rows or near_column >= columns:
                continue
            if done[near_row, near_column] or math.isinf(slowness[near_row, near_column]):
                continue
            found = _upwind(distance, done, near_row, near_column, slowness[near_row, near_column] * cell_m)
            if found < distance[near_row, near_column]:
                distance[near_row, near_column] = found
                size = _push(keys, cells, size, found, near_row * columns + near_column)
    return distance


@numba.njit(cache=True, nogil=True)
def _upwind(distance: Floats, done: npt.NDArray[np.bool_], row: int, column: int, step: float) -> float:
    """The distance of a cell from what is known beside and above or below it."""
    beside, beside_weight = _nearer(distance, done, row, column, 0, 1)
    above, above_weight = _nearer(distance, done, row, column, 1, 0)
    alone = min(beside + step / math.sqrt(beside_weight), above + step / math.sqrt(above_weight))
    if math.isinf(beside) or math.isinf(above):
        return float(alone)
    # beside_weight (d - beside)^2 + above_weight (d - above)^2 = step^2, the larger root.
    weight = beside_weight + above_weight
    middle = (beside_weight * beside + above_weight * above) / weight
    apart = beside_weight * above_weight / weight * (beside - above) ** 2
    if apart > step * step:
        return float(alone)
    found = middle + math.sqrt((step * step - apart) / weight)
    return float(found) if found >= max(beside, above) else float(alone)


@numba.njit(cache=True, nogil=True)
def _nearer(
    distance: Floats, done: npt.NDArray[np.bool_], row: int, column: int, down: int, across: int
) -> tuple[float, float]:
    """What the difference along an axis is taken to, and its weight: 9/4 where two cells are known."""
    rows, columns = distance.shape
    first, side = np.inf, 0
    for way in (-1, 1):
        beside_row, beside_column = row + way * down, column + way * across
        if not (0 <= beside_row < rows and 0 <= beside_column < columns):
            continue
        if done[beside_row, beside_column] and distance[beside_row, beside_column] < first:
            first, side = distance[beside_row, beside_column], way
    if side == 0:
        return np.inf, 1.0
    next_row, next_column = row + 2 * side * down, column + 2 * side * across
    if 0 <= next_row < rows and 0 <= next_column < columns and done[next_row, next_column]:
        second = distance[next_row, next_column]
        if second <= first:
            return (4 * first - second) / 3, 2.25
    return first, 1.0


@numba.njit(cache=True, nogil=True)
def _push(keys: Floats, cells: npt.NDArray[np.int64], size: int, key: float, cell: int) -> int:
    place = size
    while place > 0:
        parent = (place - 1) // 2
        if keys[parent] <= key:
            break
        keys[place], cells[place] = keys[parent], cells[parent]
        place = parent
    keys[place], cells[place] = key, cell
    return size + 1


@numba.njit(cache=True, nogil=True)
def _pop(keys: Floats, cells: npt.NDArray[np.int64], size: int) -> int:
    """Take the nearest away; gives how many are left."""
    size -= 1
    key, cell = keys[size], cells[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[place], cells[place] = keys[child], cells[child]
        place = child
    keys[place], cells[place] = key, cell
    return size
