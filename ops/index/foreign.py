"""Questions about others: who was there that is not ours, where, and what is known of their heights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Select, case, func, or_, select

from ops.index.cells import ranges
from ops.index.points import us, within
from ops.index.tables import foreign_points, foreigners, segments
from telemetry.traffic.aircraft import HEIGHT_REFERENCES

FOREIGN_POINT = np.dtype(
    [
        ("time_s", "f8"),
        ("lat_deg", "f8"),
        ("lon_deg", "f8"),
        ("height_m", "f8"),
        ("height_reference", "U20"),
        ("speed_m_s", "f8"),
        ("course_deg", "f8"),
    ]
)
"""A point of an aircraft that is not ours; NaN and "" for what is not known."""


@dataclass(frozen=True, slots=True)
class Foreigner:
    """Somebody who is not ours. `key` is as the page has it, `source` who told, `link` over which link.

    Times are when its first and last position came, seconds since 1970 UTC; `positions` how many did.
    """

    key: str
    source: str
    link: str
    kind: str | None
    name: str | None
    first_s: float
    last_s: float
    positions: int


@dataclass(frozen=True, slots=True)
class ForeignPassage:
    """One of them in a box within one segment: its first and last point there, and how many."""

    key: str
    first_s: float
    last_s: float
    points: int
    segment: str


def foreigners_query(since_s: float | None, until_s: float | None) -> Select[Any]:
    """One row for each key, joined over the segments; kind, name and link are those told last."""
    own: dict[str, Any] = {"partition_by": foreigners.c.key}
    newest = [foreigners.c.last_us.desc(), foreigners.c.segment.desc()]

    def last_known(name: str) -> Any:
        unknown = case((foreigners.c[name].is_(None), 1), else_=0)
        return func.first_value(foreigners.c[name]).over(**own, order_by=[unknown, *newest]).label(name)

    ranked = select(
        foreigners.c.key,
        foreigners.c.source,
        foreigners.c.link,
        last_known("kind"),
        last_known("name"),
        func.min(foreigners.c.first_us).over(**own).label("first_us"),
        func.max(foreigners.c.last_us).over(**own).label("last_us"),
        func.sum(foreigners.c.positions).over(**own).label("positions"),
        func.row_number().over(**own, order_by=newest).label("rank"),
    ).subquery()
    wanted = [ranked.c.rank == 1]
    wanted += [ranked.c.last_us >= us(since_s)] if since_s is not None else []
    wanted += [ranked.c.first_us <= us(until_s)] if until_s is not None else []
    return select(ranked).where(*wanted).order_by(ranked.c.first_us, ranked.c.key)


def foreigner_of(row: dict[str, Any]) -> Foreigner:
    """A row of `foreigners_query` on the scale of a person."""
    return Foreigner(
        row["key"],
        row["source"],
        row["link"],
        row["kind"],
        row["name"],
        row["first_us"] / 1e6,
        row["last_us"] / 1e6,
        int(row["positions"]),
    )


def foreign_way(
    connection: Connection, key: str, since_s: float | None, until_s: float | None, most: int
) -> npt.NDArray[np.void]:
    """The points of one of them in time's order, (n,) of FOREIGN_POINT; of more than `most` every so many."""
    of = foreign_points.c
    mine = (foreigners.c.segment == of.segment) & (foreigners.c.number == of.number)
    columns = (of.time_us, of.lat_e7, of.lon_e7, of.height_mm, of.reference, of.speed_cm_s, of.course_cdeg)
    wanted = [foreigners.c.key == key, *within(of.time_us, since_s, until_s)]
    question = select(*columns).join(foreigners, mine).where(*wanted).order_by(of.time_us, of.segment, of.at)
    count = int(connection.execute(select(func.count()).select_from(question.subquery())).scalar_one())
    step = 1 if count <= most else -(-count // (most - 1))
    rows = list(connection.execute(question))
    kept = rows[::step] if (count - 1) % step == 0 else [*rows[::step], rows[-1]]
    points = np.zeros(len(kept), FOREIGN_POINT)
    for number, row in enumerate(kept):
        time_us, lat_e7, lon_e7, height_mm, reference, speed, course = row
        points[number] = (
            time_us / 1e6,
            lat_e7 / 1e7,
            lon_e7 / 1e7,
            np.nan if height_mm is None else height_mm / 1e3,
            "" if reference is None else HEIGHT_REFERENCES[reference],
            np.nan if speed is None else speed / 1e2,
            np.nan if course is None else course / 1e2,
        )
    return points


def foreign_passages_query(
    sides_e7: tuple[int, int, int, int], since_s: float | None, until_s: float | None
) -> Select[Any]:
    """Who of them was in a box (south, west, north, east, degrees times 10^7), a row each and segment."""
    south, west, north, east = sides_e7
    of = foreign_points.c
    wanted = within(of.time_us, since_s, until_s)
    wanted += [of.lat_e7.between(south, north), of.lon_e7.between(west, east)]
    cells = ranges(south, west, north, east)
    wanted += [or_(*(of.cell.between(*pair) for pair in cells))] if cells else []
    mine = (foreigners.c.segment == of.segment) & (foreigners.c.number == of.number)
    return (
        select(
            foreigners.c.key,
            segments.c.name,
            func.min(of.time_us).label("first_us"),
            func.max(of.time_us).label("last_us"),
            func.count().label("points"),
        )
        .join(foreigners, mine)
        .join(segments, segments.c.segment == of.segment)
        .where(*wanted)
        .group_by(foreigners.c.key, segments.c.name)
        .order_by(func.min(of.time_us), foreigners.c.key)
    )
