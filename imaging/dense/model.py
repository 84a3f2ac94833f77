"""The dense surface as other stages use it: heights on any window, from `dsm.tif`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import Resampling
from rasterio.windows import Window

from imaging.cog import TILE_PX
from imaging.dense.kernels import between
from imaging.grid import Grid
from imaging.scene import SCRATCH
from imaging.surface import Surface

Floats = npt.NDArray[np.float32]
AnySurface: TypeAlias = "Surface | DenseSurface"


@dataclass(frozen=True, slots=True)
class DenseSurface:
    """Heights in metres on `grid`, read from `path`; where it has none, those of the `ground`.

    `ground` is the sparse surface below, `key` names what it was made from. `plain` holds the heights once
    more, as they lie in memory, for those who read all of them many times.
    """

    ground: Surface
    grid: Grid
    path: Path
    uncertainty_path: Path
    pairs: int
    measured_share: float
    typical_sigma_m: float
    files: dict[str, str]
    key: str
    plain: Path | None = None

    @property
    def hides(self) -> bool:
        """Whether things on it can hide what is behind them."""
        return True

    def heights_on(self, grid: Grid, column: int, row: int, width: int, height: int) -> Floats:
        """(height, width) heights at the centres of a window of another grid of the same zone, bilinear."""
        heights_m = self._known_m(grid, column, row, width, height)
        unknown = np.isnan(heights_m)
        if unknown.any():
            np.copyto(heights_m, self.ground.heights_on(grid, column, row, width, height), where=unknown)
        return heights_m

    def known_on(self, grid: Grid, column: int, row: int, width: int, height: int) -> npt.NDArray[np.bool_]:
        """(height, width) whether the surface is known at the centres of a window of another grid."""
        return np.isfinite(self._known_m(grid, column, row, width, height))

    def _known_m(self, grid: Grid, column: int, row: int, width: int, height: int) -> Floats:
        """The heights there, NaN where the surface is not known."""
        step = max(1, int(grid.cell_m / self.grid.cell_m))
        cell_m = self.grid.cell_m * step
        left = (grid.west_m + column * grid.cell_m - self.grid.west_m) / cell_m
        top = (self.grid.north_m - grid.north_m + row * grid.cell_m) / cell_m
        ratio = grid.cell_m / cell_m
        first = np.floor([left - 2, top - 2]).astype(int)
        size = np.ceil([width * ratio + 5, height * ratio + 5]).astype(int)
        read = self._read(first * step, size, step)
        # Cell i of the window has its centre at left + (i + 0.5) ratio, cell j of what was read at
        # first + j + 0.5.
        heights_m = np.empty((height, width), np.float32)
        between(read, np.array([left, top]) + 0.5 * ratio - first - 0.5, ratio, heights_m)
        return heights_m

    def _read(self, first: npt.NDArray[np.int64], size: npt.NDArray[np.int64], step: int) -> Floats:
        """A window that may reach beyond the grid, averaged over `step` cells each way; NaN where unknown."""
        out = np.full((size[1], size[0]), np.nan, np.float32)
        limit = np.array([self.grid.width, self.grid.height])
        low = np.maximum(first, 0)
        skip = (low - first) // step
        count = np.minimum(size - skip, (limit - low) // step)
        if np.any(count <= 0):
            return out
        if self.plain is not None:
            rows, columns = (slice(int(low[axis]), int(low[axis] + count[axis] * step)) for axis in (1, 0))
            read = _means(np.array(np.load(self.plain, mmap_mode="r")[rows, columns]), step)
            out[skip[1] : skip[1] + count[1], skip[0] : skip[0] + count[0]] = read
            return out
        window = Window(int(low[0]), int(low[1]), int(count[0] * step), int(count[1] * step))
        with rasterio.open(self.path) as file:
            read = file.read(
                1, window=window, out_shape=(int(count[1]), int(count[0])), resampling=Resampling.average
            )
        out[skip[1] : skip[1] + count[1], skip[0] : skip[0] + count[0]] = read
        return out


def _means(heights_m: Floats, step: int) -> Floats:
    """Means of the known ones of `step` x `step` cells, NaN where there are none."""
    if step == 1:
        return heights_m
    rows, columns = (size // step for size in heights_m.shape)
    parts = heights_m.reshape(rows, step, columns, step)
    known = np.isfinite(parts)
    count = known.sum(axis=(1, 3))
    total = np.where(known, parts, 0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


@contextmanager
def plainly(surface: AnySurface, folder: Path) -> Iterator[AnySurface]:
    """The surface to be read many times, its heights unpacked in a file of `folder` for so long."""
    if not isinstance(surface, DenseSurface):
        yield surface
        return
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        path = Path(scratch) / "heights.npy"
        with rasterio.open(surface.path) as file, path.open("wb") as target:
            whole = {"descr": "<f4", "fortran_order": False, "shape": (file.height, file.width)}
            np.lib.format.write_array_header_1_0(target, whole)
            for row in range(0, file.height, TILE_PX):
                strip = file.read(1, window=Window(0, row, file.width, min(TILE_PX, file.height - row)))
                target.write(strip.astype("<f4").tobytes())
        yield replace(surface, plain=path)
