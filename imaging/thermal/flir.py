"""FLIR's radiometric JPEG: an FFF file cut over APP1 segments, with the raw picture and its constants.

A segment is "FLIR\\0", 1, its number, the last number, data. The FFF head holds at byte 20 a version (which
tells the byte order), at 24 the place of the index and at 28 its length; an entry of 32 bytes holds a type (1
the raw picture, 32 the camera) and at 12 and 16 its place and length. Records carry their own byte order:
their first word is 2.
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from imaging import exif
from imaging.thermal.frame import Values
from imaging.thermal.jpeg import segments
from imaging.thermal.planck import KELVIN_AT_0_DEGC, Radiometry
from missions.camera import Camera
from missions.errors import PhotoError

_APP1, _HEAD = 0xE1, b"FLIR\x00\x01"
_RAW, _CAMERA = 1, 32
_MOST_RECORDS = 256
_LARGEST_SIDE_PX = 4096
_PNG = b"\x89PNG\r\n\x1a\n"
_REMEDY = "Copy the file again from the camera"


@dataclass(frozen=True, slots=True)
class FlirPicture:
    """Raw counts (height, width), what turns them into degrees, and what the camera says of itself.

    `range_degc` is what it was set to measure; values outside it are not to be relied on.
    """

    counts: Values
    radiometry: Radiometry
    camera: Camera | None
    time_s: float | None
    range_degc: tuple[float, float] | None = None


def fff_of(data: bytes, where: str) -> bytes | None:
    """The FFF file inside a JPEG, or None where there is none. Raises PhotoError where pieces are missing."""
    pieces: dict[int, bytes] = {}
    last = 0
    for segment in segments(data, where):
        payload = segment.payload
        if segment.marker == _APP1 and payload[:6] == _HEAD and len(payload) > 8:
            pieces[payload[6]] = bytes(payload[8:])
            last = payload[7]
    if not pieces:
        return None
    if sorted(pieces) != list(range(last + 1)):
        raise PhotoError("pieces of the FLIR data are missing", where=where, remedy=_REMEDY)
    return b"".join(pieces[number] for number in range(last + 1))


def taken_s(fff: bytes, where: str) -> float | None:
    """When the picture was taken, seconds since 1970 UTC. Raises PhotoError as `picture` does."""
    try:
        camera = _records(fff)[_CAMERA]
        return _time_s(camera, _order(camera))
    except (struct.error, KeyError, ValueError) as error:
        raise PhotoError("the FLIR data are damaged", where=where, remedy=_REMEDY) from error


def picture(fff: bytes, where: str) -> FlirPicture:
    """Counts and constants of an FFF file. Raises PhotoError where it is not one or is damaged."""
    try:
        records = _records(fff)
        raw, camera = records[_RAW], records[_CAMERA]
        counts = _counts(raw, where)
        order = _order(camera)
        return FlirPicture(
            counts,
            _radiometry(camera, order),
            _camera(camera, order, counts),
            _time_s(camera, order),
            _range_degc(camera, order),
        )
    except (struct.error, KeyError, ValueError) as error:
        raise PhotoError("the FLIR data are damaged", where=where, remedy=_REMEDY) from error


def _records(fff: bytes) -> dict[int, bytes]:
    if fff[:3] not in (b"FFF", b"AFF"):
        raise ValueError("no FFF head")
    order = ">" if struct.unpack_from(">I", fff, 20)[0] < 0x10000 else "<"
    at, count = struct.unpack_from(order + "II", fff, 24)
    records: dict[int, bytes] = {}
    for n in range(min(count, _MOST_RECORDS)):
        kind = struct.unpack_from(order + "H", fff, at + 32 * n)[0]
        start, length = struct.unpack_from(order + "II", fff, at + 32 * n + 12)
        if kind and start + length <= len(fff):
            records.setdefault(kind, fff[start : start + length])
    return records


def _order(record: bytes) -> str:
    return "<" if struct.unpack_from("<H", record, 0)[0] == 2 else ">"


def _counts(record: bytes, where: str) -> Values:
    order = _order(record)
    width, height = struct.unpack_from(order + "HH", record, 2)
    if not (0 < width <= _LARGEST_SIDE_PX and 0 < height <= _LARGEST_SIDE_PX):
        raise ValueError("size out of range")
    body = record[32:]
    if body.startswith(_PNG):
        return _png_counts(body, width, height)
    if len(body) < 2 * width * height:
        raise PhotoError(
            "the FLIR picture is neither raw nor PNG, or cut short",
            where=where,
            remedy="Export the frame as 16-bit TIFF",
        )
    values = np.frombuffer(body, order + "u2", count=width * height).reshape(height, width)
    return values.astype(np.float32)


def _png_counts(body: bytes, width: int, height: int) -> Values:
    if struct.unpack_from(">II", body, 16) != (width, height):
        raise ValueError("the PNG is of another size")
    try:
        with Image.open(io.BytesIO(body), formats=("PNG",)) as opened:
            straight = np.asarray(opened)
    except exif.BROKEN as error:
        raise ValueError("the PNG is damaged") from error
    if straight.shape != (height, width) or straight.dtype != np.uint16:
        raise ValueError("the PNG is not 16-bit grey")
    swapped = straight.byteswap()
    # many cameras put their little-endian words into a PNG as they are; the right order is the smooth one
    return min(straight, swapped, key=_roughness).astype(np.float32)


def _roughness(values: npt.NDArray[np.uint16]) -> float:
    return float(np.abs(np.diff(values.astype(np.int32), axis=1)).mean())


def _radiometry(record: bytes, order: str) -> Radiometry:
    def real(at: int) -> float:
        value = float(struct.unpack_from(order + "f", record, at)[0])
        if not math.isfinite(value):
            raise ValueError("a constant that is no number")
        return value

    radiometry = Radiometry(
        emissivity=real(0x20),
        distance_m=real(0x24),
        reflected_k=real(0x28),
        air_k=real(0x2C),
        window_k=real(0x30),
        window_transmission=real(0x34),
        humidity=real(0x3C),
        planck_r1=real(0x58),
        planck_b=real(0x5C),
        planck_f=real(0x60),
        planck_o=float(struct.unpack_from(order + "i", record, 0x308)[0]),
        planck_r2=real(0x30C),
        alpha1=real(0x70),
        alpha2=real(0x74),
        beta1=real(0x78),
        beta2=real(0x7C),
        x=real(0x80),
    )
    if not (0 < radiometry.emissivity <= 1 and 0 < radiometry.window_transmission <= 1):
        raise ValueError("emissivity or transmission out of range")
    if min(radiometry.planck_r1, radiometry.planck_b, radiometry.planck_r2) <= 0:
        raise ValueError("Planck constants out of range")
    if not all(100 < k < 1000 for k in (radiometry.reflected_k, radiometry.air_k, radiometry.window_k)):
        raise ValueError("a temperature out of range")
    return radiometry


def _camera(record: bytes, order: str, counts: Values) -> Camera | None:
    """The camera by its field of view, on a sensor scaled to pixels of 1 micrometre."""
    fov_deg = float(struct.unpack_from(order + "f", record, 0x1B4)[0])
    if not 1 < fov_deg < 170:
        return None
    height, width = counts.shape
    focal_px = width / 2 / math.tan(math.radians(fov_deg) / 2)
    name = record[0xD4:0xF4].split(b"\0")[0].decode("ascii", "replace")
    return Camera(
        name=name,
        sensor_width_mm=width / 1000,
        sensor_height_mm=height / 1000,
        focal_length_mm=focal_px / 1000,
        image_width_px=width,
        image_height_px=height,
        spectrum="thermal",
        source=f"field of view {fov_deg:.2f}° stored in the frame",
    )


def _range_degc(record: bytes, order: str) -> tuple[float, float] | None:
    """The range of temperatures that the camera was set to measure; None where it names none."""
    most, least = struct.unpack_from(order + "ff", record, 0x90)
    if not (100 < least < most < 3500):
        return None
    return least - KELVIN_AT_0_DEGC, most - KELVIN_AT_0_DEGC


def _time_s(record: bytes, order: str) -> float | None:
    seconds, milliseconds = struct.unpack_from(order + "II", record, 0x384)
    return seconds + (milliseconds & 0xFFFF) / 1000 if seconds else None
