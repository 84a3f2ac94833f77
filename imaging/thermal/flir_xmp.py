"""What FLIR's aerial cameras (Vue Pro, Duo Pro R) write of the autopilot that they hang on.

By FLIR's manual (Duo Pro R, Rev. 1.0, pages 47 to 49) the camera copies MAVLink: ATTITUDE into MAVYaw,
MAVPitch and MAVRoll, the relative height of GLOBAL_POSITION_INT into MAVRelativeAltitude, and MOUNT_STATUS
into the camera's Yaw, Pitch and Roll, whose yaw counts from the aircraft's nose (as `telemetry.pointing` has
it). Figures are fractions such as "-8759/100". Without a link all of MAV stands at 0, and the camera's angles
are then its own sensor's, which says nothing of the earth frame: neither is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from imaging.thermal.angles import Angles
from imaging.xmp import read_texts

FLIR, CAMERA = "{http://ns.flir.com/xmp/1.0/}", "{http://pix4d.com/camera/1.0}"


@dataclass(frozen=True, slots=True)
class FlirXmp:
    """Degrees and metres as in `telemetry.pose.Pose`; None where nothing was told."""

    height_relative_m: float | None = None
    yaw_deg: float | None = None
    gimbal: Angles | None = None


def read_flir_xmp(packet: bytes | str | None) -> FlirXmp:
    """What an XMP packet says of aircraft and mount; an empty answer where nobody told the camera."""
    mav, camera = read_texts(packet, FLIR), read_texts(packet, CAMERA)
    height_m, yaw = _figure(mav, "MAVRelativeAltitude"), _figure(mav, "MAVYaw")
    attitude = [yaw, _figure(mav, "MAVPitch"), _figure(mav, "MAVRoll")]
    if not any(attitude) and not height_m:
        return FlirXmp()
    mount = [_figure(camera, name) for name in ("Yaw", "Pitch", "Roll")]
    gimbal = None
    if yaw is not None and any(mount) and None not in mount:
        turn, pitch, roll = (angle or 0.0 for angle in mount)
        gimbal = Angles((yaw + turn) % 360, pitch, roll)
    return FlirXmp(height_m, None if yaw is None else yaw % 360, gimbal)


def _figure(texts: dict[str, str], name: str) -> float | None:
    try:
        value = float(Fraction(texts.get(name, "").strip()))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return value if math.isfinite(value) and abs(value) <= 20_000 else None
