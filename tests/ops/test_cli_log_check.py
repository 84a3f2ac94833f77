"""`droneteam log check`, as an investigator runs it."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sitl.swarm import cycle_of
from telemetry.clock import ManualClock
from telemetry.frames import FrameReader
from telemetry.recorder import Recorder

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recordings"
    with Recorder(made, ManualClock(), segment_bytes=2_000, sync_s=math.inf) as recorder:
        for number, raw in enumerate(cycle_of(1)):
            recorder(FrameReader().feed(raw, 1_771_841_700_000_000 + number))
            recorder.flush()
    return made


def test_recordings_that_are_as_they_were_sealed_are_well(inside: Droneteam, folder: Path) -> None:
    result = inside("log", "check", folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("as sealed") == len(list(folder.glob("*.tlog"))) > 1


def test_a_recording_with_one_bit_changed_is_told(inside: Droneteam, folder: Path) -> None:
    path = min(folder.glob("*.tlog"))
    data = bytearray(path.read_bytes())
    data[500] ^= 4
    path.write_bytes(data)
    result = inside("log", "check", folder, "--json")
    assert result.returncode == 1
    verdicts = {each["name"]: each["verdict"] for each in json.loads(result.stdout)}
    assert verdicts.pop(path.name) == "changed"
    assert set(verdicts.values()) == {"as sealed"}
    assert "1 changed" in result.stderr


def test_a_folder_that_is_none_is_one_error(inside: Droneteam, tmp_path: Path) -> None:
    result = inside("log", "check", tmp_path / "nowhere")
    assert result.returncode == 2
    assert "no such folder" in result.stderr
