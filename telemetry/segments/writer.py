"""Writing segments: what is safe on the disk is known at every moment, whatever call fails."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from telemetry.clock import Clock
from telemetry.segments.disk import Disk
from telemetry.segments.seals import seal

_log = logging.getLogger(__name__)


class SegmentWriter:
    """Adds bytes to segments in a folder, named by the UTC time at which each begins, so that they sort.

    Each begins with `head`, which counts among its bytes, and its name ends in `suffix`.

    `write` hands bytes to the system, `sync` forces them to the disk: only then are they safe. A call that
    raises OSError must be followed by `abandon`, which ends the segment where it is safe. After a failed
    fsync the system may hold what it could not write for written, so what was not safe must be written again,
    to a new segment. `segments` are those with something safe in them, `safe` the last of them and how many
    of its bytes are. One thread at a time may use it.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        disk: Disk,
        segment_bytes: int,
        segment_s: float,
        *,
        suffix: str,
        head: bytes = b"",
    ) -> None:
        self.folder = folder
        self.segments: list[Path] = []
        self.safe: tuple[Path | None, int] = (None, 0)
        self._clock = clock
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._segment_s = segment_s
        self._suffix = suffix
        self._head = head
        self._file: int | None = None
        self._path = folder
        self._size = 0
        self._safe_bytes = 0
        self._began_s = 0.0
        self._unsafe: list[bytes] = []
        self._hash = hashlib.sha256()

    @property
    def full(self) -> bool:
        """Whether the open segment is large or old enough to end."""
        aged_s = self._clock.monotonic_s() - self._began_s
        return self._file is not None and (self._size >= self._segment_bytes or aged_s >= self._segment_s)

    def write(self, data: bytes) -> None:
        """Hand bytes to the system, in a new segment where none is open. Raises OSError."""
        if self._file is None:
            self._begin()
            data = self._head + data
        left = memoryview(data)
        while left:
            left = left[self._disk.write(self._file, left) :]  # type: ignore[arg-type]  # it was just opened
        self._size += len(data)
        self._unsafe.append(data)

    def sync(self) -> None:
        """Force everything that was written to the disk. Raises OSError."""
        if self._file is None or not self._unsafe:
            return
        self._disk.sync(self._file)
        for data in self._unsafe:
            self._hash.update(data)
        self._unsafe = []
        if not self._safe_bytes:
            self.segments.append(self._path)
        self._safe_bytes = self._size
        self.safe = (self._path, self._size)

    def end(self) -> None:
        """Force everything to the disk, end the segment and seal it. Raises OSError where that fails."""
        if self._file is None:
            return
        self.sync()
        self._close()
        self._seal()

    def abandon(self) -> None:
        """After a failure: end the segment where it is safe; the rest must be written again."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._disk.truncate(self._file, self._safe_bytes)
            self._disk.sync(self._file)
            self._close()
            if self._safe_bytes:
                self._seal()
            else:
                self._disk.remove(self._path)
        self._close()

    def _begin(self) -> None:
        began = datetime.fromtimestamp(self._clock.now_s(), UTC).strftime("%Y%m%dT%H%M%SZ")
        number = 1
        while self._file is None:
            name = began if number == 1 else f"{began}_{number:02d}"
            path = self.folder / f"{name}{self._suffix}"
            try:
                self._file = self._disk.create(path)
            except FileExistsError:
                number += 1
        self._path, self._size, self._safe_bytes, self._unsafe = path, 0, 0, []
        self._hash = hashlib.sha256()
        self._began_s = self._clock.monotonic_s()
        self._disk.sync_folder(self.folder)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                self._disk.close(file)

    def _seal(self) -> None:
        try:
            seal(self.folder, self._path.name, self._hash.hexdigest(), self._disk)
        except OSError as error:  # it is sealed when the folder is next recorded into
            _log.warning("%s was left without a seal: %s", self._path, error)
