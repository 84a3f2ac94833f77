"""Which way he went: a von Mises distribution around a bearing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import i0e

from missions.errors import SettingsError

MAX_CONCENTRATION = 200.0
"""Half of the people within 2.7 degrees: narrower is a route, and is drawn as one."""
_STEPS = 4096
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Direction:
    """The bearing he travels on (degrees, clockwise from north) and how closely he keeps to it.

    `concentration` is von Mises' kappa: 0 is any direction alike (Mardia and Jupp, Directional Statistics,
    2000, 3.5.4). Raises SettingsError.
    """

    bearing_deg: float
    concentration: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.bearing_deg) and abs(self.bearing_deg) <= 360):
            raise SettingsError(f"a bearing of {self.bearing_deg} degrees is none")
        if not 0 <= self.concentration <= MAX_CONCENTRATION:
            raise SettingsError(
                f"a concentration of {self.concentration} lies outside 0 to {MAX_CONCENTRATION:g}",
                remedy="Draw a route where the way is known so well",
            )

    @classmethod
    def within(cls, bearing_deg: float, angle_deg: float, share: float = 0.5) -> Direction:
        """The direction of which `share` lies within `angle_deg` to either side of the bearing.

        A dispersion angle is such an angle. An angle that holds no more than chance gives any direction
        alike. Raises SettingsError.
        """
        if not (0 < angle_deg <= 180 and 0 < share < 1):
            raise SettingsError(
                f"{share} within {angle_deg} degrees is no dispersion",
                remedy="Give an angle up to 180 and a share between 0 and 1",
            )
        if share <= angle_deg / 180:
            return cls(bearing_deg, 0.0)
        if _share_within(MAX_CONCENTRATION, angle_deg) < share:
            return cls(bearing_deg, MAX_CONCENTRATION)
        found = brentq(lambda kappa: _share_within(kappa, angle_deg) - share, 0.0, MAX_CONCENTRATION)
        return cls(bearing_deg, float(found))

    def share_within(self, angle_deg: float) -> float:
        """The share within this angle to either side of the bearing."""
        return _share_within(self.concentration, angle_deg)

    def density(self, east_m: Floats, north_m: Floats, distance_m: Floats) -> Floats:
        """Per radian, towards places this far east and north; `distance_m` is their distance, above 0."""
        cosine = (east_m * self._towards[0] + north_m * self._towards[1]) / distance_m
        return np.asarray(np.exp(self.concentration * (cosine - 1)) * self._scale)

    @cached_property
    def _towards(self) -> tuple[float, float]:
        bearing = math.radians(self.bearing_deg)
        return math.sin(bearing), math.cos(bearing)

    @cached_property
    def _scale(self) -> float:
        return 1 / (2 * math.pi * float(i0e(self.concentration)))


def _share_within(concentration: float, angle_deg: float) -> float:
    angles = np.linspace(0, math.radians(min(angle_deg, 180.0)), _STEPS)
    density = np.exp(concentration * (np.cos(angles) - 1)) / (math.pi * float(i0e(concentration)))
    return float(np.trapezoid(density, angles))
