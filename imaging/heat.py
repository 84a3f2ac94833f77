"""From a folder of thermal frames to finds on the ground: read, detect, place, join.

Frames go in order of time. Each is placed by the aircraft's pose at its time: from the track where that
covers it (with the gimbal's angles from the frame where the track has none), else from the position, height
and gimbal in the frame itself. A frame that cannot be placed is still read and its spots kept, with the
reason.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from imaging.finds import Finds, FrameSpots, Unread
from imaging.geolocate import GroundPoint, HeightModel, Mount, Sigmas, Unplaced, ground_point
from imaging.progress import Progress, silent
from imaging.thermal.cameras import camera_of
from imaging.thermal.find import Find
from imaging.thermal.frame import Exposure, ThermalFrame, Unit, Values
from imaging.thermal.hotspots import HotSpot, HotSpotOptions, detect
from imaging.thermal.posing import Posed, TrackLike, posed_by
from imaging.thermal.radiometry import SUFFIXES, Scale, read_exposure, read_frame
from imaging.thermal.tracks import Sighting, Thing, Tracker, median_size_m
from missions.camera import Camera
from missions.errors import InputError, PhotoError
from missions.geodesy import GeoPoint, LocalFrame

_AROUND_PX = 32


@dataclass(frozen=True, slots=True)
class HeatOptions:
    """How frames are read, searched and placed.

    `clock_offset_s` is added to the frames' times to give the track's (-3600 for a camera an hour ahead).
    `ground_amsl_m` is a height or a height model, None for level ground at the take-off. Things seen in fewer
    than `least_sightings` frames are not listed. `scale` says what 16-bit numbers mean where a file does not.
    """

    hotspots: HotSpotOptions = field(default_factory=HotSpotOptions)
    sigmas: Sigmas = field(default_factory=Sigmas)
    mount: Mount = "stabilised"
    clock_offset_s: float = 0.0
    ground_amsl_m: float | HeightModel | None = None
    least_sightings: int = 1
    scale: Scale = "auto"


def heat(
    frames: Path,
    track: TrackLike | None,
    *,
    camera: Camera | None = None,
    options: HeatOptions | None = None,
    progress: Progress = silent,
) -> Finds:
    """Finds in the frames of a folder, or in one frame. Raises InputError where no frame can be read."""
    options = options or HeatOptions()
    ordered, unread = _by_time(_files(frames), progress)
    run = _Run(track, camera, options)
    progress.stage("frames", len(ordered))
    for path, _ in ordered:
        try:
            run.add(read_frame(path, scale=options.scale))
        except InputError as error:
            unread.append(Unread(path.name, error.what))
            progress.note(f"{path.name}: {error.what}")
        progress.advance()
    if not run.frames:
        raise PhotoError(
            f"none of {len(unread)} pictures could be read as a thermal frame ({unread[0].reason})",
            where=str(frames),
            remedy="Give 16-bit TIFF, DJI or FLIR radiometric JPEG, or plain JPEG or PNG frames",
        )
    return run.finds(tuple(unread))


def _files(frames: Path) -> list[Path]:
    if frames.is_file():
        return [frames]
    try:
        names = sorted(p for p in frames.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"the frames cannot be read ({error.strerror or error})",
            where=str(frames),
            remedy="Give the folder that holds the frames",
        ) from error
    found = [p for p in names if p.suffix.lower() in SUFFIXES]
    if not found:
        raise InputError(
            "no frames in this folder",
            where=str(frames),
            remedy="Give a folder with .tif, .tiff, .jpg, .jpeg or .png files",
        )
    return found


def _by_time(paths: list[Path], progress: Progress) -> tuple[list[tuple[Path, Exposure]], list[Unread]]:
    """Paths by time (those without one last, by name), and those that are no frames."""
    progress.stage("times", len(paths))
    read: list[tuple[Path, Exposure]] = []
    unread = []
    for path in paths:
        try:
            read.append((path, read_exposure(path)))
        except InputError as error:
            unread.append(Unread(path.name, error.what))
            progress.note(f"{path.name}: {error.what}")
        progress.advance()
    timed = [pair for pair in read if pair[1].time_s is not None]
    return sorted(timed, key=lambda pair: (pair[1].time_s, pair[0].name)) + [
        pair for pair in read if pair[1].time_s is None
    ], unread


class _Run:
    """What has been gathered so far, frame after frame."""

    def __init__(self, track: TrackLike | None, camera: Camera | None, options: HeatOptions) -> None:
        self.frames: list[FrameSpots] = []
        self._track, self._camera, self._options = track, camera, options
        self._tracker: Tracker | None = None
        self._cameras: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._units: dict[str, tuple[Unit, float | None]] = {}
        self._spots_not_placed: list[tuple[str, str]] = []

    def add(self, frame: ThermalFrame) -> None:
        """Search and place one frame."""
        self._notes.update(frame.notes)
        if frame.exposure.local_time:
            self._notes.update(["the frame's time has no offset from UTC and was read as UTC"])
        self._units[frame.sha256] = (frame.unit, frame.error_degc)
        camera = camera_of(frame, self._camera)
        posed = posed_by(frame.exposure, self._track, self._options.clock_offset_s)
        why = camera if isinstance(camera, str) else posed if isinstance(posed, str) else ""
        gsd_m = None
        if isinstance(camera, Camera) and isinstance(posed, Posed):
            self._cameras.update([camera.name])
            if self._track is not None and posed.source == "frame":
                self._notes.update(["the track does not cover the frame: placed by the frame's own position"])
            gsd_m, why = self._gsd(camera, posed)
        spots = detect(frame, replace(self._options.hotspots, gsd_m=gsd_m))
        height_px, width_px = frame.values.shape
        self.frames.append(FrameSpots(frame.name, frame.sha256, width_px, height_px, tuple(spots), why))
        if not why and isinstance(camera, Camera) and isinstance(posed, Posed):
            self._join(frame, camera, posed, spots)

    def _gsd(self, camera: Camera, posed: Posed) -> tuple[float | None, str]:
        """The ground's size of a pixel in the frame's middle, else at its foot, or why none is placed."""
        width, height = camera.image_width_px, camera.image_height_px
        point = self._place((width / 2, height / 2), camera, posed)
        if isinstance(point, Unplaced):
            point = self._place((width / 2, float(height)), camera, posed)
        if isinstance(point, Unplaced):
            return None, f"the frame looks past the ground: at its foot, {point.reason}"
        return point.gsd_m, ""

    def _place(self, pixel: tuple[float, float], camera: Camera, posed: Posed) -> GroundPoint | Unplaced:
        options = self._options
        return ground_point(
            pixel,
            camera,
            posed.pose,
            ground_amsl_m=options.ground_amsl_m,
            sigmas=options.sigmas,
            mount=options.mount,
        )

    def _join(self, frame: ThermalFrame, camera: Camera, posed: Posed, spots: list[HotSpot]) -> None:
        self._tracker = self._tracker or Tracker(LocalFrame(posed.pose.place))
        seen = []
        for spot in spots:
            point = self._place((spot.col, spot.row), camera, posed)
            if isinstance(point, Unplaced):
                self._spots_not_placed.append((frame.name, point.reason))
                continue
            size_m = (spot.sides_px[0] * point.gsd_m, spot.sides_px[1] * point.gsd_m)
            time_s = frame.exposure.time_s
            seen.append(
                (
                    Sighting(frame.name, frame.sha256, time_s, spot, point, size_m, posed.source),
                    _around(frame.values, spot),
                )
            )
        self._tracker.add(seen)

    def finds(self, unread: tuple[Unread, ...]) -> Finds:
        """Everything gathered, as finds."""
        tracker = self._tracker or Tracker(LocalFrame(GeoPoint(0.0, 0.0)))
        things = [t for t in tracker.things if len(t.sightings) >= self._options.least_sightings]
        things.sort(key=lambda t: (-t.picture_of.spot.score, t.picture_of.frame))
        digits = max(3, len(str(len(things))))
        return Finds(
            finds=tuple(
                self._find(f"find-{n:0{digits}d}", t, tracker.place_of(t)) for n, t in enumerate(things, 1)
            ),
            frames=tuple(self.frames),
            unread=unread,
            spots_not_placed=tuple(self._spots_not_placed),
            camera=", ".join(sorted(self._cameras)),
            notes=tuple(f"{text} ({count} frames)" for text, count in self._notes.items()),
        )

    def _find(self, name: str, thing: Thing, place: GeoPoint) -> Find:
        best = thing.picture_of
        unit, error_degc = self._units[best.sha256]
        notes = []
        if all(s.spot.touches_edge for s in thing.sightings):
            notes.append("seen only at a frame's edge: its size is a lower bound")
        if len(thing.sightings) == 1:
            notes.append("seen in one frame")
        return Find(
            id=name,
            place=place,
            ground_amsl_m=best.point.ground_amsl_m,
            covariance=thing.covariance,
            polarity=best.spot.polarity,
            score=best.spot.score,
            size_m=median_size_m(thing.sightings),
            sightings=tuple(thing.sightings),
            clearest=best,
            picture=thing.picture,
            unit=unit,
            temperature_degc=best.spot.value if unit == "degC" else None,
            temperature_error_degc=error_degc,
            notes=tuple(notes),
        )


def _around(values: Values, spot: HotSpot) -> Values:
    """The piece of the frame around a spot."""
    row, col = int(spot.row), int(spot.col)
    piece = values[max(0, row - _AROUND_PX) : row + _AROUND_PX, max(0, col - _AROUND_PX) : col + _AROUND_PX]
    return np.nan_to_num(piece, nan=spot.value)
