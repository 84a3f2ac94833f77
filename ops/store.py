"""The index of an operation: SQLite tables that answer questions fast.

The record is `operation.json` and `audit.jsonl`; every row here follows from a line of that log, so the
index can be thrown away and rebuilt. WAL and FULL: a committed row survives a power cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from missions.errors import OutputError
from ops.audit import Line
from ops.verify_alone import ENTERED

VEHICLE_HEARD = "vehicle.heard"
FLIGHT_ENDED = "flight.ended"

metadata = MetaData()

operations = Table(
    "operations",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("created", String, nullable=False),
)
acts = Table(
    "acts",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("time", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False, index=True),
    Column("details", String, nullable=False),
    Column("hash", String, nullable=False),
)
files = Table(
    "files",
    metadata,
    Column("path", String, primary_key=True),
    Column("kind", String, nullable=False, index=True),
    Column("bytes", Integer, nullable=False),
    Column("sha256", String, nullable=False),
    Column("entered", String, nullable=False),
    Column("sequence", Integer, nullable=False),
)
vehicles = Table(
    "vehicles",
    metadata,
    Column("system", Integer, primary_key=True, autoincrement=False),
    Column("kind", String),
    Column("link", String),
    Column("first_heard", String, nullable=False),
    Column("sequence", Integer, nullable=False),
)
flights = Table(
    "flights",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("ended", String, nullable=False),
    Column("system", Integer),
    Column("plan", String),
    Column("outcome", String),
    Column("duration_s", Float),
    Column("recording", String),
)


class Store:
    """The tables in one file. Connections live as long as one question, so nothing is left open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        event.listen(self._engine, "connect", _careful)
        with self._transaction() as connection:
            metadata.create_all(connection)

    def describe(self, document: Mapping[str, str]) -> None:
        """Keep what the operation is: id, name, kind, created."""
        row = {name: document[name] for name in ("id", "name", "kind", "created")}
        if self._rows(select(operations)) == [row]:
            return
        with self._transaction() as connection:
            connection.execute(insert(operations).prefix_with("OR REPLACE"), row)

    def add(self, lines: Iterable[Line]) -> None:
        """Index lines of the log, all or none."""
        with self._transaction() as connection:
            for line in lines:
                _index(connection, line)

    def seals(self) -> dict[int, str]:
        """The hash of every line that is indexed, by its sequence."""
        return {row["sequence"]: row["hash"] for row in self._rows(select(acts.c.sequence, acts.c.hash))}

    def files(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The files that entered, oldest first: path, kind, bytes, sha256, entered, sequence."""
        question = select(files).order_by(files.c.sequence)
        return self._rows(question if kind is None else question.where(files.c.kind == kind))

    def file(self, path: str) -> dict[str, Any] | None:
        """One file by its path in the operation."""
        rows = self._rows(select(files).where(files.c.path == path))
        return rows[0] if rows else None

    def acts(self, action: str | None = None) -> list[dict[str, Any]]:
        """The log's lines in order, `details` as a dict."""
        question = select(acts).order_by(acts.c.sequence)
        rows = self._rows(question if action is None else question.where(acts.c.action == action))
        return [{**row, "details": json.loads(row["details"])} for row in rows]

    def newest(self, action: str) -> dict[str, Any]:
        """The newest act of that name: sequence, time, actor, action, details, hash. It must exist."""
        return self.acts(action)[-1]

    def vehicles(self) -> list[dict[str, Any]]:
        """The vehicles heard in this operation."""
        return self._rows(select(vehicles).order_by(vehicles.c.system))

    def flights(self) -> list[dict[str, Any]]:
        """The flights that ended in this operation, oldest first."""
        return self._rows(select(flights).order_by(flights.c.sequence))

    def _rows(self, question: Any) -> list[dict[str, Any]]:
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(question).mappings()]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise OutputError(
                f"the index of the operation cannot be used ({cause})",
                where=str(self.path),
                remedy="Make room on the disk, or remove this file: it is rebuilt from the log",
            ) from error


def _careful(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _index(connection: Connection, line: Line) -> None:
    details = dict(line.details)
    row = {
        "sequence": line.sequence,
        "time": line.time,
        "actor": line.actor,
        "action": line.action,
        "details": json.dumps(details),
        "hash": line.hash,
    }
    connection.execute(insert(acts).prefix_with("OR IGNORE"), row)
    fold = {ENTERED: _index_file, VEHICLE_HEARD: _index_vehicle, FLIGHT_ENDED: _index_flight}.get(line.action)
    if fold is not None:
        fold(connection, line, details)


def _index_file(connection: Connection, line: Line, details: dict[str, Any]) -> None:
    row = {name: details.get(name) for name in ("path", "kind", "bytes", "sha256")}
    row |= {"entered": line.time, "sequence": line.sequence}
    connection.execute(insert(files).prefix_with("OR IGNORE"), row)


def _index_vehicle(connection: Connection, line: Line, details: dict[str, Any]) -> None:
    row = {name: details.get(name) for name in ("system", "kind", "link")}
    row |= {"first_heard": line.time, "sequence": line.sequence}
    connection.execute(insert(vehicles).prefix_with("OR IGNORE"), row)


def _index_flight(connection: Connection, line: Line, details: dict[str, Any]) -> None:
    row = {name: details.get(name) for name in ("system", "plan", "outcome", "duration_s", "recording")}
    row |= {"ended": line.time, "sequence": line.sequence}
    connection.execute(insert(flights).prefix_with("OR IGNORE"), row)
