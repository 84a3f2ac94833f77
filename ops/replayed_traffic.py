"""Who is not ours in a recording, at the time that a replay shows.

What our own aircraft and radios heard of others is among the frames; what came from receivers of ADS-B, from
TAK and as foreign tracks was recorded beside them (`telemetry.received`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from ops.nearby import Undulations, told_twice
from telemetry.frames import Frame
from telemetry.received.playing import PlayedPicture
from telemetry.replay import Replay, Situation
from telemetry.traffic import Aircraft, ForeignReport
from telemetry.traffic.aircraft import FORGOTTEN_S
from telemetry.traffic.foreign import TrackLimits
from telemetry.traffic.mavlink import MESSAGE_IDS

QUICKEST_S = 0.2
AHEAD_S = TrackLimits().future_s
"""A report may be so far ahead of our clock, and is forgotten so much later."""


class ReplayedTraffic:
    """Who is there that is not ours; call it before others that listen for jumps.

    After a jump it is as if the last minute had been played: who was heard in it is there, with what was said
    of them in it. What was only said before is not known then; an ADSB_VEHICLE says everything each time.
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        timeline = replay.timeline
        told = timeline.known & np.isin(timeline.message_id, list(MESSAGE_IDS))
        self._numbers = np.flatnonzero(told)
        self._received = timeline.received
        self._number = 0
        self._playing = threading.RLock()
        self.undulations = Undulations(replay.hub)
        self._picture = PlayedPicture(replay.clock)
        self.jumps = 0
        replay.hub.subscribe(self.undulations)
        replay.hub.subscribe(self._hear)
        replay.on_jump(self._jump)
        self._jump(replay.situation(replay.now_s))

    @property
    def every_s(self) -> float:
        """How often it is to be told: as often as live, in the time of the recording, within reason."""
        return max(QUICKEST_S, min(1.0, 1.0 / self._replay.speed))

    def aircraft(self) -> dict[str, Aircraft]:
        """Other aircraft heard in the minute before, by key."""
        return self._up_to(self._replay.now_s).traffic()

    def foreign(self) -> Mapping[str, ForeignReport]:
        """Foreign tracks of the minute before, by key, without those of aircraft that we hear ourselves."""
        reports, vehicles = self._up_to(self._replay.now_s).reports(), self._replay.hub.vehicles()
        return {key: each for key, each in reports.items() if not told_twice(each, reports, vehicles)}

    def _hear(self, frames: Sequence[Frame]) -> None:
        """Called by whoever plays, which may be fast: who asks should not have to catch up."""
        self._picture(frames)
        self._up_to(self._replay.clock.now_s())

    def _up_to(self, time_s: float) -> PlayedPicture:
        """The picture with what was received up to a time."""
        with self._playing:
            end = self._received.number_at(round(time_s * 1e6))
            if end > self._number:
                self._picture.play(self._received.between(self._number, end))
                self._number = end
            return self._picture

    def _jump(self, _: Situation) -> None:
        timeline, now_us = self._replay.timeline, round(self._replay.now_s * 1e6)
        before_us = round(now_us - FORGOTTEN_S * 1e6)
        begin, end = timeline.number_at(before_us), timeline.number_at(now_us)
        first, last = np.searchsorted(self._numbers, (begin, end))
        picture = PlayedPicture(self._replay.clock)
        picture([timeline.frame(number) for number in self._numbers[first:last].tolist()])
        with self._playing:
            self._number = self._received.number_at(round(before_us - AHEAD_S * 1e6))
            self._picture = picture
            self._up_to(self._replay.now_s)
        self.jumps += 1
