"""A recording that somebody is still writing, read from its end on as it grows: a stream in a file."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

from telemetry.clock import Clock, SystemClock

SUFFIXES = frozenset({".ts", ".mts", ".m2ts"})
"""MPEG-TS alone can be joined at any place: others keep their index at the begin or at the end."""
_LOOK_S = 0.02


class GrowingFile:
    """What FFmpeg reads as a file without an end; it is over once nothing is added for `silent_s`.

    A file that becomes shorter is over at once: it was begun anew. Raises OSError.
    """

    def __init__(self, path: Path, silent_s: float, clock: Clock | None = None) -> None:
        self.name = path.name
        self._path, self._silent_s = path, silent_s
        self._clock = clock or SystemClock()
        self._file: FileIO = path.open("rb", buffering=0)
        self._file.seek(0, 2)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, as soon as there are any; none at the end."""
        end_s = self._clock.monotonic_s() + self._silent_s
        while self._clock.monotonic_s() < end_s:
            data = self._file.read(size)
            if data:
                return data
            if self._path.stat().st_size < self._file.tell():
                break
            self._clock.sleep(_LOOK_S)
        return b""

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
