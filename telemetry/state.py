"""What is known of a vehicle, folded from its messages one at a time.

`fold` is pure: the same messages in the same order give the same state, live or replayed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telemetry.dialect import short_name
from telemetry.messages import Message
from telemetry.modes import NO_AUTOPILOT, mode_name, vehicle_kind
from telemetry.places import is_place
from telemetry.pointing import SOURCES, pointing_of

_ARMED = 128
_UNKNOWN_U16 = 0xFFFF
_UNKNOWN_U8 = 0xFF
_FIXES = ("no GPS", "no fix", "2D", "3D", "DGPS", "RTK float", "RTK fixed", "static", "PPP")


@dataclass(frozen=True)
class VehicleState:
    """One vehicle as it was last heard. None means: not known yet.

    `kind` is "copter", "plane", "rover" or "sub"; `autopilot` MAV_AUTOPILOT's name. Heights: `amsl` above
    mean sea level, `relative` above home. Angles in degrees, heading and yaw from true north clockwise.
    `gimbal_*` are where the camera points, its yaw from true north, of the best message that says so
    (`gimbal_source`). `last_s` is when its last message that said something came, seconds since 1970 UTC.
    `radio_*` come from the telemetry radio (RADIO_STATUS), in its own units.
    """

    system: int | None = None
    component: int | None = None
    kind: str | None = None
    autopilot: str | None = None
    mode: str | None = None
    armed: bool | None = None
    status: str | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    heading_deg: float | None = None
    ground_speed_m_s: float | None = None
    air_speed_m_s: float | None = None
    climb_m_s: float | None = None
    throttle_pct: float | None = None
    roll_deg: float | None = None
    pitch_deg: float | None = None
    yaw_deg: float | None = None
    battery_pct: float | None = None
    battery_v: float | None = None
    battery_a: float | None = None
    satellites: int | None = None
    fix: str | None = None
    hdop: float | None = None
    sigma_horizontal_m: float | None = None
    sigma_vertical_m: float | None = None
    mission_current: int | None = None
    mission_count: int | None = None
    mission_reached: int | None = None
    waypoint_distance_m: float | None = None
    landed: str | None = None
    gimbal_roll_deg: float | None = None
    gimbal_pitch_deg: float | None = None
    gimbal_yaw_deg: float | None = None
    gimbal_source: str | None = None
    home_lat_deg: float | None = None
    home_lon_deg: float | None = None
    home_amsl_m: float | None = None
    ekf_flags: int | None = None
    ekf_healthy: bool | None = None
    sensors_healthy: bool | None = None
    radio_rssi: int | None = None
    radio_remote_rssi: int | None = None
    radio_noise: int | None = None
    status_text: str | None = None
    status_severity: str | None = None
    last_s: float | None = None

    @property
    def home(self) -> tuple[float, float, float] | None:
        """Latitude and longitude in degrees and metres above mean sea level, or None."""
        if self.home_lat_deg is None or self.home_lon_deg is None or self.home_amsl_m is None:
            return None
        return self.home_lat_deg, self.home_lon_deg, self.home_amsl_m

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, or None."""
        return None if self.lat_deg is None or self.lon_deg is None else (self.lat_deg, self.lon_deg)

    def as_dict(self) -> dict[str, Any]:
        """All fields, fit for JSON: there is no NaN and no infinity among them."""
        return dict(vars(self))


def is_vehicle_heartbeat(message: Message) -> bool:
    """Whether this is the heartbeat of an autopilot that moves, not of a ground station, gimbal or radio."""
    return (
        message.name == "HEARTBEAT"
        and message.fields["autopilot"] != NO_AUTOPILOT
        and vehicle_kind(message.fields["type"]) is not None
    )


def fold(state: VehicleState, message: Message) -> VehicleState:
    """The state after `message`; the same object where it says nothing about the vehicle."""
    reader = _READERS.get(message.name)
    if reader is not None:
        changes = reader(message)
    elif message.name in SOURCES:
        changes = _gimbal(state, message)
    else:
        return state
    if not changes:
        return state
    heard_s = state.last_s if reader is _radio else message.time_s
    return _changed(state, changes, heard_s)


def _changed(state: VehicleState, changes: dict[str, Any], time_s: float | None) -> VehicleState:
    """A copy with changes; `dataclasses.replace` takes 15 times as long, for every message there is."""
    known = vars(state).copy()
    known.update(changes)
    known["last_s"] = time_s
    copy = object.__new__(VehicleState)
    object.__setattr__(copy, "__dict__", known)
    return copy


def _heartbeat(message: Message) -> dict[str, Any]:
    if not is_vehicle_heartbeat(message):
        return {}
    kind = vehicle_kind(message.type) or ""
    return {
        "system": message.system,
        "component": message.component,
        "kind": kind,
        "autopilot": short_name("MAV_AUTOPILOT", message.autopilot),
        "mode": mode_name(message.autopilot, kind, message.custom_mode),
        "armed": bool(message.base_mode & _ARMED),
        "status": short_name("MAV_STATE", message.system_status),
    }


def _place(lat_e7: int, lon_e7: int) -> tuple[float, float] | None:
    """Degrees, or None where autopilots know no place."""
    return (lat_e7 / 1e7, lon_e7 / 1e7) if is_place(lat_e7, lon_e7) else None


def _global_position(message: Message) -> dict[str, Any]:
    place = _place(message.lat, message.lon)
    if place is None:
        return {}
    changes: dict[str, Any] = {
        "lat_deg": place[0],
        "lon_deg": place[1],
        "height_amsl_m": message.alt / 1000,
        "height_relative_m": message.relative_alt / 1000,
        "ground_speed_m_s": math.hypot(message.vx, message.vy) / 100,
        "climb_m_s": -message.vz / 100,
    }
    if message.hdg != _UNKNOWN_U16:
        changes["heading_deg"] = message.hdg / 100
    return changes


def _attitude(message: Message) -> dict[str, Any]:
    return _finite(
        roll_deg=math.degrees(message.roll),
        pitch_deg=math.degrees(message.pitch),
        yaw_deg=math.degrees(message.yaw) % 360,
    )


def _vfr_hud(message: Message) -> dict[str, Any]:
    return _finite(
        air_speed_m_s=message.airspeed,
        ground_speed_m_s=message.groundspeed,
        climb_m_s=message.climb,
        throttle_pct=float(message.throttle),
    )


def _sys_status(message: Message) -> dict[str, Any]:
    used = message.onboard_control_sensors_enabled & message.onboard_control_sensors_present
    changes: dict[str, Any] = {"sensors_healthy": not used & ~message.onboard_control_sensors_health}
    if message.voltage_battery != _UNKNOWN_U16:
        changes["battery_v"] = message.voltage_battery / 1000
    if message.current_battery >= 0:
        changes["battery_a"] = message.current_battery / 100
    if message.battery_remaining >= 0:
        changes["battery_pct"] = float(message.battery_remaining)
    return changes


def _battery_status(message: Message) -> dict[str, Any]:
    """The first battery; cells that are not there read 65535, and 0 beyond the tenth."""
    if message.id != 0:
        return {}
    changes: dict[str, Any] = {}
    cells = [cell for cell in message.voltages if cell != _UNKNOWN_U16]
    cells += [cell for cell in message.voltages_ext if cell not in (0, _UNKNOWN_U16)]
    if any(cells):
        changes["battery_v"] = sum(cells) / 1000
    if message.current_battery >= 0:
        changes["battery_a"] = message.current_battery / 100
    if message.battery_remaining >= 0:
        changes["battery_pct"] = float(message.battery_remaining)
    return changes


def _gps_raw(message: Message) -> dict[str, Any]:
    changes: dict[str, Any] = {"fix": _FIXES[message.fix_type] if message.fix_type < len(_FIXES) else "fix"}
    if message.satellites_visible != _UNKNOWN_U8:
        changes["satellites"] = message.satellites_visible
    if message.eph != _UNKNOWN_U16:
        changes["hdop"] = message.eph / 100
    if message.h_acc:
        changes["sigma_horizontal_m"] = message.h_acc / 1000
    if message.v_acc:
        changes["sigma_vertical_m"] = message.v_acc / 1000
    return changes


def _mission_current(message: Message) -> dict[str, Any]:
    changes: dict[str, Any] = {"mission_current": message.seq}
    if 0 < message.total < _UNKNOWN_U16:
        changes["mission_count"] = message.total
    return changes


def _home(message: Message) -> dict[str, Any]:
    place = _place(message.latitude, message.longitude)
    if place is None:
        return {}
    return {"home_lat_deg": place[0], "home_lon_deg": place[1], "home_amsl_m": message.altitude / 1000}


def _status_text(message: Message) -> dict[str, Any]:
    """Texts longer than 50 characters come in pieces (chunk_seq); each piece stands alone here."""
    return {
        "status_text": message.text,
        "status_severity": short_name("MAV_SEVERITY", message.severity),
    }


def _extended(message: Message) -> dict[str, Any]:
    return {"landed": short_name("MAV_LANDED_STATE", message.landed_state)}


def _ekf(message: Message) -> dict[str, Any]:
    """EKF_ATTITUDE, EKF_VELOCITY_HORIZ and EKF_POS_HORIZ_ABS must be there, EKF_CONST_POS_MODE must not."""
    flags = message.flags
    return {"ekf_flags": flags, "ekf_healthy": flags & 0b1_0011 == 0b1_0011 and not flags & 128}


def _radio(message: Message) -> dict[str, Any]:
    return {
        "radio_rssi": message.rssi,
        "radio_remote_rssi": message.remrssi,
        "radio_noise": message.noise,
    }


def _gimbal(state: VehicleState, message: Message) -> dict[str, Any]:
    """Autopilots send MOUNT_STATUS without a gimbal too: a better message is not given up for it."""
    pointing = pointing_of(message)
    if pointing is None or (
        state.gimbal_source in SOURCES and SOURCES.index(state.gimbal_source) < SOURCES.index(message.name)
    ):
        return {}
    nose_deg = 0.0 if pointing.earth else state.yaw_deg
    return {
        "gimbal_roll_deg": pointing.roll_deg,
        "gimbal_pitch_deg": pointing.pitch_deg,
        "gimbal_yaw_deg": None if nose_deg is None else (pointing.yaw_deg + nose_deg) % 360,
        "gimbal_source": message.name,
    }


def _finite(**values: float) -> dict[str, Any]:
    if math.isfinite(sum(values.values())):  # then each of them is, as nearly always
        return values
    return {name: value for name, value in values.items() if math.isfinite(value)}


_READERS: dict[str, Callable[[Message], dict[str, Any]]] = {
    "HEARTBEAT": _heartbeat,
    "GLOBAL_POSITION_INT": _global_position,
    "ATTITUDE": _attitude,
    "VFR_HUD": _vfr_hud,
    "SYS_STATUS": _sys_status,
    "BATTERY_STATUS": _battery_status,
    "GPS_RAW_INT": _gps_raw,
    "MISSION_CURRENT": _mission_current,
    "MISSION_ITEM_REACHED": lambda message: {"mission_reached": message.seq},
    "NAV_CONTROLLER_OUTPUT": lambda message: {"waypoint_distance_m": float(message.wp_dist)},
    "HOME_POSITION": _home,
    "STATUSTEXT": _status_text,
    "EXTENDED_SYS_STATE": _extended,
    "EKF_STATUS_REPORT": _ekf,
    "RADIO_STATUS": _radio,
    "RADIO": _radio,
}
