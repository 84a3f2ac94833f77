"""Mosaics as a layer of the map: where the picture lies, and the picture, clear where it shows nothing."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from PIL import Image
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window

from missions.errors import FormatError, InputError
from missions.files import read_bounded
from ops.api.models import Corners, JsonObject, SceneReport

ORTHOMOSAIC = "orthomosaic.tif"
REPORT = "scene.json"
REPORT_LIMIT_BYTES = 50_000_000
PICTURE_PX = 2048
WEBP_QUALITY, WINDOW_QUALITY = 82, 88


def scene_report(orthomosaic: Path, name: str, version: str) -> SceneReport:
    """The scene that `orthomosaic` belongs to; `name` is its path in the operation, `version` its hash.

    Raises FormatError where it is not georeferenced.
    """
    scene = name.rsplit("/", 1)[0]
    return SceneReport(
        id=scene,
        name=scene.rsplit("/", 1)[-1],
        corners=_corners(orthomosaic),
        preview_url=f"/api/scenes/{scene}/picture?version={version[:16]}",
        report=_report(orthomosaic.with_name(REPORT)),
    )


def _corners(path: Path) -> Corners:
    try:
        with rasterio.open(path) as raster:
            wide, tall, place, crs = raster.width, raster.height, raster.transform, raster.crs
    except RasterioError as error:
        raise FormatError("is no GeoTIFF", where=str(path), remedy="Make the mosaic again") from error
    if crs is None:
        raise FormatError("has no coordinate system", where=str(path), remedy="Make the mosaic again")
    to_degrees = Transformer.from_crs(crs.to_wkt(), "EPSG:4326", always_xy=True)
    corners = [
        to_degrees.transform(
            place.a * column + place.b * row + place.c, place.d * column + place.e * row + place.f
        )
        for column, row in ((0, 0), (wide, 0), (wide, tall), (0, tall))
    ]
    if not all(math.isfinite(each) for corner in corners for each in corner):
        raise FormatError("lies nowhere on the earth", where=str(path), remedy="Make the mosaic again")
    first, second, third, fourth = ((round(lon, 8), round(lat, 8)) for lon, lat in corners)
    return first, second, third, fourth


def _report(path: Path) -> JsonObject:
    if not path.is_file():
        return {}
    try:
        found = json.loads(
            read_bounded(path, REPORT_LIMIT_BYTES, "the report"), parse_constant=lambda _: None
        )
    except (ValueError, RecursionError) as error:
        raise FormatError(
            "is no report of a scene", where=str(path), remedy="Make the mosaic again"
        ) from error
    return found if isinstance(found, dict) else {}


def scene_picture(orthomosaic: Path) -> bytes:
    """The mosaic as WebP of at most 2048 pixels a side, transparent where it shows nothing.

    Raises FormatError.
    """
    try:
        with rasterio.open(orthomosaic) as raster:
            scale = min(1.0, PICTURE_PX / max(raster.width, raster.height))
            size = max(1, round(raster.height * scale)), max(1, round(raster.width * scale))
            bands = [1, 2, 3] if raster.count >= 3 else [1, 1, 1]
            colours = raster.read(bands, out_shape=(3, *size), resampling=Resampling.average)
            shown = raster.dataset_mask(out_shape=size)
    except RasterioError as error:
        raise FormatError(
            "is no GeoTIFF that can be read", where=str(orthomosaic), remedy="Make the mosaic again"
        ) from error
    return _webp(colours, shown, WEBP_QUALITY)


def scene_window(orthomosaic: Path, window: tuple[int, int, int, int], side_px: int) -> bytes:
    """A window of the mosaic (left, top, width, height) as WebP, clear where it shows nothing.

    At most `side_px` along the longer side, never enlarged. Raises InputError for a window that is not within
    it, FormatError.
    """
    left, top, width, height = window
    try:
        with rasterio.open(orthomosaic) as raster:
            if left + width > raster.width or top + height > raster.height:
                raise InputError(f"the window is not within the {raster.width} x {raster.height} pixels")
            shrink = max(1.0, max(width, height) / side_px)
            size = max(1, round(height / shrink)), max(1, round(width / shrink))
            bands = [1, 2, 3] if raster.count >= 3 else [1, 1, 1]
            place = Window(left, top, width, height)
            colours = raster.read(bands, window=place, out_shape=(3, *size), resampling=Resampling.average)
            shown = raster.dataset_mask(window=place, out_shape=size)
    except RasterioError as error:
        raise FormatError(
            "is no GeoTIFF that can be read", where=str(orthomosaic), remedy="Make the mosaic again"
        ) from error
    return _webp(colours, shown, WINDOW_QUALITY)


def _webp(colours: npt.NDArray[Any], shown: npt.NDArray[Any], quality: int) -> bytes:
    pixels = np.dstack([*_eight_bits(colours), shown.astype(np.uint8)])
    encoded = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(encoded, "WEBP", quality=quality, method=3)
    return encoded.getvalue()


def _eight_bits(colours: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if colours.dtype == np.uint8:
        return colours.astype(np.uint8, copy=False)
    low, high = float(np.nanmin(colours)), float(np.nanmax(colours))
    return ((colours - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
