"""A live thermal stream in the command room, with a true stream, a true process and a true client."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from ops.api.server import serving
from ops.config import Settings
from ops.finds import decisions_of
from ops.live_heat_specs import heat_specs
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.conftest import Running
from tests.ops.heated import Camera, Client, Copter, Meadow, meadow
from tests.ops.test_web_finds import order
from tests.ports import free_udp_port

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def heath_at_night() -> Meadow:
    made = meadow(reach_m=6.0, size_m=120.0)
    assert made.film
    return made


@pytest.fixture
def operation(tmp_path: Path) -> Path:
    return Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person").folder


def asked(address: str, what: str) -> Any:
    with urllib.request.urlopen(f"{address}api/{what}", timeout=30) as answer:
        data = answer.read()
    return json.loads(data) if answer.headers["Content-Type"] == "application/json" else data


def test_a_person_under_the_camera_is_a_find_on_the_page_within_a_second_and_stays_one(
    heath_at_night: Meadow, operation: Path
) -> None:
    hub, port, client = Hub(SystemClock()), free_udp_port(), Client(heath_at_night)
    camera = Camera(heath_at_night, f"udp://127.0.0.1:{port}?pkt_size=1316")
    specs = heat_specs([f"1:demo-thermal=udp://127.0.0.1:{port}"])
    with ExitStack() as stack:
        address = stack.enter_context(
            serving(Settings(port=0), operation_folder=operation, hub=hub, heat=specs)
        )
        stack.enter_context(camera.filming())
        stack.enter_context(Copter(hub, heath_at_night).flying(camera.begun_s))
        client.watch(address, lambda: client.his and any(a["rule"] == "find" for a in client.alarms))
        his = client.his
        assert his is not None
        assert his["vehicle"] == 1
        assert his["ellipse95"]["semi_major_m"] > 3
        assert (client.heat[0]["state"], client.heat[0]["why"]) == ("open", "")
        assert asked(address, his["thumbnail_url"].removeprefix("/api/")).startswith(b"\x89PNG")
        assert his["id"] in {each["id"] for each in asked(address, "finds")}
        status, said = order(address, id=his["id"], state="confirmed", by="Ann", why="seen by the crew")
        assert (status, json.loads(said)["state"]) == (200, "confirmed")
        client.watch(address, lambda: client.finds[his["id"]]["state"] == "confirmed")
    # where several wait for each core, everything is late
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    assert float(np.median(client.late_s)) < max(1.0, waiting / 4)
    kept = Operation.open(operation)
    assert kept.strangers() == ()
    assert [each.state for each in decisions_of(kept)[his["source"]][his["name"]]] == ["confirmed"]
    with serving(Settings(port=0), operation_folder=operation) as address:
        after = {each["name"]: each for each in asked(address, "finds")}[his["name"]]
        assert (after["state"], after["vehicle"]) == ("confirmed", None)
        told = asked(address, f"finds/sightings?id={quote(after['id'], safe='')}")
        assert told["count"] == after["properties"]["sighting_count"] >= 10
        assert asked(address, after["thumbnail_url"].removeprefix("/api/")).startswith(b"\x89PNG")


@pytest.mark.campaign
def test_a_killed_service_loses_seconds_of_finds_and_the_next_goes_on_counting(
    heath_at_night: Meadow, operation: Path, start: Callable[..., Running]
) -> None:
    port, client = free_udp_port(), Client(heath_at_night)
    heat = f"7=udp://127.0.0.1:{port}"
    with Camera(heath_at_night, f"udp://127.0.0.1:{port}?pkt_size=1316", klv=True).filming():
        running = start("serve", operation, "--port", "0", "--heat", heat)
        address = serving_at(running)
        client.watch(address, lambda: client.his)
        his = client.his
        assert his is not None
        assert order(address, id=his["id"], state="dismissed", by="Ann", why="a scarecrow")[0] == 200
        document = operation / his["source"]
        before_s = time.time()
        while his["name"] not in (document.read_text() if document.exists() else ""):
            assert time.time() - before_s < 30
            time.sleep(0.2)
        (child,) = children(running.process.pid)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(20)
        until_gone(child)
        again = start("serve", operation, "--port", "0", "--heat", heat)
        address = serving_at(again)
        entered = {each["name"]: each for each in asked(address, "finds")}
        assert entered[his["name"]]["state"] == "dismissed"
        fresh = Client(heath_at_night)
        fresh.watch(address, lambda: fresh.his)
        assert fresh.his is not None
        assert fresh.his["name"] not in entered
        (killed,) = children(again.process.pid)
        os.kill(killed, signal.SIGKILL)
        fresh.watch(address, lambda: fresh.heat[0]["state"] == "failed")
        assert "it said nothing" in fresh.heat[0]["problem"]
        fresh.watch(address, lambda: fresh.heat[0]["state"] == "open" and fresh.heat[0]["finds"])
        (child,) = children(again.process.pid)
        assert child != killed
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(30) == 130
        until_gone(child)
    assert Operation.open(operation).strangers() == ()


def serving_at(running: Running) -> str:
    running.wait_until(lambda: "http://" in running.printed())
    return running.printed().strip()


def children(pid: int) -> list[int]:
    """Processes that this one started."""
    return [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if int(stat.read_text().rpartition(") ")[2].split()[1]) == pid
    ]


def until_gone(pid: int) -> None:
    end_s = time.time() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.time() < end_s, "the process that searches lives on"
        time.sleep(0.1)
