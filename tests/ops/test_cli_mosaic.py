"""`droneteam mosaic` as its user drives it: watching, a bound on memory, a kept lens, how far it is."""

from __future__ import annotations

import io
import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from imaging.control.gathering import kept_control
from imaging.control.marks import read_marks, write_marks
from imaging.lens_file import read_lenses
from imaging.pace import Pace
from imaging.scene import Scene
from ops.cli.progress import Bars, Lines, spoken_s
from telemetry.clock import ManualClock
from tests.ops.conftest import Running
from tests.ops.surveyed import Surveyed

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


def test_a_watched_folder_grows_and_ctrl_c_leaves_a_whole_scene(
    start: Callable[..., Running], inside: Droneteam, few_photos: Path, tmp_path: Path
) -> None:
    files = sorted(few_photos.glob("*.JPG"))
    (tmp_path / "card").mkdir()
    for file in files[:6]:
        shutil.copy(file, tmp_path / "card")
    broken = tmp_path / "card" / "half.jpg"
    broken.write_bytes(files[0].read_bytes()[:4000])
    running = start(
        "mosaic", "card", "-o", "scene", "--watch", "--keep-lens", "camera.toml", "--threads", "1",
    )  # fmt: skip
    running.wait_until(lambda: "photos in" in running.printed())
    for file in files[6:8]:
        shutil.copy(file, tmp_path / "card")
    running.wait_until(lambda: running.printed().count("photos in") >= 2)
    assert running.interrupt(60) == 0, running.said()
    assert running.left_behind() == []
    first, *_, last = [line for line in running.printed().splitlines() if "photos in" in line]
    assert re.match(r"\d\d:\d\d:\d\d  6 photos in, 0 left out, \d+ m², \d+\.\d s", first)
    assert re.match(r"\d\d:\d\d:\d\d  8 photos in, 0 left out", last)
    report = json.loads((tmp_path / "scene" / "scene.json").read_text())
    assert report["options"]["quick"] is True
    assert len([photo for photo in report["photos"] if photo["pose"]]) == 8
    assert not list((tmp_path / "scene").rglob(".*"))

    (kept,) = read_lenses(tmp_path / "camera.toml")
    assert kept.photos == 8
    assert "focal length" in running.said()
    other = tmp_path / "other"
    other.mkdir()
    for file in files[:3]:
        with Image.open(file) as image:
            image.resize((400, 300)).save(other / file.name, exif=image.getexif())
    result = inside("mosaic", "other", "-o", "scene2", "--lens", "camera.toml")
    assert result.returncode == 2
    assert "400 x 300 pixels; the lens is of" in result.stderr


def test_marks_from_a_file_are_centred_and_those_that_stay_are_named(
    inside: Droneteam, surveyed: Surveyed, tmp_path: Path
) -> None:
    truth = json.loads((surveyed.folder / "truth.json").read_text())
    true_px = {each["file"]: each["control_points"] for each in truth["photos"]}
    points = list(read_marks(surveyed.folder / "marks.json"))
    first = points[0].marks[0]
    points[0] = replace(points[0], marks=(replace(first, x_px=first.x_px + 4.0), *points[0].marks[1:]))
    write_marks(tmp_path / "marks.json", points)
    result = inside(
        "mosaic", surveyed.folder / "photos", "-o", "scene", "--quick", "--centre-marks",
        "--control", surveyed.folder / "points.csv", "--marks", "marks.json", "--threads", "1",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "scene" / "scene.json").read_text())["marks"]
    assert report["marks"] == sum(len(point.marks) for point in points)
    assert report["centred"] + len(report["not_centred"]) == report["marks"]
    assert report["centred"] >= 0.8 * report["marks"]
    assert report["shift_max_px"] < 2.0
    stays = {(each["point"], each["photo"]) for each in report["not_centred"]}
    assert (points[0].name, first.photo) in stays
    assert f"{report['centred']} of {report['marks']} moved to the centre" in result.stdout
    assert "Marks that stay as they were clicked" in result.stdout
    used = kept_control(Scene(tmp_path / "scene")).marks
    off_px = [
        math.dist((mark.x_px, mark.y_px), true_px[mark.photo][name])
        for name, marks in used.items()
        for mark in marks
        if mark.click is not None
    ]
    assert sorted(off_px)[len(off_px) // 2] < 0.1
    assert max(off_px) < 0.5
    assert used[points[0].name][0] == points[0].marks[0]


def test_a_bound_on_memory_that_cannot_be_kept_says_the_least_that_would_do(
    inside: Droneteam, few_photos: Path
) -> None:
    result = inside("mosaic", few_photos, "-o", "scene", "--memory", "100M")
    assert result.returncode == 2
    assert re.search(r"100 MB are too little for 12 photos.*The least that would do is \d+ MB", result.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--memory", "4X"), "--memory: '4X' is no size"),
        (("--memory", "0"), "--memory: 0 MB lie outside"),
        (("--gsd", "0"), "--gsd: a ground sample distance of 0 m makes no sense. It lies within"),
        (("--threads", "0"), "--threads: 0 threads lie outside"),
        (("--aligner", "mine"), "--aligner: 'mine' does not align photos"),
        (("--final",), "--final goes with --watch"),
        (("--flight", "none.tlog"), "none.tlog"),
        (("--lens", "none.toml"), "none.toml"),
    ],
)
def test_a_wrong_option_is_one_line_and_no_work(
    inside: Droneteam, few_photos: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = inside("mosaic", few_photos, "-o", "scene", *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "scene").exists()


def test_ctrl_c_before_any_photo_ends_well_and_says_so(start: Callable[..., Running], tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    running = start("mosaic", "card", "-o", "scene", "--watch")
    running.wait_until(lambda: "Watching" in running.said())
    assert running.interrupt() == 0, running.said()
    assert "No picture was made" in running.said()


STEPS = {"photos": 10.0, "alignment: tie points": 60.0, "orthomosaic: drawing": 30.0}


def test_lines_say_how_far_all_of_it_is() -> None:
    clock, text = ManualClock(), io.StringIO()
    lines = Lines(Console(file=text, width=120), Pace(STEPS, clock, typical=True))
    lines.stage("photos", 5)
    clock.sleep(20)
    lines.advance(5)
    lines.stage("alignment: tie points", 7)
    assert text.getvalue().splitlines() == [
        "photos: 5 (0 % of all)",
        "alignment: tie points: 7 (10 % of all, about 3 min left)",
    ]


def test_bars_have_the_time_left_of_each_stage_and_of_all() -> None:
    clock = ManualClock()
    with Progress(console=Console(file=io.StringIO()), auto_refresh=False) as shown:
        bars = Bars(shown, Pace(STEPS, clock, typical=True))
        bars.stage("photos", 5)
        clock.sleep(20)
        bars.advance(5)
        bars.stage("alignment: tie points", 6)
        clock.sleep(40)
        bars.advance(2)
        whole, photos, points = shown.tasks
        assert (whole.completed, whole.fields["left_s"]) == (300, pytest.approx(140.0))
        assert photos.finished
        assert points.fields["left_s"] == pytest.approx(80.0)
        bars.finish()
        assert whole.finished


def test_a_time_left_is_told_as_people_say_it() -> None:
    assert [spoken_s(seconds) for seconds in (0.2, 59, 89, 150, 5390, 7500)] == [
        "1 s", "59 s", "89 s", "2 min", "1 h 30 min", "2 h 5 min",
    ]  # fmt: skip
