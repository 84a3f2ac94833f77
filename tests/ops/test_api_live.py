"""The live stream on a real server: a snapshot, deltas, and clients that do not wait for one another."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from missions.errors import LinkError, SettingsError
from ops.api.server import bound_socket, serve, serving
from ops.config import Settings
from telemetry.clock import SystemClock
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
LINK = "udp:127.0.0.1:14550"


class Aircraft:
    """Something that speaks MAVLink into a hub."""

    def __init__(self, hub: Hub, system: int = 1) -> None:
        self.hub = hub
        self.encoder = Encoder(system, 1)
        self.reader = FrameReader()

    def say(self, name: str, **fields: Any) -> None:
        frames = self.reader.feed(self.encoder.encode(name, **fields), int(self.hub.clock.now_s() * 1e6))
        self.hub.publish(frames, LINK)

    def heartbeat(self) -> None:
        self.say("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)

    def at(self, lat_deg: float, lon_deg: float = 5.8) -> None:
        place = {"lat": round(lat_deg * 1e7), "lon": round(lon_deg * 1e7)}
        self.say("GLOBAL_POSITION_INT", **place, alt=90_000, relative_alt=60_000, hdg=9_000)


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


@pytest.fixture
def address(hub: Hub) -> Iterator[str]:
    with serving(hub=hub) as address:
        yield address


def live(address: str, hz: float = 10) -> str:
    return f"{address.replace('http', 'ws')}api/live?hz={hz}"


async def messages(client: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    async for text in client:
        yield json.loads(text)


async def until(
    client: ClientConnection, wanted: Callable[[dict[str, Any]], object], limit_s: float = PATIENCE_S
) -> Any:
    async with asyncio.timeout(limit_s):
        async for message in messages(client):
            if found := wanted(message):
                return found
    raise AssertionError("the stream ended")


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 4 * PATIENCE_S))


def test_a_client_gets_a_snapshot_and_then_sees_the_aircraft_move(hub: Hub, address: str) -> None:
    aircraft = Aircraft(hub)
    aircraft.heartbeat()
    aircraft.at(52.1)

    async def watch() -> None:
        async with connect(live(address)) as client:
            snapshot = json.loads(await client.recv())
            assert (snapshot["type"], snapshot["protocol"], snapshot["hz"]) == ("snapshot", 1, 10)
            assert [each["lat_deg"] for each in snapshot["vehicles"]] == [52.1]
            aircraft.at(52.2)
            moved = await until(client, lambda delta: delta["vehicles"])
            assert [(each["key"], each["lat_deg"]) for each in moved] == [("1", 52.2)]
            await asyncio.sleep(1.1)
            aircraft.at(52.3)
            (track,) = await until(client, lambda delta: delta["tracks"])
            assert [point[1] for point in track["points"]] == [52.3], "only the new point"

    run(watch())


@pytest.mark.parametrize("hz", [1, 4, 10])
def test_a_client_chooses_its_pace(hub: Hub, address: str, hz: int) -> None:
    async def watch() -> None:
        async with connect(live(address, hz)) as client:
            await client.recv()
            began_s = time.monotonic()
            for _ in range(2 * hz):
                await client.recv()
            took_s = time.monotonic() - began_s
            # two seconds: a pace of its own would be far quicker, or a second for each
            assert took_s > 1.0
            assert hz == 1 or took_s < 2 * hz - 0.5

    with flying(hub, 1, every_s=0.01):
        run(watch())


@pytest.mark.parametrize("hz", ["0", "11", "-1", "nan", "quick"])
def test_a_pace_that_is_none_is_refused(address: str, hz: str) -> None:
    async def watch() -> None:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await connect(live(address, hz))  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403

    run(watch())


def test_while_nothing_happens_the_server_speaks_once_a_second(address: str) -> None:
    async def watch() -> None:
        async with connect(live(address)) as client:
            await client.recv()
            began_s = time.monotonic()
            async with asyncio.timeout(20):
                deltas = [json.loads(await client.recv()) for _ in range(2)]
            assert time.monotonic() - began_s > 1.0, "not ten times a second"
            assert all(not delta["vehicles"] and not delta["events"] for delta in deltas)

    run(watch())


@contextlib.contextmanager
def flying(hub: Hub, count: int, every_s: float = 0.05) -> Iterator[None]:
    """So many aircraft that move again and again."""
    aircraft = [Aircraft(hub, system) for system in range(1, count + 1)]
    for each in aircraft:
        each.heartbeat()
    stop = threading.Event()

    def fly() -> None:
        step = 0
        while not stop.wait(every_s):
            step += 1
            for each in aircraft:
                each.at(52 + step * 1e-6)

    flight = threading.Thread(target=fly)
    flight.start()
    try:
        yield
    finally:
        stop.set()
        flight.join()


def stalling(address: str) -> connect:
    """A client with a small buffer, that is to stop reading."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect((host, int(port)))
    return connect(live(address), sock=narrow, max_queue=1, ping_interval=None)


def test_a_client_that_does_not_read_slows_nobody_and_is_told_what_it_missed(hub: Hub, address: str) -> None:
    async def watch() -> None:
        async with stalling(address) as stalled, connect(live(address)) as quick:
            await stalled.recv()
            stalled.transport.pause_reading()
            await quick.recv()
            # a busy machine may hold all up for a moment; who waits for the other waits while it stalls
            deltas = [json.loads(await asyncio.wait_for(quick.recv(), 20)) for _ in range(60)]
            seen_s = max(each["heard_s"] for delta in deltas for each in delta["vehicles"])
            stalled.transport.resume_reading()
            missed = await until(stalled, lambda message: message["dropped"]["deltas"])
            assert missed >= 10
            assert missed > sum(delta["dropped"]["deltas"] for delta in deltas)
            newest = await until(stalled, lambda message: message["vehicles"])
            assert newest[0]["heard_s"] >= seen_s, "the newest state, not a queue of old ones"

    with flying(hub, 40):
        run(watch())


def test_the_service_ends_in_seconds_though_a_client_is_stuck() -> None:
    hub = Hub(SystemClock())

    async def stall(address: str) -> ClientConnection:
        client = await stalling(address)
        await client.recv()
        client.transport.pause_reading()
        await asyncio.sleep(3)
        return client

    with asyncio.Runner() as runner, flying(hub, 40):
        with serving(hub=hub) as address:
            client = runner.run(stall(address))
            assert httpx.get(f"{address}api/health").json()["clients"] == 1
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 15
        assert "service" not in [each.name for each in threading.enumerate()]
        client.transport.abort()


def test_a_burst_on_a_link_is_one_delta(hub: Hub, address: str) -> None:
    aircraft = Aircraft(hub)
    aircraft.heartbeat()

    async def watch() -> None:
        async with connect(live(address, 1)) as client:
            await client.recv()
            await until(client, lambda delta: delta["time_s"])
            for step in range(2000):
                aircraft.at(52 + step * 1e-6)
            told: list[float] = []
            while not told or told[-1] < 52.0019985:
                (vehicle,) = await until(client, lambda delta: delta["vehicles"])
                told.append(vehicle["lat_deg"])
            assert len(told) <= 3, "one, or two or three where a slow machine takes a second to say it"

    run(watch())


def test_a_status_text_becomes_an_event_with_its_severity(hub: Hub, address: str) -> None:
    aircraft = Aircraft(hub, 3)
    aircraft.heartbeat()

    async def watch() -> None:
        async with connect(live(address)) as client:
            await client.recv()
            aircraft.say("STATUSTEXT", severity=2, text="<b>Crash</b>: disarming")
            (event,) = await until(client, lambda delta: delta["events"])
            assert (event["text"], event["severity"], event["vehicle"]) == (
                "<b>Crash</b>: disarming",
                "warning",
                "3",
            )

    run(watch())


def test_a_page_from_elsewhere_may_not_listen(address: str) -> None:
    async def watch() -> None:
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            with pytest.raises(websockets.InvalidStatus):
                await connect(live(address), origin=websockets.Origin(origin))
        async with connect(live(address), origin=websockets.Origin(address.rstrip("/"))) as own:
            assert json.loads(await own.recv())["type"] == "snapshot"

    run(watch())


def test_a_client_that_leaves_is_forgotten(address: str) -> None:
    async def watch() -> None:
        async with httpx.AsyncClient(base_url=address) as http:
            async with connect(live(address)) as client:
                await client.recv()
                assert (await http.get("/api/health")).json()["clients"] == 1
            async with asyncio.timeout(PATIENCE_S):
                while (await http.get("/api/health")).json()["clients"]:
                    await asyncio.sleep(0.05)

    run(watch())


def test_a_taken_port_is_one_clear_error() -> None:
    with bound_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LinkError, match=rf"port {port} .*choose another port"):
            serve(Settings(), port=port)


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="no address"):
        serve(Settings(), host="not an address", port=0)


def test_links_of_the_service_are_heard_and_end_with_it() -> None:
    hub = Hub(SystemClock())
    with bound_udp() as (sender, port):
        with serving(hub=hub, links=[f"udp:127.0.0.1:{port}"]) as address:
            deadline_s = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline_s and not httpx.get(f"{address}api/vehicles").json():
                heartbeat = Encoder(9, 1).encode("HEARTBEAT", type=2, autopilot=3, base_mode=81)
                sender.sendto(heartbeat, ("127.0.0.1", port))
                time.sleep(0.05)
            (vehicle,) = httpx.get(f"{address}api/vehicles").json()
            (link,) = httpx.get(f"{address}api/health").json()["links"]
        assert vehicle["system"] == 9
        assert (link["state"], link["bad_bytes"]) == ("open", 0)
        assert not [each.name for each in threading.enumerate() if each.name.startswith(("link", "service"))]


@contextlib.contextmanager
def bound_udp() -> Iterator[tuple[socket.socket, int]]:
    """A sender, and a UDP port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        yield sender, port


PROGRAM = """
import sys
from ops.api.server import serve
from ops.config import Settings
raise SystemExit(serve(Settings(), port=0, announce=lambda address: print(address, flush=True)))
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_0_though_a_client_reads_nothing(ending: signal.Signals) -> None:
    service = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert service.stdout is not None
        address = service.stdout.readline().strip()

        async def watch() -> None:
            async with (
                connect(live(address), ping_interval=None) as stalled,
                connect(live(address)) as client,
            ):
                await stalled.recv()
                stalled.transport.pause_reading()
                await client.recv()
                service.send_signal(ending)
                async with asyncio.timeout(20):
                    async for _ in client:
                        pass
                assert client.close_code == 1001
                assert await asyncio.to_thread(service.wait, 20) == 0
                stalled.transport.abort()

        run(watch())
        assert service.stderr is not None
        assert service.stderr.read() == ""
    finally:
        service.kill()
        service.communicate()
