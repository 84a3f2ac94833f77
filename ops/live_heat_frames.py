"""A live stream's frames, read in a thread, opened again when it ends, and never more than a second of it
waiting.

What was not searched in time is dropped, the oldest first, and counted: who looks at a live picture must see
what is now.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from pathlib import Path
from typing import Any

from imaging.finds import Unread
from imaging.thermal.container import shown
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.reading import VideoOptions
from imaging.thermal.video import ClipFrames
from missions.errors import DroneteamError
from telemetry.backoff import Backoff
from telemetry.clock import Clock
from telemetry.health import RateMeter

EVERY_S = 0.2
SILENT_S = 5.0
LATEST_S = 30.0
"""A link may bring its picture late for long: it is searched all the same, with its right time."""
MOST_WAITING = 2
"""More would only be searched later."""
SETTLE_S = 1.0
"""What is sent at once when a stream is opened came late: by its arrival its time would be wrong."""
BACKOFF_S = (0.5, 10.0)
_log = logging.getLogger(__name__)


class LiveFrames:
    """Frames of a stream at an address, as they come; `read` runs in a thread of its own until `close`.

    `dropped` counts frames that were left out to keep up, `opened` how often the stream was opened.
    """

    def __init__(self, address: str, name: str, clock: Clock, every_s: float = EVERY_S) -> None:
        self.shown = shown(address)
        self.opened = 0
        self.dropped = 0
        self.broken = 0
        self.early = 0
        self.read_count = 0
        self._address, self._name, self._clock = address, name, clock
        self._options = VideoOptions(every_s=every_s, silent_s=SILENT_S, latest_s=LATEST_S)
        self._waiting: deque[ThermalFrame] = deque()
        self._changed = threading.Condition()
        self._rate = RateMeter()
        self._over = threading.Event()
        self._late_s = 0.0
        self._state, self._problem = "opening", ""
        self._since_s = clock.monotonic_s()
        self._said: Counter[str] = Counter()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the frames, each once."""
        with self._changed:
            return tuple(f"{text} ({count} frames)" for text, count in self._said.items())

    def take(self, timeout_s: float) -> ThermalFrame | None:
        """The next frame, None where none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout_s)
            return self._waiting.popleft() if self._waiting else None

    def status(self) -> dict[str, Any]:
        """How the stream fares."""
        with self._changed:
            return {
                "state": self._state,
                "problem": self._problem,
                "opened": self.opened,
                "state_s": round(self._clock.monotonic_s() - self._since_s, 1),
                "frames": self.read_count,
                "rate_hz": round(self._rate.rate_hz(self._clock.monotonic_s()), 1),
                "late_s": round(self._late_s, 1),
                "dropped": self.dropped,
                "broken": self.broken,
            }

    def read(self) -> None:
        """Read the stream, and open it again whenever it ends."""
        backoff = Backoff(*BACKOFF_S)
        while not self._over.is_set():
            before = self.read_count
            problem = self._read_once()
            if self.read_count > before:
                backoff.reset()
            self._become("reconnecting", problem)
            self._over.wait(backoff.next_s())
        self._become("closed", "")

    def close(self) -> None:
        """Read no more: with the next frame, or when none comes in time."""
        self._over.set()

    def _read_once(self) -> str:
        """Why it ended."""
        name = self._name if not self.opened else f"{self._name}-{self.opened + 1}"
        clip = ClipFrames(Path(name), self._options, address=self._address, clock=self._clock)
        self.opened += 1
        late = 0
        begun_s: float | None = None
        try:
            for item in clip:
                if self._over.is_set():
                    break
                now_s = self._clock.monotonic_s()
                begun_s = now_s if begun_s is None else begun_s
                self._become("open", "")
                self._take(item, settled=now_s - begun_s >= SETTLE_S)
                with self._changed:
                    self.dropped += clip.left_out - late
                late = clip.left_out
        except DroneteamError as error:
            return error.what
        except Exception as error:  # noqa: BLE001 - what a decoder does with a broken stream must not end us
            _log.exception("reading the stream failed")
            return f"reading failed ({error})"
        return next((note for note in reversed(clip.notes) if "ended" in note), "the stream ended")

    def _take(self, item: ThermalFrame | Unread, *, settled: bool) -> None:
        with self._changed:
            if isinstance(item, Unread):
                self.broken += 1
                return
            self.read_count += 1
            if item.exposure.time_s is not None:
                self._late_s = max(0.0, self._clock.now_s() - item.exposure.time_s)
            self._rate.add(self._clock.monotonic_s(), 1)
            if not settled and any("arrival" in note for note in item.notes):
                self.early += 1
                return
            self._said.update(item.notes)
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(item)
            self._changed.notify_all()

    def _become(self, state: str, problem: str) -> None:
        with self._changed:
            if state != self._state:
                self._since_s = self._clock.monotonic_s()
            self._state, self._problem = state, problem
