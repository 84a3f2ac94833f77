"""A recording of others as something to export: where everybody was who is not ours.

A path has a height only where that is above mean sea level; the table `positions` has every height with its
reference. Nobody's height above take-off is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from telemetry.exports.paths import FlightPath
from telemetry.exports.recorded import FlightRecord, Tables
from telemetry.received.positions import ForeignPosition, positions_of
from telemetry.received.reading import items_of

POSITIONS = "positions"
_TEXTS = ("key", "source", "link", "kind", "name", "height_reference")
_FIGURES = ("true_s", "lat_deg", "lon_deg", "height_m", "course_deg", "speed_m_s", "climb_m_s")


class ReceivedRecorded:
    """The recording in a `.received`. Raises InputError and FormatError as `read_items` does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions = tuple(positions_of(items_of(path)[0]))

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def tables(self) -> Tables:
        """One table, `positions`, by when they were received; none where there are no positions."""
        return {POSITIONS: _table(self._positions)} if self._positions else {}

    def records(self) -> tuple[FlightRecord, ...]:
        """Everybody who told a place, by when they first did."""
        return self._records

    @cached_property
    def _records(self) -> tuple[FlightRecord, ...]:
        own: dict[str, list[ForeignPosition]] = {}
        for position in self._positions:
            own.setdefault(position.key, []).append(position)
        return tuple(_record(key, positions) for key, positions in own.items())


def _record(key: str, positions: Sequence[ForeignPosition]) -> FlightRecord:
    name = next((each.name for each in reversed(positions) if each.name), "")
    kind = next((each.kind for each in reversed(positions) if each.kind), "")
    return FlightRecord(system=0, kind=kind, path=_path(positions), called=f"{key} {name}".strip(), key=key)


def _path(positions: Sequence[ForeignPosition]) -> FlightPath:
    """By when each was true: a report may come late, and one that came twice counts once."""
    by_time = {position.true_s: position for position in sorted(positions, key=lambda each: each.true_s)}
    there = list(by_time.values())
    amsl = [each.height_m if each.height_reference == "amsl" else None for each in there]
    return FlightPath(
        time_s=np.array(list(by_time), float),
        lat_deg=_floats([each.lat_deg for each in there]),
        lon_deg=_floats([each.lon_deg for each in there]),
        height_amsl_m=_floats(amsl),
        height_relative_m=_floats([None] * len(there)),
        ground_speed_m_s=_floats([each.speed_m_s for each in there]),
        heading_deg=_floats([each.course_deg for each in there]),
    )


def _table(positions: Sequence[ForeignPosition]) -> npt.NDArray[np.void]:
    texts: dict[str, Any] = {
        name: np.array([(getattr(each, name) or "").encode() for each in positions]) for name in _TEXTS
    }
    wide = {
        name: column.astype("S1") if column.dtype.itemsize == 0 else column for name, column in texts.items()
    }
    order = ("true_s", "key", "source", "link", "kind", "name", "lat_deg", "lon_deg", "height_m")
    names = [*order, "height_reference", "course_deg", "speed_m_s", "climb_m_s"]
    dtype = np.dtype(
        [("received_us", "i8"), *((name, wide[name].dtype if name in wide else "f8") for name in names)]
    )
    rows = np.zeros(len(positions), dtype)
    rows["received_us"] = [each.time_us for each in positions]
    for name in names:
        rows[name] = wide[name] if name in wide else _floats([getattr(each, name) for each in positions])
    return rows


def _floats(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], float)
