"""The seals of finished segments: their SHA-256 in `SHA256SUMS` beside them, as `sha256sum -c` reads it.

A segment is sealed when it ends; one that a crash left without a seal is sealed as it was found when its
folder is next recorded into. Nothing is ever taken off a segment.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from missions.errors import InputError
from telemetry.segments.disk import Disk, in_use

SUMS = "SHA256SUMS"
TLOG, RECEIVED = ".tlog", ".received"
"""What the names of segments end in: frames of MAVLink, and what came in that is none."""
SUFFIXES = (TLOG, RECEIVED)
_LINE = re.compile(rb"([0-9a-f]{64}) [ *]([^/\0\n]+\.(?:tlog|received))")
_LARGEST_BYTES = 64_000_000
_CHUNK_BYTES = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """A segment against its seal: `verdict` is "as sealed", "changed", "missing", "open" or "not sealed"."""

    name: str
    verdict: str
    sha256: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against it; an open segment has no seal yet."""
        return self.verdict in ("as sealed", "open")


def seal(folder: Path, name: str, sha256: str, disk: Disk) -> None:
    """Add a segment's seal. Raises OSError."""
    sums = folder / SUMS
    before = b"" if _ends_well(sums) else b"\n"
    disk.append(sums, before + f"{sha256}  {name}\n".encode())


def seals_of(folder: Path) -> dict[str, str]:
    """The seals in a folder: SHA-256 by name; the first where there are several. Raises InputError."""
    sums = folder / SUMS
    try:
        if not sums.is_file():
            return {}
        if sums.stat().st_size > _LARGEST_BYTES:
            raise InputError("there are too many seals in it", where=str(sums), remedy="Check the folder")
        lines = sums.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"the seals cannot be read ({error.strerror})", where=str(sums)) from error
    found: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            found.setdefault(match[2].decode(errors="replace"), match[1].decode())
    return found


def seal_left(
    folder: Path, disk: Disk, stopping: Callable[[], bool] = lambda: False, *, suffix: str = TLOG
) -> list[str]:
    """Seal what a crash left without a seal, as it is; the names. What cannot be read is logged and left.

    Of one kind of segment: each kind has a recorder of its own, which may be running.
    """
    sealed: list[str] = []
    try:
        known = seals_of(folder)
        for path in sorted(folder.glob(f"*{suffix}")):
            if stopping():
                break
            if path.name not in known and not in_use(path):
                seal(folder, path.name, hash_of(path), disk)
                sealed.append(path.name)
    except (OSError, InputError) as error:
        _log.warning("segments in %s were left without a seal: %s", folder, error)
    return sealed


def check_folder(folder: Path) -> list[Check]:
    """Every segment of a folder against its seal, in the order of their names. Raises InputError."""
    seals = seals_of(folder)
    there = {path.name: path for suffix in SUFFIXES for path in folder.glob(f"*{suffix}")}
    return [_check(name, there.get(name), seals.get(name)) for name in sorted(there.keys() | seals.keys())]


def hash_of(path: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _check(name: str, path: Path | None, sealed: str | None) -> Check:
    if path is None:
        return Check(name, "missing", sealed or "")
    try:
        if sealed is None and in_use(path):
            return Check(name, "open")
        found = hash_of(path)
    except OSError as error:
        raise InputError(
            f"the segment cannot be read ({error.strerror})", where=str(path), remedy="Check the disk"
        ) from error
    if sealed is None:
        return Check(name, "not sealed", found)
    return Check(name, "as sealed" if found == sealed else "changed", found)


def _ends_well(path: Path) -> bool:
    """Whether a file of lines is new, empty or ends with a whole line."""
    try:
        with path.open("rb") as file:
            if not file.seek(0, 2):
                return True
            file.seek(-1, 2)
            return file.read(1) == b"\n"
    except FileNotFoundError:
        return True
