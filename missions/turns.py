"""The turns of a plan: what an aircraft that cannot stop flies of a pattern, in the wind and round zones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from missions.aircraft import TAKE_OFF_M, Aircraft
from missions.coverage.turning import NOTHING, Turning
from missions.no_fly import MARGIN_M, crossing_m, round_zones
from missions.patterns.flyable import Flyable, flyable
from missions.patterns.path import Path, joined, path_of
from missions.patterns.pattern import Pattern
from missions.patterns.runs import covered_pct, give_m, ground_seen
from missions.plan_items import TAKE_OFF_PITCH_DEG
from missions.view import View
from missions.wind import Wind

_CLEAR = (0.5, 1.0, 2.0)
"""How far from a zone the ways round it are laid, in turn radii: the first that lets the turns clear it."""
_STRAIGHT_DOWN_DEG = -90.0
_HOME_CIRCLE = 1.5
"""In turn radii: how wide a plane turns back after take-off, wherever that led it, and circles above home."""
_CLEARS = 1 / 3
"""In turn radii: how far curves keep from zones, where they can."""
_STRAYS = 0.5
"""In turn radii: how far it gets off its curve."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A pattern as flown. `strays_m` is how far the aircraft may get off it, `home_m` the radius of the
    circles that it flies above home; both 0 for what turns on the spot. `ways` are its turns,
    `further_m` what it circles beyond whole turns with the camera on, `loops` how
    many corners it flies past."""

    path: Path
    covered_pct: float
    extra_m: float = 0.0
    leaves_m: float = 0.0
    strays_m: float = 0.0
    home_m: float = 0.0
    ways: BaseGeometry = NOTHING
    further_m: float = 0.0
    loops: int = 0

    def crossing_m(self, zones: BaseGeometry) -> float:
        """Metres of what is flown that lie in a zone."""
        return max(crossing_m(self.path, zones), float(self.ways.intersection(zones).length))


def turned(
    pattern: Pattern,
    path: Path,
    view: View,
    aircraft: Aircraft,
    zones: BaseGeometry,
    *,
    wind: Wind | None = None,
    margin_m: float | None = None,
) -> Turned:
    """What an aircraft flies of a pattern's path, which already leads from take-off and back.

    Turns stay within `margin_m` of the pattern's ground where they can (None: anywhere) and out of the zones.
    """
    radius_m = aircraft.ground_radius_m(wind.speed_m_s if wind else 0.0)
    if radius_m <= 0:
        return Turned(round_zones(path, zones), pattern.covered_pct)
    keep_out = zones.buffer(MARGIN_M / 2 + _CLEARS * radius_m, join_style="mitre")
    turning = Turning(pattern.shape, radius_m, margin_m, keep_out)
    climbs = aircraft.circles_up(float(path.height_agl_m[0]))
    if climbs and path.recording[0]:
        path = joined([path_of(path.points[:1], path.height_agl_m[:1]), path])
    flown = _clear(path, turning, view, zones, climbs=climbs)
    return Turned(
        path=flown.path,
        covered_pct=_covered_pct(pattern, path, flown, view),
        extra_m=flown.extra_m + _blown(aircraft, wind) * _circled_m(flown),
        leaves_m=flown.leaves_m,
        ways=flown.ways,
        further_m=flown.further_m,
        loops=flown.loops,
        strays_m=_STRAYS * radius_m,
        home_m=TAKE_OFF_M / math.tan(math.radians(TAKE_OFF_PITCH_DEG)) + _HOME_CIRCLE * radius_m,
    )


def _circled_m(flown: Flyable) -> float:
    """Metres flown in circles."""
    path = flown.path
    return float(2 * np.pi * np.sum(np.abs(path.orbit_radius_m) * path.orbit_turns)) + max(flown.extra_m, 0.0)


def _blown(aircraft: Aircraft, wind: Wind | None) -> float:
    """How much longer a circle takes in wind w, as a share of airspeed, than in still air.

    The mean of 1 / ground speed round it: 2 E(w) / (pi (1 - w^2)), E the complete elliptic integral of the
    second kind, here by the first terms of its series.
    """
    share = min(0.9, (wind.speed_m_s if wind else 0.0) / aircraft.cruise_speed_m_s)
    if aircraft.kind != "plane":
        return 0.0
    return (1 - share**2 / 4 - 3 * share**4 / 64) / (1 - share**2) - 1


def _clear(path: Path, turning: Turning, view: View, zones: BaseGeometry, *, climbs: bool) -> Flyable:
    """The path as flown with its ways led so far round the zones that the turns clear them too."""
    best: tuple[float, Flyable] | None = None
    for radii in _CLEAR if not zones.is_empty else _CLEAR[:1]:
        led = round_zones(path, zones, radii * turning.radius_m)
        flown = flyable(led, turning, give_m(view), circles_first=climbs)
        within_m = crossing_m(flown.path, turning.keep_out) + flown.ways.intersection(turning.keep_out).length
        if best is None or within_m < best[0]:
            best = within_m, flown
        if within_m == 0:
            break
    assert best is not None  # noqa: S101
    return best[1]


def _covered_pct(pattern: Pattern, path: Path, flown: Flyable, view: View) -> float:
    """What the arcs of bends see where they differ from what was drawn; lanes are flown as drawn."""
    bends = path.recording[1:-1] & path.recording[:-2]
    aside = np.isfinite(path.look_at[:, 2]) | (path.gimbal_pitch_deg > _STRAIGHT_DOWN_DEG)
    if not bends.any() or (aside & path.recording).any():
        return pattern.covered_pct
    return covered_pct(pattern.shape, ground_seen(flown.path, view, flown.legs))
