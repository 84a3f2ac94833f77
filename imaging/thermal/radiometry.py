"""Any thermal picture that we can read, as one kind of frame.

What the numbers mean is taken from what a file says, never guessed:

    16-bit TIFF     hundredths of a kelvin where its description says "centikelvin", "0.01 K" or
                    "100 counts a kelvin", else plain counts
    FLIR JPEG       degrees by the camera's own Planck constants, error as FLIR states it (2 degrees or 2 %)
    DJI R-JPEG      the sensor's counts
    8-bit picture   grey, or the order of warmth by a palette of false colour that is known
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from imaging import exif
from imaging.thermal import dji, flir
from imaging.thermal.exposure import exposure_of
from imaging.thermal.frame import Exposure, ThermalFrame, Unit, Values
from imaging.thermal.jpeg import SOI
from imaging.thermal.palettes import grey_from_colours
from imaging.thermal.pixels import grey_values
from imaging.thermal.planck import KELVIN_AT_0_DEGC, degc_from_counts
from imaging.thermal.reading import Scale
from imaging.thermal.visible import too_large_for_heat
from missions.errors import PhotoError
from missions.files import read_bounded

SUFFIXES = frozenset({".tif", ".tiff", ".jpg", ".jpeg", ".png"})
LARGEST_FILE_BYTES = 64_000_000
LARGEST_PICTURE_PX = 25_000_000
_CENTIKELVIN = re.compile(r"centi-?kelvin|\b0\.01 ?K\b|\b100 (?:counts )?(?:a|per|x) kelvin", re.IGNORECASE)
_FORMATS = ("JPEG", "PNG", "TIFF")
_COLDEST_DEGC, _HOTTEST_DEGC = -90.0, 700.0
"""The middle of what is seen lies between these anywhere on earth, fire and all."""
_FLIR_DEGC, _FLIR_SHARE = 2.0, 0.02
_REMEDY = "Give 16-bit TIFF, DJI or FLIR radiometric JPEG, or a plain JPEG or PNG"


def read_frame(path: Path, *, scale: Scale = "auto", black_hot: bool = False) -> ThermalFrame:
    """The frame in `path`, bounded before it is decoded. Raises PhotoError, or InputError where missing."""
    data = read_bounded(path, LARGEST_FILE_BYTES, "the frame")
    sha256 = hashlib.sha256(data).hexdigest()
    picture = _opened(data, path)
    exposure = _exposure(picture, path)
    notes: tuple[str, ...] = ()
    if data.startswith(SOI):
        fff = flir.fff_of(data, str(path))
        if fff is not None:
            return flir_frame(fff, path, exposure, sha256)
        counts = dji.counts(data, str(path))
        if counts is not None:
            return ThermalFrame(path, counts, "counts", exposure, sha256)
    if picture.mode.startswith(("I", "F")):
        values, unit, notes = _deep_values(picture, path, exposure, scale)
        notes = (*notes, *_further(picture))
    else:
        values, notes = _grey_values(picture, data, path, black_hot)
        unit = "grey"
    return ThermalFrame(path, values, unit, exposure, sha256, notes=notes)


def read_exposure(path: Path) -> Exposure:
    """Only when, where and how the frame in `path` was taken. Raises as `read_frame` does."""
    data = read_bounded(path, LARGEST_FILE_BYTES, "the frame")
    exposure = _exposure(_opened(data, path), path)
    if data.startswith(SOI):
        fff = flir.fff_of(data, str(path))
        if fff is not None:
            return _at_flir_time(exposure, flir.taken_s(fff, str(path)))
    return exposure


def _opened(data: bytes, path: Path) -> Image.Image:
    """The picture with its head read and its pixels not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PhotoError("is not a picture that can be read", where=str(path), remedy=_REMEDY) from error
    if picture.width * picture.height > LARGEST_PICTURE_PX:
        raise _too_large(path)
    return picture


def _too_large(path: Path) -> PhotoError:
    return PhotoError(
        f"has more than {LARGEST_PICTURE_PX // 1_000_000} million pixels", where=str(path), remedy=_REMEDY
    )


def _exposure(picture: Image.Image, path: Path) -> Exposure:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return exposure_of(picture)
    except exif.BROKEN as error:
        raise PhotoError("its metadata are damaged", where=str(path), remedy="Copy the file again") from error


def flir_frame(
    fff: bytes, path: Path, exposure: Exposure, sha256: str, number: int | None = None
) -> ThermalFrame:
    """A FLIR FFF in degrees by its own constants. Raises PhotoError where it is damaged."""
    taken = flir.picture(fff, str(path))
    values = degc_from_counts(taken.counts, taken.radiometry)
    if not np.isfinite(values).any():
        raise PhotoError(
            "its constants give no temperature", where=str(path), remedy="Export it as 16-bit TIFF"
        )
    stated = max(_FLIR_DEGC, _FLIR_SHARE * float(np.nanmax(np.abs(values))))
    distance = (
        f"temperatures are for emissivity {taken.radiometry.emissivity:.2f} at "
        f"{taken.radiometry.distance_m:g} m, as set in the camera"
    )
    notes = (distance, *_outside(values, taken.range_degc))
    exposure = _at_flir_time(exposure, taken.time_s)
    return ThermalFrame(path, values, "degC", exposure, sha256, stated, taken.camera, notes, number)


def _outside(values: Values, range_degc: tuple[float, float] | None) -> tuple[str, ...]:
    """A note where the camera was not set to measure some of what it saw."""
    if range_degc is None:
        return ("the camera names no range that it was set to measure",)
    least, most = range_degc
    if bool((values < least).any() or (values > most).any()):
        return (f"some of it lies outside {least:.0f} to {most:.0f} °C, which the camera was set to measure",)
    return ()


def _at_flir_time(exposure: Exposure, time_s: float | None) -> Exposure:
    return exposure if time_s is None else replace(exposure, time_s=time_s, local_time=False)


def _deep_values(
    picture: Image.Image, path: Path, exposure: Exposure, scale: Scale
) -> tuple[Values, Unit, tuple[str, ...]]:
    """Values of a picture of one deep channel, by what its description says."""
    try:
        values = np.asarray(picture, np.float32)
    except (*exif.BROKEN, MemoryError) as error:
        raise PhotoError("is cut short or damaged", where=str(path), remedy="Copy the file again") from error
    if values.ndim != 2:
        raise PhotoError("has more than one channel", where=str(path), remedy=_REMEDY)
    told = bool(_CENTIKELVIN.search(exposure.description))
    if scale == "centikelvin" or (scale == "auto" and told):
        degc = (values / 100 - KELVIN_AT_0_DEGC).astype(np.float32)
        if scale == "auto" and not _COLDEST_DEGC < float(np.median(degc)) < _HOTTEST_DEGC:
            return values, "counts", (f"{float(np.median(degc)):.0f} °C is no scene: read as plain counts",)
        return degc, "degC", ()
    if scale == "counts":
        return values, "counts", ()
    return values, "counts", ("the file does not say what its numbers mean: plain counts, no temperature",)


def _further(picture: Image.Image) -> tuple[str, ...]:
    """A note where the file holds more pictures than the one that is read."""
    try:
        picture.seek(1)
    except (*exif.BROKEN, EOFError):
        return ()
    return ("the file holds further pictures, of which only the first was read",)


def _grey_values(
    picture: Image.Image, data: bytes, path: Path, black_hot: bool
) -> tuple[Values, tuple[str, ...]]:
    shown: npt.NDArray[np.uint8] | None
    if picture.format == "TIFF":
        try:
            shown = np.asarray(picture.convert("RGB"), np.uint8)
        except (*exif.BROKEN, MemoryError):
            shown = None
    else:
        flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        shown = None if decoded is None else decoded.astype(np.uint8)
    if shown is None:
        raise PhotoError("is cut short or damaged", where=str(path), remedy="Copy the file again")
    values, palette = grey_from_colours(shown)
    if palette == "unknown" and (visible := too_large_for_heat(picture.width, picture.height)):
        raise PhotoError(visible, where=str(path), remedy=_REMEDY)
    return grey_values(values, palette, black_hot)
