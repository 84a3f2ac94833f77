"""Alarms over the service, on real sockets: listed, streamed, acknowledged by name, and kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from missions.errors import InputError, SettingsError
from ops.api.alarm_models import AlarmList
from ops.api.models import Delta, Snapshot
from ops.api.server import serving
from ops.config import Settings
from ops.index import open_index, rebuild
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.replay import Replay, open_recordings
from tests.ops.alarmed import Copter, flying, place, wait_for, write_rules
from tests.ops.replayed import write_recording

ANN = {"vehicle": 1, "rule": "battery_low", "who": "Ann"}


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, alert_rules=write_rules(tmp_path))


@contextmanager
def browsing(settings: Settings, hub: Hub, **options: Any) -> Iterator[httpx.Client]:
    with (
        serving(settings, hub=hub, **options) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        yield client


def active(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/alarms").json()["active"]
    return found


def waited(client: httpx.Client, rule: str = "battery_low") -> dict[str, Any]:
    """The alarm of a rule, once it is there."""
    found: dict[str, Any] = wait_for(
        lambda: next((each for each in active(client) if each["rule"] == rule), None), f"{rule} calls"
    )
    return found


def test_an_alarm_is_raised_acknowledged_kept_and_in_the_index_after_a_rebuild(
    settings: Settings, hub: Hub, tmp_path: Path
) -> None:
    records = tmp_path / "recordings"
    copter = Copter(hub)
    with browsing(settings, hub, records=records) as client, flying(copter):
        wait_for(lambda: client.get("/api/health").json()["vehicles"], "it is heard")
        assert active(client) == []
        copter.battery_pct = 8
        alarm = waited(client)
        assert (alarm["priority"], alarm["state"], alarm["calls"]) == ("medium", "unacknowledged", True)
        assert "8 % left" in alarm["text"]
        answer = client.post("/api/alarms/acknowledge", json=ANN)
        assert answer.json() == {"state": "acknowledged", "who": "Ann", "until_s": None, "recorded": True}
        (alarm,) = active(client)
        assert (alarm["state"], alarm["who"], alarm["calls"]) == ("acknowledged", "Ann", False)
        lines = (records / "alerts.jsonl").read_text().splitlines()
    kept = [(row["rule"], row["to"], row["who"]) for row in map(json.loads, lines)]
    assert kept == [("battery_low", "unacknowledged", ""), ("battery_low", "acknowledged", "Ann")]
    rebuild(records)
    told = open_index(records, SystemClock()).alerts()
    assert [(each.rule, each.after, each.who) for each in told][:2] == kept


def test_an_aircraft_that_leaves_the_fence_of_the_served_plan_calls(
    settings: Settings, hub: Hub, heath: Path
) -> None:
    copter = Copter(hub)
    copter.stand()
    with browsing(settings, hub, operation_folder=heath) as client, flying(copter):
        wait_for(lambda: client.get("/api/health").json()["vehicles"], "it is heard")
        assert not [each for each in active(client) if each["rule"] == "fence_breach"]
        copter.here = place(600, 100)
        alarm = waited(client, "fence_breach")
        assert alarm["priority"] == "high"
        assert 100 < -alarm["value"] < 160, "metres beyond the fence, which ends 400 steps east"


def test_the_gravest_come_first_and_of_those_the_oldest(settings: Settings, hub: Hub, heath: Path) -> None:
    first, second = Copter(hub, 1, battery_pct=8), Copter(hub, 2)
    with browsing(settings, hub, operation_folder=heath) as client:
        for each in (first, second):
            each.stand()
        with flying(first, second):
            waited(client)
            second.here = place(600, 200)
            waited(client, "fence_breach")
            second.battery_pct = 9
            wait_for(
                lambda: [each["vehicle"] for each in active(client)] == [2, 1, 2], "the second falls too"
            )
        found = AlarmList.model_validate(client.get("/api/alarms").json())
        assert [each.rule for each in found.active] == ["fence_breach", "battery_low", "battery_low"]
        assert (found.measures.standing, found.measures.unacknowledged, found.flood) == (3, 3, False)


def test_the_stream_carries_alarms_with_the_snapshot_and_when_they_change(
    settings: Settings, hub: Hub
) -> None:
    copter = Copter(hub)

    async def watch(address: str) -> None:
        url = f"{address.replace('http', 'ws')}api/live?hz=10"
        async with asyncio.timeout(30), connect(url) as watcher:
            snapshot = Snapshot.model_validate_json(await watcher.recv())
            assert snapshot.alarms is not None
            assert snapshot.alarms.active == ()
            copter.battery_pct = 8
            news, told = [], []
            while len(news) < 1 or len(told) < 1:
                delta = Delta.model_validate_json(await watcher.recv())
                news += [delta.alarms] if delta.alarms is not None and delta.alarms.active else []
                told += [each for each in delta.events if each.kind == "alarm"]
            assert news[0].active[0].rule == "battery_low"
            assert (told[0].vehicle, told[0].severity) == ("1", "caution")
            assert told[0].text == "alarm (medium priority): battery low, 8 % left"
            async with connect(url) as late:
                again = Snapshot.model_validate_json(await late.recv())
            assert again.alarms is not None
            assert again.alarms.active[0].rule == "battery_low"

    with browsing(settings, hub) as client, flying(copter):
        wait_for(lambda: client.get("/api/health").json()["vehicles"], "it is heard")
        asyncio.run(watch(str(client.base_url)))


def test_shelving_hides_an_alarm_with_a_name_and_a_reason(settings: Settings, hub: Hub) -> None:
    with browsing(settings, hub) as client, flying(Copter(hub, battery_pct=8)):
        waited(client)
        order = {**ANN, "why": "its gauge is broken", "for_s": 120}
        done = client.post("/api/alarms/shelve", json=order).json()
        assert (done["state"], done["who"], done["recorded"]) == ("shelved", "Ann", False)
        found = client.get("/api/alarms").json()
        assert found["active"] == []
        assert found["recorded"] is False
        (shelved,) = found["shelved"]
        assert (shelved["who"], shelved["why"]) == ("Ann", "its gauge is broken")
        assert shelved["until_s"] - shelved["since_s"] == pytest.approx(120)
        assert client.post("/api/alarms/unshelve", json=ANN).json()["state"] == "unacknowledged"
        assert active(client)[0]["rule"] == "battery_low"


@pytest.mark.parametrize(
    ("act", "change", "status", "names"),
    [
        ("acknowledge", {"vehicle": 9}, 404, "no such alarm"),
        ("acknowledge", {"rule": "weather"}, 404, "no such alarm"),
        ("acknowledge", {"rule": "gps_fix"}, 409, "not active"),
        ("unshelve", {}, 409, "not on a shelf"),
        ("acknowledge", {"who": "  "}, 422, "who"),
        ("acknowledge", {"who": "A\x07nn"}, 422, "name"),
        ("acknowledge", {"who": None}, 422, "who"),
        ("acknowledge", {"vehicle": 256}, 422, "vehicle"),
        ("acknowledge", {"for_s": 3}, 422, "for_s"),
        ("shelve", {"why": "known"}, 422, "for_s"),
        ("shelve", {"why": "", "for_s": 60}, 422, "why"),
        ("shelve", {"why": "known", "for_s": 0}, 422, "for_s"),
        ("shelve", {"why": "known", "for_s": 301}, 422, "at most 300 seconds"),
        ("shelve", {"why": "known", "for_s": 60, "rule": "traffic", "subject": "484D21"}, 409, "may not be"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    calling: httpx.Client, act: str, change: dict[str, Any], status: int, names: str
) -> None:
    answer = calling.post(f"/api/alarms/{act}", json={**ANN, **change})
    assert (answer.status_code, names in answer.json()["detail"]) == (status, True), answer.text


def test_an_order_from_elsewhere_is_refused(calling: httpx.Client) -> None:
    def posted(**headers: str) -> int:
        return calling.post("/api/alarms/acknowledge", json=ANN, headers=headers).status_code

    assert posted(Origin="http://elsewhere.example") == 421
    assert posted(**{"Sec-Fetch-Site": "cross-site"}) == 421
    assert posted(Host="elsewhere.example") == 421
    assert posted(**{"Content-Type": "text/plain"}) == 415
    assert calling.post("/api/alarms/acknowledge", json={**ANN, "who": "A" * 9000}).status_code == 413
    assert calling.post("/api/alarms/acknowledge", content=b"{", headers=JSON).status_code == 422
    assert active(calling)[0]["state"] == "unacknowledged"


JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with one alarm that nobody acknowledges."""
    hub = Hub(SystemClock())
    settings = Settings(port=0, alert_rules=write_rules(tmp_path_factory.mktemp("rules")))
    with browsing(settings, hub) as client, flying(Copter(hub, battery_pct=8)):
        waited(client)
        yield client


def test_only_one_of_two_takes_an_alarm_and_the_other_is_told_who(settings: Settings, hub: Hub) -> None:
    with browsing(settings, hub) as client, flying(Copter(hub, battery_pct=8)):
        waited(client)
        answers = [client.post("/api/alarms/acknowledge", json={**ANN, "who": who}) for who in ("Ann", "Bob")]
        assert [each.status_code for each in answers] == [200, 409]
        assert "Ann acknowledged it already" in answers[1].json()["detail"]


def test_two_aircraft_with_one_number_are_told_of(settings: Settings, hub: Hub) -> None:
    near, far = Copter(hub, link="udp:127.0.0.1:1"), Copter(hub, link="udp:127.0.0.1:2", here=place(9_000, 0))
    with browsing(settings, hub) as client, flying(near, far):
        (told,) = wait_for(lambda: client.get("/api/alarms").json()["doubles"], "it is seen")
    assert told["vehicle"] == 1
    assert told["text"].startswith(
        "Two aircraft call themselves 1, over udp:127.0.0.1:1 and over udp:127.0.0.1:2"
    )


def test_in_a_replay_there_is_nothing_to_acknowledge_and_nothing_is_kept(tmp_path: Path) -> None:
    replay = Replay(open_recordings([write_recording(tmp_path / "flight.tlog")]))
    with browsing(Settings(port=0), Hub(SystemClock()), replay=replay, records=tmp_path / "new") as client:
        assert client.get("/api/alarms").json()["replayed"]["source"] == "recomputed"
        answer = client.post("/api/alarms/acknowledge", json=ANN)
        assert (answer.status_code, "replay" in answer.json()["detail"]) == (409, True)
        assert client.get("/api/health").json()["alarms"]["recorded"] is False
    assert not (tmp_path / "new").exists()


def test_a_log_that_cannot_be_written_is_seen_and_stops_nothing(
    settings: Settings, hub: Hub, tmp_path: Path
) -> None:
    blocked = tmp_path / "recordings"
    blocked.write_text("a file where a folder should be")
    with browsing(settings, hub, records=blocked) as client, flying(Copter(hub, battery_pct=8)):
        waited(client)
        problem = wait_for(lambda: client.get("/api/health").json()["alarms"]["problem"], "it is seen")
        assert "not recorded" in problem
        assert str(blocked) in problem
        answer = client.post("/api/alarms/acknowledge", json=ANN).json()
        assert (answer["state"], answer["recorded"]) == ("acknowledged", False)
        assert client.get("/api/alarms").json()["problem"]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("alert_rules", "[battery_lwo]\nlimit_pct = 3\n", SettingsError),
        ("alert_terrain", "no raster", InputError),
    ],
)
def test_a_file_that_cannot_be_used_is_one_error_at_the_start(
    hub: Hub, tmp_path: Path, name: str, text: str, error: type[Exception]
) -> None:
    path = tmp_path / "given.tif"
    path.write_text(text)
    with pytest.raises(error, match=r"given\.tif"), serving(Settings(port=0, **{name: path}), hub=hub):
        pass


def test_the_command_keeps_alarms_beside_its_recording(start: Any, tmp_path: Path) -> None:
    running = start(
        "serve", "--port", "0", "--record", "recordings", DRONETEAM_ALERT_RULES=str(write_rules(tmp_path))
    )
    running.wait_until(lambda: "http://" in running.printed())
    with httpx.Client(base_url=running.printed().strip(), timeout=20) as client:
        health = client.get("/api/health").json()["alarms"]
    assert (health["recorded"], health["problem"]) == (True, "")
    assert running.interrupt() == 130
