"""Whether an archive still holds what its recordings held."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from missions.errors import InputError
from telemetry.archive.entries import (
    FOREIGN_POSITIONS,
    POSITIONS,
    RECEIVED,
    UNKNOWN,
    Entry,
    Part,
    read_entries,
)
from telemetry.archive.parquet_files import source_of
from telemetry.columns import read_columns
from telemetry.received.reading import is_received, items_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and every problem as a sentence that names its file; none is good."""

    segments: int
    files: int
    compared: int
    problems: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(folder: Path, segments: Iterable[Path] = ()) -> Verdict:
    """Check every file of an archive: its SHA-256, its rows, its own word on where it came from.

    The rows of every message type must add up to what the recording held. `segments` are recordings to hold
    it against: each must be in the archive, by its SHA-256, with as many messages of every type. Raises
    InputError where there is no archive or a recording cannot be read.
    """
    entries = read_entries(folder)
    problems = [problem for entry in entries for problem in _entry_problems(folder, entry)]
    problems += _left_over(folder, entries)
    by_sha256 = {entry.sha256: entry for entry in entries}
    compared = 0
    for segment in segments:
        problems += _segment_problems(segment, by_sha256)
        compared += 1
    files = sum(len(entry.parts) for entry in entries)
    return Verdict(len(entries), files, compared, tuple(problems))


def _entry_problems(folder: Path, entry: Entry) -> Iterator[str]:
    rows: Counter[str] = Counter()
    for part in entry.parts:
        rows[part.dataset] += part.rows
        problem = _part_problem(folder / part.path, part, entry)
        if problem:
            yield f"{folder / part.path}: {problem}"
    decoded = {POSITIONS: entry.positions, FOREIGN_POSITIONS: entry.foreign_positions}
    expected = dict(entry.counts) | {name: count for name, count in decoded.items() if count}
    for name in sorted(expected.keys() | rows.keys()):
        if rows[name] != expected.get(name, 0):
            yield f"{entry.name}: {rows[name]} rows of {name} for {expected.get(name, 0)}"
    if sum(entry.counts.values()) != entry.frames:
        yield f"{entry.name}: messages of all types are {sum(entry.counts.values())}, frames {entry.frames}"


def _part_problem(path: Path, part: Part, entry: Entry) -> str:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != part.sha256:
            return "was changed since it was archived"
        rows = pq.read_metadata(path).num_rows
        source = source_of(path)
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError, pa.ArrowException) as error:
        return f"cannot be read ({error})"
    if rows != part.rows:
        return f"holds {rows} rows instead of {part.rows}"
    if [each.get("sha256") for each in source] != [entry.sha256]:
        return f"does not say that it came from {entry.name}"
    return ""


def _left_over(folder: Path, entries: Iterable[Entry]) -> Iterator[str]:
    """Files that no recording's entry names, as an interrupted writer leaves them."""
    known = {part.path for entry in entries for part in entry.parts}
    for path in sorted(folder.rglob("*.parquet")):
        inside = path.relative_to(folder)
        if inside.as_posix() not in known and not inside.parts[0].startswith("."):
            yield f"{path}: belongs to no recording; adding the interrupted one again takes it in"


def _segment_problems(segment: Path, by_sha256: dict[str, Entry]) -> Iterator[str]:
    try:
        with segment.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"the recording cannot be read ({error.strerror})", where=str(segment)) from error
    entry = by_sha256.get(digest)
    if entry is None:
        yield f"{segment}: is not in the archive, or was changed since"
        return
    counts = _counts(segment)
    for name in sorted(counts.keys() | entry.counts.keys()):
        held, archived = counts.get(name, 0), entry.counts.get(name, 0)
        if held != archived:
            yield f"{segment}: {archived} of {held} {name} are in the archive"


def _counts(segment: Path) -> dict[str, int]:
    """How many of each type a recording holds."""
    if is_received(segment):
        items = len(items_of(segment)[0])
        return {RECEIVED: items} if items else {}
    columns = read_columns(segment)
    counts = {name: len(table) for name, table in columns.items()}
    return counts | ({UNKNOWN: len(columns.unknown)} if columns.unknown else {})
