"""A real ArduPilot copter is quiet in what was planned for it, and told of where that is drawn too small."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import shapely

from missions.formats.volumes_geojson import write_volumes
from missions.no_fly import zones_in
from missions.plan import Plan
from missions.plan_file import write_plan
from missions.volumes import FlightVolumes, margins_for, volumes_of
from ops.alarms import PlansFlown, VolumesFlown
from ops.alarms.recomputing import Recomputing
from ops.api.folder import OperationFolder
from ops.operations import Operation
from sitl.ardupilot import find
from sitl.proof import fly_plan
from telemetry.alerts import AlertDesk, Situation, Transition, load_rules
from telemetry.alerts.listening import StatusTexts
from telemetry.clock import ManualClock, SystemClock
from telemetry.hub import Hub
from telemetry.messages import decode
from telemetry.replay import open_recordings
from telemetry.state import VehicleState
from telemetry.tlog import read_tlog
from telemetry.track import Track
from tests.telemetry.test_alerts_desk import FRAME, heath

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(find("copter") is None, reason="no ArduPilot copter: droneteam sitl install"),
]


def plan_over(width_m: float) -> Plan:
    return heath(width_m, 110)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """What is flown; `plan_over(90.0)` is less than half as wide, so that the flight leaves it."""
    return plan_over(200.0)


@pytest.fixture(scope="module")
def recording(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one flight that all is asked of, as it was sent."""
    return as_sent(fly_plan(plan, tmp_path_factory.mktemp("flight"), speedup=10.0)[0].recording)


def as_sent(path: Path) -> Path:
    """The recording with each frame at the copter's own time beside it.

    At ten times real time a busy machine that stands still for a sixth of a second hears nothing for 1.5 s
    of the flight: whoever then goes on as it did leaves the fence, and is told of.
    """
    sent, begin_us, boot_ms = path.with_name("as_sent.tlog"), None, None
    with sent.open("wb") as file:
        for frame in read_tlog(path):
            message = decode(frame)
            told_ms = None if message is None else message.fields.get("time_boot_ms")
            if told_ms:
                boot_ms = max(boot_ms or 0, int(told_ms))
            if boot_ms is None:
                continue
            begin_us = begin_us or frame.time_us - 1000 * boot_ms
            file.write((begin_us + 1000 * boot_ms).to_bytes(8, "big") + frame.raw)
    return sent


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


def test_it_is_quiet_in_its_own_fence_and_told_in_a_smaller_one(plan: Plan, recording: Path) -> None:
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


def found(folder: Path, recording: Path) -> list[Transition]:
    """What the service says of the volumes in an operation."""
    shown = OperationFolder(folder, SystemClock())
    recomputing = Recomputing(
        open_recordings([recording]),
        load_rules(),
        plans=PlansFlown(shown.flights),
        volumes=VolumesFlown(shown.volumes),
    )
    while not recomputing.done:
        recomputing.step()
    assert recomputing.problem == ""
    every = recomputing.chronicle.between(-math.inf, math.inf)
    return [each for each in every if each.key.rule in ("flight_geography", "contingency_volume")]


def test_it_is_quiet_in_its_volumes_and_told_of_when_it_leaves_them(
    plan: Plan, recording: Path, tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "op", "Heath", "missing-person")
    write_plan(plan, operation.folder / "plans" / "heath.json")
    operation.add_file(operation.folder / "plans" / "heath.json", "plan")
    margins = margins_for(plan)
    path = operation.folder / "volumes" / "own.geojson"
    path.write_bytes(write_volumes(FlightVolumes("own", volumes_of(plan, margins), plan.created)))
    operation.add_file(path, "volume")
    assert found(operation.folder, recording) == [], "what was planned round it holds it"

    margins = dataclasses.replace(margins, contingency_m=15.0)
    narrow = volumes_of(plan_over(90.0), margins)
    path = operation.folder / "volumes" / "narrow.geojson"
    path.write_bytes(write_volumes(FlightVolumes("narrow", narrow, plan.created)))
    operation.add_file(path, "volume")
    told = found(operation.folder, recording)
    assert narrow.contingency is not None
    shape, track = zones_in(FRAME, narrow.contingency.parts), Track.from_tlog(recording)
    breaches = [each for each in told if each.key.rule == "contingency_volume"]
    assert breaches
    assert breaches[0].raised
    for each in breaches:
        pose = track.pose_at(each.time_s)
        assert pose is not None
        east, north = FRAME.local_from_geo([(pose.place.lon_deg, pose.place.lat_deg)])[0]
        inside = shapely.covers(shape, shapely.Point(east, north))
        assert inside is not each.raised, (each, east, north)
    first = next(each for each in told if each.raised)
    assert first.key.rule == "flight_geography"
    assert first.time_s < breaches[0].time_s
