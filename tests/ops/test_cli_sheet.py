"""`droneteam sheet`: the drawing of a scene that was made, measured and judged by the commands themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ezdxf
import pypdfium2
import pytest

from imaging.sheet.numbers import stated
from ops.operations import Operation
from tests.imaging.sheet_scene import texts
from tests.ops.commanded import Droneteam, done, refused
from tests.ops.surveyed import LETTERS, Surveyed


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def printed(path: Path) -> str:
    """Every text of a PDF without blanks: long ones stand on several lines."""
    return "".join(text.words for text in texts(path)).replace(" ", "")


def test_from_a_measurement_to_a_sheet_in_the_operation_and_its_bundle(
    inside: Droneteam, scene: Path, measurement: Path, tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "op", "Aanrijding N44", "crash-scene")
    skid = (
        "--length",
        "A-B",
        "--friction",
        "0.68..0.76: three skid tests",
        "-m",
        "scene",
        "-o",
        "speed.json",
    )
    done(inside("tyre-marks", "skid", *skid))
    words = (
        "--case",
        "PL1500-2026-014231",
        "--place",
        "N44",
        "--by",
        "H. Jansen",
        "--field",
        "Weather=dry = no rain",
    )
    files = ("-o", "s.pdf", "--dxf", "s.dxf", "--geojson", "s.geojson", "--tyre-marks", "speed.json")
    told = json.loads(done(inside("sheet", "scene", *files, *words, "--operation", "op", "--json")))
    assert told["sha256"] == sha256(tmp_path / "s.pdf")
    assert (told["path"], told["dxf"], told["geojson"]) == ("s.pdf", "s.dxf", "s.geojson")
    assert (told["paper"], told["marks"], told["figures"], told["outside"]) == ("A3", len(LETTERS), 7, [])
    assert told["scale"] in {100, 200, 250}
    assert told["evidence"]

    text = printed(tmp_path / "s.pdf")
    body, speed = (json.loads(path.read_text()) for path in (measurement, tmp_path / "speed.json"))
    for figure in body["figures"]:
        value = stated(figure["value"], figure["half_width_95"], figure["unit"]).words(figure["unit"])
        assert value.replace(" ", "") in text
    for line in (
        body["verdict"], speed["words"], *speed["inputs"], *speed["assumptions"], "PL1500-2026-014231",
        "H. Jansen", "dry = no rain",
    ):  # fmt: skip
        assert line.replace(" ", "") in text
    for path in (measurement, tmp_path / "speed.json", scene / "scene.json", scene / "orthomosaic.tif"):
        assert sha256(path) in text

    points = ezdxf.readfile(tmp_path / "s.dxf").modelspace().query('POINT[layer=="MARKS"]')
    assert len(points) == len(LETTERS)
    features = json.loads((tmp_path / "s.geojson").read_text())["features"]
    assert len(features) == len(LETTERS) + 7

    entered = {file.path: file.sha256 for file in operation.files()}
    assert entered["sheets/s.pdf"] == told["sha256"]
    assert {"sheets/s.dxf", "sheets/s.geojson", "measurements/speed.json"} <= entered.keys()
    assert entered["measurements/measurement.json"] == sha256(measurement)
    made = next(act for act in operation.store.acts("sheet.made"))["details"]
    assert (made["sha256"], made["verdict"]) == (told["sha256"], body["verdict"])
    done(inside("keys", "new", "key.pem"))
    done(inside("bundle", "op", "-o", "bag", "--key", "key.pem"))
    done(inside("verify", "bag", "--key", "key.pub.pem"))
    assert sha256(tmp_path / "bag" / "data" / "sheets" / "s.pdf") == told["sha256"]


def test_what_was_surveyed_enters_the_operation_with_the_scene(surveyed: Surveyed) -> None:
    operation = Operation.open(surveyed.folder / "operation")
    assert [file.path for file in operation.files("control")] == ["control/points.csv", "control/marks.json"]
    assert len(operation.files("photo")) == 12
    assert {file.sha256 for file in operation.files("scene")} >= {sha256(surveyed.scene / "scene.json")}


def test_a_table_says_what_was_drawn_and_what_it_is_worth(
    inside: Droneteam, scene: Path, measurement: Path
) -> None:
    result = inside("sheet", scene, "--paper", "a4", "--area=-20,-8,24,8", "--scale", "250")
    assert "1:250 on A4, landscape" in done(result)
    assert sha256(scene / "sheet.pdf") in result.stdout
    assert json.loads(measurement.read_text())["verdict"] in " ".join(result.stdout.replace("│", " ").split())
    with pypdfium2.PdfDocument(scene / "sheet.pdf") as document:
        assert [round(side * 25.4 / 72) for side in document[0].get_size()] == [297, 210]


def test_the_dutch_grid_is_drawn_where_its_grids_are(
    inside: Droneteam, scene: Path, measurement: Path, shared: Callable[[str], Path]
) -> None:
    grids = str(shared("grids/nl_nsgi_rdtrans2018.tif").parent)
    done(inside("sheet", scene, "--grid", "rd", "--reference", "etrs89", DRONETEAM_GRIDS=grids))
    text = printed(scene / "sheet.pdf")
    assert "RDx(m)" in text
    assert "RDNAPTRANS2018" in text


def test_marks_beside_the_area_are_named(inside: Droneteam, scene: Path, measurement: Path) -> None:
    told = json.loads(done(inside("sheet", scene, "--area", "-3,-3,6,3", "--json")))
    assert "A" in told["outside"]
    assert "B" not in told["outside"]
    assert "Outside" in done(inside("sheet", scene, "--area", "-3,-3,6,3"))


def test_without_a_measurement_the_whole_picture_is_drawn_and_that_is_said(
    inside: Droneteam, scene: Path
) -> None:
    result = inside("sheet", scene, "--json")
    told = json.loads(done(result))
    assert (told["marks"], told["figures"]) == (0, 0)
    assert "`droneteam measure` makes them" in result.stderr
    assert sha256(scene / "scene.json") in printed(scene / "sheet.pdf")


def test_the_sheet_speaks_dutch(inside: Droneteam, scene: Path, measurement: Path) -> None:
    done(
        inside("tyre-marks", "skid", "--length", "A-B", "--friction", "0.6..0.8", "-m", scene, "-o", "v.json")
    )
    done(inside("sheet", scene, "--language", "nl", "--tyre-marks", "v.json"))
    text = printed(scene / "sheet.pdf")
    for words in ("Situatietekening", "gecontroleerd: 4 onafhankelijke controles", "km/u", "Aangenomen:"):
        assert words.replace(" ", "") in text
    assert "Assumed" not in text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--paper", "A4", "--scale", "100"), ("do not fit on A4 at 1:100", "It fits at")),
        (("--paper", "A9"), ("paper 'A9' is not known", "A4, A3, A2, A1")),
        (("--scale", "123"), ("scale 123 is not known", "100, 200")),
        (("--scale", "-100"), ("scale -100 is not known",)),
        (("--scale", "nan"), ("--scale",)),
        (("--orientation", "up"), ("orientation 'up'",)),
        (("--language", "fr"), ("language 'fr'", "en, nl")),
        (("--grid", "xyz"), ("grid 'xyz'", "utm, rd")),
        (("--grid", "rd"), ("ETRS89 or in WGS 84",)),
        (("--grid", "rd", "--reference", "nad27"), ("'nad27'", "etrs89 or wgs84")),
        (("--reference", "etrs89"), ("says nothing here", "--grid rd")),
        (("--epoch", "2026.9"), ("--epoch", "--reference wgs84")),
        (("--grid", "rd", "--reference", "wgs84", "--epoch", "nan"), ("--epoch",)),
        (("--area", "1,2,3"), ("'1,2,3' is no area", "west,south,east,north")),
        (("--area", "5,0,-5,10"), ("is no area",)),
        (("--area", "nan,0,5,10"), ("is no area",)),
        (("--area", "900,900,920,920"), ("nothing of the picture lies in the area", "It reaches from")),
        (("--field", "Weather"), ("--field", "NAME=TEXT")),
        (("--case", "x" * 3000), ("too long for a sheet",)),
        (("-o", "scene/scene.json"), ("does not end in .pdf",)),
        (("--dxf", "s.pdf"), ("does not end in .dxf",)),
        (("--geojson", "scene/measurement.json"), ("does not end in .geojson",)),
        (("--dxf", "scene/scene.json/s.dxf"), ("cannot be written",)),
        (("--geojson", "scene/scene.json/s.geojson"), ("cannot be written",)),
        (("nowhere.json",), ("nowhere.json", "Check the path")),
        (("scene/scene.json",), ("no droneteam-measurement", "droneteam measure")),
        (("--tyre-marks", "nowhere.json"), ("nowhere.json", "Check the path")),
        (("--tyre-marks", "scene/scene.json"), ("no droneteam-speed", "droneteam tyre-marks")),
        (("--operation", "nowhere"), ("no operation is here",)),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_nothing_is_written(
    inside: Droneteam, scene: Path, measurement: Path, given: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in scene.parent.rglob("*")}
    outputs = () if "-o" in given else ("-o", "s.pdf")
    result = inside("sheet", "scene", *given, *outputs)
    refused(result, *words)
    assert {path: path.stat().st_mtime_ns for path in scene.parent.rglob("*")} == before


def changed(path: Path, into: Path, **more: Any) -> Path:
    into.write_text(json.dumps({**json.loads(path.read_text()), **more}))
    return into


def test_a_measurement_of_another_scene_is_refused(
    inside: Droneteam, scene: Path, measurement: Path, tmp_path: Path
) -> None:
    report = scene / "scene.json"
    whole = report.read_bytes()
    changed(report, report, created="2026-01-01T00:00:00+00:00")
    refused(inside("sheet", scene), "another scene", f"Measure again with `droneteam measure {scene}`")
    report.write_bytes(whole)
    done(inside("sheet", scene))
    for more in ({"scene": None}, {"scene": {}}):
        other = changed(measurement, tmp_path / "m.json", **more)
        refused(inside("sheet", scene, other, "-o", "o.pdf"), "another scene")
    assert not (tmp_path / "o.pdf").exists()


def test_a_verdict_that_was_touched_up_is_refused(
    inside: Droneteam, scene: Path, measurement: Path, tmp_path: Path
) -> None:
    for more in ({"verdict": "checked: 9 independent checks"}, {"evidence": False}):
        other = changed(measurement, tmp_path / "m.json", **more)
        refused(
            inside("sheet", scene, other), "another adjustment than the picture, or its verdict was changed"
        )


@pytest.mark.parametrize(
    "figure",
    [
        {"value": float("nan")},
        {"half_width_95": -1.0},
        {"kind": "speed"},
        {"letters": ["A", "Q"]},
        {"unit": "km"},
    ],
)
def test_a_figure_that_cannot_be_is_not_printed(
    inside: Droneteam, scene: Path, measurement: Path, tmp_path: Path, figure: dict[str, object]
) -> None:
    first = json.loads(measurement.read_text())["figures"][0]
    other = changed(measurement, tmp_path / "m.json", figures=[{**first, **figure}])
    refused(inside("sheet", scene, other))
    assert not (scene / "sheet.pdf").exists()


def test_a_speed_from_another_measurement_is_refused(
    inside: Droneteam, scene: Path, measurement: Path, surveyed: Surveyed, tmp_path: Path
) -> None:
    skid = ("tyre-marks", "skid", "--friction", "0.6..0.8", "-o", "v.json")
    done(inside(*skid, "--length", "A-B", "-m", scene))
    done(inside("measure", scene, "--marks", surveyed.marks, "--distance", "C-D"))
    refused(inside("sheet", scene, "--tyre-marks", "v.json"), "another measurement", "--measurement")
    done(inside(*skid, "--length", "A-B", "-m", scene))
    source = json.loads((tmp_path / "v.json").read_text())["measurement"]
    changed(
        tmp_path / "v.json", tmp_path / "w.json", measurement={**source, "verdict": "checked by the chief"}
    )
    refused(inside("sheet", scene, "--tyre-marks", "w.json"), "or its verdict was changed")
    changed(tmp_path / "v.json", tmp_path / "w.json", high_m_s=float("inf"))
    refused(inside("sheet", scene, "--tyre-marks", "w.json"), "no bounds of a speed")
    done(inside(*skid, "--length", "15+-0.1"))
    done(inside("sheet", scene, "--tyre-marks", "v.json"))
    assert "allweregivenbyhand" in printed(scene / "sheet.pdf")


def test_a_picture_that_was_changed_is_refused(inside: Droneteam, scene: Path, measurement: Path) -> None:
    with (scene / "orthomosaic.tif").open("ab") as file:
        file.write(b"more")
    refused(inside("sheet", scene), "SHA-256 differs")
    assert not (scene / "sheet.pdf").exists()


def test_what_entered_an_operation_is_not_written_over(
    inside: Droneteam, scene: Path, measurement: Path, tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "op", "Aanrijding", "crash-scene")
    first = json.loads(done(inside("sheet", scene, "--operation", "op", "--json")))
    assert first["path"] == "op/sheets/scene.pdf"
    again = inside("sheet", scene, "--operation", "op", "-o", "op/sheets/scene.pdf")
    refused(again, "entered the operation", "Choose another name")
    second = json.loads(done(inside("sheet", scene, "--operation", "op", "--json")))
    assert second["path"] == "op/sheets/scene-2.pdf"
    assert sha256(tmp_path / first["path"]) == first["sha256"]
    assert [file.path for file in operation.files("sheet")] == ["sheets/scene.pdf", "sheets/scene-2.pdf"]
