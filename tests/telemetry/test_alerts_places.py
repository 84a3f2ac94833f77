"""Fence, volumes, height and route: where an aircraft is, against where it should be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely

from missions.errors import InputError
from missions.items import Command, MissionItem
from missions.plan import Fence
from missions.volumes import Reference, Volume
from telemetry.alerts.memory import Memory, Progress
from telemetry.alerts.prepared import Prepared, course_of
from telemetry.alerts.region import Region
from telemetry.alerts.specs import SPECS
from tests.telemetry.test_alerts_conditions import (
    FRAME,
    QUIET,
    RULES,
    SQUARE,
    airs,
    at,
    course,
    fenced,
    margin_of,
    part,
    still,
    volume,
    with_state,
)

# Fence and volumes


def test_a_fence_is_measured_to_its_nearest_edge_from_both_sides() -> None:
    prepared = fenced(SQUARE, shapely.box(200, 0, 300, 100), out=(shapely.box(40, 40, 60, 60),))
    room = prepared.fence.room_m if prepared.fence else None
    assert room is not None
    for place, expected in [
        ((10, 50), 10),
        ((-10, 50), -10),
        ((150, 50), -50),
        ((250, 50), 50),
        ((30, 50), 10),
        ((45, 50), -5),
        ((-30, -40), -50),
    ]:
        assert room(place) == pytest.approx(expected, abs=1e-3), place


def test_a_fence_of_exclusions_alone_allows_all_else() -> None:
    fence = fenced(out=(shapely.box(0, 0, 10, 10),)).fence
    assert fence is not None
    assert fence.room_m((-500, 5)) == pytest.approx(500, abs=1e-3)
    assert fence.room_m((5, 5)) == pytest.approx(-5, abs=1e-3)
    assert Region.of_fence(Fence(), FRAME) is None


def test_a_random_fence_says_inside_just_where_a_polygon_does() -> None:
    random = np.random.default_rng(4)
    shape = shapely.Point(0, 0).buffer(200, quad_segs=3).difference(shapely.box(0, -20, 300, 20))
    fence = fenced(shape).fence
    assert fence is not None
    for east, north in random.uniform(-250, 250, (400, 2)):
        inside = shape.covers(shapely.Point(east, north))
        room_m = fence.room_m((float(east), float(north)))
        assert abs(room_m) == pytest.approx(shape.boundary.distance(shapely.Point(east, north)), abs=0.01)
        assert (room_m >= 0) == inside or abs(room_m) < 0.01


def test_whoever_flies_towards_the_fence_is_warned_before() -> None:
    sight = replace(QUIET, prepared=fenced(SQUARE), motion=(12.0, 0.0, 0.0))
    rule = RULES["fence_near"]
    assert rule["ahead_s"] == 3.0
    assert margin_of("fence_near", at(sight, 100 - 36 - 5.001, 50)) > 0
    assert margin_of("fence_near", at(sight, 100 - 36 - 4.999, 50)) < 0
    away = replace(sight, motion=(-12.0, 0.0, 0.0))
    assert margin_of("fence_near", at(away, 94.999, 50)) > 0
    assert margin_of("fence_near", at(away, 95.001, 50)) < 0
    assert margin_of("fence_breach", at(sight, 99.0, 50)) > 0
    north = replace(sight, motion=(0.0, 12.0, 0.0))
    assert margin_of("fence_near", at(north, 50, 100 - 36 - 5.001)) > 0
    assert margin_of("fence_near", at(north, 50, 100 - 36 - 4.999)) < 0
    text = (SPECS["fence_near"].condition(at(north, 50, 80), rule) or ())[0].text
    assert text == "16 m outside the fence in 3 s if it goes on so"


@pytest.mark.parametrize(
    ("height_m", "room_m"), [(10.0, 0.0), (9.0, -1.0), (12.0, 2.0), (80.0, 0.0), (80.5, -0.5), (79.0, 1.0)]
)
def test_a_volume_has_a_floor_and_a_ceiling(height_m: float, room_m: float) -> None:
    sight = with_state(airs(contingency=volume()), height_relative_m=height_m)
    assert margin_of("contingency_volume", sight) == pytest.approx(room_m)
    amsl = with_state(airs(contingency=volume(Reference.AMSL)), height_amsl_m=height_m)
    assert margin_of("contingency_volume", amsl) == pytest.approx(room_m)


def test_outside_a_volume_the_worst_counts() -> None:
    air = volume()
    assert air is not None
    assert air.room_m((150.0, 50.0), 90.0) == pytest.approx(-50, abs=1e-3)
    assert air.room_m((105.0, 50.0), 90.0) == pytest.approx(-10, abs=1e-3)


@pytest.mark.parametrize(("floor_m", "ceiling_m"), [(10.0, 10.0), (11.0, 10.0), (math.nan, 10.0)])
def test_a_volume_without_air_is_refused(floor_m: float, ceiling_m: float) -> None:
    with pytest.raises(InputError, match="hold no air"):
        Volume("heath", (part(SQUARE),), floor_m, ceiling_m)
    with pytest.raises(InputError, match="no polygon"):
        Volume("heath", (), 0.0, 10.0)


# Height


def test_height_counts_from_the_ground_below_where_that_is_known() -> None:
    sight = with_state(height_relative_m=130.0)
    assert margin_of("height_above_ground", sight) == pytest.approx(-10)
    assert margin_of("height_above_ground", replace(sight, ground_m=20.0)) == pytest.approx(10)
    assert margin_of("height_above_ground", replace(sight, ground_m=-20.0)) == pytest.approx(-30)
    assert margin_of("clearance_low", replace(sight, ground_m=116.0)) == pytest.approx(-1)


def test_the_text_says_what_height_counts_from() -> None:
    readings = SPECS["height_above_ground"].condition(QUIET, RULES["height_above_ground"]) or ()
    assert readings[0].text == "50 m above take-off; the ground below is not known"
    known = replace(QUIET, ground_m=20.0)
    readings = SPECS["height_above_ground"].condition(known, RULES["height_above_ground"]) or ()
    assert readings[0].text == "30 m above the ground"


@pytest.mark.parametrize("mode", ["LAND", "RTL", "STABILIZE", "LOITER", "AUTO.RTL"])
def test_whoever_lands_comes_home_or_is_flown_by_hand_may_be_low(mode: str) -> None:
    assert margin_of("clearance_low", with_state(height_relative_m=5.0)) < 0
    assert margin_of("clearance_low", with_state(height_relative_m=5.0, mode=mode)) == math.inf
    assert margin_of("clearance_low", with_state(height_relative_m=5.0, mode="GUIDED")) < 0
    low = with_state(height_relative_m=5.0, landed="takeoff")
    assert margin_of("clearance_low", low) == math.inf


def test_near_home_an_aircraft_may_be_low() -> None:
    low, home_m = with_state(height_relative_m=5.0), RULES["clearance_low"]["home_m"]
    assert margin_of("clearance_low", replace(low, home_m=home_m - 0.001)) == math.inf
    assert margin_of("clearance_low", replace(low, home_m=home_m)) < 0


# Route


def test_the_route_is_kept_to_leg_by_leg() -> None:
    sight = replace(QUIET, prepared=course(), place=(800.0, 1_000.0))
    assert margin_of("off_route", with_state(sight, mission_current=3, mission_count=4)) > 0
    assert margin_of("off_route", with_state(sight, mission_current=1, mission_count=4)) < -700
    assert margin_of("off_route", with_state(sight, mission_current=1, mission_count=9)) > 0
    assert margin_of("off_route", with_state(sight, mission_current=None)) > 0


def test_whoever_flies_by_hand_has_left_no_route_and_makes_progress() -> None:
    for mode in ("LOITER", "GUIDED", "RTL"):
        far = with_state(at(replace(QUIET, prepared=course()), -500.0, 500.0), mode=mode)
        assert margin_of("off_route", far) == math.inf
        assert margin_of("no_progress", with_state(still(10_000.0), mode=mode)) == math.inf
    assert margin_of("off_route", with_state(far, mode="AUTO.MISSION")) < 0


def test_circles_and_waits_are_part_of_the_course() -> None:
    (lon, lat), *_ = FRAME.geo_from_local([[0, 500]])
    home, *_ = FRAME.geo_from_local([[0, 0]])
    items = (
        MissionItem(Command.WAYPOINT, x=float(home[1]), y=float(home[0])),
        MissionItem(Command.LOITER_TURNS, p1=3.0, p3=-80.0, x=float(lat), y=float(lon)),
        MissionItem(Command.WAYPOINT, p1=45.0, x=float(home[1]), y=float(home[0])),
        MissionItem(Command.LOITER_UNLIMITED, x=float(lat), y=float(lon)),
        MissionItem(Command.RETURN_TO_LAUNCH),
    )
    made = course_of(items, FRAME, 10.0)
    assert made is not None
    assert made.targets[4] == pytest.approx((0, 0), abs=1e-3)
    assert made.ways(1, 5).distance(shapely.Point(79, 500)) == 0
    assert made.waits_s == {
        0: 0,
        1: pytest.approx(2 * 3 * 2 * math.pi * 80 / 10),
        2: 45,
        3: math.inf,
        4: 0,
    }
    waiting = replace(still(100.0), prepared=Prepared(course=made))
    assert margin_of("no_progress", waiting) == pytest.approx(60 - (100 - 45))
    told = replace(waiting, memory=Memory(progress=Progress("AUTO", 3, 1.0, 0.0)))
    assert margin_of("no_progress", told) == math.inf
    assert course_of(items[:1], FRAME, 10.0) is None
