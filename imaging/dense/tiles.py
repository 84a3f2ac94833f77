"""The layers of all pairs fused tile by tile and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.windows import Window

from imaging.cog import FLOATS, TILE_PX, cog_from_tiff
from imaging.dense.doubts import standing
from imaging.dense.fusion import HALO_CELLS, Fused, canopy, fuse
from imaging.dense.kernels import MISSING
from imaging.dense.levels import LOW_M, Coarse, Layer, Work
from imaging.dense.matching import Heights
from imaging.footprints import patch_of
from imaging.grid import Grid
from imaging.pictures import Decoded
from imaging.progress import Progress
from imaging.threads import in_order
from imaging.worked import give_back
from missions.files import writing_whole

TILE_CELLS = 2 * TILE_PX
Floats = npt.NDArray[np.float32]
Tile = tuple[int, int, int, int]


def write_coarse(work: Work, layers: list[Layer], grid: Grid, path: Path, progress: Progress) -> Path:
    """Heights found at half the size in a file that is read where needed, NaN where there are none."""
    tiles = list(grid.blocks(TILE_CELLS))
    progress.stage("dense: rough surface", len(tiles))
    np.lib.format.open_memmap(path, "w+", np.float32, (grid.height, grid.width)).flush()
    for tile, fused in zip(
        tiles,
        in_order(lambda tile: _tile(work, layers, grid, None, tile), tiles, work.threads, ahead=1),
        strict=True,
    ):
        column, row, width, height = tile
        part = np.load(path, mmap_mode="r+")[row : row + height, column : column + width]
        part[:] = np.nan if fused is None else fused.heights_m
        give_back()
        progress.advance()
    return path


def write_surface(
    work: Work,
    layers: list[Layer],
    grid: Grid,
    coarse: Coarse,
    reduce: int,
    scratch: Path,
    targets: tuple[Path, Path],
    progress: Progress,
) -> dict[str, Any]:
    """Write heights and uncertainties as Cloud Optimized GeoTIFFs; gives figures of the whole."""
    tiles = list(grid.blocks(TILE_CELLS))
    progress.stage("dense: one surface", len(tiles))
    measured, sigmas = 0, list[float]()
    plain = [scratch / target.name for target in targets]
    with ExitStack() as files:
        heights, uncertainties = (files.enter_context(_open(path, grid)) for path in plain)
        for file, text in ((heights, "height"), (uncertainties, "one standard deviation of height")):
            file.update_tags(TIFFTAG_SOFTWARE="Droneteam", TIFFTAG_IMAGEDESCRIPTION=f"{text}, metres")
        photos = Decoded(work.found.photos, reduce, work.memory_bytes)
        results = in_order(
            lambda tile: _tile(work, layers, grid, coarse, tile, photos), tiles, work.threads, ahead=1
        )
        for tile, fused in zip(tiles, results, strict=True):
            # Beside what a tile holds, what others have freed would lie torn apart and count as well.
            give_back()
            progress.advance()
            if fused is None:
                continue
            heights.write(np.round(fused.heights_m, 3), 1, window=Window(*tile))
            uncertainties.write(np.round(fused.sigma_m, 3), 1, window=Window(*tile))
            measured += int(fused.measured.sum())
            if np.isfinite(fused.typical_m):
                sigmas.append(fused.typical_m)
    give_back()
    for source, target in zip(plain, targets, strict=True):
        with writing_whole(target) as temporary:
            cog_from_tiff(source, temporary, predictor=FLOATS)
    return {
        "measured_share": measured / (grid.width * grid.height),
        "measured_m2": measured * grid.cell_m**2,
        "typical_sigma_m": float(np.median(sigmas)) if sigmas else 0.0,
    }


def _open(path: Path, grid: Grid) -> Any:
    return rasterio.open(
        path, "w", driver="GTiff", width=grid.width, height=grid.height, count=1, dtype="float32",
        crs=f"EPSG:{grid.epsg}", transform=grid.transform, tiled=True, blockxsize=TILE_PX, blockysize=TILE_PX,
        nodata=float("nan"), sparse_ok=True, bigtiff="IF_SAFER",
    )  # fmt: skip


def _tile(
    work: Work,
    layers: list[Layer],
    grid: Grid,
    coarse: Coarse | None,
    tile: Tile,
    photos: Decoded | None = None,
) -> Fused | None:
    """One tile, fused with a halo around it that is cut off again. None where no pair tells anything."""
    column, row, width, height = tile
    left, top = max(0, column - HALO_CELLS), max(0, row - HALO_CELLS)
    right = min(grid.width, column + width + HALO_CELLS)
    bottom = min(grid.height, row + height + HALO_CELLS)
    near = list(_overlapping(layers, left, top, right, bottom))
    if not near:
        return None

    def heights(first: int, last: int) -> tuple[list[int], Heights]:
        first, last = top + first, top + last
        which = [n for n, one in enumerate(near) if one.row < last and one.row + one.rows > first]
        return which, _stacked([near[n] for n in which], left, right, first, last)

    ground_m = work.surface.heights_on(grid, left, top, right - left, bottom - top)
    sigmas_m = np.array([layer.sigma_m for layer in near], np.float32)

    ask = None
    if photos is not None:
        patch = patch_of(grid, left, top, right - left, bottom - top)
        ask = partial(standing, work=work, photos=photos, patch=patch, cell_m=grid.cell_m)
    # What is tall is held by nobody else, so that it goes when it has been put in.
    fused = fuse(
        sigmas_m, heights, ground_m, work.scale,
        None if coarse is None else _tall(coarse, ground_m, left, top), ask, grid.cell_m,
    )  # fmt: skip
    if coarse is None:
        heights_m = canopy(fused.heights_m, ground_m, LOW_M, grid.cell_m)
        fused = replace(fused, heights_m=heights_m)
    part = slice(row - top, row - top + height), slice(column - left, column - left + width)
    # Copied, so that the halo is not held while the tile waits to be written.
    return Fused(
        fused.heights_m[part].copy(), fused.sigma_m[part].copy(), fused.measured[part].copy(), fused.typical_m
    )


def _stacked(layers: list[Layer], left: int, right: int, top: int, bottom: int) -> Heights:
    """(n, h, w) heights of the layers on a window of the grid."""
    stack = np.full((len(layers), bottom - top, right - left), MISSING, np.int16)
    for level, layer in zip(stack, layers, strict=True):
        first_row, first_column = max(top, layer.row), max(left, layer.column)
        last_row = min(bottom, layer.row + layer.rows)
        last_column = min(right, layer.column + layer.columns)
        level[first_row - top : last_row - top, first_column - left : last_column - left] = layer.part(
            slice(first_row - layer.row, last_row - layer.row),
            slice(first_column - layer.column, last_column - layer.column),
        )
    return stack


def _overlapping(layers: list[Layer], left: int, top: int, right: int, bottom: int) -> Iterator[Layer]:
    for layer in layers:
        if (
            layer.column < right
            and layer.column + layer.columns > left
            and layer.row < bottom
            and layer.row + layer.rows > top
        ):
            yield layer


def _tall(coarse: Coarse, ground_m: Floats, left: int, top: int) -> Floats:
    """Heights of what the rough surface found to be tall, on a tile of the grid twice as fine; else NaN."""
    rows, columns = ground_m.shape
    part = coarse.part(slice(top // 2, -(-(top + rows) // 2)), slice(left // 2, -(-(left + columns) // 2)))
    size = (2 * part.shape[1], 2 * part.shape[0])
    large = cv2.resize(part, size, interpolation=cv2.INTER_NEAREST)
    large = large[top % 2 : top % 2 + rows, left % 2 : left % 2 + columns]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(large > ground_m + LOW_M, large, np.nan), np.float32)
