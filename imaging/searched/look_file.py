"""Looks as a Parquet file: which frame saw which place, for `why`, for the next search, and for any DuckDB.

One row a look, sorted by place: `place`, `cell_row`, `cell_column`, `frame` (a number), `pixels`,
`slide_px_s`, `off_nadir_deg`, `azimuth_deg`, `spread_k`, `above_k` (NaN where a frame tells nothing of the
ground's heat; files from before have neither). The frames are a list in the file's metadata, with the grid.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from missions.bounded_json import load_json
from missions.errors import FormatError, InputError
from missions.files import read_bounded, write_whole
from missions.plan_file import value_as
from missions.search.grid import SearchGrid
from missions.search.looks import LOOKED, MAX_LOOKS, MEASURED_COLUMNS, Looks, Seen

FORMAT = "droneteam-looks"
VERSION = 1
LIMIT_BYTES = 1_000_000_000
MAX_FRAMES = 500_000
_SIDES = range(1, 21)
_KEY = b"droneteam.looks"
_FLOATS = (*LOOKED, *MEASURED_COLUMNS)
_REMEDY = "Use the file that was written with this map, or search again from the recordings"


def looks_path(search_map: Path) -> Path:
    """Where the looks of a map are kept: beside it."""
    return search_map.with_name(f"{search_map.stem}.looks.parquet")


def write_looks(looks: Looks, path: Path) -> str:
    """Write the looks whole or not at all; gives the file's SHA-256. Raises OutputError."""
    cell = looks.cell
    columns: dict[str, Any] = {
        "place": looks.place,
        "cell_row": (cell // looks.grid.columns).astype(np.int32),
        "cell_column": (cell % looks.grid.columns).astype(np.int32),
        "frame": looks.frame,
        **{name: getattr(looks, name).astype(np.float32) for name in _FLOATS},
    }
    told = {
        "format": FORMAT,
        "version": VERSION,
        "grid": _told_grid(looks.grid),
        "per_side": looks.per_side,
        "frames": [dataclasses.asdict(frame) for frame in looks.frames],
    }
    table = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(told).encode()})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    data = buffer.getvalue()
    write_whole(path, data)
    return hashlib.sha256(data).hexdigest()


def read_looks(path: Path, grid: SearchGrid, sha256: str = "") -> Looks:
    """The looks of a map on this grid, checked against a hash where one is given.

    Raises FormatError for what is no such file or of another grid.
    """
    where = str(path)
    data = read_bounded(path, LIMIT_BYTES, "the file of looks")
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise FormatError("is not the file of looks that the map names", where=where, remedy=_REMEDY)
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        told = (file.schema_arrow.metadata or {}).get(_KEY, b"")
        rows = file.metadata.num_rows
        if not told or rows > MAX_LOOKS or file.schema_arrow.names[:1] != ["place"]:
            raise FormatError("is no file of looks", where=where, remedy=_REMEDY)
        document = load_json(told.decode(), where, _REMEDY)
        measured = [name for name in MEASURED_COLUMNS if name in file.schema_arrow.names]
        table = file.read(columns=["place", "frame", *LOOKED, *measured])
    except (pa.ArrowException, UnicodeDecodeError, OSError, ValueError, KeyError) as error:
        raise FormatError("is no file of looks that can be read", where=where, remedy=_REMEDY) from error
    return _looks(document, table, grid, where)


def _looks(document: Any, table: pa.Table, grid: SearchGrid, where: str) -> Looks:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FormatError("is no file of looks", where=where, remedy=_REMEDY)
    if document.get("version") != VERSION:
        raise FormatError(f"is of version {document.get('version')!r}", where=where, remedy=_REMEDY)
    if document.get("grid") != _told_grid(grid):
        raise FormatError("holds looks at another map", where=where, remedy=_REMEDY)
    per_side, frames = document.get("per_side"), document.get("frames")
    if not isinstance(frames, list) or len(frames) > MAX_FRAMES or per_side not in _SIDES:
        raise FormatError("has no frames, or too many", where=where, remedy=_REMEDY)
    try:
        seen = tuple(value_as(Seen, each, where, f"frames[{n}]") for n, each in enumerate(frames))
        columns = {name: table.column(name).to_numpy() for name in table.column_names}
    except InputError as error:
        raise FormatError(error.what, where=where, remedy=_REMEDY) from error
    looks = Looks(
        grid,
        int(str(per_side)),
        seen,
        columns["place"].astype(np.int64),
        columns["frame"].astype(np.int32),
        *(columns[name].astype(np.float64) for name in _FLOATS if name in columns),
    )
    _check(looks, where)
    return looks


def _check(looks: Looks, where: str) -> None:
    places = looks.grid.rows * looks.grid.columns * looks.per_side**2
    if len(looks) and (
        looks.place.min() < 0
        or looks.place.max() >= places
        or looks.frame.min() < 0
        or looks.frame.max() >= len(looks.frames)
        or (np.diff(looks.place) < 0).any()
        or not all(np.isfinite(getattr(looks, name)).all() for name in LOOKED)
        or np.isinf(looks.above_k).any()
        or (looks.spread_k <= 0).any()
        or np.isinf(looks.spread_k).any()
        or looks.pixels.min() <= 0
        or looks.slide_px_s.min() < 0
    ):
        raise FormatError("holds looks that make no sense", where=where, remedy=_REMEDY)


def _told_grid(grid: SearchGrid) -> dict[str, Any]:
    return {
        "lat_deg": grid.frame.origin.lat_deg,
        "lon_deg": grid.frame.origin.lon_deg,
        "west_m": grid.west_m,
        "north_m": grid.north_m,
        "cell_m": grid.cell_m,
        "rows": grid.rows,
        "columns": grid.columns,
    }
