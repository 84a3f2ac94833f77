"""MAVLink's and ArduPilot's numbers (mavlink.io/en/messages/ardupilotmega.html)."""

from __future__ import annotations

from enum import IntEnum

AUTOPILOT_ARDUPILOT = 3
VEHICLE_TYPES = {"copter": 2, "plane": 1}
ALL_COMPONENTS = 0
AUTOPILOT_COMPONENT = 1
FORCE = 21196
"""The magic parameter that forces arming or disarming."""

COPTER_MODES = {
    "STABILIZE": 0,
    "ALT_HOLD": 2,
    "AUTO": 3,
    "GUIDED": 4,
    "LOITER": 5,
    "RTL": 6,
    "LAND": 9,
    "POSHOLD": 16,
    "BRAKE": 17,
}
PLANE_MODES = {
    "MANUAL": 0,
    "CIRCLE": 1,
    "STABILIZE": 2,
    "FBWA": 5,
    "FBWB": 6,
    "CRUISE": 7,
    "AUTO": 10,
    "RTL": 11,
    "LOITER": 12,
    "TAKEOFF": 13,
    "GUIDED": 15,
}


class Result(IntEnum):
    """MAV_RESULT: the answer to a command."""

    ACCEPTED = 0
    TEMPORARILY_REJECTED = 1
    DENIED = 2
    UNSUPPORTED = 3
    FAILED = 4


class MissionResult(IntEnum):
    """MAV_MISSION_RESULT: the answer to a mission message."""

    ACCEPTED = 0
    ERROR = 1
    UNSUPPORTED_FRAME = 2
    UNSUPPORTED = 3
    NO_SPACE = 4
    INVALID_PARAM1 = 6
    INVALID_PARAM5_X = 10
    INVALID_PARAM6_Y = 11
    INVALID_PARAM7 = 12
    INVALID_SEQUENCE = 13
    DENIED = 14
    OPERATION_CANCELLED = 15


class Severity(IntEnum):
    """MAV_SEVERITY, as far as it is used."""

    CRITICAL = 2
    WARNING = 4
    INFO = 6


class MissionState(IntEnum):
    """MISSION_STATE in MISSION_CURRENT."""

    NO_MISSION = 1
    NOT_STARTED = 2
    ACTIVE = 3
    PAUSED = 4
    COMPLETE = 5


class Do(IntEnum):
    """MAV_CMD: commands that are no mission items here."""

    REPOSITION = 192
    SET_MISSION_CURRENT = 224
    SET_MODE = 176
    MISSION_START = 300
    ARM_DISARM = 400
    GET_HOME_POSITION = 410
    GET_MESSAGE_INTERVAL = 510
    SET_MESSAGE_INTERVAL = 511
    REQUEST_MESSAGE = 512
    REQUEST_AUTOPILOT_CAPABILITIES = 520
