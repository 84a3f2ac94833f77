"""The small vehicle's server: who may connect, whose time it keeps, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from missions.errors import SettingsError, SimulatorError
from missions.geodesy import GeoPoint
from sitl.autopilot import DEFAULT_HOME, SmallVehicle
from telemetry.client import VehicleClient
from telemetry.clock import ManualClock, SystemClock
from telemetry.links import open_link
from tests.waiting import PATIENCE_S


def test_two_may_connect_and_a_third_is_turned_away() -> None:
    with SmallVehicle() as vehicle:
        port = int(vehicle.address.rsplit(":", 1)[1])
        with (
            socket.create_connection(("127.0.0.1", port)) as first,
            socket.create_connection(("127.0.0.1", port)) as second,
            socket.create_connection(("127.0.0.1", port)) as third,
        ):
            for connection in (first, second, third):
                connection.settimeout(5)
            assert first.recv(10)
            assert second.recv(10)
            assert third.recv(10) == b""
            first.close()
            with socket.create_connection(("127.0.0.1", port)) as fourth:
                fourth.settimeout(5)
                assert fourth.recv(10)


def test_a_port_in_use_is_refused() -> None:
    with SmallVehicle() as first:
        port = int(first.address.rsplit(":", 1)[1])
        with pytest.raises(SimulatorError, match=str(port)):
            SmallVehicle(port=port).start()


def test_its_time_is_the_clocks() -> None:
    clock = ManualClock()
    real = SystemClock()
    with (
        SmallVehicle(clock=clock, speedup=4) as vehicle,
        VehicleClient(open_link(vehicle.address, real), real) as client,
    ):
        client.link.receive(0.2)
        clock.sleep(1.0)
        client.connect(PATIENCE_S)
        client.request_message_rate("SYSTEM_TIME", 10)
        clock.sleep(5.0)
        boots_ms = [0]
        deadline_s = real.monotonic_s() + PATIENCE_S
        while boots_ms[-1] < 23_900 and real.monotonic_s() < deadline_s:
            boots_ms += [m.time_boot_ms for m in client.pump(0.05) if m.name == "SYSTEM_TIME"]
        assert 23_900 <= boots_ms[-1] <= 24_000


def test_its_home_is_where_it_was_put() -> None:
    clock = SystemClock()
    with (
        SmallVehicle("plane", speedup=20, system=42) as vehicle,
        VehicleClient(open_link(vehicle.address, clock), clock) as client,
    ):
        assert client.connect().system == 42
        assert client.wait_for(lambda: client.state.home is not None, PATIENCE_S)
        assert client.state.home is not None
        assert GeoPoint(*client.state.home[:2]) == DEFAULT_HOME.place


@pytest.mark.parametrize("settings", [{"kind": "boat"}, {"system": 0}, {"speedup": 0}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        SmallVehicle(**settings)


def test_stopping_twice_is_harmless_and_starting_again_works() -> None:
    vehicle = SmallVehicle()
    for _ in range(2):
        vehicle.start()
        assert vehicle.running
        vehicle.stop()
        vehicle.stop()
        assert not vehicle.running
    with pytest.raises(SimulatorError, match="not running"):
        _ = vehicle.address


def test_ctrl_c_ends_it_at_once() -> None:
    script = (
        "import time\n"
        "from sitl.autopilot import SmallVehicle\n"
        "with SmallVehicle() as vehicle:\n"
        "    print(vehicle.address, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as owner:
        assert owner.stdout is not None
        port = int(owner.stdout.readline().rsplit(b":", 1)[1])
        owner.send_signal(signal.SIGINT)
        assert owner.wait(10) != 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)
