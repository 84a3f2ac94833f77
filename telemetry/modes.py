"""Flight modes by name, and kinds of vehicles.

Numbers and names come from the dialect's COPTER_MODE, PLANE_MODE, ROVER_MODE and SUB_MODE enums; the short
names that ArduPilot's users know are added. PX4's are in its `px4_custom_mode.h`.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from telemetry.dialect import enum_names

ARDUPILOT = 3
PX4 = 12
NO_AUTOPILOT = 8
_KINDS = {
    **dict.fromkeys((2, 3, 4, 13, 14, 15, 29, 35), "copter"),
    **dict.fromkeys((1, *range(19, 26)), "plane"),
    **dict.fromkeys((10, 11), "rover"),
    12: "sub",
}
"""MAV_TYPE of what carries an autopilot and moves; VTOL aircraft count as planes, as in ArduPilot."""
_ENUMS = {"copter": "COPTER_MODE", "plane": "PLANE_MODE", "rover": "ROVER_MODE", "sub": "SUB_MODE"}
_SHORT = {"FLY_BY_WIRE_A": "FBWA", "FLY_BY_WIRE_B": "FBWB"}
_PX4_MAIN = ("", "MANUAL", "ALTCTL", "POSCTL", "AUTO", "ACRO", "OFFBOARD", "STABILIZED", "RATTITUDE")
_PX4_AUTO = ("", "READY", "TAKEOFF", "LOITER", "MISSION", "RTL", "LAND")


def vehicle_kind(mav_type: int) -> str | None:
    """ "copter", "plane", "rover" or "sub"; None for a ground station, a gimbal, a radio."""
    return _KINDS.get(mav_type)


@cache
def mode_numbers(kind: str) -> MappingProxyType[str, int]:
    """ArduPilot's modes of a kind of vehicle by name: `mode_numbers("copter")["AUTO"]` is 3."""
    enum = _ENUMS.get(kind)
    if enum is None:
        return MappingProxyType({})
    names = {full.removeprefix(enum + "_"): number for number, full in enum_names(enum).items()}
    return MappingProxyType({_SHORT.get(name, name): number for name, number in names.items()})


def mode_name(autopilot: int, kind: str, custom_mode: int) -> str:
    """The mode's name; "mode 42" where nobody named it."""
    if autopilot == PX4:
        return _px4_mode_name(custom_mode)
    for name, number in mode_numbers(kind).items():
        if number == custom_mode:
            return name
    return f"mode {custom_mode}"


def _px4_mode_name(custom_mode: int) -> str:
    main, sub = custom_mode >> 16 & 0xFF, custom_mode >> 24 & 0xFF
    if main == _PX4_MAIN.index("AUTO") and 0 < sub < len(_PX4_AUTO):
        return f"AUTO.{_PX4_AUTO[sub]}"
    return _PX4_MAIN[main] if 0 < main < len(_PX4_MAIN) else f"mode {custom_mode}"
