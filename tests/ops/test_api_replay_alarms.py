"""Alarms in a replay: those that were really called where that is known, else found again; never touched."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from ops.alarms.recorded import journals_beside, recorded
from ops.api.alarm_models import AlarmList
from ops.api.models import Delta, Snapshot
from ops.api.replaying import MOMENTS_SHOWN, replay_report
from ops.api.server import serving
from ops.config import Settings
from telemetry.alerts import Key, Priority, State, Transition
from telemetry.replay import Replay, Timeline
from tests.ops.alarmed import wait_for
from tests.ops.called import write_journal
from tests.ops.replayed import BEGIN_S

ORDER = {"vehicle": 1, "rule": "fence_breach", "who": "Eve"}


@contextmanager
def browsing(replay: Replay, *journals: Path, settings: Settings | None = None) -> Iterator[httpx.Client]:
    settings = settings or Settings(port=0)
    with (
        serving(settings, replay=replay, journals=journals) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        yield client


@pytest.fixture
def then(timeline: Timeline, called_folder: Path) -> Iterator[httpx.Client]:
    """A replay with the journal of then."""
    with browsing(Replay(timeline), *journals_beside([called_folder / "flight.tlog"])) as client:
        yield client


@pytest.fixture(scope="module")
def again(timeline: Timeline) -> Iterator[httpx.Client]:
    """A replay of which nothing was recorded, when everything was found again."""
    with browsing(Replay(timeline)) as client:
        wait_for(
            lambda: client.get("/api/health").json()["alarms"]["looked_s"] >= BEGIN_S + 599, "all is found"
        )
        yield client


def at(client: httpx.Client, second: float) -> dict[str, Any]:
    """The alarms at a second of the recording, after a jump there."""
    assert client.post("/api/replay", json={"seek_s": BEGIN_S + second}).status_code == 200
    found: dict[str, Any] = client.get("/api/alarms").json()
    return found


def plain(found: dict[str, Any], name: str = "active") -> list[tuple[int, str, str, str]]:
    return [(each["vehicle"], each["rule"], each["state"], each["who"]) for each in found[name]]


def test_what_was_called_then_is_shown_at_its_moment_with_who_took_it(then: httpx.Client) -> None:
    assert plain(at(then, 100)) == [], "what stood the day before ended when the service began anew"
    assert plain(at(then, 125)) == [(1, "fence_breach", "unacknowledged", "")]
    found = at(then, 205)
    assert plain(found) == [(1, "fence_breach", "acknowledged", "Ann"), (2, "gps_hdop", "unacknowledged", "")]
    assert [each["calls"] for each in found["active"]] == [False, False], "the second was raised in a flood"
    assert found["replayed"] == {"source": "recorded", "upto_s": None, "rules": ""}
    assert found["recorded"] is True
    found = at(then, 260)
    assert plain(found) == []
    assert plain(found, "shelved") == [(2, "gps_hdop", "shelved", "Bob")]
    assert plain(at(then, 590)) == [
        (1, "fence_breach", "returned unacknowledged", ""),
        (2, "gps_hdop", "unacknowledged", ""),
    ]
    assert plain(at(then, 125)) == [(1, "fence_breach", "unacknowledged", "")], "after a jump back"


def test_what_people_did_stands_among_the_events_of_its_time(then: httpx.Client) -> None:
    async def events(second: float) -> list[str]:
        await asyncio.to_thread(at, then, second)
        async with connect(f"{str(then.base_url).replace('http', 'ws')}api/live?hz=10") as watcher:
            told = json.loads(await watcher.recv())["events"]
        assert [each["number"] for each in told] == list(range(1, len(told) + 1))
        return [each["text"] for each in told if each["kind"] == "alarm"]

    called = "alarm (high priority): fence breach, 4 m outside the fence"
    taken = "acknowledged by Ann: fence breach, 6 m outside the fence"
    assert asyncio.run(events(125)) == [called]
    assert asyncio.run(events(215))[:2] == [called, taken]
    assert asyncio.run(events(215))[-1].startswith("shelved for 5 min by Bob: gps hdop")


def test_what_called_is_marked_on_the_time_line_and_what_was_quiet_is_not(then: httpx.Client) -> None:
    moments = [each for each in then.get("/api/replay").json()["moments"] if each["kind"] == "alarm"]
    assert [(round(each["time_s"] - BEGIN_S), each["name"], each["severity"]) for each in moments] == [
        (120, "Copter 1", "warning"),
        (400, "Copter 1", "warning"),
        (510, "Copter 2", "info"),
    ]


def test_nothing_can_be_done_to_alarms_of_then_and_their_journal_stays_as_it_is(
    then: httpx.Client, called_folder: Path
) -> None:
    before = (called_folder / "alerts.jsonl").read_bytes()
    there = sorted(each.name for each in called_folder.iterdir())
    at(then, 125)
    more = {"why": "known", "for_s": 60}
    for act, order in (("acknowledge", ORDER), ("shelve", {**ORDER, **more}), ("unshelve", ORDER)):
        answer = then.post(f"/api/alarms/{act}", json=order)
        assert (answer.status_code, "replay" in answer.json()["detail"]) == (409, True)
    assert plain(then.get("/api/alarms").json()) == [(1, "fence_breach", "unacknowledged", "")]
    assert (called_folder / "alerts.jsonl").read_bytes() == before
    assert sorted(each.name for each in called_folder.iterdir()) == there


def test_the_figures_are_those_up_to_the_moment(then: httpx.Client) -> None:
    figures = [at(then, second)["measures"] for second in (100, 205, 590)]
    assert [each["raised"] for each in figures] == [0, 2, 4]
    assert [each["per_10_min"] for each in figures] == [0, 2, 4]
    assert [each["standing"] for each in figures] == [0, 2, 1]


def test_what_is_sent_is_what_the_models_say_and_comes_with_the_snapshot_of_a_jump(
    then: httpx.Client,
) -> None:
    async def watch() -> None:
        async with (
            asyncio.timeout(30),
            connect(f"{str(then.base_url).replace('http', 'ws')}api/live") as watcher,
        ):
            assert Snapshot.model_validate_json(await watcher.recv()).alarms is not None
            for second, count in ((125, 1), (100, 0), (205, 2), (260, 0)):
                await asyncio.to_thread(then.post, "/api/replay", json={"seek_s": BEGIN_S + second})
                text = ""
                while '"type":"snapshot"' not in text:
                    text = str(await watcher.recv())
                alarms = Snapshot.model_validate_json(text).alarms
                assert alarms is not None
                assert len(alarms.active) == count
            order = {"seek_s": BEGIN_S + 115, "playing": True, "speed": 8}
            await asyncio.to_thread(then.post, "/api/replay", json=order)
            called = False
            while not called:
                text = str(await watcher.recv())
                if '"type":"delta"' in text:
                    alarms = Delta.model_validate_json(text).alarms
                    called = alarms is not None and len(alarms.active) == 1

    asyncio.run(watch())


def test_where_nothing_was_recorded_the_rules_find_again_what_stood(again: httpx.Client) -> None:
    found = at(again, 320)
    AlarmList.model_validate(found)
    assert {(1, "link_lost", "unacknowledged", ""), (2, "link_lost", "unacknowledged", "")} <= {*plain(found)}
    assert found["replayed"] == {"source": "recomputed", "upto_s": None, "rules": "the shipped rules"}
    assert found["recorded"] is False
    assert "link_lost" not in {each["rule"] for each in at(again, 290)["active"]}
    states = {each["rule"]: each["state"] for each in at(again, 360)["active"]}
    assert states["link_lost"] == "returned unacknowledged", "nobody acknowledges in it"
    assert again.post("/api/alarms/acknowledge", json=ORDER).status_code == 409


def test_a_jump_gives_the_alarms_that_playing_up_to_there_gives(again: httpx.Client) -> None:
    chance = random.Random(8)
    for _ in range(6):
        at(again, chance.uniform(90, 560))
        again.post("/api/replay", json={"playing": True, "speed": 60})
        time.sleep(chance.uniform(0.1, 0.5))
        played_s = again.post("/api/replay", json={"playing": False}).json()["now_s"] - BEGIN_S
        assert again.get("/api/vehicles").status_code == 200  # the picture is brought up to that time
        played = again.get("/api/alarms").json()
        at(again, 20)
        assert at(again, played_s) == played


def test_what_was_not_looked_at_yet_is_said(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.api.replayed_alarms.GO_ON_S", 0.0)
    with browsing(Replay(timeline)) as client:
        note = at(client, 400)["replayed"]
    assert note["source"] == "recomputed"
    assert note["upto_s"] == pytest.approx(BEGIN_S, abs=2)


def test_the_teams_own_rules_are_those_that_are_looked_by(timeline: Timeline, tmp_path: Path) -> None:
    rules = tmp_path / "strict.toml"
    rules.write_text("[height_above_ground]\nlimit_m = 40.0\n[link_lost]\nenabled = false\n")
    with browsing(Replay(timeline), settings=Settings(port=0, alert_rules=rules)) as client:
        wait_for(
            lambda: client.get("/api/health").json()["alarms"]["looked_s"] > BEGIN_S + 330, "it is found"
        )
        found = at(client, 320)
    assert found["replayed"]["rules"] == "strict.toml"
    rows = {each["rule"] for each in found["active"]}
    assert "height_above_ground" in rows
    assert "link_lost" not in rows


def test_a_journal_that_tells_nothing_of_that_time_is_none(called_folder: Path) -> None:
    begin_s = BEGIN_S + 7_200
    assert recorded([called_folder / "alerts.jsonl"], begin_s, begin_s + 600) is None
    assert recorded([], BEGIN_S, BEGIN_S + 600) is None


def test_a_damaged_journal_is_shown_as_far_as_it_goes_and_that_is_said(
    timeline: Timeline, tmp_path: Path
) -> None:
    path = write_journal(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"\x00garbage\n", *lines[4:-1], lines[-1][:40]]))
    with browsing(Replay(timeline), path) as client:
        found = at(client, 205)
        assert len(found["active"]) == 2
        assert "2 of its lines cannot be read" in found["problem"]
        assert client.get("/api/health").json()["alarms"]["problem"] == found["problem"]


def test_a_day_of_calls_does_not_flood_the_time_line(timeline: Timeline) -> None:
    called = Transition(
        1, BEGIN_S, Key(1, "gps_hdop"), Priority.LOW, State.NORMAL, State.UNACKNOWLEDGED, "HDOP 2.4"
    )
    many = [replace(called, number=number, time_s=BEGIN_S + number / 10) for number in range(1, 5_001)]
    marks = [each for each in replay_report(Replay(timeline), (), many).moments if each.kind == "alarm"]
    assert MOMENTS_SHOWN / 2 < len(marks) <= MOMENTS_SHOWN
