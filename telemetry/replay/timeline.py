"""Several recordings as one: every frame in the order in which it is due."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from telemetry.frames import Frame
from telemetry.replay.order import Integers, never_backwards
from telemetry.replay.received import ReceivedItems
from telemetry.replay.recording import Index, Reader, Recording, open_recording
from telemetry.segments.seals import RECEIVED

MOST_RECORDINGS = 4096
SILENCE_S = 5.0


_NO_FRAMES = Index(
    np.zeros(0, np.int64),
    np.zeros(0, np.uint32),
    np.zeros(0, np.uint8),
    np.zeros(0, np.uint8),
    np.zeros(0, np.bool_),
)


class Gap(NamedTuple):
    """A stretch in which nothing was received at all, seconds since 1970 UTC."""

    begin_s: float
    end_s: float


def open_recordings(paths: Sequence[Path], reader: Reader = open_recording) -> Timeline:
    """One timeline of several files: recordings of frames, and of what was received beside them.

    Raises what `reader`, `ReceivedItems` and `Timeline` do.
    """
    received = [path for path in paths if path.suffix == RECEIVED]
    recordings = [reader(path) for path in paths if path not in received]
    return Timeline(recordings, ReceivedItems(received))


class Timeline:
    """The frames of all recordings by the time at which they are due, each with its number, from 0.

    A recording's own times may run backwards, where a clock was set or a frame came late; a frame is then due
    when the one before or after it is. Frames keep their own times. Recordings that follow one another are
    one link, as a recorder's segments are; those that overlap are several. `due_us`, `message_id`, `system`,
    `component`, `known` and `link` are arrays (n,); `links` are the links' names. `received` is what came
    beside them, and there may be nothing else: from `begin_us` to `end_us` is all of it. Raises InputError
    where there is nothing to replay.
    """

    def __init__(self, recordings: Sequence[Recording], received: ReceivedItems | None = None) -> None:
        self.received = ReceivedItems() if received is None else received
        recordings = [each for each in recordings if len(each.index.time_us)]
        if not recordings and not len(self.received):
            raise InputError("there is nothing to replay", remedy="Give a recording with frames in it")
        if len(recordings) > MOST_RECORDINGS:
            raise InputError(
                f"these are {len(recordings)} recordings at once, more than {MOST_RECORDINGS}",
                remedy="Give fewer",
            )
        due = [never_backwards(each.index.time_us) for each in recordings]
        order = sorted(range(len(recordings)), key=lambda each: (int(due[each][0]), recordings[each].name))
        self._recordings = [recordings[each] for each in order]
        due = [due[each] for each in order]
        lanes = _lanes(due)
        first_of = {lane: at for at, lane in reversed(list(enumerate(lanes)))}
        self.links = tuple(f"replay:{self._recordings[first_of[lane]].name}" for lane in sorted(first_of))
        self._lay(due, lanes)
        edges = [*self.due_us[[0, -1][: len(self)]], *self.received.time_us[[0, -1][: len(self.received)]]]
        self.begin_us, self.end_us = int(min(edges)), int(max(edges))

    def __len__(self) -> int:
        return len(self.due_us)

    def frame(self, number: int) -> Frame:
        """One frame."""
        return self._recordings[int(self._recording[number])].frame(int(self._row[number]))

    def number_at(self, time_us: int) -> int:
        """How many frames are due up to and at that time."""
        return int(np.searchsorted(self.due_us, time_us, "right"))

    def gaps(self, longer_than_s: float = SILENCE_S) -> tuple[Gap, ...]:
        """Where nothing was received for longer than that."""
        after = np.flatnonzero(np.diff(self.due_us) > longer_than_s * 1e6)
        begins, ends = self.due_us[after], self.due_us[after + 1]
        return tuple(
            Gap(begin / 1e6, end / 1e6) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        )

    def _lay(self, due: list[Integers], lanes: list[int]) -> None:
        """Join the recordings' arrays, and put them in order where there is more than one link."""
        indexes = [_NO_FRAMES, *(each.index for each in self._recordings)]
        counts = [len(each) for each in due]
        self.due_us = np.concatenate([_NO_FRAMES.time_us, *due])
        self.message_id = np.concatenate([each.message_id for each in indexes])
        self.system = np.concatenate([each.system for each in indexes])
        self.component = np.concatenate([each.component for each in indexes])
        self.known = np.concatenate([each.known for each in indexes])
        self.link = np.repeat(np.array(lanes, np.uint16), counts)
        self._recording = np.repeat(np.arange(len(counts), dtype=np.uint16), counts)
        self._row = np.concatenate([np.arange(count, dtype=np.int32) for count in (0, *counts)])
        if len(set(lanes)) <= 1:
            return
        order = np.argsort(self.due_us, kind="stable")
        for name in ("due_us", "message_id", "system", "component", "known", "link", "_recording", "_row"):
            setattr(self, name, getattr(self, name)[order])


def _lanes(due: Sequence[npt.NDArray[np.int64]]) -> list[int]:
    """The link of each recording, from 0: one that ended before this begins, else a new one."""
    ends: list[int] = []
    lanes: list[int] = []
    for each in due:
        lane = next((at for at, end in enumerate(ends) if end <= each[0]), len(ends))
        ends[lane : lane + 1] = [int(each[-1])]
        lanes.append(lane)
    return lanes
