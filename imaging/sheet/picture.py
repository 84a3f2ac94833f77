"""The orthomosaic on paper, tile by tile: read by windows, thinned to the printer's dots, kept as JPEG."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.windows import Window

from imaging.photos import Pixels
from imaging.sheet.plane import utm_epsg
from missions.errors import InputError

TILE_PX = 1024
SOURCE_PX = 4096
QUALITY = 90
CACHE_BYTES = 128 * 1024**2
OVERLAP_PX = 2
INCH_MM = 25.4


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of the picture: a JPEG and where it lies, west, south, east, north in UTM metres."""

    jpeg: bytes
    west_m: float
    south_m: float
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True)
class Picture:
    """An open orthomosaic: its UTM zone, pixel size and bounds (west, south, east, north)."""

    file: DatasetReader
    epsg: int
    pixel_m: float
    bounds_m: tuple[float, float, float, float]

    def dot_m(self, scale: float, dpi: int) -> float:
        """Metres on the grid that one printed dot covers: the printer's, or the picture's own if coarser."""
        return max(self.pixel_m, scale * INCH_MM / 1000 / dpi)

    def tiles(self, bounds_m: tuple[float, float, float, float], dot_m: float) -> Iterator[Tile]:
        """The picture within `bounds_m`, white where nothing was seen, one dot each `dot_m`.

        Tiles overlap by two dots of the same content, so that no viewer shows a seam between them.
        """
        factor = dot_m / self.pixel_m
        # A whole power of two is thinned while reading, through the file's overviews; the rest afterwards.
        thin = 2 ** int(math.log2(factor) + 1e-9)
        across, down = self.file.width // thin, self.file.height // thin
        west, _, _, north = self.bounds_m
        cell = self.pixel_m * thin
        first_column = max(0, math.floor((bounds_m[0] - west) / cell))
        last_column = min(across, math.ceil((bounds_m[2] - west) / cell))
        first_row = max(0, math.floor((north - bounds_m[3]) / cell))
        last_row = min(down, math.ceil((north - bounds_m[1]) / cell))
        shrink = factor / thin
        step = max(64, min(int(TILE_PX * shrink), SOURCE_PX // min(thin, SOURCE_PX // 64)))
        for row in range(first_row, last_row, step):
            for column in range(first_column, last_column, step):
                right = min(column + step + math.ceil(OVERLAP_PX * shrink), last_column)
                low = min(row + step + math.ceil(OVERLAP_PX * shrink), last_row)
                pixels = self._read(column, row, right - column, low - row, thin)
                if not pixels[..., 3].any():
                    continue
                yield Tile(
                    _jpeg(pixels, shrink),
                    west + column * cell,
                    north - low * cell,
                    west + right * cell,
                    north - row * cell,
                )

    def _read(self, column: int, row: int, width: int, height: int, thin: int) -> Pixels:
        """(height, width, 4) thinned pixels, RGBA."""
        window = Window(column * thin, row * thin, width * thin, height * thin)
        bands = self.file.read(
            window=window, out_shape=(self.file.count, height, width), resampling=Resampling.average
        )
        pixels: Pixels = np.moveaxis(bands, 0, -1)
        if pixels.shape[2] == 3:
            pixels = np.dstack([pixels, np.full((height, width), 255, np.uint8)])
        return pixels


@contextmanager
def open_picture(path: Path) -> Iterator[Picture]:
    """The orthomosaic, ready to be read. Raises InputError where it cannot be read or is none."""
    try:
        # GDAL keeps decoded blocks up to a share of the machine's memory; each is needed once here.
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), rasterio.open(path) as file:
            transform = file.transform
            square = math.isclose(transform.a, -transform.e, rel_tol=1e-9) and transform.a > 0
            if file.count not in {3, 4} or set(file.dtypes) != {"uint8"}:
                raise InputError("the picture is not in colour of 8 bits (RGB or RGBA)", where=str(path))
            if transform.b or transform.d or not square:
                raise InputError("the picture is turned or its pixels are not square", where=str(path))
            east = transform.c + transform.a * file.width
            south = transform.f + transform.e * file.height
            yield Picture(
                file,
                utm_epsg(file.crs),
                transform.a,
                (transform.c, south, east, transform.f),
            )
    except rasterio.errors.RasterioError as error:
        raise InputError(
            f"the picture cannot be read ({error})", where=str(path), remedy="Give a GeoTIFF"
        ) from error


def _jpeg(pixels: Pixels, shrink: float) -> bytes:
    """The tile on white, as JPEG, thinned by `shrink` (1 to 2)."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture.convert("RGB"), mask=picture.getchannel("A"))
    if shrink > 1.0001:
        size = (max(1, round(picture.width / shrink)), max(1, round(picture.height / shrink)))
        white = white.resize(size, Image.Resampling.LANCZOS)
    held = io.BytesIO()
    white.save(held, "JPEG", quality=QUALITY, subsampling=0)
    return held.getvalue()
