"""The desk and others in the air: aircraft of ours, and traffic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from missions.errors import InputError
from telemetry.alerts import (
    Key,
    Situation,
    Traffic,
)
from telemetry.alerts import desk as desk_module
from telemetry.alerts.looking import Lookout
from telemetry.state import VehicleState
from tests.telemetry.test_alerts_desk import FRAME, START_S, Room, heath, state


def team(now_s: float, gaps_m: Iterable[float]) -> dict[int, VehicleState]:
    return {
        number: state(now_s, 50 + gap, 50, system=number)
        for number, gap in enumerate([0.0, *gaps_m], start=1)
    }


def test_two_too_near_are_one_alarm_and_a_third_is_another() -> None:
    room = Room()
    for _ in range(20):
        room.look(team(room.now_s + 0.1, [20.0, 500.0]))
    assert [one.key for one in room.log] == [Key(1, "separation", "2")]
    assert "aircraft 2 is 20 m away" in room.log[0].text
    room.desk.acknowledge(Key(1, "separation", "2"), "Ann", room.now_s)
    for _ in range(20):
        room.look(team(room.now_s + 0.1, [20.0, -25.0]))
    assert [one.key for one in room.log if one.calls] == [
        Key(1, "separation", "2"),
        Key(1, "separation", "3"),
    ]


def test_an_aircraft_on_the_ground_is_no_danger_to_one_above() -> None:
    room = Room()
    for _ in range(20):
        vehicles = team(room.now_s + 0.1, [5.0])
        vehicles[2] = replace(vehicles[2], armed=False, landed="on ground")
        room.look(vehicles)
    assert room.log == []


def test_two_whose_courses_cross_are_known_of_before() -> None:
    room = Room()
    for number in range(150):
        t = number / 10
        now_s = room.now_s + 0.1
        room.look({1: state(now_s, 10 * t, 0), 2: state(now_s, 200, 200 - 10 * t, system=2)})
        if room.log:
            break
    (raised,) = room.log
    away_m = ((200 - 10 * t) ** 2 + (200 - 10 * t) ** 2) ** 0.5
    assert raised.key == Key(1, "separation", "2")
    assert 100 < away_m < 180
    assert "in " in raised.text


def traffic(name: str, now_s: float, east: float, north: float, **changes: Any) -> Traffic:
    place = FRAME.point_from_local(east, north)
    return replace(Traffic(name, place.lat_deg, place.lon_deg, now_s, 100.0), **changes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "two\nlines"},
        {"lat_deg": 91.0},
        {"lon_deg": float("nan")},
        {"height_amsl_m": float("inf")},
        {"course_deg": float("nan")},
        {"heard_s": float("nan")},
    ],
)
def test_traffic_that_is_nowhere_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        replace(traffic("PH-ABC", START_S, 0, 0), **wrong)


def test_of_two_with_one_name_the_nearer_counts() -> None:
    room = Room()
    near, far = traffic("unknown", START_S, 200, 50), traffic("unknown", START_S, 900, 50)
    room.situation = replace(room.situation, traffic=(near, far))
    room.look({1: state(room.now_s + 0.1)})
    assert [one.value for one in room.log] == [pytest.approx(150, abs=0.1)]
    room.situation = replace(room.situation, traffic=(far, near))
    room.fly(20, lambda t: (50, 50))
    assert len(room.log) == 1


def test_traffic_on_its_way_here_is_told_before_it_is_here() -> None:
    room = Room()
    now_s = START_S
    far = {"ground_speed_m_s": 60.0, "course_deg": 270.0}
    for number in range(600):
        now_s = room.now_s + 0.1
        room.situation = replace(
            room.situation, traffic=(traffic("PH-ABC", now_s, 5_000 - 6 * number, 50, **far),)
        )
        room.look({1: state(now_s)})
        if room.log:
            break
    (raised,) = room.log
    assert raised.key == Key(1, "traffic", "PH-ABC")
    ahead_m = 60 * 45 + 610
    assert 5_000 - 6 * number - 50 == pytest.approx(ahead_m, abs=7)


def test_traffic_that_is_not_heard_goes_on_as_it_did_and_then_is_gone() -> None:
    room = Room()
    coming = traffic("PH-ABC", START_S, 4_050, 50, ground_speed_m_s=50.0, course_deg=270.0)
    still = traffic("PH-XYZ", START_S, 350, 50)
    room.situation = replace(room.situation, traffic=(coming, still))
    for _ in range(700):
        room.look({1: state(room.now_s + 0.1)})
    times = [(one.key.subject, str(one.after), one.time_s - START_S) for one in room.log]
    assert times[0] == ("PH-XYZ", "unacknowledged", pytest.approx(0.1))
    assert times[1] == ("PH-ABC", "unacknowledged", pytest.approx((4_000 - 610 - 45 * 50) / 50, abs=0.2))
    assert sorted(times[2:]) == [
        ("PH-ABC", "returned unacknowledged", pytest.approx(65, abs=0.3)),
        ("PH-XYZ", "returned unacknowledged", pytest.approx(65, abs=0.3)),
    ]


def test_a_sky_full_of_traffic_gives_a_bounded_number_of_alarms() -> None:
    room = Room()
    crowd = tuple(traffic(f"T{number:03}", START_S, 50 + number, 50) for number in range(1, 101))
    room.situation = replace(room.situation, traffic=crowd)
    for _ in range(20):
        room.look({1: state(room.now_s + 0.1)})
    keys = [one.key.subject for one in room.log]
    assert len(keys) == desk_module.MAX_SUBJECTS + 1
    assert keys[0] == "T001"
    assert keys[-1] == "others"
    assert "84 more like it" in room.log[-1].text


def test_a_flood_begins_above_ten_and_ends_below_five_in_ten_minutes() -> None:
    room = Room()
    crowd = [traffic(f"T{number:02}", START_S, 60 + number, 50) for number in range(11)]
    room.situation = replace(room.situation, traffic=tuple(crowd[:10]))
    room.look({1: state(room.now_s + 0.1)})
    assert (room.desk.measures().per_10_min, room.desk.measures().flood) == (10, False)
    room.situation = replace(room.situation, traffic=tuple(crowd))
    room.look({1: state(room.now_s + 0.1)})
    assert (room.desk.measures().per_10_min, room.desk.measures().flood) == (11, True)
    assert all(one.calls for one in room.log), "traffic is of high priority"
    room.fly(10, lambda t: (100, 50), hdop=5.0)
    assert (room.log[-1].key.rule, room.log[-1].raised, room.log[-1].calls) == ("gps_hdop", True, False)
    room.situation = replace(room.situation, traffic=())
    room.look({}, step_s=595)
    assert room.desk.measures().flood is False


def test_traffic_goes_on_along_its_course() -> None:
    lookout = Lookout(3.0)
    one = traffic("T", START_S, 0, 0, ground_speed_m_s=50.0, course_deg=210.0, climb_m_s=-2.0)
    sights = lookout.sights(START_S + 10, {1: state(START_S + 10, 0, 0)}, Situation(traffic=(one,)))
    (flyer,) = sights[1].traffic
    assert flyer.place == pytest.approx((-250, -433.01), abs=0.1)
    assert flyer.motion == pytest.approx((-25, -43.301, -2), abs=1e-3)
    assert flyer.height_m == pytest.approx(80)


def test_home_is_where_the_vehicle_says_and_else_where_its_plan_takes_off() -> None:
    place = FRAME.point_from_local(305, 5)
    told = {"home_lat_deg": place.lat_deg, "home_lon_deg": place.lon_deg, "home_amsl_m": 30.0}
    known = Situation(plans={1: heath()})
    for changes, expected_m in [(told, 300), ({}, 0)]:
        lookout = Lookout(3.0)
        sight = lookout.sights(START_S, {1: state(START_S, 5, 5, **changes)}, known)[1]
        assert sight.home_m == pytest.approx(expected_m, abs=0.1)
    assert lookout.sights(START_S, {2: state(START_S)}, Situation())[2].home_m is None
