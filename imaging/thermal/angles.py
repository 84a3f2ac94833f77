"""Every maker's angles of a camera as those of `telemetry.pose.Pose`: yaw, pitch and roll in the earth frame.

Pose turns by yaw, then pitch, then roll (z-y-x) from north-east-down; the camera looks along the turned x,
the top of its picture is along the turned -z. So pitch -90 looks straight down with the top along the yaw,
and a positive roll turns the camera clockwise as seen from behind it.

    DJI (XMP, SRT)  gimbal yaw, pitch, roll: z-y-x from north-east-down as DJI's manuals state ("NED
    coordinate
                    system, the rotation order is ZYX"), yaw -180 to 180 from north: taken as they are
    FLIR            a FLIR file says nothing of a gimbal; what DJI wrote beside it (XT2) is DJI's
    MISB ST 0601    the sensor's azimuth, elevation and roll (tags 18, 19, 20) from the platform's nose, each
    in
                    the sense of ours, on top of the platform's heading, pitch and roll (5, 6 or 90, 7 or 91)
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

from scipy.spatial.transform import Rotation, Slerp

_ORDER: Literal["ZYX"] = "ZYX"


@dataclass(frozen=True, slots=True)
class Angles:
    """Yaw (0 to 360, clockwise from true north), pitch (up positive), roll (-180 to 180), degrees."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float = 0.0


def earth_from_platform(platform: Angles, sensor: Angles) -> Angles:
    """The sensor's angles in the earth frame, where its own are counted from the platform's axes."""
    return _angles(_rotation(platform) * _rotation(sensor))


def between(first: Angles, second: Angles, share: float) -> Angles:
    """The angles at a share (0 to 1) of the shortest turn from one to the other.

    Straight down, where yaw and roll are one turn, interpolating each by itself would sweep through angles
    that the camera never had.
    """
    ends = Rotation.concatenate([_rotation(first), _rotation(second)])
    return _angles(Slerp([0.0, 1.0], ends)(share))


def _rotation(angles: Angles) -> Rotation:
    return Rotation.from_euler(_ORDER, [angles.yaw_deg, angles.pitch_deg, angles.roll_deg], degrees=True)


def _angles(rotation: Rotation) -> Angles:
    with warnings.catch_warnings():
        # straight down the roll is set to 0 and the yaw takes all of the turn, which is what is wanted
        warnings.simplefilter("ignore", UserWarning)
        yaw, pitch, roll = (float(angle) for angle in rotation.as_euler(_ORDER, degrees=True))
    return Angles(yaw % 360, pitch, roll)
