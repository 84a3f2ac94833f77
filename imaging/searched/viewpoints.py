"""From poses to viewpoints: a recording alone, or frames (pictures and clips) with or without one.

The camera's height is that of the aircraft above its take-off place, on the ground of that place: the
recording's own height over sea level is a receiver's, and some 40 m off in the Netherlands where it is one
over the ellipsoid.

Where no gimbal reports, nobody knows where the camera looked. Unless it is said to be bolted to the aircraft
or to look straight down, only the ground that it had in view also when `ASKEW_DEG` askew is taken as seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from imaging.finds import Unread
from imaging.geolocate import Mount, fitted, rotation_ned_from_camera
from imaging.progress import Progress, silent
from imaging.searched.measured_ground import ground_heat_of
from imaging.thermal.frame import BLANK, Exposure, ThermalFrame
from imaging.thermal.posing import TrackLike, posed_by
from imaging.thermal.radiometry import SUFFIXES as PICTURES
from imaging.thermal.radiometry import read_frame
from imaging.thermal.reading import Reading, VideoOptions
from imaging.thermal.repeats import Repeats
from imaging.thermal.sources import open_frames
from imaging.thermal.take_off import NO_TAKE_OFF
from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.daylight import kind_at
from missions.search.ground_heat import MEASURED
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
ASKEW_DEG = 10.0
"""So far a camera of which nothing is known may look past straight down: two sigma of what `heat` takes."""
NO_GIMBAL = (
    f"no gimbal reported: only what is in view also with the camera {ASKEW_DEG:g}° askew is taken as seen"
)
_TOO_NARROW = "no gimbal reported, and the camera sees no more than it may be askew by"
TURN_S = 0.25
_FEWEST_PICTURES = 2


@dataclass(frozen=True, slots=True)
class Looking:
    """How a camera looked: `kind` of looking ("" for what its spectrum and the sun say), and how it is held.

    `interval_s` is the time between frames of a recording that tells of no pictures: a film that is watched,
    or photos by a clock. `clock_offset_s` is added to frames' times to give the track's. `straight_down` says
    where it looked when no gimbal reports. With `measure` the ground's heat is read out of pictures that tell
    temperatures; their kind's name then ends so (`missions.search.ground_heat.MEASURED`).
    """

    camera: Camera
    kind: str = ""
    mount: Mount = "stabilised"
    interval_s: float = 1.0
    clock_offset_s: float = 0.0
    straight_down: bool = False
    measure: bool = True

    def kind_of(self, pose: Pose, utc_offset_s: float) -> str:
        """The kind of looking of a frame."""
        return self.kind or kind_at(self.camera.spectrum, pose.time_s + utc_offset_s, pose.place)


@dataclass
class Views:
    """The viewpoints of one recording or folder.

    `known_by` says what the frames' times are known by, `left_out` the frames without a place and why,
    `take_off` where heights count from, and `notes` what else there is to know, with the number of frames.
    """

    views: list[Viewpoint]
    known_by: str
    take_off: GeoPoint
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, looking: Looking, pose: Pose, view: Viewpoint) -> None:
        """A frame's viewpoint, of which less is taken as seen where nobody knows where the camera looked."""
        if pose.gimbal_pitch_deg is None and looking.mount == "stabilised" and not looking.straight_down:
            narrower = _narrower(view.camera)
            if narrower is None:
                self.left_out.append((name, _TOO_NARROW))
                return
            self.notes.update([NO_GIMBAL])
            view = replace(view, camera=narrower)
        self.views.append(view)


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
    base_m = height_at(ground, frame, take_off)
    for number, time_s in enumerate(times):
        pose = track.pose_at(float(time_s))
        if pose is None or pose.height_relative_m < LOWEST_M:
            continue
        name = f"{path.name} {number + 1}"
        turn = turned_deg_s(track, pose, looking.mount)
        kind = looking.kind_of(pose, track.utc_offset_s or 0.0)
        made.add(name, looking, pose, viewpoint(pose, looking, frame, base_m, name, kind, path.name, turn))
    return made


def views_of_frames(
    where: Path,
    track: TrackLike | None,
    looking: Looking,
    frame: LocalFrame,
    ground: SeenGround | None = None,
    progress: Progress = silent,
) -> Views:
    """Every frame of a folder, a picture or a clip that can be placed: by the track, else by its own word.

    Of a clip a frame each `interval_s`. A frame that is not of the camera's kind or shape is left out, and
    so is a blank one of heat: nobody was looked for in it. Raises InputError where there is no frame.
    """
    reading = Reading(video=VideoOptions(every_s=looking.interval_s))
    source = open_frames(where, reading, progress, spectrum=looking.camera.spectrum)
    exposures: list[tuple[str, Exposure, str]] = []
    made = Views([], BY_FRAMES, frame.origin)
    progress.stage("frames", source.count())
    for each in source.exposures():
        if isinstance(each, Unread):
            made.left_out.append((each.name, each.reason))
        else:
            exposures.append(each)
        progress.advance()
    made.notes.update(source.notes)
    # a frame is the same one whether its file or its folder is given
    of = (where if where.is_dir() else where.parent).absolute().name
    base_m: float | None = None
    thermal = looking.camera.spectrum == "thermal"
    pictures = {path.name: path for path in source.files if thermal and path.suffix.lower() in PICTURES}
    progress.stage("where they looked", len(exposures))
    repeats = Repeats()
    for name, exposure, sha256 in sorted(exposures, key=lambda each: (each[1].time_s or 0.0, each[0])):
        posed = posed_by(exposure, track, looking.clock_offset_s)
        if isinstance(posed, str):
            made.left_out.append((name, posed))
            continue
        try:
            own = _as_taken(looking, exposure)
            # a picture that is cut short tells where it was taken and shows nobody
            picture = read_frame(pictures[name]) if name in pictures else None
        except InputError as error:
            made.left_out.append((name, error.what))
            continue
        if picture is not None and picture.blank:
            made.left_out.append((name, BLANK))
            continue
        hashed = sha256 if picture is None else picture.sha256
        if why := repeats.why(name, hashed, exposure.time_s, posed.pose.place):
            made.left_out.append((name, why))
            continue
        if posed.apart:
            made.notes.update([posed.apart])
        if base_m is None and not posed.above_ground:
            begun = None if posed.apart else track
            made.take_off = _take_off(begun, posed.pose)
            if begun is None and ground is not None and np.ptp(ground.heights_m) > 0:
                made.notes.update([NO_TAKE_OFF])
            base_m = height_at(ground, frame, made.take_off)
        below_m = height_at(ground, frame, posed.pose.place) if posed.above_ground else base_m or 0.0
        pose = posed.pose
        turn = turned_deg_s(track, pose, looking.mount) if track and posed.source != "frame" else 0.0
        kind = looking.kind_of(pose, 0.0)
        view = viewpoint(pose, own, frame, below_m, name, kind, of, turn)
        if looking.measure and picture is not None:
            view = _measured(view, picture)
        made.add(name, own, pose, view)
        progress.advance()
    return made


def _measured(view: Viewpoint, picture: ThermalFrame) -> Viewpoint:
    """With the ground's heat where the picture tells temperatures."""
    ground = ground_heat_of(picture, view.camera)
    if ground is None:
        return view
    kind = view.kind if view.kind.endswith(MEASURED) else view.kind + MEASURED
    return replace(view, ground=ground, kind=kind)


def _as_taken(looking: Looking, exposure: Exposure) -> Looking:
    """With the camera at a frame's own size and digital zoom. Raises InputError where it does not fit."""
    camera = fitted(looking.camera, *exposure.size_px) if exposure.size_px[0] else looking.camera
    return replace(looking, camera=replace(camera, focal_length_mm=camera.focal_length_mm * exposure.zoom))


def _narrower(camera: Camera) -> Camera | None:
    """The part of a camera that sees what it would also have seen `ASKEW_DEG` askew; None for none."""
    focal_px, askew = camera.focal_length_px, math.radians(ASKEW_DEG)
    width, height = (
        2 * focal_px * math.tan(math.atan(side / 2 / focal_px) - askew)
        for side in (camera.image_width_px, camera.image_height_px)
    )
    if min(width, height) < 2:
        return None
    return replace(
        camera,
        image_width_px=int(width),
        image_height_px=int(height),
        sensor_width_mm=camera.sensor_width_mm * int(width) / camera.image_width_px,
        sensor_height_mm=camera.sensor_height_mm * int(height) / camera.image_height_px,
    )


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


def height_at(ground: SeenGround | None, frame: LocalFrame, place: GeoPoint) -> float:
    if ground is None:
        return 0.0
    return float(ground.at(frame.local_from_geo([[place.lon_deg, place.lat_deg]]))[0])


def _take_off(track: TrackLike | None, first: Pose) -> GeoPoint:
    """Where the track begins; without one the first frame's place, which is right on level ground."""
    pose = track.pose_at(track.start_s) if track is not None else None
    return first.place if pose is None else pose.place


def turned_deg_s(track: TrackLike, pose: Pose, mount: Mount) -> float:
    """How fast the camera turned around this moment, by the track's angles."""
    before, after = track.pose_at(pose.time_s - TURN_S), track.pose_at(pose.time_s + TURN_S)
    if before is None or after is None:
        return 0.0
    between = rotation_ned_from_camera(before, mount).T @ rotation_ned_from_camera(after, mount)
    cosine = float(np.clip((np.trace(between) - 1) / 2, -1, 1))
    return float(np.degrees(np.arccos(cosine))) / (2 * TURN_S)
