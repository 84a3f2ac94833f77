"""A folder of all that is wrong with photos: each is named, the good ones are used, memory stays small."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from imaging.photos import read_photo
from imaging.picture_bounds import check_asked
from imaging.proving import prove
from missions.errors import PhotoError
from tests.imaging.hostile import chunk, png, rewritten, unusable

LIMIT_MB = 300
LONE = {"noise.jpg": "no GPS position"}
CHECK = """
import json, sys
from pathlib import Path
from imaging.scene import open_scene
from imaging.survey import survey
from imaging.progress import silent
found = survey(Path(sys.argv[1]), open_scene(Path(sys.argv[2])), silent)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "used": sorted(found.photos),
    "left_out": {item.name: item.reason for item in found.left_out},
    "peak_mb": 1.024 * int(status["VmHWM"].split()[0]) / 1000,
}))
"""


@pytest.fixture(scope="module")
def checked(few_rendered, tmp_path_factory) -> dict:
    """What a process of its own made of the folder."""
    folder = tmp_path_factory.mktemp("hostile")
    good = sorted(few_rendered.glob("*.JPG"))
    for each in good:
        (folder / each.name).write_bytes(each.read_bytes())
    reasons = unusable(folder, good[0]) | LONE
    (folder / "folder.jpg").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(folder), str(tmp_path_factory.mktemp("scene"))],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return {**json.loads(done.stdout), "reasons": reasons, "good": [each.name for each in good]}


def test_the_good_photos_are_used_whatever_lies_beside_them(checked):
    assert checked["used"] == checked["good"]


def test_each_other_is_named_with_its_reason(checked):
    told = checked["left_out"]
    assert set(told) == set(checked["reasons"])
    wrong = {name: told[name] for name, reason in checked["reasons"].items() if reason not in told[name]}
    assert not wrong


def test_the_check_stays_small_in_memory(checked):
    assert checked["peak_mb"] < LIMIT_MB


def test_a_large_png_is_proved_by_its_rows(tmp_path):
    whole = png(tmp_path / "whole.png", 4000, 4000)
    prove(read_photo(whole), None)
    data = bytearray(whole.read_bytes())
    data[-200] ^= 1
    whole.write_bytes(data)
    with pytest.raises(PhotoError, match="cut short"):
        prove(read_photo(whole), None)
    with pytest.raises(PhotoError, match="rows are missing"):
        prove(read_photo(png(tmp_path / "short.png", 4000, 3999)), None)


@pytest.mark.parametrize("compression", ["raw", "tiff_deflate", "tiff_lzw"])
def test_a_large_tiff_is_proved_by_its_rows(tmp_path, compression):
    path = tmp_path / "a.tif"
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(path, compression=compression)
    prove(read_photo(path), None)
    with path.open("r+b") as file:
        file.seek(5000)
        file.write(bytes(4000) if compression == "tiff_lzw" else b"\xff" * 4000)
    if compression == "raw":
        prove(read_photo(path), None)  # other pixels, nothing broken
    else:
        with pytest.raises(PhotoError, match="cut short"):
            prove(read_photo(path), None)


def test_jpegs_are_told_apart_by_whether_they_decode_as_they_are_read(tmp_path):
    Image.new("RGB", (640, 480)).save(tmp_path / "rows.jpg", subsampling="4:2:0")
    Image.new("RGB", (640, 480)).save(tmp_path / "whole.jpg", subsampling="4:4:4", progressive=True)
    rows, whole = (check_asked(tmp_path / f"{name}.jpg") for name in ("rows", "whole"))
    assert rows is not None
    assert whole is not None
    assert (rows.by_rows, rows.coefficient_bytes) == (True, 3 * 640 * 480)
    assert (whole.by_rows, whole.coefficient_bytes) == (False, 6 * 640 * 480)


def test_a_png_tells_its_position_without_being_decoded(tmp_path, few_rendered):
    good = min(few_rendered.glob("*.JPG"))
    with Image.open(good) as image:
        image.save(tmp_path / "a.png", exif=image.info["exif"])
    assert read_photo(tmp_path / "a.png").place == read_photo(good).place


def test_metadata_in_a_text_of_a_png_are_not_unpacked(tmp_path):
    text = chunk(b"zTXt", b"Raw profile type exif\0\0" + b"x\x9c")
    assert read_photo(png(tmp_path / "a.png", 100, 100, text)).place is None


def test_what_is_rewritten_keeps_its_place(tmp_path, few_rendered):
    good = min(few_rendered.glob("*.JPG"))
    assert read_photo(rewritten(good, tmp_path / "a.jpg")).place == read_photo(good).place
