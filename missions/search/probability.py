"""Where he may be: a chance for every cell, and one for the rest of the world."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Polygon

from missions.errors import SettingsError
from missions.search.grid import Cells, SearchGrid

TOLERANCE = 1e-9
"""How far the chances together may be from 1: rounding over millions of cells."""


@dataclass(frozen=True, eq=False)
class ProbabilityMap:
    """The chance that he is in each cell, and `outside`, that he is on none of them. Together they are 1.

    `mass` has the shape of the grid and cannot be written to. POA, probability of area, is IAMSAR's word for
    such a sum over cells. Raises SettingsError for what is no chance; `normalised` makes one of weights.
    """

    grid: SearchGrid
    mass: Cells
    outside: float = 0.0

    def __post_init__(self) -> None:
        mass = np.array(self.mass, float)
        _check(self.grid, mass, self.outside)
        whole = float(mass.sum()) + self.outside
        if abs(whole - 1) > TOLERANCE:
            raise SettingsError(
                f"the chances of all cells and of outside are {whole:.6g} together, not 1",
                remedy="Make the map with ProbabilityMap.normalised",
            )
        mass.flags.writeable = False
        object.__setattr__(self, "mass", mass)
        object.__setattr__(self, "outside", float(self.outside))

    @classmethod
    def normalised(cls, grid: SearchGrid, mass: Cells, outside: float = 0.0) -> ProbabilityMap:
        """The map in proportion to these weights. Raises SettingsError where they are all nought."""
        weights = np.asarray(mass, float)
        _check(grid, weights, outside)
        whole = float(weights.sum()) + outside
        if not (math.isfinite(whole) and whole > 0):
            raise SettingsError(
                "no chance is left anywhere", remedy="Leave some chance outside, or look at what excludes it"
            )
        return cls(grid, weights / whole, outside / whole)

    @property
    def on_grid(self) -> float:
        """The chance that he is on the grid at all."""
        return float(self.mass.sum())

    @property
    def density_per_km2(self) -> Cells:
        """(rows, columns) chance per square kilometre."""
        density: Cells = self.mass * (1e6 / self.grid.cell_m**2)
        return density

    def poa(self, polygon: Polygon | MultiPolygon) -> float:
        """The chance that he is in a shape of the grid's frame; a cell counts for the part that is in it."""
        return float((self.mass * self.grid.share_inside(polygon)).sum())

    def likeliest(self, share: float) -> npt.NDArray[np.bool_]:
        """(rows, columns) the fewest cells that hold `share` of all chance, outside counted.

        With them all cells that are as likely as the last of them; every cell with chance where the grid
        holds less than the share. Raises SettingsError outside 0 to 1.
        """
        if not 0 < share <= 1:
            raise SettingsError(f"a share of {share} is none", remedy="Give one between 0 and 1")
        descending = np.sort(self.mass, axis=None)[::-1]
        last = int(np.searchsorted(np.cumsum(descending), share - TOLERANCE))
        least = descending[min(last, len(descending) - 1)]
        cells: npt.NDArray[np.bool_] = (self.mass >= least * (1 - TOLERANCE)) & (self.mass > 0)
        return cells


def _check(grid: SearchGrid, mass: Cells, outside: float) -> None:
    if mass.shape != grid.shape:
        raise SettingsError(f"chances of shape {mass.shape} do not fit a grid of {grid.shape}")
    if not (np.isfinite(mass).all() and math.isfinite(outside)):
        raise SettingsError("a chance is no number")
    if float(mass.min()) < 0 or outside < 0:
        raise SettingsError("a chance is negative")
