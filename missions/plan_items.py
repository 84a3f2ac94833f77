"""A plan as the autopilot's three lists: mission, fence and rally points.

What each command's parameters mean: mavlink.io/en/messages/common.html and, for what ArduPilot does with
them, ardupilot.org/copter/docs/common-mavlink-mission-command-messages-mav_cmd.html. Only commands are used
that an ArduPilot 4.5 keeps, with numbers as it keeps them, so that what is read back equals what was sent.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

from missions.aircraft import TAKE_OFF_M
from missions.geodesy import GeoPoint, distance_m
from missions.item_compare import Difference, compare_items
from missions.items import Command, Frame, MissionItem
from missions.plan import Fence, LookAt, Plan, Rally, Waypoint

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
LEAD_S = 3.2
"""Two thirds of L1 in seconds of flight at ArduPlane's defaults (NAVL1_DAMPING 0.75, NAVL1_PERIOD 17: 2.7 s),
and half a second to roll."""
_SAME_PLACE_M = 0.5
_NEAR_RADII = 2.0
_DOING_S = 0.5
_MOST_TURNS = 255
_NORTH_DEG = 359.9999


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
    low_m = TAKE_OFF_M if plan.aircraft.circles_up(height_m) else height_m
    yield MissionItem(
        Command.TAKEOFF, Frame.GLOBAL_RELATIVE, p1=pitch_deg, x=place.lat_deg, y=place.lon_deg, z=low_m
    )
    yield _speed(plan, plan.aircraft.cruise_speed_m_s)
    if low_m < height_m:
        yield _climb(plan, height_m)
        if _leaves_at_once(plan):
            yield _at(Command.WAYPOINT, plan.route[0], 0.0, 0.0, _accepted_m(plan, exact=False))


def _leaves_at_once(plan: Plan) -> bool:
    """Whether a plane must not wait on its circle until it points to the first place, which lies too near."""
    ahead = plan.route[1:2] if _above_take_off(plan, plan.route[0]) else plan.route[:1]
    near_m = _NEAR_RADII * plan.aircraft.turn_radius_m
    return any(distance_m(plan.take_off, waypoint.place) < near_m for waypoint in ahead)


def _climb(plan: Plan, height_m: float) -> MissionItem:
    """Circles above home up to a height, p2 their radius; p4 = 1: on from where the circle is left."""
    radius_m = plan.aircraft.ground_radius_m(plan.wind.speed_m_s if plan.wind else 0.0)
    return MissionItem(
        Command.LOITER_TO_ALT,
        Frame.GLOBAL_RELATIVE,
        p2=_radius_m(max(radius_m, 1.0)),
        p4=1.0,
        x=plan.take_off.lat_deg,
        y=plan.take_off.lon_deg,
        z=height_m,
    )


def _speed(plan: Plan, speed_m_s: float) -> MissionItem:
    # p1: 0 airspeed (what a plane holds), 1 ground speed; p3: -1 leaves the throttle alone.
    kind = 0.0 if plan.aircraft.kind == "plane" else 1.0
    return MissionItem(Command.DO_CHANGE_SPEED, Frame.MISSION, p1=kind, p2=speed_m_s, p3=-1.0)


def _route(plan: Plan) -> Iterator[MissionItem]:
    """The waypoints, each followed by what changes on the way from it to the next.

    ArduPilot does what follows a waypoint once that waypoint is reached. Turning to a heading comes last: the
    autopilot does nothing else until it has turned, and skips what it has not come to by the next waypoint.
    """
    before = _State(plan.aircraft.cruise_speed_m_s)
    room_m = math.inf
    for index, waypoint in enumerate(plan.route):
        after = _state(plan, waypoint, before)
        told = [*_told(plan, waypoint, before, after)]
        if index:
            room_m += distance_m(plan.route[index - 1].place, waypoint.place)
        if index or not _above_take_off(plan, waypoint):
            exact = bool(told) or index + 1 == len(plan.route)
            yield from _flown(plan, waypoint, _accepted_m(plan, exact=exact, room_m=room_m))
        yield from told
        if told:
            # The first is done at once, the others one after another.
            room_m = (
                -_DOING_S * (len(told) - 1) * plan.aircraft.cruise_speed_m_s if len(told) > 1 else math.inf
            )
        before = after
    if before.trigger_m:
        yield _camera(0.0)


@dataclass(frozen=True, slots=True)
class _State:
    """What the aircraft was last told and keeps doing."""

    speed_m_s: float
    trigger_m: float = 0.0
    gimbal_pitch_deg: float | None = None
    look_at: LookAt | None = None
    heading_deg: float | None = None


def _state(plan: Plan, waypoint: Waypoint, before: _State) -> _State:
    trigger_m = plan.totals.trigger_distance_m if waypoint.trigger_m is None else waypoint.trigger_m
    pitch_deg = before.gimbal_pitch_deg if waypoint.gimbal_pitch_deg is None else waypoint.gimbal_pitch_deg
    return _State(
        speed_m_s=waypoint.speed_m_s or plan.aircraft.cruise_speed_m_s,
        trigger_m=trigger_m if waypoint.recording else 0.0,
        gimbal_pitch_deg=pitch_deg,
        look_at=waypoint.look_at,
        heading_deg=None if plan.aircraft.kind == "plane" else waypoint.heading_deg,
    )


def _told(plan: Plan, waypoint: Waypoint, before: _State, after: _State) -> Iterator[MissionItem]:
    """What the aircraft is told at a waypoint."""
    yield from _changes(plan, before, after)
    if waypoint.picture:
        # y is parameter 6 and x parameter 5: 1 takes one picture.
        yield MissionItem(Command.DO_DIGICAM_CONTROL, Frame.MISSION, x=1.0)
    if after.heading_deg is not None:
        # In the autopilot's single precision 359.99999 is 360, which it does not keep.
        heading_deg = after.heading_deg % 360
        yield MissionItem(
            Command.CONDITION_YAW, Frame.MISSION, p1=0.0 if heading_deg > _NORTH_DEG else heading_deg
        )


def _changes(plan: Plan, before: _State, after: _State) -> Iterator[MissionItem]:
    if after.speed_m_s != before.speed_m_s:
        yield _speed(plan, after.speed_m_s)
    # A heading takes the nose away from the place that is looked at.
    turned_away = after.look_at is not None and before.heading_deg is not None
    if after.look_at != before.look_at or turned_away:
        yield _look(after.look_at)
    moved = before.look_at is not None or after.gimbal_pitch_deg != before.gimbal_pitch_deg
    if after.look_at is None and after.gimbal_pitch_deg is not None and moved:
        yield _gimbal(after.gimbal_pitch_deg)
    if after.trigger_m != before.trigger_m:
        yield _camera(after.trigger_m)


def _gimbal(pitch_deg: float) -> MissionItem:
    """The gimbal to a pitch (-90 straight down), following the nose.

    Not DO_MOUNT_CONTROL: where the gimbal cannot pan, that turns an ArduPilot copter itself to north.
    ArduPilot keeps whole degrees.
    """
    return MissionItem(Command.DO_GIMBAL_MANAGER_PITCHYAW, Frame.MISSION, p1=float(round(pitch_deg)))


def _look(at: LookAt | None) -> MissionItem:
    """A place to point at, or ahead again (all zero).

    ArduPilot 4.5 keeps DO_SET_ROI in a mission, not the newer _LOCATION and _NONE. p1 is MAV_ROI, 3 a place.
    """
    if at is None:
        return MissionItem(Command.DO_SET_ROI, Frame.GLOBAL_RELATIVE)
    place = at.place
    return MissionItem(
        Command.DO_SET_ROI,
        Frame.GLOBAL_RELATIVE,
        p1=3.0,
        x=place.lat_deg,
        y=place.lon_deg,
        z=at.height_relative_m,
    )


def _above_take_off(plan: Plan, waypoint: Waypoint) -> bool:
    """A first waypoint that take-off itself already reaches."""
    idle = not (waypoint.recording or waypoint.hold_s or waypoint.orbit_turns or waypoint.picture)
    return idle and distance_m(plan.take_off, waypoint.place) < _SAME_PLACE_M


def _flown(plan: Plan, waypoint: Waypoint, accepted_m: float) -> Iterator[MissionItem]:
    """The waypoint itself: flown through, waited at or circled.

    A plane cannot wait at a place: it circles there.
    """
    if waypoint.orbit_turns > 0:
        for turns in _turns(waypoint.orbit_turns, whole=plan.aircraft.kind == "plane"):
            item = _at(Command.LOITER_TURNS, waypoint, turns, _radius_m(waypoint.orbit_radius_m))
            yield dataclasses.replace(item, p4=1.0 if plan.aircraft.kind == "plane" else 0.0)
    elif waypoint.hold_s > 0 and plan.aircraft.kind == "plane":
        yield _at(Command.LOITER_TIME, waypoint, math.ceil(waypoint.hold_s), 1.0)
    else:
        yield _at(Command.WAYPOINT, waypoint, math.ceil(waypoint.hold_s), 0.0, accepted_m)


def _accepted_m(plan: Plan, *, exact: bool, room_m: float = math.inf) -> float:
    """How near a plane comes to a place before it makes for the next; 0 leaves it to the autopilot.

    ArduPlane steers for a point on the straight line to the next place that lies L1 = NAVL1_DAMPING x
    NAVL1_PERIOD x speed / pi ahead (Park, Deyst, How 2004). On a curve that is drawn by its tangents it stays
    on the curve where it takes up each next one two thirds of L1 before it touches, and somewhat earlier for
    the time that rolling takes: the bank that is asked for is then that of the curve. Later it swings wide
    by tens of metres, as it does at its own WP_RADIUS. `room_m` is how far before the place the aircraft has
    done what it was told last: a place taken up earlier has ArduPlane skip the rest.
    """
    if plan.aircraft.kind != "plane":
        return 0.0
    near_m = max(5, round(plan.aircraft.turn_radius_m / 6))
    lead_m = min(255.0, LEAD_S * plan.aircraft.cruise_speed_m_s, room_m - near_m)
    return float(near_m if exact else max(near_m, round(lead_m)))


def _at(command: Command, waypoint: Waypoint, p1: float, p3: float, p2: float = 0.0) -> MissionItem:
    place = waypoint.place
    return MissionItem(
        command,
        Frame.GLOBAL_RELATIVE,
        p1=float(p1),
        p2=p2,
        p3=p3,
        x=place.lat_deg,
        y=place.lon_deg,
        z=waypoint.height_relative_m,
    )


def _turns(turns: float, *, whole: bool) -> Iterator[float]:
    """Turns as ArduPilot keeps them: whole ones up to 255, or a part of one in 256ths.

    `whole`: a plane circles on until it points the right way, so parts of a turn beyond the first are left.
    """
    parts = round(turns * 256)
    if whole and parts >= 256:
        parts = round(turns) * 256
    while parts >= 256:
        circles = min(parts // 256, _MOST_TURNS)
        yield float(circles)
        parts -= circles * 256
    if parts:
        yield parts / 256


def _radius_m(radius_m: float) -> float:
    """The radius as ArduPilot keeps it: whole metres up to 255, then tens of metres; negative turns left."""
    size_m = max(1, round(abs(radius_m)))
    return math.copysign(size_m if size_m <= 255 else round(size_m / 10) * 10, radius_m)


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
