"""From poses to viewpoints: a recording alone, or a folder of frames with or without one.

The camera's height is that of the aircraft above its take-off place, on the ground of that place: the
recording's own height over sea level is a receiver's, and some 40 m off in the Netherlands where it is one
over the ellipsoid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imaging.geolocate import Mount, fitted, rotation_ned_from_camera
from imaging.progress import Progress, silent
from imaging.thermal.frame import Exposure
from imaging.thermal.posing import TrackLike, posed_by
from imaging.thermal.radiometry import SUFFIXES, read_exposure
from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.daylight import kind_at
from missions.search.looks import Viewpoint
from missions.search.seen_ground import SeenGround
from telemetry.exposures import WANTED, Exposures
from telemetry.frames import Frame
from telemetry.pose import Pose
from telemetry.tlog import read_tlog
from telemetry.track import Track

LOWEST_M = 5.0
"""Nothing is searched from lower: the aircraft takes off, lands or stands."""
BY_PICTURES, BY_INTERVAL, BY_FRAMES = "pictures", "interval", "frames"
_TURN_S = 0.25
_FEWEST_PICTURES = 2


@dataclass(frozen=True, slots=True)
class Looking:
    """How a camera looked: `kind` of looking ("" for what its spectrum and the sun say), and how it is held.

    `interval_s` is the time between frames of a recording that tells of no pictures: a film that is watched,
    or photos by a clock. `clock_offset_s` is added to frames' times to give the track's.
    """

    camera: Camera
    kind: str = ""
    mount: Mount = "stabilised"
    interval_s: float = 1.0
    clock_offset_s: float = 0.0

    def kind_of(self, pose: Pose, utc_offset_s: float) -> str:
        """The kind of looking of a frame."""
        return self.kind or kind_at(self.camera.spectrum, pose.time_s + utc_offset_s, pose.place)


@dataclass
class Views:
    """The viewpoints of one recording or folder.

    `known_by` says what the frames' times are known by, `left_out` the frames without a place and why, and
    `take_off` where heights count from.
    """

    views: list[Viewpoint]
    known_by: str
    take_off: GeoPoint
    left_out: list[tuple[str, str]] = field(default_factory=list)


def views_of_recording(
    path: Path,
    looking: Looking,
    frame: LocalFrame,
    ground: SeenGround | None = None,
    system: int | None = None,
) -> Views:
    """Every frame that a recording tells of, else one each `interval_s` of flight.

    `ground` gives the height of the take-off place; without it that is 0. Raises FormatError, and InputError
    for no position or several aircraft.
    """
    frames = list(read_tlog(path))
    track = _track(frames, system, path)
    pictures = Exposures.from_frames(_camera_frames(frames), track.system, track.utc_offset_s)
    take_off = GeoPoint(float(track.lat_deg[0]), float(track.lon_deg[0]))
    if len(pictures) >= _FEWEST_PICTURES:
        times, known_by = pictures.time_s, BY_PICTURES
    else:
        times, known_by = np.arange(track.start_s, track.end_s, looking.interval_s), BY_INTERVAL
    made = Views([], known_by, take_off)
    base_m = _height_at(ground, frame, take_off)
    for number, time_s in enumerate(times):
        pose = track.pose_at(float(time_s))
        if pose is None or pose.height_relative_m < LOWEST_M:
            continue
        name = f"{path.name} {number + 1}"
        turn = _turn_deg_s(track, pose, looking.mount)
        kind = looking.kind_of(pose, track.utc_offset_s or 0.0)
        made.views.append(viewpoint(pose, looking, frame, base_m, name, kind, path.name, turn))
    return made


def views_of_folder(
    folder: Path,
    track: TrackLike | None,
    looking: Looking,
    frame: LocalFrame,
    ground: SeenGround | None = None,
    progress: Progress = silent,
) -> Views:
    """Every picture of a folder that can be placed: by the track, else by its own position and angles.

    Raises InputError where the folder holds no picture, or one that the camera does not fit.
    """
    paths = _pictures(folder)
    exposures: list[tuple[Path, Exposure]] = []
    made = Views([], BY_FRAMES, frame.origin)
    progress.stage("frames", len(paths))
    for path in paths:
        try:
            exposures.append((path, read_exposure(path)))
        except InputError as error:
            made.left_out.append((path.name, error.what))
        progress.advance()
    base_m: float | None = None
    for path, exposure in sorted(exposures, key=lambda pair: (pair[1].time_s or 0.0, pair[0].name)):
        posed = posed_by(exposure, track, looking.clock_offset_s)
        if isinstance(posed, str):
            made.left_out.append((path.name, posed))
            continue
        if base_m is None:
            made.take_off = _take_off(track, posed.pose)
            base_m = _height_at(ground, frame, made.take_off)
        pose = posed.pose
        camera = fitted(looking.camera, *exposure.size_px) if exposure.size_px[0] else looking.camera
        own = Looking(camera, looking.kind, looking.mount)
        turn = _turn_deg_s(track, pose, looking.mount) if track and posed.source != "frame" else 0.0
        kind = looking.kind_of(pose, 0.0)
        made.views.append(viewpoint(pose, own, frame, base_m, path.name, kind, folder.name, turn))
    return made


def viewpoint(
    pose: Pose,
    looking: Looking,
    frame: LocalFrame,
    take_off_m: float,
    name: str,
    kind: str,
    source: str = "",
    turn_deg_s: float = 0.0,
) -> Viewpoint:
    """A pose as a viewpoint; `take_off_m` is the height of the take-off place in the ground's datum."""
    east, north = frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg]])[0]
    return Viewpoint(
        name=name,
        time_s=pose.time_s,
        eye_m=np.array([east, north, take_off_m + pose.height_relative_m]),
        ned_from_camera=rotation_ned_from_camera(pose, looking.mount),
        camera=looking.camera,
        kind=kind,
        speed_m_s=pose.speed_m_s,
        turn_deg_s=turn_deg_s,
        source=source,
    )


def _track(frames: Sequence[Frame], system: int | None, path: Path) -> Track:
    try:
        return Track.from_frames(frames, system)
    except InputError as error:
        raise InputError(error.what, where=str(path), remedy=error.remedy) from error


def _camera_frames(frames: Sequence[Frame]) -> Iterator[Frame]:
    return (frame for frame in frames if frame.message_id in WANTED)


def _height_at(ground: SeenGround | None, frame: LocalFrame, place: GeoPoint) -> float:
    if ground is None:
        return 0.0
    return float(ground.at(frame.local_from_geo([[place.lon_deg, place.lat_deg]]))[0])


def _take_off(track: TrackLike | None, first: Pose) -> GeoPoint:
    """Where the track begins; without one the first frame's place, which is right on level ground."""
    pose = track.pose_at(track.start_s) if track is not None else None
    return first.place if pose is None else pose.place


def _turn_deg_s(track: TrackLike, pose: Pose, mount: Mount) -> float:
    """How fast the camera turned around this moment, by the track's angles."""
    before, after = track.pose_at(pose.time_s - _TURN_S), track.pose_at(pose.time_s + _TURN_S)
    if before is None or after is None:
        return 0.0
    between = rotation_ned_from_camera(before, mount).T @ rotation_ned_from_camera(after, mount)
    cosine = float(np.clip((np.trace(between) - 1) / 2, -1, 1))
    return float(np.degrees(np.arccos(cosine))) / (2 * _TURN_S)


def _pictures(folder: Path) -> list[Path]:
    try:
        names = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"the frames cannot be read ({error.strerror or error})",
            where=str(folder),
            remedy="Give the folder that holds the frames",
        ) from error
    found = [path for path in names if path.suffix.lower() in SUFFIXES]
    if not found:
        raise InputError("no frames in this folder", where=str(folder), remedy="Give a folder of pictures")
    return found
