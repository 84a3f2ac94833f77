"""Other aircraft of a recording, at the time that a replay shows: what our own aircraft heard of them.

What came from receivers on the network (SBS) and from other systems is in no recording.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ops.nearby import Undulations
from telemetry.replay import Replay, Situation
from telemetry.traffic import Aircraft, ForeignReport, TrafficPicture
from telemetry.traffic.aircraft import FORGOTTEN_S
from telemetry.traffic.mavlink import MESSAGE_IDS

QUICKEST_S = 0.2


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
        self.undulations = Undulations(replay.hub)
        self._picture = TrafficPicture(replay.clock)
        self.jumps = 0
        replay.hub.subscribe(self.undulations)
        replay.hub.subscribe(lambda frames: self._picture(frames))
        replay.on_jump(self._jump)
        self._jump(replay.situation(replay.now_s))

    @property
    def every_s(self) -> float:
        """How often it is to be told: as often as live, in the time of the recording, within reason."""
        return max(QUICKEST_S, min(1.0, 1.0 / self._replay.speed))

    def aircraft(self) -> dict[str, Aircraft]:
        """Other aircraft heard in the minute before, by key."""
        return self._picture.traffic()

    def foreign(self) -> Mapping[str, ForeignReport]:
        """Foreign tracks: none, for no recording has any."""
        return {}

    def _jump(self, _: Situation) -> None:
        timeline, now_us = self._replay.timeline, round(self._replay.now_s * 1e6)
        begin, end = timeline.number_at(round(now_us - FORGOTTEN_S * 1e6)), timeline.number_at(now_us)
        first, last = np.searchsorted(self._numbers, (begin, end))
        picture = TrafficPicture(self._replay.clock)
        picture([timeline.frame(number) for number in self._numbers[first:last].tolist()])
        self._picture = picture
        self.jumps += 1
