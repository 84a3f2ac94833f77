"""Ground that is not level: a plane that tilts, with a swell on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sitl.world.noise import Field


@dataclass(frozen=True, slots=True)
class Terrain:
    """Slopes are metres of rise for each metre east and north; the swell is a wave of this amplitude."""

    slope_east: float = 0.0
    slope_north: float = 0.0
    swell_m: float = 0.0
    swell_length_m: float = 60.0
    swell_bearing_deg: float = 0.0
    phase_rad: float = 0.0

    def height(self, east_m: npt.NDArray[np.floating], north_m: npt.NDArray[np.floating]) -> Field:
        """Metres above the ground level; 0 on average over the whole world."""
        turn = math.radians(self.swell_bearing_deg)
        along = east_m * math.sin(turn) + north_m * math.cos(turn)
        wave = np.sin(2 * math.pi / self.swell_length_m * along + self.phase_rad)
        return np.asarray(
            self.slope_east * east_m + self.slope_north * north_m + self.swell_m * wave, np.float32
        )

    @property
    def steepest(self) -> float:
        """Greatest rise for each metre, in any direction."""
        wave = 2 * math.pi / self.swell_length_m * self.swell_m
        return math.hypot(self.slope_east, self.slope_north) + wave

    def sampled(self, cells: int, texel_m: float) -> Field:
        """(cells, cells) heights at the centres of a grid's cells, row 0 north."""
        metres = (np.arange(cells) + 0.5 - cells / 2) * texel_m
        return self.height(metres[None, :], -metres[:, None])
