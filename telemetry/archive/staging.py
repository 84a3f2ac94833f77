"""A recording's files on their way into an archive: written aside, then moved to where they belong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa

from missions.files import sync_folder, write_whole
from telemetry.archive.entries import SEGMENTS, Entry, Part, file_stem
from telemetry.archive.parquet_files import by_day, times_of, write_parquet

_ADDING = ".adding-"


@dataclass
class Staged:
    """The files of one recording of an archive, in a folder of their own until they are published."""

    folder: Path
    name: str
    sha256: str
    frames: int
    parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = self.folder / f"{_ADDING}{uuid4().hex[:8]}"

    def write(self, name: str, dataset: str, table: pa.Table, days: frozenset[int]) -> None:
        """Write a dataset's rows, a file a day. Raises OSError."""
        source = {"name": self.name, "sha256": self.sha256, "frames": self.frames}
        for day, own in by_day(table, days):
            path = f"{dataset}/date={day}/{file_stem(self.name, self.sha256)}.parquet"
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            size, sha256 = write_parquet(own, target, source)
            times = times_of(own)
            first_us, last_us = int(times.min()), int(times.max())
            systems = (
                np.unique(np.asarray(own.column("system"))).tolist() if "system" in own.schema.names else []
            )
            part = Part(path, name, len(own), size, sha256, first_us, last_us, tuple(systems))
            self.parts.append(part)

    def publish(self, entry: Entry) -> None:
        """Move the files to where they belong, then say that they are there. Raises OSError."""
        for part in self.parts:
            target = self.folder / part.path
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.root / part.path).replace(target)
        for folder in _folders(self.folder, self.parts):
            sync_folder(folder)
        told = json.dumps(entry.as_plain()).encode()
        write_whole(self.folder / SEGMENTS / f"{file_stem(self.name, self.sha256)}.json", told)
        sync_folder(self.folder / SEGMENTS)

    def clear(self) -> None:
        """Take away what was not published."""
        shutil.rmtree(self.root, ignore_errors=True)


def clear_left(folder: Path) -> None:
    """Take away what writers that were killed left behind."""
    for left in folder.glob(f"{_ADDING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _folders(folder: Path, parts: Iterable[Part]) -> list[Path]:
    """Every folder that the files are in, down to the archive's own, deepest first."""
    found = {parent for part in parts for parent in Path(part.path).parents}
    return [folder / each for each in sorted(found, key=lambda each: -len(each.parts))]
