"""Compiled code that finds frames in bytes and lays their payloads into rows.

`find` accepts just the frames that `telemetry.tlog` does, and gives them the same times; tests hold the one
against the other.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from telemetry.columns.tables import HEAD_BYTES

Bytes = npt.NDArray[np.uint8]
_UNKNOWN = 64
FOUND = np.dtype([("start", np.int64), ("stop", np.int64), ("time_us", np.int64), ("kind", np.int16)])
"""One frame: where it lies, when it was received, and its kind's number, -1 for an unknown type."""


def fresh_state() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """What `find` remembers from call to call: where it is, and the unknown types that it saw.

    The first holds the next place to look at, the end of the last frame, the time of the last frame, how many
    unknown types follow, and the bytes that belonged to no frame.
    """
    return np.zeros(5, np.int64), np.zeros(_UNKNOWN, np.int64)


@numba.njit(cache=True, nogil=True)
def _checksum(data: Bytes, begin: int, end: int, tables: npt.NDArray[np.uint16]) -> int:
    crc = np.uint32(0xFFFF)
    at = begin
    while at + 8 <= end:
        crc = np.uint32(
            tables[7, (crc & 0xFF) ^ data[at]]
            ^ tables[6, (crc >> 8) ^ data[at + 1]]
            ^ tables[5, data[at + 2]]
            ^ tables[4, data[at + 3]]
            ^ tables[3, data[at + 4]]
            ^ tables[2, data[at + 5]]
            ^ tables[1, data[at + 6]]
            ^ tables[0, data[at + 7]]
        )
        at += 8
    while at < end:
        crc = np.uint32((crc >> 8) ^ tables[0, (crc ^ data[at]) & 0xFF])
        at += 1
    return int(crc)


@numba.njit(cache=True, nogil=True)
def _seen(key: int, state: npt.NDArray[np.int64], unknown: npt.NDArray[np.int64]) -> bool:
    """Whether an unknown type was seen before; it becomes the newest, the oldest beyond 64 is forgotten."""
    count = state[3]
    at = 0
    while at < count and unknown[at] != key:
        at += 1
    before = at < count
    if not before and count == _UNKNOWN:
        at = 0
    elif not before:
        state[3] = count = count + 1
    for place in range(at, count - 1):
        unknown[place] = unknown[place + 1]
    unknown[count - 1] = key
    return bool(before)


@numba.njit(cache=True, nogil=True)
def _time_us(data: Bytes, start: int, before_us: int, follows: bool, limits: tuple[int, int]) -> int:
    if start < 8:
        return before_us
    time_us = np.int64(0)
    for place in range(start - 8, start):
        if place == start - 8 and data[place] >= 128:
            return before_us
        time_us = time_us << 8 | np.int64(data[place])
    if time_us > limits[0]:
        return before_us
    if follows or before_us == 0 or abs(time_us - before_us) < limits[1]:
        return int(time_us)
    return before_us


@numba.njit(cache=True, nogil=True)
def find(
    data: Bytes,
    state: npt.NDArray[np.int64],
    unknown: npt.NDArray[np.int64],
    dialect: tuple[npt.NDArray[np.int16], Bytes, npt.NDArray[np.uint16], npt.NDArray[np.int64]],
    limits: tuple[int, int],
    found: Any,
) -> int:
    """Fill `found` with the next frames of `data`; gives how many there were. Go on until it gives fewer."""
    kind_of_id, seeds, tables, inverse = dialect
    size = len(data)
    at, covered, before_us = state[0], state[1], state[2]
    count = 0
    while at < size and count < len(found):
        again = at + 1
        magic = data[at]
        expected = at == covered and magic != 0xFD and magic != 0xFE and at + 8 < size
        if expected:
            magic = data[at + 8]
            expected = magic == 0xFD or magic == 0xFE
            at += 8 if expected else 0
        if magic == 0xFD:
            if at + 12 > size or data[at + 2] & 0xFE:
                at = again
                continue
            begin = at + 10
            message_id = np.int64(data[at + 7]) | np.int64(data[at + 8]) << 8 | np.int64(data[at + 9]) << 16
            signature = 13 if data[at + 2] else 0
        elif magic == 0xFE:
            if at + 8 > size:
                at = again
                continue
            begin = at + 6
            message_id = np.int64(data[at + 5])
            signature = 0
        else:
            at = again
            continue
        check = begin + np.int64(data[at + 1])
        stop = check + 2 + signature
        if stop > size:
            at = again
            continue
        crc = _checksum(data, at + 1, check, tables)
        written = np.int64(data[check]) | np.int64(data[check + 1]) << 8
        kind = kind_of_id[message_id] if message_id < len(kind_of_id) else np.int16(-1)
        sure = False
        if kind >= 0:
            if (crc >> 8) ^ tables[0, (crc ^ seeds[kind]) & 0xFF] != written:
                at = again
                continue
        else:
            low = inverse[written ^ (crc >> 8)]
            free = at == covered or at >= covered + 8
            if not free or low < 0:
                at += 1
                continue
            sure = expected and (stop + 8 >= size or data[stop + 8] == 0xFD or data[stop + 8] == 0xFE)
            if not _seen(message_id << 8 | (low ^ (crc & 0xFF)), state, unknown) and not sure:
                at += 1
                continue
        before_us = _time_us(data, at, before_us, at == covered + 8, limits)
        found[count].start = at
        found[count].stop = stop
        found[count].time_us = before_us
        found[count].kind = kind
        count += 1
        state[4] += max(0, at - covered)
        covered = max(covered, stop)
        at = stop if kind >= 0 or sure else at + 1
    state[0], state[1], state[2] = at, covered, before_us
    return count


@numba.njit(cache=True, nogil=True)
def lay(
    data: Bytes, found: Any, row_bytes: npt.NDArray[np.int64], cursor: npt.NDArray[np.int64], rows: Bytes
) -> None:
    """Lay known frames into `rows` (zeros), each at its kind's `cursor`, which moves on by `row_bytes`."""
    for number in range(len(found)):
        frame = found[number]
        kind = frame.kind
        if kind < 0:
            continue
        at = cursor[kind]
        cursor[kind] = at + row_bytes[kind]
        start = frame.start
        second = data[start] == 0xFD
        time_us = frame.time_us
        # As `tables.HEAD` has it.
        for place in range(8):
            rows[at + place] = np.uint8(time_us >> (8 * place) & 0xFF)
        sender = start + (4 if second else 2)
        rows[at + 8] = data[sender + 1]
        rows[at + 9] = data[sender + 2]
        rows[at + 10] = data[sender]
        begin = start + (10 if second else 6)
        length = min(np.int64(data[start + 1]), row_bytes[kind] - HEAD_BYTES)
        for place in range(length):
            rows[at + HEAD_BYTES + place] = data[begin + place]
