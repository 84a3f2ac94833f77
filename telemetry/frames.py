"""From bytes to frames and the messages in them, and nothing lost on the way.

A frame on the wire (mavlink.io/en/guide/serialization.html):

    MAVLink 1   FE len seq sys comp id                     payload  crc:2
    MAVLink 2   FD len incompat compat seq sys comp id:3   payload  crc:2  [signature:13]

The checksum is CRC-16/MCRF4XX (X.25) over all after the first byte, and one byte more that every message
type has (CRC_EXTRA). A frame is believed only when its checksum fits; otherwise the search goes on at the
very next byte, so that noise never costs a valid frame.

A message type that the dialect does not know has no known CRC_EXTRA, yet for a true frame there is one byte
among 256 that makes the checksum fit, and it is always the same for that type. So an unknown type is believed
at once where a datagram holds it and nothing else, and in a stream of bytes from its second frame on, when
that fits the same CRC_EXTRA as an earlier one; there its bytes are searched for known frames all the same, so
that a wrong guess costs nothing.

Files of millions of frames are read by `telemetry.columns`, which finds the same frames.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from fastcrc.crc16 import mcrf4xx

from telemetry.dialect import LAYOUTS
from telemetry.frame_types import (
    CHECK_BYTES,
    HEAD_V1,
    HEAD_V2,
    LONGEST_FRAME,
    MAGIC_V1,
    MAGIC_V2,
    SIGNATURE_BYTES,
    SIGNED,
    Frame,
    Message,
    payload_of,
)
from telemetry.unpacking import BY_V2, ID_V2, message_of

__all__ = [
    "CHECK_BYTES",
    "HEAD_V1",
    "HEAD_V2",
    "LONGEST_FRAME",
    "MAGIC_V1",
    "MAGIC_V2",
    "SIGNATURE_BYTES",
    "SIGNED",
    "Frame",
    "FrameReader",
    "FrameScanner",
    "Message",
    "payload_of",
    "stamped",
]
REMEMBERED_TYPES = 64
_MAGIC = re.compile(b"[\xfd\xfe]")
_LOW_BYTE = {mcrf4xx(bytes((low,)), 0): low for low in range(256)}
"""The table of the checksum, turned round: crc(c, byte) = c >> 8 ^ table[(c ^ byte) & 255]."""


class UnknownTypes:
    """Which message types that the dialect lacks are believed: those seen before with the same CRC_EXTRA."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[int, int], bool] = OrderedDict()

    def believed(self, message_id: int, checksum: int, written: int, *, sure: bool = False) -> bool:
        """Whether a frame is, by its checksum without CRC_EXTRA and the one that it carries; it is noted.

        Where it is `sure` to be one, any CRC_EXTRA will do.
        """
        low = _LOW_BYTE.get(written ^ checksum >> 8)
        return low is not None and (self.seen(message_id, low ^ checksum & 0xFF) or sure)

    def seen(self, message_id: int, crc_extra: int) -> bool:
        """Whether that type was seen with that CRC_EXTRA before; it is noted."""
        key = (message_id, crc_extra)
        before = self._seen.pop(key, False)
        self._seen[key] = True
        if len(self._seen) > REMEMBERED_TYPES:
            self._seen.popitem(last=False)
        return before


Found = tuple[int, int, Frame]
"""Where a frame begins and ends in the buffer, and the frame."""


class FrameScanner:
    """Finds frames in a buffer. It remembers nothing but the unknown types that it saw."""

    def __init__(self) -> None:
        self._unknown = UnknownTypes()

    def scan(self, data: bytes, time_us: int, *, last: bool) -> tuple[list[Found], int]:
        """Every frame in `data`, and where the next search must start once there is more.

        With `last` there will be no more bytes: a start that cannot be complete is noise.
        """
        found: list[Found] = []
        size = len(data)
        at = covered = 0
        while (at := next_magic(data, at)) >= 0:
            stop = end_of(data, at, size)
            if stop < 0 and not last:
                return found, at
            if stop > 0:
                frame = self.frame(data[at:stop], time_us, free=at >= covered)
                if frame is not None:
                    found.append((at, stop, frame))
                    if stop > covered:
                        covered = stop
                    if frame.layout is not None:
                        at = stop
                        continue
            at += 1
        return found, size

    def frame(self, raw: bytes, time_us: int, *, free: bool, sure: bool = False) -> Frame | None:
        """The frame that `raw` is from its first byte to its last, if its checksum fits.

        A type that the dialect lacks is believed only where it is `free`: where no frame before reaches.
        Where all else is `sure` to be a frame, it need not have been seen before.
        """
        message = message_of(raw, time_us)
        if message is not None or is_known(raw):
            return message
        if raw[0] == MAGIC_V2:
            begin, sender, message_id = HEAD_V2, 4, int.from_bytes(raw[7:10], "little")
        else:
            begin, sender, message_id = HEAD_V1, 2, raw[5]
        check = begin + raw[1]
        written = raw[check] | raw[check + 1] << 8
        if free and self._unknown.believed(message_id, mcrf4xx(raw[1:check]), written, sure=sure):
            sequence, system, component = raw[sender : sender + 3]
            return Frame(time_us, system, component, sequence, message_id, raw)
        return None


class FrameReader:
    """Turns a stream of bytes into frames; what is not whole yet waits for more, at most one frame's length.

    `bad_bytes` counts the bytes that belonged to no frame.
    """

    def __init__(self) -> None:
        self.bad_bytes = 0
        self._rest = b""
        self._covered = 0
        self._between = True
        self._scanner = FrameScanner()

    def feed(self, data: bytes, time_us: int) -> list[Frame]:
        """The frames that `data` completes, all stamped `time_us`."""
        if self._between and data:
            if data[0] == MAGIC_V2:  # as nearly every datagram begins: one call less than message_of
                message = BY_V2[data[ID_V2]][len(data)](data, time_us)
            else:
                message = message_of(data, time_us)
            if message is not None:
                return [message]
            if end_of(data, 0, len(data)) == len(data) and not is_known(data):
                self._scanner.frame(data, time_us, free=True)  # seen once: so it is believed below
        return self._take(self._rest + data if self._rest else bytes(data), time_us, last=False)

    def finish(self, time_us: int) -> list[Frame]:
        """At the end of a stream: the frames behind a start that was never completed."""
        return self._take(self._rest, time_us, last=True)

    def _take(self, data: bytes, time_us: int, *, last: bool) -> list[Frame]:
        found, done = self._scanner.scan(data, time_us, last=last)
        covered = self._covered
        for start, stop, _ in found:
            if start > covered:
                self.bad_bytes += start - covered
            if stop > covered:
                covered = stop
        self.bad_bytes += max(0, done - covered)
        self._covered = max(0, covered - done)
        self._rest = data[done:]
        self._between = not self._rest and not self._covered
        return [frame for _, _, frame in found]


def stamped(frame: Frame, time_us: int) -> Frame:
    """The same frame, received at another time."""
    again = None if frame.layout is None else message_of(frame.raw, time_us)
    sender = frame.system, frame.component, frame.sequence
    return again or Frame(time_us, *sender, frame.message_id, frame.raw)


def is_known(raw: bytes) -> bool:
    """Whether the dialect knows the type of the frame that `raw` begins as."""
    return (int.from_bytes(raw[7:10], "little") if raw[0] == MAGIC_V2 else raw[5]) in LAYOUTS


def next_magic(data: bytes, at: int, before: int | None = None) -> int:
    """The next place where either first byte stands, or -1; only `before` a place where one is given."""
    if at < len(data) and (data[at] == MAGIC_V1 or data[at] == MAGIC_V2):
        return at
    match = _MAGIC.search(data, at, len(data) if before is None else before)
    return match.start() if match else -1


def end_of(data: bytes, at: int, size: int) -> int:
    """Where a frame that starts at `at` would end; below 0: more bytes are needed; 0: it is none."""
    if data[at] == MAGIC_V1:
        stop = at + HEAD_V1 + data[at + 1] + CHECK_BYTES if at + HEAD_V1 <= size else size + 1
    elif at + 3 > size:
        return -1
    elif data[at + 2] & ~SIGNED:
        return 0
    else:
        signature = SIGNATURE_BYTES if data[at + 2] else 0
        stop = at + HEAD_V2 + data[at + 1] + CHECK_BYTES + signature
    return stop if stop <= size else -1
