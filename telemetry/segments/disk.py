"""What a recorder asks of a disk, so few calls that a test can have each of them fail."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Protocol

from missions.files import sync_folder


class Disk(Protocol):
    """Files that are only ever added to. Each call raises OSError where it fails."""

    def create(self, path: Path) -> int:
        """A new file, open and locked for as long as it is; FileExistsError where there is one."""
        ...

    def write(self, file: int, data: bytes | memoryview) -> int:
        """Add some of `data`; how many bytes."""
        ...

    def sync(self, file: int) -> None:
        """Force what was written to the disk."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Force the names in a folder to the disk."""
        ...

    def truncate(self, file: int, size: int) -> None:
        """Take off what is beyond `size` bytes."""
        ...

    def close(self, file: int) -> None:
        """Let go of a file."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file."""
        ...

    def append(self, path: Path, data: bytes) -> None:
        """Add `data` to a file, which may be new, and force it to the disk."""
        ...


class RealDisk(Disk):
    """The disk that there is."""

    def create(self, path: Path) -> int:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_APPEND, 0o644)
        with contextlib.suppress(OSError):  # some network disks know no locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file

    def write(self, file: int, data: bytes | memoryview) -> int:
        return os.write(file, data)

    def sync(self, file: int) -> None:
        os.fsync(file)

    def sync_folder(self, folder: Path) -> None:
        sync_folder(folder)

    def truncate(self, file: int, size: int) -> None:
        os.ftruncate(file, size)

    def close(self, file: int) -> None:
        os.close(file)

    def remove(self, path: Path) -> None:
        path.unlink()

    def append(self, path: Path, data: bytes) -> None:
        with path.open("ab", buffering=0) as file:
            os.write(file.fileno(), data)
            os.fsync(file.fileno())


def in_use(path: Path) -> bool:
    """Whether a recorder, of this process or another, still has the file open to write."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
