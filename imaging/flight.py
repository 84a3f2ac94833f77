"""What a flight's own recording tells of its photos: where each was taken, and where the camera looked.

A photo keeps what it says itself; what it does not say comes from the track at the time of its exposure, by
the camera's messages in the recording where there is one for it, else by the photo's own time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imaging.flight_clock import Offset, offset_of
from imaging.flight_clock import Path as Flown
from imaging.lens import Array
from imaging.photos import Photo, hash_file
from imaging.progress import Progress
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from telemetry.pose import Pose

if TYPE_CHECKING:
    from telemetry.exposures import Exposures
    from telemetry.track import Track

NEAR_EXPOSURE_S = 1.0
EXPOSURE_SIGMA_S = 0.05
ROUNDED_S = 0.29
"""One standard deviation of a time in whole seconds, 1/sqrt(12); its mean goes into the offset."""
WRONG_CLOCK_M = 15.0
TOLD_CLOCK_S = 3.0


@dataclass(frozen=True, slots=True)
class Flight:
    """One aircraft's track, what its camera told, and the digest of the file."""

    path: Path
    sha256: str
    track: Track
    exposures: Exposures


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightUse:
    """What a flight gave its photos; goes into the report.

    Adding `offset_s` to a photo's time gives the recording's; `clock_ahead_s` is how far the camera's clock
    was ahead of UTC, with `offset_sigma_s`. Photos by name: `matched` to a picture that the recording tells
    of, `placed` and `pointed` by the flight, and with a time that cannot be right in `doubtful`.
    """

    file: str
    sha256: str
    offset_s: float
    offset_sigma_s: float
    told_by: str
    clock_ahead_s: float
    matched: tuple[str, ...]
    placed: tuple[str, ...]
    pointed: tuple[str, ...]
    doubtful: tuple[str, ...]


def read_flight(path: Path, system: int | None = None) -> Flight:
    """The flight in a `.tlog`. Raises FormatError, and InputError for no position or several aircraft."""
    # MAVLink's messages take a tenth of a second to load, and most mosaics are told of no flight.
    from telemetry.exposures import Exposures
    from telemetry.tlog import read_tlog
    from telemetry.track import Track

    sha256 = hash_file(path)
    track = Track.from_tlog(path, system)
    exposures = Exposures.from_frames(read_tlog(path), track.system, track.utc_offset_s)
    return Flight(path, sha256, track, exposures)


def with_flight(
    photos: dict[str, Photo], flight: Flight, progress: Progress
) -> tuple[dict[str, Photo], FlightUse]:
    """The photos with what the flight adds to them. Raises InputError where they are not of this flight."""
    told = {name: photo for name, photo in photos.items() if photo.time_s is not None}
    offset = _offset(told, flight)
    if offset is None:
        raise InputError(
            "the photos' times fit this flight nowhere, or in several ways",
            where=str(flight.path),
            remedy="Give the recording of the flight on which the photos were taken, with the camera's "
            "messages, or photos of which some have a position",
        )
    found = {name: _found(photo, offset, flight) for name, photo in told.items()}
    doubtful = tuple(name for name in told if _doubtful(told[name], found[name]))
    made: dict[str, Photo] = {}
    for name, photo in photos.items():
        seen = found.get(name)
        made[name] = photo if seen is None or name in doubtful else _completed(photo, seen)
    ahead_s = -(offset.seconds + (flight.track.utc_offset_s or 0.0))
    use = FlightUse(
        file=flight.path.name,
        sha256=flight.sha256,
        offset_s=offset.seconds,
        offset_sigma_s=offset.sigma_s,
        told_by=offset.told_by,
        clock_ahead_s=ahead_s,
        matched=tuple(name for name, seen in found.items() if seen is not None and seen.by_exposure),
        placed=tuple(name for name, photo in made.items() if photo.place != photos[name].place),
        pointed=tuple(
            name for name, photo in made.items() if photo.gimbal_pitch_deg != photos[name].gimbal_pitch_deg
        ),
        doubtful=doubtful,
    )
    for note in _notes(use):
        progress.note(note)
    return made, use


@dataclass(frozen=True, slots=True)
class _Seen:
    """A photo on the track: its pose, how sure of its own time, and whether the recording tells of it."""

    pose: Pose
    sigma_s: float
    by_exposure: bool


def _offset(photos: dict[str, Photo], flight: Flight) -> Offset | None:
    if not photos:
        return None
    track = flight.track
    frame = LocalFrame(GeoPoint(float(np.median(track.lat_deg)), float(np.median(track.lon_deg))))
    local_m = np.full((len(photos), 2), np.nan)
    for row, photo in enumerate(photos.values()):
        if photo.place is not None:
            local_m[row] = frame.local_from_geo([[photo.place.lon_deg, photo.place.lat_deg]])[0]
    path = Flown(track.time_s, frame.local_from_geo(track.lonlat_deg), track.height_relative_m)
    return offset_of(_times(photos), local_m, path, flight.exposures.time_s, track.utc_offset_s or 0.0)


def _times(photos: dict[str, Photo]) -> Array:
    return np.array([photo.time_s for photo in photos.values()], float)


def _found(photo: Photo, offset: Offset, flight: Flight) -> _Seen | None:
    assert photo.time_s is not None  # noqa: S101 - the caller chose those that tell it
    time_s, exposures = photo.time_s + offset.seconds, flight.exposures
    if len(exposures):
        nearest = int(np.abs(exposures.time_s - time_s).argmin())
        if abs(exposures.time_s[nearest] - time_s) <= NEAR_EXPOSURE_S:
            pose = flight.track.pose_at(float(exposures.time_s[nearest]))
            return None if pose is None else _Seen(_told(pose, exposures, nearest), EXPOSURE_SIGMA_S, True)
    pose = flight.track.pose_at(time_s)
    rounded_s = ROUNDED_S if photo.time_s == int(photo.time_s) else 0.01
    return None if pose is None else _Seen(pose, float(np.hypot(offset.sigma_s, rounded_s)), False)


def _told(pose: Pose, exposures: Exposures, number: int) -> Pose:
    """The pose with the place that the camera's message tells, where it tells one."""
    if not np.isfinite(exposures.lat_deg[number]):
        return pose
    return replace(
        pose,
        place=GeoPoint(float(exposures.lat_deg[number]), float(exposures.lon_deg[number])),
        height_amsl_m=float(exposures.height_amsl_m[number]),
        height_relative_m=float(exposures.height_relative_m[number]),
    )


def _doubtful(photo: Photo, seen: _Seen | None) -> bool:
    """Whether the photo was taken when there was no flight, or says itself that it was taken elsewhere."""
    if seen is None:
        return True
    if photo.place is None:
        return False
    apart_m = np.linalg.norm(
        LocalFrame(photo.place).local_from_geo([[seen.pose.place.lon_deg, seen.pose.place.lat_deg]])[0]
    )
    return bool(apart_m > WRONG_CLOCK_M + 3 * seen.pose.speed_m_s * seen.sigma_s)


def _completed(photo: Photo, seen: _Seen) -> Photo:
    """The photo with what it does not say itself."""
    pose = seen.pose
    known: dict[str, Any] = {}
    if photo.place is None:
        moved_m = pose.speed_m_s * seen.sigma_s
        known |= {"place": pose.place, "sigma_own_m": moved_m, "sigma_plan_m": pose.sigma_horizontal_m}
    if photo.height_relative_m is None:
        known["height_relative_m"] = pose.height_relative_m
    if photo.height_amsl_m is None:
        known["height_amsl_m"] = pose.height_amsl_m
    if photo.gimbal_pitch_deg is None and pose.gimbal_pitch_deg is not None:
        known |= {
            "gimbal_pitch_deg": pose.gimbal_pitch_deg,
            "gimbal_yaw_deg": pose.gimbal_yaw_deg,
            "gimbal_roll_deg": pose.gimbal_roll_deg,
        }
    return replace(photo, **known)


def _notes(use: FlightUse) -> Iterator[str]:
    if abs(use.clock_ahead_s) > TOLD_CLOCK_S:
        way = "ahead of" if use.clock_ahead_s > 0 else "behind"
        yield (
            f"the camera's clock is {spoken(abs(use.clock_ahead_s))} {way} the aircraft's "
            f"(within {max(0.1, 1.96 * use.offset_sigma_s):.1f} s, by {use.told_by})"
        )
    for name in use.doubtful:
        yield f"{name}: its time does not belong to {use.file}; the flight tells nothing of it"


def spoken(seconds: float) -> str:
    """A time as people say it: 2 h 0 min 3.5 s."""
    hours, rest = divmod(round(seconds, 1), 3600)
    minutes, rest = divmod(rest, 60)
    parts = ([f"{hours:.0f} h"] if hours else []) + ([f"{minutes:.0f} min"] if hours or minutes else [])
    return " ".join([*parts, f"{rest:.1f} s"])


def use_from_json(body: Mapping[str, Any]) -> FlightUse:
    """The use as `asdict` wrote it. Raises KeyError and TypeError as they come."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in body.items()
    }
    return FlightUse(**values)
