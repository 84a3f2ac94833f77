"""A recording as a link: replayed at the speed at which it was made, or any other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from missions.errors import FormatError
from telemetry.clock import Clock
from telemetry.frames import Frame
from telemetry.links.base import Link, LinkClosed
from telemetry.log_kind import is_onboard
from telemetry.tlog import read_tlog

_FRAMES_AT_ONCE = 500


class RecordingLink(Link):
    """Gives the frames of a recording when they are due; they keep the times at which they were recorded.

    It is a `.tlog`, or an onboard log of ArduPilot (`.BIN`), told as the frames that a link would have
    brought. `speed` 2 plays twice as fast; 0 and infinity as fast as they can be read. What is sent is
    dropped. Raises FormatError for a file that is no recording.
    """

    def __init__(self, address: str, path: Path, speed: float, clock: Clock) -> None:
        self.address = address
        self._clock = clock
        self._speed = speed if speed > 0 else math.inf
        frames = _onboard(path) if is_onboard(path) else read_tlog(path)
        first = next(frames, None)
        if first is None:
            raise FormatError(
                "nothing in this log says where an aircraft was, or how",
                where=str(path),
                remedy="Give a log of a flight",
            )
        self._frames = chain([first], frames)
        self._next: Frame | None = next(self._frames)
        self._first_us = first.time_us
        self._began_s: float | None = None

    def receive(self, timeout_s: float) -> list[Frame]:
        if self._next is None:
            raise LinkClosed("the recording is over", where=self.address)
        if self._began_s is None:
            self._began_s = self._clock.monotonic_s()
        wait_s = self._due_s(self._next) - self._clock.monotonic_s()
        if wait_s > 0:
            self._clock.sleep(min(wait_s, timeout_s))
            if wait_s > timeout_s:
                return []
        frames: list[Frame] = []
        now_s = self._clock.monotonic_s()
        while self._next is not None and len(frames) < _FRAMES_AT_ONCE and self._due_s(self._next) <= now_s:
            frames.append(self._next)
            self._next = next(self._frames, None)
        return frames

    def send(self, data: bytes) -> None:
        """Nobody is there to hear it."""

    def close(self) -> None:
        self._next = None
        self._frames = chain(())

    def _due_s(self, frame: Frame) -> float:
        began_s = self._began_s or 0.0
        return began_s + (frame.time_us - self._first_us) / 1e6 / self._speed


def _onboard(path: Path) -> Iterator[Frame]:
    from telemetry.dataflash import bin_frames  # compiled code that other links do without

    return bin_frames(path)
