"""The points of a track as one array, thinned by the database."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, or_, select

from ops.index.tables import sightings, tracks
from ops.index.views import vehicles_query

POINT = np.dtype(
    [
        ("time_s", "f8"),
        ("lat_deg", "f8"),
        ("lon_deg", "f8"),
        ("height_amsl_m", "f8"),
        ("height_relative_m", "f8"),
        ("ground_speed_m_s", "f8"),
        ("heading_deg", "f8"),
    ]
)
"""A point of a track; the heading is NaN where the vehicle does not know it."""
MOST_POINTS = 100_000


def component_of(connection: Connection, system: int) -> int:
    """The component of a system that is the autopilot, else one that told a place."""
    of = vehicles_query().subquery()
    ranked = (
        select(of.c.component).where(of.c.system == system).order_by(of.c.kind.is_(None), of.c.last_us.desc())
    )
    found = connection.execute(ranked.limit(1)).scalar()
    return 1 if found is None else int(found)


def points_of(
    connection: Connection, vehicle: int, since_s: float | None, until_s: float | None, most: int
) -> list[Any]:
    """Rows of `tracks` in time's order, thinned by the database."""
    heard = select(sightings.c.segment).where(
        sightings.c.vehicle == vehicle,
        *([sightings.c.last_us >= us(since_s)] if since_s is not None else []),
        *([sightings.c.first_us <= us(until_s)] if until_s is not None else []),
    )
    wanted = [
        tracks.c.segment.in_(heard),
        tracks.c.vehicle == vehicle,
        *within(tracks.c.time_us, since_s, until_s),
    ]
    count = int(connection.execute(select(func.count()).select_from(tracks).where(*wanted)).scalar_one())
    of = tracks.c
    columns = (of.time_us, of.lat_e7, of.lon_e7, of.amsl_mm, of.relative_mm, of.speed_cm_s, of.heading_cdeg)
    in_order = (of.time_us, of.segment, of.at)
    if count <= most:
        return list(connection.execute(select(*columns).where(*wanted).order_by(*in_order)))
    step = -(-count // (most - 1))
    place = func.row_number().over(order_by=in_order).label("place")
    numbered = select(*columns, place).where(*wanted).subquery()
    kept = or_((numbered.c.place - 1) % step == 0, numbered.c.place == count)
    plain = [column for column in numbered.c if column.name != "place"]
    return list(connection.execute(select(*plain).where(kept).order_by(numbered.c.place)))


def laid(rows: list[Any]) -> npt.NDArray[np.void]:
    """Rows as an array of `POINT`."""
    points = np.zeros(len(rows), POINT)
    if not rows:
        return points
    scales = (1e6, 1e7, 1e7, 1e3, 1e3, 1e2, 1e2)
    table = np.array([[np.nan if value is None else value for value in row] for row in rows], float)
    for number, (name, scale) in enumerate(zip(POINT.names or (), scales, strict=True)):
        points[name] = table[:, number] / scale
    return points


def within(column: Any, since_s: float | None, until_s: float | None) -> list[Any]:
    """The conditions for a time between two, either of which may be None."""
    since = [column >= us(since_s)] if since_s is not None else []
    return since + ([column <= us(until_s)] if until_s is not None else [])


def us(time_s: float) -> int:
    """Microseconds."""
    return round(time_s * 1e6)
