"""Recordings into columns, in one pass and as fast as the disk gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from telemetry.columns.kernels import FOUND, Bytes, find, fresh_state, lay
from telemetry.columns.tables import CHECKSUM_TABLES, DTYPES, KIND_OF_ID, KINDS, ROW_BYTES, SEEDS
from telemetry.tlog import LATEST_US, LONGEST_GAP_US, PROOF_BYTES, STAMP_BYTES, check_tlog

_AT_A_TIME = 1 << 18
LIMITS = (LATEST_US, LONGEST_GAP_US)


def _inverse() -> npt.NDArray[np.int64]:
    found = np.full(1 << 16, -1, np.int64)
    found[CHECKSUM_TABLES[0]] = np.arange(256)
    return found


DIALECT = (KIND_OF_ID, SEEDS, CHECKSUM_TABLES, _inverse())
"""What `kernels.find` must know of the dialect, and below which times it believes."""


@dataclass(frozen=True)
class Columns(Mapping[str, npt.NDArray[np.void]]):
    """A recording by message type: `columns["ATTITUDE"]["roll"]` is an array of every roll, in order.

    Each array (n,) has the columns `received_us` (microseconds since 1970 UTC), `sender_system`,
    `sender_component` and `frame_sequence`, then the message's fields, units as on the wire; only types that
    were recorded are there. `unknown` are the raw frames of types that the dialect lacks. `bad_bytes` belong
    to no frame; a recording's own time stamps are among them.
    """

    tables: Mapping[str, npt.NDArray[np.void]]
    unknown: tuple[bytes, ...]
    frames: int
    bad_bytes: int

    def __getitem__(self, name: str) -> npt.NDArray[np.void]:
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


def read_columns(path: Path) -> Columns:
    """The columns of a `.tlog`, which may be larger than memory is, but not its messages.

    Raises InputError where it cannot be read and FormatError where it is no tlog.
    """
    return _laid(*frames_of(path))


def columns_of(data: Bytes | bytes) -> Columns:
    """The columns of bytes that frames lie in, with or without a `.tlog`'s time before each."""
    octets = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    return _laid(octets, frames_in(octets))


@dataclass(frozen=True, slots=True)
class Frames:
    """Where the frames of some bytes lie (`FOUND`), and how many bytes belong to none."""

    found: npt.NDArray[np.void]
    bad_bytes: int


def frames_of(path: Path) -> tuple[Bytes, Frames]:
    """The bytes of a `.tlog`, mapped, and where its frames lie. Raises as `read_columns` does."""
    try:
        if not path.stat().st_size:
            check_tlog(b"", path)
        octets = np.memmap(path, np.uint8, "r").view(np.ndarray)
    except OSError as error:
        raise InputError(
            f"the recording cannot be read ({error.strerror})", where=str(path), remedy="Check the path"
        ) from error
    frames = frames_in(octets)
    first = frames.found[:1]
    if not ((first["start"] == STAMP_BYTES) & (first["time_us"] > 0)).any():
        check_tlog(octets[:PROOF_BYTES].tobytes(), path)
    return octets, frames


def _laid(octets: Bytes, frames: Frames) -> Columns:
    found = frames.found
    kinds = found["kind"]
    counts = np.bincount(kinds[kinds >= 0], minlength=len(KINDS))
    ends = np.cumsum(counts * ROW_BYTES)
    begins = ends - counts * ROW_BYTES
    rows = np.zeros(int(ends[-1]), np.uint8)
    lay(octets, found, ROW_BYTES, begins.copy(), rows)
    tables = {
        KINDS[kind].name: rows[begins[kind] : ends[kind]].view(DTYPES[KINDS[kind].name])
        for kind in np.flatnonzero(counts)
    }
    unknown = tuple(octets[each["start"] : each["stop"]].tobytes() for each in found[kinds < 0])
    return Columns(tables, unknown, len(found), frames.bad_bytes)


def frames_in(octets: Bytes) -> Frames:
    """Where the frames lie in bytes of a `.tlog`, however damaged; nothing is asked of how they begin."""
    state, unknown = fresh_state()
    blocks: list[npt.NDArray[np.void]] = []
    while True:
        block = np.empty(_AT_A_TIME, FOUND)
        count = find(octets, state, unknown, DIALECT, LIMITS, block)
        blocks.append(block[:count])
        if count < _AT_A_TIME:
            bad = int(state[4]) + max(0, len(octets) - int(state[1]))
            return Frames(blocks[0] if len(blocks) == 1 else np.concatenate(blocks), bad)
