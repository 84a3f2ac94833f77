"""Heights from elevation files: one or many tiles, any reference, read in blocks as they are asked for."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj

from missions.errors import InputError
from missions.geodesy import Points
from missions.terrain.raster import BLOCK_PX, SUFFIXES, Block, Raster, check_raster, opened, read_block
from missions.terrain.surface import Heights, Source

MAX_FILES = 5_000
CACHED_BLOCKS = 400
"""About 106 MB of heights."""
_BLOCKS_A_TIME = 100
_SNAP_M = 0.001
"""Nearer than this to a cell's middle its neighbours do not count: RD to WGS84 and back closes no better."""
_Four = npt.NDArray[np.float64]
_Key = tuple[int, int]


def open_terrain(paths: Sequence[Path], *, vertical_datum: str = "") -> RasterTerrain:
    """Heights from GeoTIFF and `.hgt` files, and folders of them; where files overlap the first given wins.

    `vertical_datum` names what heights are measured from where a file does not say. No file stays open.
    Raises FormatError and InputError, naming the file.
    """
    files = list(dict.fromkeys(file for path in paths for file in _files_of(Path(path))))
    if not files:
        raise InputError(
            "no elevation file was found", remedy="Give GeoTIFF or .hgt files, or a folder that holds them"
        )
    if len(files) > MAX_FILES:
        raise InputError(
            f"{len(files)} elevation files are more than {MAX_FILES}",
            remedy="Give the tiles around the area only",
        )
    return RasterTerrain([check_raster(file) for file in files], vertical_datum)


class RasterTerrain:
    """A Terrain over checked files, in order of priority; a bounded number of blocks stays in memory."""

    def __init__(self, rasters: Sequence[Raster], vertical_datum: str = "") -> None:
        self._rasters = tuple(rasters)
        self._datum = vertical_datum
        self._bounds = np.array([raster.bounds_lonlat for raster in rasters])
        self._blocks: OrderedDict[tuple[int, int, int], Block] = OrderedDict()
        self._used: set[int] = set()

    @property
    def resolution_m(self) -> float:
        """The finest cell of all files, metres."""
        return min(raster.resolution_m for raster in self._rasters)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files that heights were taken from so far, in order of priority, with their SHA-256."""
        return tuple(self._source(self._rasters[index]) for index in sorted(self._used))

    def heights_amsl_m(self, lonlat_deg: npt.ArrayLike) -> Heights:
        """(n, 2) longitude, latitude in degrees to (n,) metres, bilinear between cells.

        In the source's own vertical datum. NaN where one of the four cells around a place has no data and
        no other file of the same datum has it. Raises FormatError where a file is damaged.
        """
        lonlat = np.asarray(lonlat_deg, float).reshape(-1, 2)
        heights = np.full(len(lonlat), np.nan)
        for index in self._near(lonlat):
            pending = self._pending(index, lonlat, heights)
            heights[pending] = self._heights(index, lonlat[pending])
        if np.isnan(heights).any() and len(self._rasters) > 1:
            for index in self._near(lonlat):
                pending = self._pending(index, lonlat, heights)
                heights[pending] = self._across_seams(index, lonlat[pending])
        return heights

    def _near(self, lonlat: Points) -> list[int]:
        """The files that can hold any of the places."""
        finite = lonlat[np.isfinite(lonlat).all(axis=1)]
        if len(finite) == 0:
            return []
        (west, south), (east, north) = finite.min(axis=0), finite.max(axis=0)
        left, bottom, right, top = self._bounds.T
        return [
            int(i)
            for i in np.flatnonzero((left <= east) & (right >= west) & (bottom <= north) & (top >= south))
        ]

    def _pending(self, index: int, lonlat: Points, heights: Heights) -> npt.NDArray[np.intp]:
        west, south, east, north = self._bounds[index]
        lon, lat = lonlat.T
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return np.flatnonzero(inside & np.isnan(heights))

    def _heights(self, index: int, lonlat: Points) -> Heights:
        """From one file alone."""
        return _blend(*self._around(index, *self._columns_rows(index, lonlat)))

    def _nearest(self, index: int, lonlat: Points) -> Heights:
        """The cell that a place lies in, for places half a cell from the border of a file."""
        corners, weights = self._around(index, *self._columns_rows(index, lonlat))
        heights: Heights = np.take_along_axis(corners, weights.argmax(axis=0)[None], axis=0)[0]
        return heights

    def _across_seams(self, index: int, lonlat: Points) -> Heights:
        """From one file, its missing cells taken from other files of the same datum."""
        raster = self._rasters[index]
        column, row = self._columns_rows(index, lonlat)
        corners, weights = self._around(index, column, row)
        some = ~np.isnan(corners).all(axis=0)
        for corner in range(4):
            wanted = np.flatnonzero(some & np.isnan(corners[corner]) & (weights[corner] > 0))
            middle_column = np.floor(column[wanted]) + corner % 2 + 0.5
            middle_row = np.floor(row[wanted]) + corner // 2 + 0.5
            x, y = raster.affine.xy(middle_column, middle_row)
            lon, lat = _from_geo(raster.horizontal).transform(x, y, direction="INVERSE")
            corners[corner, wanted] = self._from_others(index, np.column_stack([lon, lat]))
        return _blend(corners, weights)

    def _from_others(self, index: int, lonlat: Points) -> Heights:
        heights = np.full(len(lonlat), np.nan)
        datum = self._source(self._rasters[index], hashed=False).datum_key
        for other in self._near(lonlat):
            if other == index or self._source(self._rasters[other], hashed=False).datum_key != datum:
                continue
            pending = self._pending(other, lonlat, heights)
            between = self._heights(other, lonlat[pending])
            heights[pending] = np.where(np.isnan(between), self._nearest(other, lonlat[pending]), between)
        return heights

    def _columns_rows(self, index: int, lonlat: Points) -> tuple[Heights, Heights]:
        """Places in a file's cells, a whole number in the middle of each; far outside for what is nowhere."""
        raster = self._rasters[index]
        x, y = _from_geo(raster.horizontal).transform(lonlat[:, 0], lonlat[:, 1])
        column, row = raster.affine.column_row(np.asarray(x), np.asarray(y))
        cells = np.stack([column, row]) - 0.5
        whole = np.round(cells)
        cells = np.where(np.abs(cells - whole) < _SNAP_M / raster.resolution_m, whole, cells)
        cells[:, ~np.isfinite(cells).all(axis=0)] = -10.0
        return cells[0], cells[1]

    def _around(self, index: int, column: Heights, row: Heights) -> tuple[_Four, _Four]:
        """(4, n) heights and weights of the cells around: upper left and right, lower left and right."""
        raster = self._rasters[index]
        left, above = np.floor(column), np.floor(row)
        right, below = column - left, row - above
        weights = np.stack(
            [(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below]
        )
        corners = np.full((4, len(column)), np.nan)
        touched = (left >= -1) & (above >= -1) & (left < raster.width) & (above < raster.height)
        at = np.flatnonzero(touched)
        columns, rows = left[at].astype(np.intp) + 1, above[at].astype(np.intp) + 1
        wide = raster.width // BLOCK_PX + 1
        numbers = (rows // BLOCK_PX) * wide + columns // BLOCK_PX
        order = np.argsort(numbers, kind="stable")
        starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
        groups = {
            (int(numbers[group[0]]) // wide, int(numbers[group[0]]) % wide): group
            for group in np.split(order, starts[1:])
            if group.size
        }
        for key, block in self._read(index, list(groups)):
            group = groups[key]
            r, c = rows[group] % BLOCK_PX, columns[group] % BLOCK_PX
            corners[:, at[group]] = block[r, c], block[r, c + 1], block[r + 1, c], block[r + 1, c + 1]
        if np.isfinite(corners).any():
            self._used.add(index)
        return corners, weights

    def _read(self, index: int, keys: list[_Key]) -> Iterator[tuple[_Key, Block]]:
        """The blocks asked, those in memory first; the file is open only while others are read."""
        kept = [key for key in keys if (index, *key) in self._blocks]
        missing = [key for key in keys if (index, *key) not in self._blocks]
        for key in kept:
            self._blocks.move_to_end((index, *key))
        yield from [(key, self._blocks[(index, *key)]) for key in kept]
        for some in (
            missing[at : at + CACHED_BLOCKS // 4] for at in range(0, len(missing), CACHED_BLOCKS // 4)
        ):
            with opened(self._rasters[index].path) as dataset:
                blocks = [read_block(dataset, self._rasters[index], *key) for key in some]
            for key, block in zip(some, blocks, strict=True):
                self._blocks[(index, *key)] = block
                yield key, block
            while len(self._blocks) > CACHED_BLOCKS:
                self._blocks.popitem(last=False)

    def _source(self, raster: Raster, *, hashed: bool = True) -> Source:
        return Source(
            name=raster.path.name,
            crs=raster.crs_name,
            vertical_datum=raster.vertical_datum or self._datum,
            resolution_m=raster.resolution_m,
            sha256=_sha256(raster.path) if hashed else "",
        )


def _blend(corners: _Four, weights: _Four) -> Heights:
    """The weighted mean; NaN where a corner that counts is NaN."""
    counted = np.where(weights > 0, corners, 0.0)
    return np.asarray((counted * weights).sum(axis=0), float)


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())


def _sha256(path: Path) -> str:
    status = path.stat()
    return _hashed(path, status.st_mtime_ns, status.st_size)


@cache
def _hashed(path: Path, _changed_ns: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _from_geo(horizontal: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", horizontal, always_xy=True)
