"""What was received beside MAVLink as tables: where others were, and everything as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import pyarrow as pa

from telemetry.archive.tables import TIME
from telemetry.received.items import Item
from telemetry.received.positions import ForeignPosition, positions_of

FOREIGN_POSITIONS = pa.schema(
    [
        ("time", TIME),
        ("true_time", TIME),
        ("key", pa.string()),
        ("source", pa.string()),
        ("link", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("lat_deg", pa.float64()),
        ("lon_deg", pa.float64()),
        ("height_m", pa.float64()),
        ("height_reference", pa.string()),
        ("course_deg", pa.float64()),
        ("speed_m_s", pa.float64()),
        ("climb_m_s", pa.float64()),
    ]
)
"""One position of somebody who is not ours a row; `time` is when it was received, `true_time` when it was
true by its source's own word. Null: not known. Sorted by key and time."""
RECEIVED = pa.schema(
    [
        ("time", TIME),
        ("link", pa.string()),
        ("form", pa.string()),
        ("sender", pa.string()),
        ("data", pa.binary()),
        ("cut", pa.bool_()),
    ]
)
"""Everything that was received, as it came, by time."""
FOREIGN_KEYS, RECEIVED_KEYS = ("key", "time"), ("time",)


def foreign_table(items: Sequence[Item]) -> pa.Table:
    """The positions that the items of one segment bring."""
    rows = [_row(position) for position in positions_of(items)]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(FOREIGN_POSITIONS)
    return _in_order(columns, FOREIGN_POSITIONS, FOREIGN_KEYS)


def received_table(items: Sequence[Item]) -> pa.Table:
    """The items themselves."""
    columns = [
        [item.time_us for item in items],
        *([getattr(item, name) for item in items] for name in RECEIVED.names[1:]),
    ]
    return _in_order(columns, RECEIVED, RECEIVED_KEYS)


def _row(position: ForeignPosition) -> tuple[object, ...]:
    time_us, true_s, *others = astuple(position)
    return (time_us, round(true_s * 1e6), *others)


def _in_order(columns: Sequence[Sequence[object]], schema: pa.Schema, keys: Sequence[str]) -> pa.Table:
    table = pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
    return table.sort_by([(name, "ascending") for name in keys])
