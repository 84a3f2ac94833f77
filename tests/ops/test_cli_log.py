"""`droneteam log convert`, `log plot` and `droneteam archive`, as a user runs them."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import gpxpy
import pyarrow.parquet as pq
import pytest
from PIL import Image

from telemetry.archive import Archive
from telemetry.messages import Encoder
from tests.telemetry.test_dataflash_writer import flown_log

Droneteam = Callable[..., subprocess.CompletedProcess[str]]
BEGAN_US = 1_771_848_000_000_000
SYSTEMS = (1, 2)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two copters on circles for a minute."""
    stream = bytearray()
    for step in range(300):
        for system in SYSTEMS:
            encoder, turn = Encoder(system, 1), step / 40
            lat, lon = (
                round(520_000_000 + 4000 * math.sin(turn)),
                round(50_000_000 * system + 6000 * math.cos(turn)),
            )
            for raw in (
                encoder.encode(
                    "HEARTBEAT", type=2, autopilot=3, base_mode=128 * (20 < step < 280), custom_mode=3
                ),
                encoder.encode("GLOBAL_POSITION_INT", lat=lat, lon=lon, alt=50_000, relative_alt=100 * step),
                encoder.encode(
                    "SYS_STATUS", voltage_battery=12_600 - step, battery_remaining=99 - step // 10
                ),
            ):
                stream += (BEGAN_US + step * 200_000 + system).to_bytes(8, "big") + raw
    path = tmp_path / "flight.tlog"
    path.write_bytes(stream)
    return path


@pytest.mark.parametrize(("name", "counts"), [("gpx", 2), ("kml", 2), ("geojson", 2)])
def test_a_recording_becomes_a_file_of_paths_by_its_suffix(
    name: str, counts: int, inside: Droneteam, recording: Path, tmp_path: Path
) -> None:
    result = inside("log", "convert", recording, "-o", f"out.{name}", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["format"], told["what"], told["counts"]) == (name, "positions", {"1": 300, "2": 300})
    assert (tmp_path / f"out.{name}").stat().st_size > 10_000


def test_the_real_command_converts_and_draws(droneteam: Droneteam, recording: Path, tmp_path: Path) -> None:
    result = droneteam("log", "convert", "flight.tlog", "-o", "out.gpx", "--system", "2")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "Wrote out.gpx: 300 positions of 1 aircraft\n"
    assert len(gpxpy.parse((tmp_path / "out.gpx").read_text()).tracks) == 1
    result = droneteam("log", "plot", "flight.tlog", "-o", "out.png")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "Wrote out.png\n")
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.width == 1950


def test_messages_become_a_folder_or_one_file(inside: Droneteam, recording: Path, tmp_path: Path) -> None:
    assert inside("log", "convert", recording, "-o", "out", "--to", "parquet").returncode == 0
    assert len(pq.read_table(tmp_path / "out" / "SYS_STATUS.parquet")) == 600
    result = inside("log", "convert", recording, "-o", "one.csv", "--message", "sys_status", "--system", "1")
    assert result.returncode == 0, result.stderr
    lines = (tmp_path / "one.csv").read_text().splitlines()
    assert len(lines) == 301
    assert "12600" in lines[1].split(",")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "out.gpx", "--system", "9"), "Choose one of 1, 2"),
        (("-o", "out.xyz"), "Give --to"),
        (("-o", "out.csv", "--message", "ATTITUDE"), "Choose one of GLOBAL_POSITION_INT"),
        (("-o", "out.gpx", "--message", "HEARTBEAT"), "csv or parquet"),
        (("-o", "flight.tlog", "--to", "csv"), "is there already"),
    ],
)
def test_what_cannot_be_converted_is_one_clear_error(
    arguments: tuple[str, ...], said: str, inside: Droneteam, recording: Path, tmp_path: Path
) -> None:
    before = recording.read_bytes()
    result = inside("log", "convert", "flight.tlog", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["flight.tlog"]
    assert recording.read_bytes() == before


def test_a_picture_has_a_name_of_a_picture_and_a_flight(
    inside: Droneteam, recording: Path, tmp_path: Path
) -> None:
    assert ".png, .pdf, .svg" in inside("log", "plot", "flight.tlog", "-o", "out.jpg").stderr
    assert (
        "Choose one of 1, 2" in inside("log", "plot", "flight.tlog", "-o", "out.png", "--system", "3").stderr
    )
    (tmp_path / "no.tlog").write_bytes(b"nothing")
    result = inside("log", "plot", "no.tlog", "-o", "out.png")
    assert result.returncode == 2
    assert "no.tlog" in result.stderr
    assert not (tmp_path / "out.png").exists()


def test_an_onboard_log_is_converted_and_drawn_like_a_recording(inside: Droneteam, tmp_path: Path) -> None:
    flown_log().save(tmp_path / "00000001.BIN")
    result = inside("log", "convert", "00000001.BIN", "-o", "out.gpx", "--json")
    assert result.returncode == 0, result.stderr
    (count,) = json.loads(result.stdout)["counts"].values()
    (track,) = gpxpy.parse((tmp_path / "out.gpx").read_text()).tracks
    assert sum(len(segment.points) for segment in track.segments) == count > 1
    assert inside("log", "convert", "00000001.BIN", "-o", "out", "--to", "csv").returncode == 0
    assert (tmp_path / "out" / "ATT.csv").exists()
    assert inside("log", "plot", "00000001.BIN", "-o", "out.png").returncode == 0


def test_recordings_are_archived_verified_and_asked(
    droneteam: Droneteam, recording: Path, tmp_path: Path
) -> None:
    added = droneteam("archive", "add", "years", "flight.tlog", "--json")
    assert added.returncode == 0, added.stderr
    told = json.loads(added.stdout)
    assert (told["new"], told["frames"], told["positions"]) == (True, 1800, 600)
    again = droneteam("archive", "add", "years", tmp_path, "--json")
    assert json.loads(again.stdout)["new"] is False
    verified = droneteam("archive", "verify", "years", "flight.tlog", "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout) == {
        "good": True,
        "recordings": 1,
        "files": 4,
        "compared": 1,
        "problems": [],
    }
    asked = droneteam(
        "archive",
        "query",
        "years",
        "select system, count(*) n from positions group by 1 order by 1",
        "--json",
    )
    assert json.loads(asked.stdout) == [{"system": 1, "n": 300}, {"system": 2, "n": 300}]


def test_an_answer_is_a_table_csv_or_json(inside: Droneteam, recording: Path) -> None:
    inside("archive", "add", "years", recording)
    question = "select system, time, lat_deg from positions where system = 1 order by time"
    shown = inside("archive", "query", "years", question)
    assert "40 of 300 rows" in shown.stderr
    assert "2026-02-23T12:00:00.000001+00:00" in shown.stdout
    lines = inside("archive", "query", "years", question, "--csv").stdout.splitlines()
    assert lines[:2] == ["system,time,lat_deg", "1,2026-02-23T12:00:00.000001+00:00,52.0"]
    assert len(lines) == 301
    odd = "select 'nan'::double x, [1, 2] y, {'a': 'b'::blob} z, null n, date from positions limit 1"
    told = json.loads(inside("archive", "query", "years", odd, "--json").stdout)
    assert told == [{"x": None, "y": [1, 2], "z": {"a": "62"}, "n": None, "date": "2026-02-23"}]


def test_a_question_that_is_none_is_one_clear_error(
    inside: Droneteam, recording: Path, tmp_path: Path
) -> None:
    inside("archive", "add", "years", recording)
    for question in ("copy positions to 'out.csv'", "select * from read_text('flight.tlog')", "sel"):
        result = inside("archive", "query", "years", question)
        assert (result.returncode, result.stdout) == (2, "")
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out.csv").exists()
    result = inside("archive", "query", tmp_path / "nowhere", "select 1")
    assert result.returncode == 2
    assert "no telemetry archive" in result.stderr


def test_a_recording_that_cannot_be_taken_in_keeps_no_other_out(
    inside: Droneteam, recording: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.tlog").write_bytes(b"")
    (tmp_path / "z.tlog").write_bytes(recording.read_bytes()[:2000])
    result = inside("archive", "add", "years", tmp_path)
    assert result.returncode == 2
    assert "a.tlog" in result.stderr
    assert [entry.name for entry in Archive(tmp_path / "years").entries] == ["flight.tlog", "z.tlog"]


def test_verifying_fails_with_code_1_and_names_the_file(
    inside: Droneteam, recording: Path, tmp_path: Path
) -> None:
    inside("archive", "add", "years", recording)
    part = next((tmp_path / "years" / "positions").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    result = inside("archive", "verify", "years")
    assert result.returncode == 1
    assert f"{Path('years') / part.relative_to(tmp_path / 'years')}: was changed" in result.stdout
    shutil.rmtree(tmp_path / "years")
    assert inside("archive", "verify", "years").returncode == 2


def test_ctrl_c_leaves_an_archive_that_is_whole(
    start: Callable[..., object], recording: Path, tmp_path: Path
) -> None:
    for number in range(40):
        (tmp_path / f"{number}.tlog").write_bytes(recording.read_bytes()[: 20_000 + 300 * number])
    running = start("archive", "add", "years", ".")
    segments = tmp_path / "years" / "segments"
    # a segment enters when its files are written: at the second, the first is in
    running.wait_until(lambda: len(list(segments.glob("*.json"))) > 1)  # type: ignore[attr-defined]
    assert running.interrupt() == 130  # type: ignore[attr-defined]
    opened = Archive(tmp_path / "years")
    assert 0 < len(opened.entries) <= 41
    assert len(opened.positions()) == sum(entry.positions for entry in opened.entries)


@pytest.fixture
def onboard(tmp_path: Path) -> Path:
    path = tmp_path / "00000007.BIN"
    path.write_bytes(flown_log().data)
    return path


def test_an_onboard_log_is_summed_up_and_its_messages_extracted(inside: Droneteam, onboard: Path) -> None:
    told = json.loads(inside("log", "info", onboard, "--json").stdout)
    assert (told["bad_bytes"], told["records"]) == (0, sum(told["messages"].values()))
    assert "Onboard log of" in inside("log", "info", onboard).stdout
    rows = inside("log", "extract", onboard, "gps").stdout.splitlines()
    assert rows[0].startswith("TimeUS,")
    assert len(rows) == 1 + told["messages"]["GPS"]


def test_an_onboard_log_is_listened_to_as_a_link(inside: Droneteam, onboard: Path) -> None:
    result = inside("listen", f"bin:{onboard}@0", "--json")
    assert result.returncode == 0, result.stderr
    state = json.loads(result.stdout.splitlines()[-1])
    assert state["kind"] == "copter"
    assert state["lat_deg"]
