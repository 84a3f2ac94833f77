"""Viewers of a live picture and the vehicles in it: how old is what they see?

    python -m tests.ops.viewers ADDRESS UDP_PORT --vehicles 50 --rate 50 --viewers 45 --stalled 5 --for 60

Each vehicle's latitude is the time at which it was sent, in milliseconds since this began, so that whoever
sees it knows how long it took from the datagram to the viewer. Stalled viewers connect and never read. Prints
one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import sys
import time
from contextlib import suppress

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from telemetry.messages import Encoder

BASE_E7 = 510_000_000
_LATITUDE = re.compile(r'"lat_deg":\s*(5\d\.\d+)')
_DROPPED = re.compile(r'"dropped":\s*\{"deltas":\s*(\d+)')
_TICK_S = 0.005
_TALK = ("ATTITUDE", "VFR_HUD", "GPS_RAW_INT", "SYS_STATUS")


class Vehicles:
    """Sends every vehicle's messages on time: its position at 10 Hz, other things between."""

    def __init__(self, port: int, count: int, rate_hz: float) -> None:
        self.began_s = time.monotonic()
        self.sent = 0
        self._rate_hz = rate_hz
        self._encoders = [Encoder(1 + number, 1) for number in range(count)]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._each = max(1, round(rate_hz / 10))

    async def run(self) -> None:
        while True:
            due = int((time.monotonic() - self.began_s) * self._rate_hz * len(self._encoders))
            while self.sent < due:
                number, turn = self.sent % len(self._encoders), self.sent // len(self._encoders)
                self._say(self._encoders[number], number, turn)
                self.sent += 1
            await asyncio.sleep(_TICK_S)

    def _say(self, encoder: Encoder, number: int, turn: int) -> None:
        if (turn + number) % self._each == 0:
            now_ms = round((time.monotonic() - self.began_s) * 1000)
            lon = 43_500_000 + 10_000 * number + turn % 1000
            raw = encoder.encode("GLOBAL_POSITION_INT", lat=BASE_E7 + now_ms, lon=lon, alt=60_000, hdg=100)
        elif turn % 50 == number % 50:
            raw = encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=209, system_status=4)
        else:
            raw = encoder.encode(_TALK[turn % len(_TALK)])
        with suppress(ConnectionError):
            self._socket.send(raw)


class Viewer:
    """One client at 10 Hz; `ages_ms` are those of the newest position in each message."""

    def __init__(self, address: str, vehicles: Vehicles) -> None:
        self.ages_ms: list[float] = []
        self.messages = self.dropped = self.reconnected = 0
        self._address = address.replace("http", "ws") + "api/live?hz=10"
        self._vehicles = vehicles

    async def run(self) -> None:
        while True:
            async with connect(self._address, max_size=None, compression=None) as stream:
                with suppress(ConnectionClosed):
                    async for text in stream:
                        self._see(str(text))
            self.reconnected += 1

    def _see(self, text: str) -> None:
        now_ms = (time.monotonic() - self._vehicles.began_s) * 1000
        self.messages += 1
        dropped = _DROPPED.search(text)
        self.dropped += int(dropped[1]) if dropped else 0
        if '"snapshot"' not in text[:40]:
            sent_ms = [float(found) * 1e7 - BASE_E7 for found in _LATITUDE.findall(text)]
            self.ages_ms += [now_ms - each for each in sent_ms]


def stalled(address: str) -> socket.socket:
    """A client that asks for the stream and never reads a byte."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    made = socket.create_connection((host, int(port)))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lines = (
        "GET /api/live?hz=10 HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "\r\n",
    )
    made.sendall("\r\n".join(lines).encode())
    return made


async def keep_stalled(address: str, count: int) -> None:
    """So many stalled clients; the server lets go of them now and then, and they come back."""
    while True:
        held = [stalled(address) for _ in range(count)]
        await asyncio.sleep(30)
        for each in held:
            each.close()


async def watch(given: argparse.Namespace) -> dict[str, object]:
    vehicles = Vehicles(given.port, given.vehicles, given.rate)
    viewers = [Viewer(given.address, vehicles) for _ in range(given.viewers)]
    works = [
        vehicles.run(),
        keep_stalled(given.address, given.stalled),
        *(viewer.run() for viewer in viewers),
    ]
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.sleep(given.settle_s)
    for viewer in viewers:
        viewer.ages_ms.clear()
    done, _ = await asyncio.wait(tasks, timeout=given.for_s, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    ages_ms = np.concatenate([viewer.ages_ms for viewer in viewers])
    return {
        "sent": vehicles.sent,
        "seen": len(ages_ms),
        "fewest_messages": min(viewer.messages for viewer in viewers),
        "dropped": sum(viewer.dropped for viewer in viewers),
        "reconnected": sum(viewer.reconnected for viewer in viewers),
        "p50_ms": round(float(np.percentile(ages_ms, 50)), 1),
        "p99_ms": round(float(np.percentile(ages_ms, 99)), 1),
        "max_ms": round(float(ages_ms.max()), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.ops.viewers")
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    for name, default in (("vehicles", 50), ("viewers", 45), ("stalled", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--for", dest="for_s", type=float, default=60.0)
    parser.add_argument("--settle", dest="settle_s", type=float, default=3.0)
    json.dump(asyncio.run(watch(parser.parse_args())), sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
