"""What is booked as searched where nobody knows where the camera looked, and what clips and folders book."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.searched.viewpoints import NO_GIMBAL, Looking, Views, views_of_frames, views_of_recording
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.looks import looks_of
from missions.search.seen_ground import SeenGround
from tests.imaging.clips import m3t_subtitles, write_clip
from tests.imaging.marked_frames import CAMERA as CLIP_CAMERA
from tests.imaging.marked_frames import LOCAL, east_north_m
from tests.imaging.searched_flights import lanes, recording
from tests.imaging.test_gimbal_conventions import dji_photo
from tests.imaging.test_posing import TRACK
from tests.imaging.test_searched import CAMERA, FRAME, GRID, LEVEL

DOWN = {"GimbalYawDegree": 0.0, "GimbalPitchDegree": -90.0, "GimbalRollDegree": 0.0}
LOOKING = Looking(CLIP_CAMERA, kind="thermal-night")
SECONDS, SPEED_M_S = 8, 5.0
BEGAN = datetime(2026, 6, 1, 22, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lanes at 60 m whose recording has no word of a gimbal."""
    return recording(tmp_path_factory.mktemp("flight") / "a.tlog", FRAME, lanes(400, 50))


def seen_m2(made: Views) -> float:
    """Ground within half of the picture's rays, over all frames."""
    return sum(math.prod(view.camera.footprint_m(60.0)) for view in made.views)


def test_without_a_gimbals_word_less_is_booked_and_it_is_said(flight: Path) -> None:
    unknown = views_of_recording(flight, Looking(CAMERA), FRAME)
    down = views_of_recording(flight, Looking(CAMERA, straight_down=True), FRAME)
    fixed = views_of_recording(flight, Looking(CAMERA, mount="fixed"), FRAME)
    assert unknown.notes[NO_GIMBAL] == len(unknown.views) == len(down.views)
    assert not down.notes
    assert not fixed.notes
    assert seen_m2(unknown) < 0.5 * seen_m2(down)
    assert 0 < len(looks_of(unknown.views, GRID, LEVEL)) < 0.5 * len(looks_of(down.views, GRID, LEVEL))


def test_what_is_booked_was_in_view_however_the_camera_hung(flight: Path) -> None:
    """Ten degrees to any side, the corners of what is booked still lie in the picture."""
    whole = CAMERA
    narrow = views_of_recording(flight, Looking(CAMERA), FRAME).views[0].camera
    assert narrow.focal_length_px == pytest.approx(whole.focal_length_px)
    for side in ("image_width_px", "image_height_px"):
        half = math.degrees(math.atan(getattr(narrow, side) / 2 / narrow.focal_length_px))
        full = math.degrees(math.atan(getattr(whole, side) / 2 / whole.focal_length_px))
        assert half + 10 == pytest.approx(full, abs=0.1)


def test_a_camera_that_sees_no_more_than_it_may_be_askew_books_nothing(flight: Path) -> None:
    tele = dataclasses.replace(CAMERA, focal_length_mm=6 * CAMERA.focal_length_mm)
    made = views_of_recording(flight, Looking(tele), FRAME)
    assert made.views == []
    assert made.left_out
    assert all("no gimbal reported" in why for _, why in made.left_out)


def a_clip(folder: Path, blank: tuple[int, ...] = (), frozen: tuple[int, ...] = ()) -> Path:
    """Eight seconds over a meadow, northward, with DJI's subtitles and without any track."""
    rng = np.random.default_rng(1)
    height, width = CLIP_CAMERA.image_height_px, CLIP_CAMERA.image_width_px
    pictures = [rng.integers(90, 110, (height, width), dtype=np.uint8) for _ in range(SECONDS)]
    for number in blank:
        pictures[number] = np.full((height, width), 90, np.uint8)
    for number in frozen:
        pictures[number] = pictures[number - 1]
    rows = []
    for second in range(SECONDS):
        at = FRAME.point_from_local(0.0, SPEED_M_S * second)
        stamp = f"{BEGAN + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}.000"
        rows.append((float(second), stamp, at.lat_deg, at.lon_deg, 60.0, 105.0, (0.0, -90.0, 0.0)))
    (folder / "DJI_0001_T.SRT").write_text(m3t_subtitles(rows))
    return write_clip(
        folder / "DJI_0001_T.mp4", pictures, times_s=[float(second) for second in range(SECONDS)]
    )


def test_a_clip_with_djis_subtitles_is_booked_without_a_track(tmp_path: Path) -> None:
    made = views_of_frames(a_clip(tmp_path), None, LOOKING, FRAME)
    assert made.left_out == []
    assert [view.name for view in made.views] == [f"DJI_0001_T.mp4#{n:06d}" for n in range(SECONDS)]
    assert not made.notes[NO_GIMBAL]
    north = [float(view.eye_m[1]) for view in made.views]
    assert np.diff(north) == pytest.approx(SPEED_M_S, abs=0.3)
    assert all(view.eye_m[2] == pytest.approx(60.0) for view in made.views)
    folder = views_of_frames(tmp_path, None, LOOKING, FRAME)
    looks = looks_of(made.views, GRID, LEVEL)
    assert len(looks) > 100
    assert len(looks.joined(looks_of(folder.views, GRID, LEVEL))) == len(looks)


def test_of_a_clip_a_frame_counts_each_interval(tmp_path: Path) -> None:
    made = views_of_frames(a_clip(tmp_path), None, dataclasses.replace(LOOKING, interval_s=2.0), FRAME)
    assert [view.name[-1] for view in made.views] == ["0", "2", "4", "6"]


def test_a_frame_of_its_own_word_stands_on_the_ground_of_the_first(tmp_path: Path) -> None:
    """Its height over the ellipsoid, 62 m by the file, is not asked."""
    dji_photo(tmp_path / "a.jpg", FRAME.origin, DOWN, Image.linear_gradient("L").resize((640, 512)))
    ground = SeenGround.level(FRAME, 30.0)
    (view,) = views_of_frames(tmp_path, None, LOOKING, LocalFrame(GeoPoint(52.1, 5.2)), ground).views
    assert view.eye_m[2] == pytest.approx(90.0)


def test_a_clock_an_hour_off_books_the_ground_below_the_frames_and_says_so(tmp_path: Path) -> None:
    """By the track alone, ground 1,800 m away would have been booked."""
    at_s = TRACK.start_s + 4000
    place = TRACK.place(at_s)
    stamp = f"{datetime.fromtimestamp(at_s + 3600, UTC):%Y-%m-%dT%H:%M:%S}"
    picture = Image.linear_gradient("L").resize((640, 512))
    dji_photo(tmp_path / "a.jpg", place, DOWN, picture, {"UTCAtExposure": stamp})
    made = views_of_frames(tmp_path, TRACK, LOOKING, LOCAL)
    (view,) = made.views
    assert tuple(view.eye_m[:2]) == pytest.approx(east_north_m(place), abs=0.1)
    (note,) = made.notes
    assert "placed by their own word; with its clock moved by -1 h it would fit" in note


def test_a_picture_that_is_cut_short_is_left_out_by_name(tmp_path: Path) -> None:
    """Its head tells where it was taken; nobody can be seen in it."""
    grey = np.random.default_rng(1).integers(0, 255, (512, 640), np.uint8)
    for name in ("a.jpg", "b.jpg"):
        dji_photo(tmp_path / name, FRAME.origin, DOWN, Image.fromarray(grey))
    whole = (tmp_path / "b.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 2])
    made = views_of_frames(tmp_path, None, LOOKING, LocalFrame(GeoPoint(52.1, 5.2)))
    assert [view.name for view in made.views] == ["a.jpg"]
    assert [name for name, _ in made.left_out] == ["b.jpg"]
    assert "cut short" in made.left_out[0][1]


def test_a_frame_that_shows_nothing_is_left_out_by_name(tmp_path: Path) -> None:
    """A shutter or a lost link: nobody can be found in it."""
    for name, picture in (
        ("a.jpg", Image.linear_gradient("L").resize((640, 512))),
        ("b.jpg", Image.new("L", (640, 512), 90)),
    ):
        dji_photo(tmp_path / name, FRAME.origin, DOWN, picture)
    made = views_of_frames(tmp_path, None, LOOKING, LocalFrame(GeoPoint(52.1, 5.2)))
    assert [view.name for view in made.views] == ["a.jpg"]
    assert made.left_out == [("b.jpg", "a frame shows nothing: all its pixels are alike")]


def test_blank_frames_of_a_clip_are_left_out_by_name(tmp_path: Path) -> None:
    clip = a_clip(tmp_path, blank=(2, 3))
    made = views_of_frames(clip, None, LOOKING, FRAME)
    assert [view.name[-1] for view in made.views] == ["0", "1", "4", "5", "6", "7"]
    assert [name[-1] for name, why in made.left_out if "shows nothing" in why] == ["2", "3"]


def test_a_stream_that_stands_still_while_the_aircraft_flies_on_books_nothing(tmp_path: Path) -> None:
    clip = a_clip(tmp_path, frozen=(4, 5, 6))
    made = views_of_frames(clip, None, LOOKING, FRAME)
    assert [view.name[-1] for view in made.views] == ["0", "1", "2", "3", "7"]
    assert [name[-1] for name, why in made.left_out if "the very picture" in why] == ["4", "5", "6"]
