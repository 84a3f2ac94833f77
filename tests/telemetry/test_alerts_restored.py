"""A desk that goes on after a restart: nothing calls anew, nothing goes away, a shelf ends when it was to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from telemetry.alerts import (
    STARTED,
    AlertDesk,
    Key,
    Situation,
    Standing,
    State,
    Transition,
    fold_transition,
    load_rules,
)
from telemetry.alerts.desk import SETTLE_S
from telemetry.state import VehicleState
from tests.telemetry.test_alerts_desk import START_S, state
from tests.telemetry.test_alerts_others import traffic

HIGH = Key(1, "height_above_ground")
HDOP = Key(1, "gps_hdop")
QUIET = Situation(messages={})


def copter(now_s: float, **changes: Any) -> dict[int, VehicleState]:
    return {1: state(now_s, **{"armed": True, **changes})}


def looked(
    desk: AlertDesk, begin_s: float, seconds: float, situation: Situation = QUIET, **changes: Any
) -> list[Transition]:
    """Half a second from look to look, from `begin_s` on."""
    made: list[Transition] = []
    for step in range(int(seconds * 2)):
        now_s = begin_s + step / 2
        made += desk.look(now_s, copter(now_s, **changes), situation)
    return made


def unheard(desk: AlertDesk, begin_s: float, seconds: float) -> list[Transition]:
    """The same, while nobody is heard."""
    steps = range(int(seconds * 2))
    return [each for step in steps for each in desk.look(begin_s + step / 2, {}, QUIET)]


def restarted(log: Iterable[Transition], now_s: float) -> AlertDesk:
    """A desk that begins with nothing but the record."""
    standing: dict[Key, Standing] = {}
    number = 0
    for each in log:
        fold_transition(standing, each)
        number = each.number
    desk = AlertDesk()
    assert desk.restore(standing.values(), now_s, number) == ()
    return desk


def of(key: Key, made: Iterable[Transition]) -> list[State]:
    return [each.after for each in made if each.key == key]


def high_and_seen() -> tuple[list[Transition], float]:
    """A copter that flies too high, which Ann has seen; the record, and the time."""
    desk = AlertDesk()
    log = looked(desk, START_S, 10, up=130.0)
    assert of(HIGH, log) == [State.UNACKNOWLEDGED]
    log.append(desk.acknowledge(HIGH, "Ann", START_S + 10))
    return log, START_S + 12


def test_who_has_an_alarm_still_has_it_and_it_does_not_call_again() -> None:
    log, now_s = high_and_seen()
    desk = restarted(log, now_s)
    assert (desk.alarm(HIGH).state, desk.alarm(HIGH).who) == (State.ACKNOWLEDGED, "Ann")
    made = unheard(desk, now_s, 3) + looked(desk, now_s + 3, 60, up=131.0)
    assert of(HIGH, made) == []
    assert (desk.alarm(HIGH).who, desk.alarm(HIGH).raised_s) == ("Ann", log[0].time_s)
    assert "131 m" in desk.alarm(HIGH).text


def test_an_alarm_that_somebody_had_and_that_is_over_goes_by_itself() -> None:
    log, now_s = high_and_seen()
    desk = restarted(log, now_s)
    made = looked(desk, now_s, SETTLE_S + 1, up=60.0)
    assert of(HIGH, made) == [State.NORMAL]
    assert made[0].time_s == now_s + SETTLE_S, "for so long nobody could say"


def test_an_alarm_that_nobody_had_and_that_is_over_waits_for_a_person() -> None:
    log, now_s = high_and_seen()
    desk = restarted(log[:-1], now_s)
    assert desk.alarm(HIGH).state is State.UNACKNOWLEDGED
    assert of(HIGH, looked(desk, now_s, 60, up=60.0)) == [State.RETURNED]
    again = restarted([*log[:-1], *looked(restarted(log[:-1], now_s), now_s, 60, up=60.0)], now_s + 90)
    assert of(HIGH, looked(again, now_s + 90, 60, up=60.0)) == []
    assert again.alarm(HIGH).state is State.RETURNED
    again.acknowledge(HIGH, "Bob", now_s + 150)
    assert again.active() == ()


def test_of_who_is_not_heard_alarms_stand_as_they_stood_and_can_be_taken() -> None:
    log, now_s = high_and_seen()
    desk = restarted(log[:-1], now_s)
    assert unheard(desk, now_s, 120) == []
    assert [one.key for one in desk.active()] == [HIGH]
    assert desk.priority(HIGH).value == "medium"
    taken = desk.acknowledge(HIGH, "Bob", now_s + 120)
    assert (taken.after, taken.number) == (State.ACKNOWLEDGED, log[-2].number + 1)
    assert unheard(desk, now_s + 121, 120) == []


def shelved() -> tuple[list[Transition], float]:
    """The same on the shelf for two minutes; the record, and the time."""
    log, now_s = high_and_seen()
    desk = restarted(log, now_s)
    return [*log, desk.shelve(HIGH, "Bob", "a tower is inspected", 120.0, now_s)], now_s


def test_what_was_shelved_stays_hidden_for_as_long_as_was_said() -> None:
    log, shelved_s = shelved()
    desk = restarted(log, shelved_s + 60)
    (hidden,) = desk.shelved()
    assert (hidden.who, hidden.why) == ("Bob", "a tower is inspected")
    assert of(HIGH, looked(desk, shelved_s + 60, 60, up=131.0)) == []
    (back,) = looked(desk, shelved_s + 120, 2, up=131.0)
    assert (back.before, back.after) == (State.SHELVED, State.UNACKNOWLEDGED)


def test_a_shelf_that_ran_out_meanwhile_is_over_as_soon_as_the_condition_is_seen() -> None:
    log, shelved_s = shelved()
    now_s = shelved_s + 600
    desk = restarted(log, now_s)
    assert unheard(desk, now_s, 5) == []
    (back, *others) = looked(desk, now_s + 5, 30, up=131.0)
    assert (back.key, back.before, back.after) == (HIGH, State.SHELVED, State.UNACKNOWLEDGED)
    assert (back.time_s, others) == (now_s + 5, [])


def test_a_shelf_that_ran_out_meanwhile_calls_for_nothing_that_is_over() -> None:
    log, shelved_s = shelved()
    now_s = shelved_s + 600
    made = looked(restarted(log, now_s), now_s, 60, up=60.0)
    assert of(HIGH, made) == [State.NORMAL]
    assert "it was active while shelved" in made[0].text


def test_a_shelf_that_ran_out_calls_for_whom_nobody_hears() -> None:
    log, shelved_s = shelved()
    now_s = shelved_s + 600
    made = unheard(restarted(log, now_s), now_s, 60)
    assert of(HIGH, made) == [State.UNACKNOWLEDGED], "not known is not good"


def test_traffic_that_was_not_heard_yet_is_not_taken_for_gone() -> None:
    key = Key(1, "traffic", "T1")

    def near(now_s: float) -> Situation:
        return Situation(messages={}, traffic=(traffic("T1", now_s, 100.0, 0.0),))

    desk = AlertDesk()
    log = [
        each
        for step in range(20)
        for each in desk.look(START_S + step / 2, copter(START_S + step / 2), near(START_S + step / 2))
    ]
    assert of(key, log) == [State.UNACKNOWLEDGED]
    log.append(desk.acknowledge(key, "Ann", START_S + 10))
    begin_s = START_S + 20
    again = restarted(log, begin_s)
    made = looked(again, begin_s, 8)
    for step in range(40):
        now_s = begin_s + 8 + step / 2
        made += again.look(now_s, copter(now_s), near(now_s))
    assert of(key, made) == []
    assert of(key, looked(again, begin_s + 28, 30)) == [State.NORMAL]


def test_what_is_suppressed_by_a_graver_alarm_stays_so_after_a_restart() -> None:
    desk = AlertDesk()
    log = looked(desk, START_S, 20, battery_pct=5.0)
    graver = Key(1, "battery_home")
    assert State.UNACKNOWLEDGED in of(graver, log)
    log.append(desk.acknowledge(graver, "Ann", START_S + 20))
    made = looked(restarted(log, START_S + 25), START_S + 25, 60, battery_pct=5.0)
    assert not [each for each in made if each.raised]


def test_an_alarm_without_a_rule_by_now_is_given_back(tmp_path: Path) -> None:
    desk = AlertDesk()
    log = looked(desk, START_S, 20, hdop=4.0)
    standing: dict[Key, Standing] = {}
    for each in log:
        fold_transition(standing, each)
    assert [*standing] == [HDOP]
    (tmp_path / "rules.toml").write_text("[gps_hdop]\nenabled = false\n")
    without = AlertDesk(load_rules(tmp_path / "rules.toml"))
    (left_out,) = without.restore(standing.values(), START_S + 30, 1)
    assert left_out.alarm.key == HDOP
    assert without.active() == ()


def test_an_alarm_of_a_copter_that_turns_out_to_be_a_rover_without_that_rule_is_over(tmp_path: Path) -> None:
    log, now_s = high_and_seen()
    standing: dict[Key, Standing] = {}
    for each in log:
        fold_transition(standing, each)
    (tmp_path / "rules.toml").write_text("[height_above_ground.rover]\nenabled = false\n")
    desk = AlertDesk(load_rules(tmp_path / "rules.toml"))
    assert desk.restore(standing.values(), now_s, 9) == ()
    made = looked(desk, now_s, 40, up=131.0, kind="rover")
    assert of(HIGH, made) == [State.NORMAL]


def test_the_record_of_a_start_counts_on_and_is_no_alarm() -> None:
    log, now_s = high_and_seen()
    desk = restarted(log, now_s)
    start = desk.started(now_s, "the service started again")
    assert (start.number, start.key, start.calls) == (log[-1].number + 1, Key(0, STARTED), False)
    standing: dict[Key, Standing] = {}
    for each in (*log, start):
        fold_transition(standing, each)
    assert [*standing] == [HIGH]


def test_a_clock_that_was_set_back_keeps_no_alarm_waiting() -> None:
    log, now_s = high_and_seen()
    desk = restarted(log, now_s)
    earlier_s = now_s - 3_000
    made = looked(desk, earlier_s, 30, up=60.0)
    assert of(HIGH, made) == [State.NORMAL]
