"""Reliefs: one aircraft after another at a station, the next one there before the one before it leaves.

A flight goes from home to the place where the one before it looks last, waits there a moment beside it (at
another height), takes over when that one leaves, looks on along the walk as long as its battery brings it
home with its reserve, and flies home from wherever the next has come to relieve it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.energy import Effort, effort
from missions.errors import SettingsError
from missions.heights import Flown, Relief, over_flat_ground, over_terrain
from missions.local import places_from_local
from missions.no_fly import round_zones
from missions.patterns.path import Floats, Path, joined, path_of
from missions.plan import NoReturn
from missions.planner import track_of
from missions.surveillance.points import Looks, rows_of
from missions.surveillance.walks import Walk
from missions.wind import Wind

STAY_S = 60.0
"""A place that is watched without a pause is looked at in pieces of about this long."""
MOST_LOOKS = 300


@dataclass(frozen=True, slots=True)
class Air:
    """Who flies in what: all that the flights of a plan share.

    `battery_pct` is the share of a full battery that a flight may use; `overlap_s` is how long two aircraft
    are at a place together at a hand-over; `home` (2,) metres.
    """

    looks: Looks
    aircraft: Aircraft
    home: Floats
    height_m: float
    separation_m: float
    battery_pct: float
    overlap_s: float
    zones: BaseGeometry
    wind: Wind | None = None
    relief: Relief | None = None
    known: dict[tuple[Walk, int, int], Flight] = field(default_factory=dict)

    def layer_m(self, layer: int) -> float:
        """The height above ground of a layer of air."""
        return self.height_m + layer * self.separation_m


@dataclass(frozen=True, slots=True)
class Flight:
    """One flight along a walk, times in seconds after its take-off.

    It takes over the look number `begin` of the endless walk, being there at `there_s`, and leaves it at
    `takes_over_s`; its last look, number `end`, begins at `last_s`.
    """

    flown: Flown
    effort: Effort
    begin: int
    end: int
    there_s: float
    takes_over_s: float
    last_s: float
    left_s: Floats
    """When each of its looks ends."""


def flight_along(air: Air, walk: Walk, begin: int, layer: int) -> Flight:
    """The longest flight that the battery allows from a look on. Raises SettingsError where there is none."""
    key = (walk, begin % len(walk), layer)
    if key not in air.known:
        air.known[key] = _longest(air, walk, begin % len(walk), layer)
    found = air.known[key]
    return _renumbered(found, begin - found.begin)


def flight_until(air: Air, walk: Walk, begin: int, end: int, layer: int) -> Flight:
    """The flight from one look to another, whether or not the battery allows it."""
    order = [walk[number % len(walk)] for number in range(begin, end + 1)]
    height_m = air.layer_m(layer)
    looks = rows_of(air.looks, order, height_m)
    if len(walk) == 1 and not looks.orbit_turns[0]:
        looks.hold_s[:] = math.ceil(max(STAY_S, looks.hold_s[0]))
    # It is there before the other one leaves, and takes over once that one's look is done.
    if looks.orbit_turns[0]:
        lap_s = 2 * math.pi * air.looks.radius_m / air.aircraft.cruise_speed_m_s
        looks.orbit_turns[0] += math.ceil(air.overlap_s / lap_s)
    else:
        looks.hold_s[0] += math.ceil(air.overlap_s)
    ends = path_of([air.home], height_m, gimbal_pitch_deg=-90.0)
    path = round_zones(joined([ends, looks, ends]), air.zones)
    flown = over_flat_ground(path) if air.relief is None else _over(path, air, air.relief)
    track = track_of(flown, air.aircraft)
    spent = effort(air.aircraft, track, air.wind)
    rows = looking_rows(flown.path)
    stayed_s = flown.path.hold_s + track.circles_m / track.speed_m_s
    left_s = spent.at_s[rows]
    arrived_s = left_s - stayed_s[rows]
    return Flight(
        flown=flown,
        effort=spent,
        begin=begin,
        end=end,
        there_s=float(arrived_s[0]),
        takes_over_s=float(left_s[0]),
        last_s=float(arrived_s[-1]),
        left_s=left_s,
    )


def no_return_of(air: Air, walk: Walk, flight: Flight, layer: int) -> NoReturn:
    """Where a flight that nobody relieves must turn home: its last look if it went on along its walk.

    Counted at looks alone: the battery does not last to the next one and home with its reserve.
    """
    longest = flight_along(air, walk, flight.begin, layer)
    row = looking_rows(longest.flown.path)[-1]
    used_wh = float(longest.effort.at_wh[row])
    used_pct = used_wh / longest.effort.energy_wh * longest.effort.battery_pct
    return NoReturn(
        place=places_from_local(longest.flown.path.points[row : row + 1], air.looks.frame)[0],
        after_m=round(longest.flown.path.taken(slice(0, row + 1)).length_m, 1),
        at_s=round(float(longest.left_s[-1]), 1),
        battery_pct=round(100.0 - used_pct, 2),
    )


def looking_rows(path: Path) -> np.typing.NDArray[np.intp]:
    """The rows of a path at which the aircraft looks: it waits or circles there."""
    return np.flatnonzero((path.hold_s > 0) | (path.orbit_turns > 0))


def _over(path: Path, air: Air, relief: Relief) -> Flown:
    return over_terrain(path, air.looks.frame, relief, air.aircraft)


def _longest(air: Air, walk: Walk, begin: int, layer: int) -> Flight:
    """The battery allows so many looks and not one more: outwards from a guess, then by halving."""
    low, high = begin, begin + MOST_LOOKS + 1
    end, step = min(begin + _guess(air, walk, begin, layer), high - 1), 1
    best: Flight | None = None
    failed = False
    while high - low > 1:
        flight = flight_until(air, walk, begin, end, layer)
        if flight.effort.battery_pct <= air.battery_pct:
            low, best = end, flight
            end += step
        else:
            high, failed = end, True
            end -= step
        step *= 2
        end = (low + high) // 2 if best and failed else min(max(end, low + 1), high - 1)
    if best is None:
        raise SettingsError(
            f"a battery of {air.aircraft.name} does not last to point {walk[begin] + 1}, the next and home",
            remedy="Take off nearer, or take an aircraft that flies longer",
        )
    return best


def _guess(air: Air, walk: Walk, begin: int, layer: int) -> int:
    """About how many looks a battery allows, from a flight of one lap."""
    lap = flight_until(air, walk, begin, begin + len(walk), layer).effort
    bare = flight_until(air, walk, begin, begin, layer).effort
    each_pct = max(1e-3, (lap.battery_pct - bare.battery_pct) / len(walk))
    return int(min(MOST_LOOKS, max(1.0, (air.battery_pct - bare.battery_pct) / each_pct)))


def _renumbered(flight: Flight, shift: int) -> Flight:
    return dataclasses.replace(flight, begin=flight.begin + shift, end=flight.end + shift)
