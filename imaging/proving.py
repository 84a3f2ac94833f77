"""That a picture decodes to its end: found out before it is used, in little memory whatever its size."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from imaging.photos import Photo, decode, open_picture, reads_by_rows
from imaging.pictures import Pictures
from missions.errors import PhotoError

LARGE_PIXELS = 5_000_000
"""A picture takes some ten bytes a pixel while it is made: what is larger is proved small, or by rows."""
ROWS = 256
PIECE_BYTES = 1 << 18
_WITHOUT_OTHERS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
_BANDS = {0: 1, 2: 3, 6: 4}
"""Of a PNG's kinds of colour: grey, colour, colour with opacity."""
_FILTERS = 5


def prove(photo: Photo, pictures: Pictures | None) -> None:
    """Decode the photo to its end. Raises PhotoError where it is broken or cut short.

    `pictures` keep what was decoded, where that is small enough to be decoded for them at once.
    """
    pixels = photo.width_px * photo.height_px
    with open_picture(photo.path) as image:
        kind, by_rows = image.format, reads_by_rows(image)
    if by_rows and pixels > LARGE_PIXELS:
        try:
            (_read_png if kind == "PNG" else _read_tiff)(photo.path)
        except (RasterioError, OSError, ValueError, struct.error, zlib.error, MemoryError) as error:
            raise PhotoError(
                f"the picture is broken or cut short ({error})", where=str(photo.path)
            ) from error
    elif pictures is None or (not by_rows and pixels > LARGE_PIXELS * pictures.reduce(photo) ** 2):
        decode(photo.path, reduce=8)
    else:
        pictures.picture(photo)


def _read_tiff(path: Path) -> None:
    """Read it some rows at a time, opened anew for each, as GDAL keeps what was read until it is closed."""
    top = bottom = 0
    while top == 0 or top < bottom:
        with warnings.catch_warnings(), rasterio.Env(**_WITHOUT_OTHERS):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver="GTiff") as picture:
                bottom = picture.height
                picture.read(window=Window(0, top, picture.width, min(ROWS, bottom - top)))
            top += ROWS


def _read_png(path: Path) -> None:
    """Unpack its rows one after the other, all checksums compared (W3C, PNG specification, third edition).

    Raises ValueError, struct.error and zlib.error where something is wrong with them.
    """
    with path.open("rb") as file:
        file.seek(8)
        begin = next(_pieces(file, b"IHDR"))
        file.seek(8)
        width, rows, depth, kind = struct.unpack(">IIBB", begin[:10])
        row_bytes = 1 + (width * depth * _BANDS[kind] + 7) // 8
        unpacked = zlib.decompressobj()
        held = bytearray()
        for piece in _pieces(file, b"IDAT"):
            while piece and rows:
                held += unpacked.decompress(piece, PIECE_BYTES)
                piece = unpacked.unconsumed_tail
                whole = min(rows, len(held) // row_bytes)
                if any(used >= _FILTERS for used in held[: whole * row_bytes : row_bytes]):
                    raise ValueError("a row is of no known kind")
                del held[: whole * row_bytes]
                rows -= whole
        if rows:
            raise ValueError(f"{rows} rows are missing")


def _pieces(file: BinaryIO, wanted: bytes) -> Iterator[bytes]:
    """The data of the chunks of one name, in pieces, to the end of the last; others are passed over."""
    found = False
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name != wanted:
            if found or name == b"IEND":
                return
            file.seek(length + 4, 1)
            continue
        found, check = True, zlib.crc32(name)
        while length:
            piece = file.read(min(length, PIECE_BYTES))
            if not piece:
                raise ValueError("the file ends before its picture")
            length, check = length - len(piece), zlib.crc32(piece, check)
            yield piece
        if struct.unpack(">I", file.read(4))[0] != check:
            raise ValueError("a checksum is wrong")
