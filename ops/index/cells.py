"""Places as numbers: the cell of a hundredth of a degree that a point lies in, from the south-west on.

A row of cells is a run of numbers, so that "within this box" is a few ranges of one plain database index.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

_E7_A_CELL = 100_000
COLUMNS = 36_001
_SOUTH = 900_000_000
_WEST = 1_800_000_000
MOST_ROWS = 100
"""A box of more rows than that (111 km) is searched by time alone."""
Whole = TypeVar("Whole", int, npt.NDArray[np.int64])


def cell_of(lat_e7: Whole, lon_e7: Whole) -> Whole:
    """The cell of a place, degrees times 10^7."""
    return (lat_e7 + _SOUTH) // _E7_A_CELL * COLUMNS + (lon_e7 + _WEST) // _E7_A_CELL


def ranges(south_e7: int, west_e7: int, north_e7: int, east_e7: int) -> list[tuple[int, int]] | None:
    """The first and last cell of each row of a box; None where there would be too many."""
    first, last = cell_of(south_e7, west_e7), cell_of(south_e7, east_e7)
    rows = (north_e7 + _SOUTH) // _E7_A_CELL - (south_e7 + _SOUTH) // _E7_A_CELL + 1
    if rows > MOST_ROWS:
        return None
    return [(first + row * COLUMNS, last + row * COLUMNS) for row in range(rows)]
