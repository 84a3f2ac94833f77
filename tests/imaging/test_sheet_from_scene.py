"""The sheet of a scene that was made of photos says what the scene's report says."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imaging.measure.figures import Measurement
from imaging.measure.opened import open_made
from imaging.sheet.content import Case
from imaging.sheet.from_scene import sheet_content
from imaging.sheet.sheet import write_sheet
from imaging.sheet.words import Words
from missions.errors import FormatError
from tests.imaging.conftest import Made
from tests.imaging.sheet_scene import distance, mark, texts

NOW = datetime(2026, 9, 15, 9, 30, tzinfo=UTC)


def test_a_scene_becomes_a_sheet_with_its_figures_hashes_and_verdict(made: Made, tmp_path: Path) -> None:
    opened = open_made(made.scene)
    marks = (mark("A", -4, -3), mark("B", 5, 2))
    measured = Measurement(marks, (distance(*marks),), opened.evidence, opened.verdict)
    sheet = write_sheet(tmp_path / "s.pdf", sheet_content(opened, measured, Case(number="7"), NOW))
    written = [text.words for text in texts(sheet.path)]
    whole = "".join(written).replace(" ", "")
    report = json.loads((made.scene / "scene.json").read_text())
    assert f"{len(made.report.used)} / {len(made.report.left_out)}" in written
    assert f"{made.report.accuracy.reprojection_mean_px:.2f} px" in written
    assert opened.verdict in written
    for name in ("scene.json", "orthomosaic.tif"):
        assert hashlib.sha256((made.scene / name).read_bytes()).hexdigest() in whole
    for photo in report["photos"]:
        assert photo["sha256"] in whole
    assert report["software"]["pycolmap"] in written


def test_a_report_that_lacks_something_is_no_sheet(made: Made) -> None:
    opened = open_made(made.scene)
    del opened.report["accuracy"]["scale_95_pct"]
    with pytest.raises(FormatError, match="scale_95_pct"):
        sheet_content(opened, Measurement((), (), False, "not for evidence"), Case(), NOW)


def test_every_verdict_of_a_scene_is_said_in_dutch() -> None:
    from imaging.accuracy import verdict_of
    from imaging.checks import Check

    good, bad = Check("K1", (0.01,), (0.01,), True), Check("K2", (0.2,), (0.01,), False)
    for points, checks in ((0, ()), (4, ()), (4, (good,)), (4, (good, good)), (4, (good, bad))):
        _, verdict = verdict_of(points, 0, checks)
        dutch = Words("nl").verdict(verdict)
        assert dutch != verdict
        assert Words("en").verdict(verdict) == verdict
        assert ("niet als bewijs" in dutch) == ("not for evidence" in verdict)
    assert Words("nl").verdict("of another maker") == "of another maker"
