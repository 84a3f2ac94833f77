"""What each message may write of a vehicle's state, so that looking for it backwards can end.

A message may write fewer of these (a heading that is unknown is none) but never another: a test holds this
table against `telemetry.state.fold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from telemetry.dialect import BY_NAME

_BATTERY = ("battery_v", "battery_a", "battery_pct")
_RADIO = ("radio_rssi", "radio_remote_rssi", "radio_noise")

WRITES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset(fields)
        for name, fields in {
            "HEARTBEAT": ("system", "component", "kind", "autopilot", "mode", "armed", "status"),
            "GLOBAL_POSITION_INT": (
                *("lat_deg", "lon_deg", "height_amsl_m", "height_relative_m"),
                *("ground_speed_m_s", "climb_m_s", "heading_deg"),
            ),
            "ATTITUDE": ("roll_deg", "pitch_deg", "yaw_deg"),
            "VFR_HUD": ("air_speed_m_s", "ground_speed_m_s", "climb_m_s", "throttle_pct"),
            "SYS_STATUS": ("sensors_healthy", *_BATTERY),
            "BATTERY_STATUS": _BATTERY,
            "GPS_RAW_INT": ("fix", "satellites", "hdop", "sigma_horizontal_m", "sigma_vertical_m"),
            "MISSION_CURRENT": ("mission_current", "mission_count"),
            "MISSION_ITEM_REACHED": ("mission_reached",),
            "NAV_CONTROLLER_OUTPUT": ("waypoint_distance_m",),
            "HOME_POSITION": ("home_lat_deg", "home_lon_deg", "home_amsl_m"),
            "STATUSTEXT": ("status_text", "status_severity"),
            "EXTENDED_SYS_STATE": ("landed",),
            "EKF_STATUS_REPORT": ("ekf_flags", "ekf_healthy"),
            "RADIO_STATUS": _RADIO,
            "RADIO": _RADIO,
        }.items()
    }
)
"""The fields of `VehicleState` by the message that may write them."""

RADIO_IDS = frozenset(BY_NAME[name].message_id for name in ("RADIO_STATUS", "RADIO"))
"""What a radio says of itself holds for every vehicle behind it."""

FIELDS_OF_ID: Mapping[int, frozenset[str]] = MappingProxyType(
    {BY_NAME[name].message_id: fields for name, fields in WRITES.items()}
)
