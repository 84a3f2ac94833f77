"""How much the live stream costs, and how late it is: 50 aircraft, each ten times a second, 50 viewers.

Run it as `python tests/bench/bench_stream.py [SECONDS]`. The service runs in this process and the viewers in
another; five of them take nothing. It prints the processor time that the service took, with and without
viewers, and how old a vehicle's report was when a viewer had it, counted from when its frame was published.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import socket
import sys
import threading
import time
from multiprocessing.connection import Connection
from statistics import quantiles
from typing import Any

import websockets.exceptions
from websockets.asyncio.client import ClientConnection, connect

from ops.api.server import serving
from telemetry.clock import SystemClock
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder

AIRCRAFT = 50
CHANGES_HZ = 10
VIEWERS = 50
STALLED = 5
VIEWER_HZ = 5
READ_SHARE = 5
"""One viewer in so many decodes what it gets: 50 decoding ones would measure themselves."""


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    hub = Hub(SystemClock())
    stop = threading.Event()
    feeder = threading.Thread(target=_fly, args=(hub, stop))
    with serving(hub=hub) as address:
        feeder.start()
        time.sleep(2)
        alone = _busy(min(seconds, 5.0))
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        viewers = multiprocessing.get_context("spawn").Process(target=_view, args=(address, theirs, seconds))
        viewers.start()
        ours.recv()
        watched = _busy(seconds)
        found = ours.recv()
        viewers.join()
        stop.set()
        feeder.join()
    ages_ms = sorted(1000 * each for each in found["ages_s"])
    cut = quantiles(ages_ms, n=100)
    print(
        f"service without viewers   {alone:6.1f} % of a core, with the aircraft's {AIRCRAFT * CHANGES_HZ}/s"
    )
    print(f"service with {VIEWERS} viewers   {watched:6.1f} % of a core ({STALLED} of them stalled)")
    print(
        f"messages a viewer         {found['per_viewer_hz']:6.2f} /s or more of {found['bytes']:,.0f} bytes"
    )
    print(
        f"change to viewer          p50 {cut[49]:.0f} ms   p99 {cut[98]:.0f} ms   most {ages_ms[-1]:.0f} ms"
    )
    print(f"longest wait of a viewer  {1000 * found['longest_gap_s']:.0f} ms between two messages")
    print(f"missed by those who read  {found['dropped']} messages")


def _fly(hub: Hub, stop: threading.Event) -> None:
    """Every aircraft moves ten times a second, all through the tenth and not at once."""
    craft = [(Encoder(system, 1), FrameReader()) for system in range(1, AIRCRAFT + 1)]
    for encoder, reader in craft:
        heartbeat = encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3)
        hub.publish(reader.feed(heartbeat, int(time.time() * 1e6)), "udp:bench")
    began_s, count = time.monotonic(), 0
    while not stop.is_set():
        encoder, reader = craft[count % AIRCRAFT]
        place = {"lat": 521_000_000 + count, "lon": 58_000_000 + 1000 * (count % AIRCRAFT)}
        data = encoder.encode("GLOBAL_POSITION_INT", **place, alt=90_000, relative_alt=60_000, hdg=9_000)
        hub.publish(reader.feed(data, int(time.time() * 1e6)), "udp:bench")
        count += 1
        time.sleep(max(0.0, began_s + count / (AIRCRAFT * CHANGES_HZ) - time.monotonic()))


def _busy(seconds: float) -> float:
    """Per cent of a core that this process takes."""
    before, began_s = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    time.sleep(seconds)
    after, taken_s = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - began_s
    return 100 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / taken_s


def _view(address: str, told: Connection, seconds: float) -> None:
    asyncio.run(_view_all(address, told, seconds))


async def _view_all(address: str, told: Connection, seconds: float) -> None:
    url = f"{address.replace('http', 'ws')}api/live?hz={VIEWER_HZ}"
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    clients: list[ClientConnection] = []
    for number in range(VIEWERS):
        narrow = socket.socket()
        if number < STALLED:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect((host, int(port)))
        clients.append(await connect(url, sock=narrow, compression=None, max_queue=4, ping_interval=None))
        await clients[-1].recv()
    for each in clients[:STALLED]:
        each.transport.pause_reading()
    told.send("watching")
    watching = [_watch(each, number, seconds) for number, each in enumerate(clients[STALLED:])]
    seen = await asyncio.gather(*watching)
    told.send(
        {
            "ages_s": [age for each in seen for age in each["ages_s"]],
            "per_viewer_hz": min(each["messages"] for each in seen) / seconds,
            "bytes": sum(each["bytes"] for each in seen) / sum(each["messages"] for each in seen),
            "longest_gap_s": max(each["longest_gap_s"] for each in seen),
            "dropped": sum(each["dropped"] for each in seen),
        }
    )
    for each in clients:
        each.transport.abort()


async def _watch(client: ClientConnection, number: int, seconds: float) -> dict[str, Any]:
    seen: dict[str, Any] = {"messages": 0, "bytes": 0, "longest_gap_s": 0.0, "ages_s": [], "dropped": 0}
    last_s = began_s = time.monotonic()
    while last_s - began_s < seconds:
        try:
            text = await client.recv(decode=False)
        except websockets.exceptions.ConnectionClosed:
            break
        now_s = time.monotonic()
        seen["longest_gap_s"] = max(seen["longest_gap_s"], now_s - last_s)
        last_s = now_s
        seen["messages"] += 1
        seen["bytes"] += len(text)
        if number % READ_SHARE == 0:
            wall_s, message = time.time(), json.loads(text)
            seen["ages_s"] += [wall_s - each["heard_s"] for each in message["vehicles"]]
            seen["dropped"] += message["dropped"]["deltas"]
    return seen


if __name__ == "__main__":
    main()
