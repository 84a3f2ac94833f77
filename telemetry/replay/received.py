"""What was received beside MAVLink, by the time at which it came; what it was stays on the disk."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Self

import numpy as np

from telemetry.received.items import Item, item_of
from telemetry.received.reading import read_items
from telemetry.replay.order import Integers, near_each_other, never_backwards

_DAY_US = 86_400_000_000


class ReceivedItems:
    """The items of several segments by when they came, each with its number from 0; 32 bytes for one.

    `time_us` is an array (n,) that never runs backwards: where a clock was set an item is due with its
    neighbour. Raises InputError where a segment cannot be read, FormatError where it is none.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        found = [_Places.of(path) for path in paths]
        there = sorted((each for each in found if len(each.due_us)), key=lambda each: int(each.due_us[0]))
        self._files = [each.file for each in there]
        counts = [len(each.due_us) for each in there]
        due = _joined([each.due_us for each in there])
        start = _joined([each.start for each in there])
        length = _joined([each.length for each in there])
        file = np.repeat(np.arange(len(there), dtype=np.int64), counts)
        order = np.argsort(due, kind="stable")
        self.time_us = due[order]
        self._start, self._length, self._file = start[order], length[order], file[order]

    def __len__(self) -> int:
        return len(self.time_us)

    def number_at(self, time_us: int) -> int:
        """How many came up to and at that time."""
        return int(np.searchsorted(self.time_us, time_us, "right"))

    def between(self, begin: int, end: int) -> Iterator[Item]:
        """Those with the numbers from `begin` to before `end`."""
        return map(self.item, range(begin, end))

    def item(self, number: int) -> Item:
        """One of them."""
        start = int(self._start[number])
        return item_of(self._files[int(self._file[number])][start : start + int(self._length[number])])


@dataclass(frozen=True, slots=True)
class _Places:
    """When each item of a segment is due, where its line lies and how long it is, and the file."""

    due_us: Integers
    start: Integers
    length: Integers
    file: mmap | bytes

    @classmethod
    def of(cls, path: Path) -> Self:
        times, starts, lengths = array("q"), array("q"), array("q")
        for found in read_items(path):
            times.append(found.item.time_us)
            starts.append(found.at)
            lengths.append(found.length)
        with path.open("rb") as file:
            data = mmap(file.fileno(), 0, access=ACCESS_READ) if times else b""
        due_us = never_backwards(near_each_other(np.array(times, np.int64), _DAY_US))
        return cls(due_us, np.array(starts, np.int64), np.array(lengths, np.int64), data)


def _joined(columns: Sequence[Integers]) -> Integers:
    return np.concatenate(columns) if columns else np.zeros(0, np.int64)
