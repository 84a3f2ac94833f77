"""Brings the tables up to what the segments hold: what is new is added, what changed is made again.

Each step is one transaction, after which the tables are true of every segment up to its watermark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import and_, delete, insert, select

from ops.index.alert_log import ALERTS_NAME, ALERTS_NUMBER, AlertScan
from ops.index.database import Database
from ops.index.fold import Row, SegmentFold
from ops.index.received import ReceivedFiller
from ops.index.scan import BLOCK_BYTES, SegmentScan
from ops.index.seals import PointSums, alert_line, alerts_seal, seal_of
from ops.index.segments import segment_number, segments_in
from ops.index.steps import SegmentFiller, insert_of, replace_segment
from ops.index.tables import OF_A_SEGMENT, alerts, legs, segments, sightings, tracks
from telemetry.segments.seals import RECEIVED

_AT_A_TIME = 5_000
_ALL_EVERY = 20
"""Thousands of segments take a tenth of a second to look at, which is too long for twice a second."""


class _Open:
    """A segment that is being indexed."""

    def __init__(self, path: Path) -> None:
        self.scan = SegmentScan(path)
        self.fold = SegmentFold()
        self.sums = PointSums()
        self.legs: dict[tuple[int, int], Row] = {}
        self.fresh = True


class _FrameFiller(SegmentFiller[_Open]):
    """Fills the tables that follow from frames; as `Filler`, whose helper it is."""

    def __init__(
        self, database: Database, known: Mapping[int, Row], told: Callable[[int], None], block_bytes: int
    ) -> None:
        super().__init__(database, OF_A_SEGMENT, known, told)
        self._block_bytes = block_bytes

    def _begun(self, path: Path) -> _Open:
        return _Open(path)

    def _read(self, number: int, step: _Open, *, settled: bool, upto: int | None) -> bool:
        for block in step.scan.read(last=settled, upto=upto, block_bytes=self._block_bytes):
            step.fold.add(block)
            if len(step.fold.points) >= _AT_A_TIME:
                self._write(number, step)
        self._write(number, step)
        return step.scan.ended

    def _write(self, number: int, step: _Open) -> None:
        fold, scan = step.fold, step.scan
        points, over, under_way = fold.points, fold.ended, fold.open_legs()
        changed = {(row["vehicle"], row["number"]): row for row in (*over, *under_way)}
        with self._database.transaction() as connection:
            if step.fresh and number in self._known:
                self._clear(connection, number)
            insert_of(connection, tracks, number, points)
            for vehicle, leg in changed.keys() & step.legs.keys():
                mine = and_(legs.c.segment == number, legs.c.vehicle == vehicle, legs.c.number == leg)
                connection.execute(delete(legs).where(mine))
            insert_of(connection, legs, number, list(changed.values()))
            connection.execute(delete(sightings).where(sightings.c.segment == number))
            heard = insert_of(connection, sightings, number, fold.sightings())
            step.legs.update(changed)
            step.sums.add(points)
            row = _segment_row(number, scan)
            told = [{"segment": number, **leg} for leg in step.legs.values()]
            row["seal"] = seal_of(row, step.sums.values, told, heard)
            replace_segment(connection, row)
        self._written(step, row)
        fold.points, fold.ended = [], []


class Filler:
    """Fills the tables of `database` from `folder`. One thread at a time; whoever has one may write alone.

    After an error it must be made anew. `told` is called with the bytes of each step, for a progress bar.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        block_bytes: int = BLOCK_BYTES,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._database = database
        self._alerts = AlertScan(folder / ALERTS_NAME)
        self._alert_digest = hashlib.sha256()
        self._alerts_known = False
        self._changed_ns = 0
        self._looks = 0
        self.problems: list[str] = []
        with database.transaction() as connection:
            known = {row["segment"]: dict(row) for row in connection.execute(select(segments)).mappings()}
        self._alerts_kept = known.pop(ALERTS_NUMBER, None)
        received = {number: row for number, row in known.items() if row["name"].endswith(RECEIVED)}
        frames = {number: row for number, row in known.items() if number not in received}
        self._received = ReceivedFiller(folder, database, received, told)
        self._frames = _FrameFiller(database, frames, told, block_bytes)

    def catch_up(self, *, last: bool, safe: Mapping[Path, int] | None = None) -> None:
        """Index what is new. `safe` says how many bytes of a segment that is being written are on the disk.

        With `last` every segment is taken as it is; else what could be half a frame waits while a recorder
        has the segment open, and segments that were finished are only looked at now and then. One that cannot
        be read has no rows and is named in `problems`. Raises IndexDamaged and OutputError.
        """
        received = {path: size for path, size in (safe or {}).items() if path.suffix == RECEIVED}
        upto = {path: size for path, size in (safe or {}).items() if path not in received}
        growing = self._frames.under_way | {segment_number(path.name): path for path in upto}
        every = last or self._is_due()
        there = segments_in(self._folder) if every else growing
        self.problems = [
            *self._frames.fill(there, last=last, every=every, safe=upto),
            *self._received.catch_up(last=last, every=every, safe=received),
        ]
        self._add_alerts()

    def _is_due(self) -> bool:
        """Whether to look at every segment: when names came or went, and every so many times."""
        changed_ns = self._folder.stat().st_mtime_ns
        due = changed_ns != self._changed_ns or self._looks % _ALL_EVERY == 0
        self._changed_ns = changed_ns
        self._looks += 1
        return due

    def _add_alerts(self) -> None:
        path = self._folder / ALERTS_NAME
        size = path.stat().st_size if path.is_file() else 0
        if size == (self._alerts_kept["bytes"] if self._alerts_kept else 0):
            return
        if not size:
            self._remove_alerts()
            return
        if not self._alerts_known or size < self._alerts.size:
            self._alerts, self._alert_digest = AlertScan(path), hashlib.sha256()
            self._alerts_known = False
        for rows in self._alerts.read():
            self._write_alerts(rows)

    def _remove_alerts(self) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(alerts))
            connection.execute(delete(segments).where(segments.c.segment == ALERTS_NUMBER))
        self._alerts_kept = None
        self._alerts_known = False

    def _write_alerts(self, rows: list[Row]) -> None:
        with self._database.transaction() as connection:
            if not self._alerts_known:
                connection.execute(delete(alerts))
            if rows:
                connection.execute(insert(alerts), rows)
            for row in rows:
                self._alert_digest.update(alert_line(row))
            own = _alerts_row(self._alerts)
            own["seal"] = alerts_seal(own, self._alert_digest)
            replace_segment(connection, own)
        self._alerts_kept = own
        self._alerts_known = True


def _segment_row(number: int, scan: SegmentScan) -> Row:
    return {
        "segment": number,
        "name": scan.path.name,
        "bytes": scan.size,
        "watermark": scan.watermark,
        "sha256": scan.sha256,
        "first_us": scan.first_us,
        "last_us": scan.last_us,
        "frames": scan.frames,
        "bad_bytes": scan.bad_bytes,
        "problem": scan.problem,
    }


def _alerts_row(scan: AlertScan) -> Row:
    return {
        "segment": ALERTS_NUMBER,
        "name": ALERTS_NAME,
        "bytes": scan.size,
        "watermark": scan.watermark,
        "sha256": scan.sha256,
        "first_us": scan.first_us,
        "last_us": scan.last_us,
        "frames": scan.lines,
        "bad_bytes": scan.bad_bytes,
        "problem": "",
    }
