"""How near aircraft of one plan truly came to each other, and when they were down: all on the plan's clock.

Every track runs on its own autopilot's time from the zero that all had in common. The clock begins when the
first aircraft leaves the ground, as the plan's does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from missions.geodesy import LocalFrame
from sitl.proof.recording import Floats, Recorded

_STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class Trail:
    """One flight on the plan's clock: `at_s` (n,), `places_m` (n, 3) east, north, above mean sea level.

    `up_s` is when it left the ground, `down_s` when its motors stopped.
    """

    vehicle: int
    at_s: Floats
    places_m: Floats
    up_s: float
    down_s: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The least distance between two aircraft that were both in the air, metres in space, and when."""

    distance_m: float
    at_s: float = math.nan
    vehicles: tuple[int, int] = (0, 0)


def trails_of(flights: Sequence[tuple[int, float, float, Recorded]], frame: LocalFrame) -> list[Trail]:
    """The flights on the plan's clock; each is its aircraft, planned start, its zero and its recording."""
    late_s = min(recorded.began_s - zero_s - start_s for _, start_s, zero_s, recorded in flights)
    return [
        Trail(
            vehicle,
            recorded.track[:, 0] - zero_s - late_s,
            np.column_stack([frame.local_from_geo(recorded.track[:, 1:3]), recorded.track[:, 4]]),
            recorded.began_s - zero_s - late_s,
            recorded.ended_s - zero_s - late_s,
        )
        for vehicle, _, zero_s, recorded in flights
    ]


def nearest(trails: Sequence[Trail]) -> Nearest:
    """How near any two aircraft came; infinite, at nobody, where no two were in the air at once."""
    found = Nearest(math.inf)
    for a, b in combinations(trails, 2):
        begin_s, end_s = max(a.up_s, b.up_s), min(a.down_s, b.down_s)
        if a.vehicle == b.vehicle or begin_s >= end_s:
            continue
        times = np.append(np.arange(begin_s, end_s, _STEP_S), end_s)
        away = np.linalg.norm(_places(a, times) - _places(b, times), axis=1)
        least = int(np.argmin(away))
        if away[least] < found.distance_m:
            found = Nearest(float(away[least]), float(times[least]), (a.vehicle, b.vehicle))
    return found


def _places(trail: Trail, times: Floats) -> Floats:
    return np.column_stack([np.interp(times, trail.at_s, trail.places_m[:, axis]) for axis in range(3)])
