"""The parameters that the small vehicle has: ArduPilot's names, those that it obeys or reports."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from enum import IntEnum


class ParameterType(IntEnum):
    """MAV_PARAM_TYPE, as far as it is used."""

    INT8 = 2
    INT16 = 4
    INT32 = 6
    REAL32 = 9


_I8, _I16, _I32, _REAL = ParameterType.INT8, ParameterType.INT16, ParameterType.INT32, ParameterType.REAL32
_RANGES = {_I8: 2**7, _I16: 2**15, _I32: 2**31}

_COMMON: dict[str, tuple[float, ParameterType]] = {
    "SYSID_THISMAV": (1, _I16),
    "SYSID_MYGCS": (255, _I16),
    "ARMING_CHECK": (1, _I32),
    "BATT_CAPACITY": (12000, _I32),
    "BATT_LOW_MAH": (1500, _REAL),
    "BATT_FS_LOW_ACT": (0, _I8),
    "BATT_MONITOR": (4, _I8),
    "RALLY_LIMIT_KM": (0.3, _REAL),
    "RALLY_TOTAL": (0, _I8),
    "FENCE_TOTAL": (0, _I8),
    "MIS_TOTAL": (0, _I16),
    "SIM_SPEEDUP": (1, _REAL),
}
_COPTER: dict[str, tuple[float, ParameterType]] = {
    "FRAME_CLASS": (1, _I8),
    "AUTO_OPTIONS": (0, _I32),
    "DISARM_DELAY": (10, _I8),
    "LAND_SPEED": (50, _I16),
    "RTL_ALT": (1500, _I32),
    "RTL_LOIT_TIME": (5000, _I32),
    "WPNAV_ACCEL": (250, _REAL),
    "WPNAV_SPEED": (1000, _REAL),
    "WPNAV_SPEED_DN": (150, _REAL),
    "WPNAV_SPEED_UP": (250, _REAL),
    "WPNAV_RADIUS": (200, _REAL),
}
_PLANE: dict[str, tuple[float, ParameterType]] = {
    "AIRSPEED_CRUISE": (22, _REAL),
    "AIRSPEED_MIN": (10, _I16),
    "AIRSPEED_MAX": (30, _I16),
    "LAND_DISARMDELAY": (20, _I8),
    "ROLL_LIMIT_DEG": (45, _REAL),
    "RTL_ALTITUDE": (100, _REAL),
    "TECS_CLMB_MAX": (5, _REAL),
    "TECS_SINK_MAX": (5, _REAL),
    "TKOFF_ALT": (50, _REAL),
    "WP_RADIUS": (50, _I16),
    "WP_LOITER_RAD": (80, _I16),
}


class Parameters:
    """Values by name, in one order. Whole-number types hold whole numbers within their range."""

    def __init__(self, kind: str) -> None:
        table = _COMMON | (_COPTER if kind == "copter" else _PLANE)
        self._types = {name: table[name][1] for name in sorted(table)}
        self._values = {name: float(table[name][0]) for name in self._types}
        self._names = list(self._types)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def name_at(self, index: int) -> str | None:
        """The name of that number, None where there is none."""
        return self._names[index] if 0 <= index < len(self._names) else None

    def index_of(self, name: str) -> int:
        """The number of that name."""
        return self._names.index(name)

    def type_of(self, name: str) -> ParameterType:
        """How the value is kept."""
        return self._types[name]

    def set(self, name: str, value: float) -> None:
        """Keep `value` as its type can hold it; NaN and infinity change nothing."""
        if not math.isfinite(value):
            return
        kind = self._types[name]
        if kind is _REAL:
            self._values[name] = float(struct.unpack("<f", struct.pack("<f", value))[0])
        else:
            limit = _RANGES[kind]
            self._values[name] = float(max(-limit, min(limit - 1, round(value))))
