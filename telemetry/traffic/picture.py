"""One picture of all who are not ours: traffic and foreign tracks, from any number of sources and threads."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from telemetry.clock import Clock
from telemetry.frames import Frame
from telemetry.messages import decode
from telemetry.state import VehicleState
from telemetry.traffic.aircraft import Aircraft, Sighting, Traffic, fold_sighting, forget
from telemetry.traffic.foreign import (
    ForeignReport,
    ForeignTracks,
    TrackLimits,
    fold_report,
    forget_tracks,
    vehicle_state_of,
)
from telemetry.traffic.mavlink import MESSAGE_IDS, sighting_of


class TrafficPicture:
    """Folds what comes and forgets who was not heard for a minute. Any thread may call anything.

    It is a listener for `Hub.subscribe`, what an `SbsSource` hands sightings to (`take`) and a `TracksSource`
    reports (`report`). `own` are keys of aircraft that are ours and no traffic, such as `icao:484ABC`.
    """

    def __init__(self, clock: Clock, *, own: Collection[str] = (), limits: TrackLimits | None = None) -> None:
        self._clock = clock
        self._own = frozenset(own)
        self._limits = limits
        self._lock = threading.Lock()
        self._traffic = Traffic()
        self._tracks = ForeignTracks()

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Take in the other aircraft among frames of a hub."""
        some = (frame for frame in frames if frame.message_id in MESSAGE_IDS)
        messages = (message for frame in some if (message := decode(frame)) is not None)
        self.take([sighting for message in messages if (sighting := sighting_of(message)) is not None])

    def take(self, sightings: Sequence[Sighting]) -> None:
        """Take in sightings."""
        if not sightings:
            return
        with self._lock:
            for sighting in sightings:
                if sighting.key not in self._own:
                    self._traffic = fold_sighting(self._traffic, sighting)

    def report(self, report: ForeignReport) -> None:
        """Take in a report. Raises InputError where `fold_report` refuses it."""
        with self._lock:
            now_s = self._clock.now_s()
            self._tracks = fold_report(forget_tracks(self._tracks, now_s), report, now_s, self._limits)

    def traffic(self) -> dict[str, Aircraft]:
        """The other aircraft heard in the last minute, by key."""
        with self._lock:
            self._traffic = forget(self._traffic, self._clock.now_s())
            return dict(self._traffic.aircraft)

    @property
    def crowded_out(self) -> int:
        """How many aircraft were let go because there were too many."""
        return self._traffic.crowded_out

    def reports(self) -> dict[str, ForeignReport]:
        """The last report of each foreign thing that was heard in the last minute, by key."""
        with self._lock:
            self._tracks = forget_tracks(self._tracks, self._clock.now_s())
            return dict(self._tracks.reports)

    def vehicles(self) -> dict[str, VehicleState]:
        """The foreign things as vehicles, by key, to be shown beside those of `Hub.vehicles`."""
        return {key: vehicle_state_of(report) for key, report in self.reports().items()}
