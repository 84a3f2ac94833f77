"""Sharing an area among aircraft: zones, a plan for each, zones again by what those took."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from missions.area import Area, Part
from missions.coverage.bearings import bearings
from missions.errors import SettingsError
from missions.fleet.clashes import Keep
from missions.fleet.joining import Share, joined_plan
from missions.fleet.starts import started
from missions.fleet.strips import strips_of
from missions.fleet.team import Member, rates_of, views_of
from missions.fleet.work import Ground, Hand, Work, work_of
from missions.fleet.zones import Cut, Division, Load, Slabs, Sweep, balanced, sweep_of, wide_of, zones_of
from missions.local import frame_of, local_from_area, local_from_ring
from missions.no_fly import without_zones, zones_in
from missions.patterns.pattern import Shape
from missions.plan import Plan
from missions.sorties.dividing import SWAP_S, Batteries
from missions.view import DEFAULT_HEIGHT_AGL_M, DEFAULT_OVERLAP_FRONT_PCT, DEFAULT_OVERLAP_SIDE_PCT
from missions.wind import Wind

_FACTOR = 1.0
"""How much longer work takes than lanes and turns; corrected by each plan made."""
_DIVISIONS = 2
_APART_DEG = 30.0
_LONGER = 1.15
"""Plans that take so much longer than expected are of ground that fell apart."""
_ROUNDS = 4
_EVEN = 0.02
_MOST_BEARINGS = 8
_ALL_ORDERS = 4
VERTICAL_SHARE = 0.8
"""Of the step between heights: nearer than that counts as one height."""


def share(
    area: Area,
    team: Sequence[Member],
    *,
    created: str,
    name: str = "",
    separation: str = "height",
    step_m: float = 15.0,
    apart_m: float = 30.0,
    height_agl_m: float = DEFAULT_HEIGHT_AGL_M,
    overlap_side_pct: float = DEFAULT_OVERLAP_SIDE_PCT,
    overlap_front_pct: float = DEFAULT_OVERLAP_FRONT_PCT,
    reserve_pct: float | None = None,
    start_pct: float = 100.0,
    swap_s: float = SWAP_S,
    wind: Wind | None = None,
    no_fly: tuple[Part, ...] = (),
    only: Area | None = None,
) -> Plan:
    """A parallel-track search of an area by a team, in which the last aircraft lands as early as possible.

    Every aircraft gets a zone of its own and as many sorties as that takes; `vehicle` counts them in the
    order of `team`, from 1. `separation` keeps them apart: by "height" they fly `step_m` apart (the lowest
    at its own height, the others as much higher as that takes), by "time" starts are delayed until no two
    at one height come within `apart_m` of each other in plan, by "area" whatever their heights. By height
    too, starts are delayed where one would climb or land through another's way. Heights and overlaps are
    for members without a view of their own. `only` is the ground within the area that is to be covered where
    that is not all of it. `created` is the time of planning (ISO 8601, UTC). Raises
    AreaError, SettingsError, and InputError for what no battery reaches.
    """
    if not (math.isfinite(apart_m) and 0 < apart_m <= 1000):
        raise SettingsError(f"{apart_m} m keeps nobody apart", remedy="Give 1 to 1000 metres")
    asked = (height_agl_m, overlap_side_pct, overlap_front_pct)
    views = views_of(team, asked, separation, step_m)
    ground = _ground(area, no_fly, wind, (created, name or area.name), only)
    crew = [
        Hand(member, view, _batteries(member, reserve_pct, start_pct, swap_s))
        for member, view in zip(team, views, strict=True)
    ]
    works = _soonest(ground, crew)
    keep = Keep(apart_m, math.inf if separation == "area" else VERTICAL_SHARE * step_m)
    sorties = started([work.sorties for work in works], ground.frame, wind, swap_s, keep)
    shares = [Share(work.plan, work.sorties, work.zone.area, work.outside_m) for work in works]
    return joined_plan(shares, sorties, keep=keep)


def _ground(
    area: Area, no_fly: tuple[Part, ...], wind: Wind | None, told: tuple[str, str], only: Area | None = None
) -> Ground:
    frame = frame_of(area)
    zones = zones_in(frame, no_fly)
    drawn = local_from_area(area, frame)
    shape = without_zones(drawn if only is None else local_from_area(only, frame), zones, area.name)
    return Ground(area, frame, drawn, zones, shape, no_fly, wind, *told)


def _batteries(member: Member, reserve_pct: float | None, start_pct: float, swap_s: float) -> Batteries:
    reserve = member.aircraft.reserve_pct if reserve_pct is None else reserve_pct
    return Batteries(reserve, start_pct, swap_s)


def _soonest(ground: Ground, crew: Sequence[Hand]) -> list[Work]:
    """The work of each member that has any, the last one done as early as was found."""
    loads = _loads(ground, crew)
    promising = _promising(_sweeps(ground.shape), loads)
    tried = [(_planned(ground, crew, division), division) for division in promising]
    best, division = min(tried, key=lambda one: _last_s(one[0]))
    if _last_s(best) > _LONGER * division.seconds:
        along = _along_the_way(ground, crew, loads)
        found = _planned(ground, crew, along)
        if _last_s(found) < _last_s(best):
            best, division = found, along
    found = best
    for _ in range(_ROUNDS):
        if _last_s(found) <= (1 + _EVEN) * min(work.takes_s for work in found.values()):
            break
        loads = [
            _learnt(load, found.get(index), wide_of(division, index)) for index, load in enumerate(loads)
        ]
        division = balanced(division.sweep, loads, division.order)
        found = _planned(ground, crew, division)
        best = min(best, found, key=_last_s)
    return list(best.values())


def _along_the_way(ground: Ground, crew: Sequence[Hand], loads: Sequence[Load]) -> Division:
    """Stretches of the way that one aircraft would fly over all of it, the quickest expected."""
    width_m = min(hand.view.spacing_m for hand in crew)
    turn_m = min(load.rates.turn_s * load.rates.speed_m_s for load in loads)
    strips = strips_of(ground.shape, width_m, turn_m)
    return min(
        (balanced(strips, loads, order) for order in _orders(strips, loads)), key=lambda one: one.seconds
    )


def _planned(ground: Ground, crew: Sequence[Hand], division: Division) -> dict[int, Work]:
    """The work of each member that has a zone."""
    zones = zones_of(division)
    return {index: work_of(ground, crew[index], zones[index], index + 1) for index in sorted(zones)}


def _loads(ground: Ground, crew: Sequence[Hand]) -> list[Load]:
    homes = local_from_ring([hand.member.take_off for hand in crew], ground.frame)
    return [
        Load(
            rates_of(hand.member, hand.view, hand.batteries.usable_pct, hand.batteries.swap_s), home, _FACTOR
        )
        for hand, home in zip(crew, homes, strict=True)
    ]


def _sweeps(shape: Shape) -> list[Sweep]:
    """The area cut along its own edges and across them."""
    return [sweep_of(shape, bearing_deg) for bearing_deg in bearings(shape)[:_MOST_BEARINGS]]


def _promising(sweeps: Sequence[Sweep], loads: Sequence[Load]) -> list[Division]:
    """Ways to divide the area, the quickest expected first, in directions well apart from each other."""
    found = [
        (
            min(
                (balanced(sweep, loads, order) for order in _orders(sweep, loads)),
                key=lambda one: one.seconds,
            ),
            sweep.bearing_deg,
        )
        for sweep in sweeps
    ]
    taken: list[tuple[Division, float]] = []
    for division, bearing_deg in sorted(found, key=lambda one: one[0].seconds):
        apart = all(_between_deg(bearing_deg, other) >= _APART_DEG for _, other in taken)
        if apart and len(taken) < _DIVISIONS:
            taken.append((division, bearing_deg))
    return [division for division, _ in taken]


def _between_deg(one: float, other: float) -> float:
    turn_deg = abs(one - other) % 180
    return min(turn_deg, 180 - turn_deg)


def _orders(sweep: Cut, loads: Sequence[Load]) -> list[tuple[int, ...]]:
    """Who takes which slab: every order of few aircraft, of many that of their take-off points."""
    if len(loads) <= _ALL_ORDERS:
        return list(itertools.permutations(range(len(loads))))
    by_place = sorted(range(len(loads)), key=lambda index: sweep.level_of(loads[index].take_off_m))
    return [tuple(by_place), tuple(by_place[::-1])]


def _learnt(load: Load, work: Work | None, wide_m: float) -> Load:
    """The load with the factor that the plan of its slab turned out to have."""
    if work is None:
        return load
    centre = work.zone.centroid
    slab = Slabs(np.array([work.zone.area]), np.array([[centre.x, centre.y]]), np.array([wide_m]))
    return dataclasses.replace(load, factor=load.factor_for(slab, len(work.sorties), work.takes_s))


def _last_s(works: Mapping[int, Work]) -> float:
    return max(work.takes_s for work in works.values())
