"""Recordings played into a hub, as links speak into it, at any speed and from any time.

Nothing here runs by itself: `advance` publishes what has become due, and `telemetry.replay.running` calls it
from a thread.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from itertools import groupby

from missions.errors import InputError
from telemetry.clock import Clock, SystemClock
from telemetry.health import LinkHealth
from telemetry.hub import Hub
from telemetry.replay.moments import moments_of, tracks_of
from telemetry.replay.states import Situation, States
from telemetry.replay.timeline import Timeline

SLOWEST, FASTEST = 0.1, 60.0
TICK_S = 0.04
SLICE_US = 500_000
"""So much is published at once at most: listeners see time go by in steps no longer than this."""
BUDGET_S = 0.25
"""A machine that cannot keep up is behind after so long; the replay goes on more slowly."""
LEAD_S = 1.0
"""Before what comes after a silence that is jumped over."""
_US = 1_000_000


class ReplayClock(Clock):
    """The recording's own time, which runs as the replay does; waiting takes real time."""

    def __init__(self, real: Clock, now_us: int) -> None:
        self.now_us = now_us
        self._real = real

    def now_s(self) -> float:
        return self.now_us / _US

    def monotonic_s(self) -> float:
        return self._real.monotonic_s()

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)


class Replay:
    """A timeline played into `hub`, whose clock is the recording's: it stands at the begin until `play`.

    `speed` 0.1 to 60; with `skip_silence_s` a stretch that is longer and has no frames is jumped over; with
    `loop` the end is followed by the begin. `moments` are worth jumping to, `tracks` where each vehicle was,
    `gaps` where nothing was received. `behind` tells that this machine could not keep up with the speed. Any
    thread may call anything. Raises InputError for a speed that is none.
    """

    def __init__(
        self,
        timeline: Timeline,
        clock: Clock | None = None,
        *,
        speed: float = 1.0,
        loop: bool = False,
        skip_silence_s: float | None = None,
    ) -> None:
        self._timeline = timeline
        self._real = clock or SystemClock()
        self._states = States(timeline)
        self.tracks = tracks_of(timeline, self._states.first)
        self.moments = moments_of(timeline, self._states.first, self.tracks)
        self.gaps = timeline.gaps()
        self._begin_us = begin_us = timeline.begin_us - 1  # nothing is published yet
        self.clock = ReplayClock(self._real, begin_us)
        self.hub = Hub(self.clock)
        self.loop = loop
        self.behind = False
        self._skip_us = None if skip_silence_s is None else round(skip_silence_s * _US)
        self._lock = threading.RLock()
        self._speed = _checked(speed)
        self._playing = False
        self._number = 0
        self._shown_us = begin_us
        self._anchor: tuple[float, int] = (0.0, begin_us)
        self._jumped: tuple[Callable[[Situation], None], ...] = ()
        self._woken: tuple[Callable[[], None], ...] = ()
        for link in timeline.links:
            self.hub.watch(link, lambda link=link: self._health(link))  # type: ignore[misc]

    @property
    def timeline(self) -> Timeline:
        """The frames that it plays."""
        return self._timeline

    @property
    def begin_s(self) -> float:
        """Just before the first frame, seconds since 1970 UTC."""
        return self._begin_us / _US

    @property
    def end_s(self) -> float:
        """The time of the last frame."""
        return self._timeline.end_us / _US

    @property
    def now_s(self) -> float:
        """The time that is shown: every frame up to it is published, and its listeners have heard it."""
        return self._shown_us / _US

    @property
    def speed(self) -> float:
        """Seconds of the recording in a second."""
        return self._speed

    @property
    def playing(self) -> bool:
        """Whether time goes on; not at the end."""
        return self._playing

    @property
    def over(self) -> bool:
        """Whether everything was published."""
        return self._number == len(self._timeline) and self._shown_us >= self._timeline.end_us

    def on_jump(self, told: Callable[[Situation], None]) -> None:
        """Have `told` called after every jump, with what holds from there."""
        with self._lock:
            self._jumped = (*self._jumped, told)

    def on_change(self, woken: Callable[[], None]) -> None:
        """Have `woken` called when playing, speed or time were changed."""
        with self._lock:
            self._woken = (*self._woken, woken)

    def play(self) -> None:
        """Go on; from the begin where everything was played."""
        with self._lock:
            if self.over:
                self._jump(self._begin_us)
            self._playing = True
            self._hold()
        self._wake()

    def pause(self) -> None:
        """Stand still where it is."""
        with self._lock:
            self._playing = False
        self._wake()

    def set_speed(self, speed: float) -> None:
        """Play faster or slower from here on. Raises InputError."""
        with self._lock:
            self._speed = _checked(speed)
            self._hold()
        self._wake()

    def seek(self, time_s: float) -> None:
        """Show another time, kept within the recording, as if everything before it had just been played.

        Raises InputError for what is no number.
        """
        if math.isnan(time_s):
            raise InputError("no number is no time", where="time_s", remedy="Give seconds since 1970 UTC")
        with self._lock:
            bounded_s = min(max(time_s, self.begin_s), self.end_s)
            self._jump(min(max(round(bounded_s * _US), self._begin_us), self._timeline.end_us))
            if self.over:
                self._playing = False
        self._wake()

    def step(self, seconds: float) -> None:
        """Stand still, then show a time so much later, or earlier; what a short step passes is published.

        Raises InputError for what is no number.
        """
        with self._lock:
            self._playing = False
            if 0 <= seconds * _US <= SLICE_US:
                self._publish_to(min(self.clock.now_us + round(seconds * _US), self._timeline.end_us))
                self._wake()
            else:
                self.seek(self.now_s + seconds)

    def advance(self) -> float | None:
        """Publish what is due; gives the seconds to wait before the next call, None standing still."""
        began_s = self._real.monotonic_s()
        while True:
            with self._lock:
                if not self._playing:
                    return None
                now_s = self._real.monotonic_s()
                due_us = self._due_us(now_s)
                until_us = min(due_us, self.clock.now_us + SLICE_US, self._timeline.end_us)
                self._publish_to(until_us)
                self._skip_silence()
                if self.over:
                    self._end()
                elif until_us >= due_us:
                    self.behind = False
                    return TICK_S
                elif now_s - began_s > BUDGET_S:
                    self.behind = True
                    self._hold()
                    return 0.0

    def situation(self, time_s: float) -> Situation:
        """What a hub knows once everything up to that time was played."""
        return self._states.at(self._timeline.number_at(round(time_s * _US)))

    def _due_us(self, now_s: float) -> int:
        anchor_s, anchor_us = self._anchor
        return anchor_us + round((now_s - anchor_s) * self._speed * _US)

    def _hold(self) -> None:
        """Count on from the time shown."""
        self._anchor = (self._real.monotonic_s(), self.clock.now_us)

    def _jump(self, time_us: int) -> None:
        self._number = self._timeline.number_at(time_us)
        situation = self._states.at(self._number)
        self.clock.now_us = self._shown_us = time_us
        self.hub.reset(situation.vehicles, situation.behind)
        self._hold()
        for told in self._jumped:
            told(situation)

    def _publish_to(self, time_us: int) -> None:
        """Publish the frames up to a time, those of one link that follow one another together."""
        timeline = self._timeline
        begin, end = self._number, timeline.number_at(time_us)
        self._number, self.clock.now_us = end, time_us
        links = timeline.link[begin:end].tolist()
        at = begin
        for link, run in groupby(links):
            stop = at + len(list(run))
            self.hub.publish([timeline.frame(number) for number in range(at, stop)], timeline.links[link])
            at = stop
        if begin == end:
            self.hub.publish(())
        self._shown_us = time_us

    def _skip_silence(self) -> None:
        if self._skip_us is None or self._number == len(self._timeline):
            return
        next_us = int(self._timeline.due_us[self._number])
        last_us = int(self._timeline.due_us[self._number - 1]) if self._number else next_us
        wanted_us = next_us - round(LEAD_S * _US)
        if next_us - last_us > self._skip_us and wanted_us > self.clock.now_us:
            self._publish_to(wanted_us)
            self._hold()

    def _end(self) -> None:
        if self.loop and self._timeline.end_us > self._begin_us:
            self._jump(self._begin_us)
        else:
            self._playing = False

    def _wake(self) -> None:
        for woken in self._woken:
            woken()

    def _health(self, link: str) -> LinkHealth:
        return LinkHealth(link, "ended" if self.over else "open", frames=self._number, heard_s=self.now_s)


def _checked(speed: float) -> float:
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(
            f"{speed:g} is no speed to play at",
            where="speed",
            remedy=f"Give {SLOWEST:g} to {FASTEST:g}; 1 is as it was recorded",
        )
    return float(speed)
