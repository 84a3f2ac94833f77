"""A photo grid sees all its ground from enough pictures, sharply, and flies over nothing it should not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box
from shapely.affinity import rotate, translate

from missions.catalogue import aircraft, camera
from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import MissionType
from missions.patterns.exposures import exposures_of, ground_samples, seen_counts
from missions.patterns.path import path_of
from missions.patterns.pattern import Pattern
from missions.patterns.photo_grid import Shooting, led_out, photo_grid, recording_speed_m_s
from missions.plan_items import fence_items, mission_items
from missions.planner import Setup, plan_pattern
from missions.view import View, height_for_gsd_m
from sitl.autopilot import SmallVehicle
from sitl.home import Home
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.transfer import upload_and_verify

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
COPTER, PLANE = aircraft("ardupilot-copter"), aircraft("ardupilot-plane")
WIDE = camera("demo-wide")
VIEW = View(WIDE, 40.0, 70.0, 80.0)
CORNER = Polygon([(0, 0), (150, 0), (150, 60), (70, 60), (70, 130), (0, 130)])
HOLED = box(0, 0, 160, 120).difference(box(60, 40, 100, 80))
CREATED = "2026-03-01T10:00:00Z"


def grid(shape: Polygon = CORNER, view: View = VIEW, **options: Any) -> Pattern:
    return photo_grid(shape, FRAME, options.pop("aircraft", COPTER), view, **options)


def legs(pattern: Pattern) -> list[LineString]:
    path = pattern.path
    return [LineString(path.points[row : row + 2]) for row in np.flatnonzero(path.recording)]


def ragged(seed: int) -> Polygon:
    chance = np.random.default_rng(seed)
    turn = np.sort(chance.uniform(0, 2 * np.pi, 9))
    far = chance.uniform(50, 140, 9)
    return Polygon(np.column_stack([far * np.cos(turn), far * np.sin(turn)])).buffer(0)


@pytest.mark.parametrize("seed", range(6))
def test_all_ground_is_seen_and_no_way_leaves_the_area(seed: int) -> None:
    shape = ragged(seed)
    pattern = grid(shape)
    assert pattern.covered_pct == 100
    assert pattern.figures["pictures_on_ground_min"] >= 1
    assert shape.buffer(0.01).covers(LineString(pattern.path.points))


def test_counting_agrees_with_footprints_drawn_as_rectangles() -> None:
    pattern = grid()
    shots = exposures_of(pattern.path, VIEW.trigger_m)
    across_m, along_m = VIEW.footprint_m
    prints = []
    for place, right in zip(shots.places, shots.right, strict=True):
        heading = np.degrees(np.arctan2(-right[1], right[0]))
        flat = box(-across_m / 2, -along_m / 2, across_m / 2, along_m / 2)
        prints.append(translate(rotate(flat, -heading, origin=(0, 0)), *place[:2]))
    ground = ground_samples(CORNER, 200)
    expected = [sum(one.buffer(1e-6).intersects(Point(place)) for one in prints) for place in ground]
    assert np.abs(seen_counts(shots, WIDE, ground) - expected).max() <= 1
    assert np.mean(seen_counts(shots, WIDE, ground) == expected) > 0.98


def test_a_picture_that_slants_sees_the_ground_ahead() -> None:
    path = path_of([[0, 0], [0, 10]], 30.0, picture=[True, False], gimbal_pitch_deg=-45.0)
    ground = np.array([[0, 30.0], [0, -5.0], [0, 1e4]])
    assert seen_counts(exposures_of(path, 5.0), WIDE, ground).tolist() == [1, 0, 0]
    looked = path_of([[0, 0], [0, 10]], 30.0, picture=[True, False], look_at=[30.0, 0.0, 0.0])
    assert seen_counts(exposures_of(looked, 5.0), WIDE, np.array([[30.0, 0], [-30.0, 0]])).tolist() == [1, 0]


def test_overlap_in_the_middle_is_what_was_asked() -> None:
    # 80 % along and 70 % across show each place in 5 and in 3 or 4 pictures.
    assert 15 <= grid(box(0, 0, 300, 300)).figures["pictures_on_ground_median"] <= 20


def test_every_lane_takes_a_picture_at_both_its_ends() -> None:
    pattern = grid()
    for row in np.flatnonzero(pattern.path.recording):
        length_m = float(np.hypot(*(pattern.path.points[row + 1] - pattern.path.points[row])))
        apart_m = float(pattern.path.trigger_m[row])
        assert apart_m <= VIEW.trigger_m + 1e-9
        assert length_m - np.floor(length_m / apart_m) * apart_m <= 0.51


def test_the_border_is_seen_as_often_as_asked() -> None:
    bare, bordered = grid(), grid(border_pictures=9)
    assert bare.figures["pictures_on_ground_min"] < 9 <= bordered.figures["pictures_on_ground_min"]
    assert bare.figures["lead_m"] == 0 < bordered.figures["lead_m"]
    beyond_m = max(Point(place).distance(CORNER) for place in bordered.path.points)
    assert 0 < beyond_m <= bordered.figures["lead_m"] * 2 + 0.1


def test_a_hole_is_never_flown_over_whatever_the_lead() -> None:
    pattern = grid(HOLED, lead_m=25.0, crosshatch=True)
    assert LineString(pattern.path.points).intersection(box(60, 40, 100, 80)).length < 0.01
    assert led_out(HOLED, 25.0).intersection(box(60, 40, 100, 80)).area < 1e-6


def test_what_is_kept_out_is_not_flown_over() -> None:
    zone = box(140, -20, 200, 80)
    pattern = grid(lead_m=20.0, keep_out=zone)
    assert LineString(pattern.path.points).intersection(zone).length < 0.01
    with pytest.raises(AreaError, match="leaves nothing"):
        grid(keep_out=CORNER.buffer(5))


def test_crosshatched_lanes_stand_at_right_angles_and_come_home_once() -> None:
    start = np.array([-20.0, -20.0])
    pattern = grid(crosshatch=True, start_m=start, shooting=Shooting(cross_pitch_deg=-60))
    bearings = [np.degrees(np.arctan2(*np.diff(leg.coords, axis=0)[0])) % 180 for leg in legs(pattern)]
    turned = [(bearing - pattern.angle_deg + 45) % 180 < 90 for bearing in bearings]
    assert 4 <= sum(turned) <= len(turned) - 4
    assert np.hypot(*(pattern.path.points - start).T).argsort()[:2].tolist() in (
        [0, len(pattern.path) - 1],
        [len(pattern.path) - 1, 0],
    )
    pitches = pattern.path.gimbal_pitch_deg[pattern.path.recording]
    assert set(pitches) == {-90.0, -60.0}
    # One change of the gimbal in the air: the sets are flown one after the other.
    assert int(np.sum(np.diff(pitches) != 0)) == 1
    one, two = grid(start_m=start), pattern
    assert two.figures["pictures_on_ground_median"] > 1.6 * one.figures["pictures_on_ground_median"]


@pytest.mark.parametrize("interval_s", [0.5, 1.0, 2.0, 4.0])
def test_the_camera_keeps_its_interval_and_the_ground_stays_sharp(interval_s: float) -> None:
    view = dataclasses.replace(VIEW, camera=dataclasses.replace(WIDE, min_interval_s=interval_s))
    pattern = grid(view=view, shooting=Shooting(max_blur_px=0.5))
    speed = pattern.path.speed_m_s[pattern.path.recording]
    assert np.all(pattern.path.trigger_m[pattern.path.recording] / speed >= interval_s - 1e-9)
    assert pattern.figures["blur_px"] <= 0.5
    assert pattern.figures["interval_s"] >= interval_s
    plan = plan_pattern(pattern, view, Setup(COPTER, CREATED))
    assert "photo interval" not in {finding.check for finding in plan.findings}


def test_a_plane_keeps_its_speed_and_is_warned() -> None:
    view = dataclasses.replace(VIEW, camera=dataclasses.replace(WIDE, min_interval_s=2.0))
    assert recording_speed_m_s(PLANE, view, 5.0, Shooting()) == PLANE.cruise_speed_m_s
    pattern = grid(box(0, 0, 600, 400), view, aircraft=PLANE)
    assert np.isnan(pattern.path.speed_m_s).all()
    plan = plan_pattern(pattern, view, Setup(PLANE, CREATED))
    assert "photo interval" in {finding.check for finding in plan.findings}


def test_figures_tell_what_the_plan_does() -> None:
    view = View(WIDE, height_for_gsd_m(WIDE, 0.015), 70, 80)
    pattern = grid(view=view)
    plan = plan_pattern(pattern, view, Setup(COPTER, CREATED))
    assert pattern.figures["gsd_m"] == pytest.approx(0.015)
    assert pattern.figures["pictures"] == plan.totals.photos
    assert pattern.figures["overlap_front_flown_pct"] >= 80
    assert pattern.figures["overlap_side_flown_pct"] >= 70
    assert plan.request.figures == pattern.figures


def test_the_same_request_gives_the_same_grid() -> None:
    first, second = grid(crosshatch=True), grid(crosshatch=True)
    assert np.array_equal(first.path.points, second.path.points)
    assert first.figures == second.figures


@pytest.mark.parametrize(
    "options",
    [
        {"angle_deg": float("nan")},
        {"lead_m": -1.0},
        {"lead_m": 1e6},
        {"border_pictures": 99},
    ],
)
def test_what_makes_no_grid_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        grid(**options)


@pytest.mark.parametrize("options", [{"gimbal_pitch_deg": -10}, {"shutter_s": 0}, {"max_blur_px": -1}])
def test_what_takes_no_picture_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Shooting(**options)


def test_an_autopilot_holds_the_grid_as_it_was_sent() -> None:
    home = FRAME.point_from_local(-10, -10)
    pattern = grid(crosshatch=True, start_m=np.array([-10.0, -10.0]), shooting=Shooting(cross_pitch_deg=-60))
    plan = plan_pattern(pattern, VIEW, Setup(COPTER, CREATED, take_off=home))
    clock = SystemClock()
    with (
        SmallVehicle("copter", home=Home(52.0, 4.35, 0.0, 0.0), speedup=30) as vehicle,
        VehicleClient(open_link(vehicle.address, clock), clock) as client,
    ):
        client.connect()
        assert upload_and_verify(client, MissionType.MISSION, mission_items(plan)) == []
        assert upload_and_verify(client, MissionType.FENCE, fence_items(plan)) == []


def test_samples_lie_on_the_ground_and_along_its_border() -> None:
    samples = shapely.points(ground_samples(HOLED, 400))
    assert all(HOLED.buffer(1e-6).covers(samples))
    assert np.sum(shapely.distance(HOLED.boundary, samples) < 1e-6) >= 100
