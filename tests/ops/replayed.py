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


def write_recording(path: Path, systems: tuple[int, ...] = (1, 2)) -> Path:
    """A `.tlog` of ten minutes, ten positions a second."""
    encoders = {system: Encoder(system, 1) for system in systems}
    with path.open("wb") as file:
        for tenth in range(SECONDS * 10):
            second = tenth / 10
            if int(second) in SILENT:
                continue
            for system, encoder in encoders.items():
                stamp = (round((BEGIN_S + second) * 1e6) + system).to_bytes(8, "big")
                file.writelines(stamp + raw for raw in _said(encoder, system, second, tenth))
    return path


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
