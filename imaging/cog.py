"""Cloud Optimized GeoTIFF: a raster that a map reads in part and at any size over the network.

The layout is that of OGC 21-026 (Cloud Optimized GeoTIFF 1.0): tiles, overviews, directories before the
pixels, smaller levels first. GDAL's COG driver writes it from a plain tiled file.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.shutil import copy
from rasterio.windows import Window

from imaging.photos import Pixels
from missions.errors import OutputError

TILE_PX = 512
FLOATS, INTEGERS = 3, 2
LEAST_SEEN = 64
"""Of 255 parts of a small pixel: its colours are whole numbers, and of fewer parts tell little."""


class PlainPicture:
    """An RGBA picture and its overviews as plain tiled files, written block by block as it is drawn.

    GDAL takes X.ovr for the overview of X, and X.ovr.ovr for that of X.ovr. Each is half as large as the one
    before it, the last at most a tile unless blocks would be less than a pixel of it; a pixel is the mean of
    what is seen of four (GDAL makes the same by itself, in five times the time).
    """

    def __init__(self, path: Path, width: int, height: int, block_px: int, **profile: Any) -> None:
        """`block_px`, a power of two, is what the corners of blocks are multiples of."""
        self._stack = ExitStack()
        self._files = []
        most = max(width, height)
        while True:
            file = rasterio.open(
                path, "w", driver="GTiff", width=width, height=height, count=4, dtype="uint8", tiled=True,
                blockxsize=TILE_PX, blockysize=TILE_PX, photometric="RGB", alpha="NON-PREMULTIPLIED",
                bigtiff="IF_SAFER", sparse_ok=True, **profile,
            )  # fmt: skip
            self._files.append(self._stack.enter_context(file))
            file.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
            level = len(self._files)
            if most >> (level - 1) <= TILE_PX or 1 << level > block_px:
                break
            path, width, height = path.with_name(f"{path.name}.ovr"), -(-width // 2), -(-height // 2)
            profile = {"transform": Affine.scale(2.0)}  # any: where it lies the whole says

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def tag(self, **tags: str) -> None:
        """What the file says of itself."""
        self._files[0].update_tags(**tags)

    def write(self, pixels: Pixels, column: int, row: int) -> None:
        """Write (h, w, 4), alpha 0 and nothing else or 255, from this corner on."""
        for level, file in enumerate(self._files):
            if level:
                pixels = halved(pixels)
            height, width = pixels.shape[:2]
            window = Window(column >> level, row >> level, width, height)
            file.write(np.moveaxis(pixels, -1, 0), window=window)


def halved(pixels: Pixels) -> Pixels:
    """(h, w, 4) at half the size, rounded up: means of what is seen of four pixels (alpha 0 or 255)."""
    rows, columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if rows or columns:
        pixels = np.asarray(cv2.copyMakeBorder(pixels, 0, rows, 0, columns, cv2.BORDER_CONSTANT), np.uint8)
    size = pixels.shape[1] // 2, pixels.shape[0] // 2
    half = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    rim = cv2.findNonZero(cv2.inRange(cv2.extractChannel(half, 3), 1, 254))
    if rim is None:
        return half
    column, row = rim[:, 0].T
    four = [pixels[2 * row + below, 2 * column + right] for below in (0, 1) for right in (0, 1)]
    total = np.asarray(np.sum(four, axis=0, dtype=np.int32))
    count = total[:, 3:] // 255
    half[row, column] = (total + count // 2) // count
    return half


def cog_from_tiff(source: Path, target: Path, *, predictor: int) -> None:
    """Write `target` from `source` with its overviews, or with averages where it has none.

    Raises OutputError where the disk is full.
    """
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


def shrunk(path: Path, *most_px: int) -> list[Pixels]:
    """(h, w, 4) of an RGBA picture with overviews, for each of `most_px` at most so many pixels a side:
    averages of what is seen, whose alpha is 255 and that of the rest 0, in the overviews too.

    From the smallest overview that is as large; GDAL itself takes three times as long to average.
    """
    with rasterio.open(path) as file:
        shrinks = [max(1.0, max(file.width, file.height) / most) for most in most_px]
        sizes = [
            (max(1, round(file.width / shrink)), max(1, round(file.height / shrink))) for shrink in shrinks
        ]
        smaller = file.overviews(1)
    levels = [sum(times <= shrink for times in smaller) for shrink in shrinks]
    wholes = {level: _level(path, level) for level in set(levels)}
    return [_averaged(wholes[level], size) for level, size in zip(levels, sizes, strict=True)]


def _level(path: Path, level: int) -> Pixels:
    """The picture, or its overview of that number, counted from 1."""
    with rasterio.open(path, **({"overview_level": level - 1} if level else {})) as file:
        return np.asarray(cv2.merge(list(file.read())), np.uint8)


def _averaged(whole: Pixels, size: tuple[int, int]) -> Pixels:
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    seen = cv2.extractChannel(small, 3)
    small = cv2.copyTo(small, cv2.inRange(seen, LEAST_SEEN, 255))
    rim = np.flatnonzero((seen >= LEAST_SEEN) & (seen < 255))
    flat = small.reshape(-1, 4)
    colours = flat[rim, :3] * (255 / seen.ravel()[rim, None].astype(np.float32))
    flat[rim, :3] = np.minimum(colours + 0.5, 255).astype(np.uint8)
    return np.asarray(small, np.uint8)
