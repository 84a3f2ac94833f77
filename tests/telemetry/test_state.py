"""A vehicle's state is what its messages say, and nothing that others say."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from telemetry.frames import Frame
from telemetry.messages import decode
from telemetry.modes import mode_name, mode_numbers, vehicle_kind
from telemetry.state import VehicleState, fold
from telemetry.tlog import read_tlog

Rows = list[tuple[float, str, dict[str, Any]]]
HEARTBEAT = {"type": 2, "autopilot": 3, "base_mode": 81 | 128, "custom_mode": 3, "system_status": 4}


@pytest.fixture
def after(frames_of: Callable[..., list[Frame]]) -> Callable[..., VehicleState]:
    """The state after these messages."""

    def state_after(*rows: tuple[str, dict[str, Any]]) -> VehicleState:
        timed = [(float(number), name, fields) for number, (name, fields) in enumerate(rows)]
        state = VehicleState()
        for frame in frames_of(timed):
            message = decode(frame)
            assert message is not None
            state = fold(state, message)
        return state

    return state_after


def test_a_heartbeat_tells_what_flies_and_how(after: Callable[..., VehicleState]) -> None:
    state = after(("HEARTBEAT", HEARTBEAT))
    assert (state.system, state.component, state.kind, state.autopilot) == (1, 1, "copter", "ardupilotmega")
    assert (state.mode, state.armed, state.status, state.last_s) == ("AUTO", True, "active", 0.0)


@pytest.mark.parametrize("mav_type", [5, 6, 18, 26, 27, 30])
def test_heartbeats_of_ground_stations_gimbals_and_the_like_say_nothing(
    mav_type: int, after: Callable[..., VehicleState]
) -> None:
    state = after(("HEARTBEAT", HEARTBEAT), ("HEARTBEAT", {**HEARTBEAT, "type": mav_type, "base_mode": 0}))
    assert state.armed is True
    assert after(("HEARTBEAT", {"type": mav_type, "autopilot": 8})) == VehicleState()


def test_position_and_speed(after: Callable[..., VehicleState]) -> None:
    fields = {
        "lat": 520_123_456,
        "lon": -51_234_567,
        "alt": 45_600,
        "relative_alt": 35_500,
        "vx": 300,
        "vy": -400,
        "vz": -150,
        "hdg": 27_000,
    }
    state = after(("GLOBAL_POSITION_INT", fields))
    assert state.place == (52.0123456, -5.1234567)
    assert (state.height_amsl_m, state.height_relative_m, state.heading_deg) == (45.6, 35.5, 270)
    assert (state.ground_speed_m_s, state.climb_m_s) == (5.0, 1.5)


@pytest.mark.parametrize(
    "place", [{"lat": 0, "lon": 0}, {"lat": 1_000_000_000, "lon": 5}, {"lat": 5, "lon": 2**31 - 1}]
)
def test_a_place_that_is_none_is_not_believed(
    place: dict[str, int], after: Callable[..., VehicleState]
) -> None:
    assert after(("GLOBAL_POSITION_INT", place)).place is None


def test_what_the_sender_does_not_know_stays_as_it_was(after: Callable[..., VehicleState]) -> None:
    known = ("SYS_STATUS", {"voltage_battery": 12_600, "current_battery": 1_000, "battery_remaining": 80})
    unknown = ("SYS_STATUS", {"voltage_battery": 65_535, "current_battery": -1, "battery_remaining": -1})
    state = after(known, unknown)
    assert (state.battery_v, state.battery_a, state.battery_pct) == (12.6, 10.0, 80.0)


def test_battery_cells_add_up(after: Callable[..., VehicleState]) -> None:
    cells = [4_100, 4_000, 3_900] + [65_535] * 7
    fields = {"voltages": cells, "current_battery": 250, "battery_remaining": 64}
    state = after(("BATTERY_STATUS", fields), ("BATTERY_STATUS", {**fields, "id": 1, "battery_remaining": 1}))
    assert (state.battery_v, state.battery_a, state.battery_pct) == (12.0, 2.5, 64)


def test_the_rest_of_what_is_folded(after: Callable[..., VehicleState]) -> None:
    state = after(
        ("ATTITUDE", {"roll": 0.1, "pitch": -0.2, "yaw": -math.pi / 2}),
        ("VFR_HUD", {"airspeed": 14.5, "groundspeed": 13.0, "climb": -1.0, "throttle": 55}),
        ("GPS_RAW_INT", {"fix_type": 6, "satellites_visible": 17, "eph": 80, "h_acc": 350, "v_acc": 600}),
        ("MISSION_CURRENT", {"seq": 4, "total": 12}),
        ("MISSION_ITEM_REACHED", {"seq": 3}),
        ("NAV_CONTROLLER_OUTPUT", {"wp_dist": 88}),
        ("HOME_POSITION", {"latitude": 520_000_000, "longitude": 50_000_000, "altitude": 10_250}),
        ("EXTENDED_SYS_STATE", {"landed_state": 2}),
        ("EKF_STATUS_REPORT", {"flags": 831}),
        ("RADIO_STATUS", {"rssi": 190, "remrssi": 185, "noise": 40}),
        ("STATUSTEXT", {"severity": 4, "text": "Low battery"}),
    )
    assert state.roll_deg == pytest.approx(math.degrees(0.1))
    assert state.yaw_deg == pytest.approx(270)
    assert (state.air_speed_m_s, state.climb_m_s, state.throttle_pct) == (14.5, -1.0, 55)
    assert (state.fix, state.satellites, state.hdop) == ("RTK fixed", 17, 0.8)
    assert (state.sigma_horizontal_m, state.sigma_vertical_m) == (0.35, 0.6)
    assert (state.mission_current, state.mission_count, state.mission_reached) == (4, 12, 3)
    assert state.waypoint_distance_m == 88
    assert state.home == (52.0, 5.0, 10.25)
    assert (state.landed, state.ekf_healthy) == ("in air", True)
    assert (state.radio_rssi, state.radio_remote_rssi, state.radio_noise) == (190, 185, 40)
    assert (state.status_text, state.status_severity) == ("Low battery", "warning")


def test_folding_changes_nothing_that_was(after: Callable[..., VehicleState]) -> None:
    before = after(("HEARTBEAT", HEARTBEAT))
    copy = before.as_dict()
    after(("HEARTBEAT", HEARTBEAT), ("SYS_STATUS", {"battery_remaining": 5}))
    assert before.as_dict() == copy


def test_nan_never_reaches_json(after: Callable[..., VehicleState]) -> None:
    state = after(
        ("HEARTBEAT", HEARTBEAT),
        ("ATTITUDE", {"roll": math.nan, "pitch": math.inf, "yaw": -math.inf}),
        ("VFR_HUD", {"airspeed": math.nan}),
    )
    assert json.loads(json.dumps(state.as_dict(), allow_nan=False))["mode"] == "AUTO"
    assert state.roll_deg is None


def test_a_real_recording_folds_to_a_whole_state(shared: Callable[[str], Path]) -> None:
    frames = read_tlog(shared("tlogs/solo-quad-v1.tlog"))
    messages = [message for frame in frames if frame.system == 1 and (message := decode(frame))]
    state = reduce(fold, messages, VehicleState())
    assert (state.kind, state.system) == ("copter", 1)
    assert state.place == pytest.approx((-35.36, 149.16), abs=0.01)
    assert None not in (state.battery_v, state.roll_deg, state.fix, state.mission_current, state.armed)
    json.dumps(state.as_dict(), allow_nan=False)


def test_modes_have_the_names_that_pilots_know() -> None:
    assert mode_numbers("copter")["RTL"] == 6
    assert mode_numbers("plane")["FBWA"] == 5
    assert mode_numbers("balloon") == {}
    assert mode_name(3, "plane", 10) == "AUTO"
    assert mode_name(3, "copter", 250) == "mode 250"
    assert mode_name(12, "copter", 4 << 16 | 4 << 24) == "AUTO.MISSION"
    assert mode_name(12, "copter", 6 << 16) == "OFFBOARD"
    assert [vehicle_kind(number) for number in (2, 1, 10, 12, 6)] == ["copter", "plane", "rover", "sub", None]


def test_the_camera_points_where_its_best_message_says_from_true_north(
    after: Callable[..., VehicleState],
) -> None:
    nose_east = ("ATTITUDE", {"yaw": math.pi / 2})
    mount = ("MOUNT_STATUS", {"pointing_a": -3000, "pointing_b": 100, "pointing_c": 1000})
    state = after(nose_east, mount)
    assert (state.gimbal_pitch_deg, state.gimbal_roll_deg) == (-30, 1)
    assert state.gimbal_yaw_deg == pytest.approx(100)
    half = math.radians(-90) / 2
    down = {"q": [math.cos(half), 0, math.sin(half), 0], "flags": 64}
    state = after(nose_east, ("GIMBAL_DEVICE_ATTITUDE_STATUS", down), mount)
    assert state.gimbal_source == "GIMBAL_DEVICE_ATTITUDE_STATUS"
    assert state.gimbal_pitch_deg == pytest.approx(-90, abs=0.1)


def test_a_camera_that_turns_with_a_nose_of_unknown_direction_has_no_yaw(
    after: Callable[..., VehicleState],
) -> None:
    state = after(("MOUNT_ORIENTATION", {"pitch": -45.0, "yaw": 10.0}))
    assert (state.gimbal_pitch_deg, state.gimbal_yaw_deg) == (-45, None)


def test_a_gimbal_without_numbers_says_nothing(after: Callable[..., VehicleState]) -> None:
    for q in ([math.nan] * 4, [math.inf, 0, 0, 0]):
        assert after(("GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": q})).gimbal_source is None


def test_a_telemetry_radio_does_not_make_its_aircraft_heard(after: Callable[..., VehicleState]) -> None:
    state = after(("HEARTBEAT", HEARTBEAT), ("RADIO_STATUS", {"rssi": 90, "remrssi": 80, "noise": 30}))
    assert (state.radio_rssi, state.last_s) == (90, 0.0)


def test_what_drifts_round_nowhere_is_no_place(after: Callable[..., VehicleState]) -> None:
    """ArduPilot without an origin."""
    assert after(("GLOBAL_POSITION_INT", {"lat": 2557, "lon": -111})).place is None
    assert after(("GLOBAL_POSITION_INT", {"lat": 2557, "lon": 51_000_000})).place is not None
