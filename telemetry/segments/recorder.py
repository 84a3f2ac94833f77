"""Recording into segments on a disk that may fail: what every recorder is, whatever it records.

Whoever hands things over never waits for the disk: a thread writes them at once and forces the disk a few
times a second, for all of them since the last time together. Until then they are kept in memory too, so that
a disk that is full, or that fails for a while, costs nothing.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from missions.errors import OutputError
from telemetry.clock import Clock
from telemetry.segments.disk import Disk, RealDisk
from telemetry.segments.seals import seal_left
from telemetry.segments.writer import SegmentWriter

SEGMENT_BYTES = 64_000_000
SEGMENT_S = 3600.0
SYNC_S = 0.2
HELD_BYTES = 64_000_000
"""What is kept while the disk fails: over a minute of 15,000 frames a second."""
_WRITE_S = 0.02
_RETRY_S = 5.0
_CLOSE_S = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to where nothing can be lost any more.

    `frames` counts what the recorder was handed, frames or other things, from its start: every one under it
    is safe on the disk, but for the `dropped` ones. `segment` is where the last of them lie, and `bytes` how
    much of it is safe.
    """

    frames: int = 0
    dropped: int = 0
    segment: Path | None = None
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Things as they are written, the number of the first, and when the first and the last came."""

    data: bytes
    first: int
    frames: int
    times_us: tuple[int, int]


class SegmentRecorder:
    """Writes what it is handed to `folder`, in segments named by the UTC time at which they begin.

    Each begins with `head` and has the `suffix`. A segment ends at `segment_bytes` or after `segment_s`, and
    is sealed with its SHA-256. Every `sync_s` what was written is forced to the disk; then `watermark` moves
    on and those who `subscribe`d are told. When the disk fails the recorder goes on listening, says so in
    `problem`, holds up to `held_bytes`, and writes them to a new segment after five seconds or more. What is
    beyond that is counted in `dropped`; `gaps` are the times of the first and last thing of each such
    stretch, microseconds since 1970 UTC. With an infinite `sync_s` there is no thread, and `flush` does its
    work. Raises OutputError where the folder cannot be written at the start.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        suffix: str,
        head: bytes = b"",
        segment_bytes: int = SEGMENT_BYTES,
        segment_s: float = SEGMENT_S,
        sync_s: float = SYNC_S,
        held_bytes: int = HELD_BYTES,
        disk: Disk | None = None,
    ) -> None:
        _check_writable(folder)
        self.folder = folder
        self.problem = ""
        self.gaps: list[tuple[int, int]] = []
        self._clock = clock
        self._disk = disk or RealDisk()
        self._writer = SegmentWriter(
            folder, clock, self._disk, segment_bytes, segment_s, suffix=suffix, head=head
        )
        self._suffix = suffix
        self._writing = threading.Lock()
        self._sync_s = sync_s
        self._held_bytes = held_bytes
        self._lock = threading.Lock()
        self._held: deque[_Batch] = deque()
        self._size = 0
        self._taken = 0
        self._dropped = 0
        self._in_gap = False
        self._handed = 0
        self._watermark = Watermark()
        self._told: tuple[Callable[[Watermark], None], ...] = ()
        self._retry_s = -math.inf
        self._closing = threading.Event()
        works = () if math.isinf(sync_s) else (self._run, self._seal)
        self._threads = [
            threading.Thread(target=work, name=f"recorder {folder}", daemon=True) for work in works
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def segments(self) -> list[Path]:
        """The segments with something safe in them, in order."""
        return list(self._writer.segments)

    @property
    def watermark(self) -> Watermark:
        """Up to where nothing can be lost any more."""
        return self._watermark

    @property
    def taken(self) -> int:
        """How many things were handed over so far."""
        return self._taken

    @property
    def dropped(self) -> int:
        """How many could not be kept."""
        return self._dropped

    def subscribe(self, told: Callable[[Watermark], None]) -> None:
        """Have `told` called with each new watermark, in the recorder's thread: it must be short."""
        with self._lock:
            self._told = (*self._told, told)

    def add(self, data: bytes, count: int, times_us: tuple[int, int]) -> None:
        """Take `count` things as they are to be written, the first and the last of which came at `times_us`.

        Never waits for the disk. What comes after `close` is not taken.
        """
        with self._lock:
            if self._closing.is_set():
                return
            batch = _Batch(data, self._taken, count, times_us)
            self._taken += count
            if self._size + len(data) > self._held_bytes:
                self._drop(batch)
                return
            self._in_gap = False
            self._held.append(batch)
            self._size += len(data)

    def flush(self) -> None:
        """Write what waits and force it to the disk, unless the disk failed less than five seconds ago."""
        with self._writing:
            if self._clock.monotonic_s() >= self._retry_s:
                self._try(self._write_all, self._sync)

    def close(self) -> None:
        """Force everything to the disk and end the segment; what cannot be written now is dropped.

        A disk that answers nothing for half a minute is not waited for. May be called twice.
        """
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
        for thread in self._threads:
            thread.join(_CLOSE_S)
        if not self._writing.acquire(timeout=_CLOSE_S):
            self.problem = f"{self.folder}: the disk does not answer"
            return
        try:
            self._try(self._write_all, self._sync, self._writer.end)
            with self._lock:
                while self._held:
                    self._drop(self._held.popleft())
        finally:
            self._writing.release()
        self._tell()

    def _run(self) -> None:
        synced_s = self._clock.monotonic_s()
        while not self._closing.wait(min(_WRITE_S, self._sync_s)):
            with self._writing:
                now_s = self._clock.monotonic_s()
                if now_s < self._retry_s:
                    continue
                self._try(self._write_all)
                if now_s - synced_s >= self._sync_s:
                    synced_s = now_s
                    self._try(self._sync)

    def _seal(self) -> None:
        seal_left(self.folder, self._disk, self._closing.is_set, suffix=self._suffix)

    def _try(self, *steps: Callable[[], None]) -> None:
        try:
            for step in steps:
                step()
        except OSError as error:
            self._fail(error)

    def _write_all(self) -> None:
        """Hand every batch that waits to the system."""
        with self._lock:
            fresh = list(islice(self._held, self._handed, None))
        if not fresh:
            return
        if self._writer.full:
            self._sync()
            self._writer.end()
        self._writer.write(b"".join([batch.data for batch in fresh]))
        self._handed += len(fresh)

    def _sync(self) -> None:
        """Force what was handed to the system, and move the watermark."""
        self._writer.sync()
        with self._lock:
            moved = self._handed > 0
            for _ in range(self._handed):
                self._size -= len(self._held.popleft().data)
            self._handed = 0
        if moved:
            self.problem = ""
        if moved or self._watermark.dropped != self._dropped:
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            upto = self._held[0].first if self._held else self._taken
            self._watermark = Watermark(upto, self._dropped, *self._writer.safe)
            told = self._told
        for tell in told:
            try:
                tell(self._watermark)
            except Exception:  # noqa: BLE001  # one bad listener must not end the recording
                _log.exception("a listener of the recorder failed")

    def _drop(self, batch: _Batch) -> None:
        self._dropped += batch.frames
        first_us, last_us = batch.times_us
        if self._in_gap:
            self.gaps[-1] = (self.gaps[-1][0], last_us)
        else:
            self.gaps.append((first_us, last_us))
        self._in_gap = True

    def _fail(self, error: OSError) -> None:
        if not self.problem:
            _log.error("recording to %s failed: %s", self.folder, error)
        self.problem = f"{self.folder}: recordings cannot be written ({error.strerror or error})"
        self._retry_s = self._clock.monotonic_s() + _RETRY_S
        self._writer.abandon()
        self._handed = 0


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise OutputError(
            f"recordings cannot be written there ({error.strerror})",
            where=str(folder),
            remedy="Choose a folder that you may write to",
        ) from error
