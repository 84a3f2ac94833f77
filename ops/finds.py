"""What people decided of an operation's finds: acts in its log, since a file that entered does not change."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from imaging.thermal.find import Decision, State
from imaging.thermal.reviewing import (
    Document,
    checked,
    decision_of,
    find_in,
    finds_in,
    history_of,
    read_finds,
)
from imaging.thermal.sightings import with_all_sightings
from missions.errors import InputError
from ops.operations import Operation

REVIEWED = "find.reviewed"
Decisions = dict[str, dict[str, tuple[Decision, ...]]]
"""By the path of the finds in the operation, then by the find's name: oldest first."""


def review(operation: Operation, path: str, find: str, state: State, by: str, why: str) -> Decision:
    """Log what somebody decided of a find in a file that entered. Raises InputError, FormatError."""
    find_in(read_finds(operation.folder / path), find)
    return log_decision(operation, path, find, state, by, why)


def log_decision(operation: Operation, path: str, find: str, state: State, by: str, why: str) -> Decision:
    """The same for a find that is known to be in that file, which may be long. Raises InputError."""
    made = checked(Decision(state, by, why, ""))
    line = operation.record(REVIEWED, path=path, find=find, state=state, by=made.by, why=made.why)
    return Decision(state, made.by, made.why, line.time)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """While a document outside an operation is read and written anew: another who would waits so long.

    The lock is the kernel's and on the folder, since the file is replaced. Raises InputError.
    """
    try:
        handle = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(
            f"the finds cannot be read ({error.strerror})", where=str(path), remedy="Check the path"
        ) from error
    try:
        with suppress(OSError):  # some network disks know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def decisions_of(operation: Operation) -> Decisions:
    """Everything that was decided, out of the log."""
    return decisions_in(operation.store.acts(REVIEWED))


def decisions_in(acts: Sequence[dict[str, Any]]) -> Decisions:
    """Decisions by file and find of the acts of the log that are ones."""
    found: Decisions = {}
    for act in acts:
        details = act["details"]
        decision = decision_of({**details, "time": act["time"]})
        path, name = details.get("path"), details.get("find")
        if decision is not None and isinstance(path, str) and isinstance(name, str):
            of = found.setdefault(path, {})
            of[name] = (*of.get(name, ()), decision)
    return found


def earlier_finds(operation: Operation) -> list[tuple[Document, dict[str, tuple[Decision, ...]]]]:
    """The operation's finds of which something was decided, the newest first, with the decisions.

    Of what was decided all sightings are in the document, as far as they can be had.
    """
    decisions = decisions_of(operation)
    files = [file for file in operation.files("find") if file.path in decisions]
    return [
        (decided_finds(operation.folder / file.path, decisions[file.path])[0], decisions[file.path])
        for file in reversed(files)
    ]


def decided_finds(path: Path, later: Mapping[str, Sequence[Decision]] | None = None) -> tuple[Document, str]:
    """A document with all sightings of what was decided in it and `later`; and why, where these are gone.

    Raises InputError and FormatError for no document.
    """
    document = read_finds(path)
    names = {str(each["find"]) for each in finds_in(document) if history_of(each)} | set(later or {})
    return with_all_sightings(document, path, names)


def entered_path(operation: Operation, path: Path) -> str | None:
    """The path in the operation of a file of finds that entered; None for any other file."""
    try:
        relative = path.resolve().relative_to(operation.folder.resolve()).as_posix()
    except ValueError:
        return None
    return relative if any(file.path == relative for file in operation.files("find")) else None
