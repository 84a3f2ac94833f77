"""Frames of a video stream in the order of showing, the broken ones named and never handed on.

A decoder paints over damage and says so of the frame that was hit (AV_FRAME_FLAG_CORRUPT), not of those built
on it: everything from there to the next whole key frame is left out, and so are the frames between two
references that were shown before the damaged one. What the container lost (a packet marked as damaged, or one
that does not decode) counts the same, and then only a key frame that came after the loss ends the gap: one
that was sent before may be shown after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.video.frame import PictureType

from imaging.thermal.container import reason

if TYPE_CHECKING:
    from av.packet import Packet

_MOST_HELD = 32
_SUSPECT_PACKETS = 4
"""A splitter of pictures lags behind the container: the mark of a loss may stand a few packets before it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole frame, counted from 0 in the order of showing."""

    number: int
    frame: av.VideoFrame


@dataclass(frozen=True, slots=True)
class Broken:
    """Frames `first` to `last` that are damaged or built on damage, and what was wrong."""

    first: int
    last: int
    why: str


@dataclass
class Decoder:
    """Turns packets into whole frames; `wanted` chooses which, before any work on them."""

    wanted: Callable[[av.VideoFrame], bool]
    count: int = 0
    _broken_from: int | None = 0
    _why: str = "it begins within a group of pictures"
    _held: list[Shown] = field(default_factory=list)
    _lost: bool = False
    _since_lost: int = 0
    _keys: set[int] = field(default_factory=set)

    def decode(self, packets: Iterable[Packet[Any]]) -> Iterator[Shown | Broken]:
        """Whole frames and gaps. Ends where the packets end; what the container raises goes through."""
        for packet in packets:
            self._since_lost += 1
            if packet.is_corrupt:
                yield from self._lose("a part of it was lost on the way")
            elif (
                self._lost
                and packet.is_keyframe
                and packet.pts is not None
                and self._since_lost > _SUSPECT_PACKETS
            ):
                self._keys.add(packet.pts)
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                yield from self._lose(reason(error))
                continue
            for frame in frames:
                yield from self._shown(frame)

    def finish(self) -> Iterator[Shown | Broken]:
        """What was held back, and the gap that the clip ends in."""
        yield from self._release()
        if self._broken_from is not None and self.count > self._broken_from:
            yield Broken(self._broken_from, self.count - 1, self._why)
        self._broken_from = None

    def _shown(self, frame: av.VideoFrame) -> Iterator[Shown | Broken]:
        number = self.count
        self.count += 1
        between = frame.pict_type == PictureType.B
        if frame.is_corrupt:
            # frames shown just before may lean on this one
            first = self._held[0].number if self._held else number
            self._held.clear()
            yield from self._break(first, "its data are damaged")
            return
        if self._broken_from is not None:
            if not frame.key_frame or (self._lost and frame.pts not in self._keys):
                return
            self._lost = False
            self._keys.clear()
            if number > self._broken_from:
                yield Broken(self._broken_from, number - 1, self._why)
            self._broken_from = None
        if not between or len(self._held) >= _MOST_HELD:
            yield from self._release()
        if self.wanted(frame):
            if between:
                self._held.append(Shown(number, frame))
            else:
                yield Shown(number, frame)

    def _lose(self, why: str) -> Iterator[Shown | Broken]:
        """A packet is lost: no key frame sent so far ends the gap."""
        yield from self._break(self.count, why)
        self._lost, self._since_lost = True, 0
        self._keys.clear()

    def _break(self, first: int, why: str) -> Iterator[Shown | Broken]:
        if self._broken_from is None:
            yield from self._release()
            self._broken_from, self._why = first, why

    def _release(self) -> Iterator[Shown]:
        yield from self._held
        self._held.clear()
