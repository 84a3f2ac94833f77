"""Alarms beneath the service: who flies which plan, what is looked at, and what reaches the disk."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from missions.errors import InputError, OutputError
from missions.plan import Plan
from missions.plan_items import mission_items
from ops.alarms import AlarmLog, AlarmWatch, PlansFlown
from ops.api.alarming import Alarming
from ops.api.picture import Cursor, Picture
from telemetry.alerts import Key, State, Traffic, load_rules
from telemetry.clock import ManualClock
from telemetry.hub import Hub
from telemetry.state import VehicleState
from tests.ops.alarmed import Copter, place, wait_for, write_rules

KEY = Key(1, "battery_low")


def standing(plan: Plan, metres_east: float = 0.0, **more: Any) -> VehicleState:
    """A copter whose home is so far from the plan's take-off place."""
    state = VehicleState(system=1, kind="copter", home_amsl_m=28.0, **more)
    place_deg = plan.take_off
    return dataclasses.replace(
        state, home_lat_deg=place_deg.lat_deg, home_lon_deg=place_deg.lon_deg + metres_east / 68_400
    )


def test_a_vehicle_flies_the_plan_that_begins_where_it_took_off(search_plan: Plan) -> None:
    flown = PlansFlown(lambda: [search_plan])
    assert flown({1: standing(search_plan, 60)}) == {1: search_plan}
    assert flown({1: standing(search_plan, 200)}) == {}


def test_a_plan_for_planes_is_flown_by_no_copter(search_plan: Plan) -> None:
    craft = dataclasses.replace(search_plan.aircraft, kind="plane")
    assert (
        PlansFlown(lambda: [dataclasses.replace(search_plan, aircraft=craft)])({1: standing(search_plan)})
        == {}
    )


def test_of_plans_at_one_place_the_newest_counts(search_plan: Plan) -> None:
    newer = dataclasses.replace(search_plan, name="again", created="2026-03-14T11:00:00Z")
    assert PlansFlown(lambda: [newer, search_plan])({1: standing(search_plan)}) == {1: newer}


def test_the_items_of_its_mission_tell_plans_apart(search_plan: Plan) -> None:
    newer = dataclasses.replace(search_plan, created="2026-03-14T11:00:00Z", route=search_plan.route[:-2])
    older = len(mission_items(search_plan))
    assert len(mission_items(newer)) < older - 1
    flown = PlansFlown(lambda: [newer, search_plan])
    for count in (older, older - 1):  # ArduPilot does not count home
        assert flown({1: standing(search_plan, mission_count=count)}) == {1: search_plan}


def test_of_two_flights_that_fit_as_well_none_is_taken(search_plan: Plan) -> None:
    twin = dataclasses.replace(search_plan, name="the other half")
    assert PlansFlown(lambda: [search_plan, twin])({1: standing(search_plan)}) == {}


def test_without_a_home_the_place_where_it_stood_disarmed_counts(search_plan: Plan) -> None:
    flown = PlansFlown(lambda: [search_plan])
    here = {"lat_deg": search_plan.take_off.lat_deg, "lon_deg": search_plan.take_off.lon_deg}
    away = {"lat_deg": search_plan.take_off.lat_deg + 0.01, "lon_deg": search_plan.take_off.lon_deg}
    assert flown({1: VehicleState(system=1, kind="copter", armed=True, **here)}) == {}
    assert flown({1: VehicleState(system=1, kind="copter", armed=False, **here)}) == {1: search_plan}
    assert flown({1: VehicleState(system=1, kind="copter", armed=True, **away)}) == {1: search_plan}


def test_a_home_that_is_no_place_breaks_nothing(search_plan: Plan) -> None:
    wild = VehicleState(system=1, kind="copter", home_lat_deg=214.7, home_lon_deg=5.8, home_amsl_m=0.0)
    assert PlansFlown(lambda: [search_plan])({1: wild, 2: standing(search_plan)}) == {2: search_plan}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def hub(clock: ManualClock) -> Hub:
    return Hub(clock)


@pytest.fixture
def watch(hub: Hub, clock: ManualClock, tmp_path: Path) -> AlarmWatch:
    return AlarmWatch(hub, clock, load_rules(write_rules(tmp_path)))


def look(watch: AlarmWatch, clock: ManualClock, *copters: Copter, times: int = 2) -> None:
    """They fly on, and are looked at, twice a second."""
    for step in range(times):
        for each in copters:
            each.here = place(100 + step % 2, 100)
            each.fly()
        watch.look()
        clock.sleep(0.5)


def test_what_falls_is_told_and_listed(watch: AlarmWatch, hub: Hub, clock: ManualClock) -> None:
    told: list[tuple[str, State]] = []
    watch.told = lambda each: told.append((each.key.rule, each.after))
    copter = Copter(hub)
    look(watch, clock, copter)
    assert told == []
    copter.battery_pct = 8
    look(watch, clock, copter)
    assert told == [("battery_low", State.UNACKNOWLEDGED)]
    (listed,) = watch.listed().active
    assert (listed.alarm.key, listed.calls, listed.shelve_max_s) == (KEY, True, 300.0)


def test_a_person_takes_it_shelves_it_and_takes_it_off(
    watch: AlarmWatch, hub: Hub, clock: ManualClock
) -> None:
    copter = Copter(hub, battery_pct=8)
    look(watch, clock, copter)
    watch.acknowledge(KEY, "Ann")
    assert not watch.listed().active[0].calls
    with pytest.raises(InputError, match="Ann acknowledged it already"):
        watch.acknowledge(KEY, "Bob")
    watch.shelve(KEY, "Bob", "its gauge is broken", 60.0)
    assert watch.listed().active == ()
    assert watch.listed().shelved[0].alarm.who == "Bob"
    watch.unshelve(KEY, "Ann")
    assert watch.alarm(KEY).state is State.UNACKNOWLEDGED


def test_plans_or_traffic_that_cannot_be_read_silence_nothing(
    watch: AlarmWatch, hub: Hub, clock: ManualClock
) -> None:
    def broken(*_: object) -> Any:
        raise OSError("the disk is gone")

    watch.plans = watch.traffic = broken
    look(watch, clock, Copter(hub, battery_pct=8))
    assert [each.alarm.key for each in watch.listed().active] == [KEY]
    assert watch.problem == (
        "Alarms know no plans: the disk is gone. Alarms know no traffic: the disk is gone."
    )
    watch.plans, watch.traffic = (lambda _: {}), tuple
    look(watch, clock)
    assert watch.problem == ""


def test_foreign_aircraft_come_from_whoever_hears_them(
    watch: AlarmWatch, hub: Hub, clock: ManualClock
) -> None:
    copter = Copter(hub)
    here = place(150, 100)
    watch.traffic = lambda: [Traffic("484D21", here.lat_deg, here.lon_deg, clock.now_s(), 95.0)]
    look(watch, clock, copter, times=4)
    assert [each.alarm.key for each in watch.listed().active] == [Key(1, "traffic", "484D21")]


def test_a_vehicle_silent_on_one_link_and_heard_on_another_is_heard(
    watch: AlarmWatch, hub: Hub, clock: ManualClock
) -> None:
    first, second = Copter(hub, link="udp:127.0.0.1:1"), Copter(hub, link="udp:127.0.0.1:2")
    look(watch, clock, first, times=40)
    look(watch, clock, second, times=30)
    assert watch.listed().active == ()
    look(watch, clock, times=20)
    assert [each.alarm.key for each in watch.listed().active] == [Key(1, "link_lost")]


def test_two_aircraft_with_one_number_are_found(watch: AlarmWatch, hub: Hub, clock: ManualClock) -> None:
    found: list[int] = []
    watch.found = lambda double: found.append(double.system)
    first, second = Copter(hub, link="udp:127.0.0.1:1"), Copter(hub, link="udp:127.0.0.1:2")
    for step in range(8):
        first.here, second.here = place(step, 0), place(5_000 + step, 0)
        first.fly()
        second.fly()
        clock.sleep(0.2)
    assert found == [1]
    assert [each.system for each in watch.doubles] == [1]


def test_after_its_end_nothing_is_looked_at_and_nothing_done(
    watch: AlarmWatch, hub: Hub, clock: ManualClock
) -> None:
    look(watch, clock, Copter(hub, battery_pct=8))
    watch.close()
    with pytest.raises(InputError, match="the service ends"):
        watch.acknowledge(KEY, "Ann")


def test_a_figure_that_changes_is_sent_every_two_seconds_and_a_state_at_once(
    watch: AlarmWatch, hub: Hub, clock: ManualClock
) -> None:
    picture, copter = Picture(), Copter(hub, battery_pct=8)
    alarming = Alarming(picture, clock, watch)
    look(watch, clock, copter)
    alarming.show()

    def sent(act: Callable[[], object]) -> bool:
        before = picture.since(Cursor()).upto
        act()
        alarming.show()
        return picture.since(before).alarms is not None

    def fall(percent: int) -> None:
        copter.battery_pct = percent
        look(watch, clock, copter, times=1)

    assert [sent(lambda left=left: fall(left)) for left in (7, 6, 5, 4, 3)] == [False] * 3 + [True, False]
    assert sent(lambda: watch.acknowledge(KEY, "Ann"))
    assert not sent(lambda: None)


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"number": number} for number in numbers]


def test_what_is_added_is_on_the_disk_when_it_was_waited_for(
    watch: AlarmWatch, hub: Hub, clock: ManualClock, tmp_path: Path
) -> None:
    watch.log = AlarmLog(tmp_path / "new" / "folder", clock)
    look(watch, clock, Copter(hub, battery_pct=8))
    assert watch.acknowledge(KEY, "Ann")
    lines = (tmp_path / "new" / "folder" / "alerts.jsonl").read_text().splitlines()
    assert [(row["rule"], row["to"], row["who"]) for row in map(json.loads, lines)] == [
        ("battery_low", "unacknowledged", ""),
        ("battery_low", "acknowledged", "Ann"),
    ]
    watch.close()


def test_what_cannot_be_written_is_told_waits_and_keeps_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.alarms.log.RETRY_S", 0.01)
    full = threading.Event()
    full.set()
    kept: list[int] = []

    def write(folder: Path, some: Any) -> None:
        if full.is_set():
            raise OutputError("no room is left", where=str(folder))
        kept.extend(row["number"] for row in some)

    log = AlarmLog(tmp_path, ManualClock(), write)
    log.add(rows(1, 2))
    wait_for(lambda: log.problem, "the problem is told")
    assert not log.wait(log.add(rows(3)), 5.0)
    assert "3 changes of alarms are not recorded" in log.problem
    assert "no room is left" in log.problem
    full.clear()
    wait_for(lambda: not log.problem, "it is written after all")
    assert log.wait(log.add(rows(4)), 5.0)
    log.close()
    assert kept == [1, 2, 3, 4]


def test_a_disk_that_hangs_holds_nobody_up_and_is_told(tmp_path: Path) -> None:
    clock = ManualClock()
    hanging, writing = threading.Event(), threading.Event()

    def write(*_: object) -> None:
        writing.set()
        hanging.wait(20)

    log = AlarmLog(tmp_path, clock, write)
    log.add(rows(1))
    assert writing.wait(5)
    assert log.problem == ""
    clock.sleep(6.0)
    assert "have waited 6 s" in log.problem
    assert not log.wait(log.add(rows(2)), 0.01)
    hanging.set()
    log.close()
    assert log.problem == ""


def test_a_change_that_the_log_takes_for_none_is_lost_alone(
    watch: AlarmWatch, hub: Hub, clock: ManualClock, tmp_path: Path
) -> None:
    told: list[dict[str, Any]] = []
    watch.told = lambda each: told.append(each.as_dict())
    look(watch, clock, Copter(hub, battery_pct=8))
    (good,) = told
    log = AlarmLog(tmp_path, clock)
    log.add([good, {**good, "who": None}, {**good, "number": 2}])
    log.close()
    lines = (tmp_path / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2]
    assert log.problem == "Changes of alarms lost: 1."


def test_what_waits_is_bounded_and_what_is_lost_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.alarms.log.MAX_WAITING", 3)

    def write(*_: object) -> None:
        raise OutputError("no room is left")

    log = AlarmLog(tmp_path, ManualClock(), write)
    log.add(rows(1, 2, 3, 4, 5))
    wait_for(lambda: "lost: 2" in log.problem, "the loss is told")
    log.close()
