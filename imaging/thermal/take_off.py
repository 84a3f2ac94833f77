"""How a terrain's heights and an aircraft's go together: at take-off it stood on the ground.

An aircraft's height above the sea is a receiver's, over the ellipsoid in many cameras (43 m too much in the
Netherlands), or is not told at all. What is told well is the height above the place of take-off, so that
place's ground is where heights count from, whatever their datum. A track begins there. Frames alone do not
say where it was: the ground below the first of them is taken, with a note and as uncertain as the ground
around it is uneven.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from imaging.thermal.posing import Posed, TrackLike
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.terrain import Terrain
from telemetry.pose import Pose

AROUND_M, _STEP_M = 300.0, 30.0
"""So far from the first frame the take-off may have been, as far as its ground is concerned."""
OTHER_FLIGHT_S, _OTHER_FLIGHT_M = 600.0, 3000.0
"""Frames that are longer or farther apart than this are taken to be of two flights."""
BEGUN_M = 5.0
NO_GROUND = "the terrain has no height at take-off: its datum is taken for the aircraft's"
NO_TAKE_OFF = (
    "no track tells the take-off: a frame's height is taken to count from the ground below the first frame"
)
BEGUN_HIGH = "the track begins in the air: its heights are taken to count from the ground below"


@dataclass(frozen=True, slots=True)
class _Base:
    """Where heights of frames without a track count from: the terrain there, and how sure that is."""

    place: GeoPoint
    time_s: float
    ground_m: float
    sigma_m: float


class TakeOff:
    """Brings poses and a terrain together, frame after frame in order of time; tells `notes` what it took."""

    def __init__(self, terrain: Terrain, notes: Counter[str]) -> None:
        self._terrain, self._notes = terrain, notes
        self._track_lift_m: float | None = None
        self._base: _Base | None = None

    def lift_m(self, posed: Posed, track: TrackLike | None) -> float:
        """What must be added to the terrain's heights to meet those of a pose that `on_terrain` gave."""
        if posed.source == "frame" or track is None:
            return 0.0
        if self._track_lift_m is None:
            self._track_lift_m = self._of_track(track)
        return self._track_lift_m

    def on_terrain(self, posed: Posed, track: TrackLike | None, sigma_m: float) -> Posed | str:
        """A frame's own pose with its height in the terrain's datum, or why not; others as they are.

        `sigma_m` is one standard deviation of a height that tells none.
        """
        if posed.source != "frame":
            return posed
        if posed.above_ground:
            return self._over_ground(posed)
        base = self._begun(posed.pose, None if posed.apart else track) or self._first(posed.pose)
        if not math.isfinite(base.ground_m):
            return "the terrain has no height below the frame"
        own_m = sigma_m if posed.pose.sigma_vertical_m is None else posed.pose.sigma_vertical_m
        pose = replace(
            posed.pose,
            height_amsl_m=base.ground_m + posed.pose.height_relative_m,
            sigma_vertical_m=math.hypot(own_m, base.sigma_m),
        )
        return replace(posed, pose=pose)

    def _over_ground(self, posed: Posed) -> Posed | str:
        """A height over the ground in view has one over the sea beside it, or counts from what is below."""
        pose = posed.pose
        if pose.height_amsl_m != pose.height_relative_m:
            return posed
        ground_m = self._height_m(pose.place)
        if not math.isfinite(ground_m):
            return "the terrain has no height below the frame"
        return replace(posed, pose=replace(pose, height_amsl_m=ground_m + pose.height_relative_m))

    def _of_track(self, track: TrackLike) -> float:
        start = track.pose_at(track.start_s)
        if start is None:
            return 0.0
        there = self._height_m(start.place)
        if not math.isfinite(there):
            self._notes.update([NO_GROUND])
            return 0.0
        if start.height_relative_m > BEGUN_M:
            self._notes.update([BEGUN_HIGH])
        return start.height_amsl_m - start.height_relative_m - there

    def _begun(self, pose: Pose, track: TrackLike | None) -> _Base | None:
        """The take-off of the track, where the frame was taken near enough to be of its flight."""
        start = None if track is None else track.pose_at(track.start_s)
        if start is None or distance_m(start.place, pose.place) > _OTHER_FLIGHT_M:
            return None
        ground_m = self._height_m(start.place)
        return _Base(start.place, start.time_s, ground_m, 0.0) if math.isfinite(ground_m) else None

    def _first(self, pose: Pose) -> _Base:
        """The ground below the first frame of the flight."""
        self._notes.update([NO_TAKE_OFF])
        base = self._base
        new = (
            base is None
            or not math.isfinite(base.ground_m)
            or abs(pose.time_s - base.time_s) > OTHER_FLIGHT_S
            or distance_m(base.place, pose.place) > _OTHER_FLIGHT_M
        )
        if base is None or new:
            ground_m = self._height_m(pose.place)
            base = _Base(pose.place, pose.time_s, ground_m, self._uneven_m(pose.place, ground_m))
        self._base = replace(base, time_s=pose.time_s)
        return base

    def _uneven_m(self, place: GeoPoint, ground_m: float) -> float:
        """Root mean square of how much the ground around differs from that of the place."""
        steps = np.arange(-AROUND_M, AROUND_M + _STEP_M / 2, _STEP_M)
        around = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        heights = self._terrain.heights_amsl_m(LocalFrame(place).geo_from_local(around)) - ground_m
        known = heights[np.isfinite(heights)]
        return float(np.sqrt(np.mean(known**2))) if known.size else 0.0

    def _height_m(self, place: GeoPoint) -> float:
        return float(self._terrain.heights_amsl_m([[place.lon_deg, place.lat_deg]])[0])
