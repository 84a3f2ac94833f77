"""An archive, read: tables of positions and messages, and answers in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from missions.errors import FormatError, InputError
from telemetry.archive import received_tables, tables
from telemetry.archive.asking import Asked, Box, When
from telemetry.archive.entries import (
    FOREIGN_POSITIONS,
    POSITIONS,
    RECEIVED,
    UNKNOWN,
    Entry,
    Part,
    read_entries,
)
from telemetry.archive.merging import keys_of, merged
from telemetry.archive.sql import Questions


class Archive:
    """The archive in `folder`, as it is when this is made.

    Every table is sorted by system, component and time (those of others by key and time), and is a
    `pyarrow.Table`: `.to_pandas()` makes it a DataFrame where pandas is installed, `columns_from_table` a
    dictionary of numpy arrays. Raises InputError where there is no archive and FormatError where it is
    damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: tuple[Entry, ...] = read_entries(folder)
        self._parts: dict[str, list[Part]] = {}
        for entry in self.entries:
            for part in entry.parts:
                self._parts.setdefault(part.dataset, []).append(part)

    @property
    def datasets(self) -> dict[str, int]:
        """How many rows there are of each dataset: "positions", "unknown" and every message type, by name."""
        return {name: sum(part.rows for part in self._parts[name]) for name in sorted(self._parts)}

    def positions(
        self,
        systems: Collection[int] | None = None,
        since: When | None = None,
        until: When | None = None,
        box: Box | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Positions of these aircraft (all without any named), from `since` to before `until`, in a box.

        Columns as in `telemetry.archive.tables.POSITIONS`, or those of them that are named.
        """
        return self._table(POSITIONS, Asked.of(systems, since, until, box), columns)

    def foreign_positions(
        self,
        keys: Collection[str] | None = None,
        since: When | None = None,
        until: When | None = None,
        box: Box | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Positions of others by their keys, such as `icao:4CA2D6` (all without any named); as `positions`.

        Columns as in `telemetry.archive.received_tables.FOREIGN_POSITIONS`, or those of them that are named.
        """
        return self._table(FOREIGN_POSITIONS, Asked.of(None, since, until, box, keys), columns)

    def messages(
        self,
        name: str,
        systems: Collection[int] | None = None,
        since: When | None = None,
        until: When | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Messages of one type, fields and units as on the wire; "unknown" gives raw frames of unknown types,
        "received" what came beside MAVLink, as it came.

        Raises InputError where no recording holds that type.
        """
        name = name.lower() if name.lower() in (UNKNOWN, RECEIVED) else name.upper()
        if name not in self._parts:
            known = ", ".join(each for each in self.datasets if each not in _KNOWN)
            raise InputError(
                f"no {name} is in the archive", where=str(self.folder), remedy=f"Choose one of {known}"
            )
        return self._table(name, Asked.of(systems, since, until), columns)

    def sql(
        self, query: str, parameters: Sequence[Any] | None = None, *, limit_s: float | None = None
    ) -> pa.Table:
        """The answer to one SELECT (DuckDB's SQL) over `positions`, `foreign_positions`, `received`, message
        types by their names, `unknown` and `segments`. Times are UTC; every dataset has the day, as `date`.

        The question can read nothing else and write nothing. Raises InputError where it makes no sense, is no
        SELECT, or takes longer than `limit_s`.
        """
        return self._questions.ask(query, parameters, limit_s)

    @cached_property
    def _questions(self) -> Questions:
        asked = {name: self._dataset(name, parts) for name, parts in self._parts.items()}
        for name, schema in _KNOWN.items():
            asked.setdefault(name, ds.dataset(schema.empty_table()))
        return Questions(asked, _segments(self.entries))

    def _table(self, name: str, asked: Asked, columns: Sequence[str] | None) -> pa.Table:
        schema = self._schema(name)
        names = _checked(schema, columns, self.folder)
        read = list(dict.fromkeys([*names, *keys_of(schema)]))
        parts = sorted(self._parts.get(name, ()), key=lambda part: part.first_us)
        condition = asked.condition()
        pieces = [
            _read(self.folder / part.path, schema, read, condition) for part in parts if asked.may_be_in(part)
        ]
        return merged(pieces).select(names) if pieces else schema.empty_table().select(names)

    def _schema(self, name: str) -> pa.Schema:
        """The dataset's columns: those of its oldest and its newest file."""
        parts = sorted(self._parts.get(name, ()), key=lambda part: part.first_us)
        if name in _KNOWN or not parts:
            return _KNOWN.get(name, tables.POSITIONS)
        schemas = []
        for part in {part.path: part for part in (parts[-1], parts[0])}.values():
            with _reading(self.folder / part.path):
                schemas.append(pq.read_schema(self.folder / part.path).remove_metadata())
        return pa.unify_schemas(schemas)

    def _dataset(self, name: str, parts: Iterable[Part]) -> ds.Dataset:
        schema = self._schema(name).append(pa.field("date", pa.date32()))
        days = ds.partitioning(pa.schema([("date", pa.date32())]), flavor="hive")
        paths = [str(self.folder / part.path) for part in parts]
        return ds.dataset(paths, schema, "parquet", partitioning=days)


_KNOWN = {
    POSITIONS: tables.POSITIONS,
    FOREIGN_POSITIONS: received_tables.FOREIGN_POSITIONS,
    RECEIVED: received_tables.RECEIVED,
}
"""The columns of what is always there to be asked."""


def _read(path: Path, schema: pa.Schema, columns: list[str], condition: ds.Expression | None) -> pa.Table:
    with _reading(path):
        return ds.dataset(str(path), schema, "parquet").to_table(columns, filter=condition)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise FormatError(
            "is no file of the archive any more",
            where=str(path),
            remedy="See what droneteam archive verify says",
        ) from error


def columns_from_table(table: pa.Table) -> dict[str, npt.NDArray[Any]]:
    """A table as numpy arrays; times are datetime64 in microseconds, UTC; a null is NaN among numbers."""
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _checked(schema: pa.Schema, columns: Sequence[str] | None, folder: Path) -> list[str]:
    if columns is None:
        return list(schema.names)
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise InputError(
            f"there is no column {missing[0]}",
            where=str(folder),
            remedy=f"Choose among {', '.join(schema.names)}",
        )
    return list(columns)


def _segments(entries: Sequence[Entry]) -> pa.Table:
    """The recordings themselves, a row each."""
    began, ended = (
        pa.array([getattr(entry, name) for entry in entries], pa.int64()).view(tables.TIME)
        for name in ("began_us", "ended_us")
    )
    return pa.table(
        {
            "name": pa.array([_readable(entry.name) for entry in entries], pa.string()),
            "sha256": pa.array([entry.sha256 for entry in entries], pa.string()),
            "bytes": pa.array([entry.size for entry in entries], pa.int64()),
            "frames": pa.array([entry.frames for entry in entries], pa.int64()),
            "positions": pa.array([entry.positions for entry in entries], pa.int64()),
            "bad_bytes": pa.array([entry.bad_bytes for entry in entries], pa.int64()),
            "began": began,
            "ended": ended,
        }
    )


def _readable(name: str) -> str:
    """A file's name as text, whatever bytes it has."""
    return name.encode(errors="replace").decode()
