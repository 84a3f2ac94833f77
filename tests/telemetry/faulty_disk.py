"""A real disk whose calls can be made to fail, and which knows what a power cut would leave."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from telemetry.segments import RealDisk

Fault = Callable[[int, str], str]
"""From the number of a call and its name: "" to do it, "short" to write half, or an errno's name to fail."""


class FaultyDisk(RealDisk):
    """Does what `fault` says. `platter` is what is there after a power cut: forced bytes of forced names.

    After a failed sync the bytes that were not safe are gone, though a later sync of the same file says it is
    well, as Linux does (Rebello and others, Can Applications Recover from fsync Failures?, USENIX ATC 2020).
    """

    def __init__(self, fault: Fault = lambda number, name: "") -> None:
        self.fault = fault
        self.calls: list[str] = []
        self.failed: list[str] = []
        self._paths: dict[int, Path] = {}
        self._forced: dict[Path, bytes] = {}
        self._named: set[Path] = set()
        self._poisoned: set[Path] = set()

    @property
    def platter(self) -> dict[Path, bytes]:
        """What a power cut would leave."""
        return {path: data for path, data in self._forced.items() if path in self._named}

    def create(self, path: Path) -> int:
        self._call("create")
        file = super().create(path)
        self._paths[file] = path
        self._forced[path] = b""
        return file

    def write(self, file: int, data: bytes | memoryview) -> int:
        if self._call("write") == "short":
            return super().write(file, data[: max(1, len(data) // 2)])
        return super().write(file, data)

    def sync(self, file: int) -> None:
        path = self._paths[file]
        try:
            self._call("sync")
        except OSError:
            self._poisoned.add(path)
            raise
        super().sync(file)
        if path not in self._poisoned:
            self._forced[path] = path.read_bytes()

    def sync_folder(self, folder: Path) -> None:
        self._call("sync_folder")
        super().sync_folder(folder)
        self._named |= {path for path in self._forced if path.parent == folder and path.exists()}

    def truncate(self, file: int, size: int) -> None:
        self._call("truncate")
        super().truncate(file, size)

    def close(self, file: int) -> None:
        super().close(file)
        self._call("close")

    def remove(self, path: Path) -> None:
        self._call("remove")
        super().remove(path)
        self._forced.pop(path, None)

    def append(self, path: Path, data: bytes) -> None:
        self._call("append")
        super().append(path, data)

    def _call(self, name: str) -> str:
        self.calls.append(name)
        said = self.fault(len(self.calls), name)
        if said and said != "short":
            self.failed.append(name)
            number = getattr(errno, said)
            raise OSError(number, "No space left on device" if said == "ENOSPC" else "Input/output error")
        return said
