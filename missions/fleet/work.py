"""What one aircraft of a team does: its zone, the plan of it, and the flights that takes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from missions.area import Area, Part
from missions.fleet.team import Member
from missions.geodesy import LocalFrame
from missions.local import local_from_ring
from missions.patterns.parallel_track import parallel_track
from missions.patterns.path import Path, joined, path_of
from missions.patterns.pattern import Pattern, Shape
from missions.plan import Plan, Sortie
from missions.planner import Setup, plan_pattern
from missions.sorties.air import Air
from missions.sorties.dividing import Batteries, sorties_of
from missions.view import View
from missions.wind import Wind


@dataclass(frozen=True, slots=True)
class Ground:
    """What is shared: the area as drawn, in a frame, the zones nobody enters, and what is left to cover."""

    area: Area
    frame: LocalFrame
    drawn: Shape
    zones: BaseGeometry
    shape: Shape
    no_fly: tuple[Part, ...]
    wind: Wind | None
    created: str
    name: str


@dataclass(frozen=True, slots=True)
class Hand:
    """A member with what it sees and what its batteries allow."""

    member: Member
    view: View
    batteries: Batteries


@dataclass(frozen=True, slots=True)
class Work:
    """A member's zone, its plan as one flight, and its sorties, the first at second 0."""

    hand: Hand
    zone: Shape
    plan: Plan
    sorties: tuple[Sortie, ...]
    outside_m: float

    @property
    def takes_s(self) -> float:
        """From the first take-off to the last landing."""
        return self.sorties[-1].ends_s


def work_of(ground: Ground, hand: Hand, zone: Shape, vehicle: int) -> Work:
    """The flights that cover a zone. Raises AreaError, and InputError for what no battery reaches."""
    member = hand.member
    start = local_from_ring([member.take_off], ground.frame)[0]
    pattern = parallel_track(
        zone,
        ground.frame,
        member.aircraft,
        hand.view,
        start_m=start,
        where=ground.area.name,
        wind=ground.wind,
    )
    air = Air(ground.drawn, ground.zones, within=True)
    pattern = dataclasses.replace(pattern, path=_inside(pattern, air))
    setup = Setup(
        aircraft=member.aircraft,
        created=ground.created,
        name=ground.name,
        area=ground.area,
        take_off=member.take_off,
        wind=ground.wind,
        no_fly=ground.no_fly,
        divide=False,
    )
    plan = plan_pattern(pattern, hand.view, setup)
    sorties, outside_m = sorties_of(plan, hand.batteries, vehicle=vehicle)
    named = tuple(dataclasses.replace(sortie, camera=member.camera) for sortie in sorties)
    return Work(hand, zone, plan, named, outside_m)


def _inside(pattern: Pattern, air: Air) -> Path:
    """The pattern's path with the ways between parts of a zone led through the whole area."""
    path = pattern.path
    if not path.outside.any():
        return path
    pieces: list[Path] = []
    row = 0
    while row < len(path):
        begin = row
        while row + 1 < len(path) and path.outside[row]:
            row += 1
        if row == begin:
            pieces.append(path.taken(slice(row, row + 1)))
            row += 1
            continue
        way = air.ways(path.points[begin : begin + 1], path.points[row])[0]
        corners = path_of(way.points_m[1:-1], path.height_agl_m[begin], outside=way.outside_m > 0)
        first = path.taken(slice(begin, begin + 1))
        pieces += [dataclasses.replace(first, outside=np.array([way.outside_m > 0])), corners]
    return joined(pieces)
