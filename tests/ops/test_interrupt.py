"""Ctrl-C anywhere leaves no process, no half file and no broken terminal."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from missions.plan import Plan
from ops import keys
from ops.operations import Operation
from sitl.autopilot import Home, SmallVehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.tlog import read_tlog

Start = Callable[..., Any]
INTERRUPTED, TERMINATED = 130, 143


@pytest.fixture
def vehicle(search_plan: Plan) -> Iterator[SmallVehicle]:
    home = Home(search_plan.take_off.lat_deg, search_plan.take_off.lon_deg, 20.0)
    with SmallVehicle("copter", home=home, speedup=5.0) as running:
        yield running


def assert_clean(running: Any, code: int, folder: Path, *, expected: int = INTERRUPTED) -> None:
    """It left with the code for Ctrl-C, alone, without a word too many and without a half file."""
    said = running.said()
    assert code == expected, said
    assert "Traceback" not in said
    assert "error" not in said
    assert said.splitlines()[-1:] in (["droneteam: stopped"], ["droneteam: terminated"])
    assert running.left_behind() == []
    hidden = [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert hidden == []


def test_listening(start: Start, vehicle: SmallVehicle, tmp_path: Path) -> None:
    running = start("listen", vehicle.address, "--record", "heard")
    running.wait_until(lambda: any(path.stat().st_size > 500 for path in (tmp_path / "heard").glob("*.tlog")))
    assert_clean(running, running.interrupt(), tmp_path)
    recording = next((tmp_path / "heard").glob("*.tlog"))
    size = sum(8 + len(frame.raw) for frame in read_tlog(recording))
    assert size == recording.stat().st_size


def test_listening_where_nobody_speaks(start: Start, tmp_path: Path) -> None:
    running = start("listen", "udp:127.0.0.1:0", "tcpin:127.0.0.1:0", "--json", "--record", "heard")
    running.wait_until(lambda: (tmp_path / "heard").exists())
    assert_clean(running, running.interrupt(), tmp_path)
    assert not (tmp_path / "heard").exists()


def test_serving(start: Start, tmp_path: Path, vehicle: SmallVehicle) -> None:
    Operation.create(tmp_path / "op", "x", "patrol")
    running = start("serve", "op", "--port", "0", "--link", vehicle.address)
    running.wait_until(lambda: "http://" in running.printed())
    address = re.search(r"http://127\.0\.0\.1:(\d+)/", running.printed())
    assert address
    assert_clean(running, running.interrupt(), tmp_path)
    with socket.create_server(("127.0.0.1", int(address[1]))):
        pass


@pytest.mark.parametrize("stage", ["photos", "alignment", "georeference", "surface", "orthomosaic"])
def test_making_a_mosaic(start: Start, tmp_path: Path, few_photos: Path, stage: str) -> None:
    running = start("mosaic", few_photos, "-o", "scene", "--threads", "1")
    running.wait_until(lambda: stage in running.said())
    assert_clean(running, running.interrupt(), tmp_path)
    for record in (tmp_path / "scene").rglob("*.json"):
        json.loads(record.read_text())
    assert not (tmp_path / "scene" / "scene.json").exists()


def test_searching_heat(start: Start, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    noise = np.random.default_rng(2)
    for number in range(60):
        frame = noise.normal(29315, 40, (512, 640)).astype(np.uint16)
        Image.fromarray(frame).save(tmp_path / "frames" / f"{number:04}.tiff")
    running = start("heat", "frames", "-o", "finds.geojson")
    running.wait_until(lambda: "frames: 60" in running.said())
    assert_clean(running, running.interrupt(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"frames"}


def flying(running: Any) -> bool:
    return "s mission: waypoint" in running.said()


def test_flying_sends_the_aircraft_home(
    start: Start, tmp_path: Path, vehicle: SmallVehicle, plan_file: Path
) -> None:
    operation = Operation.create(tmp_path / "op", "x", "exercise")
    running = start("fly", plan_file, "--link", vehicle.address, "--operation", "op")
    running.wait_until(lambda: flying(running))
    assert_clean(running, running.interrupt(), tmp_path)
    clock = SystemClock()
    with VehicleClient(open_link(vehicle.address, clock), clock) as client:
        assert client.connect(10).mode == "RTL"
    acts = [(line.action, dict(line.details)) for line in operation.log.lines()]
    assert [action for action, _ in acts][-2:] == ["flight.ended", "file.entered"]
    assert "KeyboardInterrupt" in acts[-2][1]["outcome"]
    assert operation.log.verify().problems == []
    recording = tmp_path / "op" / acts[-1][1]["path"]
    assert sum(8 + len(frame.raw) for frame in read_tlog(recording)) == recording.stat().st_size


def test_flying_on_a_terminal(start_on_terminal: Start, vehicle: SmallVehicle, plan_file: Path) -> None:
    running = start_on_terminal("fly", plan_file, "--link", vehicle.address)
    running.wait_until(lambda: "From the plan" in running.printed())
    assert "\x1b[?25l" in running.printed()
    assert running.press_ctrl_c() == INTERRUPTED
    assert running.terminal_is_as_before()
    assert running.printed().rstrip().endswith("droneteam: stopped")
    assert running.left_behind() == []


def test_listening_on_a_terminal(start_on_terminal: Start, vehicle: SmallVehicle) -> None:
    running = start_on_terminal("listen", vehicle.address)
    running.wait_until(lambda: "copter" in running.printed())
    assert running.press_ctrl_c() == INTERRUPTED
    assert running.terminal_is_as_before()
    assert running.left_behind() == []


def test_making_a_mosaic_on_a_terminal(start_on_terminal: Start, tmp_path: Path, few_photos: Path) -> None:
    running = start_on_terminal("mosaic", few_photos, "-o", "scene", "--threads", "1")
    running.wait_until(lambda: "alignment" in running.printed())
    assert running.press_ctrl_c() == INTERRUPTED
    assert running.terminal_is_as_before()
    assert running.left_behind() == []


@pytest.fixture
def large_operation(tmp_path: Path) -> Path:
    """An operation that takes a while to seal: half a gigabyte of nothing, which takes no room."""
    operation = Operation.create(tmp_path / "op", "x", "exercise")
    for number in range(3):
        path = operation.folder / "photos" / f"{number}.bin"
        with path.open("wb") as file:
            file.truncate(150_000_000)
        operation.add_file(path, "photo")
    keys.create(tmp_path / "key.pem")
    return operation.folder


def test_sealing(start: Start, tmp_path: Path, large_operation: Path) -> None:
    running = start("bundle", "op", "-o", "bag", "--key", "key.pem")
    running.wait_until(lambda: any(tmp_path.glob(".bag.*/data/photos/*")))
    assert_clean(running, running.interrupt(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"op", "key.pem", "key.pub.pem"}
    assert Operation.open(large_operation).log.verify().problems == []


def test_simulated_aircraft(start: Start, tmp_path: Path) -> None:
    running = start("sitl", "run", "copter", "--small", "--count", "3")
    running.wait_until(lambda: "3 copter running" in running.said())
    ports = [int(line.rpartition(":")[2]) for line in running.printed().splitlines()]
    assert_clean(running, running.interrupt(), tmp_path)
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_waiting_for_a_vehicle(start: Start, tmp_path: Path, plan_file: Path) -> None:
    running = start("upload", plan_file, "--link", "udp:127.0.0.1:0")
    running.wait_until(lambda: "Waiting" in running.said())
    assert_clean(running, running.interrupt(), tmp_path)


def test_a_service_manager_that_ends_it_leaves_as_little_behind(
    start: Start, tmp_path: Path, large_operation: Path
) -> None:
    running = start("bundle", "op", "-o", "bag", "--key", "key.pem")
    running.wait_until(lambda: any(tmp_path.glob(".bag.*/data/photos/*")))
    os.kill(running.process.pid, signal.SIGTERM)
    assert_clean(running, running.process.wait(20), tmp_path, expected=TERMINATED)
    assert not (tmp_path / "bag").exists()


def test_ctrl_c_while_a_string_was_executed_still_gives_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import sys\nfrom ops.cli.shell import told\n"
        "def run(arguments):\n    exec('raise KeyboardInterrupt')\n"
        "sys.exit(told(run, []))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "interrupted"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == INTERRUPTED
