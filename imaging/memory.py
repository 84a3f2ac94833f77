"""One bound on the memory of a mosaic: what the stages may hold, and how many of them work side by side.

What each part takes was measured (docs/imaging.md, "Memory") and is counted here from the photos' size: the
process itself, its worker, and what grows with pixels, threads and photos. Cells of the seams' grid are given
up first, then the cache of decoded photos, threads, and at last the size at which tie points are searched;
what cannot be kept is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from imaging.options import MosaicOptions
from imaging.photos import Photo
from imaging.pictures import MOST_HELD
from imaging.quick.features import search_of
from imaging.quick.matching import BLOCK
from missions.errors import SettingsError

MB = 1_000_000
UNITS = {"": MB, "m": MB, "mb": MB, "mib": 1 << 20, "g": 1000 * MB, "gb": 1000 * MB, "gib": 1 << 30}
SELF_MB = 350
"""The process with its libraries and compiled code, at work on next to nothing."""
OWN_MB = 340
"""The same while it aligns by itself, adjusts, or draws a quick overview."""
IDLE_MB = 260
"""The same while its worker aligns."""
WORKER_MB = 110
SIFT_BYTES = 80
"""A pixel searched for tie points, in each thread: an octave of SIFT's scales and gradients, as floats."""
OPENED_BYTES = 4
"""A pixel of a photo while it is opened, in each thread."""
OWN_BYTES = 10
"""A pixel searched for tie points by our own alignment, tile by tile, in each thread."""
COMPARED_BYTES = 8 * BLOCK
"""A feature of a photo that others are compared with, in each thread."""
FEATURE_BYTES = 200
"""A feature while photos are placed: its track, tie, direction, residual; it lies in a file itself."""
TIED_BYTES = 60
"""A feature of an aligned photo: its ties, points and residuals, until the ground is known."""
DRAW_MB, DRAWN_BYTES = 80, 8
"""A block of the picture while it is painted, and a pixel of a photo that is decoded for it, in each
thread.
"""
BLOCK_PIXELS = 1024**2
"""Pictures and surfaces smaller than two such blocks keep one thread busy."""
FOOTPRINT_MB, FOOTPRINT_BYTES = 25, 36
"""A photo's footprint while it is found, and a pixel of the photo then, in each thread."""
SHARE_OF_MEMORY = 0.0625
"""Of the decoded photos' bound: pictures kept in memory from the survey on; the others lie in files."""
FUSED_MB, FUSED_BYTES, MATCH_BYTES = 75, 10, 60
"""A tile of the surface while it is fused, and a pixel of a photo that is asked for it; a pixel of a pair
while its depths are found: in each thread.
"""
MATCHED_PIXELS = 5_200_000
"""Photos are matched at no more than this."""
QUICK_SHARE = 1 / 16
"""Of a photo's pixels, what a quick overview is drawn from."""
CELL_BYTES = 45
"""A cell of the seams' grid."""
ADJUSTED_MB = 40
UNKNOWN_BYTES = 6
UNKNOWNS_A_PHOTO = 14
"""The ties that are adjusted; of the square of the unknowns half, and what the positions know together."""
LEAST_SEARCH_PX, LEAST_CELLS = 1600, 500_000
SEARCH_STEPS = (1.0, 0.75, 0.5, 0.4)
RASTER_CACHE_MB = 16
"""GDAL's, for all rasters together."""
RESERVE = 1.1
"""What is counted is an estimate: so much is kept back."""


def megabytes(text: str) -> int:
    """Megabytes of 1,000,000 bytes in a size such as 4G, 500M or 4GiB. Raises SettingsError."""
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*([a-z]*)\s*", text.lower())
    if found is None or found[2] not in UNITS:
        raise SettingsError(f"{text!r} is no size", where="memory", remedy="Write it as 4G, 500M or 4GiB")
    return int(float(found[1].replace(",", ".")) * UNITS[found[2]] / MB)


@dataclass(frozen=True, slots=True)
class Needs:
    """The most that a mosaic will hold, MB: while it aligns, its worker included, and while it draws."""

    aligning_mb: float
    drawing_mb: float

    @property
    def most_mb(self) -> float:
        """The larger."""
        return RESERVE * max(self.aligning_mb, self.drawing_mb)


def needs(options: MosaicOptions, photos: dict[str, Photo]) -> Needs:
    """What a mosaic of these photos with these settings will hold."""
    threads = options.threads or os.cpu_count() or 1
    longest_px, largest_px = (
        max(size) for size in zip(*(_size(each) for each in photos.values()), strict=True)
    )
    pixels = _Pixels(threads, longest_px, largest_px, len(photos))
    later = max(_adjusting(options, pixels), *_drawing(options, pixels))
    return Needs(_aligning(options, pixels) / MB, later / MB)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """The longest side and the most pixels of a photo, how many there are, and who works on them."""

    threads: int
    longest_px: int
    largest_px: int
    photos: int


def _aligning(options: MosaicOptions, pixels: _Pixels) -> float:
    share = min(1.0, options.search_px / pixels.longest_px)
    searched_px, opened = pixels.largest_px * share**2, OPENED_BYTES * pixels.largest_px
    if options.aligner != "own":
        return (IDLE_MB + WORKER_MB) * MB + pixels.threads * (SIFT_BYTES * searched_px + opened)
    kept = min(SHARE_OF_MEMORY * options.memory_mb * MB, pixels.largest_px * pixels.photos)
    first = search_of(options).first
    compared = pixels.threads * (OWN_BYTES * searched_px + opened + COMPARED_BYTES * first)
    # A quick overview is drawn from the pictures that are kept; else they are gone when photos are placed.
    placed = FEATURE_BYTES * _features(options, pixels) + (kept if options.quick else 0)
    return OWN_MB * MB + max(kept + compared, placed)


def _features(options: MosaicOptions, pixels: _Pixels) -> int:
    """The most features of all photos."""
    return pixels.photos * search_of(options).limit(min(options.search_px, pixels.longest_px))


def _adjusting(options: MosaicOptions, pixels: _Pixels) -> float:
    own = (OWN_MB + ADJUSTED_MB) * MB + TIED_BYTES * _features(options, pixels)
    return own + UNKNOWN_BYTES * (UNKNOWNS_A_PHOTO * pixels.photos) ** 2


def _drawing(options: MosaicOptions, pixels: _Pixels) -> Iterator[float]:
    """Bytes while heights are found, while it is planned which photo goes where, and while they are drawn."""
    largest_px: float = pixels.largest_px
    if options.quick and options.gsd_m is None:
        largest_px *= QUICK_SHARE
    decoded = min(options.memory_mb * MB, 3 * largest_px * min(MOST_HELD, pixels.photos))
    own = (OWN_MB if options.quick else SELF_MB) * MB
    busy = min(pixels.threads, max(1, int(pixels.photos * largest_px / BLOCK_PIXELS)))
    if not options.quick:
        matched_px = largest_px
        while matched_px > MATCHED_PIXELS:
            matched_px /= 4
        fused = FUSED_MB * MB + FUSED_BYTES * largest_px
        yield own + 0.5 * decoded + max(busy * fused, pixels.threads * MATCH_BYTES * matched_px)
    cells = min(options.coarse_cells, pixels.photos * largest_px / 64)
    found = FOOTPRINT_MB * MB + FOOTPRINT_BYTES * largest_px
    held = decoded if options.quick else 0.0
    yield own + held + max(pixels.threads * found, CELL_BYTES * cells)
    drawn = DRAW_MB * MB + DRAWN_BYTES * largest_px
    yield own + decoded + CELL_BYTES / 3 * cells + busy * drawn


def within_limit(options: MosaicOptions, photos: dict[str, Photo]) -> MosaicOptions:
    """The settings with which a mosaic of these photos keeps `limit_mb`; as they are where there is none.

    Raises SettingsError where none would, saying the least that can be kept.
    """
    if options.limit_mb is None:
        return options
    tried = None
    for tried in _thriftier(options, photos):
        if needs(tried, photos).most_mb <= options.limit_mb:
            return tried
    assert tried is not None  # noqa: S101 - there is always one
    least_mb = needs(tried, photos).most_mb
    raise SettingsError(
        f"{options.limit_mb} MB are too little for {len(photos)} photos of this size",
        where="memory",
        remedy=f"The least that would do is {int(least_mb / 10) * 10 + 10} MB",
    )


def roughly_within_limit(options: MosaicOptions) -> MosaicOptions:
    """The settings before the photos are known: what decoded photos may take by then."""
    if options.limit_mb is None:
        return options
    return replace(options, memory_mb=max(16, min(options.memory_mb, (options.limit_mb - SELF_MB) // 3)))


def _thriftier(options: MosaicOptions, photos: dict[str, Photo]) -> Iterator[MosaicOptions]:
    """Settings that take less and less."""
    decoded_mb = max(3 * each.width_px * each.height_px for each in photos.values()) / MB
    for share in SEARCH_STEPS:
        search_px = max(min(LEAST_SEARCH_PX, options.max_image_px), int(share * options.max_image_px))
        for threads in range(options.threads or os.cpu_count() or 1, 0, -1):
            least_mb = max(16, int((threads + 1) * decoded_mb) + 1)
            for memory_mb in dict.fromkeys((options.memory_mb, options.memory_mb // 2, least_mb)):
                for cells in (options.coarse_cells, 2_000_000, LEAST_CELLS):
                    yield replace(
                        options,
                        max_image_px=search_px,
                        threads=threads,
                        memory_mb=max(least_mb, memory_mb),
                        coarse_cells=min(options.coarse_cells, cells),
                    )


def _size(photo: Photo) -> tuple[int, int]:
    return max(photo.width_px, photo.height_px), photo.width_px * photo.height_px
