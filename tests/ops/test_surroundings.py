"""Who is not ours: from real sockets into the service, the alarms and TAK, and out of a replay altogether."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from missions.errors import LinkError, SettingsError
from ops.api.app import create_app
from ops.api.around import Around
from ops.api.desk import Desk
from ops.api.models import Delta, Snapshot
from ops.api.picture import Cursor
from ops.api.server import serving
from ops.config import Settings
from ops.operations import Operation
from ops.surroundings import Surroundings, surroundings
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
from tests.telemetry.tak_server import Server, event, eventually

SETTINGS = Settings(port=0, station_name="van-3")
TOKEN = "correct-horse-battery"  # noqa: S105  # made up


def report(now_s: float, **changes: Any) -> dict[str, Any]:
    return {
        "source": "dji",
        "id": "1581F5BKD",
        "name": "M30T Noord",
        "kind": "copter",
        "time_s": now_s,
        "lat_deg": 52.1,
        "lon_deg": 5.8,
        "height_m": 84.2,
        "height_reference": "amsl",
        "course_deg": 80,
        **changes,
    }


def speak(hub: Hub, system: int = 1, *, height_m: float = 90.0, **fields: Any) -> None:
    """A copter of ours that is heard."""
    encoder, reader = Encoder(system, 1), FrameReader()
    place = {"lat": 521_000_000, "lon": 58_000_000, "alt": round(height_m * 1000), "relative_alt": 60_000}
    raw = encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)
    raw += encoder.encode("GLOBAL_POSITION_INT", **{**place, **fields})
    hub.publish(reader.feed(raw, int(hub.clock.now_s() * 1e6)), "udp:127.0.0.1:14550")


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


def get(address: str, path: str) -> Any:
    return httpx.get(f"{address}api/{path}", timeout=20).json()


def test_other_aircraft_are_traffic_and_never_vehicles(hub: Hub, receiver: Receiver) -> None:
    with (
        surroundings(SETTINGS, hub, traffic=[receiver.address]) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
    ):
        assert get(address, "traffic") == []
        receiver.say(lines("4CA2D6", "RYR1", (52.11, 5.81), 2300, squawk="7700"))
        assert eventually(lambda: bool(get(address, "traffic")) and get(address, "traffic")[0]["emergency"])
        (aircraft,) = get(address, "traffic")
        assert (aircraft["key"], aircraft["name"], aircraft["squawk"]) == ("icao:4CA2D6", "RYR1", "7700")
        assert (aircraft["height_m"], aircraft["height_reference"]) == (701.0, "pressure_standard")
        assert aircraft["height_amsl_m"] is None, "a pressure height is no height above the sea"
        assert get(address, "vehicles") == []
        (link,) = (each for each in get(address, "health")["links"] if each["address"] == receiver.address)
        assert link["state"] == "open"
        assert link["frames"] >= 4


def test_viewers_are_told_of_traffic_at_most_once_a_second_and_only_when_it_changed(
    hub: Hub, receiver: Receiver
) -> None:
    async def watch(address: str) -> None:
        async with connect(f"{address.replace('http', 'ws')}api/live?hz=10") as client:
            snapshot = json.loads(await client.recv())
            assert Snapshot.model_validate(snapshot).traffic == ()
            heard: list[float] = []
            begin_s = time.monotonic()
            while len(heard) < 3:
                moved = 52.1 + (time.monotonic() - begin_s) / 1000
                await asyncio.to_thread(receiver.say, lines("4CA2D6", "RYR1", (moved, 5.81)))
                told = Delta.model_validate_json(await client.recv()).traffic
                if told:
                    heard.append(time.monotonic())
                    assert [each.key for each in told] == ["icao:4CA2D6"]
            assert heard[2] - heard[0] > 1.5, "three times in two seconds at the soonest"

    with (
        surroundings(SETTINGS, hub, traffic=[receiver.address]) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
    ):
        asyncio.run(asyncio.wait_for(watch(address), 60))


def test_a_foreign_track_is_a_vehicle_with_a_mark_beside_ours(hub: Hub) -> None:
    with (
        surroundings(SETTINGS, hub, traffic=["tracks+udp:0"]) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        speak(hub)
        sender.sendto(json.dumps(report(time.time())).encode(), ("127.0.0.1", _port(around)))
        assert eventually(lambda: len(get(address, "vehicles")) == 2)
        ours, foreign = get(address, "vehicles")
        assert (ours["key"], ours["source"], ours["foreign"]) == ("1", None, None)
        assert (foreign["key"], foreign["source"], foreign["system"]) == ("dji:1581F5BKD", "dji", None)
        assert (foreign["name"], foreign["kind"], foreign["height_amsl_m"]) == ("M30T Noord", "copter", 84.2)
        assert foreign["heading_deg"] is None, "where it goes is not where its nose points"
        assert foreign["foreign"]["course_deg"] == 80


def _port(around: Surroundings) -> int:
    (source,) = (each for each in around._workers if each.address.startswith("tracks"))
    return int(source.port)  # type: ignore[attr-defined]


def test_a_foreign_track_that_is_told_of_no_more_goes_from_every_client() -> None:
    clock = ManualClock()
    hub = Hub(clock)
    with surroundings(SETTINGS, hub) as around:
        desk = Desk(clock, hub, around=Around(clock, around, None))
        around.report(ForeignReport(**report(clock.now_s())))
        before = desk.snapshot(5)
        (vehicle,) = Snapshot.model_validate_json(before.text).vehicles
        clock.sleep(61)
        desk.refresh()
        delta = desk.delta(before.upto, {}, boards=before.boards)
        assert delta is not None
        told = Delta.model_validate_json(delta.text)
        assert told.gone == (vehicle.key,)
        assert "no longer heard" in told.events[-1].text
        again = Snapshot.model_validate_json(desk.snapshot(5).text)
        assert again.vehicles == ()
        assert again.tracks == ()
        desk.close()


def test_strangers_that_come_and_go_do_not_fill_the_memory() -> None:
    clock = ManualClock()
    hub = Hub(clock)
    with surroundings(SETTINGS, hub) as around:
        desk = Desk(clock, hub, around=Around(clock, around, None))
        for number in range(2000):
            if number % 200 == 0:
                clock.sleep(61)
            around.report(ForeignReport(**report(clock.now_s(), id=f"T{number}", kind="person")))
            desk.refresh()
        assert len(desk.picture.vehicles()) == 200
        assert len(desk.picture.since(Cursor(1, 1)).gone) <= 1000
        desk.close()


def test_a_program_on_this_machine_may_report_a_track(hub: Hub) -> None:
    with (
        surroundings(SETTINGS, hub) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        answer = client.post("/api/tracks", json=report(time.time()))
        assert (answer.status_code, answer.json()) == (200, {"key": "dji:1581F5BKD"})
        assert [each["key"] for each in client.get("/api/vehicles").json()] == ["dji:1581F5BKD"]
        for status, changes in ((422, {"lat_deg": 91}), (422, {"time_s": 5}), (422, {"unknown": 1})):
            refused = client.post("/api/tracks", json=report(time.time(), **changes))
            assert refused.status_code == status
            assert next(iter(changes)) in refused.json()["detail"]
        assert client.post("/api/tracks", json=report(1, name="x" * 5000)).status_code == 413
        assert client.post("/api/tracks", content=b"{}").status_code == 415
        foreign = client.post("/api/tracks", json=report(1), headers={"Origin": "http://elsewhere.example"})
        assert foreign.status_code == 421


def test_where_there_is_a_token_only_who_shows_it_may_report(hub: Hub) -> None:
    settings = Settings(port=0, tracks_token=TOKEN)
    with (
        surroundings(settings, hub) as around,
        serving(settings, hub=hub, surroundings=around) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            assert client.post("/api/tracks", json=report(time.time()), headers=shown).status_code == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert client.post("/api/tracks", json=report(time.time()), headers=right).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("10.1.2.3", 403),
        ("127.0.0.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("::ffff:10.1.2.3", 403),
    ],
)
def test_from_elsewhere_nobody_may_report_without_a_token(hub: Hub, host: str, status: int) -> None:
    async def post(app: FastAPI) -> int:
        transport = httpx.ASGITransport(app=app, client=(host, 5555))
        async with httpx.AsyncClient(transport=transport, base_url="http://van.local") as client:
            return (await client.post("/api/tracks", json=report(time.time()))).status_code

    with surroundings(SETTINGS, hub) as around:
        app = create_app(SETTINGS, hub=hub, host="0.0.0.0", surroundings=around)  # noqa: S104
        assert asyncio.run(post(app)) == status


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"tak": ["tak+tcp://nohost"]}, "tak+tcp://nohost"),
        ({"tak": ["http://x:1"]}, "http://x:1"),
        ({"tak": ["tak+tls://127.0.0.1:8089?ca=missing.pem"]}, "missing.pem"),
        ({"tak": ["tak+udp://239.2.3.1:6969", "tak+udp://239.2.3.1:6969?ttl=2"]}, "239.2.3.1"),
        ({"traffic": ["sbs:"]}, "sbs:"),
        ({"traffic": ["adsb:1"]}, "adsb:1"),
        ({"traffic": ["tracks+udp:99999"]}, "tracks+udp:99999"),
        ({"tak": ["tak+udp://239.2.3.1:6969"], "links": ["tlog:flight.tlog"]}, "flight.tlog"),
    ],
)
def test_an_address_that_will_not_do_is_one_error_before_anything_starts(
    hub: Hub, options: dict[str, Any], named: str
) -> None:
    from missions.errors import DroneteamError

    with pytest.raises(DroneteamError) as refused, surroundings(SETTINGS, hub, **options):
        raise AssertionError("it started")
    assert named in str(refused.value)
    assert refused.value.remedy


def test_a_port_that_was_opened_before_the_wrong_address_is_free_again(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkError), surroundings(SETTINGS, hub, traffic=[f"tracks+tcp:{port}", "sbs:"]):
        raise AssertionError("it started")
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize("settings", [{"station_name": "van 3"}, {"tracks_token": "short"}])
def test_a_name_or_a_token_that_will_not_do_is_refused(hub: Hub, settings: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused, surroundings(Settings(**settings), hub):  # type: ignore[arg-type]
        raise AssertionError("it started")
    assert refused.value.remedy


def test_addresses_may_stand_in_the_settings_and_arguments_replace_them(hub: Hub) -> None:
    settings = Settings(traffic=("sbs:127.0.0.1:1",), tak=("tak+tcp://127.0.0.1:2",))
    with surroundings(settings, hub):
        assert set(hub.links()) == {"sbs:127.0.0.1:1", "tak+tcp://127.0.0.1:2"}
    other = Hub(SystemClock())
    with surroundings(settings, other, tak=[], traffic=["sbs:127.0.0.1:3"]):
        assert set(other.links()) == {"sbs:127.0.0.1:3"}


def test_of_a_recording_that_is_heard_as_a_link_the_tak_of_the_settings_is_not_told(hub: Hub) -> None:
    with surroundings(Settings(tak=("tak+tcp://127.0.0.1:2",)), hub, links=["tlog:flight.tlog@4"]):
        assert hub.links() == {}


def write_finds(folder: Path, *states: str) -> Path:
    """An operation with finds in these states."""
    operation = Operation.create(folder, "Heath", "missing-person")
    features = [
        {
            "type": "Feature",
            "id": f"F{number}",
            "geometry": {"type": "Point", "coordinates": [5.8, 52.1 + number / 1000]},
            "properties": {
                "state": state,
                "score": 7.25,
                "ellipse95": {"semi_major_m": 6.0, "semi_minor_m": 4.0, "bearing_deg": 0},
            },
        }
        for number, state in enumerate(states, 1)
    ]
    path = operation.folder / "finds" / "finds.geojson"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    operation.add_folder(path.parent, "find")
    return operation.folder


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
        assert eventually(lambda: len({each.uid for each in tak.heard}) >= 4)
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
        assert get(address, "health")["recording"] == {"taken": 2, "safe": 2, "dropped": 0, "problem": ""}

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


def test_serving_with_everything_and_leaving_it(
    start: Callable[..., Any], receiver: Receiver, tak: Server, tmp_path: Path
) -> None:
    write_finds(tmp_path / "op", "proposed")
    options = ("--tak", f"tak+tcp://127.0.0.1:{tak.port}", "--tak", "tak+tcp://192.0.2.1:8087")
    sources = ("--traffic", receiver.address, "--traffic", "tracks+udp:0", "--traffic", "sbs:192.0.2.1")
    stations = ("--forward", "tcpin:127.0.0.1:0", "--station", "tcpin:[::1]:0")
    links = ("--link", "udp:127.0.0.1:0", "--record", "heard", "--port", "0")
    running = start("serve", "op", *options, *sources, *stations, *links, DRONETEAM_STATION_NAME="van-3")
    running.wait_until(lambda: "http://" in running.printed())
    address = running.printed().split()[0]
    receiver.say(lines("4CA2D6", "RYR1", (52.11, 5.81)))
    assert eventually(lambda: len(get(address, "traffic")) == 1)
    assert eventually(lambda: any(".find." in each.uid for each in tak.heard))
    health = get(address, "health")
    assert len(health["links"]) == 8
    assert health["recording"]["taken"] == 0
    began_s = time.monotonic()
    assert running.interrupt() == 130, running.said()
    assert time.monotonic() - began_s < 15
    assert "Traceback" not in running.said()
    assert running.left_behind() == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--tak", "tak+tcp://x"), "tak+tcp://x"),
        (("--traffic", "sbs"), "sbs"),
        (("--link", "tlog:flight.tlog", "--forward", "udpout:127.0.0.1:14551"), "as if it flew now"),
        (("--link", "udp:127.0.0.1:14550", "--station", "udpout:127.0.0.1:14550"), "comes back to us"),
    ],
)
def test_the_command_says_what_is_wrong_with_an_address_and_leaves_nothing(
    droneteam: Callable[..., Any], tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    done = droneteam("serve", *options, "--record", "heard", "--port", "0")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error:") == 1
    assert named in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "heard").exists()


@pytest.mark.parametrize("option", ["--forward", "--station"])
def test_a_station_that_cannot_be_is_one_error(droneteam: Callable[..., Any], option: str) -> None:
    done = droneteam("serve", option, "nonsense", "--port", "0")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error:") == 1
    assert "nonsense" in done.stderr
    assert done.stdout == ""


def test_listening_tells_tak_too(start: Callable[..., Any], tak: Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = start("listen", f"udp:127.0.0.1:{port}", "--tak", f"tak+tcp://127.0.0.1:{tak.port}", "--json")
    assert eventually(lambda: bool(tak.connections))
    encoder = Encoder(7, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as aircraft:

        def told() -> bool:
            beat = encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3)
            place = encoder.encode("GLOBAL_POSITION_INT", lat=521_000_000, lon=58_000_000, alt=90_000)
            aircraft.sendto(beat + place, ("127.0.0.1", port))
            return any(each.uid.endswith("vehicle.7") for each in tak.heard)

        assert eventually(told)
    assert running.interrupt() == 130
