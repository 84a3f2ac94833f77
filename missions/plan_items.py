"""A plan as the autopilot's three lists: mission, fence and rally points.

What each command's parameters mean: mavlink.io/en/messages/common.html and, for what ArduPilot does with
them, ardupilot.org/copter/docs/common-mavlink-mission-command-messages-mav_cmd.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from missions.geodesy import GeoPoint, distance_m
from missions.item_compare import Difference, compare_items
from missions.items import Command, Frame, MissionItem
from missions.plan import Fence, Plan, Rally, Waypoint

__all__ = [
    "TAKE_OFF_PITCH_DEG",
    "Difference",
    "compare_items",
    "fence_items",
    "home_item",
    "mission_items",
    "rally_items",
]

TAKE_OFF_PITCH_DEG = 15.0
_SAME_PLACE_M = 0.5


def mission_items(plan: Plan) -> tuple[MissionItem, ...]:
    """Home (item 0, as ArduPilot and QGC WPL hold it), take-off, speed, the lanes, and the way home."""
    return (
        home_item(plan.take_off),
        *_start(plan),
        *_route(plan),
        MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION),
    )


def home_item(place: GeoPoint) -> MissionItem:
    """Home as a mission list's first item; its height is the autopilot's to know."""
    return MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, x=place.lat_deg, y=place.lon_deg)


def _start(plan: Plan) -> Iterator[MissionItem]:
    height_m = plan.route[0].height_relative_m if plan.route else plan.request.height_agl_m
    pitch_deg = TAKE_OFF_PITCH_DEG if plan.aircraft.kind == "plane" else 0.0
    place = plan.take_off
    yield MissionItem(
        Command.TAKEOFF, Frame.GLOBAL_RELATIVE, p1=pitch_deg, x=place.lat_deg, y=place.lon_deg, z=height_m
    )
    # p1: 0 airspeed (what a plane holds), 1 ground speed; p3: -1 leaves the throttle alone.
    kind = 0.0 if plan.aircraft.kind == "plane" else 1.0
    yield MissionItem(
        Command.DO_CHANGE_SPEED, Frame.MISSION, p1=kind, p2=plan.aircraft.cruise_speed_m_s, p3=-1.0
    )


def _route(plan: Plan) -> Iterator[MissionItem]:
    """The waypoints, with the camera started where a lane starts and stopped where it ends."""
    recording = False
    for index, waypoint in enumerate(plan.route):
        if index or not _above_take_off(plan, waypoint):
            yield _waypoint(waypoint)
        if waypoint.recording != recording:
            recording = waypoint.recording
            yield _camera(plan.totals.trigger_distance_m if recording else 0.0)
    if recording:
        yield _camera(0.0)


def _above_take_off(plan: Plan, waypoint: Waypoint) -> bool:
    """A first waypoint that take-off itself already reaches."""
    return not waypoint.recording and distance_m(plan.take_off, waypoint.place) < _SAME_PLACE_M


def _waypoint(waypoint: Waypoint) -> MissionItem:
    place = waypoint.place
    return MissionItem(
        Command.WAYPOINT,
        Frame.GLOBAL_RELATIVE,
        x=place.lat_deg,
        y=place.lon_deg,
        z=waypoint.height_relative_m,
    )


def _camera(distance_apart_m: float) -> MissionItem:
    # p3 = 1 takes one picture at once; ArduPilot ignores it when the distance is 0.
    at_once = 1.0 if distance_apart_m > 0 else 0.0
    return MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION, p1=distance_apart_m, p3=at_once)


def fence_items(plan: Plan | Fence) -> tuple[MissionItem, ...]:
    """Each ring's vertices in order; p1 is the ring's vertex count (MAV_CMD_NAV_FENCE_POLYGON_VERTEX_*)."""
    fence = plan.fence if isinstance(plan, Plan) else plan
    rings = [(Command.FENCE_POLYGON_INCLUSION, part.border) for part in fence.inclusions]
    rings += [(Command.FENCE_POLYGON_EXCLUSION, hole) for part in fence.inclusions for hole in part.holes]
    rings += [(Command.FENCE_POLYGON_EXCLUSION, ring) for ring in fence.exclusions]
    return tuple(
        MissionItem(command, Frame.GLOBAL_AMSL, p1=float(len(ring)), x=point.lat_deg, y=point.lon_deg)
        for command, ring in rings
        for point in ring
    )


def rally_items(plan: Plan | tuple[Rally, ...]) -> tuple[MissionItem, ...]:
    """The places to go to in an emergency."""
    points = plan.rally if isinstance(plan, Plan) else plan
    return tuple(
        MissionItem(
            Command.RALLY_POINT,
            Frame.GLOBAL_RELATIVE,
            x=point.place.lat_deg,
            y=point.place.lon_deg,
            z=point.height_relative_m,
        )
        for point in points
    )
