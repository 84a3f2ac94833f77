"""A replay on a real server: marked as one everywhere, jumped about in, directed by our own page alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from ops.api.models import Delta, Snapshot
from ops.api.server import serving
from ops.operations import Operation
from telemetry.replay import Replay, open_recordings
from tests.ops.replayed import BEGIN_S, SECONDS, SILENT, height_m, place, write_recording
from tests.waiting import PATIENCE_S

END_S = BEGIN_S + SECONDS - 0.1


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("recorded") / "flight.tlog")


@pytest.fixture
def replay(recording: Path) -> Replay:
    return Replay(open_recordings([recording]))


@contextmanager
def browsing(replay: Replay, **options: Any) -> Iterator[httpx.Client]:
    with serving(replay=replay, **options) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


@pytest.fixture
def client(replay: Replay) -> Iterator[httpx.Client]:
    with browsing(replay) as client:
        yield client


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 4 * PATIENCE_S))


def live(client: httpx.Client, hz: int = 10) -> str:
    return f"{str(client.base_url).replace('http', 'ws')}api/live?hz={hz}"


async def until(client: ClientConnection, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        async for text in client:
            message: dict[str, Any] = json.loads(text)
            if wanted(message):
                return message
    raise AssertionError("the stream ended")


async def order(client: httpx.Client, **what: Any) -> dict[str, Any]:
    answer = await asyncio.to_thread(client.post, "/api/replay", json=what)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_everything_says_that_it_is_a_replay(client: httpx.Client) -> None:
    for path in ("/", "/api/health", "/api/vehicles", "/api/replay"):
        assert client.get(path).headers["droneteam-replay"] == "true"
    assert client.get("/api/health").json()["replay"] is True

    async def watch() -> None:
        async with connect(live(client)) as watcher:
            for _ in range(2):
                state = json.loads(await watcher.recv())["replay"]
                assert (state["begin_s"], state["end_s"]) == (pytest.approx(BEGIN_S), pytest.approx(END_S))
                assert (state["playing"], state["speed"]) == (False, 1)

    run(watch())


def test_what_is_live_does_not_say_so() -> None:
    with serving() as address, httpx.Client(base_url=address) as client:
        assert "droneteam-replay" not in client.get("/api/health").headers
        assert client.get("/api/health").json()["replay"] is False
        for answer in (client.get("/api/replay"), client.post("/api/replay", json={"playing": True})):
            assert answer.status_code == 404
            assert "live" in answer.json()["detail"]


def test_the_time_line_has_its_gaps_and_moments(client: httpx.Client) -> None:
    line = client.get("/api/replay").json()
    (gap,) = line["gaps"]
    assert gap["begin_s"] - BEGIN_S == pytest.approx(SILENT.start, abs=0.2)
    assert gap["end_s"] - BEGIN_S == pytest.approx(SILENT.stop, abs=0.2)
    told = [
        (round(each["time_s"] - BEGIN_S), each["text"]) for each in line["moments"] if each["vehicle"] == "1"
    ]
    assert told == [
        (50, "armed"),
        (61, "took off"),
        (305, "no data for 5 s"),
        (340, "heard again"),
        (420, "Compass variance"),
        (480, "mode RTL"),
        (516, "battery 30 %"),
        (560, "landed"),
        (570, "disarmed"),
        (596, "battery 20 %: land now"),
    ]
    west, south, east, north = line["bounds"]
    assert (west, east) == (pytest.approx(5.8), pytest.approx(5.8045))
    assert (south, north) == (pytest.approx(52.1012), pytest.approx(52.10339))


def test_a_find_with_a_time_is_a_moment(replay: Replay, tmp_path: Path) -> None:
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    point = {"type": "Point", "coordinates": [5.8, 52.1]}
    times = ("2026-03-14T09:30:00Z", "2027-01-01T00:00:00Z", "soon", None)
    finds = [{"type": "Feature", "geometry": point, "properties": {"time": each}} for each in times]
    path = operation.folder / "finds" / "finds.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": finds}))
    operation.add_file(path, "find")
    with browsing(replay, operation_folder=operation.folder) as client:
        moments = client.get("/api/replay").json()["moments"]
        found = [each for each in moments if each["kind"] == "find"]
    assert [(each["time_s"] - BEGIN_S, each["text"]) for each in found] == [(187, "find 1")]


def test_after_a_jump_a_watcher_gets_a_snapshot_of_that_time(client: httpx.Client) -> None:
    async def watch() -> None:
        async with connect(live(client)) as watcher:
            first = json.loads(await watcher.recv())
            assert first["type"] == "snapshot"
            for second in (400, 100, 255, 599):
                await order(client, seek_s=BEGIN_S + second)
                shown = await until(watcher, lambda message: message["type"] == "snapshot")
                assert shown["time_s"] == shown["replay"]["now_s"] == pytest.approx(BEGIN_S + second)
                for vehicle in shown["vehicles"]:
                    lat, lon = place(vehicle["system"], second)
                    assert vehicle["lat_deg"] == pytest.approx(lat, abs=1e-5)
                    assert vehicle["lon_deg"] == pytest.approx(lon, abs=1e-5)
                    assert vehicle["height_relative_m"] == pytest.approx(height_m(second), abs=0.01)
                    assert 0 <= shown["time_s"] - vehicle["heard_s"] < 0.2
                newest_s = max(point[3] for track in shown["tracks"] for point in track["points"])
                assert BEGIN_S + second - 1.2 < newest_s <= shown["time_s"]
                assert max(event["time_s"] for event in shown["events"]) <= shown["time_s"]

    run(watch())


def test_playing_and_jumping_end_in_the_same_picture(recording: Path) -> None:
    async def played(client: httpx.Client) -> dict[str, Any]:
        async with connect(live(client)) as watcher:
            seen = json.loads(await watcher.recv())
            tracks = {each["key"]: each["points"] for each in seen["tracks"]}
            events, vehicles = seen["events"], {each["key"]: each for each in seen["vehicles"]}
            await order(client, playing=True, speed=60)
            over = False
            while not over:
                delta = json.loads(await watcher.recv())
                assert delta["type"] == "delta"
                vehicles |= {each["key"]: each for each in delta["vehicles"]}
                events += delta["events"]
                for track in delta["tracks"]:
                    tracks[track["key"]] = tracks.get(track["key"], []) + track["points"]
                over = delta["time_s"] >= END_S - 1e-6
        return {"vehicles": vehicles, "events": events, "tracks": tracks}

    async def compare() -> None:
        with browsing(Replay(open_recordings([recording]))) as client:
            by_playing = await played(client)
            await order(client, seek_s=BEGIN_S)
            await order(client, seek_s=END_S + 1)
            async with connect(live(client)) as watcher:
                shown = json.loads(await watcher.recv())
        assert by_playing["events"] == shown["events"]
        assert by_playing["vehicles"] == {each["key"]: each for each in shown["vehicles"]}
        assert by_playing["tracks"] == {each["key"]: each["points"] for each in shown["tracks"]}
        assert len(by_playing["tracks"]["1"]) == 560

    run(compare())


def test_a_silence_is_told_at_its_time_and_ages_are_the_recordings(client: httpx.Client) -> None:
    async def watch() -> None:
        await order(client, seek_s=BEGIN_S + 320)
        async with connect(live(client)) as watcher:
            shown = json.loads(await watcher.recv())
        assert [shown["time_s"] - each["heard_s"] for each in shown["vehicles"]] == pytest.approx(
            [20.1] * 2, abs=0.2
        )
        assert [each["text"] for each in shown["events"]][-2:] == ["no data for 5 s"] * 2

    run(watch())


def test_what_is_sent_is_what_the_models_say(client: httpx.Client) -> None:
    async def watch() -> None:
        async with connect(live(client)) as watcher:
            Snapshot.model_validate_json(await watcher.recv())
            await order(client, playing=True, speed=8)
            for _ in range(5):
                Delta.model_validate_json(await watcher.recv())

    run(watch())


def test_steps_speed_and_standing_still(client: httpx.Client, replay: Replay) -> None:
    async def direct() -> None:
        assert (await order(client, seek_s=BEGIN_S + 100, speed=0.1, playing=True))["playing"]
        state = await order(client, step_s=0.5)
        assert state["playing"] is False
        assert state["now_s"] == pytest.approx(BEGIN_S + 100.5, abs=0.2)
        state = await order(client, step_s=-60)
        assert state["now_s"] == pytest.approx(BEGIN_S + 40.5, abs=0.2)
        assert (await order(client, loop=True))["now_s"] == state["now_s"]
        assert replay.loop
        assert (await order(client, seek_s=0))["now_s"] == pytest.approx(BEGIN_S)
        assert (await order(client, seek_s=1e12))["now_s"] == pytest.approx(END_S)

    run(direct())


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ({"content": b'{"speed": 61}'}, 422),
        ({"content": b'{"speed": 0}'}, 422),
        ({"content": b'{"speed": NaN}'}, 422),
        ({"content": b'{"seek_s": Infinity}'}, 422),
        ({"content": b'{"seek_s": "soon"}'}, 422),
        ({"content": b'{"arm": true}'}, 422),
        ({"content": b"[" * 1000}, 422),
        ({"content": b" " * 3000}, 413),
        ({"content": b'{"playing": true}', "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b'{"playing": true}', "headers": {"Origin": "http://elsewhere.example"}}, 421),
        ({"content": b'{"playing": true}', "headers": {"Origin": "null"}}, 421),
        ({"content": b'{"playing": true}', "headers": {"Sec-Fetch-Site": "cross-site"}}, 421),
        ({"content": b'{"playing": true}', "headers": {"Sec-Fetch-Site": "same-site"}}, 421),
        ({"content": b'{"playing": true}', "headers": {"Host": "elsewhere.example"}}, 421),
    ],
)
def test_an_order_that_is_none_or_comes_from_elsewhere_is_refused(
    client: httpx.Client, replay: Replay, what: dict[str, Any], status: int
) -> None:
    headers = {"Content-Type": "application/json", **what.get("headers", {})}
    answer = client.post("/api/replay", content=what["content"], headers=headers)
    assert answer.status_code == status
    assert not replay.playing
    assert replay.speed == 1
    assert replay.now_s == pytest.approx(BEGIN_S)


def test_an_order_of_our_own_page_is_followed(client: httpx.Client, replay: Replay) -> None:
    origin = str(client.base_url).rstrip("/")
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/replay", json={"speed": 4}, headers=headers).status_code == 200
    assert replay.speed == 4


def test_the_operations_own_recordings_do_not_show_what_is_to_come(
    replay: Replay, recording: Path, tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    operation.add_file(recording, "telemetry")
    replay.seek(BEGIN_S + 100)
    with browsing(replay, operation_folder=operation.folder) as client:
        tracks = client.get("/api/tracks").json()
        assert {each["source"] for each in tracks} == {"replay"}
        assert max(point[3] for each in tracks for point in each["points"]) <= BEGIN_S + 100
        assert client.get("/api/tracks?source=recorded").json() == []
        assert client.get("/api/tracks?source=live").json() == []
