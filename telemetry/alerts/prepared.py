"""What is worked out once of a plan and its volumes, so that a look is cheap."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.energy import home_wh
from missions.errors import DroneteamError
from missions.geodesy import LocalFrame
from missions.items import Command, MissionItem
from missions.plan import Plan
from missions.plan_items import mission_items
from missions.volumes import Volumes
from missions.wind import Wind
from telemetry.alerts.region import Air, Place, Region

_PLACES = frozenset(
    {
        Command.WAYPOINT,
        Command.SPLINE_WAYPOINT,
        Command.TAKEOFF,
        Command.LOITER_UNLIMITED,
        Command.LOITER_TURNS,
        Command.LOITER_TIME,
        Command.LOITER_TO_ALT,
        Command.LAND,
        Command.RETURN_TO_LAUNCH,
    }
)
_RADIUS = {Command.LOITER_TURNS: "p3", Command.LOITER_TIME: "p3", Command.LOITER_TO_ALT: "p2"}
"""Which parameter holds the radius of circles."""


@dataclass(frozen=True, slots=True)
class Course:
    """A mission as lines: where each item leads, which lines are near it, how long it may take on the spot.

    Keys are the numbers that MISSION_CURRENT gives. `lines` holds for each item the way before, to and after
    it, `whole` all of them. `waits_s` is the time planned at an item: holding and circles.
    """

    count: int
    targets: Mapping[int, Place]
    lines: Mapping[int, BaseGeometry]
    whole: BaseGeometry
    waits_s: Mapping[int, float]

    def ways(self, current: int | None, count: int | None) -> BaseGeometry:
        """The lines near an item; all of them where the vehicle's mission is another than this."""
        known = current is not None and count in (None, self.count, self.count - 1)
        return self.lines.get(current, self.whole) if current is not None and known else self.whole


@dataclass(frozen=True, slots=True)
class Prepared:
    """One vehicle's plan and volumes in the desk's frame; None for what there is not."""

    fence: Region | None = None
    flight_geography: Air | None = None
    contingency: Air | None = None
    course: Course | None = None
    take_off_m: Place | None = None
    take_off_deg: tuple[float, float] | None = None
    """Longitude and latitude."""
    aircraft: Aircraft | None = None
    """None where its energy cannot be reckoned with."""
    wind: Wind | None = None


NOTHING = Prepared()


def prepare(plan: Plan | None, volumes: Volumes | None, frame: LocalFrame) -> Prepared:
    """All that a look needs of a plan and volumes."""
    volumes = volumes or Volumes()
    airs = Air.of(volumes.flight_geography, frame), Air.of(volumes.contingency, frame)
    if plan is None:
        return Prepared(flight_geography=airs[0], contingency=airs[1])
    home_deg = (plan.take_off.lon_deg, plan.take_off.lat_deg)
    east, north = frame.local_from_geo(home_deg)[0]
    return Prepared(
        fence=Region.of_fence(plan.fence, frame),
        flight_geography=airs[0],
        contingency=airs[1],
        course=course_of(mission_items(plan), frame, plan.aircraft.cruise_speed_m_s),
        take_off_m=(float(east), float(north)),
        take_off_deg=home_deg,
        aircraft=plan.aircraft if _reckons(plan) else None,
        wind=plan.wind,
    )


def course_of(items: tuple[MissionItem, ...], frame: LocalFrame, speed_m_s: float) -> Course | None:
    """The course of a mission whose item 0 is home; None where it leads nowhere."""
    flown = [(number, item) for number, item in enumerate(items) if item.command in _PLACES]
    if len(flown) < 2:
        return None
    home = flown[0][1]
    degrees = [_place(item, home) for _, item in flown]
    places = [(float(east), float(north)) for east, north in frame.local_from_geo(degrees)]
    shapes = [*_shapes(places, [item for _, item in flown])]
    lines = {}
    for index, (number, _) in enumerate(flown):
        lines[number] = shapely.union_all(shapes[max(index - 1, 0) : index + 2])
        shapely.prepare(lines[number])
    whole = shapely.union_all(shapes)
    shapely.prepare(whole)
    return Course(
        count=len(items),
        targets={number: place for (number, _), place in zip(flown, places, strict=True)},
        lines=lines,
        whole=whole,
        waits_s={number: _wait_s(item, speed_m_s) for number, item in flown},
    )


def _place(item: MissionItem, home: MissionItem) -> tuple[float, float]:
    """Longitude and latitude; of home for what has no place of its own."""
    nowhere = item.command == Command.RETURN_TO_LAUNCH or (item.x == 0 and item.y == 0)
    return (home.y, home.x) if nowhere else (item.y, item.x)


def _shapes(places: list[Place], items: list[MissionItem]) -> Iterator[BaseGeometry]:
    """The way to each place, with the disc of its circles."""
    for index, (place, item) in enumerate(zip(places, items, strict=True)):
        before = places[max(index - 1, 0)]
        way = LineString([before, place]) if before != place else Point(place)
        radius_m = abs(getattr(item, _RADIUS[item_command])) if (item_command := _circled(item)) else 0.0
        yield shapely.union(way, Point(place).buffer(radius_m)) if radius_m else way


def _circled(item: MissionItem) -> Command | None:
    return Command(item.command) if item.command in _RADIUS else None


def _wait_s(item: MissionItem, speed_m_s: float) -> float:
    """Seconds that an item takes at its place: circles at cruise speed, twice, for they are flown slower."""
    if item.command == Command.LOITER_UNLIMITED:
        return math.inf
    if item.command == Command.LOITER_TURNS:
        return 2 * item.p1 * 2 * math.pi * abs(item.p3) / speed_m_s
    return item.p1 if item.command in (Command.WAYPOINT, Command.LOITER_TIME) else 0.0


def _reckons(plan: Plan) -> bool:
    """Whether the way home can be reckoned for the plan's aircraft."""
    try:
        needed = home_wh(plan.aircraft, np.array([[100.0, 0.0]]), np.array([30.0]), (0.0, 0.0), plan.wind)
    except DroneteamError:
        return False
    return plan.aircraft.battery_wh > 0 and not math.isnan(float(needed[0]))
