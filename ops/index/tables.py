"""The tables of a telemetry index, as SQLAlchemy Core has them; the same for SQLite and PostgreSQL.

Every row of `sightings`, `legs` and `tracks` belongs to one segment and follows from its bytes alone: a
segment can be indexed again, or its rows be taken out, without touching another. `vehicles` and `flights` are
views that join these over the segments. Whole numbers on the wire's own scale save half of the space.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
)

SCHEMA_VERSION = 2
APPLICATION_ID = 0x44546978
"""SQLite's mark of whose file it is: "DTix"."""
NEWEST_VERSION_THAT_MAKES_SENSE = 1000
"""What claims to be later is damage, and no index of a newer Droneteam."""

metadata = MetaData()

segments = Table(
    "segments",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, unique=True),
    Column("bytes", BigInteger, nullable=False),
    Column("watermark", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("first_us", BigInteger),
    Column("last_us", BigInteger),
    Column("frames", BigInteger, nullable=False),
    Column("bad_bytes", BigInteger, nullable=False),
    Column("problem", String, nullable=False),
    Column("seal", String, nullable=False),
)
"""A recording. `watermark` is up to which byte it is indexed, `sha256` that of the bytes before it, `seal` a
digest of all rows that follow from it: damage to a row shows. The log of alerts is one of them."""

sightings = Table(
    "sightings",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("vehicle", Integer, primary_key=True, autoincrement=False),
    Column("system", SmallInteger, nullable=False),
    Column("component", SmallInteger, nullable=False),
    Column("kind", String),
    Column("autopilot", String),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("frames", BigInteger, nullable=False),
)
"""One vehicle in one segment. `vehicle` is 256 times the system plus the component."""

legs = Table(
    "legs",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("vehicle", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=False),
    Column("begins_open", Boolean, nullable=False),
    Column("ends_open", Boolean, nullable=False),
    Column("airborne_us", BigInteger),
    Column("highest_relative_mm", BigInteger),
    Column("highest_amsl_mm", BigInteger),
    Column("distance_m", Float, nullable=False),
    Column("battery_begin_pct", SmallInteger),
    Column("battery_end_pct", SmallInteger),
    Column("mode", String, nullable=False),
)
"""What of a flight lies in one segment: from arming to disarming, or to the edge of the segment."""

tracks = Table(
    "tracks",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("vehicle", Integer, primary_key=True, autoincrement=False),
    Column("time_us", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("lat_e7", Integer, nullable=False),
    Column("lon_e7", Integer, nullable=False),
    Column("amsl_mm", Integer, nullable=False),
    Column("relative_mm", Integer, nullable=False),
    Column("speed_cm_s", Integer, nullable=False),
    Column("heading_cdeg", Integer),
    Column("cell", Integer, nullable=False),
    Index("tracks_by_place", "cell", "time_us"),
    sqlite_with_rowid=False,
)
"""Positions, the first of each second. `at` is the byte of the segment at which its frame begins, `cell` the
hundredth of a degree that it lies in (`ops.index.cells`)."""

alerts = Table(
    "alerts",
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False, index=True),
    Column("vehicle", Integer, nullable=False),
    Column("rule", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("priority", String, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("text", String, nullable=False),
    Column("value", Float),
    Column("limit", Float),
    Column("unit", String, nullable=False),
    Column("who", String, nullable=False),
    Column("why", String, nullable=False),
    Column("until_s", Float),
    Column("quiet", Boolean, nullable=False),
)
"""Transitions of alarms, each the line of `alerts.jsonl` that begins at byte `at`; `vehicle` is a system."""

foreigners = Table(
    "foreigners",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", String, nullable=False, index=True),
    Column("source", String, nullable=False),
    Column("link", String, nullable=False),
    Column("kind", String),
    Column("name", String),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("positions", BigInteger, nullable=False),
)
"""An aircraft, a person or a thing that is not ours, in one segment of what was received; the first that has
a place there has number 0."""

foreign_points = Table(
    "foreign_points",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time_us", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("lat_e7", Integer, nullable=False),
    Column("lon_e7", Integer, nullable=False),
    Column("height_mm", Integer),
    Column("reference", SmallInteger),
    Column("speed_cm_s", Integer),
    Column("course_cdeg", Integer),
    Column("cell", Integer, nullable=False),
    Index("foreign_points_by_place", "cell", "time_us"),
    sqlite_with_rowid=False,
)
"""Their positions, the first of each second. `at` is where the line begins that says it, `reference` the
place of its height's reference in `telemetry.traffic.aircraft.HEIGHT_REFERENCES`."""

OF_A_SEGMENT = (sightings, legs, tracks)
OF_RECEIVED = (foreigners, foreign_points)
EVERY = (segments, sightings, legs, tracks, alerts, foreigners, foreign_points)
