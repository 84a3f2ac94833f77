"""Features of a picture: SIFT (Lowe 2004), spread over the picture by searching it in tiles.

Each tile gives its strongest features, so that a wood does not take them all from the road beside it.
Descriptors are compared as the square roots of their shares (RootSIFT, Arandjelović and Zisserman 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.array_file import ArrayFile, Place
from imaging.lens import Array
from imaging.options import MosaicOptions

TILE_PX = 200
MARGIN_PX = 16
CONTRAST = 0.03
FAINT = 0.01
"""Where a part of the picture shows little, as asphalt does, fainter features are taken."""
QUICK_MOST, FULL_MOST, FULL_FIRST, SIDE_MOST = 1500, 6000, 2500, 4
"""Features in a photo of a quick and of a full mosaic; of a small one no more than so many a pixel of its
longer side, as more only cost time.
"""
Descriptors = npt.NDArray[np.uint8]
Gray = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How closely pictures are searched: reduced to `longest_px`, at most `most` features in each.

    Pictures are compared by their `first` strongest; `guided` compares all once the poses are known.
    """

    longest_px: int = 800
    most: int = QUICK_MOST
    first: int = QUICK_MOST
    guided: bool = False

    def limit(self, side_px: int) -> int:
        """The most features of a picture that is searched at this longer side."""
        return min(self.most, max(QUICK_MOST, SIDE_MOST * side_px))


def search_of(options: MosaicOptions) -> Search:
    """How closely a mosaic's photos are searched, a quick one's at two fifths of what a full one may take."""
    if options.quick:
        return Search(longest_px=options.search_px)
    return Search(longest_px=options.search_px, most=FULL_MOST, first=FULL_FIRST, guided=True)


@dataclass(frozen=True, slots=True)
class Features:
    """(n, 2) pixels of the full picture, and (n, 128) descriptors in 512ths of their length.

    The strongest of each part of the picture come first.
    """

    pixels: Array
    descriptors: Descriptors

    def __len__(self) -> int:
        return len(self.pixels)

    def strongest(self, count: int) -> Features:
        """So many of them."""
        return Features(self.pixels[:count], self.descriptors[:count])


class KeptFeatures(Features):
    """Features in a file, read when they are asked for."""

    __slots__ = ("_descriptors", "_file", "_pixels")
    _file: ArrayFile
    _pixels: Place
    _descriptors: Place

    def __init__(self, file: ArrayFile, pixels: Place, descriptors: Place) -> None:
        for name, value in {"_file": file, "_pixels": pixels, "_descriptors": descriptors}.items():
            object.__setattr__(self, name, value)  # it is frozen

    @classmethod
    def of(cls, found: Features, file: ArrayFile) -> Features:
        """These, in the file from now on. Raises OutputError where that has no room."""
        return cls(file, file.put(found.pixels), file.put(found.descriptors))

    @property
    def pixels(self) -> Array:
        return self._file.read(self._pixels)

    @property
    def descriptors(self) -> Descriptors:
        return self._file.read(self._descriptors)

    def __len__(self) -> int:
        return self._pixels.shape[0]

    def strongest(self, count: int) -> Features:
        """So many of them."""
        return KeptFeatures(self._file, self._pixels.first(count), self._descriptors.first(count))


def find_features(picture: Gray, reduce: float, search: Search) -> Features:
    """The features of an (h, w) grey picture whose sides are 1/`reduce` of the full picture's."""
    gray, shrink = _searched(picture, search.longest_px)
    height, width = gray.shape
    columns, rows = max(1, round(width / TILE_PX)), max(1, round(height / TILE_PX))
    # A quarter more than an even share, since some tiles will show nothing.
    limit = search.limit(max(width, height))
    most = int(1.25 * limit / (columns * rows)) + 1
    finders = [
        cv2.SIFT.create(nfeatures=most, contrastThreshold=contrast, enable_precise_upscale=True)
        for contrast in (CONTRAST, FAINT)
    ]
    found = [
        _in_tile(finders, most, gray, (row * height // rows, (row + 1) * height // rows), across)
        for row in range(rows)
        for across in ((i * width // columns, (i + 1) * width // columns) for i in range(columns))
    ]
    # The strongest of every tile first, then the second strongest: what is cut off is cut off everywhere.
    rank = np.concatenate([np.argsort(np.argsort(-strengths)) for _, strengths, _ in found])
    points, strengths, descriptors = (np.concatenate(parts) for parts in zip(*found, strict=True))
    best = np.lexsort((-strengths, rank))[:limit]
    full = (points[best] + 0.5) * shrink * reduce
    return Features(full.astype(float), _rooted(descriptors[best]))


def unit(descriptors: Descriptors) -> npt.NDArray[np.float32]:
    """(n, 128) descriptors as vectors of length 1."""
    vectors = descriptors.astype(np.float32)
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.asarray(vectors / length, np.float32)


def _searched(picture: Gray, longest_px: int) -> tuple[Gray, Array]:
    """The picture, reduced where it is larger, and by how much on each axis (x, y)."""
    height, width = picture.shape
    shrink = max(height, width) / longest_px
    if shrink <= 1.05:
        return picture, np.ones(2)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, np.array([width / size[0], height / size[1]])


def _in_tile(
    finders: list[cv2.SIFT], most: int, gray: Gray, down: tuple[int, int], across: tuple[int, int]
) -> tuple[Array, Array, npt.NDArray[np.float32]]:
    """Points (n, 2) in the grey picture, strengths (n,) and descriptors of one tile, found with a margin."""
    top, left = max(0, down[0] - MARGIN_PX), max(0, across[0] - MARGIN_PX)
    tile = np.ascontiguousarray(gray[top : down[1] + MARGIN_PX, left : across[1] + MARGIN_PX])
    for finder in finders:
        keypoints, descriptors = finder.detectAndCompute(tile, None)
        if len(keypoints) >= most // 3:
            break
    if not len(keypoints):
        return np.zeros((0, 2)), np.zeros(0), np.zeros((0, 128), np.float32)
    points = np.add(cv2.KeyPoint.convert(keypoints), (left, top))
    strengths = np.array([keypoint.response for keypoint in keypoints])
    inside = np.all((points >= [across[0], down[0]]) & (points < [across[1], down[1]]), axis=1)
    return points[inside], strengths[inside], np.asarray(descriptors[inside], np.float32)


def _rooted(descriptors: npt.NDArray[np.float32]) -> Descriptors:
    total = np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6)
    return np.asarray(np.minimum(np.round(512 * np.sqrt(descriptors / total)), 255), np.uint8)
