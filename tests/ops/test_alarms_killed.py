"""`kill -9` while alarms stand: the service that starts again has them as they were."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.alarmed import Copter, place, wait_for, write_rules
from tests.ports import free_udp_port

ANN = {"vehicle": 1, "rule": "battery_low", "who": "Ann"}


class Radio(Hub):
    """Takes what copters say and sends it to a port, where a service listens or not."""

    def __init__(self, port: int) -> None:
        super().__init__(SystemClock())
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._to = ("127.0.0.1", port)

    def publish(self, frames: Any, link: str = "") -> None:
        for frame in frames:
            self._socket.sendto(frame.raw, self._to)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def speaking(port: int, *batteries: int) -> Iterator[list[Copter]]:
    """Copters that are heard while the block runs, with so much in their batteries."""
    radio, stop = Radio(port), threading.Event()
    copters = [Copter(radio, number, battery_pct=left) for number, left in enumerate(batteries, 1)]

    def fly() -> None:
        step = 0
        while not stop.wait(0.2):
            step += 1
            for each in copters:
                each.here = place(100 + step % 2, 100 * each.system)
                each.fly()

    thread = threading.Thread(target=fly)
    thread.start()
    try:
        yield copters
    finally:
        stop.set()
        thread.join()
        radio.close()


def lists(client: httpx.Client) -> dict[str, list[tuple[int, str, str]]]:
    found = client.get("/api/alarms").json()
    return {
        name: sorted((each["vehicle"], each["state"], each["who"]) for each in found[name])
        for name in ("active", "shelved")
    }


def test_what_was_acknowledged_and_shelved_is_so_after_kill_minus_nine(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    port, rules = free_udp_port(), write_rules(tmp_path)
    path = tmp_path / "recordings" / "alerts.jsonl"

    @contextmanager
    def service() -> Iterator[httpx.Client]:
        """The command; it is killed when the block ends."""
        link = f"udp:127.0.0.1:{port}"
        running = start(
            *("serve", "--port", "0", "--link", link, "--record", "recordings"),
            DRONETEAM_ALERT_RULES=str(rules),
        )
        running.wait_until(lambda: "http://" in running.printed())
        with httpx.Client(base_url=running.printed().strip(), timeout=20) as client:
            yield client
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait(20)

    stood = {
        "active": [(1, "acknowledged", "Ann"), (3, "unacknowledged", "")],
        "shelved": [(2, "shelved", "Bob")],
    }
    with speaking(port, 8, 8, 8, 80):
        with service() as client:
            wait_for(lambda: len(lists(client)["active"]) == 3, "all three call")
            assert client.post("/api/alarms/acknowledge", json=ANN).json()["recorded"]
            order = {"vehicle": 2, "rule": "battery_low", "who": "Bob", "why": "its gauge", "for_s": 250}
            assert client.post("/api/alarms/shelve", json=order).json()["recorded"]
            assert lists(client) == stood
        kept = path.read_bytes()
        path.write_bytes(kept + kept[:120])  # what a kill in the midst of a write leaves
        with service() as client:
            assert lists(client) == stood, "before anybody was heard"
            wait_for(lambda: client.get("/api/health").json()["vehicles"] == 4, "all are heard again")
            time.sleep(2)
            assert lists(client) == stood
            again = {"vehicle": 3, "rule": "battery_low", "who": "Cor"}
            assert client.post("/api/alarms/acknowledge", json=again).json()["state"] == "acknowledged"
    lines = path.read_bytes()[len(kept) + 121 :].splitlines()
    new = [(row["vehicle"], row["rule"], row["to"]) for row in map(json.loads, lines)]
    assert new == [(0, "service_started", "normal"), (3, "battery_low", "acknowledged")], (
        "nothing called anew"
    )
    assert "as they stood: 1 unacknowledged, 1 acknowledged, 1 shelved" in json.loads(lines[0])["text"]
    assert "1 of its lines cannot be read" in json.loads(lines[0])["text"]
