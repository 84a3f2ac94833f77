"""The desk as a command room uses it: what is raised, seen, shelved and counted, and the same in a replay."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import shapely

from missions.area import Part
from missions.catalogue import aircraft, camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, ring_from_local
from missions.plan import Plan
from missions.search_plan import plan_search
from missions.terrain import AnalyticTerrain
from telemetry.alerts import (
    AlertDesk,
    Key,
    Priority,
    Said,
    Situation,
    State,
    Transition,
    Volume,
    Volumes,
)
from telemetry.alerts.specs import SPECS
from telemetry.health import Loss
from telemetry.state import VehicleState

START_S = 1_700_000_000.0
FRAME = LocalFrame(GeoPoint(52.12, 5.27))
FENCE = Key(1, "fence_breach")


def heath(width_m: float = 300, depth_m: float = 200) -> Plan:
    """Lanes over so much heath, in a fence 30 m further out."""
    area = area_from_local(shapely.box(0, 0, width_m, depth_m), FRAME, "Heath")
    return plan_search(
        area,
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created="2026-01-01",
        take_off=FRAME.point_from_local(5, 5),
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    return heath()


def state(now_s: float, east: float = 50, north: float = 50, up: float = 60, **changes: Any) -> VehicleState:
    """A copter in the air; its last digits never stand still."""
    place = FRAME.point_from_local(east, north)
    wobble = now_s % 7 * 1e-3
    known = {
        "system": 1,
        "kind": "copter",
        "mode": "GUIDED",
        "armed": True,
        "landed": "in air",
        "lat_deg": place.lat_deg,
        "lon_deg": place.lon_deg,
        "height_amsl_m": 30 + up + wobble,
        "height_relative_m": up,
        "battery_pct": 90.0,
        "fix": "3D",
        "satellites": 14,
        "hdop": 0.8,
        "ekf_healthy": True,
        "last_s": now_s,
    }
    return VehicleState(**{**known, **changes})


class Room:
    """A desk whose time goes on by `step_s` with each look."""

    def __init__(self, plan: Plan | None = None, **situation: Any) -> None:
        self.desk = AlertDesk()
        self.now_s = START_S
        self.situation = Situation(plans={1: plan} if plan else {}, messages={}, **situation)
        self.log: list[Transition] = []

    def look(self, vehicles: dict[int, VehicleState], step_s: float = 0.1) -> tuple[Transition, ...]:
        self.now_s += step_s
        made = self.desk.look(self.now_s, vehicles, self.situation)
        self.log += made
        return made

    def fly(self, seconds: float, place: Callable[[float], tuple[float, float]], **changes: Any) -> None:
        begin_s = self.now_s
        while self.now_s < begin_s + seconds:
            now_s = self.now_s + 0.1
            self.look({1: state(now_s, *place(now_s - begin_s), **changes)})

    def told(self) -> list[tuple[str, str]]:
        return [(one.key.rule, str(one.after)) for one in self.log]


def test_a_quiet_flight_is_quiet(plan: Plan) -> None:
    room = Room(plan)
    room.fly(30, lambda t: (50 + 5 * t, 50))
    assert room.log == []
    assert room.desk.active() == ()


def test_a_flight_through_the_fence_is_told_as_it_happens(plan: Plan) -> None:
    room = Room(plan)
    room.fly(60, lambda t: (100, 50 - 5 * t))
    assert room.told() == [
        ("fence_near", "unacknowledged"),
        ("fence_breach", "unacknowledged"),
        ("fence_near", "suppressed by design"),
    ]
    near, breach, _ = room.log
    assert near.value is not None
    assert near.value < near.limit == 5.0
    assert -4 < (breach.value or 0) < 0
    assert (breach.limit, breach.unit, breach.priority) == (0.0, "m", Priority.HIGH)
    assert "outside the fence" in breach.text
    seen = room.desk.acknowledge(FENCE, "Ann", room.now_s)
    assert (seen.who, seen.before, seen.after) == ("Ann", State.UNACKNOWLEDGED, State.ACKNOWLEDGED)
    room.fly(90, lambda t: (100, -250 + 5 * t))
    assert room.told()[3:] == [("fence_breach", "normal"), ("fence_near", "normal")]
    assert room.desk.active() == ()


def test_a_breach_that_nobody_saw_stays_in_the_list_after_the_landing(plan: Plan) -> None:
    room = Room(plan)
    room.fly(20, lambda t: (100, -200))
    assert room.desk.alarm(FENCE).state is State.UNACKNOWLEDGED
    room.fly(20, lambda t: (100, -200), landed="on ground", armed=False)
    assert room.desk.alarm(FENCE).state is State.RETURNED
    assert [alarm.key for alarm in room.desk.active()] == [FENCE]
    room.desk.acknowledge(FENCE, "Ann", room.now_s)
    assert room.desk.active() == ()


def test_nothing_is_said_of_a_vehicle_on_the_ground(plan: Plan) -> None:
    room = Room(plan)
    room.fly(60, lambda t: (9_000, 0), landed="on ground", armed=False, fix="no GPS", battery_pct=1.0)
    assert room.log == []


def test_a_lost_link_is_one_alarm_and_hides_none_that_stood(plan: Plan) -> None:
    room = Room(plan)
    room.fly(20, lambda t: (100, -200))
    frozen = state(room.now_s, 100, -200)
    for _ in range(300):
        room.look({1: frozen})
    assert room.told()[-1] == ("link_lost", "unacknowledged")
    raised = room.log[-1]
    assert raised.time_s - frozen.last_s == pytest.approx(5.1, abs=0.11)
    assert [alarm.key.rule for alarm in room.desk.active()] == ["fence_breach", "link_lost"]
    assert "not heard for 30 s" in room.desk.alarm(Key(1, "link_lost")).text


def test_a_radio_on_the_ground_does_not_keep_a_lost_aircraft_alive() -> None:
    room = Room()
    room.fly(5, lambda t: (100, 50), radio_rssi=190, radio_remote_rssi=180, radio_noise=40)
    last = state(room.now_s, 100, 50, radio_rssi=190, radio_remote_rssi=180, radio_noise=40)
    for number in range(200):
        radio = replace(last, radio_noise=40 + number % 3, last_s=room.now_s + 0.1)
        room.look({1: radio})
    assert ("link_lost", "unacknowledged") in room.told()


def test_frames_that_are_counted_tell_silence_better() -> None:
    room = Room()
    for number in range(200):
        room.situation = replace(room.situation, losses={1: Loss(min(number, 20) * 5)})
        room.look({1: state(room.now_s + 0.1)})
    assert room.told() == [("link_lost", "unacknowledged")]


def test_lost_frames_are_told_over_half_a_minute() -> None:
    room = Room()
    for number in range(1_000):
        bad = 300 <= number < 600
        received, lost = number * 5 - max(0, min(number - 300, 300)) * 2, max(0, min(number - 300, 300)) * 2
        room.situation = replace(room.situation, losses={1: Loss(received, lost)})
        made = room.look({1: state(room.now_s + 0.1)})
        assert bad or not [one for one in made if one.raised]
    assert room.told() == [("link_loss", "unacknowledged"), ("link_loss", "normal")]


def test_a_position_that_stands_still_is_none() -> None:
    room = Room()
    still = state(room.now_s)
    for _ in range(200):
        room.look({1: replace(still, last_s=room.now_s + 0.1)})
    assert room.told() == [("missing_data", "unacknowledged")]
    assert room.log[0].text == "not known: position"
    assert room.log[0].time_s - START_S == pytest.approx(13.1, abs=0.21)


def test_a_shelved_alarm_calls_nobody_and_comes_back(plan: Plan) -> None:
    room = Room(plan)
    room.fly(20, lambda t: (100, -200))
    shelved = room.desk.shelve(FENCE, "Ann", "agreed with the tower", 60.0, room.now_s)
    assert (shelved.after, shelved.why) == (State.SHELVED, "agreed with the tower")
    assert shelved.until_s == room.now_s + 60
    assert [alarm.key for alarm in room.desk.shelved()] == [FENCE]
    before = len(room.log)
    room.fly(59.8, lambda t: (100, -200))
    assert not [one for one in room.log[before:] if one.key == FENCE]
    assert FENCE not in [alarm.key for alarm in room.desk.active()]
    room.fly(1, lambda t: (100, -200))
    back = [one for one in room.log[before:] if one.key == FENCE]
    assert [(one.before, one.after, one.calls) for one in back] == [
        (State.SHELVED, State.UNACKNOWLEDGED, True)
    ]


def test_an_alarm_is_shelved_before_it_comes(plan: Plan) -> None:
    room = Room(plan)
    room.fly(1, lambda t: (100, 50))
    room.desk.shelve(FENCE, "Ann", "the fence is drawn too small", 100.0, room.now_s)
    room.fly(20, lambda t: (100, -200))
    assert FENCE not in [one.key for one in room.log]
    room.fly(30, lambda t: (100, 50))
    taken = room.desk.unshelve(FENCE, "Bob", room.now_s)
    assert (taken.after, taken.who) == (State.NORMAL, "Bob")
    assert "was active while shelved" in taken.text


def test_a_shelf_ends_for_a_vehicle_that_nobody_hears_of_any_more(plan: Plan) -> None:
    room = Room(plan)
    room.fly(20, lambda t: (100, -200))
    room.desk.shelve(FENCE, "Ann", "test", 60.0, room.now_s)
    room.look({}, step_s=61)
    assert room.told()[-1] == ("fence_breach", "unacknowledged")


def test_what_makes_no_sense_is_refused_and_changes_nothing(plan: Plan) -> None:
    room = Room(plan)
    with pytest.raises(InputError, match="there is no such alarm"):
        room.desk.acknowledge(FENCE, "Ann", room.now_s)
    room.fly(20, lambda t: (100, -200))
    for key in (Key(2, "fence_breach"), Key(1, "fence")):
        with pytest.raises(InputError, match="there is no such alarm"):
            room.desk.shelve(key, "Ann", "test", 10.0, room.now_s)
    with pytest.raises(InputError, match="not active"):
        room.desk.acknowledge(Key(1, "ekf"), "Ann", room.now_s)
    with pytest.raises(InputError, match="may not be shelved"):
        room.desk.shelve(Key(1, "traffic", "T1"), "Ann", "test", 10.0, room.now_s)
    room.desk.acknowledge(FENCE, "Ann", room.now_s)
    with pytest.raises(InputError, match="Ann acknowledged it already"):
        room.desk.acknowledge(FENCE, "Bob", room.now_s)
    assert room.desk.alarm(FENCE).who == "Ann"


def test_height_above_ground_follows_the_terrain(plan: Plan) -> None:
    hills = AnalyticTerrain(lambda east, north: 40 + 0 * north - 0.5 * east.clip(0, 1_000), plan.take_off)
    room = Room(terrain=hills)
    room.fly(5, lambda t: (5, 50), up=100.0, home_lat_deg=52.12, home_lon_deg=5.27, home_amsl_m=30.0)
    assert room.log == []
    room.fly(5, lambda t: (105, 50), up=100.0, home_lat_deg=52.12, home_lon_deg=5.27, home_amsl_m=30.0)
    assert room.told() == [("height_above_ground", "unacknowledged")]
    assert room.log[0].value == pytest.approx(150, abs=3)
    assert "above the ground" in room.log[0].text


def test_ground_without_data_falls_back_to_take_off_and_says_so(plan: Plan) -> None:
    nothing = AnalyticTerrain(lambda east, north: east * float("nan"), plan.take_off)
    room = Room(plan, terrain=nothing)
    room.fly(5, lambda t: (100, 50), up=121.0)
    assert room.told() == [("height_above_ground", "unacknowledged")]
    assert "the ground below is not known" in room.log[0].text


def test_the_battery_is_held_against_the_way_home(plan: Plan) -> None:
    room = Room(plan)
    room.fly(10, lambda t: (100, 50), battery_pct=42.0)
    assert room.log == []
    room.fly(20, lambda t: (100, 50), battery_pct=34.0)
    assert ("battery_home_soon", "unacknowledged") in room.told()
    room.fly(20, lambda t: (100, 50), battery_pct=25.5)
    assert ("battery_home", "unacknowledged") in room.told()
    assert "% to get home, 25 % in reserve" in room.desk.alarm(Key(1, "battery_home")).text


def test_volumes_are_watched_and_the_graver_one_speaks() -> None:
    def volume(name: str, size_m: float, ceiling_m: float) -> Volume:
        shape = shapely.box(-size_m, -size_m, size_m, size_m)
        return Volume(name, (Part(ring_from_local(shape, FRAME)),), 0.0, ceiling_m)

    volumes = Volumes(volume("inner", 100, 80), volume("outer", 150, 100))
    room = Room(volumes={1: volumes})
    room.fly(10, lambda t: (90, 0), up=60.0)
    assert room.log == []
    room.fly(10, lambda t: (90, 0), up=90.0)
    assert room.told() == [("flight_geography", "unacknowledged")]
    room.desk.acknowledge(Key(1, "flight_geography"), "Ann", room.now_s)
    room.fly(10, lambda t: (160, 0), up=90.0)
    assert room.told()[1:] == [
        ("contingency_volume", "unacknowledged"),
        ("flight_geography", "suppressed by design"),
    ]


def test_a_mission_that_does_not_get_on_is_told(plan: Plan) -> None:
    room = Room(plan)
    for number in range(900):
        moving = number < 100
        room.look(
            {
                1: state(
                    room.now_s + 0.1,
                    mode="AUTO",
                    mission_current=5,
                    waypoint_distance_m=200.0 - number if moving else 101.0 - number % 2,
                )
            }
        )
    stuck = [one for one in room.log if one.key.rule == "no_progress"]
    assert len(stuck) == 1
    assert stuck[0].time_s - START_S == pytest.approx(70, abs=1)


def test_whoever_climbs_or_sinks_at_its_place_gets_on(plan: Plan) -> None:
    room = Room(plan)
    for number in range(1_500):
        up = 100 - number * 0.05
        room.look(
            {1: state(room.now_s + 0.1, mode="AUTO", mission_current=5, waypoint_distance_m=1.0, up=up)}
        )
    assert not [one for one in room.log if one.key.rule == "no_progress"]


def test_the_autopilots_own_errors_are_alarms_and_its_chatter_is_none() -> None:
    room = Room()
    room.situation = replace(
        room.situation,
        messages={1: [Said(START_S, "warning", "Mag yaw"), Said(START_S, "critical", "Crash: Disarming")]},
    )
    room.look({1: state(room.now_s + 0.1)})
    room.situation = replace(room.situation, messages={})
    room.fly(70, lambda t: (50, 50))
    assert room.told() == [
        ("autopilot_message", "unacknowledged"),
        ("autopilot_message", "returned unacknowledged"),
    ]
    assert room.log[0].text == "critical: Crash: Disarming"


def test_a_crash_that_disarms_is_told_and_what_is_said_on_the_ground_is_not() -> None:
    room = Room()
    down = {"armed": False, "landed": "on ground"}
    room.situation = replace(room.situation, messages={1: [Said(START_S, "critical", "PreArm: GPS")]})
    room.look({1: state(room.now_s + 0.1, **down)})
    room.look({1: state(room.now_s + 0.1, **down)})
    assert room.log == []
    room.situation = replace(room.situation, messages={})
    room.fly(2, lambda t: (50, 50))
    assert room.log == []
    room.situation = replace(room.situation, messages={1: [Said(room.now_s, "critical", "Crash: Disarming")]})
    room.look({1: state(room.now_s + 0.1, **down)})
    assert [one.text for one in room.log] == ["critical: Crash: Disarming"]


def test_without_a_listener_the_last_text_of_the_state_counts() -> None:
    room = Room()
    room.situation = replace(room.situation, messages=None)
    old = {"status_text": "EKF lane switch 1", "status_severity": "critical"}
    room.fly(2, lambda t: (50, 50), **old)
    assert room.log == []
    room.fly(2, lambda t: (50, 50), status_text="Motors: failed", status_severity="emergency")
    assert [one.text for one in room.log] == ["emergency: Motors: failed"]


def test_a_rule_that_fails_silences_no_other_and_is_told(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(SPECS, "link_lost", replace(SPECS["link_lost"], condition=broken))
    room = Room(plan)
    with caplog.at_level(logging.ERROR):
        room.fly(20, lambda t: (100, -200))
    assert room.told() == [("fence_breach", "unacknowledged"), ("missing_data", "unacknowledged")]
    assert room.log[1].text == "not known: link_lost"
    assert len(caplog.records) == 1
