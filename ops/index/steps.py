"""What brings the tables of one kind of segment up to what such segments hold, whatever the kind.

What is new is added, what changed is made again; each step is one transaction, after which the tables are
true of every segment up to its watermark.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, Table, delete, insert

from missions.errors import FormatError, InputError
from ops.index.database import Database
from ops.index.fold import Row
from ops.index.tables import segments
from telemetry.segments.disk import in_use


class Scan(Protocol):
    """A segment read onwards: `size` bytes seen, of which those before `watermark` were given."""

    path: Path
    size: int
    watermark: int


class Step(Protocol):
    """A segment that is being indexed; `fresh` until its first rows are written."""

    fresh: bool

    @property
    def scan(self) -> Scan:
        """What reads it."""
        ...


S = TypeVar("S", bound=Step)


class SegmentFiller(ABC, Generic[S]):
    """Fills `tables`, and each segment's row in `segments`, from what a folder has of one kind of segment.

    `known` are the rows of these segments at the start. `told` is called with the bytes of each step.
    """

    def __init__(
        self,
        database: Database,
        tables: Sequence[Table],
        known: Mapping[int, Row],
        told: Callable[[int], None],
    ) -> None:
        self._database = database
        self._tables = tables
        self._told = told
        self._known = dict(known)
        self._open: dict[int, S] = {}

    @property
    def under_way(self) -> dict[int, Path]:
        """The segments that are not yet finished."""
        return {number: step.scan.path for number, step in self._open.items()}

    def fill(
        self, there: Mapping[int, Path], *, last: bool, every: bool, safe: Mapping[Path, int]
    ) -> list[str]:
        """Index what is new of the segments `there`; says what could not be read.

        `every` says that these are all, so that what else is known is gone. `last` and `safe` as in `Filler`.
        """
        problems = []
        if every:
            for number in self._known.keys() - there.keys():
                self._remove(number)
        for number, path in there.items():
            try:
                self._attempt(number, path, last=last, upto=safe.get(path))
            except InputError as error:
                if error.where != str(path):
                    raise
                self._remove(number)
                problems.append(str(error))
        return problems

    @abstractmethod
    def _begun(self, path: Path) -> S:
        """A segment from its begin."""

    @abstractmethod
    def _read(self, number: int, step: S, *, settled: bool, upto: int | None) -> bool:
        """Read on and write; whether it is finished. `settled` says that no more is being written to it."""

    def _attempt(self, number: int, path: Path, *, last: bool, upto: int | None) -> None:
        try:
            self._segment(number, path, last=last, upto=upto)
        except FormatError as error:
            if error.where != str(path):
                raise
            self._open.pop(number, None)  # it became shorter: all of it is read again
            self._segment(number, path, last=last, upto=upto)

    def _segment(self, number: int, path: Path, *, last: bool, upto: int | None) -> None:
        try:
            there = path.stat().st_size
        except FileNotFoundError:
            return
        size = there if upto is None else min(there, upto)
        known, step = self._known.get(number), self._open.get(number)
        if step is None:
            if known and known["bytes"] == known["watermark"] == size:
                return
            step = self._open[number] = self._begun(path)
        same = step.scan.size == size and not step.fresh
        settled = last or (same and upto is None and not in_use(path))
        if same and not settled:
            return
        if self._read(number, step, settled=settled, upto=upto):
            del self._open[number]

    def _clear(self, connection: Connection, number: int) -> None:
        """Take away what followed from a segment."""
        for table in self._tables:
            connection.execute(delete(table).where(table.c.segment == number))

    def _written(self, step: S, row: Row) -> None:
        """Note that what the row says stands in the tables now."""
        number = row["segment"]
        before = 0 if step.fresh else self._known.get(number, row)["watermark"]
        self._told(row["watermark"] - before)
        self._known[number] = row
        step.fresh = False

    def _remove(self, number: int) -> None:
        """A segment is gone, or cannot be read: so is what followed from it."""
        with self._database.transaction() as connection:
            self._clear(connection, number)
            connection.execute(delete(segments).where(segments.c.segment == number))
        self._known.pop(number, None)
        self._open.pop(number, None)


def insert_of(connection: Connection, table: Table, number: int, rows: Sequence[Row]) -> list[Row]:
    """Insert rows of a segment; gives them with its number."""
    whole = [{"segment": number, **row} for row in rows]
    if whole:
        connection.execute(insert(table), whole)
    return whole


def replace_segment(connection: Connection, row: Row) -> None:
    """Put a segment's row in the place of the one before."""
    connection.execute(delete(segments).where(segments.c.segment == row["segment"]))
    connection.execute(insert(segments), row)
