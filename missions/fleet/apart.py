"""How near aircraft come to each other: all flights of a plan on one clock."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from missions.geodesy import LocalFrame, Points
from missions.local import frame_of, local_from_ring
from missions.plan import Plan, Sortie
from missions.sorties.spent import Floats, profile_of, spent, track_of
from missions.wind import Wind

VERTICAL_M = 12.0
"""Aircraft this far apart in height are apart: what is left of a step of 15 m when both drift a little."""


@dataclass(frozen=True, slots=True)
class Apart:
    """The least distance in plan, metres, between two aircraft at heights too near each other, and when.

    `vehicles` are their numbers. Infinite, at nobody, where no two are in the air at such heights at once.
    """

    distance_m: float
    at_s: float = math.nan
    vehicles: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a flight is: corners (n,) in time, places (n, 2) in metres, heights (n,) above take-off."""

    at_s: Floats
    points_m: Points
    height_m: Floats


def apart(plan: Plan, *, vertical_m: float = VERTICAL_M) -> Apart:
    """How near the aircraft of a plan come in plan while less than `vertical_m` apart in height.

    Every flight is followed from when its aircraft leaves the ground until it is down again, straight and
    evenly between its waypoints. Heights are those above each take-off point. `math.inf` metres looks at the
    distance in plan alone.
    """
    frame = frame_of(plan.area)
    trails = [(sortie.vehicle, trail_of(sortie, frame, plan.wind)) for sortie in plan.sorties]
    least = Apart(math.inf)
    for (one, a), (other, b) in itertools.combinations(trails, 2):
        if one != other:
            distance_m, at_s = nearest(a, b, vertical_m)
            if distance_m < least.distance_m:
                least = Apart(distance_m, at_s, (one, other))
    return least


def trail_of(sortie: Sortie, frame: LocalFrame, wind: Wind | None) -> Trail:
    """A sortie's way through the air, on the plan's clock."""
    points = local_from_ring([row.place for row in sortie.route], frame)
    home = local_from_ring([sortie.take_off], frame)
    track = track_of(points, sortie.route, sortie.aircraft)
    profile = profile_of(sortie.aircraft, track, wind)
    stretch = sortie.totals.duration_s / spent(sortie.aircraft, track, wind).duration_s
    at_s = np.concatenate([[0.0], np.column_stack([profile.to_s, profile.at_s]).ravel() * stretch])
    at_s = np.append(at_s, sortie.totals.duration_s)
    places = np.concatenate([home, np.repeat(points, 2, axis=0), home])
    heights = np.concatenate([[0.0], np.repeat(track.height_m, 2), [0.0]])
    return Trail(sortie.start_s + np.maximum.accumulate(at_s), places, heights)


def nearest(a: Trail, b: Trail, vertical_m: float) -> tuple[float, float]:
    """The least distance in plan of two flights while less than `vertical_m` apart in height, and when.

    Between two corners of either both move evenly, so distance and difference in height are exact.
    """
    begin, end = max(a.at_s[0], b.at_s[0]), min(a.at_s[-1], b.at_s[-1])
    if begin >= end:
        return math.inf, math.nan
    times = np.unique(np.concatenate([a.at_s, b.at_s, [begin, end]]))
    times = times[(times >= begin) & (times <= end)]
    offset = _offsets(a, times) - _offsets(b, times)
    first, change = offset[:-1], np.diff(offset, axis=0)
    enter, leave = _while_near(first[:, 2], change[:, 2], vertical_m)
    near = leave >= enter
    if not near.any():
        return math.inf, math.nan
    squared = np.einsum("ij,ij->i", change[:, :2], change[:, :2])
    toward = -np.einsum("ij,ij->i", first[:, :2], change[:, :2])
    share = np.clip(np.divide(toward, squared, out=np.zeros_like(toward), where=squared > 0), enter, leave)
    distance = np.hypot(*(first[:, :2] + share[:, None] * change[:, :2]).T)
    distance[~near] = math.inf
    least = int(np.argmin(distance))
    at_s = times[least] + share[least] * (times[least + 1] - times[least])
    return float(distance[least]), float(at_s)


def _offsets(trail: Trail, times: Floats) -> Floats:
    columns = (trail.points_m[:, 0], trail.points_m[:, 1], trail.height_m)
    return np.column_stack([np.interp(times, trail.at_s, column) for column in columns])


def _while_near(first: Floats, change: Floats, vertical_m: float) -> tuple[Floats, Floats]:
    """From and to which share of each interval the heights differ by less than `vertical_m`."""
    if math.isinf(vertical_m):
        return np.zeros_like(first), np.ones_like(first)
    still = np.abs(change) < 1e-9
    slope = np.where(still, 1.0, change)
    bounds = np.sort(np.stack([(-vertical_m - first) / slope, (vertical_m - first) / slope]), axis=0)
    within = np.abs(first) < vertical_m
    enter = np.where(still, np.where(within, 0.0, 2.0), np.maximum(bounds[0], 0.0))
    leave = np.where(still, np.where(within, 1.0, -1.0), np.minimum(bounds[1], 1.0))
    return enter, leave
