"""A card of a drone with several cameras: what is no picture of heat is named and left out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from imaging.finds import Finds
from imaging.heat import HeatOptions, heat
from imaging.searched.viewpoints import Looking, views_of_frames
from imaging.thermal.detector import detector_called
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.placing.spot import Spot
from missions import catalogue
from missions.errors import FormatError, InputError, PhotoError
from missions.geodesy import LocalFrame
from tests.imaging.clips import moving, write_clip
from tests.imaging.marked_frames import HOME, Told
from tests.imaging.test_gimbal_conventions import dji_photo

DOWN = {"GimbalYawDegree": 0.0, "GimbalPitchDegree": -90.0, "GimbalRollDegree": 0.0}
THERMAL = catalogue.camera("demo-thermal")
WIDE = catalogue.camera("dji-m30t-wide")
NOTHING = HeatOptions(detector=Told({}))


def grey(width: int = 640, height: int = 512) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height))


def colours(width: int, height: int) -> Image.Image:
    """As of a meadow with flowers: no palette of heat."""
    small = np.random.default_rng(3).integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A thermal picture with its wide and zoom ones, by DJI's word; they are of 12 million pixels."""
    dji_photo(tmp_path / "DJI_0001_T.JPG", HOME, DOWN, grey(), {"ImageSource": "InfraredCamera"})
    for letter, source in (("W", "WideCamera"), ("Z", "ZoomCamera")):
        large = grey(4000, 3000)
        dji_photo(tmp_path / f"DJI_0001_{letter}.JPG", HOME, DOWN, large, {"ImageSource": source})
    return tmp_path


def unread(found: Finds) -> dict[str, str]:
    return {each.name: each.reason for each in found.unread}


def test_visible_pictures_on_the_card_are_left_out_by_djis_word(card: Path) -> None:
    found = heat(card, None, camera=THERMAL, options=NOTHING)
    assert [frame.name for frame in found.frames] == ["DJI_0001_T.JPG"]
    assert unread(found) == {
        "DJI_0001_W.JPG": "is a picture in visible light (of the camera WideCamera)",
        "DJI_0001_Z.JPG": "is a picture in visible light (of the camera ZoomCamera)",
    }
    assert "pictures in visible light, which were not searched: 2" in found.notes
    assert {box["file_name"] for box in found.coco()["annotations"]} == {"DJI_0001_T.JPG"}


def test_a_clip_in_visible_light_beside_the_thermal_one_is_left_out(tmp_path: Path) -> None:
    for name in ("DJI_0001_T.MP4", "DJI_0001_W.MP4"):
        write_clip(tmp_path / name, moving(3))
    found = heat(tmp_path, None, camera=THERMAL, options=NOTHING)
    assert {frame.name.partition("#")[0] for frame in found.frames} == {"DJI_0001_T.MP4"}
    assert list(unread(found)) == ["DJI_0001_W.MP4"]


def test_names_count_where_a_thermal_picture_lies_beside(tmp_path: Path) -> None:
    for name in ("DJI_0001_V.JPG", "park_w.jpg"):
        grey().save(tmp_path / name)
    alone = heat(tmp_path, None, camera=THERMAL, options=NOTHING)
    assert len(alone.frames) == 2
    grey().save(tmp_path / "DJI_0001_T.JPG")
    beside = heat(tmp_path, None, camera=THERMAL, options=NOTHING)
    assert [frame.name for frame in beside.frames] == ["DJI_0001_T.JPG"]
    assert all("its name ends in _" in reason for reason in unread(beside).values())


def test_large_pictures_of_no_palette_are_visible_and_small_ones_are_read_with_a_note(tmp_path: Path) -> None:
    colours(2400, 1600).save(tmp_path / "large.png")
    colours(640, 512).save(tmp_path / "small.png")
    found = heat(tmp_path, None, camera=THERMAL, options=NOTHING)
    assert [frame.name for frame in found.frames] == ["small.png"]
    assert unread(found)["large.png"].startswith("is a picture in visible light (2400x1600")


def test_a_frame_that_the_detector_refuses_is_named_and_the_others_are_searched(tmp_path: Path) -> None:
    """More than 4096 pixels a side are more than the network takes."""
    grey(4224, 64).save(tmp_path / "a_panorama.png")
    grey().save(tmp_path / "b.png")
    found = heat(tmp_path, None, camera=THERMAL, options=HeatOptions(detector=detector_called("learned")))
    assert [frame.name for frame in found.frames] == ["b.png"]
    assert "too large" in unread(found)["a_panorama.png"]


def test_where_every_frame_is_refused_the_error_says_why(tmp_path: Path) -> None:
    def broken(frame: ThermalFrame, gsd_m: float | None) -> list[Spot]:
        raise FormatError(f"no network for {frame.name} at {gsd_m}")

    grey().save(tmp_path / "a.png")
    with pytest.raises(PhotoError, match=r"no network for a\.png"):
        heat(tmp_path, None, options=HeatOptions(detector=broken))


def test_a_search_is_booked_by_the_pictures_of_its_own_camera(card: Path) -> None:
    for camera, name in ((THERMAL, "DJI_0001_T.JPG"), (WIDE, "DJI_0001_W.JPG")):
        made = views_of_frames(card, None, Looking(camera, kind="thermal-night"), LocalFrame(HOME))
        assert name in [view.name for view in made.views]
        assert len(made.views) + len(made.left_out) == 3
        assert all(("thermal" if camera is WIDE else "visible") in why for _, why in made.left_out)


def test_a_picture_of_another_shape_is_left_out_of_the_search_by_name(tmp_path: Path) -> None:
    dji_photo(tmp_path / "good.jpg", HOME, DOWN, grey())
    dji_photo(tmp_path / "odd.jpg", HOME, DOWN, grey(1920, 1080))
    made = views_of_frames(tmp_path, None, Looking(THERMAL, kind="thermal-night"), LocalFrame(HOME))
    assert [view.name for view in made.views] == ["good.jpg"]
    ((name, why),) = made.left_out
    assert name == "odd.jpg"
    assert "1920x1080" in why


def test_frames_in_folders_within_are_named_in_the_error(tmp_path: Path) -> None:
    inner = tmp_path / "DCIM" / "100MEDIA"
    inner.mkdir(parents=True)
    grey().save(inner / "a.png")
    with pytest.raises(InputError, match=r"within it are not read \(DCIM/100MEDIA\).*Give .*100MEDIA"):
        heat(tmp_path, None)
    grey().save(tmp_path / "b.png")
    assert any("DCIM/100MEDIA" in note for note in heat(tmp_path, None, options=NOTHING).notes)
