"""The index of a folder, sound and up to date, for whoever wants to ask it something."""

from __future__ import annotations

import logging
from pathlib import Path

from missions.errors import InputError
from ops.beside import INDEX_NAME
from ops.index.filling import Filler
from ops.index.locks import WriterLock
from ops.index.reading import Index
from ops.index.rebuilding import Tell, opened
from telemetry.clock import Clock

_log = logging.getLogger(__name__)


def open_index(folder: Path, clock: Clock, tell: Tell = _log.warning) -> Index:
    """The index of a folder of recordings, brought up to its segments first.

    Where there is none, or a damaged one, it is made from the segments; `tell` is told of damage and of what
    cannot be read. While another process writes the index that one keeps it up to date, and nothing is done.
    Raises InputError for a folder that is none, FormatError for an index of a newer Droneteam, OutputError
    where it cannot be written.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), remedy="Give the folder of recordings")
    lock = WriterLock(folder)
    if not lock.taken:
        if not (folder / INDEX_NAME).exists():
            raise InputError(
                "another process is making the index", where=str(folder), remedy="Try again in a moment"
            )
        return Index(folder)
    try:
        database = opened(folder, clock, tell)
        try:
            filler = Filler(folder, database)
            filler.catch_up(last=True)
        finally:
            database.close()
        for problem in filler.problems:
            tell(problem)
    finally:
        lock.release()
    return Index(folder)
