"""What can be replayed: frames that were received once, each found by its number.

A recording is read where it lies: of each frame its time, sender and place in the file are in memory, some
fifty bytes with the time line's own, and its content is not.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from missions.errors import FormatError
from telemetry.columns import frames_of
from telemetry.frames import MAGIC_V2, Frame, FrameReader
from telemetry.log_kind import is_onboard

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Index:
    """Of every frame (n,), in the order of the file: when it was received, what it is and who sent it.

    `time_us` is microseconds since 1970 UTC; `known` tells whether the dialect has its type.
    """

    time_us: Integers
    message_id: npt.NDArray[np.uint32]
    system: npt.NDArray[np.uint8]
    component: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]


class Recording(Protocol):
    """Frames of one or more vehicles, received over one link, in the order in which they came."""

    name: str
    index: Index

    def frame(self, row: int) -> Frame:
        """The frame of that number, from 0, with the time at which it was received."""
        ...


Reader = Callable[[Path], Recording]
"""Opens one kind of file. Raises InputError where it cannot be read and FormatError where it is none."""


class TlogRecording(Recording):
    """A `.tlog`, mapped and not read. Raises as `telemetry.columns.read_columns` does."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._octets, frames = frames_of(path)
        found = frames.found
        self._start = found["start"].astype(np.int64)
        self._length = (found["stop"] - found["start"]).astype(np.uint16)
        self.index = _index_of(
            self._octets, self._start, found["time_us"].astype(np.int64), found["kind"] >= 0
        )

    def frame(self, row: int) -> Frame:
        start = int(self._start[row])
        raw = self._octets[start : start + int(self._length[row])].tobytes()
        return frame_of(raw, int(self.index.time_us[row]), known=bool(self.index.known[row]))


class FramesRecording(Recording):
    """The frames of any reader, packed in memory: what another kind of log becomes. Raises FormatError.

    A frame takes its own bytes and some sixty more.
    """

    def __init__(self, name: str, frames: Iterable[Frame]) -> None:
        self.name = name
        octets, times_us, stops, known = bytearray(), array("q"), array("q", [0]), array("b")
        for frame in frames:
            octets += frame.raw
            stops.append(len(octets))
            times_us.append(frame.time_us)
            known.append(frame.layout is not None)
        if not known:
            raise FormatError("there is nothing in it to replay", where=name, remedy="Give another recording")
        self._octets = bytes(octets)
        self._stops = np.array(stops, np.int64)
        heads = np.frombuffer(self._octets, np.uint8)
        sure = np.array(known, np.bool_)
        self.index = _index_of(heads, self._stops[:-1], np.array(times_us, np.int64), sure)

    def frame(self, row: int) -> Frame:
        raw = self._octets[int(self._stops[row]) : int(self._stops[row + 1])]
        return frame_of(raw, int(self.index.time_us[row]), known=bool(self.index.known[row]))


def open_recording(path: Path) -> Recording:
    """A `.tlog`, or an onboard log (`.BIN`) as the frames that it tells of. Raises as their readers do."""
    if not is_onboard(path):
        return TlogRecording(path)
    from telemetry.dataflash import bin_frames  # half a second of compiled code that a tlog does without

    return FramesRecording(str(path), bin_frames(path))


def frame_of(raw: bytes, time_us: int, *, known: bool) -> Frame:
    """The frame that `raw` is, which was found and checked before; `known` if the dialect has its type."""
    if known:
        (frame,) = FrameReader().feed(raw, time_us)
        return frame
    if raw[0] == MAGIC_V2:
        return Frame(time_us, raw[5], raw[6], raw[4], int.from_bytes(raw[7:10], "little"), raw)
    return Frame(time_us, raw[3], raw[4], raw[2], raw[5], raw)


def _index_of(
    octets: npt.NDArray[np.uint8], start: Integers, time_us: Integers, known: npt.NDArray[np.bool_]
) -> Index:
    """What the frames' heads say; MAVLink 2 has it two bytes later than MAVLink 1, and longer ids."""
    second = octets[start] == MAGIC_V2
    later = np.where(second, 2, 0)
    message_id = octets[start + 5 + later].astype(np.uint32)
    begins = start[second]
    for byte in (1, 2):
        message_id[second] |= octets[begins + 7 + byte].astype(np.uint32) << np.uint32(8 * byte)
    return Index(time_us, message_id, octets[start + 3 + later], octets[start + 4 + later], known)
