"""An onboard log tells of the flight what the link would have, and nothing that was not logged."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

from telemetry.dataflash import (
    bin_frames,
    frames_of_log,
    log_of,
)
from telemetry.frames import FrameReader
from telemetry.tlog import read_tlog
from telemetry.track import Track
from tests.telemetry.test_dataflash_rows import (
    BOOT,
    COPTER,
    HOME,
    S,
    a_log,
    att,
    gps,
    named,
    pos,
    replayed,
    state_of,
    xkf4,
)
from tests.telemetry.test_dataflash_writer import LogWriter


class TestMotion:
    def test_a_place_has_the_speed_of_the_core_in_use(self) -> None:
        rows: list[tuple[Any, ...]] = []
        for t, primary in ((S, 0), (2 * S, 1)):
            rows += [xkf4(t, 0, primary), xkf4(t, 1, primary)]
            rows += [("XKF1", t, 0, 1.0, 2.0, -0.5), ("XKF1", t, 1, 3.0, 4.0, 0.5)]
            rows += [pos(t), att(t, yaw=90)]
        messages = named(replayed(*rows), "GLOBAL_POSITION_INT")
        told = [(each.vx, each.vy, each.vz, each.hdg, each.alt, each.relative_alt) for each in messages]
        assert told == [(100, 200, -50, 9000, 50_000, 30_000), (300, 400, 50, 9000, 50_000, 30_000)]

    @pytest.mark.parametrize(("ekf", "speed"), [(2, 700), (3, 100)])
    def test_of_two_filters_the_one_in_use_is_believed(self, ekf: int, speed: int) -> None:
        rows = [("XKF1", S, 0, 1.0, 0.0, 0.0), ("NKF1", S, 0, 7.0, 0.0, 0.0), att(S, ekf=ekf), pos(S)]
        (message,) = named(replayed(*rows), "GLOBAL_POSITION_INT")
        assert message.vx == speed

    def test_without_the_filter_s_speed_it_is_that_of_gps(self) -> None:
        (message,) = named(replayed(gps(S), pos(S + 1)), "GLOBAL_POSITION_INT")
        assert (message.vx, message.vy, message.vz, message.hdg) == (0, 500, -100, 65535)

    def test_a_place_without_any_speed_is_left_out(self) -> None:
        messages = replayed(gps(S), pos(S), pos(5 * S), gps(9 * S), pos(9 * S))
        assert [each.time_boot_ms for each in named(messages, "GLOBAL_POSITION_INT")] == [1000, 9000]

    @pytest.mark.parametrize(
        "wrong", [pos(S, 91), pos(S, 0, 0), pos(S, amsl=math.nan), pos(S, above=math.inf), pos(S, lon=181)]
    )
    def test_what_is_no_place_is_left_out(self, wrong: tuple[Any, ...]) -> None:
        messages = replayed(gps(S), wrong, pos(S + 1))
        assert [each.time_us % S for each in named(messages, "GLOBAL_POSITION_INT")] == [
            named(messages, "GPS_RAW_INT")[0].time_us % S + 1
        ]

    @pytest.mark.parametrize("name", ["AHR2", "GPS"])
    def test_without_positions_they_come_from_what_else_knows_once_home_is_known(self, name: str) -> None:
        home = ("ORGN", 2 * S, 1, 521273000, 52760000, 2010)
        rows = [gps(t, Alt=5010) for t in (S, 3 * S)]
        if name == "AHR2":
            rows += [("AHR2", t, 0, 0, 0, 60.1, 521274000, 52760000) for t in (S, 3 * S)]
        (message,) = named(replayed(*rows, home), "GLOBAL_POSITION_INT")
        height_m = 60.1 if name == "AHR2" else 50.1
        assert (message.alt, message.relative_alt) == pytest.approx(
            (height_m * 1000, height_m * 1000 - 20_100)
        )
        assert message.lat == (521274000 if name == "AHR2" else 521273000)

    def test_an_attitude_is_told_in_radians_and_turning_rates_are_unknown(self) -> None:
        (message,) = named(replayed(att(S, -12.5, 30, 270)), "ATTITUDE")
        told = [math.degrees(value) for value in (message.roll, message.pitch, message.yaw)]
        assert told == pytest.approx([-12.5, 30, -90], abs=1e-5)
        assert math.isnan(message.rollspeed)

    def test_a_receiver_is_told_with_its_accuracy(self) -> None:
        other = ("GPA", S, 1, 999, 9999, 9999, 9999, 0.0, 1, 900)
        own = ("GPA", S, 0, 120, 150, 220, 30, 0.0, 1, 900)
        (message,) = named(replayed(gps(S), gps(S, receiver=1, Lat=0), other, own), "GPS_RAW_INT")
        told = message.fields
        assert (told["lat"], told["lon"], told["alt"], told["fix_type"]) == (521273000, 52760000, 20_100, 3)
        assert (told["eph"], told["epv"], told["vel"], told["cog"]) == (85, 120, 500, 9000)
        assert (told["h_acc"], told["v_acc"], told["vel_acc"], told["satellites_visible"]) == (
            1500,
            2200,
            300,
            11,
        )

    def test_what_no_receiver_measures_is_unknown(self) -> None:
        messages = replayed(gps(S, Spd=math.inf, GCrs=-math.inf, VZ=1e30), pos(S))
        (message,) = named(messages, "GPS_RAW_INT")
        assert (message.vel, message.cog) == (65535, 65535)
        assert named(messages, "GLOBAL_POSITION_INT") == []

    def test_an_accuracy_that_was_not_logged_is_unknown(self) -> None:
        (message,) = named(replayed(gps(S)), "GPS_RAW_INT")
        assert (message.h_acc, message.v_acc, message.epv) == (0, 0, 65535)
        assert state_of([message]).sigma_horizontal_m is None

    @pytest.mark.parametrize(
        ("status", "flags", "healthy"),
        [
            (831 | 1 << 16, 831, True),
            (831, 831 | 1024, True),
            (1 << 14 | 1 << 16 | 167, 1 << 15 | 167, False),
        ],
    )
    def test_the_filter_s_status_is_that_of_the_core_in_use(
        self, status: int, flags: int, healthy: bool
    ) -> None:
        (message,) = named(replayed(xkf4(S, 0, 1, 0), xkf4(S, 1, 1, status)), "EKF_STATUS_REPORT")
        assert message.flags == flags
        assert message.velocity_variance == pytest.approx(0.11)
        assert message.compass_variance == pytest.approx(0.44)
        assert math.isnan(message.terrain_alt_variance)
        assert state_of([message]).ekf_healthy is healthy

    @pytest.mark.parametrize(
        ("firmware", "throttle"),
        [("ArduCopter V4.5.4", 0.4), ("ArduPlane V4.5.4", 40.0), ("ArduSub V4.5.4", 0.4)],
    )
    def test_throttle_is_per_cent_for_every_kind(self, firmware: str, throttle: float) -> None:
        rows = [("MSG", S, firmware), ("CTUN", S, 0.0, throttle), att(S, yaw=359.9), gps(S), pos(S)]
        (message,) = named(replayed(*rows, ("ARSP", S, 0, 17.5)), "VFR_HUD")
        assert (message.throttle, message.heading, message.airspeed) == (40, 359, 17.5)
        assert (message.groundspeed, message.climb, message.alt) == (5.0, 1.0, 50.0)
        (bare,) = named(replayed(*rows[:3]), "VFR_HUD")
        assert all(map(math.isnan, (bare.airspeed, bare.groundspeed, bare.climb, bare.alt)))

    def test_a_gimbal_points_where_it_was_logged(self) -> None:
        rows: list[tuple[Any, ...]] = []
        for t in (S, 2 * S):
            rows += [gps(t), pos(t), att(t, yaw=100)]
            rows += [("MNT", t, 0, 0, 1.0, 0, -45.0, 0, 20.0, 0, 120.0, math.nan)]
            rows += [("MNT", t, 1, 0, 9.0, 0, 9.0, 0, 9.0, 0, 9.0, math.nan)]
        track = Track.from_frames(replayed(*rows))
        pose = track.pose_at(track.start_s + 0.5)
        assert pose is not None
        angles = (pose.gimbal_roll_deg, pose.gimbal_pitch_deg, pose.gimbal_yaw_deg)
        assert angles == pytest.approx((1, -45, 120), abs=1e-3)

    def test_a_flight_s_track_is_the_one_that_was_flown(self, tmp_path: Path) -> None:
        rows: list[tuple[Any, ...]] = [COPTER, ("MODE", S, 3, 3, 1)]
        for t in range(S, 61 * S, S // 5):
            angle = t / S / 10
            lat, lon = HOME[0] + 1e-3 * math.sin(angle), HOME[1] + 1e-3 * math.cos(angle)
            rows += [("XKF1", t, 0, 3.0, 4.0, 0.0), pos(t, lat, lon), att(t, 5 * math.sin(t / S))]
            rows += [gps(t)] if t % S == 0 else []
        path = a_log(*rows).save(tmp_path / "flight.bin")
        track = Track.from_frames(bin_frames(path))
        assert track.utc_offset_s == 0
        assert track.start_s == pytest.approx(BOOT.timestamp() + 1, abs=0.001)
        for t_s in (1.5, 20.3, 59.9):
            pose = track.pose_at(track.start_s - 1 + t_s)
            assert pose is not None
            assert pose.place.lat_deg == pytest.approx(HOME[0] + 1e-3 * math.sin(t_s / 10), abs=2e-7)
            assert pose.place.lon_deg == pytest.approx(HOME[1] + 1e-3 * math.cos(t_s / 10), abs=2e-7)
            assert pose.roll_deg == pytest.approx(5 * math.sin(t_s), abs=0.05)
            assert pose.speed_m_s == 5.0


class TestFrames:
    def test_they_are_in_order_of_time_however_the_log_is(self) -> None:
        random_ = random.Random(3)
        rows = [make(t * S // 10 + random_.randrange(S)) for t in range(300) for make in (att, gps, pos)]
        times = [message.time_us for message in replayed(COPTER, ("MODE", 0, 0, 0, 0), *rows)]
        assert times == sorted(times)
        assert len(times) > 900

    def test_they_are_true_frames_and_a_recording_of_them_is_the_same(self, tmp_path: Path) -> None:
        rows = [make(t * S) for t in range(1, 30) for make in (att, gps, pos)]
        path = a_log(COPTER, ("MODE", S, 0, 0, 0), *rows).save(tmp_path / "x.bin")
        frames = list(bin_frames(path))
        reader = FrameReader()
        again = [frame for each in frames for frame in reader.feed(each.raw, each.time_us)]
        assert again
        assert again == frames
        recording = tmp_path / "x.tlog"
        recording.write_bytes(b"".join(each.time_us.to_bytes(8, "big") + each.raw for each in frames))
        assert list(read_tlog(recording)) == frames
        own = [frame.sequence for frame in frames if frame.system == 1]
        assert own == [number % 256 for number in range(len(own))]

    def test_fields_of_another_kind_than_they_should_be_are_not_read(self) -> None:
        writer = LogWriter()
        writer.define("ATT", "QNNN", "TimeUS,Roll,Pitch,Yaw")
        writer.define("GPS", "QNNNN", "TimeUS,Status,GMS,GWk,I")
        writer.define("MODE", "QN", "TimeUS,Mode")
        writer.define("POS", "Qaff", "TimeUS,Lat,Lng,Alt")
        writer.define("MSG", "QB", "TimeUS,Message")
        writer.define("PARM", "QBZ", "TimeUS,Name,Value")
        writer.write("ATT", S, "a", "b", "c")
        writer.write("GPS", S, "a", "b", "c", "d")
        writer.write("MODE", S, "x")
        writer.write("POS", S, [0] * 32, 1.0, 2.0)
        writer.write("MSG", S, 7)
        writer.write("PARM", S, 7, "x")
        told = {frame.layout.name for frame in frames_of_log(log_of(bytes(writer.data))) if frame.layout}
        assert told <= {"ATTITUDE", "GPS_RAW_INT", "STATUSTEXT"}
