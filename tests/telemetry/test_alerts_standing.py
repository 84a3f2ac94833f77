"""What stood at a moment follows from the record alone, whatever people did."""

from __future__ import annotations

import functools
import random
from dataclasses import replace

import pytest

from missions.errors import InputError
from telemetry.alerts import (
    AlertDesk,
    Chronicle,
    Key,
    Priority,
    Standing,
    State,
    Transition,
    fold_transition,
)
from telemetry.alerts.measures import Meter
from tests.telemetry.test_alerts_desk import START_S, heath
from tests.telemetry.test_alerts_replay import random_day

RAISED = Transition(1, 10.0, Key(1, "gps_hdop"), Priority.LOW, State.NORMAL, State.UNACKNOWLEDGED, "HDOP 2.4")
Shown = dict[Key, tuple[State, float, str, str, float | None, float | None]]


def shown(desk: AlertDesk) -> Shown:
    """What the lists of a desk say."""
    return {
        one.key: (one.state, one.since_s, one.who, one.why, one.until_s, one.raised_s if one.shown else None)
        for one in (*desk.active(), *desk.shelved())
    }


def told(standing: dict[Key, Standing]) -> Shown:
    """The same of what was folded."""
    alarms = [each.alarm for each in standing.values()]
    return {
        one.key: (one.state, one.since_s, one.who, one.why, one.until_s, one.raised_s if one.shown else None)
        for one in alarms
    }


@functools.cache
def lived(seed: int) -> tuple[list[Transition], list[tuple[float, Shown]]]:
    """A random day with people who act at random; the record, and the lists after each look."""
    rng, desk, plan = random.Random(seed), AlertDesk(), heath()
    log: list[Transition] = []
    lists: list[tuple[float, Shown]] = []
    for now_s, vehicles, situation in random_day(seed):
        log += desk.look(now_s, vehicles, replace(situation, plans={1: plan}))
        for alarm in desk.active():
            if rng.random() < 0.05:
                log += _acted(desk, alarm.key, now_s, shelve=rng.random() < 0.5)
        lists.append((now_s, shown(desk)))
    return log, lists


def _acted(desk: AlertDesk, key: Key, now_s: float, *, shelve: bool) -> list[Transition]:
    try:
        if shelve:
            return [desk.shelve(key, "Bob", "known", 20.0, now_s)]
        return [desk.acknowledge(key, "Ann", now_s)]
    except InputError:
        return []


@pytest.mark.parametrize("seed", range(3))
def test_the_record_folded_is_what_the_desk_shows_after_every_look(seed: int) -> None:
    log, lists = lived(seed)
    standing: dict[Key, Standing] = {}
    at = acted = 0
    for now_s, list_ in lists:
        while at < len(log) and log[at].time_s <= now_s:
            fold_transition(standing, log[at])
            acted += bool(log[at].who)
            at += 1
        assert told(standing) == list_
    assert acted > 20


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("step", [1, 7, 256])
def test_a_chronicle_knows_every_moment_without_reading_up_to_it(
    seed: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.alerts.chronicle.STEP", step)
    log, lists = lived(seed)
    assert len(log) > 50
    chronicle = Chronicle(log)
    assert [told(dict(chronicle.at(now_s))) for now_s, _ in lists] == [list_ for _, list_ in lists]
    assert chronicle.at(START_S - 1) == {}


def test_a_chronicle_that_grows_knows_the_same_as_one_that_was_whole() -> None:
    log, lists = lived(2)
    growing = Chronicle()
    for begin in range(0, len(log), 7):
        growing.add(log[begin : begin + 7])
    whole = Chronicle(log)
    for now_s, _ in lists:
        assert growing.at(now_s) == whole.at(now_s)
    assert growing.between(lists[3][0], lists[90][0]) == whole.between(lists[3][0], lists[90][0])


def test_a_chronicle_knows_of_a_flood_at_every_moment_of_it() -> None:
    times_s = [*range(0, 600, 40), *range(700, 1_500, 200)]
    raised = [
        replace(RAISED, number=n, time_s=time_s, key=Key(1, "gps_hdop", str(n)))
        for n, time_s in enumerate(times_s, 1)
    ]
    chronicle, meter, floods = Chronicle(raised), Meter(), []
    for now_s in range(2_500):
        meter.pass_time(now_s)
        for each in raised:
            if each.time_s == now_s:
                meter.add(each)
        floods.append(meter.flood)
    assert [chronicle.flood_at(now_s) for now_s in range(2_500)] == floods
    assert floods.index(True) == 400, "the eleventh in ten minutes"
    assert sum(floods) > 600, "it goes on below ten, and ends below five"
    assert not floods[-1]


def test_an_alarm_raised_in_a_flood_is_quiet_until_it_is_raised_again() -> None:
    raised = replace(RAISED, quiet=True)
    over = replace(raised, number=2, time_s=20.0, before=raised.after, after=State.RETURNED, quiet=False)
    again = replace(raised, number=3, time_s=30.0, before=over.after, quiet=False)
    chronicle = Chronicle([raised, over, again])
    quiet = [chronicle.at(time_s)[raised.key].quiet for time_s in (10.0, 20.0, 30.0)]
    assert quiet == [True, True, False]
    assert chronicle.at(30.0)[raised.key].alarm.raises_s == (10.0, 30.0)
