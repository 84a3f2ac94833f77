"""What an archive knows of each recording in it: one small JSON file a recording, written last."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError, InputError
from missions.files import read_bounded

FORMAT, VERSION = "droneteam-telemetry-archive", 1
MARK, SEGMENTS = "archive.json", "segments"
POSITIONS, UNKNOWN, MESSAGES = "positions", "unknown", "messages"
FOREIGN_POSITIONS, RECEIVED = "foreign_positions", "received"
_LARGEST_BYTES = 64_000_000
_PATH = re.compile(
    r"(positions|unknown|foreign_positions|received|messages/[A-Z0-9_]{1,64})/date=[0-9A-Za-z_-]{1,32}/[A-Za-z0-9._-]{1,128}\.parquet"
)
_AGAIN = "Archive the recording again in a new folder"


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file: where it is in the archive, whose rows it holds, from when to when."""

    path: str
    dataset: str
    rows: int
    size: int
    sha256: str
    first_us: int
    last_us: int
    systems: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording: its name, SHA-256, frames, how many of each type (`unknown` too), and its files.

    Of what was received beside MAVLink `frames` are lines and events, all of them of the type `received`.
    `positions` are those decoded from it, `foreign_positions` those of others, `began_us` and `ended_us` when
    its first and last frame came (None without any).
    """

    name: str
    sha256: str
    size: int
    frames: int
    bad_bytes: int
    began_us: int | None
    ended_us: int | None
    positions: int
    counts: Mapping[str, int]
    parts: tuple[Part, ...]
    foreign_positions: int = 0

    def as_plain(self) -> dict[str, Any]:
        """The entry as its JSON holds it."""
        return {**asdict(self), "counts": dict(self.counts)}


def file_stem(name: str, sha256: str) -> str:
    """What the files of a recording are called: its name without what paths and patterns take amiss."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', Path(name).stem)[:80].lstrip('.') or 'x'}-{sha256[:16]}"


def read_entries(folder: Path) -> tuple[Entry, ...]:
    """The recordings of an archive by when they began. Raises InputError and FormatError."""
    check_is_archive(folder)
    paths = sorted((folder / SEGMENTS).glob("*.json"))
    entries = [_read(path) for path in paths if not path.name.startswith(".")]
    return tuple(sorted(entries, key=lambda entry: (entry.began_us or 0, entry.name)))


def check_is_archive(folder: Path) -> None:
    """Raise InputError where there is no archive, FormatError where it is one of another version."""
    mark = folder / MARK
    if not mark.is_file():
        raise InputError("there is no telemetry archive", where=str(folder), remedy="Check the path")
    told = _load(mark, 10_000)
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != VERSION:
        raise FormatError(
            f"this is no telemetry archive of version {VERSION}", where=str(mark), remedy="Check the path"
        )


def _read(path: Path) -> Entry:
    told = _load(path, _LARGEST_BYTES)
    try:
        entry = _entry(told)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError("is no entry of an archive", where=str(path), remedy=_AGAIN) from error
    for part in entry.parts:
        if not _PATH.fullmatch(part.path) or ".." in part.path:
            raise FormatError(f"names a file that is none of its own: {part.path}", where=str(path))
    return entry


def _load(path: Path, limit_bytes: int) -> Any:
    try:
        text = text_from_bytes(read_bounded(path, limit_bytes, "a part of the archive"))
    except ValueError as error:
        raise FormatError("is no text", where=str(path), remedy=_AGAIN) from error
    return load_json(text, str(path), _AGAIN)


def _entry(told: Any) -> Entry:
    parts = [
        Part(
            path=str(each["path"]),
            dataset=str(each["dataset"]),
            rows=int(each["rows"]),
            size=int(each["size"]),
            sha256=str(each["sha256"]),
            first_us=int(each["first_us"]),
            last_us=int(each["last_us"]),
            systems=tuple(int(system) for system in each["systems"]),
        )
        for each in _listed(told["parts"])
    ]
    return Entry(
        name=str(told["name"]),
        sha256=str(told["sha256"]),
        size=int(told["size"]),
        frames=int(told["frames"]),
        bad_bytes=int(told["bad_bytes"]),
        began_us=None if told["began_us"] is None else int(told["began_us"]),
        ended_us=None if told["ended_us"] is None else int(told["ended_us"]),
        positions=int(told["positions"]),
        counts={str(name): int(count) for name, count in dict(told["counts"]).items()},
        parts=tuple(parts),
        foreign_positions=int(told.get("foreign_positions", 0)),
    )


def _listed(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
