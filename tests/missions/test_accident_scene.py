"""An accident scene is seen from above and from all sides, by a copter that stops for its pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from shapely import LineString, Point, box
from shapely.affinity import rotate

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import MissionType
from missions.local import area_from_local
from missions.no_fly import zones_in
from missions.patterns.accident_scene import Rings, accident_scene, slant_gsd_m, spine_of
from missions.patterns.pattern import Pattern
from missions.plan import Plan
from missions.plan_items import mission_items
from missions.planner import Setup, plan_pattern
from missions.view import View
from sitl.autopilot import SmallVehicle
from sitl.home import Home
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.transfer import upload_and_verify

PLACE = GeoPoint(52.0, 4.35)
FRAME = LocalFrame(PLACE)
COPTER = aircraft("ardupilot-copter")
WIDE = camera("demo-wide")
VIEW = View(WIDE, 25.0, 70.0, 80.0)
HOME = FRAME.point_from_local(-50.0, -10.0)
SKID = area_from_local(rotate(box(-60, -5, 60, 5), 30), FRAME, "Skid marks")
HOUSE = area_from_local(box(5, 25, 30, 60), FRAME, "House").parts


def scene(of: GeoPoint | Area = PLACE, **options: Any) -> Pattern:
    if isinstance(of, GeoPoint):
        options = {"radius_m": 20.0, **options}
    return accident_scene(of, options.pop("aircraft", COPTER), VIEW, **options)


def planned(pattern: Pattern, **options: Any) -> Plan:
    return plan_pattern(pattern, VIEW, Setup(COPTER, "2026-03-01T10:00:00Z", take_off=HOME, **options))


def ring_rows(pattern: Pattern) -> np.ndarray[Any, Any]:
    return np.flatnonzero(pattern.path.picture)


def test_a_place_gets_circles_of_pictures_that_look_at_it() -> None:
    path = scene().path
    rows = ring_rows(scene())
    away_m = np.hypot(*path.points[rows].T)
    assert np.ptp(away_m) < 1e-6
    assert away_m[0] > 20 + 5
    np.testing.assert_allclose(path.look_at[rows, :2], 0, atol=1e-6)
    bearings = np.sort(np.degrees(np.arctan2(*path.points[rows[:36]].T)) % 360)
    np.testing.assert_allclose(np.diff(bearings), 10.0, atol=1e-6)
    assert len(rows) == 2 * 36


@pytest.mark.parametrize(("height_m", "offset_m"), [(20.0, 30.0), (35.0, 30.0), (60.0, 40.0)])
def test_the_gimbal_points_at_the_middle(height_m: float, offset_m: float) -> None:
    pattern = scene(rings=Rings(heights_m=(height_m,), offset_m=offset_m))
    rows = ring_rows(pattern)
    expected = -math.degrees(math.atan((height_m - 1.0) / offset_m))
    np.testing.assert_allclose(pattern.path.gimbal_pitch_deg[rows], expected, atol=1e-6)
    assert set(pattern.path.height_agl_m[rows]) == {height_m}


def test_the_rings_bridge_the_angle_from_above_to_aside() -> None:
    figures = scene().figures
    assert -46 <= figures["ring_1_pitch_deg"] <= -44
    assert -60 <= figures["ring_2_pitch_deg"] <= -50
    assert figures["seen_from_above_and_aside_pct"] == 100
    assert figures["pictures_aside_min"] >= 36


def test_long_skid_marks_get_a_ring_round_their_middle_line() -> None:
    pattern = scene(SKID)
    rows = ring_rows(pattern)
    path = pattern.path
    spine = spine_of(pattern.shape)
    assert isinstance(spine, LineString)
    assert 100 <= spine.length <= 120
    away_m = [Point(place).distance(spine) for place in path.points[rows]]
    assert max(away_m) - min(away_m) < 0.02
    # A circle round 120 m would see its middle from 70 m; here each picture is taken from near by.
    sight_m = np.hypot(*(path.look_at[rows, :2] - path.points[rows]).T)
    assert sight_m.max() < 30
    # Neighbours on the straight sides overlap by 80 % where they look.
    assert pattern.figures["ring_gap_m"] <= 0.2 * WIDE.footprint_m(sight_m.min() * math.sqrt(2))[0] + 0.1
    assert pattern.figures["pictures_aside_min"] >= 20
    assert pattern.figures["pictures_on_ground_min"] >= 5


def test_a_house_beside_the_scene_costs_pictures_and_the_figures_say_so() -> None:
    free, beside = scene(SKID), scene(SKID, no_fly=HOUSE)
    dropped = beside.figures["ring_pictures_dropped"]
    assert free.figures["ring_pictures_dropped"] == 0 < dropped
    assert len(ring_rows(beside)) == len(ring_rows(free)) - dropped
    assert beside.figures["ring_gap_m"] > free.figures["ring_gap_m"]
    zones = zones_in(beside.frame, HOUSE)
    assert min(Point(place).distance(zones) for place in beside.path.points) >= 9.9
    plan = planned(beside, no_fly=HOUSE)
    assert not plan.blocking


def test_every_picture_of_a_ring_is_taken_standing_and_turned() -> None:
    pattern = scene()
    path, rows = pattern.path, ring_rows(pattern)
    assert (path.hold_s[rows] == 1.0).all()
    entering = [row - 1 for row in rows if not path.picture[row - 1]]
    assert len(entering) == 2
    for row in entering:
        np.testing.assert_allclose(path.points[row], path.points[row + 1])
        np.testing.assert_allclose(path.look_at[row], path.look_at[row + 1])
        assert path.hold_s[row] >= 2


def test_a_scene_is_flown_within_minutes_on_one_battery() -> None:
    plan = planned(scene(take_off=HOME))
    assert not plan.blocking
    assert plan.totals.duration_s < 15 * 60
    assert plan.totals.photos == plan.request.figures["pictures"]
    assert plan.request.figures["nadir_pictures"] + 72 == plan.totals.photos


def test_the_scale_of_a_slanting_picture_agrees_with_rays_through_its_pixels() -> None:
    height_m, level_m = 30.0, 30.0
    pixel_m = WIDE.sensor_height_mm / WIDE.image_height_px
    axis = math.atan2(level_m, height_m)
    for ground_m in (5.0, 20.0, 30.0, 55.0):
        on_sensor = WIDE.focal_length_mm * math.tan(math.atan2(ground_m, height_m) - axis)
        ray = axis + math.atan((on_sensor + pixel_m) / WIDE.focal_length_mm)
        along_m = height_m * math.tan(ray) - ground_m
        depth_m = math.hypot(height_m, ground_m) * math.cos(math.atan2(ground_m, height_m) - axis)
        expected = max(along_m, WIDE.gsd_m(depth_m))
        assert slant_gsd_m(VIEW, height_m, level_m, ground_m) == pytest.approx(expected, rel=2e-3)
    assert slant_gsd_m(VIEW, height_m, 0.0, 0.0) == pytest.approx(WIDE.gsd_m(height_m))


@pytest.mark.parametrize("rings", [Rings(heights_m=()), Rings(heights_m=(30.0,), pictures=24)])
def test_rings_are_as_many_as_asked(rings: Rings) -> None:
    pattern = scene(rings=rings)
    assert len(ring_rows(pattern)) == len(rings.heights_m or ()) * (rings.pictures or 0)
    assert pattern.covered_pct == 100


def test_what_makes_no_scene_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot stop"):
        scene(aircraft=aircraft("ardupilot-plane"))
    with pytest.raises(SettingsError, match="no size"):
        accident_scene(PLACE, COPTER, VIEW)
    with pytest.raises(SettingsError, match="its own size"):
        scene(SKID, radius_m=20.0)
    with pytest.raises(SettingsError):
        scene(radius_m=float("inf"))
    with pytest.raises(SettingsError):
        Rings(heights_m=(2.0,))
    with pytest.raises(AreaError):
        scene(area_from_local(box(-3000, -5, 3000, 5), FRAME, "Motorway"))
    with pytest.raises(AreaError):
        scene(no_fly=area_from_local(box(-500, -500, 500, 500), FRAME, "All").parts)


def test_an_autopilot_holds_the_scene_as_it_was_sent() -> None:
    plan = planned(scene(SKID, take_off=HOME))
    clock = SystemClock()
    with (
        SmallVehicle("copter", home=Home(52.0, 4.35, 0.0, 0.0), speedup=30) as vehicle,
        VehicleClient(open_link(vehicle.address, clock), clock) as client,
    ):
        client.connect()
        assert upload_and_verify(client, MissionType.MISSION, mission_items(plan)) == []
