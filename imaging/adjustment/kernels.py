"""Compiled sums over tie points: the reduced normal matrix.

Of the symmetric matrix only the half that is held is summed, `packed` as `imaging.adjustment.symmetric` does.

For every point the blocks E of its ties (22 unknowns of view and lens by 3 of the point, whitened) are summed
over pairs. The lens part is summed over the point first, since nearly all ties of a point share their lens.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imaging.adjustment.symmetric import column_in
from imaging.compiled import kernel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
"""Where unknowns stand in the equations, -1 for those that have none."""
VIEW, LENS, BOTH = 14, 8, 22


@kernel()
def gather(packed: Floats, right: Floats, rows: Floats, residual: Floats, places: Places) -> None:
    """Add every tie's own part: rows (m, 2, 22), residual (m, 2), places (m, 22)."""
    for tie in range(rows.shape[0]):
        for a in range(BOTH):
            column = places[tie, a]
            if column < 0:
                continue
            u, v = rows[tie, 0, a], rows[tie, 1, a]
            right[column] += u * residual[tie, 0] + v * residual[tie, 1]
            begin, step = column_in(right.shape[0], column)
            for b in range(BOTH):
                if places[tie, b] < column:
                    continue
                packed[begin + step * places[tie, b]] += u * rows[tie, 0, b] + v * rows[tie, 1, b]


@kernel()
def blocks_of(rows: Floats, whitened: Floats, blocks: Floats) -> None:
    """Write the (m, 22, 3) blocks of rows (m, 2, 22) and whitened derivatives by the point (m, 2, 3)."""
    for tie in range(rows.shape[0]):
        for a in range(BOTH):
            for c in range(3):
                blocks[tie, a, c] = (
                    rows[tie, 0, a] * whitened[tie, 0, c] + rows[tie, 1, a] * whitened[tie, 1, c]
                )


@kernel()
def _take(packed: Floats, size: int, first: Floats, rows: Places, second: Floats, columns: Places) -> None:
    """Subtract first (r, 3) times second (c, 3) transposed at these rows and columns of the lower half."""
    for b in range(second.shape[0]):
        column = columns[b]
        if column < 0:
            continue
        begin, step = column_in(size, column)
        for a in range(first.shape[0]):
            if rows[a] < column:
                continue
            total = first[a, 0] * second[b, 0] + first[a, 1] * second[b, 1] + first[a, 2] * second[b, 2]
            packed[begin + step * rows[a]] -= total


@kernel()
def _lens_sums(blocks: Floats, places: Places, ties: Integers, sums: Floats, examples: Integers) -> int:
    """Sums (l, 8, 3) of the lens parts of a point's ties, and a tie of each lens; gives how many lenses.

    Lenses of which nothing is looked for stand in the same places, and count as one.
    """
    lenses = 0
    for tie in ties:
        lens = 0
        while lens < lenses:
            a = VIEW
            while a < BOTH and places[examples[lens], a] == places[tie, a]:
                a += 1
            if a == BOTH:
                break
            lens += 1
        if lens == lenses:
            examples[lens] = tie
            sums[lens] = 0.0
            lenses += 1
        sums[lens] += blocks[tie, VIEW:]
    return lenses


@kernel()
def reduce(
    packed: Floats,
    right: Floats,
    blocks: Floats,
    places: Places,
    order: Integers,
    starts: Integers,
    points_right: Floats,
) -> None:
    """Take the points out: `order` lists ties point by point, `starts` (p + 1,) where each point's begin."""
    size, longest = right.shape[0], 1
    for point in range(starts.shape[0] - 1):
        longest = max(longest, starts[point + 1] - starts[point])
    sums, examples = np.zeros((longest, LENS, 3)), np.zeros(longest, np.int64)
    for point in range(starts.shape[0] - 1):
        ties = order[starts[point] : starts[point + 1]]
        lenses = _lens_sums(blocks, places, ties, sums, examples)
        for tie in ties:
            view = places[tie, :VIEW]
            for a in range(BOTH):
                if places[tie, a] < 0:
                    continue
                for c in range(3):
                    right[places[tie, a]] -= blocks[tie, a, c] * points_right[point, c]
            for other in ties:
                _take(packed, size, blocks[tie, :VIEW], view, blocks[other, :VIEW], places[other, :VIEW])
            for lens in range(lenses):
                columns = places[examples[lens], VIEW:]
                _take(packed, size, blocks[tie, :VIEW], view, sums[lens], columns)
                _take(packed, size, sums[lens], columns, blocks[tie, :VIEW], view)
        for first in range(lenses):
            for second in range(lenses):
                rows, columns = places[examples[first], VIEW:], places[examples[second], VIEW:]
                _take(packed, size, sums[first], rows, sums[second], columns)
