"""An alarm goes the ways of ISA-18.2 and no others, and nobody is left in the dark."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions.errors import InputError
from telemetry.alerts.alarm import CHATTER_COUNT, CHATTER_S, CLOCK_BACK_S, Alarm, step
from telemetry.alerts.people import acknowledge, shelve, unshelve
from telemetry.alerts.reading import Reading
from telemetry.alerts.rule import Rule
from telemetry.alerts.states import Key, State

N, U, A, R, S, D = (
    State.NORMAL,
    State.UNACKNOWLEDGED,
    State.ACKNOWLEDGED,
    State.RETURNED,
    State.SHELVED,
    State.SUPPRESSED,
)
KEY = Key(1, "fence_breach")
RULE = Rule("fence_breach", "m", on_delay_s=1.0, off_delay_s=2.0, deadband=3.0, shelve_max_s=300.0)
UNLATCHED = replace(RULE, latched=False)


def reading(margin: float | None) -> Reading:
    return Reading(margin, 0.0, margin, f"margin {margin}")


def after(rule: Rule, rows: Iterable[tuple[float, float | None]], alarm: Alarm | None = None) -> Alarm:
    """The alarm after (time, margin) rows."""
    alarm = alarm or Alarm(KEY)
    for now_s, margin in rows:
        alarm = step(alarm, rule, reading(margin), now_s, suppressed=False)
    return alarm


def active(rule: Rule = RULE, now_s: float = 1.0) -> Alarm:
    return after(rule, [(now_s - rule.on_delay_s, -1.0), (now_s, -1.0)])


@pytest.mark.parametrize("margin", [0.0, 1e-9, 1.0, math.inf])
def test_a_value_on_its_limit_or_within_raises_nothing(margin: float) -> None:
    assert after(RULE, [(t / 10, margin) for t in range(100)]).state is N


@pytest.mark.parametrize("margin", [-1e-9, -1.0, -math.inf])
def test_a_value_beyond_its_limit_raises_once_the_delay_is_over(margin: float) -> None:
    assert after(RULE, [(0.0, margin), (0.999, margin)]).state is N
    raised = after(RULE, [(0.0, margin), (0.999, margin), (1.0, margin)])
    assert (raised.state, raised.raised_s, raised.since_s) == (U, 1.0, 1.0)


def test_without_a_delay_it_is_raised_at_once() -> None:
    assert after(replace(RULE, on_delay_s=0.0), [(5.0, -0.1)]).state is U


def test_a_value_that_comes_back_within_the_delay_begins_it_anew() -> None:
    assert after(RULE, [(0.0, -1.0), (0.9, 0.0), (1.0, -1.0), (1.9, -1.0)]).state is N
    assert after(RULE, [(0.0, -1.0), (0.9, 0.0), (1.0, -1.0), (2.0, -1.0)]).state is U


@pytest.mark.parametrize(("margin", "over"), [(0.0, False), (2.999, False), (3.0, True), (3.001, True)])
def test_an_alarm_goes_only_behind_its_deadband(margin: float, over: bool) -> None:
    state = after(UNLATCHED, [(2.0, margin), (10.0, margin)], active(UNLATCHED)).state
    assert state is (N if over else U)


def test_an_alarm_goes_only_when_it_was_over_for_its_delay() -> None:
    assert after(UNLATCHED, [(2.0, 5.0), (3.999, 5.0)], active(UNLATCHED)).state is U
    assert after(UNLATCHED, [(2.0, 5.0), (3.999, 5.0), (4.0, 5.0)], active(UNLATCHED)).state is N
    assert after(UNLATCHED, [(2.0, 5.0), (3.9, 2.9), (4.0, 5.0), (5.9, 5.0)], active(UNLATCHED)).state is U


def test_a_latched_alarm_waits_for_a_person_after_it_is_over() -> None:
    over = after(RULE, [(2.0, 5.0), (4.0, 5.0)], active())
    assert over.state is R
    assert after(RULE, [(100.0, 5.0), (10_000.0, 5.0)], over).state is R
    assert acknowledge(over, "Ann", 5.0).state is N


def test_one_that_comes_again_before_it_was_seen_is_raised_again() -> None:
    over = after(RULE, [(2.0, 5.0), (4.0, 5.0)], active())
    assert after(RULE, [(5.0, -1.0), (6.0, -1.0)], over).state is U


def test_an_acknowledged_alarm_goes_by_itself() -> None:
    seen = acknowledge(active(), "Ann", 1.5)
    assert (seen.state, seen.who, seen.since_s) == (A, "Ann", 1.5)
    assert after(RULE, [(2.0, 5.0), (4.0, 5.0)], seen).state is N
    assert after(RULE, [(2.0, -5.0), (400.0, -5.0)], seen).state is A


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_what_is_not_known_leaves_an_alarm_as_it_is(unknown: float | None) -> None:
    alarm = after(UNLATCHED, [(t, unknown) for t in range(2, 500)], active(UNLATCHED))
    assert (alarm.state, alarm.value, alarm.text) == (U, -1.0, "margin -1.0")
    assert after(RULE, [(t, unknown) for t in range(500)]).state is N


def test_while_nothing_is_known_a_coming_alarm_is_not_forgotten_and_a_going_one_waits() -> None:
    assert after(RULE, [(0.0, -1.0), (0.5, None), (1.0, -1.0)]).state is U
    gap = [(2.0, 5.0), (3.0, None), (4.0, 5.0), (5.9, 5.0)]
    assert after(UNLATCHED, gap, active(UNLATCHED)).state is U
    assert after(UNLATCHED, [*gap, (6.0, 5.0)], active(UNLATCHED)).state is N


def test_a_shelved_alarm_says_nothing_and_comes_back_by_itself() -> None:
    hidden = shelve(active(), RULE, "Ann", "known gap in the fence", 60.0, 10.0)
    assert (hidden.state, hidden.until_s, hidden.who, hidden.why) == (
        S,
        70.0,
        "Ann",
        "known gap in the fence",
    )
    rows = [(10.0 + t, -1.0) for t in range(60)]
    assert after(RULE, rows, hidden).state is S
    back = after(RULE, [*rows, (70.0, -1.0)], hidden)
    assert (back.state, back.who, back.until_s) == (U, "", None)


def test_a_shelf_that_ends_with_nothing_wrong_ends_in_normal() -> None:
    hidden = shelve(active(), RULE, "Ann", "test", 60.0, 10.0)
    assert after(RULE, [(20.0, 5.0), (22.0, 5.0), (69.999, 5.0)], hidden).state is S
    assert after(RULE, [(20.0, 5.0), (22.0, 5.0), (70.0, 5.0)], hidden).state is N


def test_a_shelf_ends_though_nothing_is_known_any_more() -> None:
    hidden = shelve(active(), RULE, "Ann", "test", 60.0, 10.0)
    assert step(hidden, RULE, None, 70.0, suppressed=False).state is U


def test_a_clock_that_is_set_back_does_not_lengthen_a_shelf() -> None:
    hidden = shelve(active(), RULE, "Ann", "test", 60.0, 1_000.0)
    assert step(hidden, RULE, None, 1_000.0 - CLOCK_BACK_S, suppressed=False).state is S
    assert step(hidden, RULE, None, 999.9 - CLOCK_BACK_S, suppressed=False).state is U


def test_a_clock_that_is_set_back_does_not_lengthen_a_delay_by_more_than_itself() -> None:
    assert after(RULE, [(1_000.0, -1.0), (10.0, -1.0), (11.0, -1.0)]).state is U


def test_taken_off_the_shelf_an_alarm_that_holds_calls_again() -> None:
    hidden = shelve(acknowledge(active(), "Ann", 2.0), RULE, "Ann", "test", 60.0, 10.0)
    assert unshelve(hidden, "Bob", 20.0).state is U
    assert unshelve(replace(hidden, held=False), "Bob", 20.0).state is N
    assert unshelve(hidden, "Bob", 20.0, suppressed=True).state is D


def test_design_hides_what_was_seen_and_what_need_not_be_seen() -> None:
    def hide(alarm: Alarm, rule: Rule) -> State:
        return step(alarm, rule, reading(-1.0), 3.0, suppressed=True).state

    assert hide(acknowledge(active(), "Ann", 2.0), RULE) is D
    assert hide(active(UNLATCHED), UNLATCHED) is D
    assert hide(active(), RULE) is R
    assert hide(after(RULE, [(2.0, 5.0), (4.0, 5.0)], active()), RULE) is R


def test_what_is_normal_stays_so_while_its_rule_means_nothing() -> None:
    coming = after(RULE, [(0.0, -1.0)])
    hidden = step(coming, RULE, reading(-1.0), 2.0, suppressed=True)
    assert (hidden.state, hidden.pending_s) == (N, None)


def test_an_alarm_that_design_hid_begins_anew() -> None:
    hidden = step(active(UNLATCHED), UNLATCHED, reading(-1.0), 3.0, suppressed=True)
    assert after(UNLATCHED, [(4.0, -1.0), (4.9, -1.0)], hidden).state is N
    assert after(UNLATCHED, [(4.0, -1.0), (5.0, -1.0)], hidden).state is U


def test_a_chattering_alarm_is_held_until_it_was_quiet() -> None:
    rule = replace(UNLATCHED, on_delay_s=0.0, off_delay_s=0.0)
    swings = [(float(t), -1.0 if t % 2 == 0 else 5.0) for t in range(1_000)]
    alarm, raised = Alarm(KEY), 0
    for now_s, margin in swings:
        before, alarm = alarm, step(alarm, rule, reading(margin), now_s, suppressed=False)
        raised += alarm.state is U and before.state is not U
    assert raised == CHATTER_COUNT
    assert after(rule, [(998.9 + CHATTER_S, 5.0)], alarm).state is U
    assert after(rule, [(999.0 + CHATTER_S, 5.0)], alarm).state is N


def test_an_alarm_knows_when_it_was_last_raised_and_is_kept_while_that_counts() -> None:
    rule = replace(UNLATCHED, on_delay_s=0.0, off_delay_s=0.0)
    alarm = after(rule, [(0.0, -1.0), (1.0, 5.0), (20.0, -1.0), (21.0, 5.0)])
    assert (alarm.state, alarm.raised_s, alarm.raises_s) == (N, 20.0, (0.0, 20.0))
    assert not alarm.idle(20.0 + 2 * CHATTER_S)
    assert alarm.idle(20.1 + 2 * CHATTER_S)
    assert Alarm(KEY).raised_s is None


def test_a_hidden_alarm_remembers_that_its_condition_held_meanwhile() -> None:
    quiet = shelve(Alarm(KEY), RULE, "Ann", "test", 60.0, 0.0)
    assert not after(RULE, [(1.0, 5.0), (2.0, 5.0)], quiet).met
    assert after(RULE, [(1.0, -1.0), (2.0, -1.0), (3.0, 5.0), (5.0, 5.0)], quiet).met


def test_what_comes_more_slowly_does_not_chatter() -> None:
    rule = replace(UNLATCHED, on_delay_s=0.0, off_delay_s=0.0)
    rows = [(30.5 * n, -1.0 if n % 2 == 0 else 5.0) for n in range(40)]
    assert after(rule, rows).state is N


REFUSED_SHELVES = [
    (active(), RULE, "", "reason", 60.0, "is no name"),
    (active(), RULE, "   ", "reason", 60.0, "is no name"),
    (active(), RULE, "Ann\n", "two\nlines", 60.0, "is no reason"),
    (active(), RULE, "Ann", "", 60.0, "is no reason"),
    (active(), RULE, "Ann", "x" * 501, 60.0, "is no reason"),
    (active(), RULE, "Ann", "reason", 0.0, "at most 300 seconds"),
    (active(), RULE, "Ann", "reason", -1.0, "at most 300 seconds"),
    (active(), RULE, "Ann", "reason", 300.1, "at most 300 seconds"),
    (active(), RULE, "Ann", "reason", math.nan, "at most 300 seconds"),
    (active(), RULE, "Ann", "reason", math.inf, "at most 300 seconds"),
    (active(), replace(RULE, shelve_max_s=0.0), "Ann", "reason", 1.0, "may not be shelved"),
    (replace(active(), state=S, who="Bob"), RULE, "Ann", "reason", 1.0, "Bob shelved it"),
    (replace(active(), state=D), RULE, "Ann", "reason", 1.0, "suppressed"),
]


@pytest.mark.parametrize(("alarm", "rule", "who", "why", "for_s", "said"), REFUSED_SHELVES)
def test_a_shelf_that_makes_no_sense_is_refused(
    alarm: Alarm, rule: Rule, who: str, why: str, for_s: float, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        shelve(alarm, rule, who, why, for_s, 10.0)


def test_the_longest_shelf_is_allowed() -> None:
    assert shelve(active(), RULE, "Ann", "reason", 300.0, 10.0).until_s == 310.0


@pytest.mark.parametrize(
    ("state", "said"),
    [(N, "not active"), (A, "Bob acknowledged it already"), (S, "Bob shelved it"), (D, "suppressed")],
)
def test_acknowledging_what_needs_none_is_refused(state: State, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        acknowledge(replace(active(), state=state, who="Bob"), "Ann", 5.0)
    assert "vehicle 1, fence_breach" in str(caught.value)


def test_acknowledging_needs_a_name() -> None:
    with pytest.raises(InputError, match="is no name"):
        acknowledge(active(), " ", 5.0)
    with pytest.raises(InputError, match="is no name"):
        unshelve(shelve(active(), RULE, "Ann", "test", 60.0, 10.0), "", 20.0)


@pytest.mark.parametrize("state", [N, U, A, R, D])
def test_only_what_is_on_a_shelf_is_taken_off(state: State) -> None:
    with pytest.raises(InputError, match="is not on a shelf"):
        unshelve(replace(active(), state=state), "Ann", 5.0)


# Random lives: steps of time with any reading, and people who do anything at any moment.

BY_ITSELF = {(N, U), (U, N), (U, R), (U, D), (A, N), (A, D), (R, U), (S, N), (S, U), (S, D), (D, N), (D, U)}
BY_PEOPLE = {(U, A), (R, N), (R, D), (N, S), (U, S), (A, S), (R, S), (S, U), (S, N), (S, D)}

margins = st.one_of(st.none(), st.sampled_from([-1.0, -1e-9, 0.0, 2.0, 3.0, 5.0, math.nan, math.inf]))
looks = st.tuples(st.just("look"), st.floats(0, 40), margins, st.booleans())
acts = st.tuples(st.sampled_from(["acknowledge", "shelve", "unshelve"]), st.floats(0, 5))
Life = list[tuple[Any, ...]]
lives = st.lists(st.one_of(looks, looks, looks, acts), max_size=60)
rules = st.builds(
    Rule,
    name=st.just("fence_breach"),
    on_delay_s=st.sampled_from([0.0, 1.0, 10.0]),
    off_delay_s=st.sampled_from([0.0, 2.0, 20.0]),
    deadband=st.sampled_from([0.0, 3.0]),
    latched=st.booleans(),
    shelve_max_s=st.sampled_from([0.0, 30.0]),
)


def live(rule: Rule, life: Life) -> list[tuple[str, Alarm, Alarm, float]]:
    """What happened, as (what, before, after, time)."""
    alarm, now_s, suppressed = Alarm(KEY), 0.0, False
    happened = []
    for what, passed_s, *rest in life:
        now_s += passed_s
        before = alarm
        try:
            if what == "look":
                suppressed = rest[1]
                alarm = step(alarm, rule, reading(rest[0]), now_s, suppressed=suppressed)
            elif what == "acknowledge":
                alarm = acknowledge(alarm, "Ann", now_s, suppressed=suppressed)
            elif what == "shelve":
                alarm = shelve(alarm, rule, "Ann", "reason", 30.0, now_s)
            else:
                alarm = unshelve(alarm, "Ann", now_s, suppressed=suppressed)
        except InputError:
            assert alarm is before
        happened.append((what, before, alarm, now_s))
    return happened


@settings(max_examples=200, deadline=None)
@given(rules, lives)
def test_there_is_no_transition_that_is_not_in_the_picture(rule: Rule, life: Life) -> None:
    for what, before, alarm, _ in live(rule, life):
        if before.state is not alarm.state:
            assert (before.state, alarm.state) in (BY_ITSELF if what == "look" else BY_PEOPLE)


@settings(max_examples=200, deadline=None)
@given(rules, lives)
def test_a_shelved_alarm_never_calls_before_its_time(rule: Rule, life: Life) -> None:
    for what, before, alarm, now_s in live(rule, life):
        if before.state is S and alarm.state is not S and what == "look":
            assert before.until_s is not None
            assert now_s >= before.until_s
        if before.state is S and alarm.state is S:
            assert before.until_s == alarm.until_s
            assert now_s < (before.until_s or 0) or what != "look"


@settings(max_examples=200, deadline=None)
@given(rules, lives)
def test_a_latched_alarm_that_nobody_saw_never_leaves_the_list_by_itself(
    rule: Rule, life: list[tuple]
) -> None:
    for what, before, alarm, _ in live(replace(rule, latched=True), life):
        if what == "look" and before.state in (U, R):
            assert alarm.state in (U, R)


@settings(max_examples=200, deadline=None)
@given(rules, lives)
def test_what_holds_and_is_not_hidden_is_in_the_list(rule: Rule, life: Life) -> None:
    for what, _, alarm, _ in live(rule, life):
        if alarm.held and alarm.state is not S and what == "look":
            assert alarm.state in (U, A)
        assert not (alarm.state is U and not alarm.held)


@settings(max_examples=200, deadline=None)
@given(rules, lives)
def test_the_same_life_gives_the_same_alarm(rule: Rule, life: Life) -> None:
    assert repr(live(rule, life)) == repr(live(rule, life))


@settings(max_examples=200, deadline=None)
@given(rules, lives)
def test_an_alarm_that_is_forgotten_would_have_done_the_same(rule: Rule, life: Life) -> None:
    alarm, now_s = Alarm(KEY), 0.0
    for what, passed_s, *rest in life:
        now_s += passed_s
        if what != "look":
            continue
        fresh = Alarm(KEY) if alarm.idle(now_s) else alarm
        alarm = step(alarm, rule, reading(rest[0]), now_s, suppressed=rest[1])
        assert step(fresh, rule, reading(rest[0]), now_s, suppressed=rest[1]).state is alarm.state
