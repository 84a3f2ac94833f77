"""How well the alarms serve the people who hear them: EEMUA 191's figures, and whether there is a flood."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telemetry.alerts.alarm import CHATTER_COUNT, CHATTER_S, Alarm
from telemetry.alerts.states import STANDING, Key, Priority, State, Transition

WINDOW_S = 600.0
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
"""Alarms in ten minutes: a flood begins above the one and ends below the other (ISA-18.2)."""
MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures at one time, for one desk and whoever sits at it.

    `per_10_min` counts the alarms raised in the last ten minutes, `mean_per_10_min` and `peak_per_10_min`
    are over all the time that the desk has looked. `standing` counts active alarms, `longest_standing_s` is
    the age of the oldest. `chattering` were raised three times within a minute in the last ten. `share_pct`
    is each priority's share of all raised.
    """

    per_10_min: int
    mean_per_10_min: float
    peak_per_10_min: int
    flood: bool
    standing: int
    longest_standing_s: float
    unacknowledged: int
    shelved: int
    chattering: tuple[Key, ...]
    share_pct: Mapping[Priority, float]
    raised: int


class Meter:
    """Counts alarms as they are raised."""

    def __init__(self) -> None:
        self.flood = False
        self._recent: deque[tuple[float, Key]] = deque(maxlen=MAX_KEPT)
        self._raised: Counter[Priority] = Counter()
        self._peak = 0
        self._start_s: float | None = None
        self._now_s = 0.0

    def pass_time(self, now_s: float) -> None:
        """Forget what is older than ten minutes, and see whether a flood has begun or ended."""
        self._start_s = now_s if self._start_s is None else min(self._start_s, now_s)
        self._now_s = now_s
        while self._recent and self._recent[0][0] <= now_s - WINDOW_S:
            self._recent.popleft()
        if len(self._recent) > FLOOD_BEGINS:
            self.flood = True
        elif len(self._recent) < FLOOD_ENDS:
            self.flood = False

    def add(self, transition: Transition) -> None:
        """Count a transition, if it raised an alarm."""
        if not transition.raised:
            return
        self._recent.append((transition.time_s, transition.key))
        self._raised[transition.priority] += 1
        self._peak = max(self._peak, len(self._recent))
        self.flood = self.flood or len(self._recent) > FLOOD_BEGINS

    def measures(self, alarms: Iterable[Alarm]) -> Measures:
        """The figures, with the alarms as they stand."""
        states = Counter(alarm.state for alarm in alarms)
        standing = [alarm for alarm in alarms if alarm.state in STANDING]
        raised = self._raised.total()
        start_s = self._now_s if self._start_s is None else self._start_s
        watched_s = max(self._now_s - start_s, WINDOW_S)
        return Measures(
            per_10_min=len(self._recent),
            mean_per_10_min=raised * WINDOW_S / watched_s,
            peak_per_10_min=self._peak,
            flood=self.flood,
            standing=len(standing),
            longest_standing_s=max((self._now_s - (one.raised_s or 0.0) for one in standing), default=0.0),
            unacknowledged=states[State.UNACKNOWLEDGED] + states[State.RETURNED],
            shelved=states[State.SHELVED],
            chattering=self._chattering(),
            share_pct={each: 100 * self._raised[each] / raised if raised else 0.0 for each in Priority},
            raised=raised,
        )

    def _chattering(self) -> tuple[Key, ...]:
        times: dict[Key, list[float]] = {}
        for time_s, key in self._recent:
            times.setdefault(key, []).append(time_s)
        return tuple(sorted(key for key, raised in times.items() if _chatters(raised)))


def _chatters(raised: list[float]) -> bool:
    last = CHATTER_COUNT - 1
    return any(after - before <= CHATTER_S for before, after in zip(raised, raised[last:], strict=False))
