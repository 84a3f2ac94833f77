"""Vehicles and flights, joined over the segments by the database itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select, text

from ops.index.fold import LOST_US
from ops.index.tables import legs, segments, sightings


def vehicles_query() -> Select[Any]:
    """One row a vehicle; its kind is the one heard last."""
    own: dict[str, Any] = {"partition_by": sightings.c.vehicle}
    newest = [sightings.c.kind.is_(None), sightings.c.last_us.desc(), sightings.c.segment.desc()]
    ranked = select(
        sightings.c.vehicle,
        sightings.c.system,
        sightings.c.component,
        sightings.c.kind,
        sightings.c.autopilot,
        func.min(sightings.c.first_us).over(**own).label("first_us"),
        func.max(sightings.c.last_us).over(**own).label("last_us"),
        func.sum(sightings.c.frames).over(**own).label("frames"),
        func.row_number().over(**own, order_by=newest).label("rank"),
    ).subquery()
    columns = [column for column in ranked.c if column.name != "rank"]
    return select(*columns).where(ranked.c.rank == 1)


def flights_query() -> Select[Any]:
    """One row a flight: legs that follow each other over the edge of a segment are one."""
    in_order: dict[str, Any] = {
        "partition_by": legs.c.vehicle,
        "order_by": [legs.c.began_us, legs.c.segment, legs.c.number],
    }
    ranked = select(
        *legs.c,
        func.lag(legs.c.ends_open).over(**in_order).label("open_before"),
        func.lag(legs.c.ended_us).over(**in_order).label("ended_before_us"),
    ).subquery()
    gap_us = ranked.c.began_us - ranked.c.ended_before_us
    goes_on = and_(ranked.c.begins_open, ranked.c.open_before, gap_us.between(-LOST_US, LOST_US))
    marked = select(*ranked.c, case((goes_on, 0), else_=1).label("first")).subquery()
    again: dict[str, Any] = {
        "partition_by": marked.c.vehicle,
        "order_by": [marked.c.began_us, marked.c.segment, marked.c.number],
    }
    numbered = select(
        *marked.c,
        func.sum(marked.c.first).over(**again).label("flight"),
        func.coalesce(func.lead(marked.c.first).over(**again), 1).label("last"),
    ).subquery()
    of = numbered.c
    begin, end = of.first == 1, of.last == 1
    flights = (
        select(
            of.vehicle,
            of.flight,
            func.min(of.began_us).label("began_us"),
            func.max(of.ended_us).label("ended_us"),
            func.max(case((and_(begin, of.begins_open), 1), else_=0)).label("begins_open"),
            func.max(case((and_(end, of.ends_open), 1), else_=0)).label("ends_open"),
            func.min(of.airborne_us).label("airborne_us"),
            func.max(of.highest_relative_mm).label("highest_relative_mm"),
            func.max(of.highest_amsl_mm).label("highest_amsl_mm"),
            func.sum(of.distance_m).label("distance_m"),
            func.max(case((begin, of.battery_begin_pct))).label("battery_begin_pct"),
            func.max(case((end, of.battery_end_pct))).label("battery_end_pct"),
            func.max(case((end, of.mode))).label("mode"),
            func.max(case((begin, of.segment))).label("first_segment"),
            func.max(case((end, of.segment))).label("last_segment"),
        )
        .group_by(of.vehicle, of.flight)
        .subquery()
    )
    first, last = segments.alias("first"), segments.alias("last")
    columns = [column for column in flights.c if column.name not in ("first_segment", "last_segment")]
    return (
        select(*columns, first.c.name.label("first_segment"), last.c.name.label("last_segment"))
        .join(first, first.c.segment == flights.c.first_segment)
        .join(last, last.c.segment == flights.c.last_segment)
    )


def create_views(connection: Connection) -> None:
    """`vehicles` and `flights`, for whoever opens the database with other tools."""
    for name, query in (("vehicles", vehicles_query()), ("flights", flights_query())):
        body = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
        connection.execute(text(f"CREATE VIEW {name} AS {body}"))
