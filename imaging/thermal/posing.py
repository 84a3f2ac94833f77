"""Where a frame was taken from: by the track, by the frame's own word, or not known and why.

Where both tell a place they must agree: a clock that is an hour off within a long flight, or another
aircraft's track, would else lay everything hundreds of metres from where it is, and say nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from imaging.thermal.frame import Exposure
from missions.geodesy import distance_m
from telemetry.pose import Pose

_HALF_HOURS_TRIED = 28
_SAME_CLOCK_S = 1.0
_APART_SIGMAS, _APART_FLOWN_S = 5.0, 2.0
"""A track and a frame's own place are of one flight where they differ by no more than their errors, and what
the aircraft flies in two seconds: clocks differ, and `find_clock` looks for that."""
_RECEIVER_M = 2.5
"""One standard deviation of a receiver of which nothing is known, beside the rounding of what it wrote."""


class TrackLike(Protocol):
    """What is asked of a track; `telemetry.track.Track` is one."""

    @property
    def start_s(self) -> float:
        """Time of the first position, seconds since 1970 UTC."""
        ...

    @property
    def end_s(self) -> float:
        """Time of the last position."""
        ...

    def pose_at(self, time_s: float) -> Pose | None:
        """The pose at a time, None where there is none."""
        ...


APART_S = 0.25
"""How far before and after a frame its track is asked for how it moved and turned."""


@dataclass(frozen=True, slots=True)
class Posed:
    """A pose and where it is from: "track", "track and frame" or "frame".

    `before` and `after` are the track's poses `APART_S` from it, None where it has none. `apart` says that,
    and by about how much, the track contradicts the frame's own place, which was then taken. `above_ground`
    is the exposure's.
    """

    pose: Pose
    source: str
    before: Pose | None = None
    after: Pose | None = None
    apart: str = ""
    above_ground: bool = False


def posed_by(exposure: Exposure, track: TrackLike | None, clock_offset_s: float) -> Posed | str:
    """The pose of a frame, or why there is none. `clock_offset_s` turns the frame's time into the track's."""
    own = own_pose(exposure)
    if track is not None and exposure.time_s is not None:
        posed = _by_track(exposure, track, exposure.time_s + clock_offset_s)
        away_m = None if posed is None else _away_m(exposure, posed.pose)
        if posed is not None and away_m is None:
            return posed
        if away_m is not None:
            fits = _fits(exposure, track, clock_offset_s)
            if isinstance(own, Pose):
                far = f"the track lies {_about(away_m)} m or more from where frames say that they were taken"
                far = f"{far}: placed by their own word{fits}"
                return Posed(own, "frame", apart=far, above_ground=exposure.above_ground)
            return f"the track lies {away_m:.0f} m from where the frame says it was taken{fits}, and {own}"
    if isinstance(own, Pose):
        return Posed(own, "frame", above_ground=exposure.above_ground)
    if track is None:
        return f"there is no track, and {own}"
    if exposure.time_s is None:
        return f"the frame tells no time, and {own}"
    return _missed(track, exposure.time_s + clock_offset_s, clock_offset_s)


def _away_m(exposure: Exposure, pose: Pose) -> float | None:
    """How far a pose lies from the frame's own place, None where that tells none or both may be right."""
    if exposure.place is None:
        return None
    away_m = distance_m(exposure.place, pose.place)
    sigma_m = math.hypot(
        _RECEIVER_M if pose.sigma_horizontal_m is None else pose.sigma_horizontal_m,
        _RECEIVER_M,
        exposure.sigma_horizontal_m or 0.0,
    )
    flown_m = _APART_FLOWN_S * max(pose.speed_m_s, exposure.speed_m_s)
    return away_m if away_m > _APART_SIGMAS * sigma_m + flown_m else None


def _fits(exposure: Exposure, track: TrackLike, clock_offset_s: float) -> str:
    """By which half hours the frame's clock must be moved for the track to be where the frame was taken."""
    for half_hours in _half_hours():
        offset_s = clock_offset_s + 1800 * half_hours
        pose = track.pose_at((exposure.time_s or 0.0) + offset_s)
        if pose is not None and _away_m(exposure, pose) is None:
            return (
                f"; with its clock moved by {half_hours / 2:+g} h it would fit (clock offset {offset_s:g} s)"
            )
    return "; no whole or half hours would explain it: is the track another aircraft's?"


def _half_hours() -> list[int]:
    """The least first, none left out but nought."""
    return sorted((n for n in range(-_HALF_HOURS_TRIED, _HALF_HOURS_TRIED + 1) if n), key=abs)


def _about(metres: float) -> int:
    """10, 20, 50, 100, 200 ...: so that frames that are off alike say so in the same words."""
    power = 10 ** math.floor(math.log10(metres))
    return int(power * max(step for step in (1, 2, 5) if step * power <= metres))


def _by_track(exposure: Exposure, track: TrackLike, time_s: float) -> Posed | None:
    pose = track.pose_at(time_s)
    if pose is None:
        return None
    around = track.pose_at(time_s - APART_S), track.pose_at(time_s + APART_S)
    # where one is missing the other says nothing of how it moved at the frame's time
    before, after = around if None not in around else (None, None)
    if pose.gimbal_pitch_deg is not None or exposure.gimbal_pitch_deg is None:
        return Posed(pose, "track", before, after)
    poses = [each and _with_gimbal(each, exposure) for each in (pose, before, after)]
    return Posed(poses[0] or pose, "track and frame", poses[1], poses[2])


def own_pose(exposure: Exposure) -> Pose | str:
    """The pose that a frame itself tells, or what it lacks."""
    if exposure.unposed:
        return exposure.unposed
    if exposure.place is None:
        return "the frame tells no position"
    if exposure.height_relative_m is None:
        return "the frame tells no height above the take-off"
    if exposure.height_relative_m <= 0:
        return f"the frame's height above the take-off is {exposure.height_relative_m:g} m"
    yaw_deg = exposure.yaw_deg if exposure.yaw_deg is not None else exposure.gimbal_yaw_deg
    if yaw_deg is None:
        return "the frame tells no heading"
    amsl_m = exposure.height_amsl_m
    return _with_gimbal(
        Pose(
            time_s=exposure.time_s or 0.0,
            place=exposure.place,
            height_amsl_m=exposure.height_relative_m if amsl_m is None else amsl_m,
            height_relative_m=exposure.height_relative_m,
            roll_deg=0.0,
            pitch_deg=0.0,
            yaw_deg=yaw_deg,
            speed_m_s=exposure.speed_m_s,
            sigma_horizontal_m=None
            if exposure.sigma_horizontal_m is None
            else math.hypot(_RECEIVER_M, exposure.sigma_horizontal_m),
            gap_s=exposure.gap_s,
        ),
        exposure,
    )


def _with_gimbal(pose: Pose, exposure: Exposure) -> Pose:
    return replace(
        pose,
        gimbal_pitch_deg=exposure.gimbal_pitch_deg,
        gimbal_yaw_deg=exposure.gimbal_yaw_deg,
        gimbal_roll_deg=exposure.gimbal_roll_deg,
    )


def _missed(track: TrackLike, time_s: float, clock_offset_s: float) -> str:
    """Why the track has no pose at a time, and whether a whole number of half hours would explain it."""
    if track.start_s <= time_s <= track.end_s:
        return "the track has a gap at the frame's time"
    if time_s < track.start_s:
        text = f"the frame is from {_span(track.start_s - time_s)} before the track starts"
    else:
        text = f"the frame is from {_span(time_s - track.end_s)} after the track ends"
    for half_hours in _half_hours():
        if track.start_s - _SAME_CLOCK_S <= time_s + 1800 * half_hours <= track.end_s + _SAME_CLOCK_S:
            moved = f"with its clock moved by {half_hours / 2:+g} h it would fit"
            return f"{text}; {moved} (clock offset {clock_offset_s + 1800 * half_hours:g} s)"
    return text


def _span(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
