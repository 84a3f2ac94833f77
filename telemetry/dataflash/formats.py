"""How a DataFlash log describes its own records.

    A3 95 type                        then as many bytes as the type's FMT record says, over and over

An FMT record (type 128, 89 bytes) describes one type: its number, the length of its records with the three
bytes before them, its name, a character for each field, and the fields' names. Characters and their C types
are those of ArduPilot's `AP_Logger/LogStructure.h`, and `g`, half precision, of its successors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

HEAD_BYTES = 3
FMT_TYPE = 128
FMT_BYTES = 89
CODES = MappingProxyType(
    {
        "a": "(32,)<i2",
        "b": "i1",
        "B": "u1",
        "h": "<i2",
        "H": "<u2",
        "i": "<i4",
        "I": "<u4",
        "q": "<i8",
        "Q": "<u8",
        "g": "<f2",
        "f": "<f4",
        "d": "<f8",
        "n": "S4",
        "N": "S16",
        "Z": "S64",
        "c": "<i2",
        "C": "<u2",
        "e": "<i4",
        "E": "<u4",
        "L": "<i4",
        "M": "u1",
    }
)
"""The numpy type of every format character."""
SCALES = MappingProxyType({"c": 100.0, "C": 100.0, "e": 100.0, "E": 100.0, "L": 1e7})
"""What a value as it was logged is divided by."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Format:
    """A type of record: its number, name, bytes (with the three before it), and its fields in order.

    `letters` has a format character for each of `fields`. `dtype` is a row of them as they were logged. Where
    the description makes no sense (a character that nobody knows, or fields that do not fill the length) the
    one field is `raw`, bytes, with the character `*`.
    """

    number: int
    name: str
    length: int
    letters: str
    fields: tuple[str, ...]
    dtype: np.dtype[np.void]

    def letter(self, field: str) -> str:
        """The format character of a field. Raises KeyError for one that there is not."""
        if field not in self.fields:
            raise KeyError(f"{self.name} has no field {field}")
        return self.letters[self.fields.index(field)]


FMT = Format(
    FMT_TYPE,
    "FMT",
    FMT_BYTES,
    "BBnNZ",
    ("Type", "Length", "Name", "Format", "Columns"),
    np.dtype([("Type", "u1"), ("Length", "u1"), ("Name", "S4"), ("Format", "S16"), ("Columns", "S64")]),
)
"""The one type that is known before anything was read."""


def format_from_body(body: bytes) -> Format:
    """What the 86 bytes of an FMT record behind its head describe."""
    number, length = body[0], body[1]
    name, letters, listed = _text(body[2:6]), _text(body[6:22]), _text(body[22:86])
    fields = _field_names(listed, len(letters))
    dtype = _dtype(letters, fields, length)
    if dtype is None:
        letters, fields = "*", ("raw",)
        dtype = np.dtype([("raw", "u1", (length - HEAD_BYTES,))])
    name = name if _NAME.fullmatch(name) else f"TYPE_{number}"
    return Format(number, name, length, letters, fields, dtype)


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1")


def _field_names(listed: str, count: int) -> tuple[str, ...]:
    """A name for each field: those listed, and `field_3` for the fourth where that has no good one."""
    given = listed.split(",")
    names: list[str] = []
    for place in range(count):
        name = given[place].strip() if place < len(given) else ""
        names.append(name if _NAME.fullmatch(name) and name not in names else f"field_{place}")
    return tuple(names)


def _dtype(letters: str, fields: tuple[str, ...], length: int) -> np.dtype[np.void] | None:
    if any(letter not in CODES for letter in letters) or len(set(fields)) < len(fields):
        return None
    dtype = np.dtype([(field, CODES[letter]) for field, letter in zip(fields, letters, strict=True)])
    return dtype if dtype.itemsize + HEAD_BYTES == length else None
