"""A small operation that was recorded: two copters, a silence, a take-off and a landing; all made up."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from telemetry.messages import Encoder

BEGIN_S = 1_773_480_413
"""2026-03-14T09:26:53Z."""
SECONDS = 600
SILENT = range(300, 340)
LAT_DEG, LON_DEG = 52.1, 5.8
AUTO, RTL, GUIDED = 3, 6, 4


def place(system: int, second: float) -> tuple[float, float]:
    """Where a copter is after so many seconds, degrees: to and fro on lanes, each on its own."""
    lane, along = divmod(second / 60, 1)
    share = along if lane % 2 == 0 else 1 - along
    return LAT_DEG + (system * 120 + lane * 11) * 1e-5, LON_DEG + share * 450e-5


def height_m(second: float) -> float:
    """Metres above home: up from second 60 on, down by second 560."""
    return max(0.0, min(60.0, 4 * (second - 60), 4 * (560 - second)))


HELICOPTER, GLIDER = 0x484ABC, 0x3D1234
PASSES = {HELICOPTER: range(100, 240), GLIDER: range(200, 560)}
"""Other aircraft by their address, and when the first copter hears them."""


def passes(address: int, second: float) -> tuple[float, float]:
    """Where another aircraft is, degrees: the one passes from the south, the other far away from the west."""
    since = second - PASSES[address].start
    if address == HELICOPTER:
        return LAT_DEG - 0.03 + since * 45e-5, LON_DEG + 200e-5
    return LAT_DEG + 0.1, LON_DEG - 0.1 + since * 30e-5


def write_recording(path: Path, systems: tuple[int, ...] = (1, 2), *, traffic: bool = False) -> Path:
    """A `.tlog` of ten minutes, ten positions a second; with `traffic` the first copter hears ADS-B."""
    encoders = {system: Encoder(system, 1) for system in systems}
    with path.open("wb") as file:
        for tenth in range(SECONDS * 10):
            second = tenth / 10
            if int(second) in SILENT:
                continue
            for system, encoder in encoders.items():
                stamp = (round((BEGIN_S + second) * 1e6) + system).to_bytes(8, "big")
                file.writelines(stamp + raw for raw in _said(encoder, system, second, tenth))
                if traffic and system == systems[0] and tenth % 10 == 5:
                    file.writelines(stamp + raw for raw in _heard(encoder, second))
    return path


def _heard(encoder: Encoder, second: float) -> list[bytes]:
    there = [address for address, when in PASSES.items() if int(second) in when]
    return [
        _frame(
            encoder,
            "ADSB_VEHICLE",
            ICAO_address=address,
            lat=round(passes(address, second)[0] * 1e7),
            lon=round(passes(address, second)[1] * 1e7),
            altitude_type=0,
            altitude=150_000 if address == HELICOPTER else 900_000,
            heading=0 if address == HELICOPTER else 9_000,
            hor_velocity=5_000,
            callsign="LIFELN1" if address == HELICOPTER else "GLIDER",
            flags=0b1_1011_1111,
            squawk=7_000,
        )
        for address in there
    ]


def _said(encoder: Encoder, system: int, second: float, tenth: int) -> list[bytes]:
    lat, lon = place(system, second)
    up_m = height_m(second)
    heading = 90 if int(second / 60) % 2 == 0 else 270
    said = [
        _frame(
            encoder,
            "GLOBAL_POSITION_INT",
            lat=round(lat * 1e7),
            lon=round(lon * 1e7),
            alt=round((20 + up_m) * 1000),
            relative_alt=round(up_m * 1000),
            vx=round(500 * math.sin(math.radians(heading))),
            hdg=heading * 100,
        )
    ]
    if tenth % 10 == 0:
        mode = AUTO if second < 480 else RTL
        armed = 217 if 50 <= second < 570 else 89
        said.append(_frame(encoder, "HEARTBEAT", type=2, autopilot=3, base_mode=armed, custom_mode=mode))
        said.append(
            _frame(encoder, "SYS_STATUS", voltage_battery=22_800, battery_remaining=round(95 - second / 8))
        )
        said.append(_frame(encoder, "GPS_RAW_INT", fix_type=3, satellites_visible=14, eph=80))
    if tenth == 4200 and system == 1:
        said.append(_frame(encoder, "STATUSTEXT", severity=3, text="Compass variance"))
    return said


def _frame(encoder: Encoder, name: str, **fields: Any) -> bytes:
    return encoder.encode(name, **fields)
