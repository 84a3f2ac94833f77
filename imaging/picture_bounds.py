"""What a picture file asks for, counted before any of it is decoded: metadata, memory, work.

A small file can ask for much: a header may tell any size, metadata are kept whole by whoever opens the
picture, and a JPEG that is not written row by row is held whole while it is decoded. Markers and segments as
in ITU-T T.81 (annex B), chunks as in the PNG specification (W3C, third edition), directories as in TIFF 6.0
and in BigTIFF.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from missions.errors import PhotoError

MOST_SEGMENTS = 250
"""Of a JPEG before its first scan, 64 kB each at most; a radiometric one of 1280 x 1024 has 55."""
MOST_SCANS = 100
"""Of a JPEG: each goes over the whole picture, whatever little it says. Encoders write ten or so."""
MOST_CHUNKS, MOST_PACKED = 1000, 12
"""Of a PNG, but for its pixels; and of those that are unpacked to more than they are."""
MOST_METADATA = 16_000_000
MOST_EXIF = 2_000_000
"""What all entries of the EXIF of a JPEG or PNG hold together: they may all point to the same bytes."""
MOST_DIRECTORIES, MOST_ENTRIES = 16, 1000
_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES = _TIFF_SIZES | {16: 8, 17: 8, 18: 8}
_POINTERS = (0x8769, 0x8825)
"""Directories that are read besides the first: EXIF's and GPS's."""
_ROWS_A_STRIP, _COMPRESSION = 278, 259
_PLAIN_FRAMES = (0xC0, 0xC1)
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_ALONE = (0x01, *range(0xD0, 0xD9))
_SCAN, _END = 0xDA, 0xD9
_EXIF, _MANY = (0xE1, b"Exif\0\0"), (0xE2, b"MPF\0")
_PACKED = (b"zTXt", b"iTXt", b"iCCP")


@dataclass(frozen=True, slots=True)
class Jpeg:
    """How a JPEG is written. `by_rows` says that it can be decoded, and at reduced size, as it is read.

    Otherwise all its coefficients, `coefficient_bytes`, are held until the end.
    """

    by_rows: bool
    coefficient_bytes: int


def check_asked(path: Path) -> Jpeg | None:
    """How a JPEG is written, None for other pictures. Raises PhotoError for what asks for too much.

    What is broken is not found here: whoever opens the picture does.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(8)
            if begin.startswith(b"\xff\xd8"):
                return _jpeg(file, path)
            if begin.startswith(b"\x89PNG\r\n\x1a\n"):
                _check_png(file, path)
            elif begin[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
                _check_tiff(file, path, MOST_METADATA)
    except (OSError, struct.error, IndexError):
        return None
    return None


def _jpeg(file: BinaryIO, path: Path) -> Jpeg | None:
    file.seek(2)
    frame = b""
    by_rows = False
    directories = {_EXIF: b"", _MANY: b""}
    for _ in range(MOST_SEGMENTS):
        marker = _marker(file)
        if marker in _ALONE:
            continue
        if marker == _END:
            return None
        (length,) = struct.unpack(">H", file.read(2))
        data = file.read(max(0, length - 2))
        if marker == _SCAN:
            by_rows = by_rows and data[0] == frame[5]
            break
        if marker in _FRAMES:
            frame, by_rows = data, marker in _PLAIN_FRAMES
        for kind, start in directories:
            if marker == kind and data.startswith(start):
                directories[kind, start] += data[len(start) :]
    else:
        raise _asks(path, f"it has more than {MOST_SEGMENTS} segments of metadata")
    for each in directories.values():
        _check_tiff(io.BytesIO(each), path, MOST_EXIF)
    if not by_rows:
        scans = 1 + sum(_scans(file))
        if scans > MOST_SCANS:
            raise _asks(path, f"it goes over its picture {scans} times")
    return Jpeg(by_rows, _coefficient_bytes(frame))


def _marker(file: BinaryIO) -> int:
    """The next marker's second byte; whatever stands before it is passed over, as decoders do."""
    byte = b""
    while byte != b"\xff":
        if not (byte := file.read(1)):
            raise IndexError
    while byte == b"\xff":
        byte = file.read(1)
    return byte[0]


def _scans(file: BinaryIO) -> Iterator[int]:
    """How many scans begin in each piece of what follows: pixels cannot look like the beginning of one."""
    last = b""
    while piece := file.read(1 << 20):
        yield (last + piece).count(b"\xff\xda")
        last = piece[-1:]


def _coefficient_bytes(frame: bytes) -> int:
    """Two bytes a coefficient of each component, by the components' shares of the full picture."""
    height, width, count = struct.unpack(">HHB", frame[1:6])
    shares = [(each >> 4, each & 15) for each in frame[7 : 6 + 3 * count : 3]]
    most = max(across for across, _ in shares) * max(down for _, down in shares)
    return sum(2 * width * height * across * down // most for across, down in shares)


def _check_png(file: BinaryIO, path: Path) -> None:
    chunks = packed = total = 0
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name != b"IDAT":
            chunks, packed, total = chunks + 1, packed + (name in _PACKED), total + length
        if chunks > MOST_CHUNKS or packed > MOST_PACKED or total > MOST_METADATA:
            raise _asks(path, "it holds more metadata than a camera writes")
        if name == b"eXIf":
            _check_tiff(io.BytesIO(file.read(length)), path, MOST_EXIF)
            length = 0
        file.seek(length + 4, 1)


def _check_tiff(file: BinaryIO, path: Path, most: int) -> None:
    """Sum up what the directories say that they hold, each read once."""
    with suppress(struct.error, IndexError):
        for _, _, size in _entries(file):
            if size > most:
                raise _asks(path, "it holds more metadata than a camera writes")


def strip_bytes(path: Path, row_bytes: int) -> int:
    """What a strip of a packed TIFF takes while it is decoded, 0 where it is not packed or does not tell."""
    told: dict[int, int] = {}
    with suppress(OSError, struct.error, IndexError), path.open("rb") as file:
        told = {tag: value for tag, value, _ in _entries(file)}
    packed = told.get(_COMPRESSION, 1) != 1
    return row_bytes * told.get(_ROWS_A_STRIP, 1 << 32) if packed else 0


def _entries(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Each entry's tag, its value where it is one number, and how many bytes all entries up to it hold."""
    file.seek(0)
    begin = file.read(16)
    order = "<" if begin[:1] == b"I" else ">"
    big = 43 in (begin[2], begin[3])
    count_code, entry_code = ("Q", "HHQQ") if big else ("H", "HHII")
    sizes = _BIG_SIZES if big else _TIFF_SIZES
    width = struct.calcsize(order + entry_code)
    (first,) = struct.unpack(order + ("Q" if big else "I"), begin[8:16] if big else begin[4:8])
    waiting, seen, total = [first], set[int](), 0
    while waiting and len(seen) < MOST_DIRECTORIES:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        file.seek(at)
        (count,) = struct.unpack(order + count_code, file.read(struct.calcsize(count_code)))
        if count > MOST_ENTRIES:
            yield 0, 0, 1 << 62
            return
        for _ in range(count):
            raw = file.read(width)
            tag, kind, many, value = struct.unpack(order + entry_code, raw)
            total += many * sizes.get(kind, 1)
            if kind == 3:
                (value,) = struct.unpack(order + "H", raw[-8:-6] if big else raw[-4:-2])
            yield tag, value, total
            if tag in _POINTERS:
                waiting.append(value)


def _asks(path: Path, what: str) -> PhotoError:
    return PhotoError(
        f"{what}: it asks for too much to be read", where=str(path), remedy="Save it as a baseline JPEG"
    )
