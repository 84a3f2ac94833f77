"""Fly missions in ArduPilot SITL and print what each was promised to take beside what it took.

    python tools/energy_flights.py FOLDER [CASE ...]

Recordings stay in FOLDER/CASE, and what lies there already is not flown again; without a case every one is
flown (about ten minutes). A copter's flight counts from first rising until the motors stop, a plane's until
it is above home, where its mission ends.
"""

from __future__ import annotations

import math
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from missions import catalogue
from missions.area import Area
from missions.energy import Effort, Track, effort
from missions.flight_samples import FlightSamples
from missions.geodesy import LocalFrame
from missions.items import MissionType
from missions.plan import Fence, Plan, Request, Totals, Waypoint
from missions.plan_items import mission_items
from missions.wind import Wind
from sitl.ardupilot import ArduPilot, find
from sitl.home import DEFAULT_HOME
from telemetry import transfer
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.flight import fly
from telemetry.flight_energy import flights_in
from telemetry.links import open_link
from telemetry.recorder import Recorder

SPEEDUP = 10.0
RATES_HZ = {"GLOBAL_POSITION_INT": 5.0, "BATTERY_STATUS": 5.0, "SYS_STATUS": 5.0, "WIND": 2.0}


@dataclass(frozen=True, slots=True)
class Row:
    """A place of a mission: metres east, north and up of home, and what is done there and on from there."""

    east_m: float
    north_m: float
    height_m: float
    speed_m_s: float
    hold_s: float = 0.0
    radius_m: float = 0.0
    turns: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """A mission and the wind it is flown in."""

    kind: str
    rows: list[Row]
    wind: Wind | None = None
    parameters: dict[str, float] = field(default_factory=dict)


def lanes(
    width_m: float, first_m: float, apart_m: float, count: int, height_m: float, speed: float
) -> list[Row]:
    """Lanes from west to east and back, north of home."""
    rows = [Row(0, 0, height_m, speed)]
    for lane in range(count):
        ends = (-width_m / 2, width_m / 2) if lane % 2 == 0 else (width_m / 2, -width_m / 2)
        rows += [Row(east, first_m + lane * apart_m, height_m, speed) for east in ends]
    return [*rows, Row(0, 0, height_m, speed)]


def square(apart_m: float, legs: int, height_m: float, speed: float) -> list[Row]:
    """An expanding square round a place 100 m away."""
    east, north = 80.0, 60.0
    rows = [Row(0, 0, height_m, speed), Row(east, north, height_m, speed)]
    for leg in range(legs):
        length_m = apart_m * (leg // 2 + 1)
        east += length_m * (0, 1, 0, -1)[leg % 4]
        north += length_m * (1, 0, -1, 0)[leg % 4]
        rows.append(Row(east, north, height_m, speed))
    return [*rows, Row(0, 0, height_m, speed)]


def ring(radius_m: float, places: int, height_m: float, speed: float) -> list[Row]:
    """A ring of short legs."""
    angles = [2 * math.pi * place / places for place in range(places + 1)]
    on = [Row(100 + radius_m * math.cos(one), radius_m * math.sin(one), height_m, speed) for one in angles]
    return [Row(0, 0, height_m, speed), *on, Row(0, 0, height_m, speed)]


def wandering(legs: int, height_m: float, speed: float, seed: int = 4) -> list[Row]:
    """Legs of 3 to 200 m in any direction, up and down by up to a fifth of their length."""
    generator = np.random.default_rng(seed)
    rows, place = [Row(0, 0, height_m, speed)], np.array([60.0, 0.0, height_m])
    for _ in range(legs):
        length_m, bearing = 3 * (200 / 3) ** generator.random(), generator.uniform(0, 2 * math.pi)
        step = [
            length_m * math.sin(bearing),
            length_m * math.cos(bearing),
            generator.uniform(-0.2, 0.2) * length_m,
        ]
        place = place + step
        place[2] = min(max(place[2], 20.0), 100.0)
        rows.append(Row(*(round(float(one), 2) for one in place), speed))
    return [*rows, Row(0, 0, height_m, speed)]


def corners(places: list[tuple[float, float]], heights_m: list[float], speed: float) -> list[Row]:
    """Places with a height each."""
    return [Row(*place, height, speed) for place, height in zip(places, heights_m, strict=True)]


def measuring() -> list[Row]:
    """What a calibration asks for: hover, climb, five speeds out and back, descent."""
    rows = [Row(0, 0, 20, 10, 40), Row(0, 0, 80, 10, 20)]
    for speed in (4.0, 8.0, 12.0, 15.0):
        rows += [Row(400, 0, 80, speed, 10), Row(0, 0, 80, speed, 10)]
    return [*rows, Row(0, 0, 25, 10, 30)]


CIRCLES = [
    Row(0, 0, 40, 8),
    Row(120, 40, 40, 8, radius_m=30, turns=2),
    Row(0, 100, 40, 8),
    Row(60, -60, 40, 8, radius_m=-15, turns=1),
    Row(0, 0, 40, 8),
]
STEPS = [
    *(Row(0, 0, 30, 8), Row(100, 0, 60, 8, 5), Row(100, 100, 60, 8), Row(200, 100, 90, 8)),
    *(Row(200, 200, 40, 8, 10), Row(0, 200, 40, 8), Row(0, 0, 40, 8)),
]
ROUND = [
    (0.0, 0.0),
    (0.0, 1200.0),
    (1200.0, 1200.0),
    (1200.0, -600.0),
    (-800.0, -600.0),
    (-800.0, 800.0),
    (0.0, 0.0),
]
CASES = {
    "copter-measuring": Case("copter", measuring()),
    "copter-lanes": Case("copter", lanes(300, 20, 40, 4, 60, 10)),
    "copter-lanes-wind": Case("copter", lanes(300, 20, 40, 4, 60, 10), Wind(6, 270)),
    "copter-lanes-crosswind": Case("copter", lanes(300, 20, 40, 4, 60, 7), Wind(6, 0)),
    "copter-expanding-square": Case("copter", square(20, 14, 40, 10)),
    "copter-ring": Case("copter", ring(40, 24, 40, 5)),
    "copter-ring-dense": Case("copter", ring(40, 60, 40, 8)),
    "copter-wandering": Case("copter", wandering(30, 50, 9)),
    "copter-circles": Case("copter", CIRCLES),
    "copter-heights": Case("copter", STEPS),
    "plane-measuring": Case("plane", corners(ROUND, [60, 60, 160, 160, 60, 60, 60], 22)),
    "plane-lanes": Case("plane", lanes(900, 300, 160, 5, 100, 22)),
    "plane-lanes-wind": Case("plane", lanes(900, 300, 160, 5, 100, 22), Wind(7, 270)),
    "plane-round": Case("plane", corners(ROUND, [100.0] * 7, 22)),
}


def track_of(rows: list[Row]) -> Track:
    """The mission as energy sees it."""
    radius = np.array([row.radius_m for row in rows])
    return Track(
        points_m=np.array([(row.east_m, row.north_m) for row in rows]),
        height_m=np.array([row.height_m for row in rows]),
        speed_m_s=np.array([row.speed_m_s for row in rows]),
        hold_s=np.array([row.hold_s for row in rows]),
        circles_m=2 * np.pi * np.abs(radius) * np.array([row.turns for row in rows]),
        circle_radius_m=radius,
    )


def plan_of(case: Case) -> Plan:
    """The mission as a plan, for its items."""
    frame = LocalFrame(DEFAULT_HOME.place)
    route = tuple(
        Waypoint(
            place=frame.point_from_local(row.east_m, row.north_m),
            height_relative_m=row.height_m,
            speed_m_s=row.speed_m_s,
            hold_s=row.hold_s,
            orbit_turns=row.turns,
            orbit_radius_m=row.radius_m,
        )
        for row in case.rows
    )
    return Plan(
        name="energy",
        created="",
        request=Request("energy", case.rows[0].height_m, 0, 0),
        aircraft=catalogue.aircraft(f"ardupilot-{case.kind}"),
        camera=catalogue.camera("demo-wide"),
        area=Area("", ()),
        take_off=DEFAULT_HOME.place,
        route=route,
        fence=Fence(),
        rally=(),
        totals=Totals(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    )


def flown(case: Case, folder: Path, speedup: float = SPEEDUP) -> FlightSamples:
    """Fly the mission, unless it was flown already, and give back its recording as arrays."""
    for before in sorted(folder.glob("*.tlog")):
        return flights_in(before)[0]
    binary = find(case.kind)
    if binary is None:
        sys.exit(f"no ArduPilot {case.kind} is installed: droneteam sitl install {case.kind}")
    blowing = {}
    if case.wind is not None:
        blowing = {"SIM_WIND_SPD": case.wind.speed_m_s, "SIM_WIND_DIR": case.wind.from_deg}
    clock = SystemClock()
    with (
        tempfile.TemporaryDirectory() as place,
        ArduPilot(
            binary, Path(place) / "sitl", speedup=speedup, parameters=case.parameters | blowing
        ) as vehicle,
        Recorder(folder, clock) as recorder,
        VehicleClient(open_link(vehicle.address, clock), clock, listener=recorder) as client,
    ):
        client.connect()
        for name, rate_hz in RATES_HZ.items():
            client.request_message_rate(name, rate_hz)
        client.wait_for(lambda: client.state.home is not None and client.state.ekf_healthy is True, 90)
        transfer.upload_and_verify(client, MissionType.MISSION, mission_items(plan_of(case)))
        fly(client, timeout_s=900)
        segments = list(recorder.segments)
    return flights_in(segments[0])[0]


def promised(case: Case) -> tuple[Effort, float, float]:
    """The effort, and the seconds and watt hours of it that the flight in SITL goes through."""
    taken = effort(catalogue.aircraft(f"ardupilot-{case.kind}"), track_of(case.rows), case.wind)
    if case.kind == "plane":
        return taken, taken.duration_s - taken.landing_s, taken.energy_wh - taken.landing_wh
    return taken, taken.duration_s, taken.energy_wh


def main(arguments: list[str]) -> None:
    """Fly the cases named, all where none is, and print a table."""
    if not arguments or set(arguments[1:]) - set(CASES):
        sys.exit(f"usage: energy_flights.py FOLDER [CASE ...]\ncases: {', '.join(CASES)}")
    head = "| flight | promised s | flown s | | promised Wh | flown Wh | |"
    sys.stdout.write(f"{head}\n| --- {'| ---: ' * 6}|\n")
    for name in arguments[1:] or CASES:
        case = CASES[name]
        samples = flown(case, Path(arguments[0]) / name)
        _, time_s, energy_wh = promised(case)
        took_s, used_wh = float(samples.time_s[-1]), samples.energy_wh
        sys.stdout.write(
            f"| {name} | {time_s:.1f} | {took_s:.1f} | {100 * (time_s / took_s - 1):+.1f} %"
            f" | {energy_wh:.2f} | {used_wh:.2f} | {100 * (energy_wh / used_wh - 1):+.1f} % |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
