"""What a recording tells of power: the flights in it as arrays, for missions.calibrate.

Time is the autopilot's own (GLOBAL_POSITION_INT.time_boot_ms), so a simulator that ran faster than time
counts right; where it starts anew after a restart the time of receipt bridges the gap. The battery is that
of BATTERY_STATUS (the first one) or SYS_STATUS, the wind that of WIND.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from missions.errors import InputError
from missions.flight_samples import FlightSamples
from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.messages import Message, decode
from telemetry.state import VehicleState, fold, is_vehicle_heartbeat
from telemetry.tlog import read_tlog

MAX_SAMPLES = 500_000
STALE_S = 10.0
"""A battery or wind report older than this counts no more."""
RISEN_M = 0.5
SHORTEST_FLIGHT_S = 10.0
_WANTED = {
    BY_NAME[name].message_id
    for name in ("HEARTBEAT", "GLOBAL_POSITION_INT", "SYS_STATUS", "BATTERY_STATUS", "WIND")
}
_ARMED = 128
_Row = tuple[float, ...]


def flights_in(path: Path, system: int | None = None) -> list[FlightSamples]:
    """Every flight in a recording, the longest first.

    Raises FormatError, and InputError where nothing flies, or several aircraft of which none was chosen.
    """
    found = flights_from_frames(read_tlog(path), system, str(path))
    if not found:
        raise InputError(
            "no flight is in the recording: no aircraft was armed and left the ground",
            where=str(path),
            remedy="Give the recording of a flight from take-off to landing",
        )
    return found


def flights_from_frames(
    frames: Iterable[Frame], system: int | None = None, where: str = ""
) -> list[FlightSamples]:
    """The same from frames in the order in which they were received; none where nothing flies."""
    logs: dict[tuple[int, int], _Log] = {}
    for frame in frames:
        if frame.message_id not in _WANTED or system not in (None, frame.system):
            continue
        message = decode(frame)
        if message is None:
            continue
        key = (frame.system, frame.component)
        if key not in logs and is_vehicle_heartbeat(message):
            logs[key] = _Log()
        if key in logs:
            logs[key].add(message)
    flown = {key[0]: flights for key, log in logs.items() if (flights := log.flights())}
    if len(flown) > 1:
        raise InputError(
            f"several aircraft are in the recording ({', '.join(map(str, sorted(flown)))})",
            where=where,
            remedy="Choose one by its number",
        )
    every = [flight for flights in flown.values() for flight in flights]
    return sorted(every, key=lambda flight: float(flight.time_s[0] - flight.time_s[-1]))


class _Log:
    """What one autopilot told, a row for each of its positions."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._state = VehicleState()
        self._armed = False
        self._battery: tuple[float, float, float] = (math.nan,) * 3
        self._battery_s = -math.inf
        self._wind: tuple[float, float] = (math.nan,) * 2
        self._wind_s = -math.inf
        self._boot_s = math.nan
        self._offset_s = 0.0
        self._received_s = 0.0

    def add(self, message: Message) -> None:
        """Take in one message."""
        if message.name == "GLOBAL_POSITION_INT":
            self._position(message)
        elif message.name == "HEARTBEAT":
            self._state = fold(self._state, message)
            self._armed = bool(message.base_mode & _ARMED)
        elif message.name == "WIND":
            # an autopilot that estimates no wind sends one of exactly 0
            if math.isfinite(message.direction) and math.isfinite(message.speed) and message.speed > 0:
                towards = math.radians(message.direction + 180)
                self._wind = (message.speed * math.sin(towards), message.speed * math.cos(towards))
                self._wind_s = message.time_s
        else:
            state = fold(VehicleState(), message)
            values = (state.battery_v, state.battery_a, state.battery_pct)
            if any(value is not None for value in values):
                volts, amps, left = (math.nan if value is None else value for value in values)
                self._battery = (volts if volts > 0 else math.nan, amps, left)
                self._battery_s = message.time_s

    def _position(self, message: Message) -> None:
        if len(self._rows) >= MAX_SAMPLES:
            raise InputError(
                f"the recording holds more than {MAX_SAMPLES:,} positions",
                remedy="Give the recording of one flight",
            )
        if message.lat == 0 and message.lon == 0:
            return
        battery = self._battery if message.time_s - self._battery_s < STALE_S else (math.nan,) * 3
        wind = self._wind if message.time_s - self._wind_s < STALE_S else (math.nan,) * 2
        self._rows.append(
            (
                self._time_s(message),
                message.lon / 1e7,
                message.lat / 1e7,
                message.relative_alt / 1000,
                message.vy / 100,
                message.vx / 100,
                -message.vz / 100,
                *battery,
                *wind,
                float(self._armed),
                message.time_s,
            )
        )

    def _time_s(self, message: Message) -> float:
        boot_s = message.time_boot_ms / 1000
        if boot_s < self._boot_s:
            self._offset_s += self._boot_s - boot_s + max(message.time_s - self._received_s, 0)
        self._boot_s, self._received_s = boot_s, message.time_s
        return float(boot_s + self._offset_s)

    def flights(self) -> list[FlightSamples]:
        """Each stretch in which the aircraft was armed and rose."""
        table = np.asarray(self._rows, float).reshape(-1, 14)
        if not len(table):
            return []
        table = table[np.append(np.diff(table[:, 0]) > 0, True)]
        armed = np.concatenate([[0.0], table[:, 12], [0.0]])
        starts, ends = np.flatnonzero(np.diff(armed) > 0), np.flatnonzero(np.diff(armed) < 0)
        kind = self._state.kind if self._state.kind == "plane" else "copter"
        found = (_risen(kind, table[start:end]) for start, end in zip(starts, ends, strict=True))
        return [flight for flight in found if flight is not None]


def _risen(kind: str, table: np.typing.NDArray[np.float64]) -> FlightSamples | None:
    """The flight in one armed stretch, from first rising; None where there is none."""
    up = np.flatnonzero(table[:, 3] > table[0, 3] + RISEN_M)
    if not up.size or table[-1, 0] - table[up[0], 0] < SHORTEST_FLIGHT_S:
        return None
    table = table[max(up[0] - 1, 0) :]
    # some autopilots of 2015 sent vz upwards: the height tells which way is up
    rising = np.gradient(table[:, 3], table[:, 0])
    if float(rising @ table[:, 6]) < 0:
        table[:, 6] = -table[:, 6]
    return FlightSamples(
        kind=kind,
        time_s=table[:, 0] - table[0, 0],
        lonlat_deg=table[:, 1:3],
        height_relative_m=table[:, 3],
        velocity_m_s=table[:, 4:7],
        volts=table[:, 7],
        amps=table[:, 8],
        remaining_pct=table[:, 9],
        wind_m_s=table[:, 10:12],
        start_utc_s=float(table[0, 13]),
    )
