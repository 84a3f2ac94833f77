"""One SQLite file: how it is opened, whether it is sound, and what its errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, StaticPool

from missions.errors import DroneteamError, FormatError, OutputError
from ops.index.seals import broken_seals
from ops.index.tables import APPLICATION_ID, NEWEST_VERSION_THAT_MAKES_SENSE, SCHEMA_VERSION, metadata
from ops.index.views import create_views

COMPANIONS = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by what is added to its name."""
_WRITING = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000")
_BUILDING = ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE")
_READING = ("query_only=ON", "busy_timeout=10000")
_ELSEWHERE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}
"""Errors that come from the disk or from others; any other says that the file is not what we made."""


class IndexDamaged(FormatError):
    """The file is no sound index of this version. It can be made again from the segments."""


class Database:
    """The tables of one file. One connection is kept, so that the WAL is not folded in at every step.

    Errors come as IndexDamaged, where the file is not what it should be, or OutputError.
    """

    def __init__(self, path: Path, *, building: bool = False, reading: bool = False) -> None:
        self.path = path
        mode = "ro" if reading else "rwc" if building else "rw"
        pragmas = _BUILDING if building else _READING if reading else _WRITING
        self._engine = _engine(path, mode, pragmas)
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All that is done within is there afterwards, or nothing of it."""
        with _told(self.path):
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._connection.begin():
                yield self._connection

    def create(self) -> None:
        """Make the tables in a file that is empty."""
        with self.transaction() as connection:
            metadata.create_all(connection)
            create_views(connection)
            connection.execute(text(f"PRAGMA application_id={APPLICATION_ID}"))
            connection.execute(text(f"PRAGMA user_version={SCHEMA_VERSION}"))

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()
        self._engine.dispose()


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """A connection for one question. Raises as `Database` does."""
    database = Database(path, reading=True)
    try:
        with database.transaction() as connection:
            yield connection
    finally:
        database.close()


def check(path: Path) -> None:
    """Raise IndexDamaged where the file is not sound, FormatError where a newer Droneteam made it.

    It is only read: what is damaged is kept as it was found.
    """
    try:
        with reading(path) as connection:
            _check(connection, path)
    except (ValueError, TypeError, ArithmeticError) as error:  # a text that is none, a figure out of range
        raise _damaged(path, f"a row cannot be read: {error}") from error


def _check(connection: Connection, path: Path) -> None:
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check(1)"))]
    if found != ["ok"]:
        raise _damaged(path, f"SQLite says: {found[0]}")
    version = int(connection.execute(text("PRAGMA user_version")).scalar_one())
    application = int(connection.execute(text("PRAGMA application_id")).scalar_one())
    if application != APPLICATION_ID:
        raise _damaged(path, "it was made by another program")
    if SCHEMA_VERSION < version <= NEWEST_VERSION_THAT_MAKES_SENSE:
        raise FormatError(
            f"the index is of version {version}; this Droneteam knows {SCHEMA_VERSION}",
            where=str(path),
            remedy="Use the newer Droneteam, or move the file away: it is made again",
        )
    if version != SCHEMA_VERSION:
        raise _damaged(path, f"it is of version {version}, not {SCHEMA_VERSION}")
    if _schema_of(connection) != _own_schema():
        raise _damaged(path, "its tables are not those of this version")
    broken = broken_seals(connection)
    if broken:
        raise _damaged(path, f"rows of {broken[0] or 'no segment'} were changed")


def _engine(path: Path, mode: str, pragmas: tuple[str, ...]) -> Engine:
    name = f"file:{quote(str(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(name, uri=True, check_same_thread=False)

    pool = NullPool if mode == "ro" else StaticPool
    engine = create_engine("sqlite://", creator=connect, poolclass=pool)

    def prepare(connection: Any, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _explained(error, path) from error


def _explained(error: SQLAlchemyError | sqlite3.Error, path: Path) -> DroneteamError:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _ELSEWHERE:
        return _damaged(path, str(cause))
    return OutputError(
        f"the index cannot be used ({cause})",
        where=str(path),
        remedy="Make room on the disk and see that you may write there",
    )


def _damaged(path: Path, why: str) -> IndexDamaged:
    return IndexDamaged(
        f"the index is damaged ({why})",
        where=str(path),
        remedy=f"droneteam index rebuild {path.parent} makes it again from the segments",
    )


def _schema_of(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    return {row.name: row.sql for row in rows}


@cache
def _own_schema() -> dict[str, str]:
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            create_views(connection)
            return _schema_of(connection)
    finally:
        engine.dispose()
