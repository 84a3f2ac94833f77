"""Distance to others in the air, now and a little ahead."""

from __future__ import annotations

import math

from telemetry.alerts.passing import Pass, closest_pass
from telemetry.alerts.reading import Reading, Readings
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Flyer, Sight

_STILL = (0.0, 0.0, 0.0)


def separation(sight: Sight, rule: Rule) -> Readings:
    """To each other aircraft of ours: one alarm for two, at the lower system number."""
    return _readings(sight, rule, sight.others, "aircraft ")


def traffic(sight: Sight, rule: Rule) -> Readings:
    """To each aircraft that is not ours; one whose height is not known counts as at ours."""
    return _readings(sight, rule, sight.traffic, "")


def _readings(sight: Sight, rule: Rule, others: tuple[Flyer, ...], kind: str) -> Readings:
    if sight.place is None:
        return None
    found = (_reading(sight, rule, other, kind) for other in others)
    return tuple(reading for reading in found if reading is not None)


def _reading(sight: Sight, rule: Rule, other: Flyer, kind: str) -> Reading | None:
    """None where it is too far to matter."""
    limit_m = rule["limit_m"]
    if other.place is None or sight.place is None:
        return Reading(None, limit_m, None, "", other.name)
    east, north = other.place[0] - sight.place[0], other.place[1] - sight.place[1]
    ours, theirs = sight.motion or _STILL, other.motion or _STILL
    motion = (theirs[0] - ours[0], theirs[1] - ours[1], theirs[2] - ours[2])
    reach_m = limit_m + rule.deadband + math.hypot(motion[0], motion[1]) * rule["ahead_s"]
    if abs(east) > reach_m or abs(north) > reach_m:
        return None
    ours_m = sight.height_amsl_m
    level = other.height_m is None or ours_m is None
    up = 0.0 if other.height_m is None or ours_m is None else other.height_m - ours_m
    if level:
        motion = (motion[0], motion[1], 0.0)
    near = closest_pass((east, north, up), motion, limit_m, rule["vertical_m"], rule["ahead_s"])
    text = _text(near, f"{kind}{other.name}", level=level)
    return Reading(near.scaled_m, limit_m, near.scaled_m - limit_m, text, other.name)


def _text(near: Pass, name: str, *, level: bool) -> str:
    when = f"in {near.in_s:.0f} s" if near.in_s >= 1 else "now"
    if level:
        return f"{name} is {near.horizontal_m:.0f} m away {when}, its height not known"
    side = "higher" if near.higher_m >= 0 else "lower"
    return f"{name} is {near.horizontal_m:.0f} m away and {abs(near.higher_m):.0f} m {side} {when}"
