"""Alarms found again in a recording: those that a service which was there would have raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from missions.plan import Plan
from ops.alarms import AlarmWatch
from ops.alarms.recomputing import GIVE_WAY_S, LOOK_US, Recomputing
from telemetry.alerts import State, Transition, load_rules
from telemetry.clock import ManualClock
from telemetry.frames import Frame, stamped
from telemetry.hub import Hub
from telemetry.replay import FramesRecording, Replay, Timeline
from tests.ops.replayed import BEGIN_S, SILENT


@pytest.fixture(scope="module")
def found(timeline: Timeline) -> tuple[Transition, ...]:
    return every(timeline)


def every(timeline: Timeline) -> tuple[Transition, ...]:
    recomputing = Recomputing(timeline, load_rules())
    while not recomputing.done:
        recomputing.step()
    assert recomputing.problem == ""
    return recomputing.chronicle.between(float("-inf"), float("inf"))


def told(transitions: tuple[Transition, ...], rule: str) -> list[tuple[int, str, float]]:
    return [
        (each.key.vehicle, str(each.after), round(each.time_s - BEGIN_S, 1))
        for each in transitions
        if each.key.rule == rule
    ]


def test_a_silence_in_the_recording_is_a_lost_link_when_it_was_one(found: tuple[Transition, ...]) -> None:
    lost = told(found, "link_lost")
    assert [(vehicle, after) for vehicle, after, _ in lost] == [
        (1, "unacknowledged"),
        (2, "unacknowledged"),
        (1, "returned unacknowledged"),
        (2, "returned unacknowledged"),
    ]
    times = [second for *_, second in lost]
    assert times[0] == pytest.approx(SILENT.start + 5, abs=0.6)
    assert times[2] == pytest.approx(SILENT.stop, abs=5)


def test_what_our_aircraft_heard_of_others_raises_alarms_too(found: tuple[Transition, ...]) -> None:
    (first, *_) = told(found, "traffic")
    assert first[1] == "unacknowledged"
    assert 100 < first[2] < 200
    assert {each.key.subject for each in found if each.key.rule == "traffic"} == {"484ABC"}


def test_the_same_are_found_as_by_a_watch_that_was_there(
    timeline: Timeline, found: tuple[Transition, ...]
) -> None:
    """But for the traffic, which this watch hears nothing of."""
    replay = Replay(timeline)
    hub = Hub(replay.clock)
    watch = AlarmWatch(hub, replay.clock, load_rules())
    live: list[Transition] = []
    watch.told = live.append
    number, now_us = 0, timeline.begin_us - 1
    while now_us < timeline.end_us:
        now_us = min(now_us + LOOK_US, timeline.end_us)
        replay.clock.now_us = now_us
        while number < len(timeline) and timeline.due_us[number] <= now_us:
            hub.publish([timeline.frame(number)], timeline.links[0])
            number += 1
        watch.look()
    without = [each for each in found if each.key.rule != "traffic"]
    assert [(each.time_s, each.key, each.after, each.text) for each in without] == [
        (each.time_s, each.key, each.after, each.text) for each in live
    ]
    assert len(live) > 10


def test_looking_on_in_pieces_finds_the_same(timeline: Timeline, found: tuple[Transition, ...]) -> None:
    clock = ManualClock()

    def slow(_: object) -> dict[int, Plan]:
        clock.sleep(0.01)
        return {}

    recomputing = Recomputing(timeline, load_rules(), plans=slow, clock=clock)
    pieces = 0
    while not recomputing.done:
        recomputing.go_on(0.095)
        pieces += 1
    assert pieces == 120, "ten looks of half a second each"
    assert recomputing.chronicle.between(float("-inf"), float("inf")) == found


def test_it_ends_when_it_is_told_to(timeline: Timeline) -> None:
    recomputing = Recomputing(timeline, load_rules())
    recomputing.close()
    recomputing.go_on(60.0)
    assert not recomputing.done


def test_who_jumps_does_not_wait_for_it(timeline: Timeline) -> None:
    clock, looks = ManualClock(), 0

    def jump_at_the_third_look(_: object) -> dict[int, Plan]:
        nonlocal looks
        looks += 1
        if looks == 3:
            recomputing.give_way()
        return {}

    recomputing = Recomputing(timeline, load_rules(), plans=jump_at_the_third_look, clock=clock)
    recomputing.go_on(5.0)
    assert looks == 3, "it gave way at once"
    clock.sleep(GIVE_WAY_S - 0.1)
    recomputing.go_on(5.0)
    assert looks == 3, "and for a while"
    clock.sleep(0.1)
    recomputing.go_on(5.0)
    assert recomputing.done


def later(frame: Frame, seconds: float) -> Frame:
    return stamped(frame, frame.time_us + round(seconds * 1e6))


def test_days_of_silence_take_no_time_and_what_comes_of_them_is_told(
    timeline: Timeline, found: tuple[Transition, ...]
) -> None:
    frames = [timeline.frame(number) for number in range(timeline.number_at((BEGIN_S + 120) * 1_000_000))]
    week_s = 7 * 86_400
    twice = FramesRecording("twice", [*frames, *(later(each, week_s) for each in frames)])
    recomputing = Recomputing(Timeline([twice]), load_rules())
    steps = 0
    while not recomputing.done:
        recomputing.step()
        steps += 1
    assert steps < 2 * 240 + 1_900
    lost = told(recomputing.chronicle.between(float("-inf"), float("inf")), "link_lost")
    assert [(vehicle, after) for vehicle, after, _ in lost][:2] == [
        (1, "unacknowledged"),
        (2, "unacknowledged"),
    ]
    assert [second > week_s for *_, second in lost] == [False, False, True, True]
    assert {after for _, after, _ in lost[2:]} == {str(State.RETURNED)}


def test_a_plan_that_cannot_be_read_is_told_and_ends_nothing(timeline: Timeline, tmp_path: Path) -> None:
    def broken(_: object) -> dict[int, object]:
        raise OSError("the disk is gone")

    recomputing = Recomputing(timeline, load_rules(), plans=broken)  # type: ignore[arg-type]
    for _ in range(4):
        recomputing.step()
    assert recomputing.problem == "Alarms know no plans: the disk is gone."
    assert recomputing.upto_s > BEGIN_S + 1
