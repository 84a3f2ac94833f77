"""The dialect as arrays, for compiled code: which ids are known, their checksum seeds, how long a row is."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from telemetry.dialect import LAYOUTS, Layout, codes_of

HEAD = (
    ("received_us", "<i8"),
    ("sender_system", "u1"),
    ("sender_component", "u1"),
    ("frame_sequence", "u1"),
)
"""The columns before a message's own: when its frame was received (microseconds since 1970 UTC), from whom,
and the number that its sender gave it."""
HEAD_BYTES = np.dtype(list(HEAD)).itemsize
_CODES = {"b": "i1", "B": "u1", "h": "<i2", "H": "<u2", "i": "<i4", "I": "<u4", "q": "<i8", "Q": "<u8"}
_CODES |= {"f": "<f4", "d": "<f8"}
_POLYNOMIAL = 0x8408


def dtype_of(layout: Layout) -> np.dtype[np.void]:
    """A message's row: `HEAD`, then its fields in wire order, packed as they are on the wire.

    Arrays are columns of their length; texts are bytes (`S`), which end at their last byte that is not NUL.
    """
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = list(HEAD)
    codes = codes_of(layout)
    for span in layout.spans:
        code = codes[span.start]
        if span.kind == "array":
            fields.append((span.name, _CODES[code], (span.stop - span.start,)))
        else:
            fields.append((span.name, f"S{code[:-1] or 1}" if span.kind == "text" else _CODES[code]))
    return np.dtype(fields)


KINDS: tuple[Layout, ...] = tuple(LAYOUTS.values())
"""Every known message; compiled code numbers them by their place here."""

DTYPES = MappingProxyType({layout.name: dtype_of(layout) for layout in KINDS})
"""The row of every known message, by its name."""


def _kind_of_id() -> npt.NDArray[np.int16]:
    found = np.full(max(LAYOUTS) + 1, -1, np.int16)
    found[[layout.message_id for layout in KINDS]] = np.arange(len(KINDS))
    return found


KIND_OF_ID = _kind_of_id()
SEEDS = np.array([layout.seed[0] for layout in KINDS], np.uint8)
ROW_BYTES = np.array([DTYPES[layout.name].itemsize for layout in KINDS], np.int64)


def _checksum_tables() -> npt.NDArray[np.uint16]:
    """Tables (8, 256) for eight bytes at a time: row k is a byte's part of the checksum k bytes later.

    CRC-16/MCRF4XX, reflected; slicing as of Kounavis and Berry, A Systematic Approach to Building High
    Performance Software-based CRC Generators, 2005.
    """
    tables = np.zeros((8, 256), np.uint16)
    row = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        row = np.where(row & 1, row >> 1 ^ _POLYNOMIAL, row >> 1).astype(np.uint16)
    tables[0] = row
    for number in range(1, 8):
        before = tables[number - 1]
        tables[number] = before >> 8 ^ tables[0][before & 0xFF]
    return tables


CHECKSUM_TABLES = _checksum_tables()
