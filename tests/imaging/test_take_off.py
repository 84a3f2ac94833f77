"""Over a terrain a frame's height counts from the ground at take-off, whatever sea level it was told over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imaging.geolocate import ellipse95
from imaging.thermal.frame import Exposure
from missions.terrain import AnalyticTerrain
from telemetry.pose import Pose
from tests.imaging.marked_frames import BEGIN_S, HOME, LOCAL, east_north_m, frame, searched
from tests.imaging.posed_track import Poses

FLAT = AnalyticTerrain(lambda e, n: 30.0 + 0 * e, HOME)
RISING = AnalyticTerrain(lambda e, n: 30.0 + 0.1 * n, HOME)
OWN = Exposure(
    time_s=BEGIN_S,
    place=HOME,
    height_relative_m=60.0,
    yaw_deg=0.0,
    gimbal_pitch_deg=-45.0,
    gimbal_yaw_deg=0.0,
)
OVER_ELLIPSOID_M = 60.0 + 30.0 + 45.0


@pytest.mark.parametrize(
    "told_amsl_m", [None, OVER_ELLIPSOID_M, 60.0 + 30.0], ids=["none", "ellipsoid", "sea"]
)
def test_a_person_lies_where_the_height_above_take_off_says(told_amsl_m: float | None) -> None:
    found = searched([frame(0, replace(OWN, height_amsl_m=told_amsl_m))], ground=FLAT)
    (find,) = found.finds
    assert east_north_m(find.place) == pytest.approx((0.0, 60.0), abs=0.1)
    assert find.ground_amsl_m == pytest.approx(30.0, abs=0.1)
    assert any("no track tells the take-off" in note for note in found.notes)


def test_uneven_ground_makes_the_place_less_sure() -> None:
    """45 degrees down over ground that rises by a tenth: 60 - d = d / 10."""
    flat, rising = (
        searched([frame(0, replace(OWN, height_amsl_m=OVER_ELLIPSOID_M))], ground=ground).finds[0]
        for ground in (FLAT, RISING)
    )
    assert east_north_m(rising.place) == pytest.approx((0.0, 60.0 / 1.1), abs=0.2)
    # the ground within 300 m lies 17 m off, root mean square
    assert ellipse95(rising.covariance).semi_major_m > 2 * ellipse95(flat.covariance).semi_major_m


def test_a_later_frame_counts_from_where_the_first_was_taken() -> None:
    north = LOCAL.point_from_local(0.0, 100.0)
    frames = [frame(0, OWN), frame(1, replace(OWN, time_s=BEGIN_S + 10, place=north))]
    found = searched(frames, ground=RISING, find_clock=False).finds
    places = sorted(east_north_m(find.place)[1] for find in found)
    assert places == pytest.approx([60.0 / 1.1, 100.0 + 50.0 / 1.1], abs=0.3)


def test_frames_before_the_track_leave_those_on_it_where_they_are() -> None:
    """One frame each before the track begins and on it, which lies 45 m higher by its receiver."""
    south = LOCAL.point_from_local(0.0, -20.0)
    pose = Pose(
        BEGIN_S + 2, HOME, OVER_ELLIPSOID_M, 60.0, 0.0, 0.0, 0.0,
        gimbal_pitch_deg=-45.0, gimbal_yaw_deg=0.0, gimbal_roll_deg=0.0,
    )  # fmt: skip
    begins = replace(pose, time_s=BEGIN_S + 1, height_amsl_m=75.0, height_relative_m=0.0)
    frames = [
        frame(0, replace(OWN, place=south, height_amsl_m=None)),
        frame(1, replace(OWN, time_s=BEGIN_S + 2, height_amsl_m=None)),
    ]
    found = searched(frames, Poses([begins, pose]), ground=FLAT, find_clock=False)
    by_source = {find.clearest.pose_source: east_north_m(find.place) for find in found.finds}
    assert by_source["track"] == pytest.approx((0.0, 60.0), abs=0.1)
    assert by_source["frame"] == pytest.approx((0.0, 40.0), abs=0.1)
    assert not any("no track tells the take-off" in note for note in found.notes)


def test_without_terrain_below_a_frame_is_not_placed_and_says_so() -> None:
    nowhere = AnalyticTerrain(lambda e, n: float("nan") + 0 * e, HOME)
    found = searched([frame(0, OWN)], ground=nowhere)
    assert found.finds == ()
    assert found.frames[0].not_placed == "the terrain has no height below the frame"


def test_a_track_that_begins_in_the_air_is_noted() -> None:
    pose = Pose(BEGIN_S, HOME, 90.0, 60.0, 0.0, 0.0, 0.0, gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0)
    found = searched([frame(0, Exposure(time_s=BEGIN_S))], Poses([pose]), ground=FLAT)
    assert any("the track begins in the air" in note for note in found.notes)


def test_a_height_over_the_ground_in_view_is_not_taken_for_one_over_the_take_off() -> None:
    """As ST 0601 has it: 100 m over the sea, over ground of 30 m, and 100 m on of 40 m."""
    north = LOCAL.point_from_local(0.0, 100.0)
    over_ground = replace(OWN, above_ground=True, height_amsl_m=100.0, gimbal_pitch_deg=-90.0)
    frames = [
        frame(0, replace(over_ground, height_relative_m=70.0)),
        frame(1, replace(over_ground, height_relative_m=60.0, place=north, time_s=BEGIN_S + 10)),
    ]
    finds = searched(frames, ground=RISING, find_clock=False).finds
    sizes = sorted(find.size_m[0] for find in finds)
    assert sizes[0] / sizes[1] == pytest.approx(60 / 70, rel=0.01)
    (alone,) = searched([frame(0, replace(over_ground, height_amsl_m=None))], ground=RISING).finds
    assert alone.ground_amsl_m == pytest.approx(30.0, abs=0.1)
    assert alone.clearest.point.distance_m == pytest.approx(60.0, abs=0.1)
