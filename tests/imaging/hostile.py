"""Files that nobody's camera made, and photos whose metadata nobody's camera wrote."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" {}/></rdf:RDF></x:xmpmeta>'
)


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path: Path, side: int, rows: int, *more: bytes) -> Path:
    """A PNG that says it has `side` x `side` pixels and holds `rows` black rows, and `more` chunks."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(1 + 3 * side)) for _ in range(rows)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
    return path


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_segments(photo: Path, path: Path, *segments: bytes) -> Path:
    """The same JPEG with more segments at its beginning."""
    data = photo.read_bytes()
    path.write_bytes(data[:2] + b"".join(segments) + data[2:])
    return path


def resized_in_its_header(path: Path, width: int, height: int) -> None:
    """A JPEG whose frame header tells another size than its pixels have."""
    data = bytearray(path.read_bytes())
    place = max(data.find(b"\xff\xc0\x00\x11"), data.find(b"\xff\xc2\x00\x11"))
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    path.write_bytes(data)


def overlapping_tags(count: int, size: int) -> bytes:
    """EXIF whose many entries all say that they hold the same bytes."""
    entries = b"".join(struct.pack("<HHII", 0x8000 + n, 7, size, 8) for n in range(count))
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", count) + entries + bytes(4 + size)


def circular_tags() -> bytes:
    """EXIF whose directories name each other, and the first is followed by itself."""
    entries = struct.pack("<HHII", EXIF_IFD, 4, 1, 8) + struct.pack("<HHII", GPS_IFD, 4, 1, 8)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2) + entries + struct.pack("<I", 8)


def rewritten(
    photo: Path,
    path: Path,
    *,
    exif: dict[int, object] | None = None,
    gps: dict[int, object] | None = None,
    xmp: str | bytes | None = None,
    xmp_change: Callable[[str], str] = str,
) -> Path:
    """The same picture in another file, with some of its metadata changed."""
    with Image.open(photo) as image:
        tags, told = image.getexif(), image.info.get("xmp", b"").decode()
        written = Image.Exif()
        for tag in (0x010F, 0x0110):
            written[tag] = tags[tag]
        written[EXIF_IFD] = dict(tags.get_ifd(EXIF_IFD)) | (exif or {})
        written[GPS_IFD] = dict(tags.get_ifd(GPS_IFD)) | (gps or {})
        out = xmp_change(told).encode() if xmp is None else xmp
        image.save(path, quality=95, exif=written, xmp=out.encode() if isinstance(out, str) else out)
    return path


def unusable(folder: Path, good: Path) -> dict[str, str]:
    """Write a file of each kind into the folder; part of the reason for which each is left out, by name."""
    data = good.read_bytes()
    (folder / "cut.jpg").write_bytes(data[:-5000])
    (folder / "text.jpg").write_text("Dear photographer,\n")
    (folder / "empty.jpg").touch()
    (folder / "twice.jpg").write_bytes(data)
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    png(folder / "bomb.png", 60_000, 1)
    png(folder / "black.png", 12_000, 1)
    png(folder / "seven.png", 7000, 7000)
    png(folder / "missing_rows.png", 4800, 4000)
    texts = [chunk(b"zTXt", b"a%d\0\0" % n + zlib.compress(bytes(1_000_000))) for n in range(64)]
    png(folder / "texts.png", 100, 100, *texts)
    for name, size in (("bomb.jpg", 60_000), ("longer.jpg", 12_000)):
        (folder / name).write_bytes(data)
        resized_in_its_header(folder / name, size, size)
    with Image.open(good) as image:
        image.save(folder / "progressive.jpg", progressive=True)
    resized_in_its_header(folder / "progressive.jpg", 12_000, 12_000)
    scan = data[data.rfind(b"\xff\xda") :][:16]
    (folder / "scans.jpg").write_bytes((folder / "progressive.jpg").read_bytes() + 200 * scan)
    with_segments(good, folder / "segments.jpg", *[segment(0xEC, bytes(60_000))] * 400)
    with_segments(good, folder / "tags.jpg", segment(0xE1, b"Exif\0\0" + overlapping_tags(900, 50_000)))
    (folder / "tags.tif").write_bytes(overlapping_tags(900, 1_000_000))
    (folder / "circular.tif").write_bytes(circular_tags())
    nothing = IFDRational(0, 0)
    rewritten(good, folder / "nan.jpg", gps={2: (nothing, 0.0, 0.0)})
    rewritten(good, folder / "latitude_400.jpg", gps={2: (400.0, 0.0, 0.0)})
    rewritten(good, folder / "no_fix.jpg", gps={2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)})
    rewritten(good, folder / "far.jpg", gps={2: (10.0, 0.0, 0.0)})
    noise = np.random.default_rng(7).integers(0, 255, (360, 480, 3), np.uint8)
    Image.fromarray(noise).save(folder / "noise.jpg")
    return {
        "cut.jpg": "cut short",
        "text.jpg": "no picture",
        "empty.jpg": "empty",
        "twice.jpg": "same file as",
        "loop.jpg": "cannot be read",
        "bomb.png": "larger than",
        "black.png": "only decodes whole",
        "seven.png": "only decodes whole",
        "missing_rows.png": "cut short",
        "texts.png": "asks for too much",
        "bomb.jpg": "larger than",
        "longer.jpg": "cut short",
        "progressive.jpg": "only decodes whole",
        "scans.jpg": "asks for too much",
        "segments.jpg": "asks for too much",
        "tags.jpg": "asks for too much",
        "tags.tif": "asks for too much",
        "circular.tif": "no picture",
        "nan.jpg": "latitude",
        "latitude_400.jpg": "latitude",
        "no_fix.jpg": "no fix",
        "far.jpg": "km from the others",
        "noise.jpg": "fits no other",
    }


def absurd(folder: Path, photos: list[Path]) -> list[str]:
    """Write the photos' pictures with absurd metadata into the folder, as far as they go; their names."""
    nothing = IFDRational(0, 0)
    nested = "<a>" * 8000 + "</a>" * 8000
    entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    kinds: list[dict[str, object]] = [
        {"gps": {6: 1e9}, "xmp": XMP.format('drone-dji:RelativeAltitude="1e9"')},
        {"xmp_change": lambda text: text.replace('RelativeAltitude="+', 'RelativeAltitude="15')},
        {"exif": {0x920A: 0.0, 0xA405: 0}},
        {"exif": {0x9003: "0000:00:00 00:00:00"}, "gps": {6: nothing}},
        {"exif": {0x9003: "9999:12:31 23:59:59", 0x9011: "-14:00"}},
        {"exif": {0x927C: bytes(50_000)}, "xmp": entities},
        {"xmp": nested},
        {"xmp_change": lambda text: text.replace('GimbalYawDegree="', 'GimbalYawDegree="nan')},
        {"exif": {0xA405: 65_000, 0xA20E: 1e-9}, "xmp": b"\xff" * 40_000},
    ]
    names = []
    for number, (photo, kind) in enumerate(zip(photos, kinds, strict=False)):
        names.append(f"absurd_{number}.jpg")
        rewritten(photo, folder / names[-1], **kind)
    return names
