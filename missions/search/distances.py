"""How far from the initial planning point people were found: quantiles, and the curve through them.

On lognormal paper (the probit of the share against the logarithm of the distance) a lognormal is a straight
line, and find distances follow one roughly (SARBayes project, sarbayes.org, on the ISRID data). The curve
here runs through every quantile on that paper: a cubic Hermite with Fritsch and Butland's slopes (1984, the
ones PCHIP takes), which never turns back. Beyond the first and the last quantile it is the straight line
of the nearest two: a lognormal tail. With two quantiles all of it is that lognormal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from missions.errors import SettingsError

LEAST_M, MOST_M = 0.1, 1_000_000.0
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distances:
    """`shares` (0 to 1, ascending) of people were found within `distances_m` of the initial planning point.

    `reach_m` cuts the curve off: nobody is further, and what lies within keeps its proportions. Raises
    SettingsError for shares and distances that do not both ascend.
    """

    shares: tuple[float, ...]
    distances_m: tuple[float, ...]
    reach_m: float = math.inf

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.distances_m) or len(self.shares) < 2:
            raise SettingsError(
                f"{len(self.shares)} shares and {len(self.distances_m)} distances make no curve",
                remedy="Give two quantiles or more, such as those of 25, 50, 75 and 95 %",
            )
        if not all(0 < share < 1 for share in self.shares):
            raise SettingsError(
                "a quantile lies outside 0 to 100 %",
                remedy="Leave 0 and 100 % out: the furthest of a sample is not the furthest there is",
            )
        if not all(LEAST_M <= distance <= MOST_M for distance in self.distances_m):
            raise SettingsError(f"a distance lies outside {LEAST_M:g} m to {MOST_M / 1000:g} km")
        pairs = list(zip(self.shares, self.distances_m, strict=True))
        for (share, distance), (next_share, next_distance) in pairwise(pairs):
            if next_share <= share or next_distance <= distance:
                raise SettingsError(
                    f"{100 * share:g} % within {distance:g} m is followed by"
                    f" {100 * next_share:g} % within {next_distance:g} m",
                    remedy="Both must ascend",
                )
        if not self.reach_m > LEAST_M:
            raise SettingsError(f"a reach of {self.reach_m:g} m leaves no ground")

    def cut_at(self, reach_m: float) -> Distances:
        """The same where nobody can be further than this. Raises SettingsError."""
        return replace(self, reach_m=min(self.reach_m, reach_m))

    def share_within(self, distance_m: npt.ArrayLike) -> Floats:
        """The share of people found within these distances (metres), 0 to 1, for any shape of array."""
        distance = np.asarray(distance_m, float)
        with np.errstate(divide="ignore"):
            share = ndtr(self.probit(np.log(np.minimum(distance, self.reach_m))))
        return np.asarray(np.where(distance > 0, share / self._whole, 0.0), float)

    def within_m(self, share: float) -> float:
        """The distance that this share of people was found within. Raises SettingsError."""
        if not 0 < share < 1:
            raise SettingsError(f"a share of {share} has no distance", remedy="Give one between 0 and 1")
        wanted = float(ndtri(share * self._whole))
        low, high = math.log(LEAST_M) - 60, math.log(MOST_M) + 60
        return math.exp(float(brentq(lambda at: float(self.probit(np.array(at))) - wanted, low, high)))

    def fading(self, near_m: Floats, far_m: Floats) -> Floats:
        """How much thinner people are at `far_m` than at `near_m`, per area, 0 to 1; 0 beyond reach.

        Thinner only: close to the planning point the curve itself is thin, and a detour makes nobody
        likelier.
        """
        ratio = np.zeros(np.broadcast(near_m, far_m).shape)
        known = np.isfinite(far_m) & (far_m <= self.reach_m) & (near_m > 0)
        near, far = np.log(near_m[known]), np.log(far_m[known])
        # The density per area is phi(z) dz/dln(r) / r^2; its ratio is taken before it underflows.
        exponent = (self.probit(near) ** 2 - self.probit(far) ** 2) / 2 - 2 * (far - near)
        thinner = np.exp(np.minimum(exponent, 1.0)) * self._slope(far) / self._slope(near)
        ratio[known] = np.where(far > near, np.minimum(thinner, 1.0), 1.0)
        ratio[near_m <= 0] = 1.0
        return ratio

    def probit(self, log_m: Floats) -> Floats:
        """The curve on lognormal paper: how many standard deviations a logarithm of metres is."""
        logs, curve, slopes = self._curve
        held = np.clip(log_m, logs[0], logs[-1])
        return np.asarray(
            curve(held)
            + np.minimum(log_m - logs[0], 0) * slopes[0]
            + np.maximum(log_m - logs[-1], 0) * slopes[-1]
        )

    def _slope(self, log_m: Floats) -> Floats:
        logs, curve, _ = self._curve
        return np.asarray(curve(np.clip(log_m, logs[0], logs[-1]), 1))

    @cached_property
    def _whole(self) -> float:
        if math.isinf(self.reach_m):
            return 1.0
        whole = float(ndtr(self.probit(np.array(math.log(self.reach_m)))))
        if whole < 1e-6:
            raise SettingsError(
                f"hardly anybody was found within the {self.reach_m:.0f} m that he can have gone",
                remedy="Look again at the time and the speed, and at the category",
            )
        return whole

    @cached_property
    def _curve(self) -> tuple[Floats, CubicHermiteSpline, Floats]:
        logs, probits = np.log(self.distances_m), ndtri(np.array(self.shares))
        steps, secants = np.diff(logs), np.diff(probits) / np.diff(logs)
        slopes = np.empty(len(logs))
        slopes[0], slopes[-1] = secants[0], secants[-1]
        before, after = 2 * steps[1:] + steps[:-1], steps[1:] + 2 * steps[:-1]
        slopes[1:-1] = (before + after) / (before / secants[:-1] + after / secants[1:])
        return logs, CubicHermiteSpline(logs, probits, slopes), slopes
