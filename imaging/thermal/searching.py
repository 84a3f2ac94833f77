"""Frames searched, placed and joined one after the other, as a folder and a live stream both do."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from imaging.geolocate import ground_under, on_earth
from imaging.thermal.cameras import camera_of
from imaging.thermal.frame import BLANK, Exposure, ThermalFrame, Unit, Values
from imaging.thermal.hotspots import detect
from imaging.thermal.options import HeatOptions
from imaging.thermal.placing.adjusting import PASS_S
from imaging.thermal.placing.clock import Passed, clock_offset_s
from imaging.thermal.placing.errors import CLOCK
from imaging.thermal.placing.ground import Ground
from imaging.thermal.placing.places import Placed, Shot, place
from imaging.thermal.placing.spot import Spot, one_a_body
from imaging.thermal.posing import APART_S, Posed, TrackLike, posed_by
from imaging.thermal.repeats import Repeats
from imaging.thermal.settling import Clock
from imaging.thermal.take_off import TakeOff
from imaging.thermal.tracks import Sighting, Thing, Tracker
from missions.camera import Camera
from missions.geodesy import GeoPoint, LocalFrame

AROUND_PX = 32
PICTURES_KEPT = 5000
_NOT_COVERED = "the track does not cover the frame: placed by the frame's own position"
_NO_OFFSET = "the frame's time has no offset from UTC and was read as UTC"
_STARTS = "; where a clip does not tell when it starts, say so (--starts)"
NO_GIMBAL = (
    "no gimbal reported: the camera is taken to look straight down, to 5°; "
    "if it looked elsewhere, places are off by more than their ellipses say"
)
UNKNOWN_TILT_DEG = 5.0
"""A camera that is only taken to look straight down may look this far past it, and otherwise in each pass
(`settling.unknown_tilt_m2`).
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """One frame after its search. `why` says why it could not be placed, and then `posed` may be None."""

    frame: ThermalFrame
    camera: Camera | str
    spots: tuple[Spot, ...]
    why: str
    changed: tuple[Thing, ...] = ()
    posed: Posed | None = None


@dataclass(frozen=True, slots=True)
class Stood:
    """A frame and where its camera stood; in words where that is not known, `why` if it cannot be placed.

    `gsd_m` is the ground's size of a pixel, where it is known.
    """

    frame: ThermalFrame
    camera: Camera | str
    posed: Posed | str
    gsd_m: float | None
    why: str


@dataclass(slots=True)
class _Kept:
    """What is needed to place a frame again: all but its pixels."""

    frame: ThermalFrame
    camera: Camera
    spots: tuple[Spot, ...]


@dataclass
class Pictures:
    """Pieces of frames around spots; of more than 5000 those with the lowest scores are forgotten."""

    _pieces: dict[tuple[str, int], Values] = field(default_factory=dict)
    _order: list[tuple[float, tuple[str, int]]] = field(default_factory=list)

    def keep(self, frame: ThermalFrame, spots: tuple[Spot, ...]) -> None:
        """Keep what lies around a frame's spots."""
        for number, spot in enumerate(spots):
            key = (frame.sha256, number)
            self._pieces[key] = _around(frame.values, spot)
            heapq.heappush(self._order, (spot.score, key))
        while len(self._order) > PICTURES_KEPT:
            # a picture that came twice has its pieces once
            self._pieces.pop(heapq.heappop(self._order)[1], None)

    def of(self, sha256: str, number: int) -> Values:
        """The piece around a spot; one grey pixel where it was forgotten."""
        return self._pieces.get((sha256, number), np.zeros((1, 1), np.float32))


class Search:
    """What has been gathered so far, frame after frame in order of time."""

    def __init__(
        self, track: TrackLike | None, camera: Camera | None, options: HeatOptions, *, again: bool = True
    ) -> None:
        """`again`: keep what it takes to place all frames anew, as `set_clock` does."""
        self.options = options
        self._again = again
        self.tracker: Tracker | None = None
        self.cameras: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.units: dict[str, tuple[Unit, float | None]] = {}
        self.spots_not_placed: list[tuple[str, str]] = []
        self.clock_offset_s = options.clock_offset_s
        self.found_clock_s: float | None = None
        self.track, self._camera = track, camera
        self._frame: LocalFrame | None = None
        ground = options.ground
        self._terrain = None if isinstance(ground, int | float) else ground
        self._take_off = self._new_take_off(self.notes)
        self._kept: list[_Kept] = []
        self._pictures = Pictures()
        self._repeats = Repeats()
        self._moves = False

    def add(self, frame: ThermalFrame) -> Looked:
        """Search and place one frame."""
        stood = self.stood(frame)
        return self.joined(stood, self.detected(stood))

    def stood(self, frame: ThermalFrame) -> Stood:
        """Where the camera stood when it took the frame; in order of time."""
        self.notes.update(frame.notes)
        if frame.exposure.local_time:
            self.notes.update([_NO_OFFSET])
        if frame.blank:
            self.notes.update([BLANK])
        self.units[frame.sha256] = (frame.unit, frame.error_degc)
        camera = camera_of(frame, self._camera)
        posed = self._posed(frame.exposure)
        if isinstance(posed, str) and frame.number is not None and frame.exposure.time_s is None:
            posed += _STARTS
        why = camera if isinstance(camera, str) else posed if isinstance(posed, str) else ""
        gsd_m = None
        if isinstance(camera, Camera) and isinstance(posed, Posed):
            self.cameras.update([camera.name])
            self._note(posed)
            gsd_m, why = self._gsd(camera, posed)
        return Stood(frame, camera, posed, gsd_m, why or self._repeated(frame, posed))

    def _repeated(self, frame: ThermalFrame, posed: Posed | str) -> str:
        """Why a picture that came just before is not placed again: the aircraft flies on."""
        if isinstance(posed, str):
            return ""
        return self._repeats.why(frame.name, frame.sha256, frame.exposure.time_s, posed.pose.place)

    def detected(self, stood: Stood) -> tuple[Spot, ...]:
        """What the frame shows. Changes nothing: several frames may be searched side by side."""
        if self.options.detector is not None:
            return tuple(self.options.detector(stood.frame, stood.gsd_m))
        return tuple(detect(stood.frame, replace(self.options.hotspots, gsd_m=stood.gsd_m)))

    def joined(self, stood: Stood, spots: tuple[Spot, ...]) -> Looked:
        """Place what a frame shows and join it with what was seen before; in order of time."""
        frame, camera, posed = stood.frame, stood.camera, stood.posed
        proposed = one_a_body([spot for spot in spots if spot.proposed])
        changed: list[Thing] = []
        if not stood.why and isinstance(camera, Camera) and isinstance(posed, Posed):
            if not self._again:  # each thing holds its own: those of hours ago would push out new ones
                self._pictures = Pictures()
            self._pictures.keep(frame, proposed)
            bare = replace(frame, values=np.zeros((0, 0), np.float32))
            if self._again:
                self._kept.append(_Kept(bare, camera, proposed))
            changed = self._join(bare, camera, posed, proposed)
        known = posed if isinstance(posed, Posed) else None
        return Looked(frame, camera, spots, stood.why, tuple(changed), known)

    def set_clock(self) -> float | None:
        """Look for the frames' clock in what was gathered; place all anew where it was found to be off."""
        if self.tracker is None or not self._moves or not self.options.find_clock:
            return None
        found = clock_offset_s(self._passed())
        if found is not None and abs(found) > 2 * self.options.sigmas.time_s:
            self.found_clock_s = found
            self.clock_offset_s += found
            self._anew()
        return self.found_clock_s

    def _passed(self) -> list[Passed]:
        """Every thing once for each pass that saw it."""
        assert self.tracker is not None  # noqa: S101 - the caller has looked
        found = []
        for thing in self.tracker.things:
            times = np.array([s.time_s or 0.0 for s in thing.sightings])
            ends = np.flatnonzero(np.diff(times, append=np.inf) > PASS_S) + 1
            for begin, end in zip([0, *ends[:-1]], ends, strict=True):
                placed = [s.point.placed for s in thing.sightings[begin:end]]
                place = np.mean([p.east_north_m for p in placed], axis=0)
                speed = np.mean([p.columns[:, CLOCK] for p in placed], axis=0) / self.options.sigmas.time_s
                found.append(Passed(place, speed))
        return found

    def clock(self, told: Clock | None) -> Clock | None:
        """What must be added to the frames' times in all, `told` being what was found last."""
        if told is None or self.track is None or not self._moves:
            return None
        return Clock(self.clock_offset_s + told.offset_s, told.sigma_s)

    def _anew(self) -> None:
        self.tracker, self.spots_not_placed = None, []
        self._take_off = self._new_take_off(Counter())  # what there is to note was noted
        for kept in self._kept:
            posed = self._posed(kept.frame.exposure)
            if isinstance(posed, Posed):
                self._join(kept.frame, kept.camera, posed, kept.spots)

    def _new_take_off(self, notes: Counter[str]) -> TakeOff | None:
        return None if self._terrain is None else TakeOff(self._terrain, notes)

    def _posed(self, exposure: Exposure) -> Posed | str:
        posed = posed_by(exposure, self.track, self.clock_offset_s)
        if self._take_off is None or isinstance(posed, str):
            return posed
        return self._take_off.on_terrain(posed, self.track, self.options.sigmas.vertical_m)

    def _note(self, posed: Posed) -> None:
        if posed.apart:
            self.notes.update([posed.apart])
        elif self.track is not None and posed.source == "frame":
            self.notes.update([_NOT_COVERED])
        if self._down_by_guess(posed):
            self.notes.update([NO_GIMBAL])

    def _down_by_guess(self, posed: Posed) -> bool:
        return posed.pose.gimbal_pitch_deg is None and self.options.mount == "stabilised"

    def _gsd(self, camera: Camera, posed: Posed) -> tuple[float | None, str]:
        """The ground's size of a pixel in the frame's middle, else at its foot, or why none is placed."""
        width, height = camera.image_width_px, camera.image_height_px
        middle, foot = self._place([(width / 2, height / 2), (width / 2, float(height))], camera, posed)
        point = foot if isinstance(middle, str) else middle
        if isinstance(point, str):
            return None, f"the frame looks past the ground: at its foot, {point}"
        return point.gsd_m, ""

    def _place(self, pixels: list[tuple[float, float]], camera: Camera, posed: Posed) -> list[Placed | str]:
        if self._frame is None:
            self._frame = LocalFrame(posed.pose.place)
        sigmas = self.options.sigmas
        if self._down_by_guess(posed):
            sigmas = replace(sigmas, boresight_deg=max(sigmas.boresight_deg, UNKNOWN_TILT_DEG))
        shot = self._shot(camera, posed)
        return place(pixels, shot, self._ground(posed), self._frame, sigmas)

    def _shot(self, camera: Camera, posed: Posed) -> Shot:
        options = self.options
        self._moves = self._moves or posed.before is not None
        return Shot(camera, posed.pose, options.mount, options.distortion, posed.before, posed.after, APART_S)

    def _ground(self, posed: Posed) -> Ground:
        assert self._frame is not None  # noqa: S101 - set by the caller
        lift_m = (
            self.options.ground_above_take_off_m
            if self._take_off is None
            else self._take_off.lift_m(posed, self.track)
        )
        return ground_under(posed.pose, self._frame, self.options.ground, lift_m)

    def _join(
        self, frame: ThermalFrame, camera: Camera, posed: Posed, spots: tuple[Spot, ...]
    ) -> list[Thing]:
        points = self._place([(spot.col, spot.row) for spot in spots], camera, posed)
        assert self._frame is not None  # noqa: S101 - set as the first frame was placed
        self.tracker = self.tracker or Tracker(self._frame)
        self.spots_not_placed += [(frame.name, why) for why in points if isinstance(why, str)]
        placed = {n: point for n, point in enumerate(points) if not isinstance(point, str)}
        on_ground = on_earth(list(placed.values()), self._frame)
        seen = []
        for (number, point), where in zip(placed.items(), on_ground, strict=True):
            spot, time_s = spots[number], frame.exposure.time_s
            size_m = (spot.sides_px[0] * point.gsd_m, spot.sides_px[1] * point.gsd_m)
            sighting = Sighting(
                frame.name, frame.sha256, time_s, spot, where, size_m, posed.source,
                self._down_by_guess(posed), _near_edge(spot, camera),
            )  # fmt: skip
            seen.append((sighting, self._pictures.of(frame.sha256, number)))
        return self.tracker.add(seen)


def nowhere() -> Tracker:
    """A tracker that saw nothing."""
    return Tracker(LocalFrame(GeoPoint(0.0, 0.0)))


def _around(values: Values, spot: Spot) -> Values:
    """(2 AROUND_PX, 2 AROUND_PX) the piece of the frame around a spot, which is in its middle; NaN where the
    frame has ended.
    """
    height, width = values.shape
    row, col = min(max(0, int(spot.row)), height - 1), min(max(0, int(spot.col)), width - 1)
    top, left = max(0, row - AROUND_PX), max(0, col - AROUND_PX)
    seen = values[top : row + AROUND_PX, left : col + AROUND_PX]
    piece = np.full((2 * AROUND_PX, 2 * AROUND_PX), np.nan, np.float32)
    down, right = top - (row - AROUND_PX), left - (col - AROUND_PX)
    piece[down : down + seen.shape[0], right : right + seen.shape[1]] = np.nan_to_num(seen, nan=spot.value)
    return piece


def _near_edge(spot: Spot, camera: Camera) -> bool:
    """Whether the frame ends within the piece around a spot."""
    inside = (
        AROUND_PX <= at <= size - AROUND_PX
        for at, size in ((spot.col, camera.image_width_px), (spot.row, camera.image_height_px))
    )
    return not all(inside)
