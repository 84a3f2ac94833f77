"""Compiled loops of the drawing: what is hidden behind something, and what a camera just sees past it.

They let other threads run (`nogil`) and raise nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imaging.compiled import kernel

GRAZING, RUN = 0.65, 3
Floats = npt.NDArray[np.float32]


@kernel(nogil=True)
def hide(
    heights_m: Floats,
    camera_column: float,
    camera_row: float,
    camera_m: float,
    tolerance_m: float,
    hidden: npt.NDArray[np.bool_],
) -> None:
    """Mark what a camera above (`camera_column`, `camera_row`) cannot see of the cells of a height map.

    Along each line from the foot of the camera to a border cell the tangent of the angle off the vertical
    must grow; where it does not, something nearer stands in the way (Habib, Kim and Kim 2007). A cell is
    hidden when any line through it says so, by more than `tolerance_m` of height, or where the tangent has
    grown by less than `GRAZING` of what it does over level ground in `RUN` cells: there the surface falls
    along the ray. It does so behind what stands up, which matching draws too long, and what a photo shows
    there is the end of that thing, drawn out.
    """
    rows, columns = heights_m.shape
    before = np.empty(RUN)
    for border in range(2 * (rows + columns)):
        if border < columns:
            end_column, end_row = border, 0
        elif border < 2 * columns:
            end_column, end_row = border - columns, rows - 1
        elif border < 2 * columns + rows:
            end_column, end_row = 0, border - 2 * columns
        else:
            end_column, end_row = columns - 1, border - 2 * columns - rows
        over_columns, over_rows = end_column + 0.5 - camera_column, end_row + 0.5 - camera_row
        steps = np.int64(np.ceil(max(abs(over_columns), abs(over_rows))))
        if steps < 1:
            continue
        over_columns, over_rows = over_columns / steps, over_rows / steps
        length = np.sqrt(over_columns**2 + over_rows**2)
        steepest = 0.0
        before[:] = 0.0
        for step in range(1, steps + 1):
            column, row = (
                np.int64(np.floor(camera_column + step * over_columns)),
                np.int64(np.floor(camera_row + step * over_rows)),
            )
            if not (0 <= column < columns and 0 <= row < rows):
                continue
            below_m = camera_m - heights_m[row, column]
            if below_m <= 0:
                steepest = np.inf
                continue
            slant = step * length / below_m
            behind = slant * (1 + tolerance_m / below_m) < steepest
            grazed = slant < before[step % RUN] + GRAZING * RUN * length / below_m
            if behind or (before[step % RUN] > 0 and grazed):
                hidden[row, column] = True
            steepest = max(steepest, slant)
            before[step % RUN] = steepest


@kernel(nogil=True)
def graze(
    heights_m: Floats,
    which: npt.NDArray[np.bool_],
    camera_column: float,
    camera_row: float,
    camera_m: float,
    reach_cells: float,
    beyond_cells: float,
    least_m: Floats,
) -> None:
    """Raise `least_m` at the cells of `which` to where a camera just sees past what hides them.

    Along the line towards the foot of the camera, (`camera_column`, `camera_row`), the greatest tangent of
    the angle off the vertical within `reach_cells` is that of the ray that grazes what stands in the way;
    the one taken passes it by `beyond_cells`. All are counted in the cells of `heights_m`, heights too.
    """
    rows, columns = heights_m.shape
    for row in range(rows):
        for column in range(columns):
            if not which[row, column]:
                continue
            over_columns, over_rows = column + 0.5 - camera_column, row + 0.5 - camera_row
            length = np.sqrt(over_columns**2 + over_rows**2)
            if length < 1:
                continue
            steepest = 0.0
            for step in range(1, np.int64(min(reach_cells, length)) + 1):
                c = np.int64(np.floor(column + 0.5 - step * over_columns / length))
                r = np.int64(np.floor(row + 0.5 - step * over_rows / length))
                if not (0 <= c < columns and 0 <= r < rows):
                    break
                below = camera_m - heights_m[r, c]
                if below > 0:
                    steepest = max(steepest, (length - step + beyond_cells) / below)
            if steepest > 0:
                least_m[row, column] = max(least_m[row, column], camera_m - length / steepest)
