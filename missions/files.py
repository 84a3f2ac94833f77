"""Files written whole or not at all, and files read only up to a bound."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from missions.errors import InputError, OutputError


@contextmanager
def writing_whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that becomes `path` when the block ends well, else is removed.

    Its name keeps the suffix, for libraries that choose a format by it. Raises OutputError where the folder
    cannot be written.
    """
    temporary = path.with_name(f".{path.stem}.{uuid4().hex[:8]}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            where=str(path),
            remedy="Choose a folder that you may write to, with room left on the disk",
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all. Raises OutputError."""
    with writing_whole(path) as temporary:
        temporary.write_bytes(data)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_bounded(path: Path, limit_bytes: int, what: str) -> bytes:
    """The file's bytes. Raises InputError where it is missing, unreadable or larger than `limit_bytes`.

    Only files are read: a pipe or a device may keep a reader waiting, or never end.
    """
    try:
        with open(path, "rb", opener=_opener) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{what} is no file", where=str(path), remedy="Give the path of a file")
            data = file.read(limit_bytes + 1)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{what} cannot be read ({_reason(error)})", where=str(path), remedy="Check the path"
        ) from error
    if len(data) > limit_bytes:
        raise InputError(
            f"{what} is larger than {limit_bytes // 1_000_000 or 1} MB",
            where=str(path),
            remedy="Give a smaller file",
        )
    return data


def _opener(path: str, flags: int) -> int:
    # Opening a pipe that nobody writes to waits for ever without O_NONBLOCK; files do not mind it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
