"""Parquet as an archive wants it: sorted, compressed, with statistics, and saying where it came from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from telemetry.archive import tables

ROWS_IN_GROUP = 65_536
SOURCE_KEY = b"droneteam.segments"
"""Where a file says which recordings its rows came from: JSON, a list of name, sha256, frames and rows."""
NO_DATE = "__HIVE_DEFAULT_PARTITION__"
"""The day of rows whose time makes no sense: NULL, as Hive writes it."""
MOST_DAYS = 64
_DAY_US = 86_400_000_000
_SORTED = ("system", "component", "key", "time")
"""By what a table is sorted: by those of them that it has."""


def write_parquet(table: pa.Table, path: Path, source: Mapping[str, Any]) -> tuple[int, str]:
    """Write a table sorted by who and time; gives the file's size and SHA-256.

    The file is forced to the disk. Raises OSError.
    """
    told = json.dumps([{**source, "rows": len(table)}])
    order = [
        pq.SortingColumn(table.schema.get_field_index(name)) for name in _SORTED if name in table.schema.names
    ]
    write_plain(table.replace_schema_metadata({SOURCE_KEY: told.encode()}), path, order)
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def write_plain(table: pa.Table, path: Path, order: list[pq.SortingColumn] | None = None) -> None:
    """Write a table as it is, each column laid as suits its values; `order` says by what it is sorted."""
    encodings = {field.name: how for field in table.schema if (how := _encoding(field)) is not None}
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=ROWS_IN_GROUP,
        use_dictionary=[name for name in table.schema.names if name not in encodings],
        column_encoding=encodings,
        sorting_columns=order,
    )


def _encoding(field: pa.Field) -> str | None:
    """How a column's values lie best where hardly any comes twice: as steps, or byte by byte; else None."""
    kind = field.type
    if kind in {tables.TIME, pa.int32(), pa.int64(), pa.uint32(), pa.uint64()}:
        return "DELTA_BINARY_PACKED"
    if kind == pa.float32() or field.name in {"lat_deg", "lon_deg"}:
        return "BYTE_STREAM_SPLIT"
    return None


def source_of(path: Path) -> list[dict[str, Any]]:
    """Which recordings a Parquet file of an archive came from, as the file itself says."""
    metadata = pq.read_schema(path).metadata or {}
    return list(json.loads(metadata.get(SOURCE_KEY, b"[]")))


def days_of(times_us: npt.NDArray[np.int64]) -> frozenset[int]:
    """The days since 1970 that the files of a recording are made for, by its frames' times.

    At most 64: a damaged recording may claim any number. Time 0 is a frame without one.
    """
    days, counts = np.unique(times_us[times_us > 0] // _DAY_US, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:MOST_DAYS]
    return frozenset(days[most].tolist())


def by_day(table: pa.Table, days: frozenset[int]) -> Iterator[tuple[str, pa.Table]]:
    """The table's rows by UTC day, in their order, each with its day's name."""
    own = times_of(table) // _DAY_US
    own = np.where(np.isin(own, list(days)), own, -1)
    for day in np.unique(own).tolist():
        name = NO_DATE if day < 0 else str(np.datetime64(day, "D"))
        yield name, table if (own == day).all() else table.filter(pa.array(own == day))


def times_of(table: pa.Table) -> npt.NDArray[np.int64]:
    """A table's times, microseconds since 1970 UTC."""
    return np.asarray(table.column("time").combine_chunks().view(pa.int64()))
