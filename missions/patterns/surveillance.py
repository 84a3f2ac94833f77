"""Surveillance: one lap of a walk that looks at points again and again, the urgent ones several times.

`missions.surveillance.plan_surveillance` makes a whole watch of it, with aircraft that relieve each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from shapely import GeometryCollection

from missions.aircraft import Aircraft
from missions.patterns.figures import placed, within
from missions.patterns.pattern import Pattern, ground_of
from missions.surveillance.points import (
    WatchPoint,
    checked,
    looks_at,
    nearest_frame,
    rows_of,
    seen_at,
    times_between,
)
from missions.surveillance.stations import Station, longest_waits_s
from missions.surveillance.walks import Wishes, best_walk, worth
from missions.view import View
from missions.wind import Wind

NAME = "surveillance"


def surveillance(
    points: Sequence[WatchPoint],
    aircraft: Aircraft,
    view: View,
    *,
    stand_off_m: float = 0.0,
    wind: Wind | None = None,
) -> Pattern:
    """One lap for one aircraft, such that no point waits longer than asked while it is flown on and on.

    The figures hold the lap's time and each point's longest wait; `worst_wait_share` above 1 says that one
    aircraft in the air is not enough. Raises InputError and SettingsError.
    """
    points = checked(points)
    frame = nearest_frame(points)
    looks = looks_at(points, aircraft, frame, within(stand_off_m, "a stand-off", 0.0, 1000.0))
    times = times_between(looks, aircraft, view.height_agl_m, wind, GeometryCollection())
    wishes = Wishes(
        tuple(point.max_wait_s or math.inf for point in points), tuple(point.weight for point in points)
    )
    walk = best_walk(range(len(points)), times, wishes)
    path = rows_of(looks, walk, view.height_agl_m)
    gsd_m, person_px = seen_at(looks, view, view.height_agl_m)
    longest_s = longest_waits_s([Station(walk)], times)
    pattern = Pattern(
        name=NAME,
        frame=frame,
        shape=ground_of(path, max(10.0, min(view.footprint_m)) + 2 * looks.radius_m),
        path=path,
        lanes=0,
        spacing_m=view.spacing_m,
        trigger_m=view.trigger_m,
        figures={
            "points": float(len(points)),
            "lap_s": round(times.lap_s(walk), 1),
            "stand_off_m": stand_off_m,
            "gsd_at_point_m": gsd_m,
            "person_at_point_px": round(person_px, 1),
            "worst_wait_share": round(worth(walk, times, wishes).share, 3),
            **{f"point_{number}_wait_s": round(wait, 1) for number, wait in enumerate(longest_s, start=1)},
        },
    )
    return placed(pattern)
