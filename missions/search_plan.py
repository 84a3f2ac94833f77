"""Planning a search: an area, an aircraft and a camera become a plan."""

from __future__ import annotations

import dataclasses

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.camera import Camera
from missions.fence import MARGIN_M
from missions.geodesy import GeoPoint, LocalFrame
from missions.heights import Relief
from missions.intricacy import plannable
from missions.local import frame_of, local_from_area
from missions.no_fly import without_zones, zones_in
from missions.patterns.parallel_track import parallel_track
from missions.patterns.pattern import Shape
from missions.plan import Plan
from missions.planner import Setup, plan_pattern, start_in
from missions.view import DEFAULT_HEIGHT_AGL_M, DEFAULT_OVERLAP_FRONT_PCT, DEFAULT_OVERLAP_SIDE_PCT, View
from missions.wind import Wind

__all__ = [
    "DEFAULT_HEIGHT_AGL_M",
    "DEFAULT_OVERLAP_FRONT_PCT",
    "DEFAULT_OVERLAP_SIDE_PCT",
    "ground_to_cover",
    "plan_area",
    "plan_search",
]


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
    wind: Wind | None = None,
    no_fly: tuple[Part, ...] = (),
    relief: Relief | None = None,
    divide: bool = True,
    fence_margin_m: float = MARGIN_M,
    fence_holes: bool = False,
) -> Plan:
    """A parallel-track search of the area.

    `created` is the time of planning (ISO 8601, UTC). `angle_deg` is the lanes' bearing, None for the one
    that is flown soonest. Over `relief` the height is held above its ground. `no_fly` zones are cut out of
    the area with a margin. Without `take_off` the route starts at the border beside the first lane.
    `fence_holes` forbids the area's holes to the autopilot too. Raises AreaError and SettingsError.
    """
    height_m = DEFAULT_HEIGHT_AGL_M if height_agl_m is None else height_agl_m
    view = View(camera, float(height_m), float(overlap_side_pct), float(overlap_front_pct))
    setup = Setup(
        aircraft=aircraft,
        created=created,
        name=name,
        area=area,
        take_off=take_off,
        wind=wind,
        no_fly=no_fly,
        relief=relief,
        divide=divide,
        fence_margin_m=fence_margin_m,
        fence_holes=fence_holes,
    )
    return plan_area(area, view, setup, angle_deg=angle_deg)


def plan_area(
    area: Area, view: View, setup: Setup, *, angle_deg: float | None = None, entry: str = ""
) -> Plan:
    """The same, of a view and a setup; `entry` as in `parallel_track`. Raises AreaError and SettingsError."""
    frame = frame_of(area)
    pattern = parallel_track(
        ground_to_cover(area, frame, setup, view.spacing_m),
        frame,
        setup.aircraft,
        view,
        angle_deg=angle_deg,
        start_m=start_in(frame, setup.take_off),
        where=area.name,
        wind=setup.wind,
        turn_margin_m=setup.turn_margin_m,
        entry=entry,
    )
    return plan_pattern(pattern, view, dataclasses.replace(setup, area=area))


def ground_to_cover(area: Area, frame: LocalFrame, setup: Setup, spacing_m: float | None = None) -> Shape:
    """An area less the no-fly zones and what is kept from them, metres.

    Raises AreaError where nothing is left, or where lanes `spacing_m` apart would take long to order.
    """
    radius_m = setup.aircraft.ground_radius_m(setup.wind.speed_m_s if setup.wind else 0.0)
    zones = zones_in(frame, setup.no_fly)
    left = without_zones(local_from_area(area, frame), zones, area.name, radius_m)
    return left if spacing_m is None else plannable(left, spacing_m, area.name)
