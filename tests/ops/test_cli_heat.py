"""`droneteam heat`: what it checks before it begins, what it says, and what its finds were made by."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from imaging.thermal.learned import MODEL
from tests.imaging.searched_flights import recording
from tests.imaging.test_searched import FRAME
from tests.ops.commanded import Droneteam, refused
from tests.ops.test_cli_finds import warm_frame


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Three pictures of one warm spot of a person's size."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        warm_frame(folder / f"f{number}.jpg", 8 * number)
    return folder


ASKED = ("heat", "frames", "--camera", "demo-thermal")


@pytest.mark.parametrize(
    ("name", "holds"),
    [("area.geojson", '{"type": "FeatureCollection", "features": []}'), ("notes.txt", "by hand")],
)
def test_a_file_of_somebody_else_is_refused_before_a_frame_is_read(
    inside: Droneteam, frames: Path, tmp_path: Path, name: str, holds: str
) -> None:
    (tmp_path / name).write_text(holds)
    refused(inside(*ASKED, "-o", name), "something else is there already")
    assert (tmp_path / name).read_text() == holds


def test_pictures_of_somebody_else_are_not_replaced(inside: Droneteam, frames: Path, tmp_path: Path) -> None:
    (tmp_path / "f_thumbnails").mkdir()
    (tmp_path / "f_thumbnails" / "holiday.jpg").write_bytes(b"x")
    refused(inside(*ASKED, "-o", "f.geojson"), "holiday.jpg")


def test_a_folder_that_cannot_be_written_is_refused_before_a_frame_is_read(
    inside: Droneteam, frames: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    for option in ("-o", "--boxes"):
        refused(inside(*ASKED, option, "file/f.geojson"), "cannot be written")
    refused(inside(*ASKED, "-o", "frames"), "cannot be written")


def test_the_document_says_what_it_was_made_by(inside: Droneteam, frames: Path, tmp_path: Path) -> None:
    track = recording(tmp_path / "a.tlog", FRAME, [(0, 0), (100, 0)])
    result = inside(
        *ASKED, "--track", "a.tlog", "--clock-offset", "-3600", "-o", "f.geojson", "--ground", "2"
    )
    assert result.returncode == 0, result.stderr
    made = json.loads((tmp_path / "f.geojson").read_text())["made_by"]
    assert made["program"].startswith("droneteam ")
    assert made["detector"]["first"]["network_sha256"] == hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert made["detector"]["first"]["least_score"] == 0.25
    assert made["clock"]["offset_told_s"] == -3600
    assert made["ground"] == {"level_above_take_off_m": 2}
    assert made["track"] == {"file": "a.tlog", "sha256": hashlib.sha256(track.read_bytes()).hexdigest()}
    assert made["camera_named"] == "demo-thermal"


def test_the_table_says_what_each_may_be(inside: Droneteam, frames: Path) -> None:
    result = inside(*ASKED, "-o", "f.geojson", COLUMNS="160")
    assert result.returncode == 0, result.stderr
    assert "person?" in result.stdout


def test_ground_above_the_take_off_is_nearer(inside: Droneteam, frames: Path, tmp_path: Path) -> None:
    """Straight down from 60 m: on ground 20 m higher all is two thirds as large."""
    sizes = []
    for ground in ("0", "20"):
        done = inside(
            *ASKED, "-o", f"f{ground}.geojson", "--ground", ground, "--detector", "contrast", "--json"
        )
        (best, *_) = json.loads(done.stdout)["features"]
        sizes.append(best["properties"]["size_m"][0])
    assert sizes[1] == pytest.approx(sizes[0] * 40 / 60, rel=0.1)
    refused(inside(*ASKED, "-o", "g.geojson", "--ground", "nan"), "--ground")


def test_numbers_are_read_as_is_said(inside: Droneteam, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    (tmp_path / "deep").mkdir()
    Image.fromarray(np.full((120, 160), 29_500, np.uint16)).save(tmp_path / "deep" / "a.tif")
    for scale, noted in (("auto", True), ("counts", False), ("centikelvin", False)):
        done = inside("heat", "deep", "--boxes", "b.json", "--detector", "contrast", "--scale", scale)
        assert done.returncode == 0, done.stderr
        assert ("does not say what its numbers mean" in done.stderr) is noted


def test_frames_that_are_on_no_map_say_why_on_the_screen(
    inside: Droneteam, frames: Path, tmp_path: Path
) -> None:
    """Nought proposals of frames that all show a warm spot, and not a word why, would be a search in vain."""
    (tmp_path / "cut").mkdir()
    for each in frames.iterdir():
        picture = Image.open(each)
        picture.save(tmp_path / "cut" / each.name, quality=95)
    said = inside("heat", "cut", "--camera", "demo-thermal", "-o", "f.geojson").stderr
    assert "Not placed: 3 frames with" in said
    assert "the frame tells no position" in said
    assert "f0.jpg" in said


def test_reasons_that_differ_in_figures_alone_are_told_once(
    inside: Droneteam, frames: Path, tmp_path: Path
) -> None:
    recording(tmp_path / "a.tlog", FRAME, [(0, 0), (100, 0)])
    for number, each in enumerate(sorted(frames.iterdir())):
        picture = Image.open(each)
        exif = picture.getexif()
        exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = f"2026:09:21 20:0{number}:00"
        picture.save(each, exif=exif, quality=95)
    said = inside(*ASKED, "--track", "a.tlog", "-o", "f.geojson").stderr
    assert said.count("Not placed") == 1
    assert "Not placed: 3 frames" in said
    assert "after the track ends" in said


@pytest.mark.parametrize("offset", ["nan", "inf"])
def test_a_clock_offset_that_is_no_number_is_refused(inside: Droneteam, frames: Path, offset: str) -> None:
    refused(inside(*ASKED, "-o", "f.geojson", "--clock-offset", offset), "--clock-offset")
