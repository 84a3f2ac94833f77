"""Where a camera on a gimbal points, by the messages that say so, best first.

GIMBAL_DEVICE_ATTITUDE_STATUS has a quaternion and says in which frame its yaw is
(mavlink.io/en/services/gimbal_v2.html); MOUNT_ORIENTATION and MOUNT_STATUS have angles, their yaw from the
vehicle's nose.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from telemetry.messages import Message

SOURCES = ("GIMBAL_DEVICE_ATTITUDE_STATUS", "MOUNT_ORIENTATION", "MOUNT_STATUS")
"""The messages, the most trustworthy first."""
_YAW_LOCK, _YAW_IN_VEHICLE_FRAME, _YAW_IN_EARTH_FRAME = 16, 32, 64
"""GIMBAL_DEVICE_FLAGS."""
_UPRIGHT = 1 - 1e-6
"""The sine of a pitch within a tenth of a degree of straight up or down."""


class Pointing(NamedTuple):
    """Roll, pitch and yaw in degrees; `earth`: the yaw is from true north, else from the vehicle's nose."""

    roll_deg: float
    pitch_deg: float
    yaw_deg: float
    earth: bool


def pointing_of(message: Message) -> Pointing | None:
    """Where the camera points; None where the message of `SOURCES` has no numbers for it."""
    earth = False
    if message.name == SOURCES[0]:
        roll, pitch, yaw = _euler_from_quaternion(message.q)
        flags = message.flags
        earth = bool(flags & _YAW_IN_EARTH_FRAME) or (
            not flags & _YAW_IN_VEHICLE_FRAME and bool(flags & _YAW_LOCK)
        )
    elif message.name == SOURCES[1]:
        roll, pitch, yaw = message.roll, message.pitch, message.yaw
    else:
        pitch, roll, yaw = message.pointing_a / 100, message.pointing_b / 100, message.pointing_c / 100
    return Pointing(roll, pitch, yaw, earth) if all(map(math.isfinite, (roll, pitch, yaw))) else None


def _euler_from_quaternion(q: tuple[float, ...]) -> tuple[float, float, float]:
    """Roll, pitch, yaw in degrees (order yaw, pitch, roll) of a quaternion w, x, y, z, NaN of none."""
    w, x, y, z = q
    if not math.isfinite(w + x + y + z):
        return math.nan, math.nan, math.nan
    sine = max(-1.0, min(1.0, 2 * (w * y - z * x)))
    pitch = math.asin(sine)
    if abs(sine) > _UPRIGHT:
        # straight down or up yaw and roll are one turn, and the usual formulas give neither
        return 0.0, math.degrees(pitch), math.degrees(math.copysign(2, -sine) * math.atan2(x, w))
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return math.degrees(roll), math.degrees(pitch), math.degrees(yaw)
