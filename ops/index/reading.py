"""Questions to the index of a folder: who flew, when, where, and which alarms there were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Select, and_, func, or_, select

from missions.errors import InputError
from ops.beside import INDEX_NAME
from ops.index.cells import ranges
from ops.index.database import reading
from ops.index.foreign import (
    Foreigner,
    ForeignPassage,
    foreign_passages_query,
    foreign_way,
    foreigner_of,
    foreigners_query,
)
from ops.index.locks import using
from ops.index.points import MOST_POINTS, component_of, laid, points_of, us, within
from ops.index.rows import Alert, Flight, Passage, Segment, Vehicle, flight_of, seconds
from ops.index.tables import alerts, segments, tracks
from ops.index.views import flights_query, vehicles_query
from telemetry.segments.seals import SUFFIXES


class Index:
    """Answers from the index of a folder, as far as it is filled.

    A connection lives as long as a question. Raises IndexDamaged where the file is damaged, OutputError where
    it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def segments(self) -> tuple[Segment, ...]:
        """The recordings in order, the log of alerts after them."""
        rows = self._rows(select(segments).order_by(segments.c.first_us.is_(None), segments.c.first_us))
        return tuple(
            Segment(
                **{
                    name: row[name]
                    for name in ("name", "bytes", "watermark", "sha256", "frames", "bad_bytes")
                },
                problem=row["problem"],
                first_s=seconds(row["first_us"]),
                last_s=seconds(row["last_us"]),
            )
            for row in sorted(rows, key=lambda row: not row["name"].endswith(SUFFIXES))
        )

    def vehicles(self) -> tuple[Vehicle, ...]:
        """Every vehicle heard, by its numbers."""
        rows = self._rows(vehicles_query())
        return tuple(
            Vehicle(
                row["system"],
                row["component"],
                row["kind"],
                row["autopilot"],
                row["first_us"] / 1e6,
                row["last_us"] / 1e6,
                int(row["frames"]),
            )
            for row in sorted(rows, key=lambda row: row["vehicle"])
        )

    def flights(
        self, system: int | None = None, since_s: float | None = None, until_s: float | None = None
    ) -> tuple[Flight, ...]:
        """The flights of one vehicle or of all, those that touch the times given, oldest first."""
        of = flights_query().subquery()
        wanted = [of.c.ended_us >= us(since_s)] if since_s is not None else []
        wanted += [of.c.began_us <= us(until_s)] if until_s is not None else []
        wanted += [of.c.vehicle.between(system << 8, system << 8 | 0xFF)] if system is not None else []
        rows = self._rows(select(of).where(and_(True, *wanted)).order_by(of.c.began_us, of.c.vehicle))
        return tuple(map(flight_of, rows))

    def track(
        self,
        system: int,
        since_s: float | None = None,
        until_s: float | None = None,
        at_most_points: int | None = None,
        *,
        component: int | None = None,
    ) -> npt.NDArray[np.void]:
        """The points of a vehicle (n,) of `POINT`, rising in time; `pandas.DataFrame` takes it as it is.

        Of more than `at_most_points` every second, third … is given, and the first and the last. Where
        several components of the system told a place it is the autopilot's unless one is named. Raises
        InputError for fewer than two points.
        """
        most = _most(at_most_points)
        with self._connection() as connection:
            part = component if component is not None else component_of(connection, system)
            rows = points_of(connection, system << 8 | part, since_s, until_s, most)
        return laid(rows)

    def alerts(
        self,
        vehicle: int | None = None,
        since_s: float | None = None,
        until_s: float | None = None,
        at_most: int | None = None,
    ) -> tuple[Alert, ...]:
        """The transitions of alarms, oldest first; with `at_most` the newest of them."""
        wanted = within(alerts.c.time_us, since_s, until_s)
        wanted += [alerts.c.vehicle == vehicle] if vehicle is not None else []
        question = select(alerts).where(and_(True, *wanted))
        question = question.order_by(alerts.c.time_us.desc(), alerts.c.at.desc()).limit(at_most)
        names = Alert.__slots__
        rows = [{**row, "time_s": row["time_us"] / 1e6} for row in self._rows(question)]
        return tuple(Alert(**{name: row[name] for name in names}) for row in reversed(rows))

    def passages(
        self,
        box_deg: tuple[float, float, float, float],
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> tuple[Passage, ...]:
        """Who was in a box (south, west, north, east), by its points of one a second. Raises InputError."""
        south, west, north, east = _sides_e7(box_deg)
        wanted = within(tracks.c.time_us, since_s, until_s)
        wanted += [tracks.c.lat_e7.between(south, north), tracks.c.lon_e7.between(west, east)]
        cells = ranges(south, west, north, east)
        wanted += [or_(*(tracks.c.cell.between(*pair) for pair in cells))] if cells else []
        own = (
            select(
                tracks.c.segment,
                tracks.c.vehicle,
                func.min(tracks.c.time_us).label("first_us"),
                func.max(tracks.c.time_us).label("last_us"),
                func.count().label("points"),
            )
            .where(*wanted)
            .group_by(tracks.c.segment, tracks.c.vehicle)
            .subquery()
        )
        named = select(own, segments.c.name).join(segments, segments.c.segment == own.c.segment)
        return tuple(
            Passage(
                row["vehicle"] >> 8,
                row["vehicle"] & 0xFF,
                row["first_us"] / 1e6,
                row["last_us"] / 1e6,
                row["points"],
                row["name"],
            )
            for row in self._rows(named.order_by(own.c.first_us, own.c.vehicle))
        )

    def foreigners(self, since_s: float | None = None, until_s: float | None = None) -> tuple[Foreigner, ...]:
        """Everybody who is not ours and told a place, by when they were first heard.

        From receivers of ADS-B, TAK and reports of foreign tracks; what our own aircraft heard of others is
        in the recordings of these.
        """
        return tuple(map(foreigner_of, self._rows(foreigners_query(since_s, until_s))))

    def foreign_track(
        self,
        key: str,
        since_s: float | None = None,
        until_s: float | None = None,
        at_most_points: int | None = None,
    ) -> npt.NDArray[np.void]:
        """The points of one of them (n,) of `FOREIGN_POINT`, one a second, rising in time; as `track`."""
        most = _most(at_most_points)
        with self._connection() as connection:
            return foreign_way(connection, key, since_s, until_s, most)

    def foreign_passages(
        self,
        box_deg: tuple[float, float, float, float],
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> tuple[ForeignPassage, ...]:
        """Who of them was in a box (south, west, north, east); as `passages`. Raises InputError."""
        rows = self._rows(foreign_passages_query(_sides_e7(box_deg), since_s, until_s))
        return tuple(
            ForeignPassage(
                row["key"], row["first_us"] / 1e6, row["last_us"] / 1e6, row["points"], row["name"]
            )
            for row in rows
        )

    def _rows(self, question: Select[Any]) -> list[dict[str, Any]]:
        with self._connection() as connection:
            return [dict(row) for row in connection.execute(question).mappings()]

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with using(self.folder), reading(self.folder / INDEX_NAME) as connection:
            yield connection


def _most(at_most_points: int | None) -> int:
    most = MOST_POINTS if at_most_points is None else at_most_points
    if most < 2:
        raise InputError(f"a track of {most} points is none", remedy="Ask for two or more")
    return most


def _sides_e7(box_deg: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """South, west, north and east of a box, degrees times 10^7. Raises InputError."""
    south, west, north, east = (round(side * 1e7) for side in box_deg)
    if not (
        -900_000_000 <= south <= north <= 900_000_000 and -1_800_000_000 <= west <= east <= 1_800_000_000
    ):
        raise InputError(
            f"{box_deg} is no box", remedy="Give south, west, north, east in degrees, the smaller ones first"
        )
    return south, west, north, east
