"""Messages as files for tables: CSV and Parquet, one a message type in a folder, or one type alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from missions.errors import InputError, OutputError
from missions.files import writing_whole
from telemetry.columns.csv_text import write_csv
from telemetry.exports.recorded import SENDER, Recorded, Tables

Rows = npt.NDArray[np.void]
Write = Callable[[Rows, Path], None]
_MOST_OFFERED = 12


def write_csv_file(rows: Rows, path: Path) -> None:
    """One message type as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        write_csv(rows, file)


def write_parquet_file(rows: Rows, path: Path) -> None:
    """One message type as Parquet, in the order of the recording; columns as in the archive."""
    from telemetry.archive.parquet_files import write_plain
    from telemetry.archive.tables import table_from_rows

    write_plain(table_from_rows(rows), path)


def tables_of(recorded: Recorded, system: int | None) -> Tables:
    """The messages of one system, of all without one; only types that it sent."""
    if system is None:
        return recorded.tables
    kept = {
        name: rows[rows[SENDER] == system] if SENDER in (rows.dtype.names or ()) else rows
        for name, rows in recorded.tables.items()
    }
    return {name: rows for name, rows in kept.items() if len(rows)}


def write_one(tables: Tables, message: str, where: str, path: Path, write: Write) -> int:
    """Write one type; gives how many rows. Raises InputError where there is none, OutputError."""
    name = next((each for each in tables if each.upper() == message.upper()), None)
    if name is None:
        offered = ", ".join(sorted(tables)[:_MOST_OFFERED])
        raise InputError(
            f"there is no {message.upper()} in it", where=where, remedy=f"Choose one of {offered} ..."
        )
    with writing_whole(path) as temporary:
        write(tables[name], temporary)
    return len(tables[name])


def write_all(tables: Tables, folder: Path, suffix: str, write: Write) -> int:
    """Write a folder of all types, whole or not at all; gives how many. Raises OutputError.

    The folder must not be there yet, or be empty.
    """
    with _folder_whole(folder) as temporary:
        for name in sorted(tables):
            write(tables[name], temporary / f"{name}{suffix}")
    return len(tables)


@contextmanager
def _folder_whole(folder: Path) -> Iterator[Path]:
    temporary = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise OutputError("is there already", where=str(folder), remedy="Give a new folder")
        temporary.mkdir(parents=True)
        yield temporary
        for path in temporary.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(folder)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            where=str(folder),
            remedy="Choose a folder that you may write to, with room left on the disk",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
