"""Which finds have alarms of their own: not too many at once, and nobody who may well be a person unheard."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from imaging.thermal.find import Decision
from ops.live_finds import ALONE_AT_ONCE, STRONG_SCORE, Acknowledged, LiveFinds
from ops.live_heat import ACKNOWLEDGED
from ops.operations import Operation
from telemetry.alerts import Key, State
from telemetry.clock import ManualClock, SystemClock
from telemetry.hub import Hub
from tests.bench.bench_find_alarms import scores_of
from tests.ops.alarmed import Copter, wait_for
from tests.ops.calling_finds import SOURCE, room, seen
from tests.ops.test_live_finds import Room

ANN = Acknowledged("Ann", "stones, each looked at", "2026-06-01T10:00:00Z")


def calls(finds: LiveFinds) -> dict[str, str]:
    """How each find calls, by its number."""
    return {find.name[-3:]: find.calls for find in finds.finds()}


def test_weak_finds_call_together_and_strong_ones_and_what_moves_alone() -> None:
    finds = LiveFinds()
    for number, score in ((1, 0.3), (2, 0.49), (3, 0.5), (4, 0.2)):
        finds.take(seen(number, score))
    finds.take(seen(5, 0.3, moves=True))
    assert calls(finds) == {"001": "together", "002": "together", "003": "alone", "004": "", "005": "alone"}
    assert [each.name[-3:] for each in finds.together(1)] == ["001", "002"]
    assert [(each.name[-3:], each.alone) for each in finds.seen()] == [
        ("001", False), ("002", False), ("003", True), ("005", True),
    ]  # fmt: skip


def test_of_many_strong_finds_the_strongest_have_alarms_and_the_next_ones_when_these_are_taken() -> None:
    finds = LiveFinds()
    for number in range(1, 11):
        finds.take(seen(number, 0.8 - 0.02 * number))  # each weaker than the one before
    alone = [number for number, how in calls(finds).items() if how == "alone"]
    assert alone == ["001", "002", "003"]
    assert len(alone) == ALONE_AT_ONCE
    finds.take(seen(11, 0.79))  # stronger than all: it has one at once, and no other loses its own
    assert [n for n, how in calls(finds).items() if how == "alone"] == ["001", "002", "003", "011"]
    finds.seen(taken=["live-1-001", "live-1-002", "live-1-003", "live-1-011"])
    alone = sorted(number for number, how in calls(finds).items() if how == "alone")
    assert alone == ["001", "002", "003", "004", "005", "006", "011"]


def test_each_aircraft_has_its_own_alarms() -> None:
    finds = LiveFinds()
    for vehicle in (1, 2):
        for number in range(1, 6):
            finds.take(seen(number, 0.6 + 0.01 * vehicle, vehicle=vehicle))
    assert sum(each.alone for each in finds.seen() if each.vehicle == 2) == ALONE_AT_ONCE


def test_what_was_acknowledged_among_others_calls_again_once_it_is_clearer_or_moves() -> None:
    finds = LiveFinds()
    for number in (1, 2, 3):
        finds.take(seen(number, 0.4))
    finds.acknowledge([f"{SOURCE}#live-1-00{n}" for n in (1, 2, 3)], ANN)
    assert calls(finds) == {"001": "", "002": "", "003": ""}
    finds.take(seen(1, 0.45))
    finds.take(seen(2, 0.52))
    finds.take(seen(3, 0.4, moves=True))
    assert calls(finds) == {"001": "", "002": "alone", "003": "alone"}
    finds.decide(f"{SOURCE}#live-1-002", Decision("dismissed", "Ann", "a stone", ""))
    assert calls(finds)["002"] == ""
    assert finds.find(f"{SOURCE}#live-1-001").state == "proposed"  # type: ignore[union-attr]


def test_a_strong_find_that_has_no_alarm_of_its_own_is_acknowledged_by_name_alone() -> None:
    finds = LiveFinds()
    for number in range(1, 6):
        finds.take(seen(number, 0.8 - 0.02 * number))
    finds.acknowledge([f"{SOURCE}#live-1-001", f"{SOURCE}#live-1-004"], ANN)
    assert calls(finds) == {"001": "alone", "002": "alone", "003": "alone", "004": "", "005": "together"}


def test_seventeen_warm_stones_in_a_minute_are_a_few_alarms_and_nobody_is_lost_among_them() -> None:
    """As in a rendered world of warm stones, where each was an alarm of its own."""
    clock = ManualClock(1_780_300_800.0)
    here = Room(clock)
    weak = (0.31, 0.44, 0.29, 0.36, 0.48, 0.33, 0.41, 0.39)
    strong = (0.62, 0.55, 0.61, 0.52, 0.58, 0.64, 0.57, 0.6)
    scores = [score for pair in zip(weak, strong, strict=True) for score in pair]
    for number, score in enumerate([*scores, 0.27], 1):
        here.finds.take(seen(number, score))
        clock.sleep(3.5)
        here.watch.look()
    person = seen(18, 0.73)
    here.finds.take(person)
    clock.sleep(0.5)
    here.watch.look()
    assert len(here.raised()) <= 8
    assert person.name in {each.key.subject for each in here.raised()}
    assert not here.watch.listed().flood
    together = here.watch.alarm(Key(1, "warm_things"))
    assert together.state is State.UNACKNOWLEDGED
    lone = {each.key.subject for each in here.raised()}
    assert together.text.startswith(f"{18 - len(lone)} things that may be a person; the newest is live-1-0")


def answer(url: str, **order: Any) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, json.dumps(order).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as told:
            return told.status, json.loads(told.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_all_are_acknowledged_by_name_and_reason_in_the_log_and_not_by_the_alarm_alone(heath: Path) -> None:
    hub = Hub(SystemClock())
    Copter(hub).stand()
    with room(heath, hub) as (address, desk):
        heat, alarms = desk.heat, desk.alarms
        assert heat is not None
        assert alarms is not None
        for number in range(1, 6):
            heat.finds.take(seen(number, 0.3))
        key = Key(1, "warm_things")
        watch = alarms.watch  # type: ignore[union-attr]
        wait_for(lambda: watch.shelve_max_s(key) and watch.alarm(key).state is not State.NORMAL, "the alarm")
        status, said = answer(
            f"{address}api/alarms/acknowledge", vehicle=1, rule="warm_things", subject="", who="Ann"
        )
        assert status == 409
        assert "POST /api/finds/acknowledge" in said["detail"]
        order = {"vehicle": 1, "ids": [f"{SOURCE}#live-1-00{n}" for n in range(1, 5)], "by": "Ann"}
        assert answer(f"{address}api/finds/acknowledge", **order, why=" ")[0] == 422
        status, said = answer(f"{address}api/finds/acknowledge", **order, why="stones")
        assert (status, len(said["finds"]), said["left"]) == (200, 4, 1)
        assert watch.alarm(key).state is State.UNACKNOWLEDGED
        order["ids"] = [f"{SOURCE}#live-1-005"]
        assert answer(f"{address}api/finds/acknowledge", **order, why="a stone")[1]["left"] == 0
        wait_for(lambda: watch.alarm(key).state is State.NORMAL, "its end")
    operation = Operation.open(heath)
    acts = operation.store.acts(ACKNOWLEDGED)
    assert [(act["details"]["by"], act["details"]["why"], len(act["details"]["finds"])) for act in acts] == [
        ("Ann", "stones", 4), ("Ann", "a stone", 1),
    ]  # fmt: skip
    assert not operation.log.verify().problems


@pytest.mark.campaign
def test_people_who_plainly_show_may_all_have_alarms_of_their_own() -> None:
    """Forty by night; `python -m tests.bench.bench_find_alarms 0 9` prints every score."""
    there = 0
    for seed in range(10):
        count, people, _ = scores_of(seed)
        there += count
        assert len(people) == count
        assert min(people) >= STRONG_SCORE
    assert there == 40
