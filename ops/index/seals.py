"""Digests of rows: what SQLite's own checks do not see, a changed figure in a sound page, they do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from ops.index.alert_log import ALERTS_NUMBER
from ops.index.events import SECOND_US
from ops.index.tables import alerts, foreign_points, foreigners, legs, segments, sightings, tracks
from telemetry.segments.seals import RECEIVED

Row = Mapping[str, Any]
_KEPT = 32
_ALERT_NAMES = [column.name for column in alerts.c]
_SUMMED = ("vehicle", "at", "lat_e7", "lon_e7", "amsl_mm", "relative_mm", "speed_cm_s", "cell")
_FOREIGN_SUMMED = ("number", "at", "lat_e7", "lon_e7", "cell")
_FOREIGN_OR_NULL = ("height_mm", "reference", "speed_cm_s", "course_cdeg")
_NULL = -1_000_003
"""What stands in a sum for a value that is not known."""


class PointSums:
    """The count of a segment's track points and the sum of each of their columns."""

    def __init__(self) -> None:
        self.values = [0] * (len(_SUMMED) + 4)

    def add(self, points: Iterable[Row]) -> None:
        """Count points in."""
        rows = [
            (
                1,
                point["time_us"] // SECOND_US,
                point["time_us"] % SECOND_US,
                -1 if point["heading_cdeg"] is None else point["heading_cdeg"],
                *(point[name] for name in _SUMMED),
            )
            for point in points
        ]
        self.values = [sum(column) for column in zip(self.values, *rows, strict=True)]


class ForeignSums:
    """The same of a segment's points of others."""

    def __init__(self) -> None:
        self.values = [0] * (3 + len(_FOREIGN_SUMMED) + len(_FOREIGN_OR_NULL))

    def add(self, points: Iterable[Row]) -> None:
        """Count points in."""
        rows = [
            (
                1,
                point["time_us"] // SECOND_US,
                point["time_us"] % SECOND_US,
                *(point[name] for name in _FOREIGN_SUMMED),
                *(_NULL if point[name] is None else point[name] for name in _FOREIGN_OR_NULL),
            )
            for point in points
        ]
        self.values = [sum(column) for column in zip(self.values, *rows, strict=True)]


def received_seal(segment: Row, sums: Sequence[int], others: Iterable[Row]) -> str:
    """The digest of a segment of received things: its own row, who is in it, the sums of their points."""
    told = [_plain(row, foreigners.c.keys()) for row in others]
    parts = [_plain(segment, segments.c.keys()), list(sums), sorted(told, key=repr)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_KEPT]


def seal_of(segment: Row, sums: Sequence[int], leg_rows: Iterable[Row], sighting_rows: Iterable[Row]) -> str:
    """The digest of a segment's own row, its legs and sightings, and the sums of its points."""
    own = [_plain(segment, segments.c.keys())]
    told = [_plain(row, legs.c.keys()) for row in leg_rows]
    heard = [_plain(row, sightings.c.keys()) for row in sighting_rows]
    parts = [own, list(sums), sorted(told, key=repr), sorted(heard, key=repr)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_KEPT]


def alert_line(row: Row) -> bytes:
    """What a row of `alerts` adds to the digest of all."""
    return json.dumps([row[name] for name in _ALERT_NAMES]).encode()


def broken_seals(connection: Connection) -> list[str]:
    """The segments whose rows are not as they were written, by name; "" for rows of no segment."""
    whole = {row["segment"]: dict(row) for row in connection.execute(select(segments)).mappings()}
    sums = _sums(connection)
    told, heard = _grouped(connection, legs), _grouped(connection, sightings)
    others, way = _grouped(connection, foreigners), _foreign_sums(connection)
    every = sums.keys() | told.keys() | heard.keys() | others.keys() | way.keys()
    broken = [""] if every - whole.keys() else []
    nothing, no_way = PointSums().values, ForeignSums().values
    for number, row in whole.items():
        if number == ALERTS_NUMBER:
            sound = row["seal"] == _alerts_seal(connection, row)
        elif row["name"].endswith(RECEIVED):
            seal = received_seal(row, way.get(number, no_way), others.get(number, ()))
            sound = row["seal"] == seal and number not in sums.keys() | told.keys() | heard.keys()
        else:
            seal = seal_of(row, sums.get(number, nothing), told.get(number, ()), heard.get(number, ()))
            sound = row["seal"] == seal and number not in others.keys() | way.keys()
        if not sound:
            broken.append(row["name"])
    if ALERTS_NUMBER not in whole and connection.execute(select(func.count()).select_from(alerts)).scalar():
        broken.append("")
    return broken


def alerts_seal(segment: Row, digest: Any) -> str:
    """The digest of the row of the log of alerts and of all alerts in it."""
    lines = digest.copy()
    lines.update(json.dumps(_plain(segment, segments.c.keys())).encode())
    return str(lines.hexdigest()[:_KEPT])


def _alerts_seal(connection: Connection, segment: Row) -> str:
    digest = hashlib.sha256()
    for row in connection.execute(select(alerts).order_by(alerts.c.at)).mappings():
        digest.update(alert_line(dict(row)))
    return alerts_seal(segment, digest)


def _sums(connection: Connection) -> dict[int, list[int]]:
    columns = [
        func.count(),
        func.sum(tracks.c.time_us // SECOND_US),
        func.sum(tracks.c.time_us % SECOND_US),
        func.sum(func.coalesce(tracks.c.heading_cdeg, -1)),
        *(func.sum(tracks.c[name]) for name in _SUMMED),
    ]
    rows = connection.execute(select(tracks.c.segment, *columns).group_by(tracks.c.segment))
    return {segment: list(values) for segment, *values in rows}


def _foreign_sums(connection: Connection) -> dict[int, list[int]]:
    of = foreign_points.c
    columns = [
        func.count(),
        func.sum(of.time_us // SECOND_US),
        func.sum(of.time_us % SECOND_US),
        *(func.sum(of[name]) for name in _FOREIGN_SUMMED),
        *(func.sum(func.coalesce(of[name], _NULL)) for name in _FOREIGN_OR_NULL),
    ]
    rows = connection.execute(select(of.segment, *columns).group_by(of.segment))
    return {segment: list(values) for segment, *values in rows}


def _grouped(connection: Connection, table: Any) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in connection.execute(select(table)).mappings():
        found.setdefault(row["segment"], []).append(dict(row))
    return found


def _plain(row: Row, names: Iterable[str]) -> list[Any]:
    return [row[name] for name in names if name != "seal"]
