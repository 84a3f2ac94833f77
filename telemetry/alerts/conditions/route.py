"""The mission: kept to, and getting on."""

from __future__ import annotations

import math

import shapely
from shapely import Point

from telemetry.alerts.reading import Readings, above, clear
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight


def off_route(sight: Sight, rule: Rule) -> Readings:
    """Metres from the way before, to and after the item that is flown to, while it flies its mission."""
    if not sight.flies_mission:
        return clear(None, rule["limit_m"], "flies no mission")
    course = sight.prepared.course
    if course is None or sight.place is None:
        return None
    ways = course.ways(sight.state.mission_current, sight.state.mission_count)
    away_m = float(shapely.distance(ways, Point(sight.place)))
    return above(away_m, rule["limit_m"], f"{away_m:.0f} m from the planned route")


def no_progress(sight: Sight, rule: Rule) -> Readings:
    """Seconds since it came no nearer to its mission's next place, beyond what is to be waited there."""
    if not sight.flies_mission:
        return clear(None, rule["limit_s"], "flies no mission")
    progress = sight.memory.progress
    if progress is None or progress.current is None:
        return None
    course = sight.prepared.course
    wait_s = course.waits_s.get(progress.current, 0.0) if course else 0.0
    if math.isinf(wait_s):
        return clear(None, rule["limit_s"], "waits until it is told")
    still_s = max(sight.now_s - progress.since_s - wait_s, 0.0)
    return above(still_s, rule["limit_s"], f"no nearer to item {progress.current} for {still_s:.0f} s")
