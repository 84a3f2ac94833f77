"""Messages between numpy and Arrow, and nothing lost either way.

A message's table has `time` (received, UTC), `system`, `component` and `frame_sequence` before the message's
own fields, which keep their names, types and units; one that is called as a column before it is called
`message_NAME`. Rows are sorted by system, component and time, those of one time in the order of the file.

Texts are what people read, up to the first NUL; where more was sent, `NAME_raw` has the bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from telemetry.columns.kernels import Bytes
from telemetry.frames import MAGIC_V2
from telemetry.places import are_places

TIME = pa.timestamp("us", "UTC")
HEAD_NAMES = {"received_us": "time", "sender_system": "system", "sender_component": "component"}
"""What `telemetry.columns` calls the first columns, and what they are called here."""
_RAW = "_raw"
_UNKNOWN_HEADING = 0xFFFF


def in_order(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Rows (n,) of `Columns` by system, component and time; equal ones stay as they were."""
    keys = (rows["received_us"], rows["sender_component"], rows["sender_system"])
    return rows[np.lexsort(keys)]


def column_name(field: str) -> str:
    """What a field of `Columns` is called here."""
    if field in HEAD_NAMES:
        return HEAD_NAMES[field]
    return f"message_{field}" if field in HEAD_NAMES.values() else field


def table_from_rows(rows: npt.NDArray[np.void]) -> pa.Table:
    """One message type's rows (n,), as `Columns` has them and in their order, as a table."""
    arrays: dict[str, pa.Array] = {}
    for field in rows.dtype.names or ():
        name, column = column_name(field), np.ascontiguousarray(rows[field])
        if column.dtype.kind == "S":
            arrays[name], arrays[name + _RAW] = _texts(column)
        elif column.ndim > 1:
            arrays[name] = pa.FixedSizeListArray.from_arrays(pa.array(column.reshape(-1)), column.shape[1])
        else:
            arrays[name] = pa.array(column)
    if "received_us" in (rows.dtype.names or ()):
        arrays["time"] = arrays["time"].view(TIME)
    return pa.table(arrays)


def rows_from_table(table: pa.Table, dtype: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """The rows that `table_from_rows` was given: `dtype` is that of the message in `Columns`."""
    rows = np.zeros(len(table), dtype)
    for field in dtype.names or ():
        name = column_name(field)
        column = table.column(name).combine_chunks()
        if dtype[field].kind == "S":
            raw = table.column(name + _RAW).to_pylist()
            texts = column.to_pylist()
            rows[field] = [
                text.encode() if each is None else each for text, each in zip(texts, raw, strict=True)
            ]
        elif dtype[field].shape:
            rows[field] = np.asarray(column.flatten()).reshape(rows[field].shape)
        else:
            rows[field] = np.asarray(column.view(pa.int64()) if name == "time" else column)
    return rows


def _texts(column: npt.NDArray[np.bytes_]) -> tuple[pa.Array, pa.Array]:
    raw: list[bytes] = column.tolist()
    texts = [each.partition(b"\0")[0].decode(errors="replace") for each in raw]
    kept = [None if text.encode() == each else each for text, each in zip(texts, raw, strict=True)]
    return pa.array(texts, pa.string()), pa.array(kept, pa.binary())


POSITIONS = pa.schema(
    [
        ("time", TIME),
        ("system", pa.uint8()),
        ("component", pa.uint8()),
        ("lat_deg", pa.float64()),
        ("lon_deg", pa.float64()),
        ("height_amsl_m", pa.float64()),
        ("height_relative_m", pa.float64()),
        ("velocity_north_m_s", pa.float64()),
        ("velocity_east_m_s", pa.float64()),
        ("velocity_down_m_s", pa.float64()),
        ("ground_speed_m_s", pa.float64()),
        ("heading_deg", pa.float64()),
    ]
)
"""One position a row, decoded. A heading that the aircraft did not know is null."""


def positions_from_rows(rows: npt.NDArray[np.void]) -> pa.Table:
    """The positions in GLOBAL_POSITION_INT's rows (n,), in their order; places that are none are left out."""
    rows = rows[are_places(rows)]
    north, east, down = (rows[name] / 100 for name in ("vx", "vy", "vz"))
    values: list[Any] = [
        pa.array(np.ascontiguousarray(rows["received_us"])).view(TIME),
        np.ascontiguousarray(rows["sender_system"]),
        np.ascontiguousarray(rows["sender_component"]),
        rows["lat"] / 1e7,
        rows["lon"] / 1e7,
        rows["alt"] / 1e3,
        rows["relative_alt"] / 1e3,
        north,
        east,
        down,
        np.round(np.hypot(north, east), 2),
        pa.array(rows["hdg"] / 100, mask=rows["hdg"] == _UNKNOWN_HEADING),
    ]
    return pa.Table.from_arrays([pa.array(each) for each in values], schema=POSITIONS)


def unknown_table(octets: Bytes, found: npt.NDArray[np.void]) -> pa.Table:
    """Frames of unknown types, which `found` says where they lie in `octets`, in order and whole."""
    frames = [octets[each["start"] : each["stop"]].tobytes() for each in found]
    second = [frame[0] == MAGIC_V2 for frame in frames]
    senders = [frame[4:7] if new else frame[2:5] for frame, new in zip(frames, second, strict=True)]
    numbers = [
        int.from_bytes(frame[7:10], "little") if new else frame[5]
        for frame, new in zip(frames, second, strict=True)
    ]
    table = pa.table(
        {
            "time": pa.array(np.ascontiguousarray(found["time_us"])).view(TIME),
            "system": pa.array([sender[1] for sender in senders], pa.uint8()),
            "component": pa.array([sender[2] for sender in senders], pa.uint8()),
            "frame_sequence": pa.array([sender[0] for sender in senders], pa.uint8()),
            "message_id": pa.array(numbers, pa.uint32()),
            "frame": pa.array(frames, pa.binary()),
        }
    )
    return table.sort_by([("system", "ascending"), ("component", "ascending"), ("time", "ascending")])
