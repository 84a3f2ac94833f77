"""Cloud Optimized GeoTIFF: a raster that a map reads in part and at any size over the network.

The layout is that of OGC 21-026 (Cloud Optimized GeoTIFF 1.0): tiles, overviews, directories before the
pixels, smaller levels first. GDAL's COG driver writes it from a plain tiled file.
"""

from __future__ import annotations

from pathlib import Path

import rasterio
from rasterio.shutil import copy

from missions.errors import OutputError

TILE_PX = 512
FLOATS, INTEGERS = 3, 2


def cog_from_tiff(source: Path, target: Path, *, predictor: int) -> None:
    """Write `target` from `source` with overviews. Raises OutputError where the disk is full."""
    try:
        copy(
            source, target, driver="COG", compress="DEFLATE", predictor=predictor, level=1, blocksize=TILE_PX,
            overview_resampling="average", bigtiff="IF_SAFER", num_threads="ALL_CPUS", sparse_ok=True,
        )  # fmt: skip
    except rasterio.errors.RasterioError as error:
        raise OutputError(
            f"cannot be written ({error})", where=str(target), remedy="Make room on the disk"
        ) from error
