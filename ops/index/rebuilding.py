"""An index made from the segments alone, beside the old one, and put in its place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from missions.errors import OutputError
from missions.files import writing_whole
from ops.beside import INDEX_NAME
from ops.index.database import COMPANIONS, Database, IndexDamaged, check
from ops.index.filling import Filler
from ops.index.locks import WriterLock, replacing
from ops.times import file_stamp
from telemetry.clock import Clock

Tell = Callable[[str], None]


def rebuild(folder: Path, *, told: Callable[[int], None] = lambda _: None) -> list[str]:
    """Make the index of a folder anew; what it could not read. `told` is called with the bytes of each step.

    The old index is there until the new one is whole. Raises OutputError where somebody else writes it.
    """
    lock = writing(folder)
    try:
        return _made(folder, told, aside=None)
    finally:
        lock.release()


def writing(folder: Path) -> WriterLock:
    """The right to write the index. Raises OutputError where another process has it."""
    lock = WriterLock(folder)
    if not lock.taken:
        raise OutputError(
            "another process writes the index",
            where=str(folder / INDEX_NAME),
            remedy="End it first; it keeps the index up to date by itself",
        )
    return lock


def opened(folder: Path, clock: Clock, tell: Tell) -> Database:
    """The index, ready to be written: made where there is none, and made again where it is damaged.

    A damaged one is kept under another name, which `tell` is told. The caller has the right to write. Raises
    FormatError for one of a newer Droneteam, and OutputError.
    """
    path = folder / INDEX_NAME
    _sweep(folder)
    if not path.exists():
        _made(folder, lambda _: None, aside=_aside(folder, clock) if _companions(path) else None)
        return Database(path)
    try:
        check(path)
    except IndexDamaged as error:
        aside = _aside(folder, clock)
        tell(f"{error.where}: {error.what}. It is kept as {aside.name} and made again from the segments")
        _made(folder, lambda _: None, aside=aside)
    return Database(path)


def _made(folder: Path, told: Callable[[int], None], *, aside: Path | None) -> list[str]:
    path = folder / INDEX_NAME
    with ExitStack() as stack:
        temporary = stack.enter_context(writing_whole(path))
        database = Database(temporary, building=True)
        try:
            database.create()
            filler = Filler(folder, database, told=told)
            filler.catch_up(last=True)
        finally:
            database.close()
        # Nobody may have the old file open while its companions go: they would be taken for the new one's.
        stack.enter_context(replacing(folder))
        for old in _companions(path):
            _put_away(old, path, aside)
        return filler.problems


def _put_away(old: Path, path: Path, aside: Path | None) -> None:
    if aside is None and old == path:
        return  # the new one takes its place at once
    if aside is None:
        old.unlink()
    else:
        old.rename(aside.with_name(aside.name + old.name.removeprefix(path.name)))


def _companions(path: Path) -> list[Path]:
    """What there is of a database, the file itself last."""
    several = (path.with_name(path.name + suffix) for suffix in reversed(COMPANIONS))
    return [each for each in several if os.path.lexists(each)]


def _aside(folder: Path, clock: Clock) -> Path:
    stamp = file_stamp(clock)
    number = 1
    while True:
        name = f"index.damaged-{stamp}.sqlite" if number == 1 else f"index.damaged-{stamp}-{number}.sqlite"
        if not _companions(folder / name):
            return folder / name
        number += 1


def _sweep(folder: Path) -> None:
    """Remove what a rebuild left that was killed."""
    for left in folder.glob(".index.*.sqlite*"):
        with suppress(OSError):
            left.unlink()
