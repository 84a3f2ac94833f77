"""What a command may write over: its own earlier result, and nothing else."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from missions.errors import InputError, OutputError
from missions.files import read_bounded
from ops.layout import DOCUMENT

if TYPE_CHECKING:
    from ops.operations import Operation

LIMIT_BYTES = 100_000_000
_FIND_PICTURE = re.compile(r"find-\d+\.png$")


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


def check_writable(path: Path) -> None:
    """Raises OutputError where no file can be made at `path`, before the work that it is for begins."""
    there = next((each for each in (path.absolute(), *path.absolute().parents) if each.exists()), None)
    folder = there.parent if there == path.absolute() and not path.is_dir() else there
    if path.is_dir() or folder is None or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            "cannot be written",
            where=str(path),
            remedy="Choose a file in a folder that you may write to",
        )


def check_finds_replaceable(path: Path) -> None:
    """Raises OutputError where something else than finds stands at `path`, or in its folder of pictures.

    `imaging.finds` puts pictures and sightings of finds beside the file, and takes their places.
    """
    rows = path.with_name(f"{path.stem}_sightings.jsonl")
    if rows.exists() and not path.exists():
        raise OutputError(
            "something is there already where the sightings of the finds would be",
            where=str(rows),
            remedy="Choose another name for the finds",
        )
    pictures = path.with_name(f"{path.stem}_thumbnails")
    there = sorted(pictures.iterdir()) if pictures.is_dir() else []
    strangers = [each.name for each in there if not _FIND_PICTURE.match(each.name)]
    if strangers:
        raise OutputError(
            f"its {strangers[0]} is no picture of a find, and would be lost",
            where=str(pictures),
            remedy="Choose another name for the finds",
        )
    if not path.exists():
        return
    try:
        body = json.loads(read_bounded(path, LIMIT_BYTES, "the file there"))
        ours = isinstance(body, dict) and str(body.get("schema", "")).startswith("droneteam-finds")
    except (InputError, ValueError, RecursionError):
        ours = False
    if not ours:
        raise OutputError(
            "something else is there already, no finds", where=str(path), remedy="Choose another name"
        )


def check_suffix(path: Path, suffix: str, option: str) -> None:
    """Raises InputError where the name ends in anything else, so that no other kind of file is replaced."""
    if path.suffix.lower() != suffix:
        raise InputError(
            f"{path.name!r} does not end in {suffix}", where=option, remedy=f"Name it such as sheet{suffix}"
        )


def check_not_entered(operation: Operation | None, path: Path) -> None:
    """Raises OutputError where the file at `path` entered an operation before: it may not change.

    Both `operation` and the one in whose folder it lies are asked.
    """
    for each, inside in _operations_about(operation, path):
        if any(file.path == inside for file in each.files()):
            raise OutputError(
                "this file entered the operation, and may not change any more",
                where=str(path),
                remedy="Choose another name with --output",
            )


def check_none_entered(operation: Operation | None, folder: Path, remedy: str) -> None:
    """Raises OutputError where any file below `folder` entered an operation before; likewise."""
    for each, inside in _operations_about(operation, folder):
        entered = [file.path for file in each.files() if file.path.startswith(f"{inside}/")]
        if entered:
            raise OutputError(
                f"its {Path(entered[0]).name} entered the operation {each.name!r}, and may not change",
                where=str(folder),
                remedy=remedy,
            )


def _operations_about(operation: Operation | None, path: Path) -> Iterator[tuple[Operation, str]]:
    """The operations that a path lies in, each with the path within it."""
    resolved = path.resolve()
    about = {} if operation is None else {operation.folder.resolve(): operation}
    for folder in resolved.parents:
        if folder in about:
            yield about[folder], resolved.relative_to(folder).as_posix()
        elif (folder / DOCUMENT).is_file():
            from ops.operations import Operation

            yield Operation.open(folder), resolved.relative_to(folder).as_posix()
