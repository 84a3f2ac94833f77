"""Brings the tables of others up to what the segments of received things hold (`telemetry.received`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import delete

from missions.errors import InputError
from ops.index.cells import cell_of
from ops.index.database import Database
from ops.index.events import SECOND_US
from ops.index.fold import Row
from ops.index.seals import ForeignSums, received_seal
from ops.index.segments import segment_number
from ops.index.steps import SegmentFiller, insert_of, replace_segment
from ops.index.tables import OF_RECEIVED, foreign_points, foreigners
from telemetry.received.positions import ForeignPosition, PositionFold
from telemetry.received.reading import Found, ItemScan
from telemetry.segments.seals import RECEIVED
from telemetry.traffic.aircraft import HEIGHT_REFERENCES

MOST_FOREIGNERS = 10_000
"""In one segment; whoever makes up more of them must not fill the memory."""


class _Open:
    """A segment that is being indexed. `points` are rows that are new, `changed` foreigners that changed."""

    def __init__(self, path: Path) -> None:
        self.scan = ItemScan(path)
        self.foreigners: dict[str, Row] = {}
        self.points: list[Row] = []
        self.changed: dict[str, Row] = {}
        self.sums = ForeignSums()
        self.fresh = True
        self.left_out = 0
        self._fold = PositionFold()

    @property
    def problem(self) -> str:
        """What of it is not indexed, and why; "" where all is."""
        if self.left_out:
            return f"of more than {MOST_FOREIGNERS} others in it the first are indexed alone"
        return self.scan.problem

    def add(self, piece: list[Found]) -> None:
        """Take in the items of a piece."""
        for found in piece:
            position = self._fold.add(found.item)
            if position is not None:
                self._place(position, found.at)

    def _place(self, position: ForeignPosition, at: int) -> None:
        row = self.foreigners.get(position.key)
        if row is None and len(self.foreigners) >= MOST_FOREIGNERS:
            self.left_out += 1
            return
        lat_e7, lon_e7 = round(position.lat_deg * 1e7), round(position.lon_deg * 1e7)
        number = len(self.foreigners) if row is None else row["number"]
        if row is None or row["last_us"] // SECOND_US != position.time_us // SECOND_US:
            self.points.append(_point(position, number, at, lat_e7, lon_e7))
        now = {
            "number": number,
            "key": position.key,
            "source": position.source,
            "link": position.link,
            "kind": position.kind or (row["kind"] if row else None),
            "name": position.name or (row["name"] if row else None),
            "first_us": min(position.time_us, row["first_us"] if row else position.time_us),
            "last_us": position.time_us,
            "positions": 1 + (row["positions"] if row else 0),
        }
        self.foreigners[position.key] = self.changed[position.key] = now


class ReceivedFiller(SegmentFiller[_Open]):
    """Fills the tables of others; as `Filler`, whose helper it is."""

    def __init__(
        self, folder: Path, database: Database, known: Mapping[int, Row], told: Callable[[int], None]
    ) -> None:
        super().__init__(database, OF_RECEIVED, known, told)
        self._folder = folder

    def catch_up(self, *, last: bool, every: bool, safe: Mapping[Path, int]) -> list[str]:
        """Index what is new; what could not be read. `every` looks at segments that were finished too."""
        growing = self.under_way | {segment_number(path.name): path for path in safe}
        there = received_in(self._folder) if every else growing
        return self.fill(there, last=last, every=every, safe=safe)

    def _begun(self, path: Path) -> _Open:
        return _Open(path)

    def _read(self, number: int, step: _Open, *, settled: bool, upto: int | None) -> bool:
        if upto is None:
            _force(step.scan.path)
        for piece in step.scan.read(upto=upto, last=settled):
            step.add(piece)
            self._write(number, step)
        self._write(number, step)
        return settled

    def _write(self, number: int, step: _Open) -> None:
        with self._database.transaction() as connection:
            if step.fresh:
                self._clear(connection, number)
            insert_of(connection, foreign_points, number, step.points)
            for row in step.changed.values():
                mine = (foreigners.c.segment == number) & (foreigners.c.number == row["number"])
                connection.execute(delete(foreigners).where(mine))
            insert_of(connection, foreigners, number, list(step.changed.values()))
            step.sums.add(step.points)
            own = _segment_row(number, step)
            told = [{"segment": number, **row} for row in step.foreigners.values()]
            own["seal"] = received_seal(own, step.sums.values, told)
            replace_segment(connection, own)
        self._written(step, own)
        step.points, step.changed = [], {}


def received_in(folder: Path) -> dict[int, Path]:
    """The `.received` segments of a folder by their number. Raises InputError."""
    try:
        found = [path for path in folder.iterdir() if path.suffix == RECEIVED and path.is_file()]
    except OSError as error:
        raise InputError(f"the recordings cannot be listed ({error.strerror})", where=str(folder)) from error
    return {segment_number(path.name): path for path in sorted(found) if not path.name.startswith(".")}


def _point(position: ForeignPosition, number: int, at: int, lat_e7: int, lon_e7: int) -> Row:
    height_m, reference = position.height_m, position.height_reference
    return {
        "number": number,
        "time_us": position.time_us,
        "at": at,
        "lat_e7": lat_e7,
        "lon_e7": lon_e7,
        "height_mm": None if height_m is None else round(height_m * 1e3),
        "reference": None if reference is None else HEIGHT_REFERENCES.index(reference),
        "speed_cm_s": None if position.speed_m_s is None else round(position.speed_m_s * 1e2),
        "course_cdeg": None if position.course_deg is None else round(position.course_deg * 1e2),
        "cell": cell_of(lat_e7, lon_e7),
    }


def _segment_row(number: int, step: _Open) -> Row:
    scan = step.scan
    return {
        "segment": number,
        "name": scan.path.name,
        "bytes": scan.size,
        "watermark": scan.watermark,
        "sha256": scan.sha256,
        "first_us": scan.first_us,
        "last_us": scan.last_us,
        "frames": scan.items,
        "bad_bytes": scan.bad_bytes,
        "problem": step.problem,
    }


def _force(path: Path) -> None:
    """Force to the disk what is about to be read of it. Raises InputError."""
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(
            f"the segment cannot be read ({error.strerror or error})", where=str(path)
        ) from error
