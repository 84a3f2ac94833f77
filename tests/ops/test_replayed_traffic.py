"""Other aircraft in a replay: those of the moment, however it was reached, and none still to come."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from ops.api.server import serving
from ops.replayed_traffic import ReplayedTraffic
from telemetry.replay import Replay, Timeline
from telemetry.traffic import Aircraft
from tests.ops.replayed import BEGIN_S, GLIDER, HELICOPTER, passes

KEYS = {f"icao:{HELICOPTER:06X}": HELICOPTER, f"icao:{GLIDER:06X}": GLIDER}
HELI, GLIDE = KEYS


@pytest.fixture
def client(timeline: Timeline) -> Iterator[httpx.Client]:
    with serving(replay=Replay(timeline)) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


def played(timeline: Timeline, second: float) -> dict[str, Aircraft]:
    """Who is there after everything up to a second was played."""
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    while replay.now_s < BEGIN_S + second - 1e-5:
        replay.step(min(0.5, BEGIN_S + second - replay.now_s))
    return traffic.aircraft()


def test_a_jump_shows_who_was_there_as_playing_up_to_there_does(timeline: Timeline) -> None:
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    chance = random.Random(4)
    seconds = [50, 150, 238.7, 290, 320, 570, 100.5, *(round(chance.uniform(0, 599), 2) for _ in range(5))]
    seen = set()
    for second in seconds:
        replay.seek(BEGIN_S + second)
        found = traffic.aircraft()
        assert found == played(timeline, second), second
        seen |= {*found}
    assert seen == {*KEYS}


def test_who_is_still_to_come_is_not_there_after_a_jump_back(timeline: Timeline) -> None:
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    there = []
    for second in (220, 150, 50, 290, 450):
        replay.seek(BEGIN_S + second)
        there.append({*traffic.aircraft()})
    assert there == [{HELI, GLIDE}, {HELI}, set(), {HELI, GLIDE}, {GLIDE}]


def test_who_was_not_heard_for_a_minute_of_the_recording_is_forgotten_while_it_plays(
    timeline: Timeline,
) -> None:
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    replay.seek(BEGIN_S + 235)
    there = []
    for _ in range(8):
        for _ in range(20):
            replay.step(0.5)
        there.append(HELI in traffic.aircraft())
    assert there == [True] * 6 + [False] * 2


def test_the_service_lists_them_where_they_were_and_takes_nothing_in(client: httpx.Client) -> None:
    for second in (150, 210.7):
        assert client.post("/api/replay", json={"seek_s": BEGIN_S + second}).status_code == 200
        told = {each["key"]: each for each in client.get("/api/traffic").json()}
        heli = told[HELI]
        assert (heli["name"], heli["height_m"], heli["height_reference"]) == (
            "LIFELN1",
            150.0,
            "pressure_qnh",
        )
        lat, lon = passes(HELICOPTER, heli["heard_s"] - BEGIN_S)
        assert (heli["lat_deg"], heli["lon_deg"]) == (
            pytest.approx(lat, abs=1e-5),
            pytest.approx(lon, abs=1e-5),
        )
        assert 0 <= BEGIN_S + second - heli["heard_s"] < 1.1
    assert set(told) == {HELI, GLIDE}
    assert client.post("/api/tracks", json={}).status_code == 404


def test_a_watcher_is_told_of_the_traffic_of_the_moment_with_the_snapshot_after_a_jump(
    client: httpx.Client,
) -> None:
    async def watch() -> None:
        url = f"{str(client.base_url).replace('http', 'ws')}api/live?hz=10"
        async with asyncio.timeout(30), connect(url) as watcher:
            assert json.loads(await watcher.recv())["traffic"] == []
            for second, there in ((150, {HELI}), (450, {GLIDE}), (50, set()), (220, {HELI, GLIDE})):
                await asyncio.to_thread(client.post, "/api/replay", json={"seek_s": BEGIN_S + second})
                message: dict[str, Any] = {}
                while message.get("type") != "snapshot":
                    message = json.loads(await watcher.recv())
                assert {each["key"] for each in message["traffic"]} == there

    asyncio.run(watch())


def test_played_fast_it_is_told_as_often_in_the_time_of_the_recording(timeline: Timeline) -> None:
    replay = Replay(timeline)
    traffic = ReplayedTraffic(replay)
    paces = []
    for speed in (0.1, 1, 2, 60):
        replay.set_speed(speed)
        paces.append(traffic.every_s)
    assert paces == [1.0, 1.0, 0.5, 0.2]
