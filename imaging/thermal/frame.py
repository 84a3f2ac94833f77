"""One thermal picture: its numbers, what they mean, and where and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from missions.camera import Camera
from missions.geodesy import GeoPoint

Values = npt.NDArray[np.float32]
Unit = Literal["degC", "counts", "grey"]
BLANK = "a frame shows nothing: all its pixels are alike"


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a frame tells about its own taking; None where it tells nothing. Units as in
    `telemetry.pose.Pose`.

    `time_s` is seconds since 1970 UTC. `local_time` says that the file gave a time without an offset from
    UTC, which is then read as if it were UTC. `focal_length_px` is that of a picture of `size_px` (width,
    height), the digital `zoom` left out. `sigma_horizontal_m` is what the position's rounding adds to its
    error, `gap_s` the time between the two records that the place lies between, `speed_m_s` over ground.
    `unposed` says why the frame's own word cannot place it, where the file itself gives a reason.
    `image_source` is the camera of several that took it, as DJI calls it, else "". `above_ground`: the
    relative height is over the ground in view, not over the take-off (ST 0601 knows none).
    """

    time_s: float | None = None
    local_time: bool = False
    place: GeoPoint | None = None
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    yaw_deg: float | None = None
    gimbal_pitch_deg: float | None = None
    gimbal_yaw_deg: float | None = None
    gimbal_roll_deg: float | None = None
    make: str = ""
    model: str = ""
    description: str = ""
    focal_length_px: float | None = None
    size_px: tuple[int, int] = (0, 0)
    zoom: float = 1.0
    sigma_horizontal_m: float | None = None
    gap_s: float = 0.0
    speed_m_s: float = 0.0
    unposed: str = ""
    image_source: str = ""
    above_ground: bool = False


@dataclass(frozen=True, slots=True)
class ThermalFrame:
    """`values` (height, width), in `unit`: "degC", "counts" of the sensor or "grey" of a picture.

    `radiometric` is true where `unit` is a temperature; `error_degc` is then the error that its maker states,
    or None where the file names none. `camera` is the one described in the file itself, if it is. `number` is
    that of a frame of a clip, counted from 0 in the order of showing, and `sha256` then that of its decoded
    pixels; of a picture it is the file's.
    """

    path: Path
    values: Values
    unit: Unit
    exposure: Exposure
    sha256: str
    error_degc: float | None = None
    camera: Camera | None = None
    notes: tuple[str, ...] = ()
    number: int | None = None

    @property
    def radiometric(self) -> bool:
        """Whether the values are temperatures."""
        return self.unit == "degC"

    @property
    def blank(self) -> bool:
        """Whether all its pixels are alike: a shutter, a cap or a link that is lost, and no picture."""
        if bool(self.values.min() < self.values.max()):
            return False
        known = self.values[np.isfinite(self.values)]
        return known.size == 0 or not bool(known.min() < known.max())

    @property
    def name(self) -> str:
        """The file's name, with the frame's number in a clip: `clip.mp4#000123`."""
        return self.path.name if self.number is None else f"{self.path.name}#{self.number:06d}"
