"""`droneteam index`, as a user runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.index import record_alerts
from tests.ops.test_index import alert
from tests.ops.test_index_scan import NAME, flown

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recordings"
    made.mkdir()
    (made / NAME).write_bytes(b"".join(flown(120, 2)))
    record_alerts(made, [alert(1)])
    return made


def test_show_makes_the_index_and_shows_who_flew(inside: Droneteam, folder: Path) -> None:
    shown = inside("index", "show", folder)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "copter" in shown.stdout
    assert "1 transitions" in shown.stdout
    assert "2026-02-23 10:1" in shown.stdout


def test_show_and_rebuild_say_the_same_to_programs(inside: Droneteam, folder: Path) -> None:
    shown = json.loads(inside("index", "show", folder, "--json").stdout)
    made = json.loads(inside("index", "rebuild", folder, "--json").stdout)
    assert made.pop("took_s") > 0
    assert made == shown
    assert {each["system"] for each in shown["flights"]} == {1, 2}
    assert {"end_state", "battery_used_pct"} <= shown["flights"][0].keys()
    assert shown["alerts"][0]["rule"] == "battery low"
    assert [each["name"] for each in shown["segments"]] == [NAME, "alerts.jsonl"]


def test_damage_is_said_on_standard_error(inside: Droneteam, folder: Path) -> None:
    inside("index", "show", folder)
    (folder / "index.sqlite").write_text("Geachte heer,\n" * 1000)
    shown = inside("index", "show", folder, "--json")
    assert shown.returncode == 0
    assert "the index is damaged" in shown.stderr
    assert "made again from the segments" in shown.stderr
    assert json.loads(shown.stdout)["flights"]


def test_rebuild_says_how_much_it_read(inside: Droneteam, folder: Path) -> None:
    made = inside("index", "rebuild", folder)
    assert made.returncode == 0
    assert f"Indexed {len(flown(120, 2)) + 1} frames of 2 files in " in made.stderr


@pytest.mark.parametrize("command", ["show", "rebuild"])
def test_a_folder_that_is_none_is_one_line_and_code_2(inside: Droneteam, command: str) -> None:
    done = inside("index", command, "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("droneteam: error: none: there is no such folder")
