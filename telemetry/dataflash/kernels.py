"""Compiled code that finds records in bytes and lays them into rows.

A record is believed when its type was described before and another record's head, or the end, follows it;
otherwise the search goes on at the very next byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from telemetry.dataflash.formats import FMT_BYTES, FMT_TYPE, HEAD_BYTES

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
P = ParamSpec("P")
R = TypeVar("R")
FOUND = np.dtype([("start", np.int64), ("kind", np.int16)])
"""One record: where it lies, and the number of the description that holds for it."""
MOST_KINDS = 4096
"""Descriptions beyond these are not followed: no aircraft has as many, only a damaged or a made-up file."""
_KIND_BYTES = FMT_BYTES - HEAD_BYTES


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code, kept for the next time."""
    return numba.njit(cache=True, nogil=True)(function)


def fresh_state() -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """What `find` remembers from call to call: `state`, `kind_of_type`, `kinds`, `lengths`."""
    kind_of_type = np.full(256, -1, np.int64)
    kind_of_type[FMT_TYPE] = 0
    lengths = np.zeros(MOST_KINDS, np.int64)
    lengths[0] = FMT_BYTES
    return np.array([0, 0, 1], np.int64), kind_of_type, np.zeros(MOST_KINDS, np.int64), lengths


@compiled
def _same(data: Bytes, first: int, second: int) -> bool:
    place = 0
    while place < _KIND_BYTES and data[first + place] == data[second + place]:
        place += 1
    return place == _KIND_BYTES


@compiled
def _follows(data: Bytes, stop: int, size: int) -> bool:
    """Whether at `stop` there is the head of a record, or as much of one as the file still holds."""
    if stop >= size:
        return stop == size
    return data[stop] == 0xA3 and (stop + 1 == size or data[stop + 1] == 0x95)


@compiled
def _describe(data: Bytes, at: int, state: Numbers, kind_of_type: Numbers, kinds: Numbers) -> None:
    """Take in the FMT record at `at`: another description of a type that has one is a kind of its own."""
    number = np.int64(data[at + 3])
    length = np.int64(data[at + 4])
    if length < HEAD_BYTES or number == FMT_TYPE:
        return
    before = kind_of_type[number]
    if before >= 0 and _same(data, kinds[before], at + HEAD_BYTES):
        return
    count = state[2]
    if count < len(kinds):
        kinds[count] = at + HEAD_BYTES
        kind_of_type[number] = count
        state[2] = count + 1


@compiled
def find(
    data: Bytes, state: Numbers, kind_of_type: Numbers, kinds: Numbers, lengths: Numbers, found: Any
) -> int:
    """Fill `found` with the next records; gives how many there were. Go on until it gives fewer.

    `state` holds the next place to look at, the bytes that belonged to no record, and how many kinds there
    are. `kind_of_type` gives a type's kind, -1 before it was described; `kinds` where its description lies
    behind the head, and `lengths` how long its records are. Kind 0 is FMT itself, which needs none.
    """
    size = len(data)
    at, bad, count = state[0], state[1], 0
    while at < size and count < len(found):
        if data[at] != 0xA3 or at + HEAD_BYTES > size or data[at + 1] != 0x95:
            at += 1
            bad += 1
            continue
        kind = kind_of_type[data[at + 2]]
        stop = at + lengths[kind] if kind >= 0 else size + 1
        if not _follows(data, stop, size):
            at += 1
            bad += 1
            continue
        if data[at + 2] == FMT_TYPE:
            before = state[2]
            _describe(data, at, state, kind_of_type, kinds)
            if state[2] > before:
                lengths[before] = data[at + 4]
        found[count].start = at
        found[count].kind = kind
        count += 1
        at = stop
    state[0], state[1] = at, bad
    return count


@compiled
def lay(
    data: Bytes,
    starts: Numbers,
    tables: npt.NDArray[np.int16],
    row_bytes: Numbers,
    cursor: Numbers,
    rows: Bytes,
) -> None:
    """Lay each record into `rows` at its table's `cursor`, which moves on by the table's `row_bytes`."""
    for number in range(len(starts)):
        table = tables[number]
        to = cursor[table]
        length = row_bytes[table]
        cursor[table] = to + length
        begin = starts[number] + HEAD_BYTES
        for place in range(length):
            rows[to + place] = data[begin + place]
