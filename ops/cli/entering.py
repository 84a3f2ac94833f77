"""Results of commands that enter an operation, each with a line in its log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.cli.screen import say

if TYPE_CHECKING:
    from ops.config import Settings
    from ops.operations import EnteredFile, Operation


def open_operation(folder: Path | None, settings: Settings) -> Operation | None:
    """The operation that was named, opened before the work begins so that its errors come first."""
    if folder is None:
        return None
    from ops.operations import Operation

    return Operation.open(folder, actor=settings.operator)


def enter(operation: Operation | None, path: Path, kind: str, **details: Any) -> EnteredFile | None:
    """Let a file enter, where an operation was named, and say so."""
    if operation is None:
        return None
    entered = operation.add_file(path, kind, **details)
    say(f"Entered {operation.name}: {entered.path} ({entered.sha256[:12]}…)")
    return entered


def enter_copy(operation: Operation | None, path: Path, kind: str, **details: Any) -> EnteredFile | None:
    """The same with a copy, also of a file that lies in the operation: for one that may still change."""
    if operation is None:
        return None
    entered = operation.add_copy(path, kind, **details)
    say(f"Entered {operation.name}: {entered.path} ({entered.sha256[:12]}…)")
    return entered


def record(operation: Operation | None, action: str, **details: Any) -> None:
    """Log an act, where an operation was named."""
    if operation is not None:
        operation.record(action, **details)


def enter_pictures(operation: Operation, folder: Path, kind: str, names: tuple[str, ...]) -> None:
    """Let the named files of a folder enter, with one line to the user for all."""
    base = folder if folder.is_dir() else folder.parent
    for name in names:
        operation.add_file(base / name, kind, folder=base.name)
    say(f"Entered {operation.name}: {len(names)} files from {base}")
