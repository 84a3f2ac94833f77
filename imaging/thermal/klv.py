"""MISB ST 0601: what an aircraft says of itself and its camera in a video's data stream.

A local set is a 16-byte key, its length in BER (SMPTE ST 336: one byte under 128, else 0x80 plus the number
of length bytes), and items: a tag in BER-OID (seven bits a byte, the high bit says that more follow), a
length, a value, big endian. The last item is tag 1, a sum of all 16-bit words from the key's first byte to
that item's length byte (ST 0601, "Checksum"). A set whose sum is wrong or missing is not used.

Integers map linearly onto a range; of signed ones the lowest value is kept for "out of range". Ranges and
reserved values are those of ST 0601.8 and later, from the text that jMISB quotes of them (jmisb, st0601).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

UNIVERSAL_KEY = bytes.fromhex("060e2b34020b01010e01030101000000")
LONGEST_SET_BYTES = 65_536
_MOST_ITEMS = 1000
_CHECKSUM, _TIME = 1, 2
_EARLIEST_S, _LATEST_S = 1.0e9, 4.1e9

Fault = Literal["", "checksum wrong", "checksum missing", "cut short"]


@dataclass(frozen=True, slots=True)
class Item:
    """How a tag's integer becomes a value: `octets` bytes, signed or not, onto `low` to `high`."""

    name: str
    octets: int
    low: float
    high: float
    signed: bool = False

    def value(self, raw: bytes) -> float | None:
        """The value, None where it is of another length or says "out of range"."""
        if len(raw) != self.octets:
            return None
        number = int.from_bytes(raw, "big", signed=self.signed)
        if not self.signed:
            return self.low + number / self._most * (self.high - self.low)
        most = self._most
        return None if number < -most else number / most * self.high

    def raw(self, value: float) -> bytes:
        """The integer nearest to a value within the range: what a writer of such a set puts there."""
        if self.signed:
            number = round(value / self.high * self._most)
        else:
            number = round((value - self.low) / (self.high - self.low) * self._most)
        return number.to_bytes(self.octets, "big", signed=self.signed)

    @property
    def _most(self) -> int:
        """The largest integer."""
        return (1 << 8 * self.octets - self.signed) - 1


ITEMS: Mapping[int, Item] = {
    5: Item("platform heading", 2, 0, 360),
    6: Item("platform pitch", 2, -20, 20, signed=True),
    7: Item("platform roll", 2, -50, 50, signed=True),
    13: Item("sensor latitude", 4, -90, 90, signed=True),
    14: Item("sensor longitude", 4, -180, 180, signed=True),
    15: Item("sensor true altitude", 2, -900, 19_000),
    16: Item("sensor horizontal field of view", 2, 0, 180),
    17: Item("sensor vertical field of view", 2, 0, 180),
    18: Item("sensor relative azimuth", 4, 0, 360),
    19: Item("sensor relative elevation", 4, -180, 180, signed=True),
    20: Item("sensor relative roll", 4, 0, 360),
    21: Item("slant range", 4, 0, 5_000_000),
    23: Item("frame centre latitude", 4, -90, 90, signed=True),
    24: Item("frame centre longitude", 4, -180, 180, signed=True),
    25: Item("frame centre elevation", 2, -900, 19_000),
    65: Item("version", 1, 0, 255),
    90: Item("platform pitch, full", 4, -90, 90, signed=True),
    91: Item("platform roll, full", 4, -90, 90, signed=True),
}
"""Degrees and metres; heights above mean sea level. Tags 90 and 91 say what 6 and 7 are too narrow for."""


@dataclass(frozen=True, slots=True)
class LocalSet:
    """One set: `time_s` since 1970 UTC (tag 2), and the values of its known tags that are in range.

    `out_of_range` names tags that said so of themselves. `fault` is empty for a set that may be used.
    """

    time_s: float | None
    values: Mapping[int, float] = field(default_factory=dict)
    out_of_range: tuple[int, ...] = ()
    fault: Fault = ""


class SetReader:
    """Finds sets in a stream of bytes that is handed in piece by piece; a set may lie over two pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, piece: bytes) -> Iterator[LocalSet]:
        """The sets that end in this piece. At most `LONGEST_SET_BYTES` of an unfinished one are kept."""
        data = self._rest + piece
        at = 0
        while True:
            start = data.find(UNIVERSAL_KEY, at)
            if start < 0:
                # a key may be cut by the piece's end
                self._rest = data[max(at, len(data) - len(UNIVERSAL_KEY) + 1) :]
                return
            head = start + len(UNIVERSAL_KEY)
            length = _ber_length(data, head)
            if length is None:
                if len(data) - head > 9:
                    at = head
                    continue
                self._rest = data[start:]
                return
            size, body = length
            if size > LONGEST_SET_BYTES:
                at = head
                continue
            if body + size > len(data):
                following = data.find(UNIVERSAL_KEY, head)
                if following >= 0:
                    yield LocalSet(None, fault="cut short")
                    at = following
                    continue
                self._rest = data[start:]
                return
            found = parsed(data[start : body + size], body - start)
            yield found
            # a damaged length may have swallowed the sets after it
            at = head if found.fault else body + size


def parsed(whole: bytes, body: int) -> LocalSet:
    """A whole set, key and length and all; its items start at byte `body`."""
    values: dict[int, float] = {}
    outside: list[int] = []
    time_s: float | None = None
    at = body
    fault: Fault = "checksum missing"
    for _ in range(_MOST_ITEMS):
        if at >= len(whole):
            break
        tag_end = _tag(whole, at)
        length = _ber_length(whole, tag_end[1]) if tag_end else None
        if tag_end is None or length is None or length[1] + length[0] > len(whole):
            return LocalSet(None, fault="cut short")
        tag, raw = tag_end[0], whole[length[1] : length[1] + length[0]]
        at = length[1] + length[0]
        if tag == _CHECKSUM:
            fault = "" if raw == checksum(whole[: length[1]]) and at == len(whole) else "checksum wrong"
        elif tag == _TIME and len(raw) == 8:
            seconds = int.from_bytes(raw, "big") / 1e6
            time_s = seconds if _EARLIEST_S < seconds < _LATEST_S else None
        elif tag in ITEMS:
            value = ITEMS[tag].value(raw)
            if value is None:
                outside.append(tag)
            else:
                values[tag] = value
    return LocalSet(None, fault=fault) if fault else LocalSet(time_s, values, tuple(outside))


def checksum(start: bytes) -> bytes:
    """The two bytes that end a set whose other bytes are `start`, the checksum's tag and length included."""
    padded = start + b"\0" * (len(start) % 2)
    total = sum(padded[0::2]) * 256 + sum(padded[1::2])
    return (total & 0xFFFF).to_bytes(2, "big")


def _tag(data: bytes, at: int) -> tuple[int, int] | None:
    """A BER-OID tag and where it ends."""
    tag = 0
    for n in range(at, min(at + 4, len(data))):
        tag = tag << 7 | data[n] & 0x7F
        if not data[n] & 0x80:
            return tag, n + 1
    return None


def _ber_length(data: bytes, at: int) -> tuple[int, int] | None:
    """A BER length and where what it counts begins; None where it is cut short or longer than 8 bytes."""
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 0 < count <= 8 or at + 1 + count > len(data):
        return None
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count
