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
from typing import Any, NamedTuple, final

from fastcrc.crc16 import mcrf4xx

from telemetry.dialect import LAYOUTS, Layout

MAGIC_V1 = 0xFE
MAGIC_V2 = 0xFD
SIGNED = 0x01
SIGNATURE_BYTES = 13
HEAD_V1 = 6
HEAD_V2 = 10
CHECK_BYTES = 2
LONGEST_FRAME = HEAD_V2 + 255 + CHECK_BYTES + SIGNATURE_BYTES
REMEMBERED_TYPES = 64
_BARE_V1, _BARE_V2 = HEAD_V1 + CHECK_BYTES, HEAD_V2 + CHECK_BYTES
_MAGIC = re.compile(b"[\xfd\xfe]")
_BY_ID = {
    layout.message_id.to_bytes(3, "little"): (layout.seed, layout.values_of, layout.message_id, layout)
    for layout in LAYOUTS.values()
}
_OF_V1 = {key[0]: known for key, known in _BY_ID.items() if key[1:] == b"\0\0"}


class Frame(NamedTuple):
    """One MAVLink frame as it was received at `time_us`, microseconds since 1970 UTC.

    `raw` is the whole frame. `layout` describes its message and `values` are that message's fields, in wire
    order; None and nothing for a type that the dialect lacks. See `telemetry.messages.Message`.
    """

    time_us: int
    system: int
    component: int
    sequence: int
    message_id: int
    raw: bytes
    layout: Layout | None
    values: tuple[Any, ...]

    @property
    def signed(self) -> bool:
        """Whether there is a signature; not that it was verified."""
        return self.raw[0] == MAGIC_V2 and bool(self.raw[2] & SIGNED)


def payload_of(frame: Frame) -> bytes:
    """The part of a frame that the message is in, not yet filled up with zeros."""
    raw = frame.raw
    begin = HEAD_V2 if raw[0] == MAGIC_V2 else HEAD_V1
    return raw[begin : begin + raw[1]]


@final
class Message(Frame):
    """A frame whose message the dialect knows: its fields by name, as attributes and in `fields`.

    `name` is that of the MAVLink definitions; units are those on the wire. The few fields that are called as
    an attribute of a frame ("name", "message_id", "sequence") are in `fields` only.
    """

    __slots__ = ()
    layout: Layout

    @property
    def name(self) -> str:
        """The message's name."""
        return self.layout.name

    @property
    def time_s(self) -> float:
        """When it was received, seconds since 1970 UTC."""
        return self[0] / 1e6

    @property
    def fields(self) -> dict[str, Any]:
        """Every field by its name, in wire order; a new dictionary each time."""
        return dict(zip(self.layout.names, self.values, strict=True))

    @property
    def count(self) -> Any:  # not the tuple's method
        """The field `count`."""
        return self.__getattr__("count")

    @property
    def index(self) -> Any:
        """The field `index`."""
        return self.__getattr__("index")

    def __getattr__(self, name: str) -> Any:
        layout = self.layout
        try:
            return self.values[layout.names.index(name)]
        except ValueError:
            raise AttributeError(f"{layout.name} has no field {name}") from None


def stamped(frame: Frame, time_us: int) -> Frame:
    """The same frame, received at another time."""
    return _new(type(frame), (time_us, *frame[1:]))


_new = tuple.__new__
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
                    covered = max(covered, stop)
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
        return _message(raw, time_us) or self._frame(raw, time_us, free=free, sure=sure)

    def _frame(self, raw: bytes, time_us: int, *, free: bool, sure: bool) -> Frame | None:
        if raw[0] == MAGIC_V2:
            begin, key, sender = HEAD_V2, raw[7:10], 4
        else:
            begin, key, sender = HEAD_V1, raw[5:6] + b"\0\0", 2
        check = begin + raw[1]
        checksum = mcrf4xx(raw[1:check])
        written = raw[check] | raw[check + 1] << 8
        sequence, system, component = raw[sender : sender + 3]
        known = _BY_ID.get(key)
        if known is not None:
            seed, values_of, message_id, layout = known
            if mcrf4xx(seed, checksum) != written:
                return None
            values = values_of(raw[begin:check])
            return Message(time_us, system, component, sequence, message_id, raw, layout, values)
        message_id = int.from_bytes(key, "little")
        if free and self._unknown.believed(message_id, checksum, written, sure=sure):
            return Frame(time_us, system, component, sequence, message_id, raw, None, ())
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
        if self._between:
            message = _message(data, time_us)
            if message is not None:
                return [message]
            if data and end_of(data, 0, len(data)) == len(data) and not is_known(data):
                self._scanner.frame(data, time_us, free=True)  # seen once: so it is believed below
        return self._take(self._rest + data if self._rest else bytes(data), time_us, last=False)

    def finish(self, time_us: int) -> list[Frame]:
        """At the end of a stream: the frames behind a start that was never completed."""
        return self._take(self._rest, time_us, last=True)

    def _take(self, data: bytes, time_us: int, *, last: bool) -> list[Frame]:
        found, done = self._scanner.scan(data, time_us, last=last)
        covered = self._covered
        for start, stop, _ in found:
            self.bad_bytes += max(0, start - covered)
            covered = max(covered, stop)
        self.bad_bytes += max(0, done - covered)
        self._covered = max(0, covered - done)
        self._rest = data[done:]
        self._between = not self._rest and not self._covered
        return [frame for _, _, frame in found]


def _message(data: bytes, time_us: int) -> Message | None:
    """The unsigned message of a known type that `data` is and nothing else: what nearly every datagram holds.

    It is what `FrameScanner` finds, by the fewest steps.
    """
    known = _BY_ID.get(data[7:10])
    if known is not None and data[0] == MAGIC_V2 and not data[2] and len(data) == data[1] + _BARE_V2:
        if mcrf4xx(data[1:-2] + known[0]) != data[-2] | data[-1] << 8:
            return None
        _, values_of, message_id, layout = known
        return _new(
            Message,
            (time_us, data[5], data[6], data[4], message_id, data, layout, values_of(data[10:-2])),
        )
    if len(data) < HEAD_V1 or data[0] != MAGIC_V1 or len(data) != data[1] + _BARE_V1:
        return None
    known = _OF_V1.get(data[5])
    if known is None:
        return None
    seed, values_of, message_id, layout = known
    if mcrf4xx(data[1:-2] + seed) != data[-2] | data[-1] << 8:
        return None
    values = values_of(data[6:-2])
    return _new(Message, (time_us, data[3], data[4], data[2], message_id, data, layout, values))


def is_known(raw: bytes) -> bool:
    """Whether the dialect knows the type of the frame that `raw` begins as."""
    return raw[7:10] in _BY_ID if raw[0] == MAGIC_V2 else raw[5] in _OF_V1


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
