"""How well a link does: what came, what was lost, what was noise."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from telemetry.frames import Frame

_REORDERED = 128
"""A jump by this much or more is a frame that came late, not 128 that were lost."""
_RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames of one sender: received, lost on the way, and doubled ones."""

    received: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def lost_pct(self) -> float:
        """Share of what was sent that did not arrive, per cent."""
        sent = self.received + self.lost
        return 100.0 * self.lost / sent if sent else 0.0


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """One link: `state` is "open", "reconnecting", "ended" or "failed", `problem` says why.

    `round_trip_s` is how long a word takes to a vehicle and back, None where no vehicle was asked or
    answered.
    """

    address: str
    state: str
    frames: int = 0
    rate_hz: float = 0.0
    bad_bytes: int = 0
    heard_s: float | None = None
    problem: str = ""
    round_trip_s: float | None = None


class SequenceCounter:
    """Counts the frames that one (system, component) sent and that did not come.

    Every component numbers its own frames modulo 256. A late frame is taken off the losses again; two
    frames in a row that are far off are a sender which began anew.
    """

    def __init__(self) -> None:
        self._received = 0
        self._lost = 0
        self._doubled = 0
        self._last: int | None = None
        self._late: int | None = None
        self._missing: set[int] = set()

    def add(self, sequence: int) -> None:
        """Count one frame."""
        self._received += 1
        gap = 0 if self._last is None else (sequence - self._last - 1) % 256
        if gap < _REORDERED:
            for step in range(gap):
                self._missing.add((sequence - 1 - step) % 256)
            self._lost += gap
            self._missing.discard(sequence)
            self._last, self._late = sequence, None
        elif sequence in self._missing:
            self._missing.discard(sequence)
            self._lost -= 1
            self._late = None
        elif self._late is not None and (self._late + 1) % 256 == sequence:
            self._missing.clear()
            self._last, self._late = sequence, None
        else:
            self._doubled += sequence == self._last
            self._late = sequence

    @property
    def loss(self) -> Loss:
        """The counts so far."""
        return Loss(self._received, self._lost, self._doubled)


class LossCounter:
    """Losses of every (system, component)."""

    def __init__(self) -> None:
        self._counters: dict[tuple[int, int], SequenceCounter] = {}

    def add(self, frame: Frame) -> None:
        """Count one frame."""
        key = (frame.system, frame.component)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = SequenceCounter()
        counter.add(frame.sequence)

    def losses(self) -> dict[tuple[int, int], Loss]:
        """The counts of every sender so far."""
        return {key: counter.loss for key, counter in list(self._counters.items())}


class RateMeter:
    """Events a second over the last five seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()

    def add(self, now_s: float, count: int) -> None:
        """Note `count` events."""
        if count:
            self._counts.append((now_s, count))
        self._forget(now_s)

    def rate_hz(self, now_s: float) -> float:
        """Events a second. Any thread may ask: it reads a copy while another notes events."""
        recent = (count for noted_s, count in tuple(self._counts) if now_s - noted_s <= _RATE_WINDOW_S)
        return sum(recent) / _RATE_WINDOW_S

    def _forget(self, now_s: float) -> None:
        while self._counts and self._counts[0][0] < now_s - _RATE_WINDOW_S:
            self._counts.popleft()
