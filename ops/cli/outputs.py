"""What a command may write over: its own earlier result, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from missions.errors import InputError, OutputError
from missions.files import read_bounded

if TYPE_CHECKING:
    from ops.operations import Operation

LIMIT_BYTES = 50_000_000


def check_replaceable(path: Path, kind: str) -> None:
    """Raises OutputError where something stands at `path` that is no JSON file of this format of ours."""
    if not path.exists():
        return
    try:
        body = json.loads(read_bounded(path, LIMIT_BYTES, "the file there"))
        same = isinstance(body, dict) and body.get("format") == kind
    except (InputError, ValueError, RecursionError):
        same = False
    if not same:
        raise OutputError(
            f"something else is there already, no {kind}", where=str(path), remedy="Choose another name"
        )


def check_suffix(path: Path, suffix: str, option: str) -> None:
    """Raises InputError where the name ends in anything else, so that no other kind of file is replaced."""
    if path.suffix.lower() != suffix:
        raise InputError(
            f"{path.name!r} does not end in {suffix}", where=option, remedy=f"Name it such as sheet{suffix}"
        )


def check_not_entered(operation: Operation | None, path: Path) -> None:
    """Raises OutputError where the file at `path` entered the operation before: it may not change."""
    if operation is None:
        return
    try:
        inside = path.resolve().relative_to(operation.folder.resolve()).as_posix()
    except ValueError:
        return
    if any(file.path == inside for file in operation.files()):
        raise OutputError(
            "this file entered the operation, and may not change any more",
            where=str(path),
            remedy="Choose another name with --output",
        )
