"""A plan as an autopilot's lists, and what it holds against what it was sent."""

import dataclasses
import math
import struct

import pytest

from missions.items import Command, Frame, MissionItem, MissionType
from missions.plan import Plan
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
