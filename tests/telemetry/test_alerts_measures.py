"""The list in its order, floods, chatter, and EEMUA 191's figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from missions.plan import Plan
from telemetry.alerts import (
    Key,
    Priority,
    Said,
)
from tests.telemetry.test_alerts_desk import Room, heath, state


@pytest.fixture(scope="module")
def plan() -> Plan:
    return heath()


def test_the_list_has_the_gravest_first_and_of_those_the_oldest(plan: Plan) -> None:
    room = Room(plan)
    room.fly(10, lambda t: (100, 50), hdop=5.0)
    room.fly(10, lambda t: (100, 50), hdop=5.0, up=130.0)
    room.fly(10, lambda t: (100, 50), hdop=5.0, up=130.0, ekf_healthy=False)
    room.fly(10, lambda t: (100, -200), hdop=5.0, up=130.0, ekf_healthy=False)
    assert [alarm.key.rule for alarm in room.desk.active()] == [
        "ekf",
        "fence_breach",
        "height_above_ground",
        "gps_hdop",
    ]


def test_in_a_flood_only_what_is_grave_calls() -> None:
    room = Room()
    for number in range(12):
        said = [Said(room.now_s, "error", f"error {chr(97 + number)}")]
        room.situation = replace(room.situation, messages={1: said})
        room.look({1: state(room.now_s + 0.1)})
    assert [one.calls for one in room.log if one.raised] == [True] * 11 + [False]
    assert room.desk.measures().flood
    assert len(room.desk.active()) == 12


def test_measures_are_what_was_raised(plan: Plan) -> None:
    room = Room(plan)
    room.fly(20, lambda t: (100, -200))
    room.fly(20, lambda t: (100, -200), hdop=5.0)
    figures = room.desk.measures()
    assert (figures.per_10_min, figures.raised, figures.standing, figures.unacknowledged) == (2, 2, 2, 2)
    assert figures.share_pct == {Priority.HIGH: 50.0, Priority.MEDIUM: 0.0, Priority.LOW: 50.0}
    assert figures.longest_standing_s == pytest.approx(39.5, abs=0.3)
    assert (figures.mean_per_10_min, figures.peak_per_10_min) == (2.0, 2)
    room.desk.shelve(Key(1, "gps_hdop"), "Ann", "test", 60.0, room.now_s)
    assert (room.desk.measures().shelved, room.desk.measures().standing) == (1, 1)
    room.look({1: state(room.now_s + 1_200, 100, -200)}, step_s=1_200)
    assert room.desk.measures().per_10_min <= 1
    assert room.desk.measures().mean_per_10_min < 2.0


def test_a_chattering_alarm_is_named_and_raised_three_times_at_most() -> None:
    room = Room()
    for number in range(1_200):
        swing = {"hdop": 5.0} if number // 155 % 2 == 0 else {}
        room.look({1: state(room.now_s + 0.1, **swing)}, step_s=0.1)
    raised = [one for one in room.log if one.raised]
    assert 1 < len(raised) <= 4
    fast = Room()
    for number in range(3_000):
        fast.look({1: state(fast.now_s + 0.1, fix="2D" if number // 70 % 2 == 0 else "3D")})
    assert len([one for one in fast.log if one.key.rule == "gps_fix" and one.raised]) == 3
    assert Key(1, "gps_fix") in fast.desk.measures().chattering
