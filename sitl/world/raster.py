"""Grids of the ground that can be read at any place and at any coarseness."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sitl.world.kernels import Float32, read_linear


class Raster:
    """(bands, cells, cells) values on a square centred on the origin, row 0 at its northern edge.

    Beyond its edge the ground is mirrored. Coarser levels, each half as fine, are made when they are asked
    for, so that a picture from high up is not aliased (Williams 1983).
    """

    def __init__(self, planes: npt.NDArray[Any], texel_m: float) -> None:
        self.texel_m = texel_m
        self._levels = [planes]

    @property
    def scale(self) -> np.float32:
        """Cells a metre."""
        return np.float32(1 / self.texel_m)

    @property
    def planes(self) -> npt.NDArray[Any]:
        """The finest level."""
        return self._levels[0]

    def level(self, gsd_m: float) -> tuple[npt.NDArray[Any], float]:
        """The coarsest level that is still as fine as `gsd_m`, and its texel in metres."""
        level = 0
        while self.texel_m * 2 ** (level + 1) <= gsd_m * 1.2 and self._levels[level].shape[1] % 2 == 0:
            level += 1
            if level == len(self._levels):
                self._levels.append(halved(self._levels[-1]))
        return self._levels[level], self.texel_m * 2**level

    def refresh(self, rows: slice, columns: slice) -> None:
        """Make the coarser levels agree again with the finest, of which these cells have changed."""
        for finer, coarser in pairwise(self._levels):
            rows, columns = (
                slice(part.start // 2, min((part.stop + 1) // 2, coarser.shape[1]))
                for part in (rows, columns)
            )
            coarser[:, rows, columns] = halved(
                finer[:, 2 * rows.start : 2 * rows.stop, 2 * columns.start : 2 * columns.stop]
            )

    def read(self, east_m: Float32, north_m: Float32, gsd_m: float = 0.0) -> Float32:
        """(bands, ...) values between the cells, linearly."""
        planes, texel_m = self.level(gsd_m)
        half = np.float32(planes.shape[1] / 2 - 0.5)
        scale = np.float32(1 / texel_m)
        east, north = np.broadcast_arrays(np.asarray(east_m, np.float32), np.asarray(north_m, np.float32))
        values = read_linear(planes, (half - north * scale).ravel(), (half + east * scale).ravel())
        return np.asarray(values.reshape(planes.shape[0], *east.shape))

    def nearest(self, east_m: Float32, north_m: Float32, band: int = 0) -> npt.NDArray[Any]:
        """(...) values of the cells that hold the places."""
        cells = self.planes.shape[1]
        half = np.float32(cells / 2)
        rows = np.floor(half - north_m * self.scale).astype(np.int32)
        columns = np.floor(half + east_m * self.scale).astype(np.int32)
        return np.asarray(self.planes[band][_mirrored(rows, cells), _mirrored(columns, cells)])


def halved(planes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(bands, cells / 2, cells / 2): each cell the mean of four."""
    total = planes[:, ::2, ::2].astype(np.float32)
    for row, column in ((0, 1), (1, 0), (1, 1)):
        total += planes[:, row::2, column::2]
    return (total / 4).astype(planes.dtype)


def _mirrored(index: npt.NDArray[np.int32], cells: int) -> npt.NDArray[np.int32]:
    if index.size and (index.min() < 0 or index.max() >= cells):
        index = index % (2 * cells)
        return np.minimum(index, 2 * cells - 1 - index)
    return index
