"""An aircraft's track as it grows: the last half minute of what it said, asked anew with every frame."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from telemetry.frames import Frame
from telemetry.track import Track
from telemetry.track_series import TrackBuilder

KEPT_S = 30.0
"""At least so much is kept, at most twice: frames wait for less than a second."""


class GrowingTrack:
    """Takes one vehicle's frames as they come. Any thread may call anything.

    Two sets of builders are filled, the younger begun later: when the elder has become too long the younger
    takes its place, so that a track of hours costs no more than one of a minute.
    """

    def __init__(self, vehicle: int) -> None:
        self._vehicle = vehicle
        self._lock = threading.Lock()
        self._elder: dict[int, TrackBuilder] = {}
        self._younger: dict[int, TrackBuilder] = {}
        self._begun_s = 0.0
        self._track: Track | None = None
        self._fresh = False

    def add(self, frames: Iterable[Frame]) -> None:
        """Take in what was received, in order."""
        with self._lock:
            for frame in frames:
                if frame.system != self._vehicle:
                    continue
                self._turn(frame.time_us / 1e6)
                for builders in (self._elder, self._younger):
                    builders.setdefault(frame.component, TrackBuilder()).add(frame)
                self._fresh = True

    def now(self) -> Track | None:
        """The track up to now, None before the first position."""
        with self._lock:
            if self._fresh:
                self._fresh = False
                self._track = self._built()
            return self._track

    def _turn(self, time_s: float) -> None:
        if not self._begun_s:
            self._begun_s = time_s
        if abs(time_s - self._begun_s) > KEPT_S:
            self._elder, self._younger, self._begun_s = self._younger, {}, time_s

    def _built(self) -> Track | None:
        builders = self._elder.values()
        main = max(builders, key=lambda builder: builder.count, default=None)
        if main is None or not main.count:
            return None
        attitudes = main.attitudes()
        return Track(
            system=self._vehicle,
            positions=main.positions(),
            attitudes=attitudes,
            gimbal=max((each.gimbal(attitudes) for each in builders), key=lambda series: len(series.time_s)),
            accuracy=main.accuracy(),
        )
