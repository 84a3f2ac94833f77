"""From a pattern to a plan: the way from take-off and back, heights, time and battery, fence, checks.

pattern -> joined to take-off -> turns -> heights -> effort -> fence -> checks -> Plan
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aiming import looking_ahead
from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.checks import Facts, by_weight, check
from missions.energy import Effort, Track, effort
from missions.errors import InputError, SettingsError
from missions.fence import MARGIN_M, exclusion_rings, fence_ring
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.heights import Flown, Relief, over_flat_ground, over_terrain
from missions.local import (
    area_from_local,
    local_from_area,
    local_from_ring,
    places_from_local,
    ring_from_local,
)
from missions.no_fly import without_zones, zones_in
from missions.patterns.path import Floats, Path, joined, path_of
from missions.patterns.pattern import Pattern
from missions.patterns.runs import covered_pct, ground_seen
from missions.plan import Fence, Finding, LookAt, Plan, Rally, Request, Severity, Totals, Waypoint
from missions.plan_items import mission_items
from missions.turns import Turned, turned
from missions.view import View
from missions.wind import Wind

MAX_TAKE_OFF_DISTANCE_M = 20_000.0
HOLE_MARGIN_M = 5.0
_SAME_M = 1.0


@dataclass(frozen=True, slots=True)
class Setup:
    """Who flies a pattern, from where and in what: all that a plan needs beside the pattern itself.

    `created` is the time of planning (ISO 8601, UTC). Without `take_off` the flight starts where the pattern
    does. `fence_holes` forbids the area's holes to the autopilot too. `area` is what the operator drew; None
    for the pattern's own ground.
    """

    aircraft: Aircraft
    created: str
    name: str = ""
    area: Area | None = None
    take_off: GeoPoint | None = None
    wind: Wind | None = None
    no_fly: tuple[Part, ...] = ()
    relief: Relief | None = None
    divide: bool = True
    turn_margin_m: float | None = None
    fence_margin_m: float = MARGIN_M
    fence_holes: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fence_margin_m) and 1 <= self.fence_margin_m <= 1000):
            raise SettingsError(
                f"a fence margin of {self.fence_margin_m} m makes no fence", remedy="Give 1 to 1000 metres"
            )


def start_in(frame: LocalFrame, take_off: GeoPoint | None) -> Floats | None:
    """The take-off point in a frame. Raises InputError where it lies far from the frame's origin."""
    if take_off is None:
        return None
    away_m = distance_m(take_off, frame.origin)
    if away_m > MAX_TAKE_OFF_DISTANCE_M:
        raise InputError(
            f"the take-off point lies {away_m / 1000:.0f} km from the area",
            remedy="Latitude comes first, longitude second; are they swapped?",
        )
    return np.asarray(local_from_ring([take_off], frame)[0])


def plan_pattern(pattern: Pattern, view: View, setup: Setup) -> Plan:
    """The plan that a pattern becomes for one aircraft. Raises InputError and SettingsError."""
    frame = pattern.frame
    start = start_in(frame, setup.take_off)
    path = pattern.path if pattern.from_take_off else _from_take_off(pattern.path, start)
    path = looking_ahead(path)
    zones = zones_in(frame, setup.no_fly)
    turns = turned(pattern, path, view, setup.aircraft, zones, wind=setup.wind, margin_m=setup.turn_margin_m)
    pattern = dataclasses.replace(pattern, covered_pct=_covered_pct(pattern, turns, view, zones, setup))
    flown = _at_heights(turns.path, frame, setup)
    path = flown.path
    spent = effort(setup.aircraft, track_of(flown, setup.aircraft, turns.extra_m), setup.wind)
    above_home = Point(path.points[0] if start is None else start).buffer(turns.home_m)
    ring = fence_ring(
        _flown(pattern, path, above_home, turns.ways),
        setup.fence_margin_m + turns.strays_m,
    )
    places = places_from_local(path.points, frame)
    home = setup.take_off or places[0]
    area = setup.area or area_from_local(pattern.shape, frame, setup.name or pattern.name)
    totals = totals_of(pattern, view, path, spent)
    plan = Plan(
        name=setup.name or area.name,
        created=setup.created,
        request=_request(pattern, view),
        aircraft=setup.aircraft,
        camera=view.camera,
        area=area,
        take_off=home,
        route=waypoints_of(flown, frame),
        fence=Fence(
            inclusions=(Part(border=ring_from_local(ring, frame)),),
            exclusions=(
                *(ring_from_local(hole, frame) for hole in _holes(_ground(pattern, setup), setup)),
                *(zone.border for zone in setup.no_fly),
            ),
        ),
        rally=(Rally(home, float(math.ceil(flown.relative_m.max()))),),
        totals=dataclasses.replace(totals, photos=totals.photos + int(turns.further_m / pattern.trigger_m)),
        versions={"geos": shapely.geos_version_string, "proj": pyproj.proj_version_str, **flown.versions},
        wind=setup.wind,
        no_fly=setup.no_fly,
    )
    outside_m = 0.0 if start is None else float(_ground(pattern, setup).distance(Point(start)))
    facts = dataclasses.replace(
        _facts(plan, pattern, flown, turns, outside_m, turns.crossing_m(zones)),
        against_wind_m=spent.against_wind_m,
        turn_margin_m=setup.turn_margin_m,
    )
    checked = dataclasses.replace(plan, findings=by_weight([*check(facts), *flown.findings]))
    return _in_flights(checked) if setup.divide else checked


def _in_flights(plan: Plan) -> Plan:
    """The plan in as many flights as it takes; where no battery reaches a place, a finding says so."""
    from missions.sorties import divide  # it checks its flights, and so stands above the checks

    try:
        return divide(plan)
    except InputError as error:
        finding = Finding("reach", Severity.BLOCKING, f"{error.what}.", error.remedy or "")
        return dataclasses.replace(plan, findings=by_weight([*plan.findings, finding]))


def _at_heights(path: Path, frame: LocalFrame, setup: Setup) -> Flown:
    if setup.relief is None:
        return over_flat_ground(path)
    return over_terrain(path, frame, setup.relief, setup.aircraft)


def track_of(flown: Flown, aircraft: Aircraft, extra_m: float = 0.0) -> Track:
    """The path as energy sees it."""
    path = flown.path
    speed = np.where(np.isnan(path.speed_m_s), aircraft.cruise_speed_m_s, path.speed_m_s)
    circles = 2 * np.pi * np.abs(path.orbit_radius_m) * path.orbit_turns
    return Track(path.points, flown.relative_m, speed, path.hold_s, circles, extra_m, path.orbit_radius_m)


def waypoints_of(flown: Flown, frame: LocalFrame) -> tuple[Waypoint, ...]:
    """The path's rows as waypoints."""
    path = flown.path
    places = places_from_local(path.points, frame)
    looked_at = places_from_local(np.nan_to_num(path.look_at[:, :2]), frame)
    return tuple(
        Waypoint(
            place=place,
            height_relative_m=round(float(flown.relative_m[row]), 3),
            recording=bool(path.recording[row]),
            height_agl_m=_known(round(float(flown.agl_m[row]), 2)),
            speed_m_s=_known(path.speed_m_s[row]),
            hold_s=float(path.hold_s[row]),
            heading_deg=_known(path.heading_deg[row]),
            gimbal_pitch_deg=_known(path.gimbal_pitch_deg[row]),
            look_at=_look_at(looked_at[row], float(flown.look_relative_m[row])),
            picture=bool(path.picture[row]),
            trigger_m=_known(path.trigger_m[row]),
            orbit_turns=float(path.orbit_turns[row]),
            orbit_radius_m=float(path.orbit_radius_m[row]),
        )
        for row, place in enumerate(places)
    )


def totals_of(pattern: Pattern, view: View, path: Path, spent: Effort) -> Totals:
    """The plan's figures."""
    across_m, along_m = view.footprint_m
    return Totals(
        lanes=pattern.lanes,
        length_m=round(spent.length_m, 1),
        duration_s=round(spent.duration_s, 1),
        photos=pictures_of(path, pattern.trigger_m),
        battery_pct=round(spent.battery_pct, 1),
        covered_pct=round(pattern.covered_pct, 2),
        lane_spacing_m=round(pattern.spacing_m, 2),
        trigger_distance_m=round(pattern.trigger_m, 2),
        angle_deg=round(pattern.angle_deg, 1),
        gsd_m=view.gsd_m,
        energy_wh=round(spent.energy_wh, 2),
        footprint_across_m=round(across_m, 2),
        footprint_along_m=round(along_m, 2),
        person_px=round(view.person_px, 2),
    )


def pictures_of(path: Path, trigger_m: float) -> int:
    """How many pictures are taken: one at each place that asks for one, and along every recorded way.

    The distance runs on through waypoints inside a lane, so a lane counts as one way.
    """
    steps = np.hypot(*np.diff(path.points, axis=0).T)
    apart = np.where(np.isnan(path.trigger_m), trigger_m, path.trigger_m)
    recorded = path.recording[:-1]
    begins = recorded & ~np.concatenate([[False], recorded[:-1] & (apart[:-2] == apart[1:-1])])
    lane = np.cumsum(begins)[recorded] - 1
    lengths = np.bincount(lane, (steps / apart[:-1])[recorded])
    circles = np.floor(circles_m(path) / apart)[path.recording | np.roll(path.recording, 1)]
    return int(path.picture.sum() + np.sum(np.floor(lengths + 1e-9) + 1) + circles.sum())


def circles_m(path: Path) -> Floats:
    """Metres flown in circles at each place."""
    return np.asarray(2 * np.pi * np.abs(path.orbit_radius_m) * path.orbit_turns)


def _from_take_off(path: Path, start: Floats | None) -> Path:
    """The way to the path and back from it, straight; without a start back to where the path begins."""
    first, last = (path.height_agl_m[row] for row in (0, -1))
    if start is not None:
        return joined([path_of([start], first, outside=True), _left_open(path), path_of([start], last)])
    if math.dist(path.points[0], path.points[-1]) < _SAME_M:
        return path
    return joined([_left_open(path), path_of(path.points[:1], last)])


def _left_open(path: Path) -> Path:
    """The path with the way on from its end marked as outside."""
    return dataclasses.replace(path, outside=np.concatenate([path.outside[:-1], [True]]))


def _request(pattern: Pattern, view: View) -> Request:
    return Request(
        pattern.name,
        float(view.height_agl_m),
        float(view.overlap_side_pct),
        float(view.overlap_front_pct),
        pattern.asked_angle_deg,
        dict(pattern.figures),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _look_at(place: GeoPoint, height_m: float) -> LookAt | None:
    return None if math.isnan(height_m) else LookAt(place, round(height_m, 3))


def _covered_pct(pattern: Pattern, turns: Turned, view: View, zones: BaseGeometry, setup: Setup) -> float:
    """What is seen of the ground, with what turns keep from zones: the pattern was not laid for that."""
    if zones.is_empty or setup.area is None or turns.strays_m == 0:
        return turns.covered_pct
    asked = without_zones(local_from_area(setup.area, pattern.frame), zones)
    if asked.difference(pattern.shape).area < 1.0:
        return turns.covered_pct
    return covered_pct(asked, ground_seen(turns.path, view))


def _flown(pattern: Pattern, path: Path, *more: BaseGeometry) -> BaseGeometry:
    """All that is flown over: the ground, the way, its circles, and that above home."""
    line = LineString(path.points) if len(path) > 1 else Point(path.points[0])
    circles = [
        Point(path.points[row]).buffer(abs(path.orbit_radius_m[row]))
        for row in np.flatnonzero(path.orbit_radius_m)
    ]
    return shapely.union_all([pattern.shape, line, *circles, *more])


def _ground(pattern: Pattern, setup: Setup) -> BaseGeometry:
    """The area that was drawn; a pattern's own ground may be no more than a strip of it."""
    return pattern.shape if setup.area is None else local_from_area(setup.area, pattern.frame)


def _holes(ground: BaseGeometry, setup: Setup) -> list[Polygon]:
    return exclusion_rings(ground, HOLE_MARGIN_M) if setup.fence_holes else []


def _interval_s(path: Path, trigger_m: float, cruise_m_s: float) -> float:
    """The shortest time between two pictures of a recorded way; infinite where nothing is recorded."""
    if not path.recording.any():
        return math.inf
    apart = np.where(np.isnan(path.trigger_m), trigger_m, path.trigger_m)
    speed = np.where(np.isnan(path.speed_m_s), cruise_m_s, path.speed_m_s)
    return float((apart / speed)[path.recording].min())


def _facts(
    plan: Plan, pattern: Pattern, flown: Flown, turns: Turned, outside_m: float, in_zones_m: float
) -> Facts:
    path = flown.path
    home = path.points[0]
    steps = np.hypot(*np.diff(path.points, axis=0).T)
    fence = Polygon(local_from_ring(plan.fence.inclusions[0].border, pattern.frame))
    return Facts(
        request=plan.request,
        aircraft=plan.aircraft,
        camera=plan.camera,
        totals=plan.totals,
        fence_holds_route=bool(fence.covers(LineString(path.points))),
        parts_joined_m=float(steps[path.outside[:-1]].sum()) if pattern.from_take_off else 0.0,
        take_off_outside_m=outside_m,
        farthest_m=float(np.hypot(*(path.points - home).T).max()),
        turns_leave_m=turns.leaves_m,
        loops=turns.loops,
        turn_radius_m=plan.aircraft.ground_radius_m(plan.wind.speed_m_s if plan.wind else 0.0),
        circle_radius_m=float(np.abs(path.orbit_radius_m)[path.orbit_turns > 0].min(initial=math.inf)),
        items=len(mission_items(plan)),
        in_zones_m=in_zones_m,
        highest_agl_m=flown.highest_agl_m,
        over_terrain=flown.over_terrain,
        interval_s=_interval_s(path, pattern.trigger_m, cruise_m_s=plan.aircraft.cruise_speed_m_s),
        wind_m_s=None if plan.wind is None else plan.wind.speed_m_s,
    )
