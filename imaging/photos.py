"""Photos: what each says of itself, read from its header before any pixel is decoded."""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from imaging import exif
from imaging.factory_lens import FactoryLens, read_dewarp, resized
from imaging.picture_bounds import check_asked, strip_bytes
from imaging.xmp import DroneXmp, read_xmp, serial
from missions.errors import InputError, PhotoError
from missions.geodesy import GeoPoint

FORMATS = ("JPEG", "PNG", "TIFF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
LIMIT_BYTES = 400_000_000
LIMIT_PIXELS = 150_000_000
LIMIT_SIDE_PX = 30_000
LIMIT_WHOLE_BYTES = 100_000_000
"""What a PNG or TIFF, which only decodes whole, may take while it does: 25 million pixels in colour."""
LIMIT_HELD_BYTES = 50_000_000
"""The same of those that cannot be proved row by row either."""
LIMIT_COEFFICIENT_BYTES = 50_000_000
"""The same of a JPEG that is not written row by row: 16 million pixels with colours at half the detail."""
LEAST_JPEG_BYTES = 0.005
"""A pixel: 12 bits for the six blocks of 16 x 16 pixels without detail, the least that code tables allow."""
BY_CONTROL = "control"
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture's metadata.

    Heights in metres (`amsl` as the camera wrote it, `relative` to the take-off point), angles in degrees
    (gimbal pitch -90 looks straight down, yaw clockwise from true north), focal length in pixels of the
    picture's width. `rtk` says that the position is corrected to centimetres; the sigmas are what the file
    says of it, one standard deviation in metres; `sigma_own_m` is the part of a position in plan that is this
    photo's alone, where that is known. `exposure` is seconds times ISO over the f-number squared. `placed_by`
    is "control" where surveyed points alone say where it was taken, which is then no observation.
    `dilution` is that of the satellites' geometry (GPSDOP). `factory_lens` is how its maker measured the
    lens; the focal length is then that one. What the file does not tell is None, or empty.
    """

    path: Path
    width_px: int
    height_px: int
    sha256: str
    time_s: float | None = None
    place: GeoPoint | None = None
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    gimbal_pitch_deg: float | None = None
    gimbal_yaw_deg: float | None = None
    gimbal_roll_deg: float | None = None
    focal_length_px: float | None = None
    focal_length_mm: float | None = None
    make: str = ""
    model: str = ""
    rtk: bool = False
    sigma_plan_m: float | None = None
    sigma_up_m: float | None = None
    sigma_own_m: float | None = None
    exposure: float | None = None
    placed_by: str = ""
    dilution: float | None = None
    factory_lens: FactoryLens | None = None
    camera_serial: str = ""
    aircraft_serial: str = ""


DEEP_GREY = "IF"
"""How Pillow's modes of whole and broken numbers begin; made 8 bits they would be white nearly everywhere."""


def read_photo(path: Path) -> Photo:
    """The photo's metadata. Raises PhotoError for no picture, one too large, or one placed off the earth."""
    sha256 = hash_file(path)
    with open_picture(path) as image:
        if image.mode[0] in DEEP_GREY:
            raise PhotoError(
                "its pixels are grey values of more than 8 bits", where=str(path), remedy="Save it in 8 bits"
            )
        width_px, height_px = image.size
        main, tags, gps = exif.read_tags(image)
        drone = read_xmp(image.info.get("xmp"))
    try:
        place = exif.place(gps) or _place(drone)
    except InputError as error:
        raise PhotoError(
            error.what, where=str(path), remedy=error.remedy or "Take it out of the folder"
        ) from error
    amsl_m = exif.height_amsl_m(gps)
    focal_px = drone.focal_length_px
    changed = resized(drone.optical_centre_x_px, drone.optical_centre_y_px, width_px, height_px)
    factory = None if changed else read_dewarp(drone.dewarp, drone.dewarp_flag, width_px, height_px)
    if factory is not None:
        focal_px = factory.focal_px
    elif changed:
        focal_px = None
    if focal_px is None or not 0.2 * width_px <= focal_px <= 50 * width_px:
        focal_px = exif.focal_length_px(tags, width_px, height_px)
    return Photo(
        path=path,
        width_px=width_px,
        height_px=height_px,
        sha256=sha256,
        time_s=exif.time_s(tags),
        place=place,
        height_amsl_m=drone.height_amsl_m if amsl_m is None else amsl_m,
        height_relative_m=drone.height_relative_m,
        gimbal_pitch_deg=drone.gimbal_pitch_deg,
        gimbal_yaw_deg=drone.gimbal_yaw_deg,
        gimbal_roll_deg=drone.gimbal_roll_deg,
        focal_length_px=focal_px,
        focal_length_mm=exif.number(tags, exif.FOCAL_LENGTH),
        make=exif.text(main, exif.MAKE),
        model=exif.text(main, exif.MODEL),
        rtk=drone.rtk_fixed,
        sigma_plan_m=_sigma_plan_m(drone, gps),
        sigma_up_m=_sigma_up_m(drone),
        exposure=exif.exposure(tags),
        dilution=exif.dilution(gps),
        factory_lens=factory,
        camera_serial=drone.camera_serial or serial(exif.text(tags, exif.BODY_SERIAL)),
        aircraft_serial=drone.aircraft_serial,
    )


def decode(path: Path, reduce: int = 1) -> Pixels:
    """The picture as (height, width, 3) RGB; a pixel covers `reduce` (1, 2, 4 or 8) of the file's each way.

    The last row and column may cover fewer. Pixels stay in the order they are stored in: the orientation tag
    is not applied, as in alignment. Raises PhotoError where the file is cut short or broken.
    """
    with open_picture(path) as image:
        width_px, height_px = image.size
        try:
            # JPEG decodes to a half, quarter or eighth by itself, to no less than is asked for.
            image.draft("RGB", (max(1, width_px // reduce), max(1, height_px // reduce)))
            image.load()
            pixels = image if image.mode == "RGB" else image.convert("RGB")
            left = reduce // max(1, round(width_px / pixels.width))
            return np.asarray(pixels.reduce(left) if left > 1 else pixels, np.uint8)
        except (*exif.BROKEN, MemoryError) as error:
            raise PhotoError(f"the picture is broken or cut short ({error})", where=str(path)) from error


def hash_file(path: Path, limit_bytes: int | None = LIMIT_BYTES) -> str:
    """SHA-256 of a file, read in pieces. Raises PhotoError where it cannot be read, is empty or too large.

    `limit_bytes` is None for what this software has made itself.
    """
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        if size == 0:
            raise PhotoError("the file is empty", where=str(path), remedy="Copy it from the camera again")
        if limit_bytes is not None and size > limit_bytes:
            raise PhotoError(f"the file is larger than {limit_bytes // 1_000_000} MB", where=str(path))
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise PhotoError(f"cannot be read ({error.strerror or error})", where=str(path)) from error
    return digest.hexdigest()


def picture_files(folder: Path, *, leave_out: Path | None = None) -> tuple[Path, ...]:
    """Files below `folder` that are named like pictures, sorted; hidden ones and `leave_out` are passed over.

    Raises PhotoError where the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise PhotoError("this is no folder of photos", where=str(folder), remedy="Check the path")
    found: list[Path] = []
    passed_over = None if leave_out is None else leave_out.resolve()
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(
            name for name in folders if name[0] != "." and (here / name).resolve() != passed_over
        )
        found += [here / name for name in names if name[0] != "." and name.lower().endswith(SUFFIXES)]
    if not found:
        raise PhotoError(
            "no photos here",
            where=str(folder),
            remedy=f"Put the drone's pictures in it ({', '.join(SUFFIXES)})",
        )
    return tuple(sorted(found))


def open_picture(path: Path) -> Image.Image:
    """The picture with only its header read. Raises PhotoError where decoding it would take too much."""
    jpeg = check_asked(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PhotoError(_too_large(), where=str(path)) from error
    except (*exif.BROKEN, MemoryError) as error:
        raise PhotoError("this is no picture that can be read", where=str(path)) from error
    if image.width * image.height > LIMIT_PIXELS or max(image.size) > LIMIT_SIDE_PX:
        image.close()
        raise PhotoError(_too_large(), where=str(path))
    if jpeg is None:
        too_large = _whole_bytes(image, path) > (
            LIMIT_WHOLE_BYTES if reads_by_rows(image) else LIMIT_HELD_BYTES
        )
    else:
        too_large = not jpeg.by_rows and jpeg.coefficient_bytes > LIMIT_COEFFICIENT_BYTES
    if too_large:
        image.close()
        raise PhotoError(
            f"it only decodes whole and is too large for that ({image.width} x {image.height} pixels)",
            where=str(path),
            remedy="Save it as a baseline JPEG",
        )
    if jpeg is not None and path.stat().st_size < LEAST_JPEG_BYTES * image.width * image.height:
        # libjpeg would fill what is missing with grey and say nothing.
        image.close()
        raise PhotoError("the picture is cut short: too few bytes for its pixels", where=str(path))
    return image


def reads_by_rows(image: Image.Image) -> bool:
    """Whether a PNG or TIFF is of the plain kinds that can be read a few rows at a time."""
    plain = image.mode in ("RGB", "RGBA", "L") and not image.info.get("interlace")
    return plain and image.format in ("PNG", "TIFF")


def _whole_bytes(image: Image.Image, path: Path) -> int:
    """What a PNG or TIFF takes while it is decoded: as it is kept, and once more where it becomes RGB."""
    kept = {"1": 1, "L": 1, "P": 1, "I;16": 2}.get(image.mode, 4)
    pixels = image.width * image.height
    strip = min(8 * pixels, strip_bytes(path, 4 * image.width)) if image.format == "TIFF" else 0
    return pixels * (kept if image.mode == "RGB" else kept + 4) + strip


def _too_large() -> str:
    return (
        f"the picture is larger than {LIMIT_PIXELS // 1_000_000} million pixels or {LIMIT_SIDE_PX} on a side"
    )


def _sigma_plan_m(drone: DroneXmp, gps: exif.Tags) -> float | None:
    if drone.accuracy_plan_m and drone.accuracy_plan_m > 0:
        return drone.accuracy_plan_m
    if drone.rtk_solved:
        told = [each for each in (drone.rtk_sigma_lat_m, drone.rtk_sigma_lon_m) if each and each > 0]
        if told:
            return max(told)
    return exif.sigma_plan_m(gps)


def _sigma_up_m(drone: DroneXmp) -> float | None:
    told_m = drone.accuracy_up_m or (drone.rtk_sigma_up_m if drone.rtk_solved else None)
    return told_m if told_m is not None and told_m > 0 else None


def _place(drone: DroneXmp) -> GeoPoint | None:
    if drone.lat_deg is None or drone.lon_deg is None or (drone.lat_deg == 0 and drone.lon_deg == 0):
        return None
    return GeoPoint(drone.lat_deg, drone.lon_deg)
