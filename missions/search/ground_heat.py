"""How warm and how uneven the ground is over a frame, as the frame itself shows it.

Who lies on grass that is alike everywhere stands out by a kelvin; between tussocks in the sun he needs
several. A camera that measures temperatures tells which it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MEASURED = "-measured"
"""What is added to the name of a kind of looking whose frames tell of the ground's heat."""


@dataclass(frozen=True, eq=False)
class GroundHeat:
    """A frame in (rows, columns) tiles, kelvin.

    `spread_k` is half of what lies between the 16 % and the 84 % of a tile's pixels, `above_k` how far its
    median lies above the whole frame's. `reach` (across, down) are the tangents of half the frame's angles.
    """

    spread_k: Floats
    above_k: Floats
    reach: tuple[float, float]

    def at(self, across: Floats, down: Floats) -> tuple[Floats, Floats]:
        """(n,) spread and how far above the frame's median, by tangents right of and below the axis."""
        rows, columns = self.spread_k.shape
        column = np.clip(np.floor((across / self.reach[0] + 1) / 2 * columns), 0, columns - 1).astype(int)
        row = np.clip(np.floor((down / self.reach[1] + 1) / 2 * rows), 0, rows - 1).astype(int)
        return self.spread_k[row, column], self.above_k[row, column]
