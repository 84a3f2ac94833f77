"""What is left beyond the way home, all along a flight; where that runs out is the point of no return."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from missions.aircraft import Aircraft
from missions.geodesy import LocalFrame, Points
from missions.local import places_from_local
from missions.plan import NoReturn, Waypoint
from missions.sorties.air import Air
from missions.sorties.lift import Lift
from missions.sorties.spent import Floats, full_wh, profile_of, track_of, trips_home
from missions.wind import Wind

_STEP_M = 20.0
_MOST = 800
_FINER = 20
_FINEST_M = 0.5
_LEAST_PCT = 0.1


@dataclass(frozen=True, slots=True)
class Base:
    """Where an aircraft comes home to and what it may spend: `usable_wh` is the battery less the reserve."""

    aircraft: Aircraft
    wind: Wind | None
    home_m: Floats
    air: Air
    lift: Lift
    frame: LocalFrame
    usable_wh: float
    start_pct: float = 100.0
    extra_share: float = 0.0
    """Metres that turns add to each metre flown."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Places (n, 2) along a flight: metres and seconds from take-off, Wh spent and needed to get home."""

    points_m: Points
    along_m: Floats
    at_s: Floats
    spent_wh: Floats
    home_wh: Floats


def margins(
    base: Base,
    points_m: Points,
    rows: Sequence[Waypoint],
    step_m: float | None = None,
    part_m: tuple[float, float] = (0.0, np.inf),
) -> Margins:
    """What is spent and what the way home takes at every waypoint of a flight, and every `step_m` between.

    `part_m` leaves out what lies before or behind, metres along the flight.
    """
    steps = np.hypot(*np.diff(points_m, axis=0).T)
    step_m = max(_STEP_M, float(steps.sum()) / _MOST) if step_m is None else step_m
    index, share = _samples(steps, step_m)
    along = np.concatenate([[0.0], np.cumsum(steps)])[index] + share * np.append(steps, 0.0)[index]
    kept = (along >= part_m[0] - 1e-6) & (along <= part_m[1] + 1e-6)
    index, share, along = index[kept], share[kept], along[kept]
    after = np.minimum(index + 1, len(rows) - 1)
    points = points_m[index] + share[:, None] * (points_m[after] - points_m[index])
    track = track_of(points_m, rows, base.aircraft, base.extra_share * float(steps.sum()))
    heights = track.height_m[index] + share * (track.height_m[after] - track.height_m[index])
    at_s, spent_wh = profile_of(base.aircraft, track, base.wind).between(index, share)
    return Margins(points, along, at_s, spent_wh, home_wh(base, points, heights))


def home_wh(base: Base, points_m: Points, heights_m: Floats) -> Floats:
    """Watt hours from flying over each place (n, 2), at its height, to the ground at home."""
    lifted = base.lift.over_all([way.points_m for way in base.air.ways(points_m, base.home_m)])
    ways = [
        (way, np.append(height_m, heights[1:]))
        for height_m, (way, heights) in zip(heights_m, lifted, strict=True)
    ]
    return trips_home(base.aircraft, ways, base.wind)[1]


def point_of_no_return(base: Base, points_m: Points, rows: Sequence[Waypoint]) -> NoReturn:
    """The last place of a flight up to which the way home never takes more than is left above the reserve.

    Where there is always enough it is the place at which least is left over (the first within 0.1 %).
    """
    coarse = margins(base, points_m, rows)
    left = base.usable_wh - coarse.spent_wh - coarse.home_wh
    short = np.flatnonzero(left < 0)
    if not len(short):
        least = np.flatnonzero(left <= left.min() + _LEAST_PCT / 100 * full_wh(base.aircraft))[0]
        return _told(base, coarse, int(least))
    last = max(0, int(short[0]) - 1)
    part_m = float(coarse.along_m[last]), float(coarse.along_m[short[0]])
    fine = margins(base, points_m, rows, max(_FINEST_M, (part_m[1] - part_m[0]) / _FINER), part_m)
    beyond = np.flatnonzero(base.usable_wh - fine.spent_wh - fine.home_wh < 0)
    # Rounding may find just enough where the coarse look found just too little.
    return _told(base, fine, max(0, int(beyond[0]) - 1) if len(beyond) else len(fine.along_m) - 1)


def _samples(steps: Floats, step_m: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Floats]:
    """Every waypoint, and places between: the waypoint before each and the share of the way to the next."""
    counts = np.maximum(1, np.ceil(steps / step_m)).astype(np.int64)
    index = np.repeat(np.arange(len(steps)), counts)
    number = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = number / counts[index]
    return np.concatenate([index, [len(steps)]]), np.concatenate([share, [0.0]])


def _told(base: Base, found: Margins, row: int) -> NoReturn:
    """Rounded to the safe side: a little earlier, with a little more battery."""
    spent_pct = 100 * float(found.spent_wh[row]) / full_wh(base.aircraft)
    return NoReturn(
        place=places_from_local(found.points_m[row : row + 1], base.frame)[0],
        after_m=math.floor(10 * found.along_m[row]) / 10,
        at_s=math.floor(10 * found.at_s[row]) / 10,
        battery_pct=math.ceil(100 * (base.start_pct - spent_pct)) / 100,
    )
