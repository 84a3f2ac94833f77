"""An operation holds the volumes of its flights: whoever leaves them is an alarm, live and found again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from missions.errors import InputError
from missions.formats.volumes_geojson import write_volumes
from missions.plan import Plan
from missions.plan_file import read_plan
from missions.volumes import FlightVolumes, Margins, volumes_of
from ops.alarms import AlarmWatch, PlansFlown, VolumesFlown
from ops.api.folder import OperationFolder
from ops.api.server import serving
from ops.config import Settings
from ops.operations import Operation
from telemetry.alerts import Transition, load_rules
from telemetry.clock import ManualClock, SystemClock
from telemetry.hub import Hub
from telemetry.recorder import Recorder
from telemetry.replay import Replay, open_recordings
from telemetry.state import VehicleState
from tests.ops.alarmed import RULES, Copter, flying, place, wait_for

MARGINS = Margins(flight_m=20, flight_height_m=10, contingency_m=30, contingency_height_m=15)
QUICK = RULES + "\n[flight_geography]\non_delay_s = 0.0\n\n[contingency_volume]\non_delay_s = 0.0\n"
RULES_OF_VOLUMES = ("flight_geography", "contingency_volume")
Drone = Callable[..., Any]


@pytest.fixture
def plan(heath: Path) -> Plan:
    return read_plan(heath / "plans" / "heath.json")


@pytest.fixture
def held(heath: Path, plan: Plan) -> Path:
    """The operation with volumes round its plan."""
    enter(heath, FlightVolumes("The heath", volumes_of(plan, MARGINS), plan.created))
    return heath


def enter(folder: Path, volumes: FlightVolumes, name: str = "heath.geojson") -> None:
    (folder / "volumes").mkdir(exist_ok=True)
    (folder / "volumes" / name).write_bytes(write_volumes(volumes))
    Operation.open(folder).add_file(folder / "volumes" / name, "volume")


def settings(folder: Path) -> Settings:
    (folder / "rules.toml").write_text(QUICK)
    return Settings(port=0, alert_rules=folder / "rules.toml")


def watching(folder: Path, hub: Hub) -> Iterator[tuple[AlarmWatch, list[Transition]]]:
    (folder.parent / "rules.toml").write_text(QUICK)
    shown = OperationFolder(folder, hub.clock)
    watch = AlarmWatch(
        hub,
        hub.clock,
        load_rules(folder.parent / "rules.toml"),
        plans=PlansFlown(shown.flights),
        volumes=VolumesFlown(shown.volumes),
    )
    told: list[Transition] = []
    watch.told = told.append
    yield watch, told
    watch.close()


def fly_out(copter: Copter, clock: ManualClock, look: Callable[[], None]) -> list[tuple[float, float]]:
    """Along the heath's lane, out to the west and back; when, and how far east of take-off, m."""
    copter.stand()
    look()
    way = [*range(40, -120, -4), *range(-120, 40, 4), *range(40, 60)]
    flown = []
    for east in way:
        clock.sleep(0.5)
        copter.here = place(east * 1.46, 150)  # 1e-5 degrees of longitude are 0.68 m there
        copter.fly()
        look()
        flown.append((clock.now_s(), float(east)))
    return flown


def test_who_leaves_them_is_an_alarm_that_ends_with_the_way_back(held: Path) -> None:
    clock = ManualClock(1_773_480_413.0)
    hub = Hub(clock)
    for watch, told in watching(held, hub):
        fly_out(Copter(hub), clock, watch.look)
        assert watch.problem == ""
        raised = [each.key.rule for each in told if each.raised]
        told_of = [rule for rule in raised if rule in RULES_OF_VOLUMES]
        # the graver of the two hides the other until the way back
        assert told_of == ["flight_geography", "contingency_volume", "flight_geography"]
        (far,) = (each for each in told if each.key.rule == "contingency_volume" and each.raised)
        assert "outside the contingency volume The heath" in far.text
        assert {each.after.value for each in told if each.key.rule == "contingency_volume"} >= {
            "unacknowledged",
            "returned unacknowledged",
        }


def test_they_hold_for_who_flies_the_plan_and_a_vehicles_own_count_first(plan: Plan) -> None:
    whole, near = volumes_of(plan, MARGINS), volumes_of(plan, dataclasses.replace(MARGINS, flight_m=1))
    planned = FlightVolumes("planned", whole, plan.created)
    vehicles = {1: VehicleState(system=1), 2: VehicleState(system=2)}
    assert VolumesFlown(lambda: [planned])(vehicles, {1: plan}) == {1: whole}
    assert VolumesFlown(lambda: [planned])(vehicles, {}) == {}
    every = FlightVolumes("every", near)
    assert VolumesFlown(lambda: [every, planned])(vehicles, {1: plan}) == {1: whole, 2: near}
    own = FlightVolumes("own", near, plan.created, (1,))
    assert VolumesFlown(lambda: [own, planned])(vehicles, {1: plan}) == {1: near}
    newer = FlightVolumes("newer", near, plan.created)
    assert VolumesFlown(lambda: [planned, newer])(vehicles, {1: plan}) == {1: near}


def test_the_service_raises_and_draws_them_and_says_what_it_cannot_read(held: Path, tmp_path: Path) -> None:
    hub = Hub(SystemClock())
    copter = Copter(hub, here=place(-150, 150))
    with serving(settings(tmp_path), operation_folder=held, hub=hub) as address:
        drawn = httpx.get(f"{address}api/volumes", timeout=20).json()
        assert [each["properties"]["role"] for each in drawn["features"]] == [
            "flight_geography",
            "contingency_volume",
        ]
        copter.stand()
        with flying(copter):

            def rules() -> set[str]:
                listed = httpx.get(f"{address}api/alarms", timeout=20).json()["active"]
                return {each["rule"] for each in listed}

            wait_for(lambda: rules() >= {"contingency_volume"}, "an alarm of the contingency volume")
        (held / "volumes" / "bad.geojson").write_text("{}")
        Operation.open(held).add_file(held / "volumes" / "bad.geojson", "volume")

        def unreadable() -> bool:
            told = httpx.get(f"{address}api/operation", timeout=20).json()["unreadable"]
            return any("no FeatureCollection" in each for each in told)

        wait_for(unreadable, "the file that is none")


def test_a_replay_finds_the_same_alarms_again(held: Path, tmp_path: Path) -> None:
    clock = ManualClock(1_773_480_413.0)
    hub = Hub(clock)
    with Recorder(tmp_path / "recorded", clock) as recorder:
        hub.subscribe(recorder)
        flown = fly_out(Copter(hub), clock, lambda: None)
    replay = Replay(open_recordings(recorder.segments))
    with serving(settings(tmp_path), operation_folder=held, replay=replay) as address:

        def active() -> set[str]:
            told = httpx.get(f"{address}api/alarms", timeout=20).json()
            return {each["rule"] for each in told["active"]} if told["replayed"]["upto_s"] is None else set()

        out_s = next(time_s for time_s, east in flown if east < -80)
        inside_s = flown[4][0]
        httpx.post(f"{address}api/replay", json={"seek_s": out_s}, timeout=20)
        wait_for(lambda: active() >= {"flight_geography", "contingency_volume"}, "both alarms", 60)
        httpx.post(f"{address}api/replay", json={"seek_s": inside_s}, timeout=20)
        wait_for(lambda: "contingency_volume" not in active(), "none before it left")
        assert httpx.get(f"{address}api/volumes", timeout=20).json()["features"]


def test_the_command_draws_them_round_a_plan_and_takes_a_file(
    inside: Drone, heath: Path, tmp_path: Path
) -> None:
    done = inside("operation", "volumes", heath, heath / "plans" / "heath.json", "--contingency-margin", "40")
    assert done.returncode == 0, done.stderr
    assert "Flight geography: -5 to 65 m above take-off" in done.stderr
    document = json.loads((heath / "volumes" / "heath.geojson").read_text())
    assert document["plan_created"] == "2026-03-14T09:26:53Z"
    again = inside("operation", "volumes", heath, heath / "volumes" / "heath.geojson", "--system", "3")
    assert again.returncode == 0, again.stderr
    shown = OperationFolder(heath, SystemClock()).volumes()
    assert [each.systems for each in shown] == [(), (3,)]
    assert Operation.open(heath).strangers() == ()
    wrong = inside("operation", "volumes", heath, heath / "volumes" / "heath.geojson", "--flight-margin", "3")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    zero = inside("operation", "volumes", heath, heath / "plans" / "heath.json", "--flight-margin", "0")
    assert zero.returncode == 2
    assert "0.0 m is no margin" in zero.stderr


def test_there_is_no_other_kind_of_file(heath: Path) -> None:
    with pytest.raises(InputError, match="no kind of file"):
        Operation.open(heath).add_file(heath / "plans" / "heath.json", "volumes")
