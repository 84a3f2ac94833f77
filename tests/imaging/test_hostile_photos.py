"""A folder of all that is wrong with photos: each is named, the good ones are used, memory stays small."""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

LIMIT_MB = 300
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
    "peak_mb": int(status["VmHWM"].split()[0]) / 1024,
}))
"""


def photo(path: Path, number: int, *, lat=None, focal=24, xmp: bytes | None = None, **save) -> Path:
    tags = Image.Exif()
    tags[0x8769] = {0xA405: focal, 0x920A: 4.5}
    tags[0x8825] = {1: "N", 2: lat or (52.0, 10.0, float(number)), 3: "E", 4: (4.0, 26.0, 24.0)}
    pixels = np.random.default_rng(number).integers(0, 255, (300, 400, 3), np.uint8)
    Image.fromarray(pixels).save(path, exif=tags, **(save if xmp is None else {**save, "xmp": xmp}))
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path: Path, side: int, rows: int) -> None:
    """A PNG that says it has `side` x `side` pixels, and holds `rows` black rows."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(1 + 3 * side)) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def resized_in_its_header(path: Path, width: int, height: int) -> None:
    """A JPEG whose frame header tells another size than its pixels have."""
    data = bytearray(path.read_bytes())
    place = max(data.find(b"\xff\xc0\x00\x11"), data.find(b"\xff\xc2\x00\x11"))
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> dict:
    """What a process of its own made of the folder."""
    folder = tmp_path_factory.mktemp("hostile")
    for number in range(1, 5):
        photo(folder / f"good{number}.jpg", number)
    cut = photo(folder / "cut.jpg", 11)
    cut.write_bytes(cut.read_bytes()[:-5000])
    png(folder / "bomb.png", 60_000, 1)
    png(folder / "black.png", 12_000, 12_000)
    resized_in_its_header(photo(folder / "bomb.jpg", 12), 60_000, 60_000)
    resized_in_its_header(photo(folder / "progressive.jpg", 13, progressive=True), 12_000, 12_000)
    resized_in_its_header(photo(folder / "longer.jpg", 14), 12_000, 12_000)
    photo(folder / "nan.jpg", 15, lat=(IFDRational(0, 0), 0.0, 0.0))
    photo(folder / "absurd.jpg", 16, lat=(950.0, 0.0, 0.0))
    photo(folder / "focal.jpg", 17, focal=65_000)
    photo(folder / "far.jpg", 18, lat=(10.0, 0.0, 0.0))
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    photo(folder / "entities.jpg", 19, xmp=entities)
    Image.new("RGB", (400, 300)).save(folder / "unplaced.jpg")
    (folder / "text.jpg").write_text("Dear photographer,\n")
    (folder / "empty.jpg").touch()
    (folder / "twice.jpg").write_bytes((folder / "good1.jpg").read_bytes())
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / "folder.jpg").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(folder), str(tmp_path_factory.mktemp("scene"))],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_good_photos_are_used_whatever_lies_beside_them(checked):
    assert checked["used"] == [
        "entities.jpg", "focal.jpg", "good1.jpg", "good2.jpg", "good3.jpg", "good4.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cut.jpg", "cut short"),
        ("bomb.png", "larger than"),
        ("bomb.jpg", "larger than"),
        ("black.png", "only decodes whole"),
        ("progressive.jpg", "only decodes whole"),
        ("longer.jpg", "cut short"),
        ("nan.jpg", "latitude"),
        ("absurd.jpg", "latitude"),
        ("far.jpg", "km from the others"),
        ("unplaced.jpg", "no GPS position"),
        ("text.jpg", "no picture"),
        ("empty.jpg", "empty"),
        ("twice.jpg", "same file as good1.jpg"),
        ("loop.jpg", "cannot be read"),
    ],
)
def test_each_other_is_named_with_its_reason(checked, name, reason):
    assert reason in checked["left_out"][name]


def test_the_check_stays_small_in_memory(checked):
    assert checked["peak_mb"] < LIMIT_MB
