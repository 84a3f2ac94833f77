"""A recording read from where reading stopped before, as it grows: blocks of frames, each given once.

However the bytes are cut into pieces the frames, their times and the digest are the same, and the same as
those of `telemetry.columns` over the whole file. While a segment grows, what could be the beginning of a
frame waits for more bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from missions.errors import FormatError, InputError
from telemetry.columns.kernels import FOUND, Bytes, find, fresh_state
from telemetry.columns.reading import DIALECT, LIMITS
from telemetry.frames import (
    CHECK_BYTES,
    HEAD_V1,
    HEAD_V2,
    LONGEST_FRAME,
    MAGIC_V1,
    MAGIC_V2,
    SIGNATURE_BYTES,
    SIGNED,
)
from telemetry.tlog import PROOF_BYTES, STAMP_BYTES, check_tlog

BLOCK_BYTES = 8 << 20
MOST_NOISE_BYTES = 64 << 20
"""What follows more than that without a frame is not looked for: it would all have to be held."""
_AT_A_TIME = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """Frames (`FOUND`) that lie in `octets`, which begin at byte `base` of the segment."""

    octets: Bytes
    found: npt.NDArray[np.void]
    base: int


class SegmentScan:
    """Reads one segment onwards. `watermark` is up to which byte its frames were given, `size` what was seen.

    `bad_bytes` belong neither to a frame nor to its time; `problem` says why nothing (more) of it is read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.watermark = 0
        self.frames = 0
        self.bad_bytes = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.problem = ""
        self.ended = False
        self._state, self._unknown = fresh_state()
        self._buffer = b""
        self._base = 0
        self._covered = 0
        self._digest = hashlib.sha256()
        self._proven = False

    @property
    def sha256(self) -> str:
        """The digest of the bytes before the watermark."""
        return self._digest.hexdigest()

    def read(self, *, last: bool, upto: int | None = None, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """The frames that came since; with `last` the segment ends here, and so does what was half there.

        `upto` is how many of its bytes are safe on the disk, where that is known; else they are forced there
        before any is given. Raises InputError where it cannot be read, FormatError where it has become
        shorter than what was read of it.
        """
        if self.ended:
            return
        try:
            with self.path.open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                if size < self.size:
                    raise FormatError("the segment has become shorter", where=str(self.path))
                if upto is None:
                    os.fsync(file.fileno())
                else:
                    size = min(size, max(upto, self.size))
                at = self._base + len(self._buffer)
                file.seek(at)
                while at < size:
                    more = file.read(min(block_bytes, size - at))
                    if not more:
                        raise FormatError("the segment has become shorter", where=str(self.path))
                    at += len(more)
                    self.size = at
                    yield from self._block(more, last=last and at == size)
        except OSError as error:
            raise InputError(
                f"the segment cannot be read ({error.strerror or error})", where=str(self.path)
            ) from error
        if last and not self.ended:
            yield from self._block(b"", last=True)

    def _block(self, more: bytes, *, last: bool) -> Iterator[Block]:
        if self.ended:
            self._digest.update(more)
            self.watermark = self.size
            self.bad_bytes += len(more)
            return
        self._buffer += more
        octets = np.frombuffer(self._buffer, np.uint8)
        found = self._near(self._found(octets, last=last))
        self._count(found)
        block = Block(octets, found, self._base)
        self._forget(last=last)
        if len(found):
            yield block

    def _found(self, octets: Bytes, *, last: bool) -> npt.NDArray[np.void]:
        """The frames whose end is known, and the state as it is behind them."""
        begin = int(self._state[0])
        blocks: list[npt.NDArray[np.void]] = []
        before: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        while True:
            before.append((self._state.copy(), self._unknown.copy()))
            block = np.empty(_AT_A_TIME, FOUND)
            count = find(octets, self._state, self._unknown, DIALECT, LIMITS, block)
            blocks.append(block[:count])
            if count < _AT_A_TIME:
                break
        found = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        whole = len(found) if last else int(np.searchsorted(found["start"], _undecided(octets, found, begin)))
        if not self._is_recording(octets, found[:whole], last=last):
            whole = 0
        if not last:
            self._state, self._unknown = before[whole // _AT_A_TIME]
            again = np.empty(whole % _AT_A_TIME, FOUND)
            find(octets, self._state, self._unknown, DIALECT, LIMITS, again)
        return found[:whole]

    def _is_recording(self, octets: Bytes, found: npt.NDArray[np.void], *, last: bool) -> bool:
        """Whether the segment is known to be a recording; False too while too little of it is there."""
        if self._proven:
            return True
        first = found[:1]
        if ((first["start"] == STAMP_BYTES) & (first["time_us"] > 0)).any():
            self._proven = True
        elif self.size >= PROOF_BYTES or (last and self.size):
            try:
                check_tlog(octets[:PROOF_BYTES].tobytes(), self.path)
                self._proven = True
            except FormatError as error:
                self._end(error.what)
        return self._proven

    def _near(self, found: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        """The frames before a stretch of noise that is too long."""
        if not len(found):
            return found
        gaps = found["start"] - self._covers(found)
        far = np.flatnonzero(gaps > MOST_NOISE_BYTES)
        if not len(far):
            return found
        self._end(f"nothing is read after {MOST_NOISE_BYTES >> 20} MB without a frame")
        return found[: far[0]]

    def _covers(self, found: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """For each frame, up to where the frames before it reach."""
        reach = np.concatenate([[self._covered - self._base], found["stop"][:-1]])
        covers: npt.NDArray[np.int64] = np.maximum.accumulate(reach)
        return covers

    def _count(self, found: npt.NDArray[np.void]) -> None:
        if not len(found):
            return
        gaps = found["start"] - self._covers(found)
        stamps = STAMP_BYTES * int((gaps >= STAMP_BYTES).sum())
        self.bad_bytes += int(np.maximum(gaps, 0).sum()) - stamps
        self.frames += len(found)
        self._covered = max(self._covered, self._base + int(found["stop"].max()))
        times = found["time_us"][found["time_us"] > 0]
        if len(times):
            first, final = int(times.min()), int(times.max())
            self.first_us = first if self.first_us is None else min(first, self.first_us)
            self.last_us = final if self.last_us is None else max(final, self.last_us)

    def _forget(self, *, last: bool) -> None:
        """Move the watermark, and let go of what is behind it but for the time before the next frame."""
        if not self.ended and len(self._buffer) > MOST_NOISE_BYTES + LONGEST_FRAME:
            pending = self._base + len(self._buffer) - max(self._covered, self._base)
            if pending > MOST_NOISE_BYTES + LONGEST_FRAME:
                self._end(f"nothing is read after {MOST_NOISE_BYTES >> 20} MB without a frame")
        at = self.size if last or self.ended else self._base + int(self._state[0])
        self._digest.update(memoryview(self._buffer)[self.watermark - self._base : at - self._base])
        self.watermark = at
        if last or self.ended:
            self.ended = True
            self.bad_bytes += max(0, self.size - self._covered)
            self._buffer, self._base = b"", self.size
            return
        drop = max(0, at - STAMP_BYTES - self._base)
        self._buffer = self._buffer[drop:]
        self._base += drop
        self._state[0] -= drop
        self._state[1] -= drop

    def _end(self, problem: str) -> None:
        self.problem = problem
        self.ended = True


def _undecided(octets: Bytes, found: npt.NDArray[np.void], begin: int) -> int:
    """The first place that may be the beginning of a frame of which more bytes are to come, else the end."""
    size = len(octets)
    safe = size - LONGEST_FRAME
    known = found["kind"] >= 0
    jumps = {int(each["start"]): int(each["stop"]) for each in found[known & (found["start"] > safe)]}
    sure = found[known & (found["start"] <= safe)]
    at = max(begin, safe, int(sure["stop"][-1]) if len(sure) else 0)
    while at < size:
        if at in jumps:
            at = jumps[at]
        elif octets[at] in (MAGIC_V1, MAGIC_V2) and _is_open(octets, at, size):
            return at
        else:
            at += 1
    return size


def _is_open(octets: Bytes, at: int, size: int) -> bool:
    """Whether a frame that begins there would go on behind the last byte."""
    if octets[at] == MAGIC_V1:
        return at + 2 > size or at + HEAD_V1 + int(octets[at + 1]) + CHECK_BYTES > size
    if at + 3 > size:
        return True
    flags = int(octets[at + 2])
    if flags & ~SIGNED:
        return False
    return at + HEAD_V2 + int(octets[at + 1]) + CHECK_BYTES + (SIGNATURE_BYTES if flags else 0) > size
