"""How long places that are watched truly went without a look, from the recordings of all flights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from missions.geodesy import LocalFrame
from missions.local import local_from_ring
from missions.plan import Plan
from missions.surveillance import WatchPoint
from sitl.proof.separation import Trail

_AT_M = 3.0
_STILL_M_S = 1.0


def longest_waits_s(
    plan: Plan, points: Sequence[WatchPoint], trails: Sequence[Trail], frame: LocalFrame
) -> tuple[float, ...]:
    """For each point the longest time of the watch in which no aircraft stood where it is looked at from."""
    begins_s = plan.request.figures["begins_s"]
    over_s = begins_s + plan.request.figures["duration_s"]
    return tuple(
        _longest_s([look for trail in trails for look in _looks(trail, place)], begins_s, over_s)
        for place in local_from_ring([point.place for point in points], frame)
    )


def _looks(trail: Trail, place: np.typing.NDArray[np.float64]) -> list[tuple[float, float]]:
    """From when to when a copter stood at a place."""
    speed = np.hypot(*(np.gradient(trail.places_m[:, axis], trail.at_s) for axis in (0, 1)))
    in_air = (trail.at_s >= trail.up_s) & (trail.at_s <= trail.down_s)
    away_m = np.hypot(*(trail.places_m[:, :2] - place).T)
    there = np.concatenate([[False], (away_m <= _AT_M) & (speed <= _STILL_M_S) & in_air, [False]])
    starts, ends = np.flatnonzero(there[1:] & ~there[:-1]), np.flatnonzero(~there[1:] & there[:-1]) - 1
    return [(float(trail.at_s[a]), float(trail.at_s[b])) for a, b in zip(starts, ends, strict=True) if b > a]


def _longest_s(looks: Sequence[tuple[float, float]], begins_s: float, over_s: float) -> float:
    longest_s, until_s = 0.0, begins_s
    for start_s, end_s in sorted(looks):
        if start_s >= over_s:
            break
        longest_s = max(longest_s, start_s - until_s)
        until_s = max(until_s, end_s)
    return max(longest_s, over_s - until_s)
