"""From bytes to frames, and nothing lost on the way.

A frame on the wire (mavlink.io/en/guide/serialization.html):

    MAVLink 1   FE len seq sys comp id                     payload  crc:2
    MAVLink 2   FD len incompat compat seq sys comp id:3   payload  crc:2  [signature:13]

The checksum is CRC-16/MCRF4XX (X.25) over all after the first byte, and one byte more that every message
type has (CRC_EXTRA). A frame is believed only when its checksum fits; otherwise the search goes on at the
very next byte, so that noise never costs a valid frame.

A message type that the dialect does not know has no known CRC_EXTRA, yet for a true frame there is one byte
among 256 that makes the checksum fit, and it is always the same for that type. So an unknown type is
believed from its second frame on, when that fits the same CRC_EXTRA as an earlier one. Its bytes are
searched for known frames all the same: a wrong guess costs nothing.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import NamedTuple

from fastcrc.crc16 import mcrf4xx

from telemetry.dialect import LAYOUTS

MAGIC_V1 = 0xFE
MAGIC_V2 = 0xFD
SIGNED = 0x01
SIGNATURE_BYTES = 13
HEAD_V1 = 6
HEAD_V2 = 10
LONGEST_FRAME = HEAD_V2 + 255 + 2 + SIGNATURE_BYTES
_REMEMBERED_TYPES = 64
_MAGIC = re.compile(b"[\xfd\xfe]")
_CRC_EXTRA = {message_id: bytes([layout.crc_extra]) for message_id, layout in LAYOUTS.items()}


class Frame(NamedTuple):
    """One MAVLink frame as it was received at `time_us`, microseconds since 1970 UTC.

    `raw` is the whole frame, `payload` the part that the message is in, not yet filled up with zeros.
    `signed` says that a signature is there, not that it was verified.
    """

    time_us: int
    system: int
    component: int
    sequence: int
    message_id: int
    payload: bytes
    raw: bytes
    signed: bool


class Span(NamedTuple):
    """Where a frame lies in a buffer: head from `start`, payload `[payload:check]`, its end at `stop`."""

    start: int
    payload: int
    check: int
    stop: int
    message_id: int


_NONE = Span(0, 0, 0, 0, 0)
_LOW_BYTE = {mcrf4xx(bytes((low,)), 0): low for low in range(256)}
"""The table of the checksum, turned round: crc(c, byte) = c >> 8 ^ table[(c ^ byte) & 255]."""


class FrameScanner:
    """Finds frames in a buffer. It remembers nothing but the CRC_EXTRA of unknown types."""

    def __init__(self) -> None:
        self._unknown: OrderedDict[tuple[int, int], bool] = OrderedDict()

    def scan(self, data: bytes, *, last: bool, start: int = 0) -> tuple[list[Span], int]:
        """Every frame in `data` from `start` on, and where the next search must start once there is more.

        With `last` there will be no more bytes: a start that cannot be complete is noise.
        """
        spans: list[Span] = []
        size = len(data)
        at = covered = start
        while (at := _next_magic(data, at)) >= 0:
            span = _outline(data, at, size)
            if span is None:
                if not last:
                    return spans, at
            elif span.stop:
                checksum = mcrf4xx(data[at + 1 : span.check])
                written = data[span.check] | data[span.check + 1] << 8
                extra = _CRC_EXTRA.get(span.message_id)
                if extra is None:
                    if at >= covered and self._seen_before(span.message_id, checksum, written):
                        spans.append(span)
                        covered = span.stop
                elif mcrf4xx(extra, checksum) == written:
                    spans.append(span)
                    at = covered = span.stop
                    continue
            at += 1
        return spans, size

    def _seen_before(self, message_id: int, checksum: int, written: int) -> bool:
        low = _LOW_BYTE.get(written ^ checksum >> 8)
        if low is None:
            return False
        key = (message_id, low ^ checksum & 0xFF)
        seen = self._unknown.pop(key, False)
        self._unknown[key] = True
        if len(self._unknown) > _REMEMBERED_TYPES:
            self._unknown.popitem(last=False)
        return seen


class FrameReader:
    """Turns a stream of bytes into frames; what is not whole yet waits for more, at most one frame's length.

    `bad_bytes` counts the bytes that belonged to no frame.
    """

    def __init__(self) -> None:
        self.bad_bytes = 0
        self._rest = b""
        self._covered = 0
        self._scanner = FrameScanner()

    def feed(self, data: bytes, time_us: int) -> list[Frame]:
        """The frames that `data` completes, all stamped `time_us`."""
        return self._take(self._rest + data if self._rest else bytes(data), time_us, last=False)

    def finish(self, time_us: int) -> list[Frame]:
        """At the end of a stream: the frames behind a start that was never completed."""
        return self._take(self._rest, time_us, last=True)

    def _take(self, data: bytes, time_us: int, *, last: bool) -> list[Frame]:
        spans, done = self._scanner.scan(data, last=last)
        covered = self._covered
        for span in spans:
            self.bad_bytes += max(0, span.start - covered)
            covered = max(covered, span.stop)
        self.bad_bytes += max(0, done - covered)
        self._covered = max(0, covered - done)
        self._rest = data[done:]
        return [frame_at(data, span, time_us) for span in spans]


def frame_at(data: bytes, span: Span, time_us: int) -> Frame:
    """The frame that lies at `span` in `data`."""
    start, payload, check, stop, message_id = span
    address = start + (2 if payload - start == HEAD_V1 else 4)
    return Frame(
        time_us,
        data[address + 1],
        data[address + 2],
        data[address],
        message_id,
        data[payload:check],
        data[start:stop],
        stop - check > 2,
    )


def _next_magic(data: bytes, at: int) -> int:
    """The next place where either first byte stands, or -1."""
    if at < len(data) and (data[at] == MAGIC_V1 or data[at] == MAGIC_V2):
        return at
    match = _MAGIC.search(data, at)
    return match.start() if match else -1


def _outline(data: bytes, at: int, size: int) -> Span | None:
    """Where a frame starting at `at` would lie; None: more bytes are needed; `stop` 0: it is none."""
    if data[at] == MAGIC_V1:
        payload = at + HEAD_V1
        if payload > size:
            return None
        check = payload + data[at + 1]
        stop = check + 2
        return None if stop > size else Span(at, payload, check, stop, data[at + 5])
    payload = at + HEAD_V2
    if at + 3 > size:
        return None
    flags = data[at + 2]
    if flags & ~SIGNED:
        return _NONE
    if payload > size:
        return None
    check = payload + data[at + 1]
    stop = check + 2 + (SIGNATURE_BYTES if flags else 0)
    if stop > size:
        return None
    return Span(at, payload, check, stop, data[at + 7] | data[at + 8] << 8 | data[at + 9] << 16)
