"""What the vehicle says of itself: one function a message, each giving that message's fields."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from missions.items import MissionType
from sitl.autopilot.motion import Vector
from sitl.autopilot.wire import AUTOPILOT_ARDUPILOT, VEHICLE_TYPES

if TYPE_CHECKING:
    from sitl.autopilot.vehicle import Vehicle

Fields = dict[str, Any]
_ARMED, _CUSTOM_MODE, _STABILIZE, _GUIDED = 128, 1, 16, 8
_STANDBY, _ACTIVE = 3, 4
_SENSORS = 0x01 | 0x02 | 0x04 | 0x08 | 0x20
"""Gyroscope, accelerometer, magnetometer, barometer, GPS (MAV_SYS_STATUS_SENSOR)."""
_GPS_SENSOR = 0x20
_EKF_READY, _EKF_WAITING = 0x33F, 0xA5
"""EKF_STATUS_FLAGS: all estimates; attitude and height only, in constant position mode."""
_CAPABILITIES = 0x1 | 0x2 | 0x4 | 0x8 | 0x100 | 0x2000 | 0x4000 | 0x8000 | 0x20000
"""MAV_PROTOCOL_CAPABILITY: missions as float and int, parameters as float, COMMAND_INT, global position
targets, MAVLink 2, fence, rally, parameters encoded by a C cast."""
_LANDED_ON_GROUND, _LANDED_IN_AIR = 1, 2


def report(vehicle: Vehicle, name: str) -> Fields:
    """The fields of message `name` as things stand."""
    return _REPORTS[name](vehicle)


def _heartbeat(vehicle: Vehicle) -> Fields:
    pilot = vehicle.pilot
    automatic = _GUIDED if pilot.mode_name in {"AUTO", "GUIDED", "RTL", "LAND", "LOITER"} else 0
    return {
        "type": VEHICLE_TYPES[vehicle.kind],
        "autopilot": AUTOPILOT_ARDUPILOT,
        "base_mode": _CUSTOM_MODE | _STABILIZE | automatic | (_ARMED if pilot.armed else 0),
        "custom_mode": pilot.mode,
        "system_status": _ACTIVE if pilot.armed else _STANDBY,
        "mavlink_version": 3,
    }


def _place(vehicle: Vehicle) -> tuple[int, int]:
    """Latitude and longitude, 1e-7 degrees; both 0 until the place is known."""
    if not vehicle.pilot.gps_ready:
        return 0, 0
    at = vehicle.pilot.motion.place
    lon_deg, lat_deg = vehicle.pilot.frame.geo_from_local([[at.east, at.north]])[0]
    return round(lat_deg * 1e7), round(lon_deg * 1e7)


def _global_position(vehicle: Vehicle) -> Fields:
    motion = vehicle.pilot.motion
    lat, lon = _place(vehicle)
    return {
        "time_boot_ms": vehicle.boot_ms,
        "lat": lat,
        "lon": lon,
        "alt": round((vehicle.pilot.home_amsl_m + motion.place.up) * 1000),
        "relative_alt": round(motion.place.up * 1000),
        "vx": round(motion.velocity.north * 100),
        "vy": round(motion.velocity.east * 100),
        "vz": round(-motion.velocity.up * 100),
        "hdg": _heading_cdeg(motion.yaw_rad),
    }


def _heading_cdeg(yaw_rad: float) -> int:
    return round(math.degrees(yaw_rad) * 100) % 36000


def _attitude(vehicle: Vehicle) -> Fields:
    motion = vehicle.pilot.motion
    return {
        "time_boot_ms": vehicle.boot_ms,
        "roll": motion.roll_rad,
        "pitch": motion.pitch_rad,
        "yaw": math.remainder(motion.yaw_rad, math.tau),
    }


def _vfr_hud(vehicle: Vehicle) -> Fields:
    pilot = vehicle.pilot
    speed_m_s = pilot.motion.velocity.horizontal
    return {
        "airspeed": speed_m_s,
        "groundspeed": speed_m_s,
        "heading": round(math.degrees(pilot.motion.yaw_rad)) % 360,
        "throttle": 50 if pilot.flying else 0,
        "alt": pilot.home_amsl_m + pilot.motion.place.up,
        "climb": pilot.motion.velocity.up,
    }


def _sys_status(vehicle: Vehicle) -> Fields:
    battery = vehicle.battery
    return {
        "onboard_control_sensors_present": _SENSORS,
        "onboard_control_sensors_enabled": _SENSORS,
        "onboard_control_sensors_health": _SENSORS if vehicle.pilot.gps_ready else _SENSORS & ~_GPS_SENSOR,
        "load": 100,
        "voltage_battery": round(battery.voltage_v * 1000),
        "current_battery": round(battery.current_a * 100),
        "battery_remaining": battery.left_pct,
    }


def _gps_raw(vehicle: Vehicle) -> Fields:
    pilot = vehicle.pilot
    lat, lon = _place(vehicle)
    return {
        "time_usec": vehicle.unix_us,
        "fix_type": 3 if pilot.gps_ready else 1,
        "lat": lat,
        "lon": lon,
        "alt": round((pilot.home_amsl_m + pilot.motion.place.up) * 1000),
        "eph": 80 if pilot.gps_ready else 9999,
        "epv": 120 if pilot.gps_ready else 9999,
        "vel": round(pilot.motion.velocity.horizontal * 100),
        "cog": _heading_cdeg(pilot.motion.velocity.bearing_rad),
        "satellites_visible": 12 if pilot.gps_ready else 0,
    }


def _mission_current(vehicle: Vehicle) -> Fields:
    run = vehicle.pilot.run
    count = len(vehicle.store.items(MissionType.MISSION))
    return {"seq": run.current, "total": max(0, count - 1), "mission_state": int(run.state)}


def _system_time(vehicle: Vehicle) -> Fields:
    return {"time_unix_usec": vehicle.unix_us, "time_boot_ms": vehicle.boot_ms}


def _battery_status(vehicle: Vehicle) -> Fields:
    battery = vehicle.battery
    return {
        "type": 1,
        "temperature": 32767,
        "voltages": [round(battery.voltage_v * 1000)] + [65535] * 9,
        "current_battery": round(battery.current_a * 100),
        "current_consumed": round(battery.used_mah),
        "energy_consumed": -1,
        "battery_remaining": battery.left_pct,
    }


def _home_position(vehicle: Vehicle) -> Fields:
    home = vehicle.home
    return {
        "latitude": round(home.lat_deg * 1e7),
        "longitude": round(home.lon_deg * 1e7),
        "altitude": round(home.height_amsl_m * 1000),
        "q": [1.0, 0.0, 0.0, 0.0],
        "time_usec": vehicle.unix_us,
    }


def _extended_state(vehicle: Vehicle) -> Fields:
    on_ground = vehicle.pilot.motion.on_ground
    return {"landed_state": _LANDED_ON_GROUND if on_ground else _LANDED_IN_AIR}


def _ekf_status(vehicle: Vehicle) -> Fields:
    return {"flags": _EKF_READY if vehicle.pilot.gps_ready else _EKF_WAITING}


def _autopilot_version(vehicle: Vehicle) -> Fields:
    return {"capabilities": _CAPABILITIES, "uid": vehicle.system}


def _nav_controller(vehicle: Vehicle) -> Fields:
    pilot = vehicle.pilot
    way = pilot.target - pilot.motion.place if pilot.target else Vector()
    bearing_deg = round(math.degrees(way.bearing_rad))
    return {
        "nav_roll": math.degrees(pilot.motion.roll_rad),
        "nav_pitch": math.degrees(pilot.motion.pitch_rad),
        "nav_bearing": bearing_deg,
        "target_bearing": bearing_deg,
        "wp_dist": min(round(way.horizontal), 65535),
        "alt_error": way.up,
    }


_REPORTS: dict[str, Callable[[Vehicle], Fields]] = {
    "HEARTBEAT": _heartbeat,
    "GLOBAL_POSITION_INT": _global_position,
    "ATTITUDE": _attitude,
    "VFR_HUD": _vfr_hud,
    "SYS_STATUS": _sys_status,
    "GPS_RAW_INT": _gps_raw,
    "MISSION_CURRENT": _mission_current,
    "SYSTEM_TIME": _system_time,
    "BATTERY_STATUS": _battery_status,
    "HOME_POSITION": _home_position,
    "EXTENDED_SYS_STATE": _extended_state,
    "EKF_STATUS_REPORT": _ekf_status,
    "AUTOPILOT_VERSION": _autopilot_version,
    "NAV_CONTROLLER_OUTPUT": _nav_controller,
}
