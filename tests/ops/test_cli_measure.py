"""`droneteam measure`, as an investigator uses it, on a rendered scene whose truth is known."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Polygon

from ops.operations import Operation
from tests.ops.commanded import Droneteam, refused, told
from tests.ops.surveyed import FIGURES, LETTERS, Surveyed, write_points


def measured(inside: Droneteam, scene: Path, surveyed: Surveyed, *more: str) -> dict[str, Any]:
    return told(inside("measure", scene, "--marks", surveyed.marks, "--json", *more))


def bearing_deg(start: tuple[float, ...], end: tuple[float, ...]) -> float:
    return math.degrees(math.atan2(end[0] - start[0], end[1] - start[1]))


def test_every_figure_holds_the_truth_within_its_interval(
    inside: Droneteam, scene: Path, surveyed: Surveyed
) -> None:
    body = measured(inside, scene, surveyed, *FIGURES)
    true = surveyed.true_m
    level = math.dist(true["A"][:2], true["B"][:2])
    turn = bearing_deg(true["F"], true["G"]) - bearing_deg(true["F"], true["E"])
    expected = {
        ("distance", "A-B"): surveyed.distance_m("A", "B"),
        ("distance", "C-D"): surveyed.distance_m("C", "D"),
        ("horizontal distance", "A-B"): level,
        ("path", "A-B-H"): surveyed.distance_m("A", "B", "H"),
        ("area", "E-F-G"): Polygon([true[letter][:2] for letter in "EFG"]).area,
        ("angle", "E-F-G"): turn % 360,
        ("height difference", "A-H"): true["H"][2] - true["A"][2],
    }
    found = {(each["kind"], "-".join(each["letters"])): each for each in body["figures"]}
    assert found.keys() == expected.keys()
    off = {
        name: abs(found[name]["value"] - value) / found[name]["half_width_95"]
        for name, value in expected.items()
    }
    assert max(off.values()) < 1.0, off
    assert found["distance", "A-B"]["half_width_95"] < 0.15
    assert body["evidence"]
    assert body["verdict"].startswith("checked: 4 independent checks")


def test_marks_lie_on_the_map_where_they_truly_are(
    inside: Droneteam, scene: Path, surveyed: Surveyed
) -> None:
    body = measured(inside, scene, surveyed)
    assert [mark["letter"] for mark in body["marks"]] == list(LETTERS)
    for mark in body["marks"]:
        lon, lat = surveyed.lon_lat_deg[mark["letter"]]
        east_m = (mark["lon_lat_deg"][0] - lon) * 111_320 * math.cos(math.radians(lat))
        north_m = (mark["lon_lat_deg"][1] - lat) * 111_250
        assert abs(east_m) < 3.3 * mark["sigma_m"][0]
        assert abs(north_m) < 3.3 * mark["sigma_m"][1]
    report = (scene / "scene.json").read_bytes()
    assert body["scene"]["scene.json"] == hashlib.sha256(report).hexdigest()


def test_a_table_shows_marks_and_figures_and_what_they_are_worth(
    inside: Droneteam, scene: Path, surveyed: Surveyed
) -> None:
    result = inside("measure", scene, "--marks", surveyed.marks, *FIGURES)
    assert result.returncode == 0, result.stderr
    body = json.loads((scene / "measurement.json").read_text())
    length = body["figures"][0]
    assert f"A-B   │ {length['value']:.2f} ±" in result.stdout
    assert "m²" in result.stdout
    assert "heights: above the ellipsoid" in result.stdout
    assert all(f"│ {letter} " in result.stdout for letter in LETTERS)
    assert body["verdict"] in result.stderr


def test_what_is_marked_once_is_found_in_other_photos_unless_that_is_not_wanted(
    inside: Droneteam, scene: Path, surveyed: Surveyed
) -> None:
    found = measured(inside, scene, surveyed, "--distance", "I-B")
    alone = measured(inside, scene, surveyed, "--distance", "I-B", "--no-matching")
    photos = [len(body["marks"][-1]["photos"]) for body in (found, alone)]
    assert photos[0] >= 3
    assert photos[1] == 1
    mark = found["marks"][-1]
    missed = {each["photo"]: each["reason"] for each in mark["not_found_again"]}
    assert missed
    assert missed.keys().isdisjoint(each["photo"] for each in mark["photos"])
    assert alone["marks"][-1]["not_found_again"] == []
    says = inside("measure", scene, "--marks", surveyed.marks, "--distance", "I-B").stderr
    assert "I was not found again in" in says
    assert all(reason in " ".join(says.split()) for reason in missed.values())
    true = surveyed.distance_m("I", "B")
    for body in (found, alone):
        figure = body["figures"][0]
        assert abs(figure["value"] - true) < figure["half_width_95"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--distance", "A-Z"), ("no mark Z", "The marks are A, B")),
        (("--distance", "A-A"), ("twice",)),
        (("--distance", "A"), ("takes 2 marks, not 1",)),
        (("--distance", "A-B-C"), ("takes 2 marks, not 3",)),
        (("--area", "A-B"), ("takes 3 marks or more",)),
        (("--area", "A-D-C-B"), ("crosses itself",)),
        (("--path", ""), ("no mark",)),
        (("--marks", "nowhere.json"), ("nowhere.json", "Check the path")),
        (("--marks", "scene/scene.json"), ("no droneteam-marks",)),
        (("-o", "scene/scene.json"), ("something else is there", "Choose another name")),
        (("-o", "scene/orthomosaic.tif"), ("something else is there",)),
        (("-o", "scene/scene.json/x.json"), ("cannot be written",)),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_nothing_is_written(
    inside: Droneteam, scene: Path, surveyed: Surveyed, given: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in scene.rglob("*")}
    result = inside("measure", "scene", "--marks", surveyed.marks, *given)
    refused(result, *words)
    assert {path: path.stat().st_mtime_ns for path in scene.rglob("*")} == before


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ({"photo": "DT_0099.JPG"}, ("DT_0099.JPG", "no pose")),
        ({"x_px": math.nan}, ("x_px 'nan' is no number",)),
        ({"x_px": -1e9}, ("lies in no picture",)),
        ({"sigma_px": 0}, ("sigma_px 0",)),
        ({"sigma_px": "0.5"}, ("sigma_px",)),
        (None, ("is marked nowhere",)),
    ],
)
def test_marks_that_cannot_be_are_refused(
    inside: Droneteam, scene: Path, mark: dict[str, object] | None, words: tuple[str, ...]
) -> None:
    good = {"photo": "DT_0005.JPG", "x_px": 320.0, "y_px": 240.0, "sigma_px": 0.5}
    write_points(Path("bad.json"), [{"name": "A", "marks": [] if mark is None else [{**good, **mark}]}])
    refused(inside("measure", scene, "--marks", "bad.json"), *words)
    assert not (scene / "measurement.json").exists()


def test_no_marks_and_no_scene_are_refused(inside: Droneteam, scene: Path, tmp_path: Path) -> None:
    refused(inside("measure", scene), "measure.json")
    write_points(scene / "measure.json", [])
    refused(inside("measure", scene), "there are no marks", "Mark points in the photos first")
    refused(inside("measure", tmp_path), "the report of a scene cannot be read")
    (scene / "stages" / "adjustment.npz").write_bytes(b"changed")
    refused(inside("measure", scene), "changed since the scene was made")


def test_a_measurement_enters_the_operation_and_is_not_written_over(
    inside: Droneteam, scene: Path, surveyed: Surveyed, tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "op", "Aanrijding", "crash-scene")
    kept = tmp_path / "op" / "scenes" / "N44"
    scene.rename(kept)
    measured(inside, kept, surveyed, "--distance", "A-B", "--operation", "op")
    entered = operation.files("measurement")
    assert [file.path for file in entered] == ["scenes/N44/measurement.json"]
    acts = [act["details"] for act in operation.store.acts("scene.measured")]
    assert acts == [{"scene": "N44", "marks": len(LETTERS), "figures": 1}]
    again = inside("measure", kept, "--marks", surveyed.marks, "--operation", "op")
    refused(again, "entered the operation", "Choose another name")
    assert hashlib.sha256((kept / "measurement.json").read_bytes()).hexdigest() == entered[0].sha256
