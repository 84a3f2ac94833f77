"""Marks from files moved to the centres of their targets: the click is kept, and no mark stays untold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.control.centred import MODEL_PX, NotCentred, centred_control, centring_report
from imaging.control.centring import NO_TARGET
from imaging.control.gathering import control_from_json, json_from_control, keep_control, kept_control
from imaging.control.gcp_list import read_gcp_list
from imaging.control.marks import read_marks, write_marks
from imaging.control.points import Click, Mark, MarkedPoint
from imaging.control.scene import SceneControl
from imaging.photos import Pixels, decode
from imaging.progress import silent
from imaging.scene import open_scene
from missions.errors import FormatError
from tests.imaging.targets import MIDDLE_PX, asphalt, taken, target

OFF_PX = np.array([0.7, -0.5])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos that show a target and one that does not, and OpenDroneMap's list of marks in them."""
    random = np.random.default_rng(1)
    lines = ["EPSG:32631"]
    for name in ("a.png", "b.png"):
        seen = target("quarters", 18, random)
        Image.fromarray(seen.picture).save(tmp_path / name)
        x, y = seen.centre_px + OFF_PX - 0.5
        lines.append(f"591912.3 5763021.0 44.5 {x} {y} {name} P1")
    Image.fromarray(taken(asphalt(random), random)).save(tmp_path / "c.png")
    lines.append(f"591912.3 5763021.0 44.5 {MIDDLE_PX} {MIDDLE_PX} c.png P1")
    (tmp_path / "gcp_list.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_file_marks_are_centred_keep_their_click_and_those_that_stay_are_named(folder: Path) -> None:
    asked: list[str] = []

    def picture(name: str) -> Pixels:
        asked.append(name)
        return decode(folder / name)

    _, _, marked = read_gcp_list(folder / "gcp_list.txt")
    clicked = SceneControl(marks={point.name: point.marks for point in marked})
    control, stay = centred_control(clicked, picture, silent)
    assert asked == ["a.png", "b.png", "c.png"]
    assert stay == (NotCentred("P1", "c.png", NO_TARGET),)
    for before, after in zip(clicked.marks["P1"][:2], control.marks["P1"][:2], strict=True):
        assert after.click == Click(before.x_px, before.y_px, before.sigma_px)
        assert MODEL_PX < after.sigma_px < 0.2 < before.sigma_px
        moved = np.array([before.x_px - after.x_px, before.y_px - after.y_px])
        np.testing.assert_allclose(moved, OFF_PX, atol=0.1)
    assert control.marks["P1"][2] == clicked.marks["P1"][2]
    assert control.key != clicked.key
    asked.clear()
    assert centred_control(control, picture, silent) == (control, stay)
    assert asked == ["c.png"]


def test_the_report_counts_what_moved_and_how_far_and_names_what_stays(folder: Path) -> None:
    _, _, marked = read_gcp_list(folder / "gcp_list.txt")
    clicked = SceneControl(marks={point.name: point.marks for point in marked})
    control, stay = centred_control(clicked, lambda name: decode(folder / name), silent)
    scene = open_scene(folder / "scene")
    keep_control(control, scene, not_centred=stay)
    assert kept_control(scene) == control
    report = centring_report(kept_control(scene).marks, (scene.read("control") or {})["not_centred"])
    assert (report["marks"], report["centred"]) == (3, 2)
    assert report["shift_max_px"] == pytest.approx(np.hypot(*OFF_PX), abs=0.1)
    assert [(each["point"], each["photo"]) for each in report["moved"]] == [("P1", "a.png"), ("P1", "b.png")]
    assert report["not_centred"] == [{"point": "P1", "photo": "c.png", "reason": NO_TARGET}]
    assert centring_report(clicked.marks, [])["shift_max_px"] is None


def test_the_click_is_kept_in_files_and_records_and_marks_without_one_are_written_as_before(
    tmp_path: Path,
) -> None:
    moved = Mark("a.jpg", 10.25, 20.5, 0.04, "Ann", "", Click(11.0, 20.0, 0.5))
    plain = Mark("b.jpg", 30.0, 40.0, 0.5)
    write_marks(tmp_path / "marks.json", [MarkedPoint("P1", (moved, plain))])
    assert read_marks(tmp_path / "marks.json") == (MarkedPoint("P1", (moved, plain)),)
    assert (tmp_path / "marks.json").read_text().count('"click"') == 1
    control = SceneControl(marks={"P1": (moved, plain)})
    assert control_from_json(json_from_control(control)) == control


@pytest.mark.parametrize(
    "click",
    ['{"x_px": 1, "y_px": 2}', '{"x_px": 1, "y_px": 2, "sigma_px": 0}', '"there"', '{"x_px": 1, "z": 2}'],
)
def test_a_click_that_is_none_is_refused_by_name(tmp_path: Path, click: str) -> None:
    path = tmp_path / "marks.json"
    path.write_text(
        '{"format": "droneteam-marks", "version": 1, "points": [{"name": "P1", "marks": ['
        f'{{"photo": "a.jpg", "x_px": 1, "y_px": 2, "sigma_px": 0.5, "click": {click}}}]}}]}}'
    )
    with pytest.raises(FormatError, match="'P1', mark 1"):
        read_marks(path)
