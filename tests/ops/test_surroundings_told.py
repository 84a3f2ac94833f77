"""What officers, alarms and viewers are told of those around our aircraft, and what of nobody."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from ops.api.models import Delta, Snapshot
from ops.api.server import serving
from ops.surroundings import surroundings
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import FrameReader
from telemetry.health import LinkHealth
from telemetry.hub import Hub
from telemetry.messages import Encoder
from telemetry.recorder import Recorder
from telemetry.replay import Replay, open_recordings
from telemetry.traffic import ForeignReport, Sighting
from tests.ops.receiver import Receiver, lines
from tests.ops.replayed import write_recording
from tests.ops.surrounded import SETTINGS, get, report, speak, write_finds
from tests.telemetry.tak_server import Server, event
from tests.waiting import eventually


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def tak() -> Iterator[Server]:
    with closing(Server()) as server:
        yield server


def test_officers_see_our_aircraft_our_finds_and_the_tracks_that_we_are_told_of(
    hub: Hub, tak: Server, tmp_path: Path
) -> None:
    folder = write_finds(tmp_path / "op", "proposed", "confirmed")
    with (
        surroundings(SETTINGS, hub, tak=[f"tak+tcp://127.0.0.1:{tak.port}"]) as around,
        serving(SETTINGS, operation_folder=folder, hub=hub, surroundings=around) as address,
    ):
        around.report(ForeignReport(**report(time.time())))
        speak(hub)
        kinds = (".vehicle.1", ".track.dji:1581F5BKD", ".alarm.1.traffic.", "#1", "#2")
        assert eventually(lambda: all(any(kind in each.uid for each in tak.heard) for kind in kinds))
        told = {each.uid: each for each in tak.heard}
        assert told["droneteam.van-3.vehicle.1"].type == "a-f-A-M-H-Q"
        assert told["droneteam.van-3.track.dji:1581F5BKD"].callsign == "M30T Noord"
        finds = [each for uid, each in sorted(told.items()) if ".find." in uid]
        assert [each.callsign for each in finds] == ["F1 (unconfirmed)", "F2 (confirmed)"]
        assert finds[0].ce_m == pytest.approx(6.0 / 2.4477, abs=0.01)
        (link,) = (each for each in get(address, "health")["links"] if each["address"].startswith("tak"))
        assert link["state"] == "open"


def test_what_officers_say_becomes_a_vehicle_and_is_not_told_back(hub: Hub, tak: Server) -> None:
    with (
        surroundings(SETTINGS, hub, tak=[f"tak+tcp://127.0.0.1:{tak.port}"]) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
    ):
        assert eventually(lambda: bool(tak.connections))
        tak.say(event(uid="ANDROID-1", type="a-f-G-U-C"))
        assert eventually(lambda: bool(get(address, "vehicles")))
        (officer,) = get(address, "vehicles")
        assert (officer["key"], officer["source"], officer["kind"]) == ("tak:ANDROID-1", "tak", "person")
        around.report(ForeignReport(**report(time.time())))
        assert eventually(lambda: bool(tak.heard)), "of others they are told"
        assert all("ANDROID" not in each.uid for each in tak.heard)


def test_finds_are_told_again_every_three_minutes_and_at_once_when_confirmed() -> None:
    from ops.api.models import FindReport
    from ops.nearby import Undulations
    from ops.telling import Telling
    from telemetry.tak import CotEvent, TakStation

    clock = ManualClock()
    sent: list[CotEvent] = []
    found = FindReport(
        id="finds/a b.geojson#1",
        name="F1",
        source="x",
        state="proposed",
        lat_deg=52.1,
        lon_deg=5.8,
        ellipse95=None,
        properties={},
    )
    finds = [found]
    telling = Telling(TakStation("van-3"), sent.append, dict, lambda: finds, Undulations(Hub(clock)))
    telling.tick()
    clock.sleep(100)
    telling.tick()
    assert len(sent) == 1
    clock.sleep(81)
    telling.tick()
    assert len(sent) == 2
    finds[0] = found.model_copy(update={"state": "confirmed"})
    telling.tick()
    assert [each.callsign for each in sent] == ["F1 (unconfirmed)", "F1 (unconfirmed)", "F1 (confirmed)"]
    assert len({each.uid for each in sent}) == 1
    finds[:] = [found.model_copy(update={"id": f"f#{number}"}) for number in range(50)]
    counts = []
    for _ in range(3):
        before = len(sent)
        telling.tick()
        counts.append(len(sent) - before)
    assert counts == [20, 20, 10], "room is left for the aircraft"


def test_of_a_replay_nobody_is_told(tak: Server, tmp_path: Path) -> None:
    replay = Replay(open_recordings([write_recording(tmp_path / "flight.tlog")]))
    folder = write_finds(tmp_path / "op", "confirmed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        station = f"tcpin:127.0.0.1:{server.getsockname()[1]}"
    address_of_tak = f"tak+tcp://127.0.0.1:{tak.port}"
    with (
        surroundings(SETTINGS, replay.hub, tak=[address_of_tak]) as around,
        serving(
            SETTINGS,
            operation_folder=folder,
            replay=replay,
            surroundings=around,
            forward=[station],
        ) as address,
    ):
        replay.play()
        assert eventually(lambda: get(address, "health")["vehicles"] == 2)
        assert httpx.post(f"{address}api/tracks", json=report(time.time())).status_code == 404
        assert get(address, "traffic") == []
        time.sleep(1.5)  # more than a look of who tells
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(station.rpartition(":")[2])))
    assert tak.accepted == 0


def test_how_the_recorder_fares_is_told_to_everyone(hub: Hub, tmp_path: Path) -> None:
    with Recorder(tmp_path, hub.clock) as recorder, serving(hub=hub, recorder=recorder) as address:
        hub.subscribe(recorder)
        speak(hub)
        assert eventually(lambda: get(address, "health")["recording"]["safe"] == 2)
        told = {"taken": 2, "safe": 2, "dropped": 0, "problem": "", "received": None}
        assert get(address, "health")["recording"] == told

        async def watch() -> None:
            async with connect(f"{address.replace('http', 'ws')}api/live?hz=10") as client:
                first = Snapshot.model_validate_json(await client.recv())
                assert first.recording is not None
                assert first.recording.safe == 2
                speak(hub)
                async for text in client:
                    told = Delta.model_validate_json(text).recording
                    if told is not None and told.safe == 4:
                        return

        asyncio.run(asyncio.wait_for(watch(), 30))
    with serving(hub=hub) as address:
        assert get(address, "health")["recording"] is None


def test_how_far_away_a_vehicle_is_stands_with_its_link(hub: Hub) -> None:
    for name, round_trip_s in (("near", 0.01234), ("silent", None)):
        health = LinkHealth(name, "open", round_trip_s=round_trip_s)
        hub.watch(name, lambda health=health: health)  # type: ignore[misc]
    with serving(hub=hub) as address:
        links = {each["address"]: each["round_trip_s"] for each in get(address, "health")["links"]}
    assert links == {"near": 0.0123, "silent": None}


def test_alarms_get_only_heights_that_can_be_compared_with_ours() -> None:
    clock = ManualClock()
    hub = Hub(clock)
    with surroundings(SETTINGS, hub) as around, around.running():
        speak(hub, height_m=90.0)
        now_s = clock.now_s()

        def see(icao: str, **changes: Any) -> None:
            place = {"lat_deg": 52.1, "lon_deg": 5.8}
            around._picture.take(
                [Sighting(f"icao:{icao}", "test", now_s, {"icao": icao, **place, **changes})]
            )

        see("000001", height_m=213.0, height_reference="pressure_standard")
        see("000002", height_m=300.0, height_reference="amsl", speed_m_s=50.0, course_deg=10.0)
        see("000003", height_m=10_000.0, height_reference="pressure_standard")
        see("000004", height_m=5.0, height_reference="amsl", on_ground=True)
        see("000005")
        around.report(ForeignReport(**report(now_s)))
        around.report(ForeignReport(**report(now_s, id="X" * 64, kind="person")))
        found = {each.name: each.height_amsl_m for each in around.traffic_for_alerts()}
    assert found == {"000001": None, "000002": 300.0, "000005": None, "dji:1581F5BKD": 84.2}


def test_a_height_above_the_ellipsoid_is_compared_where_a_receiver_of_ours_knows_the_geoid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.nearby._of_cell", lambda *_: None)  # as where PROJ has no grid
    clock = ManualClock()
    hub = Hub(clock)
    with surroundings(SETTINGS, hub) as around, around.running():
        above = report(clock.now_s(), height_m=130.0, height_reference="ellipsoid")
        around.report(ForeignReport(**above))
        assert [each.height_amsl_m for each in around.traffic_for_alerts()] == [None]
        speak(hub)
        raw = Encoder(1, 1).encode("GPS_RAW_INT", fix_type=3, alt=90_000, alt_ellipsoid=135_000)
        hub.publish(FrameReader().feed(raw, int(clock.now_s() * 1e6)), "udp:127.0.0.1:14550")
        assert [each.height_amsl_m for each in around.traffic_for_alerts()] == [85.0]


def test_an_aircraft_of_ours_that_another_station_tells_of_too_is_shown_once_and_alarms_nobody() -> None:
    clock = ManualClock()
    hub = Hub(clock)
    with surroundings(SETTINGS, hub) as around:
        speak(hub)
        now_s = clock.now_s()
        for uid, lat_deg in (
            ("droneteam.van-4.vehicle.1", 52.1001),
            ("droneteam.van-5.vehicle.1", 52.2),
            ("droneteam.van-4.vehicle.2", 52.1001),
            ("droneteam.van-4.track.dji:1581F5BKD", 52.1),
            ("droneteam.van-4.track.dji:other", 52.1),
        ):
            around.report(ForeignReport(**report(now_s, source="tak", id=uid, lat_deg=lat_deg)))
        around.report(ForeignReport(**report(now_s)))
        told = {
            "tak:droneteam.van-5.vehicle.1",
            "tak:droneteam.van-4.vehicle.2",
            "tak:droneteam.van-4.track.dji:other",
            "dji:1581F5BKD",
        }
        assert set(around.foreign()) == told
        assert {each.name for each in around.traffic_for_alerts()} == told


def test_an_aircraft_that_comes_near_raises_an_alarm(hub: Hub, receiver: Receiver) -> None:
    with (
        surroundings(SETTINGS, hub, traffic=[receiver.address]) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
    ):

        def alarmed() -> bool:
            speak(hub)
            receiver.say(lines("4CA2D6", "RYR1", (52.1005, 5.8), 400))
            return "4CA2D6" in json.dumps(get(address, "alarms"))

        assert eventually(alarmed)
