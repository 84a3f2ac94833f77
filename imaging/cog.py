"""Cloud Optimized GeoTIFF: a raster that a map reads in part and at any size over the network.

The layout is that of OGC 21-026 (Cloud Optimized GeoTIFF 1.0): tiles, overviews, directories before the
pixels, smaller levels first. GDAL's COG driver writes it from a plain tiled file.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import rasterio
from rasterio.shutil import copy

from imaging.photos import Pixels
from missions.errors import OutputError

TILE_PX = 512
FLOATS, INTEGERS = 3, 2
LEAST_SEEN = 64
"""Of 255 parts of a small pixel: its colours are whole numbers, and of fewer parts tell little."""


def cog_from_tiff(source: Path, target: Path, *, predictor: int) -> None:
    """Write `target` from `source` with overviews. Raises OutputError where the disk is full."""
    try:
        # The overviews that it makes first are read once: not worth packing.
        with rasterio.Env(COG_TMP_COMPRESSION="NONE"):
            copy(
                source, target, driver="COG", compress="DEFLATE", predictor=predictor, level=1,
                blocksize=TILE_PX, overview_resampling="average", bigtiff="IF_SAFER", num_threads="ALL_CPUS",
                sparse_ok=True,
            )  # fmt: skip
    except rasterio.errors.RasterioError as error:
        raise OutputError(
            f"cannot be written ({error})", where=str(target), remedy="Make room on the disk"
        ) from error


def shrunk(path: Path, most_px: int) -> Pixels:
    """(h, w, 4) of an RGBA picture with overviews, at most so many pixels a side: averages of what is seen.

    From the smallest overview that is as large; GDAL itself takes three times as long to average.
    """
    with rasterio.open(path) as file:
        shrink = max(1.0, max(file.width, file.height) / most_px)
        size = max(1, round(file.width / shrink)), max(1, round(file.height / shrink))
        levels = [index for index, times in enumerate(file.overviews(1)) if times <= shrink]
    with rasterio.open(path, **({"overview_level": levels[-1]} if levels else {})) as file:
        whole = cv2.merge(list(file.read()))
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    seen = cv2.resize(np.where(whole[..., 3], np.uint8(255), np.uint8(0)), size, interpolation=cv2.INTER_AREA)
    small[seen < LEAST_SEEN] = 0
    rim = (seen >= LEAST_SEEN) & (seen < 255)
    colours = small[rim, :3] * (255 / seen[rim, None].astype(np.float32))
    small[rim, :3] = np.minimum(colours + 0.5, 255).astype(np.uint8)
    return np.asarray(small, np.uint8)
