"""What people decided of an operation's finds: acts in its log, since a file that entered does not change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imaging.thermal.find import Decision, State
from imaging.thermal.reviewing import Document, checked, decision_of, find_in, read_finds
from ops.operations import Operation

REVIEWED = "find.reviewed"
Decisions = dict[str, dict[str, tuple[Decision, ...]]]
"""By the path of the finds in the operation, then by the find's name: oldest first."""


def review(operation: Operation, path: str, find: str, state: State, by: str, why: str) -> Decision:
    """Log what somebody decided of a find in a file that entered. Raises InputError, FormatError."""
    find_in(read_finds(operation.folder / path), find)
    made = checked(Decision(state, by, why, ""))
    line = operation.record(REVIEWED, path=path, find=find, state=state, by=made.by, why=made.why)
    return Decision(state, made.by, made.why, line.time)


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
    """The operation's finds of which something was decided, the newest first, with the decisions."""
    decisions = decisions_of(operation)
    files = [file for file in operation.files("find") if file.path in decisions]
    return [(read_finds(operation.folder / f.path), decisions[f.path]) for f in reversed(files)]


def entered_path(operation: Operation, path: Path) -> str | None:
    """The path in the operation of a file of finds that entered; None for any other file."""
    try:
        relative = path.resolve().relative_to(operation.folder.resolve()).as_posix()
    except ValueError:
        return None
    return relative if any(file.path == relative for file in operation.files("find")) else None
