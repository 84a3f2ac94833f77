"""Where an aircraft was and how it lay at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from missions.geodesy import GeoPoint


@dataclass(frozen=True, slots=True)
class Pose:
    """Position and attitude at `time_s` (seconds since 1970 UTC).

    Angles in degrees: aircraft roll right and pitch up positive, yaw from true north clockwise. The gimbal's
    angles are those of the camera in the earth frame (pitch -90 looks straight down) and None where no gimbal
    reported. `height_relative_m` is above the take-off point. `sigma_*` are one standard deviation and
    None where unknown. `gap_s` is the time between the two recorded positions that the pose lies between.
    """

    time_s: float
    place: GeoPoint
    height_amsl_m: float
    height_relative_m: float
    roll_deg: float
    pitch_deg: float
    yaw_deg: float
    gimbal_pitch_deg: float | None = None
    gimbal_yaw_deg: float | None = None
    gimbal_roll_deg: float | None = None
    speed_m_s: float = 0.0
    sigma_horizontal_m: float | None = None
    sigma_vertical_m: float | None = None
    gap_s: float = 0.0
