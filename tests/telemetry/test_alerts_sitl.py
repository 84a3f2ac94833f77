"""A real ArduPilot flies its plan quietly, and across a fence that is drawn too small it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local
from missions.plan import Plan
from missions.search_plan import plan_search
from sitl.ardupilot import find
from sitl.proof import fly_plan
from telemetry.alerts import AlertDesk, Situation, Transition
from telemetry.alerts.listening import StatusTexts
from telemetry.clock import ManualClock
from telemetry.hub import Hub
from telemetry.state import VehicleState
from telemetry.tlog import read_tlog

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(find("copter") is None, reason="no ArduPilot copter: droneteam sitl install"),
]
FRAME = LocalFrame(GeoPoint(52.12, 5.27))


def plan_over(width_m: float) -> Plan:
    area = area_from_local(shapely.box(0, 0, width_m, 110), FRAME, "Heath")
    return plan_search(
        area,
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created="2026-01-01",
        take_off=FRAME.point_from_local(5, 5),
    )


def watched(path: Path, plan: Plan) -> list[tuple[Transition, VehicleState]]:
    """What a desk says of the recording, with the vehicle's state at the time."""
    hub, texts, desk = Hub(ManualClock()), StatusTexts(), AlertDesk()
    hub.subscribe(texts)
    log: list[tuple[Transition, VehicleState]] = []
    next_s = 0.0
    for frame in read_tlog(path):
        hub.publish([frame])
        if frame.time_s < next_s:
            continue
        next_s = frame.time_s + 0.1
        vehicles = hub.vehicles()
        made = desk.look(frame.time_s, vehicles, Situation(plans={1: plan}, messages=texts.take()))
        log += [(one, vehicles[one.key.vehicle]) for one in made]
    return log


def test_a_real_autopilot_is_quiet_in_its_own_fence_and_told_in_a_smaller_one(tmp_path: Path) -> None:
    plan = plan_over(200.0)
    recording = fly_plan(plan, tmp_path / "flight", speedup=4.0)[0].recording
    own = [one for one, _ in watched(recording, plan)]
    assert {one.key.rule for one in own if one.raised} <= {"autopilot_message"}, own
    smaller = watched(recording, plan_over(90.0))
    breaches = [(one, state) for one, state in smaller if one.key.rule == "fence_breach"]
    assert breaches[0][0].raised
    for one, state in breaches:
        east, _ = FRAME.local_from_geo([(state.lon_deg, state.lat_deg)])[0]
        assert bool(east > 120) is one.raised, (one, east)
    nears = [one for one, _ in smaller if one.key.rule == "fence_near" and one.raised]
    assert nears[0].time_s < breaches[0][0].time_s
