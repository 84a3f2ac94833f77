"""What a camera writes into a photo's EXIF: time, place and focal length.

Tag numbers are those of the EXIF 2.32 standard (CIPA DC-008-2019). Every figure comes from outside and is
checked before it is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import Image

from missions.errors import InputError
from missions.geodesy import GeoPoint

MAKE, MODEL = 0x010F, 0x0110
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
DATE_TIME_ORIGINAL, OFFSET_ORIGINAL, SUBSECOND_ORIGINAL = 0x9003, 0x9011, 0x9291
FOCAL_LENGTH, FOCAL_LENGTH_35MM = 0x920A, 0xA405
EXPOSURE_TIME, F_NUMBER, ISO = 0x829A, 0x829D, 0x8827
FOCAL_PLANE_X_RESOLUTION, FOCAL_PLANE_UNIT = 0xA20E, 0xA210
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE = 1, 2, 3, 4, 5, 6
DOP, HORIZONTAL_ERROR = 11, 31
BODY_SERIAL = 0xA431

BROKEN = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    AttributeError,
)
"""What Pillow raises on metadata that is not what it says."""

Tags = Mapping[int, Any]
DIAGONAL_35MM = math.hypot(36.0, 24.0)


def read_tags(image: Image.Image) -> tuple[Tags, Tags, Tags]:
    """The main, EXIF and GPS tags; empty where they are missing or broken.

    A PNG's are looked for in front of its pixels alone, as Pillow would decode the whole picture for others.
    """
    image.info.pop("Raw profile type exif", None)  # a text that is unpacked to any size
    try:
        exif = Image.Image.getexif(image)
        return dict(exif), dict(exif.get_ifd(EXIF_IFD)), dict(exif.get_ifd(GPS_IFD))
    except BROKEN:
        return {}, {}, {}


def number(tags: Tags, tag: int) -> float | None:
    """A finite number, or None."""
    try:
        value = float(tags[tag])
    except BROKEN:
        return None
    return value if math.isfinite(value) else None


def text(tags: Tags, tag: int) -> str:
    """A short printable text, empty where there is none."""
    value = tags.get(tag, "")
    plain = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return "".join(letter for letter in plain if letter.isprintable()).strip()[:80]


def place(gps: Tags) -> GeoPoint | None:
    """The position, None where there is none. Raises InputError where what stands there is no place."""
    if LATITUDE not in gps or LONGITUDE not in gps:
        return None
    lat_deg, lon_deg = _degrees(gps[LATITUDE]), _degrees(gps[LONGITUDE])
    if lat_deg == 0 and lon_deg == 0:
        raise InputError("its GPS had no fix (latitude 0, longitude 0)")
    south = text(gps, LATITUDE_REF).upper().startswith("S")
    west = text(gps, LONGITUDE_REF).upper().startswith("W")
    return GeoPoint(-lat_deg if south else lat_deg, -lon_deg if west else lon_deg)


def height_amsl_m(gps: Tags) -> float | None:
    """Metres above sea level as the camera wrote it, None where missing or beyond reason."""
    height = number(gps, ALTITUDE)
    if height is None or abs(height) > 20_000:
        return None
    below = gps.get(ALTITUDE_REF) in (1, b"\x01")
    return -height if below else height


def sigma_plan_m(gps: Tags) -> float | None:
    """GPSHPositioningError in metres, None where it is missing or beyond reason."""
    error_m = number(gps, HORIZONTAL_ERROR)
    return error_m if error_m is not None and 0 < error_m <= 1000 else None


def dilution(gps: Tags) -> float | None:
    """GPSDOP, the dilution of precision, None where it is missing or beyond reason."""
    value = number(gps, DOP)
    return value if value is not None and 0 < value <= 100 else None


def exposure(tags: Tags) -> float | None:
    """Seconds times ISO over the f-number squared: the light that a grey of the picture stands for, inverted.

    None where one of them is missing or beyond reason.
    """
    time_s, f_number, iso = (number(tags, tag) for tag in (EXPOSURE_TIME, F_NUMBER, ISO))
    if time_s is None or f_number is None or iso is None:
        return None
    within = 1e-6 <= time_s <= 60 and 0.5 <= f_number <= 64 and 1 <= iso <= 10_000_000
    return time_s * iso / f_number**2 if within else None


def time_s(tags: Tags) -> float | None:
    """Seconds since 1970 UTC of DateTimeOriginal; a time without its offset is read as UTC."""
    stamp = text(tags, DATE_TIME_ORIGINAL)
    try:
        taken = datetime.strptime(stamp, "%Y:%m:%d %H:%M:%S").replace(
            tzinfo=_zone(text(tags, OFFSET_ORIGINAL))
        )
    except ValueError:
        return None
    fraction = text(tags, SUBSECOND_ORIGINAL)
    seconds = float(f"0.{fraction}") if fraction.isascii() and fraction.isdigit() else 0.0
    return taken.timestamp() + seconds


def focal_length_px(tags: Tags, width_px: int, height_px: int) -> float | None:
    """Focal length in pixels of this picture, None where EXIF does not tell.

    From the focal plane's resolution where it is given, else from the length equivalent to 35 mm film, which
    CIPA DCG-001 defines by the diagonal. A picture wider than 3:2 is taken for the full width of 4:3.
    """
    focal_mm, resolution = number(tags, FOCAL_LENGTH), number(tags, FOCAL_PLANE_X_RESOLUTION)
    unit_mm = {2: 25.4, 3: 10.0, 4: 1.0}.get(int(number(tags, FOCAL_PLANE_UNIT) or 2), 25.4)
    if focal_mm and resolution:
        focal_px = focal_mm * resolution / unit_mm
        if _plausible(focal_px, width_px):
            return focal_px
    equivalent_mm = number(tags, FOCAL_LENGTH_35MM)
    if not equivalent_mm:
        return None
    long_px, short_px = max(width_px, height_px), min(width_px, height_px)
    sensor_short_px = long_px * 0.75 if long_px > 1.6 * short_px else short_px
    focal_px = equivalent_mm / DIAGONAL_35MM * math.hypot(long_px, sensor_short_px)
    return focal_px if _plausible(focal_px, width_px) else None


def _plausible(focal_px: float, width_px: int) -> bool:
    return 0.2 * width_px <= focal_px <= 50 * width_px


def _degrees(value: Any) -> float:
    try:
        degrees, minutes, seconds = (float(part) for part in value)
    except BROKEN:
        return math.nan
    return degrees + minutes / 60 + seconds / 3600


def _zone(offset: str) -> timezone:
    try:
        hours, minutes = offset[1:].split(":")
        size = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-size if offset.startswith("-") else size)
    except (ValueError, OverflowError):
        return UTC
