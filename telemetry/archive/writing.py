"""Recordings into an archive: each whole or not at all, each once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from missions.errors import InputError, OutputError
from missions.files import write_whole
from telemetry.archive.entries import (
    FOREIGN_POSITIONS,
    FORMAT,
    MARK,
    MESSAGES,
    POSITIONS,
    RECEIVED,
    SEGMENTS,
    UNKNOWN,
    VERSION,
    Entry,
    check_is_archive,
    read_entries,
)
from telemetry.archive.parquet_files import days_of, times_of
from telemetry.archive.received_tables import foreign_table, received_table
from telemetry.archive.staging import Staged, clear_left
from telemetry.archive.tables import in_order, positions_from_rows, table_from_rows, unknown_table
from telemetry.columns import Columns, frames_of, read_columns
from telemetry.received.items import Item
from telemetry.received.reading import ItemScan, is_received, items_of

Progress = Callable[[Path, int, int], None]
"""Told the recording, how many of its frames are written, and how many there are."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a recording: its entry, and whether it is new or was there before."""

    entry: Entry
    is_new: bool


def archive(segments: Iterable[Path], folder: Path, progress: Progress | None = None) -> tuple[Added, ...]:
    """Add recordings (`.tlog`, `.received`) to the archive in `folder`, which is made where there is none.

    One that is in it already, under whatever name, adds nothing. Whenever this is interrupted, each recording
    is in the archive whole or not at all. Raises InputError where a recording cannot be read, still grows, or
    differs from an archived one of its name, FormatError where it is none, and OutputError where the folder
    cannot be written; recordings before it are in the archive then.
    """
    with ArchiveWriter(folder) as writer:
        return tuple(writer.add(segment, progress) for segment in segments)


class ArchiveWriter:
    """An archive that is written to, by one process at a time. Raises as `archive` does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(folder)
        try:
            self._begin()
        except BaseException:
            os.close(self._lock)
            raise
        self._by_sha256 = {entry.sha256: entry for entry in read_entries(folder)}
        self._by_name = {entry.name: entry for entry in self._by_sha256.values()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write. May be called twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def add(self, segment: Path, progress: Progress | None = None) -> Added:
        """Add one recording, as `archive` does."""
        sha256, state = _hashed(segment)
        known = self._by_sha256.get(sha256)
        if known is not None:
            return Added(known, is_new=False)
        if segment.name in self._by_name:
            raise InputError(
                f"another recording of the name {segment.name} is in the archive",
                where=str(segment),
                remedy="Archive recordings when they are finished; give one of another aircraft its own name",
            )
        recorded = items_of(segment) if is_received(segment) else read_columns(segment)
        frames = recorded.frames if isinstance(recorded, Columns) else len(recorded[0])
        staged = Staged(self.folder, segment.name, sha256, frames)
        try:
            with _writing(self.folder):
                if isinstance(recorded, Columns):
                    entry = self._staged(staged, segment, recorded, progress)
                else:
                    entry = _received(staged, segment, *recorded, progress)
                if _state(segment) != state:
                    raise _growing(segment)
                staged.publish(entry)
        finally:
            staged.clear()
        self._by_sha256[sha256] = self._by_name[segment.name] = entry
        return Added(entry, is_new=True)

    def _begin(self) -> None:
        others = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        if others:
            check_is_archive(self.folder)
        clear_left(self.folder)
        with _writing(self.folder):
            if not others:
                write_whole(self.folder / MARK, json.dumps({"format": FORMAT, "version": VERSION}).encode())
            (self.folder / SEGMENTS).mkdir(exist_ok=True)

    def _staged(self, staged: Staged, segment: Path, columns: Columns, progress: Progress | None) -> Entry:
        times = [table["received_us"] for table in columns.values()]
        unknown = _unknown(segment) if columns.unknown else None
        if unknown is not None:
            times.append(times_of(unknown))
        all_us = np.concatenate(times) if times else np.zeros(0, np.int64)
        days, done, positions = days_of(all_us), 0, 0
        for name, dataset, table, frames in _tables(columns, unknown):
            if progress is not None and frames:
                progress(segment, done, columns.frames)
            staged.write(name, dataset, table, days)
            done += frames
            positions += len(table) if dataset == POSITIONS else 0
        if progress is not None:
            progress(segment, done, columns.frames)
        known = all_us[all_us > 0]
        counts = {name: len(columns[name]) for name in sorted(columns)}
        return Entry(
            name=segment.name,
            sha256=staged.sha256,
            size=segment.stat().st_size,
            frames=columns.frames,
            bad_bytes=columns.bad_bytes,
            began_us=int(known.min()) if len(known) else None,
            ended_us=int(known.max()) if len(known) else None,
            positions=positions,
            counts=counts | ({UNKNOWN: len(columns.unknown)} if columns.unknown else {}),
            parts=tuple(staged.parts),
        )


def _received(
    staged: Staged, segment: Path, items: list[Item], scan: ItemScan, progress: Progress | None
) -> Entry:
    """What was received beside MAVLink: everything as it came, and the positions in it."""
    received, foreign = received_table(items), foreign_table(items)
    days = days_of(times_of(received))
    for name, table in ((RECEIVED, received), (FOREIGN_POSITIONS, foreign)):
        if len(table):
            staged.write(name, name, table, days)
    if progress is not None:
        progress(segment, len(items), len(items))
    return Entry(
        name=segment.name,
        sha256=staged.sha256,
        size=segment.stat().st_size,
        frames=len(items),
        bad_bytes=scan.bad_bytes,
        began_us=scan.first_us,
        ended_us=scan.last_us,
        positions=0,
        counts={RECEIVED: len(items)} if items else {},
        parts=tuple(staged.parts),
        foreign_positions=len(foreign),
    )


def _tables(columns: Columns, unknown: pa.Table | None) -> Iterator[tuple[str, str, pa.Table, int]]:
    """Every dataset of a recording: its name, its folder, its rows and how many frames they stand for."""
    for name in sorted(columns):
        rows = in_order(columns[name])
        yield name, f"{MESSAGES}/{name}", table_from_rows(rows), len(rows)
        if name == "GLOBAL_POSITION_INT":
            positions = positions_from_rows(rows)
            if len(positions):
                yield POSITIONS, POSITIONS, positions, 0
    if unknown is not None:
        yield UNKNOWN, UNKNOWN, unknown, len(unknown)


def _unknown(segment: Path) -> pa.Table:
    octets, frames = frames_of(segment)
    return unknown_table(octets, frames.found[frames.found["kind"] < 0])


def _hashed(segment: Path) -> tuple[str, Any]:
    try:
        with segment.open("rb") as file:
            state = _state(segment)
            return hashlib.file_digest(file, "sha256").hexdigest(), state
    except OSError as error:
        raise InputError(
            f"the recording cannot be read ({error.strerror})", where=str(segment), remedy="Check the path"
        ) from error


def _state(segment: Path) -> tuple[int, int, int]:
    status = segment.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _growing(segment: Path) -> InputError:
    return InputError(
        "the recording changed while it was read", where=str(segment), remedy="Archive it when it is finished"
    )


def _locked(folder: Path) -> int:
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise OutputError(
            "another process is writing to the archive", where=str(folder), remedy="Wait until it is done"
        ) from None
    return lock


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"the archive cannot be written ({error.strerror or error})",
            where=str(folder),
            remedy="Choose a folder that you may write to, with room left on the disk",
        ) from error
