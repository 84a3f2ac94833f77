"""Mission items: what an autopilot holds of a plan.

The numbers are MAVLink's (MAV_CMD, MAV_FRAME, MAV_MISSION_TYPE; mavlink.io/en/messages/common.html). They
are written here once so that planning needs no MAVLink library.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Command(IntEnum):
    """MAV_CMD, the part that plans use."""

    WAYPOINT = 16
    LOITER_UNLIMITED = 17
    LOITER_TURNS = 18
    LOITER_TIME = 19
    RETURN_TO_LAUNCH = 20
    LAND = 21
    TAKEOFF = 22
    LOITER_TO_ALT = 31
    SPLINE_WAYPOINT = 82
    VTOL_LAND = 85
    CONDITION_YAW = 115
    DO_JUMP = 177
    DO_CHANGE_SPEED = 178
    DO_SET_HOME = 179
    DO_LAND_START = 189
    DO_SET_ROI_LOCATION = 195
    DO_SET_ROI_WPNEXT_OFFSET = 196
    DO_SET_ROI_NONE = 197
    DO_SET_ROI = 201
    DO_DIGICAM_CONTROL = 203
    DO_MOUNT_CONTROL = 205
    DO_SET_CAM_TRIGG_DIST = 206
    JUMP_TAG = 600
    DO_JUMP_TAG = 601
    DO_GIMBAL_MANAGER_PITCHYAW = 1000
    IMAGE_STOP_CAPTURE = 2001
    VIDEO_STOP_CAPTURE = 2501
    FENCE_RETURN_POINT = 5000
    FENCE_POLYGON_INCLUSION = 5001
    FENCE_POLYGON_EXCLUSION = 5002
    FENCE_CIRCLE_INCLUSION = 5003
    FENCE_CIRCLE_EXCLUSION = 5004
    RALLY_POINT = 5100


class Frame(IntEnum):
    """MAV_FRAME: what `z` is measured from."""

    GLOBAL_AMSL = 0
    MISSION = 2
    GLOBAL_RELATIVE = 3
    GLOBAL_TERRAIN = 10


class MissionType(IntEnum):
    """MAV_MISSION_TYPE: the three lists that an autopilot holds."""

    MISSION = 0
    FENCE = 1
    RALLY = 2


@dataclass(frozen=True, slots=True)
class MissionItem:
    """One line of a mission, a fence or a rally list.

    `x` and `y` are latitude and longitude in degrees where the command takes a place, else parameters 5 and
    6; `z` is metres in `frame`, else parameter 7.
    """

    command: int
    frame: int = Frame.GLOBAL_RELATIVE
    p1: float = 0.0
    p2: float = 0.0
    p3: float = 0.0
    p4: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    autocontinue: bool = True
