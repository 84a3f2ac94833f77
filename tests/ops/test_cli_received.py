"""The commands take a recording of others as they take one of ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry.clock import ManualClock
from telemetry.received.recorder import ReceivedRecorder
from tests.telemetry.received_items import BEGIN_US, several

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder with one sealed segment."""
    with ReceivedRecorder(tmp_path / "recordings", ManualClock(BEGIN_US / 1e6)) as recorder:
        recorder(several(1))
    return recorder.segments[0]


def test_info_says_who_was_there_for_people_and_programs(inside: Droneteam, recorded: Path) -> None:
    shown = inside("log", "info", recorded)
    assert shown.returncode == 0, shown.stderr
    for told in ("2026-03-14 09:26:53 UTC", "sbs:127.0.0.1:30003", "M30T Noord", "icao:4CA2D6"):
        assert told in shown.stdout
    plain = json.loads(inside("log", "info", "--json", recorded).stdout)
    assert plain["items"] == 200
    assert {each["key"] for each in plain["others"]} >= {"dji:1581F5BKD", "tak:ANDROID-1"}


@pytest.mark.parametrize("name", ["o.csv", "o.parquet", "o.gpx", "o.kml", "o.geojson"])
def test_convert_writes_one_file(inside: Droneteam, recorded: Path, name: str, tmp_path: Path) -> None:
    done = inside("log", "convert", recorded, "-o", tmp_path / name, "--json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).is_file()
    counts = json.loads(done.stdout)["counts"]
    assert sum(counts.values()) > 50


def test_check_index_archive_and_replay_take_its_folder(
    inside: Droneteam, recorded: Path, tmp_path: Path
) -> None:
    folder = recorded.parent
    assert "as sealed" in inside("log", "check", folder).stdout
    shown = inside("index", "show", folder)
    assert "Not ours" in shown.stdout
    assert "M30T Noord" in shown.stdout
    assert json.loads(inside("index", "show", "--json", folder).stdout)["foreigners"]
    added = inside("archive", "add", tmp_path / "archive", folder)
    assert "200 lines and events of others" in added.stderr
    asked = inside(
        "archive", "query", tmp_path / "archive", "select count(*) as n from foreign_positions", "--json"
    )
    assert json.loads(asked.stdout.splitlines()[0])[0]["n"] > 50
    assert inside("archive", "verify", tmp_path / "archive", folder).returncode == 0


def test_what_is_none_is_one_error(inside: Droneteam, tmp_path: Path) -> None:
    (tmp_path / "letter.received").write_text("Geachte heer,\n" * 100)
    for command in (("log", "info"), ("replay",)):
        done = inside(*command, tmp_path / "letter.received")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "no recording of what was received" in done.stderr
