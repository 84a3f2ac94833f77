"""What a scene lacks stands on its sheet: checks one by one, what was set aside, photos left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ezdxf
import numpy as np
import pytest

from imaging.checks import Check
from imaging.sheet.content import SheetContent, SheetOptions
from imaging.sheet.dxf import write_dxf
from imaging.sheet.sheet import write_sheet
from imaging.sheet.shortcomings import MOST_LISTED, Shortcomings, reason_in_dutch, shortcomings_of
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.rdnap import Frame, open_rdnap
from tests.imaging.sheet_scene import content, distance, mark, painted_picture, texts

MARKS = (mark("A", 0, 0), mark("B", 12, 5))
POINT = Check("C7", (0.0084, -0.0031, -0.0262), (0.004, 0.005, 0.0101), agrees=True)
DISTANCE = Check("kerb-lamp", (-0.0471,), (0.009,), agrees=False)
SET_ASIDE = (("C4, DT_0003.JPG", "the mark lies where C5 is seen: names swapped?"),)
LEFT_OUT = tuple((f"DT_{number:04}.JPG", "it fits no other photo") for number in range(25))
LACKING = Shortcomings(checks=(POINT, DISTANCE), set_aside=SET_ASIDE, left_out=LEFT_OUT, parts=2)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> SheetContent:
    frame = LocalFrame(GeoPoint(52.17, 4.44))
    picture = painted_picture(tmp_path_factory.mktemp("lacking") / "o.tif", frame, 30, 0.1, {})
    return content(picture, frame, MARKS, (distance(*MARKS),), lacking=LACKING)


def printed(path: Path, scene: SheetContent, language: str = "en") -> str:
    sheet = write_sheet(path, scene, SheetOptions(language=language))
    return "".join(text.words for text in texts(sheet.path)).replace(" ", "")


def test_every_check_stands_with_its_difference_and_what_was_to_be_expected(
    scene: SheetContent, tmp_path: Path
) -> None:
    text = printed(tmp_path / "s.pdf", scene)
    for words in (
        "C7", "E +0.008; N -0.003; up -0.026", "± 0.008; 0.010; 0.020",
        "kerb-lamp", "length -0.047", "± 0.018", "disagrees: too far to be chance",
    ):  # fmt: skip
        assert words.replace(" ", "") in text
    # Of a distance alone there is no RMSE of points: its own difference is what there is to say.
    one = replace(scene, lacking=replace(LACKING, checks=(DISTANCE,)))
    assert "TheirRMSE" not in printed(tmp_path / "one.pdf", one)


def test_photos_left_out_are_named_up_to_a_bound_and_then_counted(
    scene: SheetContent, tmp_path: Path
) -> None:
    text = printed(tmp_path / "s.pdf", scene)
    assert "namesswapped?" in text
    assert LEFT_OUT[MOST_LISTED - 1][0] in text
    assert LEFT_OUT[MOST_LISTED][0] not in text
    assert f"and{len(LEFT_OUT) - MOST_LISTED}more,inscene.json" in text
    assert "2partsthatsharenoground" in text


def test_what_looked_doubtful_about_control_stands_among_the_remarks(
    scene: SheetContent, tmp_path: Path
) -> None:
    report = {
        "accuracy": {"checks": [], "blunders": []},
        "left_out": [],
        "control_doubts": [
            "C8 is marked in 'gone.jpg', which is not among the photos",
            *(f"P{number} is marked in one photo" for number in range(MOST_LISTED)),
        ],
    }
    text = printed(tmp_path / "s.pdf", replace(scene, lacking=shortcomings_of(report)))
    assert "C8ismarkedin'gone.jpg'" in text
    assert f"P{MOST_LISTED - 2}ismarkedinonephoto" in text
    assert f"P{MOST_LISTED - 1}ismarkedinonephoto" not in text
    assert "and1more,inscene.json" in text


def test_a_dutch_sheet_says_it_in_dutch(scene: SheetContent, tmp_path: Path) -> None:
    text = printed(tmp_path / "s.pdf", scene, "nl")
    for words in (
        "O +0,008; N -0,003; hoogte -0,026", "wijkt af", "past aan geen andere foto", "namen verwisseld?",
        "en nog 5, in scene.json", "2 delen die geen grond delen",
    ):  # fmt: skip
        assert words.replace(" ", "") in text
    assert "fits no other" not in text
    assert reason_in_dutch("because the chief said so") == "because the chief said so"


def test_nothing_is_printed_where_nothing_lacks(scene: SheetContent, tmp_path: Path) -> None:
    text = printed(tmp_path / "s.pdf", replace(scene, lacking=Shortcomings()))
    for words in ("Set aside", "Photos left out", "Scene less survey", "share no ground"):
        assert words.replace(" ", "") not in text


def test_a_report_from_before_there_were_parts_has_one() -> None:
    blunder = {"name": "C4", "photo": "", "reason": "far"}
    accuracy = {"checks": [], "blunders": [blunder, {**blunder, "photo": "a.jpg"}]}
    found = shortcomings_of({"accuracy": accuracy, "left_out": [{"name": "b.jpg", "reason": "dark"}]})
    assert found == Shortcomings(
        set_aside=(("C4", "far"), ("C4, a.jpg", "far")), left_out=(("b.jpg", "dark"),)
    )


def test_a_drawing_in_rd_has_its_marks_where_rdnaptrans_puts_them(
    scene: SheetContent, tmp_path: Path, shared: Callable[[str], Path]
) -> None:
    grids = shared("grids/nl_nsgi_rdtrans2018.tif").parent
    options = SheetOptions(grid="rd", grids=grids)
    with pytest.raises(SettingsError, match="ETRS89 or in WGS 84"):
        write_dxf(tmp_path / "s.dxf", scene, options=options)
    write_dxf(tmp_path / "s.dxf", replace(scene, reference=Frame.ETRS89), options=options)
    space = ezdxf.readfile(tmp_path / "s.dxf").modelspace()
    points = np.array([list(point.dxf.location) for point in space.query("POINT[layer=='MARKS']")])
    lonlat = scene.frame.geo_from_local([item.local_m[:2] for item in MARKS])
    geo = np.column_stack([lonlat[:, 1], lonlat[:, 0], np.full(len(lonlat), np.nan)])
    rd = open_rdnap(grids).rdnap_from_geo(geo, frame=Frame.ETRS89)[:, :2]
    assert points[:, :2] == pytest.approx(rd, abs=1e-4)
    notes = " ".join(text.dxf.text for text in space.query("TEXT[layer=='NOTES']"))
    assert "EPSG:28992" in notes
    factor = float(notes.split("on the ground is ")[1].split()[0])
    apart_m = np.linalg.norm(rd[1] - rd[0]) / np.linalg.norm(MARKS[1].local_m[:2] - MARKS[0].local_m[:2])
    assert factor == pytest.approx(apart_m, abs=2e-5)
