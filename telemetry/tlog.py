"""Recordings: `.tlog`, as MAVProxy, Mission Planner and QGroundControl write them.

    8 bytes  microseconds since 1970 UTC, big-endian     then one frame, over and over

Behind a frame the next one is looked for where it should be, behind its time, before anywhere else, and one
of an unknown type that stands there, with another behind it, is believed at once and not searched: the bytes
of a time look like the begin of a frame every so often. Damaged stretches are stepped over; a frame behind
one still has its time in the 8 bytes before it, and gets the time of the frame before it where those make no
sense.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from missions.errors import FormatError, InputError
from telemetry.frames import (
    MAGIC_V1,
    MAGIC_V2,
    Found,
    Frame,
    FrameScanner,
    end_of,
    is_known,
    next_magic,
)

STAMP_BYTES = 8
_CHUNK_BYTES = 1 << 20
PROOF_BYTES = 1 << 16
LONGEST_GAP_US = 7 * 86_400 * 1_000_000
LATEST_US = 1 << 52
"""The year 2112: what claims to be later is no time."""


def read_tlog(path: Path) -> Iterator[Frame]:
    """The frames of a recording with the times at which they were received, in the order of the file.

    Raises InputError where the file cannot be read and FormatError where it is no tlog, before the first
    frame is given.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"the recording cannot be read ({error.strerror})", where=str(path), remedy="Check the path"
        ) from error
    with file:
        yield from _frames(file, path)


def _frames(file: BinaryIO, path: Path) -> Iterator[Frame]:
    scanner = TlogScanner()
    data = _read(file, path)
    check_tlog(data, path)
    keep = 0
    before_us = 0
    covered = 0
    while True:
        more = _read(file, path)
        found, done = scanner.scan(data, last=not more, start=keep, covered=covered, before_us=before_us)
        for _, stop, frame in found:
            covered = max(covered, stop)
            before_us = frame.time_us
            yield frame
        if not more:
            return
        drop = max(0, done - STAMP_BYTES)
        data, keep, covered = data[drop:] + more, done - drop, covered - drop


class TlogScanner:
    """Finds the frames of a recording in a buffer; it remembers the unknown types that it saw."""

    def __init__(self) -> None:
        self._frames = FrameScanner()

    def scan(
        self, data: bytes, *, last: bool, start: int = 0, covered: int = 0, before_us: int = 0
    ) -> tuple[list[Found], int]:
        """Every frame from `start` on, and where the next search must start once there is more.

        `covered` is where the last frame before ended, which was received at `before_us`. With `last` there
        will be no more bytes.
        """
        found: list[Found] = []
        size, at = len(data), start
        while True:
            here, expected = _next_place(data, at, covered)
            if here < 0:
                return found, size
            stop = end_of(data, here, size)
            if stop < 0 and not last:
                return found, at if expected else here
            raw = data[here : max(here, stop)]
            behind = stop + STAMP_BYTES
            sure = expected and bool(raw) and (behind >= size or _is_magic(data, behind))
            if sure and behind >= size and not last and not is_known(raw):
                return found, at
            free = here == covered or here >= covered + STAMP_BYTES
            time_us = _time_us(data, here, before_us, follows=here == covered + STAMP_BYTES)
            frame = self._frames.frame(raw, time_us, free=free, sure=sure) if raw else None
            if frame is not None:
                before_us = time_us
                found.append((here, stop, frame))
                covered = max(covered, stop)
            if frame is not None and (sure or frame.layout is not None):
                at = stop
            elif expected and (not raw or (frame is None and is_known(raw))):
                at += 1
            else:
                at = here + 1


def _next_place(data: bytes, at: int, covered: int) -> tuple[int, bool]:
    """Where the next frame may begin, -1 for nowhere, and whether that is where one is expected."""
    if at < covered:
        inside = next_magic(data, at, covered)
        if inside >= 0:
            return inside, False
        at = covered
    ahead = at + STAMP_BYTES
    if at == covered and not _is_magic(data, at) and _is_magic(data, ahead):
        return ahead, True
    return next_magic(data, at), False


def _is_magic(data: bytes, at: int) -> bool:
    return at < len(data) and data[at] in (MAGIC_V1, MAGIC_V2)


def _read(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(_CHUNK_BYTES)
    except OSError as error:
        raise InputError(f"the recording cannot be read ({error.strerror})", where=str(path)) from error


def _time_us(data: bytes, start: int, before_us: int, *, follows: bool) -> int:
    if start < STAMP_BYTES:
        return before_us
    time_us = int.from_bytes(data[start - STAMP_BYTES : start], "big")
    if time_us > LATEST_US:
        return before_us
    if follows or not before_us or abs(time_us - before_us) < LONGEST_GAP_US:
        return time_us
    return before_us


def check_tlog(data: bytes, path: Path) -> None:
    """Raise FormatError unless `data` begins as a recording does.

    It starts with a time and a frame, or, when it starts damaged, is mostly times and frames.
    """
    head = data[:PROOF_BYTES]
    found, _ = TlogScanner().scan(head, last=True)
    timed = {start: stop for start, stop, _ in found if _time_us(head, start, 0, follows=True)}
    if next(iter(timed), None) == STAMP_BYTES:
        return
    held = sum(stop - start + STAMP_BYTES for start, stop in timed.items())
    if held * 2 > len(head) > 0 and any(stop + STAMP_BYTES in timed for stop in timed.values()):
        return
    raise FormatError(
        "this is no MAVLink recording (.tlog)",
        where=str(path),
        remedy="Give a file that droneteam listen, MAVProxy, Mission Planner or QGroundControl recorded",
    )
