import shutil

import pytest
from PIL import Image

from imaging.scene import open_scene
from imaging.survey import survey
from missions.errors import PhotoError


@pytest.fixture
def photos(rendered, tmp_path):
    """A folder with a copy of the rendered photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo in rendered.photos.photos:
        shutil.copy(rendered.folder / photo.file, folder)
    return folder


@pytest.fixture
def scene(tmp_path):
    """An empty scene."""
    return open_scene(tmp_path / "scene")


def strip_position(path):
    with Image.open(path) as image:
        pixels = image.convert("RGB")
    pixels.save(path)


def move(path, lat):
    with Image.open(path) as image:
        tags, pixels = image.getexif(), image.convert("RGB")
    gps = dict(tags.get_ifd(0x8825))
    gps[2] = (float(lat), 0.0, 0.0)
    tags[0x8825] = gps
    pixels.save(path, exif=tags)


def test_each_file_that_is_left_out_is_named_with_its_reason(photos, scene, heard):
    strip_position(photos / "DT_0001.JPG")
    move(photos / "DT_0002.JPG", 12)
    (photos / "empty.jpg").touch()
    (photos / "text.png").write_text("no picture")
    shutil.copy(photos / "DT_0003.JPG", photos / "twice.jpg")
    found = survey(photos, scene, heard)
    reasons = {item.name: item.reason for item in found.left_out}
    assert "GPS" in reasons["DT_0001.JPG"]
    assert "km from the others" in reasons["DT_0002.JPG"]
    assert "empty" in reasons["empty.jpg"]
    assert "no picture" in reasons["text.png"]
    assert reasons["twice.jpg"] == "it is the same file as DT_0003.JPG"
    assert set(reasons) | set(found.photos) == {file.name for file in photos.iterdir()}
    assert all(any(name in note for note in heard.notes) for name in reasons)


def test_no_position_in_any_photo_is_one_error_that_says_what_to_do(photos, scene, heard):
    for path in photos.iterdir():
        strip_position(path)
    with pytest.raises(PhotoError, match="no photo has a GPS position") as error:
        survey(photos, scene, heard)
    assert error.value.remedy
    assert error.value.exit_code == 2
    assert not list(scene.stages.iterdir())


def test_too_few_photos_are_refused_with_the_reasons(photos, scene, heard):
    for path in sorted(photos.iterdir())[2:]:
        path.write_bytes(b"broken")
    with pytest.raises(PhotoError, match=r"2 usable photos.*no picture"):
        survey(photos, scene, heard)


def test_a_survey_changes_its_key_with_the_photos_and_not_with_the_folder(photos, scene, heard, tmp_path):
    first = survey(photos, scene, heard)
    moved = survey(shutil.copytree(photos, tmp_path / "elsewhere"), scene, heard)
    assert moved.key == first.key
    (photos / "DT_0001.JPG").unlink()
    assert survey(photos, scene, heard).key != first.key
