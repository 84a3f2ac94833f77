"""Transitions in the order of time, and what stood at any moment of it."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping

from telemetry.alerts.measures import FLOOD_ENDS, WINDOW_S, Meter
from telemetry.alerts.standing import Standing, fold_transition
from telemetry.alerts.states import Key, Transition

STEP = 256
"""What stood is kept after every so many transitions: no more are folded for an answer."""


class Chronicle:
    """Grows at its end only. Any thread may ask while one adds."""

    def __init__(self, transitions: Iterable[Transition] = ()) -> None:
        self._lock = threading.Lock()
        self._transitions: list[Transition] = []
        self._times_s: list[float] = []
        self._kept: list[dict[Key, Standing]] = []
        self._now: dict[Key, Standing] = {}
        self._meter = Meter()
        self._floods: list[bool] = []
        self.add(sorted(transitions, key=lambda each: each.time_s))

    def __len__(self) -> int:
        return len(self._transitions)

    def add(self, transitions: Iterable[Transition]) -> None:
        """Add what came later; one whose time is before the last one's counts as of that."""
        with self._lock:
            for each in transitions:
                if len(self._transitions) % STEP == 0:
                    self._kept.append(dict(self._now))
                last_s = self._times_s[-1] if self._times_s else each.time_s
                self._transitions.append(each)
                self._times_s.append(max(each.time_s, last_s))
                fold_transition(self._now, each)
                self._meter.pass_time(self._times_s[-1])
                self._meter.add(each)
                self._floods.append(self._meter.flood)

    def count_at(self, time_s: float) -> int:
        """How many transitions there were up to and at a time, seconds since 1970 UTC."""
        with self._lock:
            return bisect_right(self._times_s, time_s)

    def at(self, time_s: float) -> Mapping[Key, Standing]:
        """The alarms of the list and the shelf as they stood at a time."""
        with self._lock:
            count = bisect_right(self._times_s, time_s)
            if not self._kept:
                return {}
            from_ = min(count // STEP, len(self._kept) - 1)
            standing = dict(self._kept[from_])
            for each in self._transitions[from_ * STEP : count]:
                fold_transition(standing, each)
            return standing

    def flood_at(self, time_s: float) -> bool:
        """Whether a flood had begun and not ended by a time, as `Meter` has it."""
        with self._lock:
            begin, end = (bisect_right(self._times_s, each) for each in (time_s - WINDOW_S, time_s))
            if end == 0 or not self._floods[end - 1]:
                return False
            return sum(each.raised for each in self._transitions[begin:end]) >= FLOOD_ENDS

    def between(self, after_s: float, upto_s: float) -> tuple[Transition, ...]:
        """Those after the one time, up to and at the other."""
        with self._lock:
            begin, end = bisect_right(self._times_s, after_s), bisect_right(self._times_s, upto_s)
            return tuple(self._transitions[begin:end])
