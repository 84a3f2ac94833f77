"""A plan as an autopilot's lists, and what it holds against what it was sent."""

import dataclasses
import math
import struct

import pytest

from missions.geodesy import GeoPoint
from missions.items import Command, Frame, MissionItem, MissionType
from missions.plan import LookAt, Plan, Waypoint
from missions.plan_items import compare_items, fence_items, mission_items, rally_items


def test_a_mission_begins_with_home_take_off_and_speed_and_ends_with_return(plan: Plan) -> None:
    items = mission_items(plan)
    commands = [item.command for item in items]
    assert commands[:3] == [Command.WAYPOINT, Command.TAKEOFF, Command.DO_CHANGE_SPEED]
    assert commands[-1] == Command.RETURN_TO_LAUNCH
    assert items[0].frame == Frame.GLOBAL_AMSL
    assert items[1].z == plan.request.height_agl_m
    assert items[2].p2 == plan.aircraft.cruise_speed_m_s


def test_every_waypoint_of_the_route_is_flown_in_order(plan: Plan) -> None:
    flown = [(item.x, item.y, item.z) for item in mission_items(plan)[1:] if item.command in {16, 22}]
    route = [(one.place.lat_deg, one.place.lon_deg, one.height_relative_m) for one in plan.route]
    assert flown == route


def test_the_camera_runs_on_lanes_and_nowhere_else(plan: Plan) -> None:
    running = False
    legs = []
    for item in mission_items(plan)[2:]:
        if item.command == Command.WAYPOINT:
            legs.append(running)
        if item.command == Command.DO_SET_CAM_TRIGG_DIST:
            running = item.p1 > 0
            assert item.p1 in {0.0, plan.totals.trigger_distance_m}
    assert legs == [one.recording for one in plan.route[:-1]]
    assert not running


def test_a_plane_takes_off_with_a_pitch(plane_plan: Plan) -> None:
    assert mission_items(plane_plan)[1].p1 == 15.0
    assert mission_items(plane_plan)[2].p1 == 0.0


def test_fence_rings_tell_their_count_and_rally_points_their_height(plan: Plan) -> None:
    fence = fence_items(plan)
    assert {item.command for item in fence} == {Command.FENCE_POLYGON_INCLUSION}
    assert {item.p1 for item in fence} == {float(len(plan.fence.inclusions[0].border))}
    assert len(fence) == len(plan.fence.inclusions[0].border)
    assert [item.z for item in rally_items(plan)] == [one.height_relative_m for one in plan.rally]


PLACE, OTHER, FAR = GeoPoint(52.001, 4.351), GeoPoint(52.002, 4.352), GeoPoint(51.99, 4.35)


def flown(plan: Plan, *waypoints: Waypoint) -> list[tuple[int, float, float]]:
    """The items after take-off, speed and a plane's climb and before the way home: command, p1, p3."""
    items = mission_items(dataclasses.replace(plan, route=waypoints, take_off=FAR))[3:-1]
    return [(item.command, item.p1, item.p3) for item in items if item.command != Command.LOITER_TO_ALT]


def test_a_copter_waits_at_a_place_and_a_plane_circles_there(plan: Plan, plane_plan: Plan) -> None:
    waiting = Waypoint(PLACE, 50.0, hold_s=7.2)
    assert flown(plan, waiting) == [(Command.WAYPOINT, 8, 0)]
    assert flown(plane_plan, waiting) == [(Command.LOITER_TIME, 8, 1)]


@pytest.mark.parametrize(
    ("turns", "radius_m", "copter", "plane"),
    [
        (1.0, 30.0, [(1, 30)], [(1, 30)]),
        (2.5, -12.4, [(2, -12), (0.5, -12)], [(2, -12)]),
        (0.3, 255.4, [(77 / 256, 255)], [(77 / 256, 255)]),
        (1.7, 256.0, [(1, 260), (179 / 256, 260)], [(2, 260)]),
        (300.0, -1234.0, [(255, -1230), (45, -1230)], [(255, -1230), (45, -1230)]),
        (0.001, 20.0, [], []),
    ],
)
def test_circles_are_told_as_ardupilot_keeps_them(
    plan: Plan,
    plane_plan: Plan,
    turns: float,
    radius_m: float,
    copter: list[tuple[float, float]],
    plane: list[tuple[float, float]],
) -> None:
    circled = Waypoint(PLACE, 50.0, orbit_turns=turns, orbit_radius_m=radius_m)
    for one, expected in ((plan, copter), (plane_plan, plane)):
        assert flown(one, circled) == [(Command.LOITER_TURNS, *each) for each in expected]


def test_what_is_looked_at_is_told_until_nothing_is(plan: Plan) -> None:
    at = LookAt(OTHER, 3.0)
    down = Waypoint(PLACE, 50.0, gimbal_pitch_deg=-89.7)
    items = flown(plan, down, Waypoint(OTHER, 50.0, look_at=at), Waypoint(PLACE, 50.0, look_at=at), down)
    assert items == [
        (Command.WAYPOINT, 0, 0),
        (Command.DO_GIMBAL_MANAGER_PITCHYAW, -90, 0),
        (Command.WAYPOINT, 0, 0),
        (Command.DO_SET_ROI, 3, 0),
        (Command.WAYPOINT, 0, 0),
        (Command.WAYPOINT, 0, 0),
        (Command.DO_SET_ROI, 0, 0),
        (Command.DO_GIMBAL_MANAGER_PITCHYAW, -90, 0),
    ]


def test_a_heading_is_told_anew_on_each_way_and_last_of_all(plan: Plan, plane_plan: Plan) -> None:
    turned = Waypoint(PLACE, 50.0, heading_deg=-90.0, picture=True, recording=True, trigger_m=9.0)
    items = flown(plan, turned, dataclasses.replace(turned, place=OTHER))
    assert items == [
        (Command.WAYPOINT, 0, 0),
        (Command.DO_SET_CAM_TRIGG_DIST, 9, 1),
        (Command.DO_DIGICAM_CONTROL, 0, 0),
        (Command.CONDITION_YAW, 270, 0),
        (Command.WAYPOINT, 0, 0),
        (Command.DO_DIGICAM_CONTROL, 0, 0),
        (Command.CONDITION_YAW, 270, 0),
        (Command.DO_SET_CAM_TRIGG_DIST, 0, 0),
    ]
    assert Command.CONDITION_YAW not in {command for command, _, _ in flown(plane_plan, turned)}


def test_after_a_heading_the_place_looked_at_is_told_again(plan: Plan) -> None:
    looking = Waypoint(PLACE, 50.0, look_at=LookAt(OTHER))
    turned = dataclasses.replace(looking, heading_deg=10.0)
    commands = [command for command, _, _ in flown(plan, looking, turned, looking, looking)]
    roi = Command.DO_SET_ROI
    assert commands == [16, roi, 16, Command.CONDITION_YAW, 16, roi, 16]


def test_a_speed_of_its_own_ends_with_its_way(plan: Plan) -> None:
    slow = Waypoint(PLACE, 50.0, speed_m_s=3.0)
    items = mission_items(dataclasses.replace(plan, route=(slow, slow, Waypoint(OTHER, 50.0))))
    speeds = [item.p2 for item in items if item.command == Command.DO_CHANGE_SPEED]
    assert speeds == [plan.aircraft.cruise_speed_m_s, 3.0, plan.aircraft.cruise_speed_m_s]


def as_stored(item: MissionItem) -> MissionItem:
    """What ArduPilot gives back: float32 parameters, whole 1e-7 degrees, whole centimetres."""

    def single(value: float) -> float:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])

    degrees = {"x": math.trunc(item.x * 1e7) / 1e7, "y": math.trunc(item.y * 1e7) / 1e7}
    params = {name: single(getattr(item, name)) for name in ("p1", "p2", "p3", "p4")}
    return dataclasses.replace(item, **params, **degrees, z=math.trunc(item.z * 100) / 100)


def test_what_storage_rounds_is_no_difference(plan: Plan) -> None:
    sent = mission_items(plan)
    assert compare_items(sent, tuple(map(as_stored, sent))) == []
    assert (
        compare_items(fence_items(plan), tuple(map(as_stored, fence_items(plan))), kind=MissionType.FENCE)
        == []
    )


def test_home_is_the_autopilots_own(plan: Plan) -> None:
    sent = mission_items(plan)
    moved = (dataclasses.replace(sent[0], x=1.0, y=2.0, z=584.0), *sent[1:])
    assert compare_items(sent, moved) == []
    fence = fence_items(plan)
    assert compare_items(fence, (dataclasses.replace(fence[0], x=1.0), *fence[1:]), kind=MissionType.FENCE)


@pytest.mark.parametrize(
    ("field", "value"),
    [("command", 17), ("frame", 0), ("p1", 1.0), ("x", 52.000001), ("y", 4.3), ("z", 60.02), ("z", -60.0)],
)
def test_one_changed_field_is_found_and_named(field: str, value: float) -> None:
    home = MissionItem(Command.WAYPOINT)
    sent = MissionItem(Command.WAYPOINT, x=52.0, y=4.0, z=60.0)
    held = dataclasses.replace(sent, **{field: value})
    found = compare_items((home, sent), (home, held))
    assert [(one.index, one.field) for one in found] == [(1, field)]
    assert f"item 1: {field} sent" in str(found[0])


def test_a_missing_or_additional_item_is_found(plan: Plan) -> None:
    sent = mission_items(plan)
    assert [one.field for one in compare_items(sent, sent[:-1])] == ["count"]
    assert [one.field for one in compare_items(sent, (*sent, sent[-1]))] == ["count"]
    assert compare_items(sent, ())[0].held == 0


def test_the_autopilots_own_choice_may_come_back_as_nothing() -> None:
    home = MissionItem(Command.WAYPOINT)
    sent = MissionItem(Command.WAYPOINT, p4=math.nan)
    assert compare_items((home, sent), (home, dataclasses.replace(sent, p4=0.0))) == []
    assert compare_items((home, sent), (home, dataclasses.replace(sent, p4=90.0)))


def test_two_items_that_changed_places_are_found(plan: Plan) -> None:
    sent = mission_items(plan)
    swapped = (*sent[:5], sent[6], sent[5], *sent[7:])
    assert compare_items(sent, swapped)


def test_the_circle_an_arduplane_lands_from_is_its_own_and_the_landing_place_is_not() -> None:
    home = MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL)
    sent = (home, MissionItem(Command.LAND, x=52.0, y=5.0))
    turned = (home, dataclasses.replace(sent[1], p4=1.0))
    moved = (home, dataclasses.replace(sent[1], x=52.0001))
    assert compare_items(sent, turned) == []
    assert [difference.field for difference in compare_items(sent, moved)] == ["x"]
