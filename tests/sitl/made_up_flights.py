"""Recordings made up from a plan, so that the truth of them is known."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
from shapely import Polygon

from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, local_from_ring
from missions.plan import Plan
from missions.planner import Setup
from missions.search_plan import plan_area
from missions.view import View
from sitl.proof import Flown
from telemetry.flight import FlightResult
from telemetry.messages import Encoder

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
STEP_S = 0.2
VOLTS = 12.0
Row = tuple[float, float, float, float, bool]
"""Seconds, metres east, north and up, whether the camera takes pictures."""


@functools.cache
def square_plan() -> Plan:
    """A small search."""
    square = Polygon([(-100, -80), (100, -80), (100, 80), (-100, 80)])
    setup = Setup(
        aircraft("ardupilot-copter"),
        "2026-01-01T00:00:00Z",
        take_off=FRAME.point_from_local(-95, -75),
        fence_margin_m=30,
    )
    return plan_area(area_from_local(square, FRAME, "Square"), View(camera("demo-thermal"), 60.0), setup)


def keyframes(plan: Plan) -> list[Row]:
    """The plan flown at cruise speed, in as many seconds as it promises."""
    here = local_from_ring([plan.take_off], FRAME)[0]
    rows: list[Row] = [(0.0, *here, 0.0, False)]
    for waypoint in plan.route:
        place = local_from_ring([waypoint.place], FRAME)[0]
        up_m = waypoint.height_relative_m
        away_m = math.hypot(*(place - rows[-1][1:3]))
        seconds = away_m / plan.aircraft.cruise_speed_m_s + abs(up_m - rows[-1][3]) / 2.5
        rows.append((rows[-1][0] + seconds + 1e-3, *place, up_m, waypoint.recording))
        if waypoint.hold_s:
            rows.append((rows[-1][0] + waypoint.hold_s, *place, up_m, waypoint.recording))
    rows.append((rows[-1][0] + rows[-1][3] / 1.5, *here, 0.0, False))
    stretch = plan.totals.duration_s / rows[-1][0]
    return [(row[0] * stretch, *row[1:]) for row in rows]


class Tape:
    """A recording under way, as an autopilot would have sent it."""

    def __init__(self, boot_s: float) -> None:
        self._encoder = Encoder(1, 1)
        self._boot_s = boot_s
        self._data = bytearray()
        self.now_s = 0.0

    def send(self, name: str, **fields: object) -> None:
        stamp = round(1.7e15 + self.now_s * 1e6)
        self._data += stamp.to_bytes(8, "big") + self._encoder.encode(name, **fields)

    def heartbeat(self, armed: bool) -> None:
        self.send("HEARTBEAT", type=2, autopilot=3, base_mode=128 if armed else 0, mavlink_version=3)

    def pose(self, place: np.ndarray, pitch_deg: float | None, pan_deg: float = 0.0) -> tuple[int, int]:
        boot_ms = round((self._boot_s + self.now_s) * 1000)
        at = FRAME.point_from_local(float(place[0]), float(place[1]))
        lat, lon = round(at.lat_deg * 1e7), round(at.lon_deg * 1e7)
        up_mm = round(float(place[2]) * 1000)
        self.send(
            "GLOBAL_POSITION_INT",
            time_boot_ms=boot_ms,
            lat=lat,
            lon=lon,
            alt=20_000 + up_mm,
            relative_alt=up_mm,
        )
        if pitch_deg is not None:
            tilt, pan = math.radians(pitch_deg) / 2, math.radians(pan_deg) / 2
            q = [
                math.cos(tilt) * math.cos(pan),
                -math.sin(tilt) * math.sin(pan),
                math.sin(tilt) * math.cos(pan),
                math.cos(tilt) * math.sin(pan),
            ]
            self.send("GIMBAL_DEVICE_ATTITUDE_STATUS", time_boot_ms=boot_ms, q=q)
        return lat, lon

    def battery(self, used_mah: float) -> None:
        voltages = [round(VOLTS * 1000), *[65535] * 9]
        self.send("BATTERY_STATUS", voltages=voltages, current_consumed=round(used_mah), battery_remaining=60)

    def write(self, path: Path) -> Path:
        path.write_bytes(bytes(self._data))
        return path


def recorded(
    rows: list[Row],
    plan: Plan,
    path: Path,
    *,
    boot_s: float = 60.0,
    pitch_deg: float | None = -90.0,
    pan_deg: float = 0.0,
    energy_share: float = 1.0,
) -> Path:
    """A recording of these rows, flown straight from one to the next."""
    tape = Tape(boot_s)
    table = np.array([row[:4] for row in rows])
    taking = np.array([row[4] for row in rows])
    apart_m, since_m, before = plan.totals.trigger_distance_m, math.inf, table[0, 1:]
    end_s = table[-1, 0]
    used_mah = 1000 * energy_share * plan.totals.energy_wh / VOLTS
    tape.heartbeat(armed=False)
    for now_s in np.arange(0.0, end_s, STEP_S):
        tape.now_s = float(now_s)
        place = np.array([np.interp(now_s, table[:, 0], table[:, axis]) for axis in (1, 2, 3)])
        lat, lon = tape.pose(place, pitch_deg, pan_deg)
        tape.heartbeat(armed=True)
        tape.battery(used_mah * now_s / end_s)
        leg = int(np.searchsorted(table[:, 0], now_s, "right")) - 1
        step = place - before
        since_m, before = since_m + math.hypot(step[0], step[1]), place
        if not taking[leg]:
            since_m = math.inf
        elif since_m >= apart_m:
            since_m = 0.0
            way = table[leg + 1, 1:3] - table[leg, 1:3]
            heading_deg = math.degrees(math.atan2(*way)) % 360
            tape.send("CAMERA_FEEDBACK", lat=lat, lng=lon, alt_rel=float(place[2]), yaw=heading_deg)
    tape.now_s = float(end_s)
    tape.pose(table[-1, 1:], pitch_deg)
    tape.battery(used_mah)
    tape.heartbeat(armed=False)
    return tape.write(path)


def flown(plan: Plan, recording: Path, *, completed: bool = True, **more: object) -> Flown:
    result = FlightResult(completed, True, "landed and disarmed", 9, 9, 0.0, 0.0)
    return Flown(plan, result, recording, (), "copter 4.5.4", **more)  # type: ignore[arg-type]
