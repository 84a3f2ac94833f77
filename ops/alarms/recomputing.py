"""Alarms of a recording that has none of its own: looked for again, as a service that was there would have.

The whole recording is gone through once, from its begin, twice a second of its own time. So it does not
matter how fast a replay plays or where it jumps to: what stood at a moment follows from all that came before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

from missions.plan import Plan
from missions.terrain import Terrain
from ops.alarms.watch import AlarmWatch, VolumesOf
from ops.nearby import TrafficForAlerts, Undulations, told_twice
from telemetry.alerts import Chronicle, Rules
from telemetry.clock import Clock, SystemClock
from telemetry.doubles import Double
from telemetry.hub import Hub
from telemetry.received.playing import PlayedPicture
from telemetry.replay import Timeline
from telemetry.replay.replay import ReplayClock
from telemetry.state import VehicleState
from telemetry.traffic import ForeignReport

LOOK_US = 500_000
GIVE_WAY_S = 1.0
"""After a jump nobody looks for so long: who drags the time line must not wait for alarms of another time."""
SILENCE_US = 900_000_000
"""A quarter of an hour without a frame brings out all that it can; the rest of a silence is passed over."""


class Recomputing:
    """Looks for the alarms of a timeline, a while at a time; `chronicle` has what was found up to `upto_s`.

    Nobody acknowledges anything in it. One thread at a time may go on. `clock` tells how long that takes.
    """

    def __init__(
        self,
        timeline: Timeline,
        rules: Rules,
        *,
        plans: Callable[[Mapping[int, VehicleState]], Mapping[int, Plan]] = lambda _: {},
        volumes: VolumesOf = lambda *_: {},
        terrain: Terrain | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.chronicle = Chronicle()
        self._timeline = timeline
        self._number = 0
        self._clock = ReplayClock(clock or SystemClock(), timeline.begin_us - 1)
        self._hub = Hub(self._clock)
        self._picture = PlayedPicture(self._clock)
        self._played = 0
        undulations = Undulations(self._hub)
        self._hub.subscribe(self._picture)
        self._hub.subscribe(undulations)
        self._watch = AlarmWatch(self._hub, self._clock, rules, plans=plans, volumes=volumes, terrain=terrain)
        self._watch.traffic = TrafficForAlerts(self._hub, self._picture.traffic, self._foreign, undulations)
        self._watch.told = lambda transition: self.chronicle.add((transition,))
        self._doubles: list[tuple[float, Double]] = []
        self._watch.found = lambda double: self._doubles.append((self.upto_s, double))
        self._stopped = False
        self._resume_s = float("-inf")

    @property
    def upto_s(self) -> float:
        """Seconds since 1970 UTC, in the recording."""
        return self._clock.now_s()

    @property
    def done(self) -> bool:
        """Whether the end was reached."""
        return self._clock.now_us >= self._timeline.end_us

    @property
    def problem(self) -> str:
        """Why alarms are missing; "" where all is well."""
        return self._watch.problem

    def doubles_at(self, time_s: float) -> tuple[Double, ...]:
        """Numbers that two aircraft had been found to use by a time."""
        return tuple(each for found_s, each in tuple(self._doubles) if found_s <= time_s)

    def go_on(self, for_s: float) -> None:
        """Look further for about so many seconds of this machine's time, or to the end."""
        until_s = self._clock.monotonic_s() + for_s
        while not self._stopped and not self.done and self._resume_s <= self._clock.monotonic_s() < until_s:
            self.step()

    def give_way(self) -> None:
        """Leave the machine to others for a moment."""
        self._resume_s = self._clock.monotonic_s() + GIVE_WAY_S

    def step(self) -> None:
        """Half a second of the recording, and a look."""
        now_us = self._clock.now_us + LOOK_US
        end = self._timeline.number_at(now_us)
        if end == self._number < len(self._timeline):
            now_us = self._past_silence(now_us)
        self._clock.now_us = min(now_us, self._timeline.end_us)
        self._publish(self._number, end)
        self._number = end
        self._play_received()
        self._watch.look()

    def close(self) -> None:
        """Go on no further."""
        self._stopped = True

    def _play_received(self) -> None:
        received = self._timeline.received
        end = received.number_at(self._clock.now_us)
        self._picture.play(received.between(self._played, end))
        self._played = end

    def _foreign(self) -> Mapping[str, ForeignReport]:
        reports, vehicles = self._picture.reports(), self._hub.vehicles()
        return {key: each for key, each in reports.items() if not told_twice(each, reports, vehicles)}

    def _past_silence(self, now_us: int) -> int:
        last_us = int(self._timeline.due_us[max(self._number - 1, 0)])
        if now_us - last_us < SILENCE_US:
            return now_us
        return max(now_us, int(self._timeline.due_us[self._number]) - 1)

    def _publish(self, begin: int, end: int) -> None:
        at = begin
        for link, run in groupby(self._timeline.link[begin:end].tolist()):
            stop = at + sum(1 for _ in run)
            frames = [self._timeline.frame(number) for number in range(at, stop)]
            self._hub.publish(frames, self._timeline.links[link])
            at = stop
