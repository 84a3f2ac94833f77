"""The main job from end to end, as `make demo HEADLESS=1` runs it, on the best autopilot there is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.evidence import verify
from ops.operations import Operation
from telemetry.tlog import read_tlog

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The operation's folder after a run with rendered photos, and what was said."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "ops", "demo", str(folder / "op"), "--headless"],
        cwd=ROOT,
        env={**os.environ, "DRONETEAM_SHARED": str(folder / "none")},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr
    return folder / "op", run.stderr


@pytest.mark.timeout(900)
def test_it_says_what_flew_and_how_near_the_plan(demo: tuple[Path, str]) -> None:
    said = demo[1]
    assert "ArduPilot copter" in said or "no ArduPilot found" in said
    assert "equal item by item" in said
    assert "The recorded track lies within" in said


def test_the_operation_holds_every_kind_of_result(demo: tuple[Path, str]) -> None:
    operation = Operation.open(demo[0])
    kinds = {file.kind for file in operation.files()}
    assert kinds == {"plan", "picture", "telemetry", "frame", "find", "photo", "scene"}
    assert operation.strangers() == () or all("stages" in path for path in operation.strangers())


def test_the_recording_is_a_flight(demo: tuple[Path, str]) -> None:
    (segment,) = (demo[0] / "telemetry").glob("*.tlog")
    frames = list(read_tlog(segment))
    assert frames[-1].time_us - frames[0].time_us > 300e6
    assert len(frames) > 5000


def test_both_people_are_among_the_finds_and_none_is_confirmed(demo: tuple[Path, str]) -> None:
    assert demo[1].count("ellipse holds the true place") == 2
    features = json.loads(next((demo[0] / "finds").glob("*.geojson")).read_text())["features"]
    states = {f["properties"]["state"] for f in features if f["properties"]["kind"] == "find"}
    assert states == {"proposed"}


def test_the_overview_uses_every_photo_and_claims_no_evidence(demo: tuple[Path, str]) -> None:
    report = json.loads((demo[0] / "scenes" / "crash" / "scene.json").read_text())
    assert not report["left_out"]
    assert "not for evidence" in report["verdict"]


def test_the_bundle_verifies_and_one_changed_byte_does_not(demo: tuple[Path, str]) -> None:
    bundle = demo[0].with_name("op-bundle")
    assert verify(bundle).sound
    plan = next((bundle / "data" / "plans").glob("*.json"))
    data = bytearray(plan.read_bytes())
    data[len(data) // 2] ^= 1
    plan.write_bytes(data)
    assert not verify(bundle).sound
