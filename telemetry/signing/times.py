"""The time stamps of signed streams, kept so that no restart lets an old frame in again.

A stream is one (system, component, link id). What is on the disk is a bound a little ahead of what was
accepted: it is moved on before a frame beyond it is accepted, so that a crash can never forget one. After a
crash true frames are refused until they pass the bound, a second at most.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

from missions.errors import FormatError
from missions.files import read_bounded, write_whole

Stream = tuple[int, int, int]
"""System, component and link id."""
UNITS_A_SECOND = 100_000
"""Time stamps count 10 microseconds since 2015-01-01 UTC."""
EPOCH_S = 1_420_070_400
AHEAD = UNITS_A_SECOND
_LIMIT_BYTES = 10_000_000
_FORMAT = "droneteam-signing-times/1"
_HIGHEST = (1 << 48) - 1


class StreamTimes:
    """The last time stamp of every stream. With a `path` they outlive the process.

    Raises FormatError where the file is no such file, InputError and OutputError where it cannot be read or
    written: without its memory a link must not be trusted.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        """Held from looking at a stream's last time to using a new one; several links may share this."""
        self._path = path
        self._last: dict[Stream, int] = {}
        self._bounds: dict[Stream, int] = {}
        if path is not None and path.exists():
            self._last = _read(path)
            self._bounds = dict(self._last)

    def last(self, stream: Stream) -> int | None:
        """The highest time stamp that counts as used; None for a stream that was never heard."""
        return self._last.get(stream)

    def newest(self) -> int:
        """The highest time stamp of all streams, 0 where there is none."""
        return max(self._last.values(), default=0)

    def use(self, stream: Stream, time: int) -> None:
        """Note that a time stamp is used; it is safe on the disk when this returns. Raises OutputError."""
        if self._path is not None and time > self._bounds.get(stream, -1):
            self._write({**self._bounds, stream: min(time + AHEAD, _HIGHEST)})
        self._last[stream] = time

    def close(self) -> None:
        """Write the time stamps themselves, so that the next start refuses nothing true.

        Raises OutputError.
        """
        if self._path is not None and self._bounds != self._last:
            self._write(dict(self._last))

    def _write(self, bounds: dict[Stream, int]) -> None:
        if self._path is None:
            return
        rows = [[*stream, time] for stream, time in sorted(bounds.items())]
        write_whole(self._path, json.dumps({"format": _FORMAT, "streams": rows}).encode())
        self._bounds = bounds


def _read(path: Path) -> dict[Stream, int]:
    try:
        held = json.loads(read_bounded(path, _LIMIT_BYTES, "the time stamps of signed streams"))
        # Of another format there is no such key, and so the same error.
        rows = {held["format"]: held["streams"]}[_FORMAT]
        return {(int(system), int(component), int(link)): int(time) for system, component, link, time in rows}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(
            "these are no time stamps of signed streams",
            where=str(path),
            remedy="Restore the file from a copy; removing it lets frames of the past in again",
        ) from error
