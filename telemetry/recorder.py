"""The recorder: a listener that writes every frame to `.tlog` segments.

Each segment is a recording by itself, in the form of `telemetry.tlog`. What is written is only ever added
to, so that a crash costs at most the last second and never what came before.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from missions.errors import OutputError
from telemetry.clock import Clock
from telemetry.frames import Frame

SEGMENT_BYTES = 64_000_000
SEGMENT_S = 3600.0
_RETRY_S = 5.0
_log = logging.getLogger(__name__)


class Recorder:
    """Writes frames to `folder`, in segments named by the UTC time at which they begin.

    A segment ends at `segment_bytes` or after `segment_s`. Every `sync_s` what was written is forced to the
    disk: `watermark` counts the frames that are safe there, `written` all that were handed to the system,
    `dropped` those that could not be. When the disk fails the recorder goes on listening, says so in
    `problem` and tries again with a new segment every five seconds. Raises OutputError where the folder
    cannot be written at the start.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_s: float = SEGMENT_S,
        sync_s: float = 1.0,
    ) -> None:
        self.folder = folder
        self.segments: list[Path] = []
        self.written = 0
        self.watermark = 0
        self.dropped = 0
        self.problem = ""
        self._clock = clock
        self._segment_bytes = segment_bytes
        self._segment_s = segment_s
        self._sync_s = sync_s
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._began_s = 0.0
        self._synced_s = clock.monotonic_s()
        self._retry_s = 0.0
        self._closed = False
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Write frames; with none, see whether it is time to force the disk."""
        with self._lock:
            if self._closed:
                return
            try:
                if frames:
                    self._write(frames)
                if self._clock.monotonic_s() - self._synced_s >= self._sync_s:
                    self._sync()
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Force everything to the disk and end the segment. May be called twice."""
        with self._lock:
            self._closed = True
            try:
                self._end_segment()
            except OSError as error:
                self._fail(error)

    def _write(self, frames: Sequence[Frame]) -> None:
        now_s = self._clock.monotonic_s()
        if self._file is None and now_s < self._retry_s:
            self.dropped += len(frames)
            return
        try:
            file = self._segment(now_s)
            data = b"".join(frame.time_us.to_bytes(8, "big") + frame.raw for frame in frames)
            _write_all(file, data, self._size)
        except OSError:
            self.dropped += len(frames)
            raise
        self._size += len(data)
        self.written += len(frames)
        self.problem = ""

    def _segment(self, now_s: float) -> int:
        """The open segment, a new one where the last is full or old."""
        if self._file is not None and (
            self._size >= self._segment_bytes or now_s - self._began_s >= self._segment_s
        ):
            self._end_segment()
        if self._file is None:
            path, self._file = self._new_segment()
            self.segments.append(path)
            self._size = 0
            self._began_s = now_s
        return self._file

    def _new_segment(self) -> tuple[Path, int]:
        name = datetime.fromtimestamp(self._clock.now_s(), UTC).strftime("%Y%m%dT%H%M%SZ")
        number = 1
        while True:
            path = self.folder / (f"{name}.tlog" if number == 1 else f"{name}-{number}.tlog")
            try:
                file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                number += 1
            else:
                _sync_folder(self.folder)
                return path, file

    def _sync(self) -> None:
        self._synced_s = self._clock.monotonic_s()
        if self._file is not None and self.watermark < self.written:
            os.fsync(self._file)
            self.watermark = self.written

    def _end_segment(self) -> None:
        if self._file is None:
            return
        try:
            self._sync()
        finally:
            os.close(self._file)
            self._file = None

    def _fail(self, error: OSError) -> None:
        if not self.problem:
            _log.error("recording to %s failed: %s", self.folder, error)
        self.problem = f"{self.folder}: recordings cannot be written ({error.strerror or error})"
        self._retry_s = self._clock.monotonic_s() + _RETRY_S
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._file)
                self.watermark = self.written
            os.close(self._file)
            self._file = None
        self.dropped += self.written - self.watermark
        self.written = self.watermark


def _write_all(file: int, data: bytes, size: int) -> None:
    """Add `data` to a file of `size` bytes; what was only half written is taken off again."""
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(file, left) :]
    except OSError:
        os.ftruncate(file, size)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
