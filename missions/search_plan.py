"""Planning a search: an area, an aircraft and a camera become a plan.

area -> lanes and route (metres) -> time and battery -> fence -> checks -> Plan
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.camera import Camera
from missions.checks import Facts, check
from missions.coverage import Coverage, Settings, Swath, cover
from missions.coverage.turns import Turns, turns_between
from missions.energy import Effort, effort, turn_s
from missions.errors import AreaError, InputError, SettingsError
from missions.fence import MARGIN_M, exclusion_rings, fence_ring
from missions.geodesy import GeoPoint, LocalFrame, Points, distance_m
from missions.local import frame_of, local_from_area, local_from_ring, places_from_local, ring_from_local
from missions.plan import Fence, Plan, Rally, Request, Totals, Waypoint
from missions.plan_items import mission_items

DEFAULT_HEIGHT_AGL_M = 60.0
DEFAULT_OVERLAP_SIDE_PCT = 25.0
DEFAULT_OVERLAP_FRONT_PCT = 60.0
MAX_TAKE_OFF_DISTANCE_M = 20_000.0
HOLE_MARGIN_M = 5.0


def plan_search(
    area: Area,
    aircraft: Aircraft,
    camera: Camera,
    *,
    created: str,
    name: str = "",
    height_agl_m: float | None = None,
    overlap_side_pct: float = DEFAULT_OVERLAP_SIDE_PCT,
    overlap_front_pct: float = DEFAULT_OVERLAP_FRONT_PCT,
    angle_deg: float | None = None,
    take_off: GeoPoint | None = None,
    wind_m_s: float | None = None,
    fence_margin_m: float = MARGIN_M,
    fence_holes: bool = False,
) -> Plan:
    """A parallel-track search of the area.

    `created` is the time of planning (ISO 8601, UTC). `angle_deg` is the lanes' bearing, None for the one
    that is flown soonest. Without `take_off` the route starts at the border beside the first lane.
    `fence_holes` forbids the area's holes to the autopilot too. Raises AreaError and SettingsError.
    """
    request = _request(height_agl_m, overlap_side_pct, overlap_front_pct, angle_deg)
    _check_settings(wind_m_s, fence_margin_m)
    frame = frame_of(area)
    shape = local_from_area(area, frame)
    settings = _settings(request, aircraft, camera)
    start = _start(take_off, frame)
    coverage = _cover(shape, settings, start, area.name)
    turns = turns_between(coverage.route.legs, shape, aircraft.turn_radius_m)
    spent = effort(aircraft, coverage.route.points, request.height_agl_m, turns.extra_m)
    ring = fence_ring(_flown(shape, coverage.route.points), fence_margin_m + turns.leave_m)
    places = places_from_local(coverage.route.points, frame)
    home = take_off or places[0]
    plan = Plan(
        name=name or area.name,
        created=created,
        request=request,
        aircraft=aircraft,
        camera=camera,
        area=area,
        take_off=home,
        route=_waypoints(places, coverage, request),
        fence=Fence(
            inclusions=(Part(border=ring_from_local(ring, frame)),),
            exclusions=tuple(ring_from_local(hole, frame) for hole in _holes(shape, fence_holes)),
        ),
        rally=(Rally(home, float(math.ceil(request.height_agl_m))),),
        totals=_totals(coverage, spent, request, camera),
        versions={"geos": shapely.geos_version_string, "proj": pyproj.proj_version_str},
    )
    facts = _facts(plan, coverage, shape, turns, frame, start, wind_m_s)
    return dataclasses.replace(plan, findings=check(facts))


def _request(
    height_agl_m: float | None, side_pct: float, front_pct: float, angle_deg: float | None
) -> Request:
    height_m = DEFAULT_HEIGHT_AGL_M if height_agl_m is None else height_agl_m
    if not (math.isfinite(height_m) and 5 <= height_m <= 1000):
        raise SettingsError(f"a height of {height_m} m makes no search", remedy="Give 5 to 1000 metres")
    for which, share in (("side", side_pct), ("front", front_pct)):
        if not (math.isfinite(share) and 0 <= share <= 95):
            raise SettingsError(
                f"a {which} overlap of {share} % makes no search", remedy="Give 0 to 95 per cent"
            )
    if angle_deg is not None and not math.isfinite(angle_deg):
        raise SettingsError(
            f"an angle of {angle_deg} degrees is none", remedy="Give 0 to 180, from north clockwise"
        )
    angle = None if angle_deg is None else angle_deg % 180
    return Request("parallel-track", float(height_m), float(side_pct), float(front_pct), angle)


def _check_settings(wind_m_s: float | None, fence_margin_m: float) -> None:
    if wind_m_s is not None and not (math.isfinite(wind_m_s) and wind_m_s >= 0):
        raise SettingsError(f"a wind of {wind_m_s} m/s is none", remedy="Give metres a second")
    if not (math.isfinite(fence_margin_m) and 1 <= fence_margin_m <= 1000):
        raise SettingsError(
            f"a fence margin of {fence_margin_m} m makes no fence", remedy="Give 1 to 1000 metres"
        )


def _settings(request: Request, aircraft: Aircraft, camera: Camera) -> Settings:
    across_m, along_m = camera.footprint_m(request.height_agl_m)
    trigger_m = along_m * (1 - request.overlap_front_pct / 100)
    # The last picture of a lane may be taken a whole trigger distance before its end.
    reach_m = max(0.0, along_m / 2 - trigger_m)
    return Settings(
        swath=Swath(width_m=across_m * (1 - request.overlap_side_pct / 100), reach_m=reach_m),
        turn_m=turn_s(aircraft) * aircraft.cruise_speed_m_s / 2,
        turn_radius_m=aircraft.turn_radius_m,
        bearing_deg=request.angle_deg,
    )


def _cover(
    shape: Polygon | MultiPolygon, settings: Settings, start: npt.NDArray[np.float64] | None, name: str
) -> Coverage:
    try:
        return cover(shape, settings, start, from_border=True)
    except AreaError as error:
        raise AreaError(f"the area {error.what}", where=error.where or name, remedy=error.remedy) from error


def _start(take_off: GeoPoint | None, frame: LocalFrame) -> npt.NDArray[np.float64] | None:
    if take_off is None:
        return None
    away_m = distance_m(take_off, frame.origin)
    if away_m > MAX_TAKE_OFF_DISTANCE_M:
        raise InputError(
            f"the take-off point lies {away_m / 1000:.0f} km from the area",
            remedy="Latitude comes first, longitude second; are they swapped?",
        )
    return np.asarray(local_from_ring([take_off], frame)[0])


def _flown(shape: Polygon | MultiPolygon, points: Points) -> BaseGeometry:
    return shapely.union_all([shape, LineString(points)])


def _holes(shape: Polygon | MultiPolygon, wanted: bool) -> list[Polygon]:
    return exclusion_rings(shape, HOLE_MARGIN_M) if wanted else []


def _waypoints(places: tuple[GeoPoint, ...], coverage: Coverage, request: Request) -> tuple[Waypoint, ...]:
    return tuple(
        Waypoint(place, request.height_agl_m, bool(recording))
        for place, recording in zip(places, coverage.route.recording, strict=True)
    )


def _totals(coverage: Coverage, spent: Effort, request: Request, camera: Camera) -> Totals:
    legs = coverage.route.legs
    lengths = np.hypot(*(legs[:, 1] - legs[:, 0]).T)
    trigger_m = camera.footprint_m(request.height_agl_m)[1] * (1 - request.overlap_front_pct / 100)
    return Totals(
        lanes=len(legs),
        length_m=round(spent.length_m, 1),
        duration_s=round(spent.duration_s, 1),
        photos=int(np.sum(np.floor(lengths / trigger_m) + 1)),
        battery_pct=round(spent.battery_pct, 1),
        covered_pct=round(100 * coverage.seen, 2),
        lane_spacing_m=round(coverage.grid.spacing_m, 2),
        trigger_distance_m=round(trigger_m, 2),
        angle_deg=round(coverage.grid.bearing_deg, 1),
        gsd_m=camera.gsd_m(request.height_agl_m),
    )


def _facts(
    plan: Plan,
    coverage: Coverage,
    shape: Polygon | MultiPolygon,
    turns: Turns,
    frame: LocalFrame,
    start: npt.NDArray[np.float64] | None,
    wind_m_s: float | None,
) -> Facts:
    route = coverage.route
    home = route.points[0]
    steps = np.hypot(*np.diff(route.points, axis=0).T)
    outside_m = 0.0 if start is None else float(shape.distance(Point(start)))
    fence = Polygon(local_from_ring(plan.fence.inclusions[0].border, frame))
    return Facts(
        request=plan.request,
        aircraft=plan.aircraft,
        camera=plan.camera,
        totals=plan.totals,
        fence_holds_route=bool(fence.covers(LineString(route.points))),
        parts_joined_m=float(steps[route.outside[:-1]].sum()),
        take_off_outside_m=outside_m,
        farthest_m=float(np.hypot(*(route.points - home).T).max()),
        turns_leave_m=turns.leave_m,
        items=len(mission_items(plan)),
        wind_m_s=wind_m_s,
    )
