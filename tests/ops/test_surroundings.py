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
from ops.surroundings import Surroundings, surroundings
from telemetry.clock import ManualClock, SystemClock
from telemetry.hub import Hub
from telemetry.messages import Encoder
from telemetry.traffic import ForeignReport
from tests.ops.receiver import Receiver, lines
from tests.ops.surrounded import SETTINGS, TOKEN, get, report, speak, write_finds
from tests.telemetry.tak_server import Server
from tests.waiting import PATIENCE_S, eventually


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
            assert heard[2] - heard[0] > 1.0, "three times in two seconds, where the first is not late"

    with (
        surroundings(SETTINGS, hub, traffic=[receiver.address]) as around,
        serving(SETTINGS, hub=hub, surroundings=around) as address,
    ):
        asyncio.run(asyncio.wait_for(watch(address), 2 * PATIENCE_S))


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
    assert time.monotonic() - began_s < 40
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
