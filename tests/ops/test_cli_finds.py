"""`droneteam finds`: a decision by name and reason, kept in the file or in the operation's log."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
from PIL import Image

from imaging.thermal.find import Decision
from imaging.thermal.reviewing import decided, read_finds, write_finds
from missions.geodesy import GeoPoint
from ops.finds import alone_with, decisions_of
from ops.operations import Operation
from tests.imaging.test_finds import example
from tests.imaging.test_gimbal_conventions import dji_photo

Run = Callable[..., subprocess.CompletedProcess[str]]
WHY = ("--by", "Ann de Vries", "--why", "seen by the officer on foot")


def state_of(path: Path, name: str) -> str:
    features = json.loads(path.read_text())["features"]
    return next(str(f["properties"]["state"]) for f in features if f["properties"]["find"] == name)


def test_a_find_in_a_file_is_confirmed_and_then_dismissed_with_its_history(
    inside: Run, tmp_path: Path
) -> None:
    path = tmp_path / "finds.geojson"
    example(2).write(path)
    assert inside("finds", "review", path, "--find", "find-002", "--confirm", *WHY).returncode == 0
    assert state_of(path, "find-002") == "confirmed"
    done = inside(
        "finds", "review", path, "--find", "find-002", "--dismiss", "--by", "Bob", "--why", "a calf", "--json"
    )
    assert [each["state"] for each in json.loads(done.stdout)["history"]] == ["confirmed", "dismissed"]
    listed = json.loads(inside("finds", "show", path, "--json").stdout)
    assert [(each["find"], each["state"]) for each in listed] == [
        ("find-001", "proposed"),
        ("find-002", "dismissed"),
    ]
    shown = inside("finds", "show", path, COLUMNS="160")
    assert "a calf" in shown.stdout


def test_of_two_who_decide_at_once_both_are_kept(inside: Run, tmp_path: Path) -> None:
    """One reads the document, and the other writes it meanwhile."""
    path = tmp_path / "finds.geojson"
    example(2).write(path)
    with ThreadPoolExecutor(1) as pool:
        with alone_with(path):
            document = read_finds(path)
            other = pool.submit(inside, "finds", "review", path, "--find", "find-001", "--dismiss", *WHY)
            wait([other], timeout=2.0)
            write_finds(path, decided(document, "find-002", Decision("confirmed", "Bob", "met him", "")))
        assert other.result().returncode == 0
    assert (state_of(path, "find-001"), state_of(path, "find-002")) == ("dismissed", "confirmed")


def test_what_is_no_decision_leaves_the_file_as_it_was(inside: Run, tmp_path: Path) -> None:
    path = tmp_path / "finds.geojson"
    example(1).write(path)
    before = path.read_bytes()
    for wrong in (
        ("--find", "find-001", *WHY),
        ("--find", "find-001", "--confirm", "--dismiss", *WHY),
        ("--find", "find-009", "--confirm", *WHY),
        ("--find", "find-001", "--confirm", "--by", " ", "--why", "x"),
    ):
        refused = inside("finds", "review", path, *wrong)
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr
    assert path.read_bytes() == before


def warm_frame(path: Path, row: int) -> None:
    """A grey picture from 60 m up, by DJI's word, of one warm spot of a person's size."""
    rows, columns = np.mgrid[0:512, 0:640]
    grey = np.random.default_rng(row).normal(60, 2, (512, 640))
    grey[(abs(rows - 200 - row) < 10) & (abs(columns - 320) < 4)] = 170
    angles = {"GimbalYawDegree": 25.0, "GimbalPitchDegree": -90.0, "GimbalRollDegree": 0.0}
    place = GeoPoint(52.1 + row * 7e-7, 5.2)
    dji_photo(path, place, angles, Image.fromarray(grey.clip(0, 255).astype(np.uint8)))


def test_finds_of_an_operation_are_decided_in_its_log_and_a_later_run_keeps_it(
    inside: Run, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(3):
        warm_frame(frames / f"f{number}.jpg", 8 * number)
    folder = tmp_path / "op"
    assert (
        inside("operation", "new", "Search", "--kind", "missing-person", "--folder", folder).returncode == 0
    )
    first = inside("heat", frames, "--camera", "demo-thermal", "--operation", folder)
    assert first.returncode == 0, first.stderr
    path = folder / "finds" / "finds.geojson"
    before = path.read_bytes()
    done = inside("finds", "review", path, "--find", "find-001", "--dismiss", *WHY)
    assert done.returncode == 0, done.stderr
    assert "the log of Search" in done.stderr
    assert path.read_bytes() == before
    made = decisions_of(Operation.open(folder))["finds/finds.geojson"]["find-001"]
    assert [(each.state, each.by, each.why) for each in made] == [
        ("dismissed", "Ann de Vries", "seen by the officer on foot")
    ]
    assert inside("heat", frames, "--camera", "demo-thermal", "--operation", folder).returncode == 0
    again = folder / "finds" / "finds-2.geojson"
    assert state_of(again, "find-001") == "dismissed"
    assert inside("operation", "show", folder).returncode == 0


def test_finds_written_elsewhere_too_have_their_pictures_in_the_operation(
    inside: Run, tmp_path: Path
) -> None:
    frames, folder, out = tmp_path / "frames", tmp_path / "op", tmp_path / "mine" / "found.geojson"
    frames.mkdir()
    out.parent.mkdir()
    for number in range(3):
        warm_frame(frames / f"f{number}.jpg", 8 * number)
    Operation.create(folder, "Search", "missing-person")
    for name in ("found", "found-2"):
        done = inside("heat", frames, "--camera", "demo-thermal", "--operation", folder, "-o", out)
        assert done.returncode == 0, done.stderr
        entered = {each.path for each in Operation.open(folder).files("find")}
        for document in (out, folder / "finds" / f"{name}.geojson"):
            told = json.loads(document.read_text())
            pictures = [
                each["properties"]["thumbnail"]
                for each in told["features"]
                if "thumbnail" in each["properties"]
            ]
            assert pictures
            for each in (*pictures, told["sightings_file"]["file"]):
                assert (document.parent / each).is_file()
                assert document == out or f"finds/{each}" in entered
