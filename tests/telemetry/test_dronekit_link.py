"""dronekit, which does not import on this Python by itself, flies on our links."""

from __future__ import annotations

import collections
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from missions.errors import LinkError
from missions.items import Command, MissionItem, MissionType
from sitl.autopilot import SmallVehicle
from telemetry import dronekit_link
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.transfer import upload

needs_dronekit = pytest.mark.skipif(
    importlib.util.find_spec("dronekit") is None, reason="the extra droneteam[dronekit] is not installed"
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVLINK20", "1")  # so that it is put back after the test


@needs_dronekit
def test_dronekit_reads_what_we_uploaded_and_closes_the_link() -> None:
    clock, threads = SystemClock(), threading.active_count()
    items = [
        MissionItem(Command.WAYPOINT, 0, x=52.0, y=5.0),
        MissionItem(Command.TAKEOFF, x=52.0, y=5.0, z=20),
        MissionItem(Command.WAYPOINT, x=52.001, y=5.001, z=30),
    ]
    with SmallVehicle("copter", speedup=20) as simulated:
        with VehicleClient(open_link(simulated.address, clock), clock) as client:
            client.connect()
            upload(client, MissionType.MISSION, items)
        vehicle = dronekit_link.connect(simulated.address, wait_ready=True, timeout_s=30)
        try:
            vehicle.commands.download()
            vehicle.commands.wait_ready(timeout=30)
            for held, sent in zip(vehicle.commands, items[1:], strict=True):
                assert held.command == sent.command
                # dronekit asks for items with places as 32-bit floats
                assert (held.x, held.y, held.z) == pytest.approx((sent.x, sent.y, sent.z), abs=4e-6)
            assert vehicle.mode.name == "STABILIZE"
            assert vehicle.parameters["SYSID_THISMAV"] == 1
            assert vehicle.armed is False
        finally:
            vehicle.close()
    assert threading.active_count() == threads


@needs_dronekit
def test_what_dronekit_was_lent_is_taken_back() -> None:
    dronekit_link.load()
    assert not hasattr(collections, "MutableMapping")


@needs_dronekit
def test_nothing_of_dronekit_ends_the_process() -> None:
    dronekit_link.load()
    writer = importlib.import_module("dronekit.mavlink").MAVWriter(None)
    with pytest.raises(LinkError, match="only writes"):
        writer.read()


@needs_dronekit
def test_a_link_that_nobody_answers_is_an_error_not_a_hang() -> None:
    with open_link("udp:0") as link, pytest.raises(LinkError, match="dronekit got no vehicle"):
        dronekit_link.connect(link, timeout_s=1)


def test_without_dronekit_the_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['dronekit'] = None\n"
        "from missions.errors import InputError\n"
        "from telemetry.dronekit_link import load\n"
        "try: load()\n"
        "except InputError as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )
    assert "pip install 'droneteam[dronekit]'" in run.stdout
