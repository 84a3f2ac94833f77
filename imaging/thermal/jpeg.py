"""The application segments of a JPEG, where cameras keep what the picture itself does not hold.

ISO/IEC 10918-1 Annex B: FF, a marker, and for most a two-byte big-endian length that counts itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from missions.errors import PhotoError

SOI = b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MOST_SEGMENTS = 2000


@dataclass(frozen=True, slots=True)
class Segment:
    """`marker` (0xE1 is APP1) and its payload."""

    marker: int
    payload: memoryview


def segments(data: bytes, where: str) -> Iterator[Segment]:
    """The segments before the picture's own data. Raises PhotoError where one runs past the end."""
    view, at = memoryview(data), 2
    for _ in range(_MOST_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise PhotoError(
                "the JPEG is cut short", where=f"{where}, byte {at}", remedy="Copy the file again"
            )
        yield Segment(marker, view[at + 4 : at + 2 + length])
        at += 2 + length


def joined(data: bytes, marker: int, where: str) -> bytes:
    """All payloads of one marker, in the order of the file."""
    return b"".join(s.payload for s in segments(data, where) if s.marker == marker)
