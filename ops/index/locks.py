"""Who may do what to an index: one writes, any number read, and nobody reads while it is replaced.

Locks are the kernel's (flock), so that they end with the process that holds them, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from missions.errors import OutputError
from ops.beside import INDEX_LOCK


class WriterLock:
    """The right to write the index of a folder; `taken` says whether it was free."""

    def __init__(self, folder: Path) -> None:
        self._file: int | None = None
        try:
            file = os.open(folder / INDEX_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(
                f"the index cannot be written there ({error.strerror})",
                where=str(folder),
                remedy="Choose a folder that you may write to, with room left on the disk",
            ) from error
        try:
            with _lockless_disks():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            self._file = file

    @property
    def taken(self) -> bool:
        """Whether it is ours."""
        return self._file is not None

    def release(self) -> None:
        """Let others write. May be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """While the database is open: nobody puts another in its place."""
    with _folder_locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def replacing(folder: Path) -> Iterator[None]:
    """While another database is put in its place: waits until nobody has it open."""
    with _folder_locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def _folder_locked(folder: Path, how: int) -> Iterator[None]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise OutputError(
            f"there is no index ({error.strerror})", where=str(folder), remedy="Check the path"
        ) from error
    try:
        with _lockless_disks():
            fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


@contextmanager
def _lockless_disks() -> Iterator[None]:
    """Some network disks know no locks: there nobody is kept from anything."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL):
            raise
