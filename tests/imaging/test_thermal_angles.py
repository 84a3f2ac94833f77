"""Angles of each maker, by where the camera's axes end up: forward, right and up in north, east, down."""

import math

import numpy as np
import pytest

from imaging.geolocate import rotation_ned_from_camera
from imaging.thermal.angles import Angles, between, earth_from_platform
from imaging.thermal.klv import SetReader
from imaging.thermal.misb import row_of
from imaging.thermal.posing import own_pose
from imaging.thermal.sidetrack import SideTrack
from imaging.thermal.srt import told
from imaging.thermal.subtitles import rows_of
from missions.geodesy import GeoPoint
from telemetry.pose import Pose
from tests.imaging.clips import local_set

NORTH, EAST, DOWN = np.eye(3)
ABOUT = {13: 52.0, 14: 4.0, 15: 100.0, 25: 40.0}


def axes(angles: Angles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the camera looks, what lies right in its picture and what lies up in it."""
    pose = Pose(
        0.0, GeoPoint(52.0, 4.0), 100.0, 60.0, 0.0, 0.0, 0.0,
        gimbal_pitch_deg=angles.pitch_deg, gimbal_yaw_deg=angles.yaw_deg, gimbal_roll_deg=angles.roll_deg,
    )  # fmt: skip
    turn = rotation_ned_from_camera(pose)
    return turn[:, 2], turn[:, 0], -turn[:, 1]


def misb(**tags: float) -> Angles:
    """What a set with these angles becomes."""
    named = {"heading": 5, "pitch": 6, "roll": 7, "azimuth": 18, "elevation": 19, "sensor_roll": 20}
    whole = ABOUT | {named[name]: value for name, value in tags.items()}
    (found,) = SetReader().read(local_set(1.7e9, whole))
    row = row_of(found, 0.0)
    assert row.gimbal is not None, row.unposed
    return row.gimbal


LEVEL = {"heading": 90.0, "pitch": 0.0, "roll": 0.0, "azimuth": 0.0, "elevation": 0.0}


@pytest.mark.parametrize(
    ("changed", "forward", "right"),
    [
        ({}, EAST, -NORTH),
        ({"azimuth": 90.0}, -NORTH, -EAST),
        ({"elevation": -90.0}, DOWN, -NORTH),
        ({"azimuth": 90.0, "elevation": -90.0}, DOWN, -EAST),
        ({"heading": 0.0, "azimuth": 270.0}, -EAST, NORTH),
    ],
    ids=["ahead", "to the right", "straight down", "down, turned right", "to the left"],
)
def test_misb_azimuth_turns_right_and_elevation_up(
    changed: dict, forward: np.ndarray, right: np.ndarray
) -> None:
    seen = axes(misb(**(LEVEL | changed)))
    # a heading's step is 0.0055 degrees
    assert np.allclose(seen[0], forward, atol=1e-4)
    assert np.allclose(seen[1], right, atol=1e-4)


def test_misb_roll_is_clockwise_from_behind_and_the_platforms_lowers_the_right_wing() -> None:
    ahead = LEVEL | {"heading": 0.0}
    # clockwise as seen from behind: what was right comes down
    assert axes(misb(**(ahead | {"sensor_roll": 90.0})))[1] == pytest.approx(DOWN, abs=1e-6)
    rolled = axes(misb(**(ahead | {"roll": 30.0})))[1]
    assert rolled[2] == pytest.approx(math.sin(math.radians(30)), abs=1e-4)


def test_misb_a_platform_that_pitches_up_lifts_a_camera_that_looks_ahead_and_tips_one_that_looks_down() -> (
    None
):
    ahead = LEVEL | {"heading": 0.0, "pitch": 10.0}
    assert misb(**ahead).pitch_deg == pytest.approx(10, abs=1e-3)
    forward = axes(misb(**(ahead | {"elevation": -90.0})))[0]
    assert forward == pytest.approx([math.sin(math.radians(10)), 0, math.cos(math.radians(10))], abs=1e-4)


def test_misb_angles_beyond_the_narrow_tags_come_from_the_full_ones() -> None:
    (found,) = SetReader().read(
        local_set(
            1.7e9, ABOUT | {5: 0.0, 18: 0.0, 19: 0.0, 90: 35.0, 91: 0.0}, raw={6: b"\x80\x00", 7: b"\x80\x00"}
        )
    )
    row = row_of(found, 0.0)
    assert row.gimbal is not None
    assert row.gimbal.pitch_deg == pytest.approx(35, abs=1e-6)


def test_misb_an_attitude_that_is_out_of_range_places_nothing_and_says_so() -> None:
    (found,) = SetReader().read(
        local_set(1.7e9, ABOUT | {5: 0.0, 7: 0.0, 18: 0.0, 19: -90.0}, raw={6: b"\x80\x00"})
    )
    track = SideTrack("the data stream", [row_of(found, 0.0)])
    assert own_pose(track.exposure_at(0.0, (640, 512))) == "the data stream tells platform pitch out of range"


def test_misb_a_stream_without_the_sensors_angles_places_nothing_and_says_so() -> None:
    (found,) = SetReader().read(local_set(1.7e9, ABOUT | {5: 0.0, 6: 0.0, 7: 0.0}))
    track = SideTrack("the data stream", [row_of(found, 0.0)])
    assert "no sensor relative azimuth" in str(own_pose(track.exposure_at(0.0, (640, 512))))


@pytest.mark.parametrize(
    ("cue", "forward", "up"),
    [
        ("[gb_yaw: 90.0 gb_pitch: -90.0 gb_roll: 0.0]", DOWN, EAST),
        ("[gb_yaw: -90.0 gb_pitch: 0.0 gb_roll: 0.0]", -EAST, -DOWN),
        ("F.PRY (1.0°, 2.0°, 10.0°), G.PRY (-90.0°, 0.0°, 90.0°)", DOWN, EAST),
        ("[gb_yaw: -90.0 gb_pitch: -90.0 gb_roll: 180.0]", DOWN, EAST),
    ],
    ids=[
        "M3T down",
        "M3T to the west",
        "Phantom 4 RTK: pitch, roll, yaw",
        "upside down is the other way round",
    ],
)
def test_dji_angles_are_those_of_the_earth(cue: str, forward: np.ndarray, up: np.ndarray) -> None:
    said = told(cue)
    assert said.gimbal_yaw_deg is not None
    assert said.gimbal_pitch_deg is not None
    seen = axes(Angles(said.gimbal_yaw_deg, said.gimbal_pitch_deg, said.gimbal_roll_deg or 0.0))
    assert np.allclose(seen[0], forward, atol=1e-6)
    assert np.allclose(seen[2], up, atol=1e-6)


def test_dji_the_aircrafts_own_angles_are_never_taken_for_the_cameras() -> None:
    for cue in (
        "[latitude: 52.1] [longtitude: 4.3] [Drone: Yaw:-146.0, Pitch:-0.6, Roll:1.3]",
        "[latitude: 52.1] [longitude: 4.3] [drone_yaw: -146.0 drone_pitch: 2.4 drone_roll: -2.1]",
    ):
        said = told(cue)
        assert said.yaw_deg == -146.0
        assert said.gimbal_pitch_deg is None
    row = rows_of([(0.0, cue)], "the subtitles").rows[0]
    assert row.gimbal is None


def test_platform_and_sensor_turns_are_one_after_the_other() -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        platform = Angles(rng.uniform(0, 360), rng.uniform(-20, 20), rng.uniform(-50, 50))
        sensor = Angles(rng.uniform(0, 360), rng.uniform(-89, 30), rng.uniform(-180, 180))
        whole = axes(earth_from_platform(platform, sensor))
        by_hand = np.column_stack(axes_body(platform)) @ np.column_stack(axes_body(sensor))
        assert np.allclose(np.column_stack([whole[0], whole[1], -whole[2]]), by_hand, atol=1e-9)


def axes_body(angles: Angles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward, right, down of a body turned so: axes by hand, no matrix library."""
    yaw, pitch, roll = (math.radians(a) for a in (angles.yaw_deg, angles.pitch_deg, angles.roll_deg))
    forward = np.array([math.cos(pitch) * math.cos(yaw), math.cos(pitch) * math.sin(yaw), -math.sin(pitch)])
    level_right = np.array([-math.sin(yaw), math.cos(yaw), 0.0])
    level_down = np.cross(forward, level_right)
    right = math.cos(roll) * level_right + math.sin(roll) * level_down
    return forward, right, np.cross(forward, right)


def test_between_two_angles_the_camera_goes_the_short_way_also_straight_down() -> None:
    half = between(Angles(350, -30), Angles(10, -30), 0.5)
    assert axes(half)[0] == pytest.approx(axes(Angles(0, half.pitch_deg))[0], abs=1e-9)
    # yaw 10 and roll 0 is the same camera as yaw 190 and roll 180, and so is every one between
    down = between(Angles(10, -90, 0), Angles(190, -90, 180), 0.3)
    assert axes(down)[2] == pytest.approx(axes(Angles(10, -90))[2], abs=1e-6)
