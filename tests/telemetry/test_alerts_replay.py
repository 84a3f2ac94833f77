"""A day played again gives the same, record by record, whoever calls from which thread."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import replace

import pytest

from missions.errors import InputError
from missions.plan import Plan
from telemetry.alerts import (
    AlertDesk,
    Key,
    Situation,
    State,
    Transition,
)
from telemetry.alerts.specs import SPECS
from telemetry.state import VehicleState
from tests.telemetry.test_alerts_desk import START_S, heath, state
from tests.telemetry.test_alerts_others import traffic


@pytest.fixture(scope="module")
def plan() -> Plan:
    return heath()


def random_day(seed: int) -> list[tuple[float, dict[int, VehicleState], Situation]]:
    rng = random.Random(seed)
    looks, now_s, places = [], START_S, {1: [50.0, 50.0], 2: [90.0, 50.0], 3: [0.0, 0.0]}
    for _ in range(400):
        now_s += rng.choice([0.1, 0.1, 0.1, 1.0, 4.0])
        vehicles = {}
        for number, place in places.items():
            place[0] += rng.uniform(-15, 15)
            place[1] += rng.uniform(-15, 15)
            heard_s = now_s if rng.random() < 0.9 else now_s - rng.uniform(0, 20)
            vehicles[number] = state(
                heard_s,
                *place,
                up=rng.uniform(0, 140),
                system=number,
                armed=rng.random() < 0.98,
                mode=rng.choice(["AUTO", "GUIDED"]),
                battery_pct=rng.choice([None, 90.0, 30.0, 10.0]),
                hdop=rng.choice([None, 0.8, 4.0]),
                ekf_healthy=rng.choice([None, True, True, False]),
                fix=rng.choice(["3D", "3D", "2D"]),
                status_text=rng.choice(["a", "b"]),
                status_severity=rng.choice(["error", "info"]),
            )
        near = tuple(traffic(f"T{n}", now_s, rng.uniform(-3e3, 3e3), 0.0) for n in range(rng.randrange(4)))
        looks.append((now_s, vehicles, Situation(traffic=near)))
    return looks


def lived(seed: int, plan: Plan) -> tuple[list[Transition], list[str]]:
    """A random day with people who act at random; all transitions, and what was refused."""
    rng = random.Random(seed + 1)
    desk, log, refused = AlertDesk(), [], []
    for now_s, vehicles, situation in random_day(seed):
        log += desk.look(now_s, vehicles, replace(situation, plans={1: plan}))
        active = desk.active() + desk.shelved()
        if active and rng.random() < 0.3:
            key = rng.choice(active).key
            try:
                what = rng.randrange(3)
                if what == 0:
                    log.append(desk.acknowledge(key, "Ann", now_s))
                elif what == 1:
                    log.append(desk.shelve(key, "Bob", "random", rng.uniform(1, 30), now_s))
                else:
                    log.append(desk.unshelve(key, "Eve", now_s))
            except InputError as error:
                refused.append(str(error))
    return log, refused


@pytest.mark.parametrize("seed", range(4))
def test_a_day_played_again_gives_the_same_transitions(plan: Plan, seed: int) -> None:
    log, refused = lived(seed, plan)
    again, refused_again = lived(seed, plan)
    assert len(log) > 50
    assert refused
    assert log == again
    assert refused == refused_again


@pytest.mark.parametrize("seed", range(4))
def test_every_record_follows_from_the_one_before(plan: Plan, seed: int) -> None:
    states: dict[Key, State] = {}
    log, _ = lived(seed, plan)
    for number, one in enumerate(log, start=1):
        assert one.number == number
        assert one.before is states.get(one.key, State.NORMAL)
        assert one.before is not one.after
        states[one.key] = one.after
        json.dumps(one.as_dict(), allow_nan=False)
        if one.before is State.UNACKNOWLEDGED and not one.who and SPECS[one.key.rule]:
            latched = {rule.name: rule.latched for rule in AlertDesk().rules.of("copter")}[one.key.rule]
            assert not latched or one.after is State.RETURNED
        if one.after in (State.ACKNOWLEDGED, State.SHELVED):
            assert one.who


def test_many_threads_may_look_and_act_at_once(plan: Plan) -> None:
    desk, problems = AlertDesk(), []
    log: list[Transition] = []
    looks = random_day(9)
    done = threading.Event()

    def look() -> None:
        try:
            for now_s, vehicles, situation in looks:
                log.extend(desk.look(now_s, vehicles, replace(situation, plans={1: plan})))
        finally:
            done.set()

    def act() -> None:
        while not done.is_set():
            for alarm in desk.active():
                try:
                    log.append(desk.acknowledge(alarm.key, "Ann", looks[0][0]))
                except InputError:
                    continue
                except Exception as error:  # noqa: BLE001
                    problems.append(error)
            desk.measures()
            desk.shelved()

    threads = [threading.Thread(target=look), *(threading.Thread(target=act) for _ in range(3))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert sorted(one.number for one in log) == list(range(1, len(log) + 1))
