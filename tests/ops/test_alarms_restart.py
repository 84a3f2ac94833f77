"""The journal of alarms read back when the service starts: whole, torn, damaged, long, old, or none."""

from __future__ import annotations

import json
import os
import random
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.alarms import AlarmLog, AlarmWatch, read_back
from ops.alarms.journal import Journal
from ops.alarms.restart import LONGEST_S, MOST_STANDING
from telemetry.alerts import Key, Priority, State, Transition, load_rules
from telemetry.clock import ManualClock
from telemetry.hub import Hub
from tests.ops.alarmed import Copter, place, write_rules

KEY = Key(1, "battery_low")
RAISED = Transition(
    1, 1_700_000_000.0, KEY, Priority.MEDIUM, State.NORMAL, State.UNACKNOWLEDGED, "8 % left", 8.0, 20.0, "%"
)
TAKEN = replace(
    RAISED, number=2, time_s=1_700_000_010.0, before=RAISED.after, after=State.ACKNOWLEDGED, who="Ann"
)


def line(transition: Transition) -> bytes:
    return json.dumps(transition.as_dict()).encode() + b"\n"


class Service:
    """Alarms with their journal in a folder, as long as nobody ends it."""

    def __init__(self, folder: Path, clock: ManualClock, rules: Path) -> None:
        self.hub = Hub(clock)
        self.told: list[Transition] = []
        self.log = AlarmLog(folder, clock)
        self.watch = AlarmWatch(self.hub, clock, load_rules(rules), log=self.log)
        self.watch.told = self.told.append
        self.clock = clock
        before = read_back(folder)
        if before is not None:
            self.watch.take_over(before)
        self.copter = Copter(self.hub, battery_pct=8)

    def look(self, seconds: float) -> None:
        for step in range(int(seconds * 2)):
            self.copter.here = place(100 + step % 2, 100)
            self.copter.fly()
            self.watch.look()
            self.clock.sleep(0.5)

    def states(self) -> list[tuple[str, str]]:
        return [(each.key.rule, str(each.after)) for each in self.told]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def begin(tmp_path: Path, clock: ManualClock) -> Any:
    """Starts the service; each time it is the first one's folder."""
    rules = write_rules(tmp_path)
    services: list[Service] = []

    def start() -> Service:
        services.append(Service(tmp_path / "recordings", clock, rules))
        return services[-1]

    yield start
    for each in services:
        each.watch.close()


Begin = Callable[[], Service]


def journal(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir(exist_ok=True)
    return folder / "alerts.jsonl"


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_bytes().splitlines()]


def test_who_has_an_alarm_has_it_after_a_restart_and_the_journal_tells_of_that(
    begin: Begin, clock: ManualClock, tmp_path: Path
) -> None:
    first = begin()
    first.look(2)
    assert first.watch.acknowledge(KEY, "Ann")
    clock.sleep(42)
    second = begin()
    (start,) = second.told
    assert start.text == (
        "the service started again, 42 s after the last change of an alarm; as they stood: 1 acknowledged"
    )
    second.look(30)
    assert second.states()[1:] == []
    (listed,) = second.watch.listed().active
    assert (listed.alarm.who, listed.calls, listed.shelve_max_s) == ("Ann", False, 300.0)
    second.watch.close()
    rows = told(journal(tmp_path))
    assert [(row["number"], row["rule"], row["to"]) for row in rows] == [
        (1, "battery_low", "unacknowledged"),
        (2, "battery_low", "acknowledged"),
        (3, "service_started", "normal"),
    ]


def test_a_shelf_lasts_over_a_restart_and_ends_at_its_time(begin: Begin, clock: ManualClock) -> None:
    first = begin()
    first.look(2)
    first.watch.shelve(KEY, "Bob", "its gauge is broken", 120.0)
    begin().look(10)
    third = begin()
    third.look(20)
    (hidden,) = third.watch.listed().shelved
    assert (hidden.alarm.who, hidden.alarm.why) == ("Bob", "its gauge is broken")
    third.look(100)
    assert third.watch.listed().shelved == ()
    assert third.states()[-1] == ("battery_low", "unacknowledged")


def test_an_alarm_that_nobody_took_calls_on_and_one_in_a_flood_stays_quiet(
    tmp_path: Path, begin: Begin
) -> None:
    other = replace(RAISED, number=2, key=Key(1, "gps_hdop"), priority=Priority.LOW, quiet=True)
    journal(tmp_path).write_bytes(line(RAISED) + line(other))
    listed = {each.alarm.key: each.calls for each in begin().watch.listed().active}
    assert listed == {KEY: True, other.key: False}


def test_where_there_is_no_journal_nothing_is_said_and_no_file_is_made(tmp_path: Path, begin: Begin) -> None:
    service = begin()
    assert service.told == []
    assert not journal(tmp_path).exists()


def test_half_a_line_at_the_end_costs_that_line_alone(tmp_path: Path, begin: Begin) -> None:
    path = journal(tmp_path)
    for cut in range(1, len(line(TAKEN))):
        path.write_bytes(line(RAISED) + line(TAKEN)[:-cut])
        before = read_back(path.parent)
        assert before is not None
        whole = cut == 1  # only its end is missing, and the next line begins on one of its own
        assert [str(each.alarm.state) for each in before.standing] == [
            "acknowledged" if whole else "unacknowledged"
        ]
        assert bool(before.trouble) is not whole
    service = begin()
    assert "1 of its lines cannot be read" in service.told[0].text
    service.look(1)
    service.watch.acknowledge(KEY, "Ann")
    service.watch.close()
    again = read_back(path.parent)
    assert again is not None
    assert [each.alarm.who for each in again.standing] == ["Ann"], "what follows begins on a line of its own"


GARBAGE = [
    b"\x00" * 5_000,
    b"\xff\xfe{]\n\n\n",
    b"[" * 100_000 + b"\n",
    b'{"number": 1}\n',
    b"null\n",
    line(replace(RAISED, time_s=2.0)).replace(b'"medium"', b'"dreadful"'),
    line(RAISED).replace(b'"unacknowledged"', b'"melted"'),
    b"x" * 3_000_000 + b"\n",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_in_the_middle_hides_nothing_round_it(tmp_path: Path, begin: Begin, garbage: bytes) -> None:
    path = journal(tmp_path)
    other = replace(RAISED, number=3, key=Key(2, "battery_low"))
    path.write_bytes(line(RAISED) + line(TAKEN) + garbage.rstrip(b"\n") + b"\n" + line(other))
    service = begin()
    stood = {each.alarm.key: each.alarm.state for each in service.watch.listed().active}
    assert stood == {KEY: State.ACKNOWLEDGED, other.key: State.UNACKNOWLEDGED}
    assert "of its lines cannot be read" in service.told[0].text
    assert str(path) in service.told[0].text


def test_any_damage_at_all_stops_no_service(tmp_path: Path) -> None:
    rng, path = random.Random(11), journal(tmp_path)
    whole = bytearray(b"".join(line(replace(RAISED, number=n, time_s=n)) for n in range(1, 40)))
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randrange(1, 300)] = rng.randbytes(rng.randrange(0, 300))
        path.write_bytes(damaged)
        before = read_back(path.parent)
        assert before is not None
        assert before.trouble or len(before.standing) == 1


def test_what_is_no_file_is_told_and_kept_nobody_waiting(tmp_path: Path) -> None:
    path = journal(tmp_path)
    os.mkfifo(path)
    before = read_back(path.parent)
    assert before is not None
    assert before.trouble.endswith("it is no file")
    path.unlink()
    path.mkdir()
    before = read_back(path.parent)
    assert before is not None
    assert "it is no file" in before.trouble or "cannot be read" in before.trouble


def test_a_journal_that_was_silent_for_half_a_day_is_of_another_operation(
    tmp_path: Path, begin: Begin, clock: ManualClock
) -> None:
    path = journal(tmp_path)
    path.write_bytes(line(replace(RAISED, time_s=clock.now_s() - LONGEST_S - 60)))
    service = begin()
    assert service.watch.listed().active == ()
    (start,) = service.told
    assert start.text.endswith("what stood then is not taken over: 1 unacknowledged")
    service.watch.close()
    again = read_back(path.parent)
    assert again is not None
    assert again.standing == ()


def test_a_service_that_took_nothing_over_counts_from_one_and_knew_of_nothing(tmp_path: Path) -> None:
    path = journal(tmp_path)
    path.write_bytes(line(RAISED) + line(TAKEN) + line(replace(RAISED, key=Key(2, "gps_fix"))))
    before = read_back(path.parent)
    assert before is not None
    assert [each.alarm.key for each in before.standing] == [Key(2, "gps_fix")]


def test_of_a_journal_that_is_too_long_the_end_counts_and_that_is_said(tmp_path: Path) -> None:
    path = journal(tmp_path)
    path.write_bytes(b"".join(line(replace(RAISED, number=n, key=Key(n, "gps_fix"))) for n in range(1, 200)))
    size = path.stat().st_size
    read = Journal(path, most_bytes=10_000)
    numbers = [each.number for each in read]
    assert numbers == list(range(numbers[0], 200))
    assert 20 < len(numbers) < 40
    assert (read.bad_lines, read.left_out_bytes) == (0, size - 10_000)
    assert "nothing was looked at" in read.trouble


def test_a_day_of_alarms_is_read_in_seconds_and_takes_no_room(tmp_path: Path) -> None:
    path = journal(tmp_path)
    with path.open("wb") as file:
        for number in range(1, 60_001):
            key = Key(number % 251, "battery_low", f"subject {number % 4_000}")
            file.write(line(replace(RAISED, number=number, key=key)))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_s = time.process_time()
    before = read_back(path.parent)
    took_s = time.process_time() - began_s
    assert before is not None
    assert len(before.standing) == MOST_STANDING
    assert before.standing[-1].alarm.key.subject == f"subject {60_000 % 4_000}", "the latest are kept"
    assert took_s < 5.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 60_000
    print(f"60,000 transitions, {path.stat().st_size / 1e6:.0f} MB, read back in {took_s:.2f} s")  # noqa: T201
