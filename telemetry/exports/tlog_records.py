"""A `.tlog` as something to export: what each aircraft said of itself, by compiled code and numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from telemetry.columns import Columns, frames_of, read_columns
from telemetry.exports.link_curves import link_of, radio_of, rows_of
from telemetry.exports.paths import FlightPath, path_from_rows
from telemetry.exports.recorded import Curve, FlightRecord, Link, Tables
from telemetry.modes import NO_AUTOPILOT, mode_name, vehicle_kind

_ARMED = 128
_UNKNOWN_U16 = 0xFFFF
Rows = npt.NDArray[np.void]


class TlogRecorded:
    """The recording in a `.tlog`. Raises InputError and FormatError as `read_columns` does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: Columns = read_columns(path)

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def tables(self) -> Tables:
        """As `read_columns` gives them."""
        return self._columns

    def records(self) -> tuple[FlightRecord, ...]:
        """Every system that says it is a vehicle, or where it is."""
        return self._records

    @cached_property
    def _records(self) -> tuple[FlightRecord, ...]:
        octets, frames = frames_of(self._path)
        radio = radio_of(self._columns)
        return records_from(self._columns, lambda system: link_of(octets, frames, system, radio))


def records_from(columns: Tables, link: Callable[[int], Link]) -> tuple[FlightRecord, ...]:
    """Every system that says it is a vehicle, or where it is, by number; `link` tells how its link did."""
    hearts = _vehicle_hearts(rows_of(columns, "HEARTBEAT"))
    places = rows_of(columns, "GLOBAL_POSITION_INT")
    systems = np.union1d(hearts["sender_system"], places["sender_system"]).tolist()
    return tuple(_record(columns, system, _of(hearts, system), link(system)) for system in systems)


def _record(columns: Tables, system: int, hearts: Rows, link: Link) -> FlightRecord:
    hud = _of(rows_of(columns, "VFR_HUD"), system)
    volts, percent = _battery(columns, system)
    kind = vehicle_kind(int(hearts["type"][0])) or "" if len(hearts) else ""
    return FlightRecord(
        system=system,
        kind=kind,
        path=_path(columns, system),
        modes=_modes(hearts, kind),
        armed=_armed(hearts),
        battery_pct=percent,
        battery_v=volts,
        air_speed_m_s=_curve(hud, hud["airspeed"]),
        ground_speed_m_s=_curve(hud, hud["groundspeed"]),
        height_amsl_m=_curve(hud, hud["alt"]),
        link=link,
    )


def _path(columns: Tables, system: int) -> FlightPath:
    """Of the component that tells most of where the system is."""
    rows = _of(rows_of(columns, "GLOBAL_POSITION_INT"), system)
    if len(rows):
        rows = rows[rows["sender_component"] == np.bincount(rows["sender_component"]).argmax()]
    return path_from_rows(rows)


def _battery(columns: Tables, system: int) -> tuple[Curve, Curve]:
    """Volts and per cent: of the first battery where BATTERY_STATUS tells, else of SYS_STATUS."""
    own = _of(rows_of(columns, "BATTERY_STATUS"), system)
    own = own[own["id"] == 0]
    cells = np.concatenate([own["voltages"], own["voltages_ext"]], axis=1).astype(float)
    volts = np.where(cells == _UNKNOWN_U16, 0, cells).sum(axis=1) / 1000
    voltage = _curve(own[volts > 0], volts[volts > 0])
    status = _of(rows_of(columns, "SYS_STATUS"), system)
    told = status[(status["voltage_battery"] != _UNKNOWN_U16) & (status["voltage_battery"] > 0)]
    voltage = voltage if len(voltage) else _curve(told, told["voltage_battery"] / 1000)
    percent = _left(own)
    return voltage, percent if len(percent) else _left(status)


def _of(rows: Rows, system: int) -> Rows:
    own: Rows = rows[rows["sender_system"] == system]
    return own


def _left(rows: Rows) -> Curve:
    rows = rows[rows["battery_remaining"] >= 0]
    return _curve(rows, rows["battery_remaining"])


def _curve(rows: Rows, values: npt.NDArray[np.generic]) -> Curve:
    """Finite values by when they were received."""
    numbers = values.astype(float)
    sound = np.isfinite(numbers)
    times_s, numbers = rows["received_us"][sound] / 1e6, numbers[sound]
    order = np.argsort(times_s, kind="stable")
    return Curve(times_s[order], numbers[order])


def _vehicle_hearts(rows: Rows) -> Rows:
    """Heartbeats of autopilots that move, in the order of time."""
    kinds = [kind for kind in np.unique(rows["type"]).tolist() if vehicle_kind(kind)]
    rows = rows[(rows["autopilot"] != NO_AUTOPILOT) & np.isin(rows["type"], kinds)]
    return rows[np.argsort(rows["received_us"], kind="stable")]


def _modes(hearts: Rows, kind: str) -> tuple[tuple[float, str], ...]:
    return tuple(
        (
            float(heart["received_us"]) / 1e6,
            mode_name(int(heart["autopilot"]), kind, int(heart["custom_mode"])),
        )
        for heart in hearts[_changed(hearts["custom_mode"])]
    )


def _armed(hearts: Rows) -> tuple[tuple[float, bool], ...]:
    armed = hearts["base_mode"] & _ARMED > 0
    changed = _changed(armed)
    times_s = hearts["received_us"][changed] / 1e6
    return tuple(zip(times_s.tolist(), armed[changed].tolist(), strict=True))


def _changed(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Where a value is another than the one before it; the first is."""
    return np.append(np.ones(min(len(values), 1), bool), values[1:] != values[:-1])
