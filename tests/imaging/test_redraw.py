"""A scene drawn anew: broken off it goes on, and nothing else is drawn over."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from imaging.control.gathering import ControlFiles, doubts_of_before, keep_control
from imaging.control.points import Mark, Role, SurveyedPoint
from imaging.control.scene import SceneControl
from imaging.mosaic import MosaicOptions, mosaic
from imaging.redraw import control_now, options_of, redraw
from imaging.scene import Scene
from missions.errors import DroneteamError, FormatError, InputError, OutputError, PhotoError
from tests.imaging.conftest import Heard, Rendered

QUICK = MosaicOptions(quick=True, threads=1)


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def old(rendered: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quick scene without control."""
    scene = tmp_path_factory.mktemp("old") / "accident"
    mosaic(rendered.folder, scene, options=QUICK)
    return scene


def control(old: Path) -> SceneControl:
    """A surveyed point that one photo shows, so that it changes nothing but what is kept."""
    report = json.loads((old / "scene.json").read_text())
    place = report["place"]["local_origin"]
    point = SurveyedPoint("P1", place["lat_deg"], place["lon_deg"], None, "unknown", 5.0, 5.0, Role.CHECK)
    mark = Mark(report["photos"][0]["path"], 100.0, 100.0, 0.5)
    return SceneControl(points=(point,), marks={"P1": (mark,)})


def test_a_drawing_that_was_broken_off_goes_on_in_its_folder_and_no_other_takes_its_place(
    old: Path, tmp_path: Path
) -> None:
    before, new = hashes(old), tmp_path / "new"

    def stop(stage: str) -> None:
        if stage.startswith("orthomosaic"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redraw(old, new, known=control(old), progress=Heard(stop))
    assert not (new / "scene.json").exists()
    heard = Heard()
    report = redraw(old, new, known=control(old), progress=heard)
    assert "alignment: kept from before" in heard.stages
    assert report.body["again"] == {"scene": "accident", "report_sha256": before["scene.json"]}
    assert report.body["options"] == json.loads((old / "scene.json").read_text())["options"]
    assert control_now(Scene(new)) == control(old)
    assert hashes(old) == before
    drawn = hashes(new)
    with pytest.raises(OutputError, match="something is there already"):
        redraw(old, new)
    with pytest.raises(OutputError, match="something is there already"):
        redraw(new, old)
    assert hashes(new) == drawn
    # What is drawn anew can be drawn anew itself, with what it was made with.
    assert redraw(new, tmp_path / "third").body["again"]["scene"] == "new"


def test_what_only_the_first_files_showed_is_as_doubtful_in_the_scene_drawn_anew(
    old: Path, tmp_path: Path
) -> None:
    made, new = Path(shutil.copytree(old, tmp_path / "made")), tmp_path / "new"
    of_files = {"points": ("nothing told how well they were surveyed",), "bars": ("nor the tape",)}
    known = control(old)
    keep_control(
        known, Scene(made), {}, (), ("P1 is marked in 1 photo", *sum(of_files.values(), ())), of_files
    )
    doubts = redraw(made, new).body["control_doubts"]
    assert doubts[:2] == ["nothing told how well they were surveyed", "nor the tape"]
    assert [each for each in doubts[2:] if not each.startswith("P1 is marked in 1 photo:")] == []
    assert len(doubts) == 3
    assert doubts_of_before(Scene(new), ControlFiles()) == of_files
    assert doubts_of_before(Scene(new), ControlFiles(points=Path("new.csv"))) == {"bars": of_files["bars"]}


def test_photos_that_are_gone_or_changed_and_broken_records_are_refused(
    old: Path, rendered: Rendered, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(rendered.folder, tmp_path / "moved"))
    name = next(path.name for path in sorted(moved.iterdir()) if path.suffix == ".JPG")

    def refused(error: type[DroneteamError], words: str, scene: Path = old) -> None:
        with pytest.raises(error, match=words):
            redraw(scene, tmp_path / f"new {words[:9]}", locate=lambda each: moved / each)

    with (moved / name).open("ab") as file:
        file.write(b"more")
    refused(FormatError, "changed since the scene was made")
    (moved / name).unlink()
    refused(PhotoError, "a photo of the scene cannot be read")
    refused(InputError, "report of a scene", tmp_path / "nowhere")
    broken = Path(shutil.copytree(old, tmp_path / "broken"))
    body = json.loads((broken / "scene.json").read_text())
    (broken / "scene.json").write_text(json.dumps({**body, "options": {"speed": "warp"}}))
    with pytest.raises(FormatError, match="no options that can be used"):
        options_of(broken)
    (broken / "scene.json").write_text(json.dumps(body))
    (broken / "marks.json").write_text("{")
    refused(InputError, "marks.json", broken)
    (broken / "stages" / "photos.json").unlink()
    refused(FormatError, "record of the photos is broken", broken)
