"""A scene drawn anew: by the command and by the service, from what is kept, over nothing that entered."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from imaging.control.gathering import kept_control
from imaging.control.marks import read_marks, write_marks
from imaging.control.points import Role
from imaging.scene import Scene
from ops.operations import Operation
from tests.ops.commanded import Droneteam, done, refused, told
from tests.ops.marked import API, ID, clicks, log_of, operation_with, put, served
from tests.ops.surveyed import CHECKS, Surveyed

pytestmark = pytest.mark.timeout(400)
SCENE = f"operation/{ID}"
DRAWING_STAGES = {"surface", "orthomosaic", "overlay"}


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folder(surveyed: Surveyed, tmp_path: Path) -> Path:
    folder = operation_with(surveyed, tmp_path / "operation", marked=True)
    shutil.copy(surveyed.folder / "marks.json", folder / ID / "marks.json")
    return folder


@pytest.fixture
def client(folder: Path) -> Iterator[httpx.Client]:
    with served(folder) as client:
        yield client


@pytest.mark.parametrize("with_operation", [True, False])
def test_a_scene_that_entered_is_never_drawn_over(
    inside: Droneteam, folder: Path, surveyed: Surveyed, *, with_operation: bool
) -> None:
    before = hashes(folder / ID)
    named = ("--operation", "operation") if with_operation else ()
    for given in (
        ("mosaic", surveyed.folder / "photos", "-o", SCENE),
        ("mosaic", surveyed.folder / "photos", "-o", SCENE, "--watch"),
        ("mosaic", "--again", SCENE, "-o", SCENE),
        ("mosaic", "--again", surveyed.scene, "-o", SCENE),
    ):
        refused(inside(*given, *named), "entered the operation", "-o")
    assert hashes(folder / ID) == before


def test_a_measurement_that_entered_is_kept_without_the_operation_being_named(
    inside: Droneteam, folder: Path
) -> None:
    shutil.copy(folder / ID / "marks.json", folder / ID / "measure.json")
    done(inside("measure", SCENE, "--operation", "operation", "--no-matching"))
    refused(inside("measure", SCENE, "--no-matching"), "entered the operation")


def test_marks_that_entered_are_not_written_over_on_the_page(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    Operation.open(folder).add_file(folder / ID / "marks.json", "control")
    before = (folder / ID / "marks.json").read_bytes()
    mark = next(iter(clicks(surveyed)["C4"].values()))
    answer = put(client, "C4", mark, replaces=None)
    seen = {"x_px": mark.x_px, "y_px": mark.y_px}
    answer = put(client, "C4", mark, x_px=mark.x_px + 1, replaces=seen)
    assert answer.status_code == 409
    assert "may not change" in answer.json()["detail"]
    assert (folder / ID / "marks.json").read_bytes() == before


def test_what_is_not_needed_again_or_contradicts_is_refused_in_one_line(
    inside: Droneteam, scene: Path, tmp_path: Path
) -> None:
    for option in (("--gsd", "5"), ("--quick",), ("--lens", "c.toml"), ("--aligner", "colmap"), ("--watch",)):
        refused(inside("mosaic", "--again", scene, "-o", "new", *option), option[0], "Leave it out")
    refused(inside("mosaic", "--again", scene), "nowhere to write")
    refused(inside("mosaic", "--again", "nowhere", "-o", "new"), "nowhere", "Check the path")
    refused(inside("mosaic", "--again", scene, "-o", "new", "--check", "C99"), "'C99'", "The points are")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    refused(inside("mosaic", "--again", scene, "-o", "other"), "something is there already")
    shutil.copytree(json.loads((scene / "stages" / "photos.json").read_text())["folder"], tmp_path / "moved")
    next((tmp_path / "moved").glob("*.JPG")).write_bytes(b"another")
    assert not (tmp_path / "new").exists()
    for photos in ("moved", "elsewhere"):
        result = inside("mosaic", photos, "--again", scene, "-o", "new")
        assert result.returncode == 1
        assert "gone or changed" in result.stderr
    assert not (tmp_path / "new" / "scene.json").exists()


def test_a_scene_is_drawn_again_from_what_is_kept_with_its_marks_and_other_checks(
    inside: Droneteam, folder: Path, surveyed: Surveyed
) -> None:
    old = folder / ID
    before = hashes(old)
    dropped = next(name for name in clicks(surveyed) if name not in CHECKS)
    points = read_marks(old / "marks.json")
    write_marks(old / "marks.json", [each for each in points if each.name != dropped])
    shutil.copy(surveyed.marks, old / "measure.json")
    other = next(name for name in clicks(surveyed) if name not in CHECKS | {dropped})
    body = told(inside(
        "mosaic", "--again", SCENE, "--operation", "operation", "--check", other, "--centre-marks",
        "--threads", "1", "--json",
    ))  # fmt: skip
    new = folder / "scenes" / "crash-2"
    assert body["again"]["scene"] == "crash"
    made = {name: stage["made"] for name, stage in body["stages"].items()}
    assert not made["alignment"]
    assert not made["georeference"]
    assert all(made[name] for name in DRAWING_STAGES)
    control = kept_control(Scene(new))
    assert {each.name for each in control.points if each.role is Role.CHECK} == CHECKS | {other}
    assert dropped not in control.marks
    assert len(body["accuracy"]["checks"]) == len(CHECKS) + 1
    assert body["options"] == json.loads((old / "scene.json").read_text())["options"] | {"threads": 1}
    assert {"points.csv", "marks.json"} <= body["control"].keys()
    assert body["control"]["marks.json"] == hashes(new)["marks.json"]
    moved = [
        mark for point in read_marks(new / "marks.json") for mark in point.marks if mark.click is not None
    ]
    assert len(moved) == body["marks"]["centred"] > 0
    assert (new / "measure.json").read_bytes() == surveyed.marks.read_bytes()
    changed = {name for name, digest in hashes(old).items() if before.get(name) != digest}
    assert changed == {"marks.json", "measure.json"}
    entered = {file.path: file.sha256 for file in Operation.open(folder).files()}
    assert entered["scenes/crash-2/orthomosaic.tif"] == hashes(new)["orthomosaic.tif"]
    assert entered["control/marks.json"] == body["control"]["marks.json"]
    assert "scenes/crash-2/marks.json" not in entered
    assert log_of(folder)[-1]["details"]["again"] == "crash"
    refused(inside("sheet", SCENE, folder / "nothing.json"), "nothing.json")


def test_the_service_draws_only_what_was_adjusted_and_a_stopped_drawing_leaves_nothing(folder: Path) -> None:
    with served(folder) as client:
        stopped_and_begun_again(client, folder)
    # The service ended while it was drawing: nothing is left of that either.
    assert [path.name for path in (folder / "scenes").iterdir()] == ["crash"]


def stopped_and_begun_again(client: httpx.Client, folder: Path) -> None:
    who = {"who": "Ann"}
    drawn = client.post(f"{API}/drawing", json=who)
    assert drawn.status_code == 409
    assert "drawn with these marks" in drawn.json()["detail"]
    for point, role, status in (("C2", "control", 200), ("C99", "check", 404), ("C2", "chief", 422)):
        answer = client.put(f"{API}/roles", json={**who, "point": point, "role": role})
        assert answer.status_code == status
    changed = client.post(f"{API}/drawing", json=who)
    assert changed.status_code == 409
    assert "Adjust" in changed.json()["detail"]
    report = client.post(f"{API}/adjust", json=who).json()
    assert len(report["adjustment"]["checks"]) == len(CHECKS) - 1
    assert not report["drawn"]
    assert client.delete(f"{API}/drawing", params=who).status_code == 404
    begun = client.post(f"{API}/drawing", json=who).json()["drawing"]
    assert (begun["new"], begun["who"]) == ("crash-2", "Ann")
    assert client.post(f"{API}/drawing", json=who).status_code == 409
    assert client.delete(f"{API}/drawing", params=who).status_code == 200
    deadline_s = time.monotonic() + 60
    while (report := client.get(f"{API}/marking").json())["drawing"]:
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
    assert (report["drawing_problem"], report["newer"]) == ("", "")
    assert [path.name for path in (folder / "scenes").iterdir()] == ["crash"]
    assert log_of(folder)[-1]["action"] == "drawing.stopped"
    assert client.post(f"{API}/drawing", json=who).status_code == 200
    while not (folder / "scenes" / "crash-2" / "stages").exists():
        assert time.monotonic() < deadline_s + 60
        time.sleep(0.1)


def test_a_note_of_a_mark_is_kept_logged_and_goes_on_when_the_mark_is_moved(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    shutil.copy(surveyed.marks, folder / ID / "measure.json")
    order = {"kind": "measure", "point": "A", "who": "Ann"}
    answer = client.put(f"{API}/notes", json={**order, "note": "  skid,\tfirst trace "})
    assert answer.status_code == 200
    assert log_of(folder)[-1]["details"]["note"] == "skid, first trace"
    mark = next(iter(clicks(surveyed, "measure.json")["A"].values()))
    seen = {"x_px": mark.x_px, "y_px": mark.y_px}
    moved = put(client, "A", mark, kind="measure", x_px=mark.x_px + 0.2, replaces=seen).json()
    assert next(each["note"] for each in moved["points"] if each["name"] == "A") == "skid, first trace"
    kept = {point.name: point.note for point in read_marks(folder / ID / "measure.json") if point.note}
    assert kept == {"A": "skid, first trace"}
    for wrong in ({"note": "\x07"}, {"note": "x" * 501}, {"note": "x", "point": "Q"}):
        assert client.put(f"{API}/notes", json={**order, **wrong}).status_code in (404, 422)
