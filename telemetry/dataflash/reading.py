"""ArduPilot's onboard logs (DataFlash, `.BIN`) into columns, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from missions.errors import FormatError, InputError
from telemetry.dataflash.formats import (
    FMT,
    FMT_BYTES,
    FMT_TYPE,
    HEAD_BYTES,
    SCALES,
    Format,
    format_from_body,
)
from telemetry.dataflash.kernels import FOUND, Bytes, Numbers, find, fresh_state, lay
from telemetry.dataflash.units import Unit, Units, units_from_tables
from telemetry.log_kind import ONBOARD_HEAD

_AT_A_TIME = 1 << 18


@dataclass(frozen=True)
class DataFlash(Mapping[str, npt.NDArray[np.void]]):
    """An onboard log by the names of its messages: `log["ATT"]["Roll"]` is an array of every Roll, as logged.

    Arrays (n,) are in the order of the file, and only messages that were logged are there. A name that the
    log describes in two ways has a second table, `NAME#2`. `scaled` and `unit` say what the values mean.
    `formats` are by the same names. `size` is the file's, `records` counts the messages, and `bad_bytes`
    belong to none.
    """

    tables: Mapping[str, npt.NDArray[np.void]]
    formats: Mapping[str, Format]
    size: int
    records: int
    bad_bytes: int
    starts: Numbers
    table_of_record: npt.NDArray[np.int16]

    def __getitem__(self, name: str) -> npt.NDArray[np.void]:
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def scaled(self, name: str, field: str) -> npt.NDArray[Any]:
        """A field's values (n,) as they are meant: hundredths (c, C, e, E) and degrees (L) as float64.

        All others are as they were logged. Raises KeyError.
        """
        scale = SCALES.get(self.formats[name].letter(field))
        column = self.tables[name][field]
        return column if scale is None else column / scale

    def unit(self, name: str, field: str) -> Unit | None:
        """What a scaled value is measured in, None where the log does not say. Raises KeyError."""
        described = self.formats[name]
        letter = described.letter(field)
        return self.units.of(described.number, described.fields.index(field), letter)

    def texts(self, name: str, field: str) -> list[str]:
        """A field of texts, each up to its first NUL. Raises KeyError."""
        self.formats[name].letter(field)
        values = self.tables[name][field].tolist()
        return [
            value.partition(b"\0")[0].decode(errors="replace") if isinstance(value, bytes) else str(value)
            for value in values
        ]

    def places(self, name: str) -> Numbers:
        """Where each record of a name begins in the file, bytes, shape (n,). Raises KeyError."""
        return self._places[name]

    @cached_property
    def _places(self) -> dict[str, Numbers]:
        order = np.argsort(self.table_of_record, kind="stable")
        ends = np.cumsum([len(table) for table in self.tables.values()])
        return (
            dict(zip(self.tables, np.split(self.starts[order], ends[:-1]), strict=True)) if len(ends) else {}
        )

    @cached_property
    def units(self) -> Units:
        """The units that the log names."""
        return units_from_tables(self.tables)


def read_bin(path: Path) -> DataFlash:
    """The columns of an onboard log, which may be larger than memory is, but not its messages.

    Damaged stretches are stepped over and counted. Raises InputError where it cannot be read and FormatError
    where it is no such log.
    """
    try:
        empty = not path.stat().st_size
        octets = np.zeros(0, np.uint8) if empty else np.memmap(path, np.uint8, "r").view(np.ndarray)
    except OSError as error:
        raise InputError(
            f"the log cannot be read ({error.strerror})", where=str(path), remedy="Check the path"
        ) from error
    log = log_of(octets)
    start = ONBOARD_HEAD + bytes((FMT_TYPE,))
    if log.records or octets[: len(start)].tobytes() == start:
        return log
    raise FormatError(
        "this is no onboard log of ArduPilot (.BIN)",
        where=str(path),
        remedy="Give a DataFlash log as it lies on the aircraft's card",
    )


def log_of(data: Bytes | bytes) -> DataFlash:
    """The columns of bytes that records lie in."""
    octets = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    found, kinds, bad_bytes = _found(octets)
    formats, table_of_kind = _named(kinds, np.bincount(found["kind"], minlength=len(kinds)))
    starts = np.ascontiguousarray(found["start"])
    table_of_record = table_of_kind[found["kind"]]
    row_bytes = np.array([each.length - HEAD_BYTES for each in formats.values()], np.int64)
    counts = np.bincount(table_of_record, minlength=len(formats))
    ends = np.cumsum(counts * row_bytes)
    begins = ends - counts * row_bytes
    rows = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    lay(octets, starts, table_of_record, row_bytes, begins.copy(), rows)
    tables = {
        name: _view(rows[begins[number] : ends[number]], each.dtype, int(counts[number]))
        for number, (name, each) in enumerate(formats.items())
    }
    return DataFlash(tables, formats, len(octets), len(found), bad_bytes, starts, table_of_record)


def _view(rows: Bytes, dtype: np.dtype[np.void], count: int) -> npt.NDArray[np.void]:
    return rows.view(dtype) if dtype.itemsize else np.zeros(count, dtype)


def _found(octets: Bytes) -> tuple[npt.NDArray[np.void], list[Format], int]:
    """Where the records lie, the descriptions by the numbers of their kinds, and the bytes without any."""
    state, kind_of_type, kinds, lengths = fresh_state()
    blocks: list[npt.NDArray[np.void]] = []
    while True:
        block = np.empty(_AT_A_TIME, FOUND)
        count = find(octets, state, kind_of_type, kinds, lengths, block)
        blocks.append(block[:count])
        if count < _AT_A_TIME:
            break
    bodies = [octets[at : at + FMT_BYTES - HEAD_BYTES].tobytes() for at in kinds[1 : state[2]]]
    return np.concatenate(blocks), [FMT, *map(format_from_body, bodies)], int(state[1])


def _named(kinds: list[Format], counts: Numbers) -> tuple[dict[str, Format], npt.NDArray[np.int16]]:
    """The formats that have records, each by a name of its own, and the table of every kind."""
    formats: dict[str, Format] = {}
    table_of_kind = np.zeros(len(kinds), np.int16)
    numbers: dict[Format, int] = {}
    for kind in np.flatnonzero(counts):
        described = kinds[kind]
        if described not in numbers:
            numbers[described] = len(formats)
            formats[_free_name(described.name, formats)] = described
        table_of_kind[kind] = numbers[described]
    return formats, table_of_kind


def _free_name(name: str, taken: Mapping[str, Format]) -> str:
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name}#{count}"
    return free
