"""Messages in the making: their times and fields as columns, from which frames are made one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from telemetry.dataflash.reading import DataFlash
from telemetry.dataflash.rows import Floats, Rows, nearest, rows_of
from telemetry.dataflash.times import Times
from telemetry.dataflash.vehicle import Vehicle

AUTOPILOT = 1
UNKNOWN_U16 = 0xFFFF
_I32, _I16, _U16, _U32 = (np.iinfo(kind) for kind in (np.int32, np.int16, np.uint16, np.uint32))


@dataclass(frozen=True)
class Source:
    """Messages of one type at `boot_us` (n,), rising: `columns` of n values each, and what all have alike.

    `sender` is (system, component).
    """

    message: str
    boot_us: Times
    columns: Mapping[str, Any]
    sender: tuple[int, int]
    constants: Mapping[str, Any] = field(default_factory=dict)

    def fields(self, place: int) -> dict[str, Any]:
        """The fields of one of them, as `Encoder.encode` takes them."""
        own = {name: _plain(values[place]) for name, values in self.columns.items()}
        return {**self.constants, **own}


@dataclass(frozen=True)
class Flight:
    """A log, its times by name, its vehicle, and UTC at boot in microseconds since 1970 (None: unknown)."""

    log: DataFlash
    times: Mapping[str, Times]
    vehicle: Vehicle
    utc_of_boot_us: int | None

    def rows(self, *names: str) -> Rows:
        """The rows of the first of these names that was logged; none where none was."""
        found = (rows_of(self.log, self.times, name) for name in names)
        return next((rows for rows in found if len(rows)), rows_of(self.log, self.times, names[0]))

    @property
    def sender(self) -> tuple[int, int]:
        """The autopilot's system and component."""
        return self.vehicle.system, AUTOPILOT

    def yaw_deg(self, at_us: Times) -> Floats:
        """Yaw (n,) from true north, from ATT within a second of each time, NaN where there is none."""
        rows = self.rows("ATT")
        return nearest(rows.boot_us, rows.numbers("Yaw") % 360, at_us)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def whole(values: Floats, kind: str, *, unknown: int = 0) -> npt.NDArray[np.int64]:
    """Rounded values (n,) that fit "i16", "u16", "i32" or "u32", `unknown` for NaN and infinity."""
    bounds = {"i16": _I16, "u16": _U16, "i32": _I32, "u32": _U32}[kind]
    finite = np.isfinite(values)
    inside = np.where(finite, values, 0.0).clip(bounds.min, bounds.max)
    return np.where(finite, np.rint(inside), unknown).astype(np.int64)


def boot_ms(boot_us: Times) -> npt.NDArray[np.int64]:
    """`time_boot_ms` of MAVLink, which begins anew after 49 days."""
    return boot_us // 1000 % (1 << 32)


def placed(rows: Rows) -> Rows:
    """The rows whose Lat and Lng are a place on earth, and not (0, 0)."""
    lat, lon = rows.numbers("Lat"), rows.numbers("Lng")
    return rows.where((np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ((lat != 0) | (lon != 0)))
