"""Which vehicle one gets, and what the fixtures do where ArduPilot is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from missions.errors import SimulatorError
from sitl.ardupilot import find, where_looked
from sitl.scenarios import open_vehicle

ROOT = Path(__file__).parents[2]


@pytest.fixture
def no_ardupilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRONETEAM_SITL", str(tmp_path / "nothing"))
    return tmp_path / "nothing"


def test_without_ardupilot_the_small_vehicle_flies_and_it_is_said(no_ardupilot: Path) -> None:
    with open_vehicle("plane") as vehicle:
        assert vehicle.address.startswith("tcp:127.0.0.1:")
        assert vehicle.description == "small MAVLink plane of droneteam; no ArduPilot found"
        assert vehicle.real is False


def test_who_insists_on_ardupilot_is_told_where_it_was_looked_for(no_ardupilot: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(SimulatorError, match=str(no_ardupilot)),
        open_vehicle("copter", folder=tmp_path, prefer="ardupilot"),
    ):
        pytest.fail("there was none to open")


@pytest.mark.sitl
@pytest.mark.parametrize("kind", ["copter", "plane"])
def test_where_ardupilot_is_installed_it_flies(kind: str, tmp_path: Path) -> None:
    binary = find(kind)
    if binary is None:
        pytest.skip(where_looked(kind))
    with open_vehicle(kind, folder=tmp_path) as vehicle:
        assert vehicle.real is True
        assert vehicle.description == f"ArduPilot {kind} {binary.version} (SITL)"
    with pytest.raises(SimulatorError, match="folder"), open_vehicle(kind):
        pytest.fail("it has no folder to run in")


def test_tests_that_need_ardupilot_are_skipped_with_a_reason(no_ardupilot: Path, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "def test_it(vehicle):\n    assert vehicle.address\n\n\n"
        "def test_copter(ardupilot_copter):\n    assert ardupilot_copter.real\n"
    )
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-ra",
            "-p",
            "no:cacheprovider",
            str(tmp_path / "test_one.py"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "2 passed, 3 skipped" in run.stdout, run.stdout + run.stderr
    assert f"there is no ArduPilot copter at {no_ardupilot / 'arducopter'}" in run.stdout
    assert "droneteam sitl install copter" in run.stdout
