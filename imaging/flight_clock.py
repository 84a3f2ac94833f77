"""How far a camera's clock is from a recording's: the offset at which the photos fit the flight best.

Of three witnesses the best there is: where the photos say that they were taken, against the track; the times
at which the recording says that the camera took pictures; and, where there is neither, the two clocks
themselves, whole quarter hours of a time zone apart. What fits in several ways is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Indices
from imaging.lens import Array

ZONE_S = 900.0
LATEST_ZONE = 56
"""Quarter hours from UTC to the furthest time zone, either way."""
TRUSTED_SIGMA_S = 2.0
"""One standard deviation of a camera's clock that nothing checks; most are set by hand or by a phone."""
COARSE_S = 0.5
FAR_M = 20.0
SHARED_M = 2.0
"""The camera's receiver may be that far off the aircraft's all the flight long."""
LEAST_MOVED_M = 5.0
TOLERANCE_S = 0.6
OWN_SIGMA_M = 0.3
SHARE_IN_FLIGHT = 0.8
CLEARLY = 1.5
FLYING_M = 2.0


@dataclass(frozen=True, slots=True)
class Path:
    """A track in the plane: rising times (n,), metres east and north (n, 2), height over take-off (n,)."""

    time_s: Array
    local_m: Array
    height_m: Array

    def at(self, time_s: Array) -> Array:
        """(k,) times to (k, 2) metres, the ends held."""
        return np.column_stack([np.interp(time_s, self.time_s, self.local_m[:, axis]) for axis in (0, 1)])

    def velocity(self, time_s: Array) -> Array:
        """(k,) times to (k, 2) metres a second, over a second."""
        return np.asarray(self.at(time_s + 0.5) - self.at(time_s - 0.5))


@dataclass(frozen=True, slots=True)
class Offset:
    """Seconds to add to a photo's time for the recording's, one standard deviation, and what tells it."""

    seconds: float
    sigma_s: float
    told_by: str


def offset_of(
    time_s: Array, local_m: Array, path: Path, exposure_s: Array, utc_offset_s: float
) -> Offset | None:
    """The offset of (k,) photo times, of which (k, 2) positions are NaN where none is told.

    `exposure_s` (m,) are the recording's pictures. None where nothing fits, or several offsets do.
    """
    placed = np.isfinite(local_m[:, 0])
    return (
        _by_positions(time_s[placed], local_m[placed], path)
        or _by_exposures(time_s, exposure_s)
        or _by_clocks(time_s, path, utc_offset_s)
    )


def _by_positions(time_s: Array, local_m: Array, path: Path) -> Offset | None:
    if len(time_s) < 3 or np.ptp(local_m, axis=0).max() < LEAST_MOVED_M:
        return None
    tried = _tried(time_s, path)
    cost = np.array([_cost(time_s + offset_s, local_m, path) for offset_s in tried])
    if not len(tried):
        return None
    best = float(tried[int(cost.argmin())])
    near = cost[np.abs(tried - best) <= 3.0]
    others = cost[np.abs(tried - best) > 3.0]
    if near.min() > 0.5 or (len(others) and others.min() < CLEARLY * near.min() + 0.02):
        return None
    return _refined(time_s, local_m, path, best)


def _tried(time_s: Array, path: Path) -> Array:
    """Offsets that bring a photo or more into the flight; a clock years off adds no years to try."""
    first_s = path.time_s[0] - np.sort(time_s)[::-1]
    length_s = path.time_s[-1] - path.time_s[0]
    parts = np.split(first_s, np.flatnonzero(np.diff(first_s) > length_s) + 1)
    return np.concatenate([np.arange(part[0], part[-1] + length_s, COARSE_S) for part in parts])


def _cost(time_s: Array, local_m: Array, path: Path) -> float:
    """The mean square distance as a share of what counts as far, of photos out of the flight all of it."""
    apart = np.minimum(((local_m - path.at(time_s)) ** 2).sum(axis=1) / FAR_M**2, 1.0)
    outside = (time_s < path.time_s[0]) | (time_s > path.time_s[-1])
    return float(np.where(outside, 1.0, apart).mean())


def _refined(time_s: Array, local_m: Array, path: Path, start_s: float) -> Offset:
    """Least squares of the offset and of a shift that all positions share, the shift being near none."""
    seconds, spread_m = start_s, OWN_SIGMA_M
    covariance: Array = np.eye(3)
    shift_m = np.zeros(2)
    for _ in range(10):
        at_s = time_s + seconds
        apart_m = local_m - path.at(at_s) - shift_m
        near = np.linalg.norm(apart_m, axis=1) < FAR_M
        rows = np.zeros((2 * int(near.sum()), 3))
        rows[:, 0] = path.velocity(at_s)[near].ravel()
        rows[0::2, 1], rows[1::2, 2] = 1.0, 1.0
        residual = apart_m[near].ravel()
        spread_m = max(OWN_SIGMA_M, 1.4826 * float(np.median(np.abs(residual))))
        normal = rows.T @ rows / spread_m**2 + np.diag([0.0, SHARED_M**-2, SHARED_M**-2])
        covariance = np.asarray(np.linalg.inv(normal + 1e-12 * np.eye(3)), float)
        right = rows.T @ residual / spread_m**2 - np.append(0.0, shift_m / SHARED_M**2)
        step = covariance @ right
        seconds, shift_m = seconds + float(step[0]), shift_m + step[1:]
        if abs(step[0]) < 1e-3:
            break
    return Offset(seconds, float(np.sqrt(covariance[0, 0])), "the photos' own positions")


def _by_exposures(time_s: Array, exposure_s: Array) -> Offset | None:
    """The offset that brings most photos to a picture of the recording, where no other brings as many."""
    if len(exposure_s) < 3 or len(time_s) < 3:
        return None
    tried = _shared_offsets(time_s, exposure_s)
    if not len(tried):
        return None
    found = np.array([_matched(time_s + offset_s, exposure_s) for offset_s in tried])
    best = float(np.median(tried[found == found.max()]))
    others = found[np.abs(tried - best) > 2 * TOLERANCE_S]
    if found.max() < _least(time_s) or (len(others) and others.max() >= found.max()):
        return None
    apart_s = exposure_s[_nearest(time_s + best, exposure_s)] - (time_s + best)
    apart_s = apart_s[np.abs(apart_s) <= TOLERANCE_S]
    spread_s = max(0.01, float(np.std(apart_s)))
    return Offset(
        best + float(np.mean(apart_s)), spread_s / np.sqrt(len(apart_s)), "when the camera took pictures"
    )


def _least(time_s: Array) -> float:
    """How many pictures must have a photo near them."""
    return max(3.0, SHARE_IN_FLIGHT * len(time_s))


def _shared_offsets(time_s: Array, exposure_s: Array) -> Array:
    """Offsets, in tenths of a second, at which photos enough could lie near a picture."""
    apart_s = np.sort(np.subtract.outer(exposure_s, time_s), axis=None)
    tried = np.unique(np.round(apart_s, 1))
    reach_s = TOLERANCE_S + 1e-6
    near = np.searchsorted(apart_s, tried + reach_s) - np.searchsorted(apart_s, tried - reach_s)
    return np.asarray(tried[near >= _least(time_s)])


def _matched(time_s: Array, exposure_s: Array) -> int:
    """How many pictures of the recording have a photo near them."""
    near = _nearest(time_s, exposure_s)
    return len(np.unique(near[np.abs(exposure_s[near] - time_s) <= TOLERANCE_S]))


def _nearest(time_s: Array, exposure_s: Array) -> Indices:
    """(k,) which of the rising exposures is nearest to each time."""
    after = np.clip(np.searchsorted(exposure_s, time_s), 1, len(exposure_s) - 1)
    return np.asarray(after - (time_s - exposure_s[after - 1] <= exposure_s[after] - time_s), np.int64)


def _by_clocks(time_s: Array, path: Path, utc_offset_s: float) -> Offset | None:
    """Both clocks right but for the time zone: the only one in which the photos are of the flight."""
    flown = list(_zones(time_s, path, utc_offset_s))
    if not flown or (len(flown) > 1 and 0 not in flown):
        return None
    zone = 0 if 0 in flown else flown[0]
    return Offset(-utc_offset_s - ZONE_S * zone, TRUSTED_SIGMA_S, "the camera's clock alone")


def _zones(time_s: Array, path: Path, utc_offset_s: float) -> Iterator[int]:
    flying: npt.NDArray[np.bool_] = path.height_m > FLYING_M
    if not flying.any():
        return
    first_s, last_s = path.time_s[flying][0], path.time_s[flying][-1]
    for zone in range(-LATEST_ZONE, LATEST_ZONE + 1):
        there_s = time_s - utc_offset_s - ZONE_S * zone
        if np.mean((there_s >= first_s) & (there_s <= last_s)) >= SHARE_IN_FLIGHT:
            yield zone
