"""A track tells where an aircraft was at any time, and does not guess where it does not know."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from missions.errors import FormatError, InputError
from telemetry.clock import ManualClock
from telemetry.frames import Frame
from telemetry.recorder import Recorder
from telemetry.track import Track

Rows = list[tuple[float, str, dict[str, Any]]]
MakeFrames = Callable[..., list[Frame]]
START_S = 1_700_000_000.0


def position(
    time_s: float, lat: float = 52.0, lon: float = 5.0, **fields: Any
) -> tuple[float, str, dict[str, Any]]:
    place = {
        "lat": round(lat * 1e7),
        "lon": round(lon * 1e7),
        "alt": 40_000,
        "relative_alt": 30_000,
        "hdg": 9_000,
    }
    return START_S + time_s, "GLOBAL_POSITION_INT", {**place, **fields}


def attitude(time_s: float, roll: float, pitch: float, yaw: float) -> tuple[float, str, dict[str, Any]]:
    angles = {"roll": math.radians(roll), "pitch": math.radians(pitch), "yaw": math.radians(yaw)}
    return START_S + time_s, "ATTITUDE", angles


def test_between_two_positions_the_pose_is_interpolated(frames_of: MakeFrames) -> None:
    rows = [
        position(0, 52.0, 5.0, alt=40_000, relative_alt=30_000, vx=500),
        attitude(0, 0, 10, 350),
        position(2, 52.0002, 5.0004, alt=44_000, relative_alt=34_000, vx=1500),
        attitude(2, 10, -10, 20),
    ]
    pose = Track.from_frames(frames_of(rows)).pose_at(START_S + 0.5)
    assert pose is not None
    assert (pose.place.lat_deg, pose.place.lon_deg) == pytest.approx((52.00005, 5.0001), abs=1e-9)
    assert (pose.height_amsl_m, pose.height_relative_m, pose.speed_m_s) == pytest.approx((41, 31, 7.5))
    assert (pose.roll_deg, pose.pitch_deg) == pytest.approx((2.5, 5), abs=1e-4)
    assert pose.yaw_deg == pytest.approx(357.5, abs=1e-4)  # the short way, through north
    assert pose.gap_s == pytest.approx(2)
    assert pose.gimbal_pitch_deg is None
    assert pose.sigma_horizontal_m is None


def test_outside_and_in_a_gap_there_is_no_pose(frames_of: MakeFrames) -> None:
    track = Track.from_frames(frames_of([position(0), position(1), position(11), position(12)]))
    assert (track.start_s, track.end_s) == (START_S, START_S + 12)
    assert track.pose_at(START_S - 0.1) is None
    assert track.pose_at(START_S + 12.1) is None
    assert track.pose_at(START_S + 6) is None
    pose = track.pose_at(START_S + 6, max_gap_s=20)
    assert pose is not None
    assert pose.gap_s == pytest.approx(10)
    assert track.pose_at(START_S + 11) is not None


def test_across_the_date_line_it_goes_the_short_way(frames_of: MakeFrames) -> None:
    track = Track.from_frames(frames_of([position(0, 10, 179.9999), position(1, 10, -179.9999)]))
    pose = track.pose_at(START_S + 0.25)
    assert pose is not None
    assert pose.place.lon_deg == pytest.approx(179.99995)


def test_the_accuracy_is_the_receivers(frames_of: MakeFrames) -> None:
    gps = (START_S + 1, "GPS_RAW_INT", {"fix_type": 3, "h_acc": 800, "v_acc": 1_200})
    pose = Track.from_frames(frames_of([position(0), gps, position(2)])).pose_at(START_S + 1)
    assert pose is not None
    assert (pose.sigma_horizontal_m, pose.sigma_vertical_m) == (0.8, 1.2)


def test_without_attitudes_the_aircraft_is_level_along_its_heading(frames_of: MakeFrames) -> None:
    pose = Track.from_frames(frames_of([position(0), position(1)])).pose_at(START_S + 0.5)
    assert pose is not None
    assert (pose.roll_deg, pose.pitch_deg, pose.yaw_deg) == (0, 0, 90)
    east = Track.from_frames(frames_of([position(0, hdg=65_535, vy=300), position(1, hdg=65_535, vy=300)]))
    assert east.pose_at(START_S).yaw_deg == pytest.approx(90)  # type: ignore[union-attr]


def quaternion(roll: float, pitch: float, yaw: float) -> list[float]:
    """w, x, y, z of the turns yaw, pitch, roll in this order, by multiplying three single turns."""

    def times(a: list[float], b: list[float]) -> list[float]:
        return [
            a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
        ]

    def turn(degrees: float, axis: int) -> list[float]:
        half = math.radians(degrees) / 2
        return [math.cos(half), *(math.sin(half) if n == axis else 0.0 for n in range(3))]

    return times(times(turn(yaw, 2), turn(pitch, 1)), turn(roll, 0))


@pytest.mark.parametrize(("flags", "yaw"), [(32, 100 + 30), (64, 30), (16, 30), (0, 100 + 30)])
def test_the_gimbals_yaw_is_turned_into_the_earth_frame(
    flags: int, yaw: float, frames_of: MakeFrames
) -> None:
    gimbal = {"q": quaternion(2, -60, 30), "flags": flags}
    rows = [
        position(0),
        attitude(0, 0, 0, 100),
        (START_S + 0.5, "GIMBAL_DEVICE_ATTITUDE_STATUS", gimbal),
        (START_S + 0.5, "MOUNT_STATUS", {"pointing_a": 0}),
        position(1),
    ]
    pose = Track.from_frames(frames_of(rows)).pose_at(START_S + 0.5)
    assert pose is not None
    angles = (pose.gimbal_roll_deg, pose.gimbal_pitch_deg, pose.gimbal_yaw_deg)
    assert angles == pytest.approx((2, -60, yaw), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("MOUNT_ORIENTATION", {"roll": 1.0, "pitch": -90.0, "yaw": 15.0}),
        ("MOUNT_STATUS", {"pointing_a": -9_000, "pointing_b": 100, "pointing_c": 1_500}),
    ],
)
def test_older_gimbals_are_understood(name: str, fields: dict[str, Any], frames_of: MakeFrames) -> None:
    rows = [position(0), attitude(0, 0, 0, 350), (START_S, name, fields), position(1)]
    pose = Track.from_frames(frames_of(rows)).pose_at(START_S + 0.5)
    assert pose is not None
    assert (pose.gimbal_roll_deg, pose.gimbal_pitch_deg, pose.gimbal_yaw_deg) == pytest.approx(
        (1, -90, 5), abs=1e-4
    )


def test_a_gimbal_that_passes_straight_down_does_not_sweep_round_between_two_messages(
    frames_of: MakeFrames,
) -> None:
    flags = 64
    rows = [
        position(0),
        (START_S, "GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": quaternion(0, -89, 30), "flags": flags}),
        (START_S + 1, "GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": quaternion(180, -89, 210), "flags": flags}),
        position(1),
    ]
    pose = Track.from_frames(frames_of(rows)).pose_at(START_S + 0.5)
    assert pose is not None
    assert pose.gimbal_pitch_deg == pytest.approx(-90, abs=0.01)
    assert (pose.gimbal_roll_deg, pose.gimbal_yaw_deg) == pytest.approx((0, 30), abs=0.01)


def test_of_several_aircraft_one_must_be_chosen(frames_of: MakeFrames) -> None:
    frames = [*frames_of([position(0), position(1)], 1), *frames_of([position(0, 53), position(1, 53)], 2)]
    with pytest.raises(InputError, match=r"several aircraft .*\(1, 2\)"):
        Track.from_frames(frames)
    assert Track.from_frames(frames, system=2).lat_deg.tolist() == [53, 53]
    with pytest.raises(InputError, match="no position of aircraft 7"):
        Track.from_frames(frames, system=7)


def test_places_that_are_none_are_left_out(frames_of: MakeFrames) -> None:
    track = Track.from_frames(frames_of([position(0, 0, 0), position(1), position(2), position(3, 120, 5)]))
    assert track.time_s.tolist() == [START_S + 1, START_S + 2]
    assert track.lonlat_deg.tolist() == [[5, 52], [5, 52]]


def test_positions_received_together_count_once(frames_of: MakeFrames) -> None:
    track = Track.from_frames(frames_of([position(0), position(1, 52.1), position(1, 52.2), position(2)]))
    assert track.lat_deg.tolist() == [52, 52.2, 52]


def test_the_autopilots_utc_is_offered(frames_of: MakeFrames) -> None:
    clock = (START_S, "SYSTEM_TIME", {"time_unix_usec": round((START_S - 37) * 1e6)})
    unset = (START_S, "SYSTEM_TIME", {"time_unix_usec": 0})
    assert Track.from_frames(frames_of([unset, clock, position(0)])).utc_offset_s == pytest.approx(-37)
    assert Track.from_frames(frames_of([unset, position(0)])).utc_offset_s is None


def test_a_recording_becomes_the_same_track(tmp_path: Path, frames_of: MakeFrames) -> None:
    frames = frames_of([position(n, 52 + n / 1e4) for n in range(20)])
    with Recorder(tmp_path, ManualClock()) as recorder:
        recorder(frames)
    track = Track.from_tlog(recorder.segments[0])
    assert track.lat_deg.tolist() == Track.from_frames(frames).lat_deg.tolist()
    assert track.system == 1


def test_what_holds_no_position_is_refused(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match="no position of an aircraft"):
        Track.from_tlog(shared("tlogs/sub-v2.tlog"))
    (tmp_path / "x.tlog").write_text("no")
    with pytest.raises(FormatError):
        Track.from_tlog(tmp_path / "x.tlog")


def test_a_real_flight_has_a_pose_wherever_it_has_positions(shared: Callable[[str], Path]) -> None:
    track = Track.from_tlog(shared("tlogs/solo-quad-v1.tlog"))
    assert len(track.time_s) > 2_500
    assert track.utc_offset_s == pytest.approx(1.4, abs=0.5)
    for time_s in track.time_s[::100]:
        pose = track.pose_at(float(time_s))
        assert pose is not None
        assert pose.place.lat_deg == pytest.approx(-35.36, abs=0.01)
        assert pose.gimbal_pitch_deg is not None
