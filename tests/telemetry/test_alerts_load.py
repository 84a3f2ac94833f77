"""Fifty aircraft, ten looks a second; `python tests/telemetry/test_alerts_load.py` tells what they take."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import shapely

from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local
from missions.plan import Plan
from missions.search_plan import plan_search
from missions.terrain import AnalyticTerrain
from telemetry.alerts import AlertDesk, Situation, Traffic, Transition
from telemetry.health import Loss
from telemetry.state import VehicleState

FRAME = LocalFrame(GeoPoint(52.12, 5.27))
TEAM = 50
START_S = 1_700_000_000.0
Look = tuple[float, dict[int, VehicleState], Situation]


def corner_m(number: int) -> tuple[float, float]:
    return number % 10 * 400.0, number // 10 * 400.0


@cache
def plan_of(number: int) -> Plan:
    east, north = corner_m(number)
    area = area_from_local(shapely.box(east, north, east + 200, north + 110), FRAME, f"Field {number}")
    return plan_search(
        area,
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created="2026-01-01",
        take_off=FRAME.point_from_local(east + 5, north + 5),
    )


def looks(seconds: float, seed: int, *, wild: bool) -> list[Look]:
    """The team over its fields; `wild`: every value swings over its limit and back, all the time."""
    rng = random.Random(seed)
    plans = {number: plan_of(number) for number in range(1, TEAM + 1)}
    ground = AnalyticTerrain(lambda east, north: 30 + 0.01 * east, GeoPoint(52.12, 5.27))
    made = []
    for step in range(round(seconds * 10)):
        now_s = START_S + step / 10
        vehicles = {}
        for number in plans:
            east, north = corner_m(number)
            away = 250.0 * (rng.random() < 0.5) if wild else 0.0
            place = FRAME.point_from_local(east + 20 + step % 160, north + 50 + away)
            vehicles[number] = VehicleState(
                system=number,
                kind="copter",
                mode="AUTO" if wild else "GUIDED",
                armed=True,
                landed="in air",
                lat_deg=place.lat_deg,
                lon_deg=place.lon_deg,
                height_amsl_m=90 + rng.random(),
                height_relative_m=60 + rng.random() + 80 * wild * (rng.random() < 0.5),
                battery_pct=rng.choice([80.0, 20.0]) if wild else 80.0,
                fix=rng.choice(["3D", "2D"]) if wild else "3D",
                satellites=rng.choice([4, 14]) if wild else 14,
                hdop=rng.choice([0.8, 4.0]) if wild else 0.8,
                ekf_healthy=rng.random() < 0.5 if wild else True,
                mission_current=rng.randrange(9) if wild else 3,
                waypoint_distance_m=100.0,
                radio_rssi=190,
                radio_remote_rssi=180,
                radio_noise=40,
                last_s=now_s,
            )
        traffic = tuple(Traffic(f"T{n}", 52.3 + n * 0.01, 5.3, now_s, 400.0, 60.0, 200.0) for n in range(20))
        losses = {number: Loss(step * 5, 0) for number in plans}
        made.append(
            (now_s, vehicles, Situation(plans, terrain=ground, traffic=traffic, losses=losses, messages={}))
        )
    return made


def watched(rows: list[Look]) -> tuple[AlertDesk, list[Transition]]:
    desk = AlertDesk()
    return desk, [one for row in rows for one in desk.look(*row)]


def test_a_large_team_that_flies_well_is_quiet() -> None:
    desk, log = watched(looks(5, 1, wild=False))
    assert log == []
    assert desk.active() == ()


def test_a_large_team_in_chaos_raises_each_alarm_a_few_times_at_most() -> None:
    desk, log = watched(looks(8, 2, wild=True))
    raised = Counter(one.key for one in log if one.raised)
    assert len(raised) > 2 * TEAM
    assert max(raised.values()) <= 3
    assert desk.measures().flood
    assert {one.priority for one in log if one.calls and one.time_s > log[0].time_s + 2} <= {"high"}


def main() -> None:
    rows = looks(15, 3, wild=False)
    for name, given in (("quiet", rows), ("chaos", looks(15, 3, wild=True))):
        begin_s = time.process_time()
        _, log = watched(given)
        took_s = (time.process_time() - begin_s) / len(given)
        sys.stdout.write(
            f"{name}: {TEAM} vehicles, {1_000 * took_s:.1f} ms of processor time a look,"
            f" at 10 Hz {1_000 * took_s:.0f} % of a core; {len(log)} transitions\n"
        )


if __name__ == "__main__":
    main()
