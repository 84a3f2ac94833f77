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
SELF_MB = 400
"""The process with its libraries and compiled code, at work on next to nothing."""
IDLE_MB = 260
"""The same while its worker aligns."""
WORKER_MB = 110
SIFT_BYTES = 80
"""A pixel searched for tie points, in each thread: an octave of SIFT's scales and gradients, as floats."""
OPENED_BYTES = 4
"""A pixel of a photo while it is opened, in each thread."""
OWN_BYTES = 60
"""A pixel searched for tie points by our own alignment, in each thread."""
COMPARED_BYTES = 8 * BLOCK
"""A feature of a photo that others are compared with, in each thread."""
FEATURE_BYTES = 250
"""A feature kept until all photos are aligned: descriptor, place, direction, its track."""
DRAW_MB, FOOTPRINT_BYTES = 140, 36
"""A block of the picture while it is painted, and a pixel of a photo while its footprint is found, in each
thread.
"""
SHARE_OF_MEMORY = 0.125
"""Of the decoded photos' bound: pictures kept in memory from the survey on; the others lie in files."""
MATCH_BYTES = 60
"""A pixel of a pair while its depths are found, in each thread."""
MATCHED_PIXELS = 5_200_000
"""Photos are matched at no more than this."""
CELL_BYTES = 45
UNKNOWN_BYTES = 24
UNKNOWNS_A_PHOTO = 14
LEAST_SEARCH_PX, LEAST_CELLS = 1600, 500_000
SEARCH_STEPS = (1.0, 0.75, 0.5, 0.4)
RASTER_CACHE_MB = 64
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
    share = min(1.0, options.search_px / longest_px)
    opened = OPENED_BYTES * largest_px
    decoded = min(options.memory_mb * MB, 3 * largest_px * min(MOST_HELD, len(photos)))
    if options.aligner == "own":
        search = search_of(options)
        features = search.limit(int(share * longest_px))
        kept = min(SHARE_OF_MEMORY * options.memory_mb * MB, largest_px * len(photos))
        aligning = SELF_MB * MB + kept + FEATURE_BYTES * features * len(photos)
        aligning += threads * (OWN_BYTES * largest_px * share**2 + opened + COMPARED_BYTES * features)
    else:
        aligning = (IDLE_MB + WORKER_MB) * MB + threads * (SIFT_BYTES * largest_px * share**2 + opened)
    adjusting = SELF_MB * MB + UNKNOWN_BYTES * (UNKNOWNS_A_PHOTO * len(photos)) ** 2
    matching = 0.0
    if not options.quick:
        matched_px = min(largest_px, MATCHED_PIXELS)
        matching = SELF_MB * MB + threads * MATCH_BYTES * matched_px + 0.5 * decoded
    cells = min(options.coarse_cells, len(photos) * largest_px / 64)
    drawing = SELF_MB * MB + decoded + CELL_BYTES * cells
    drawing += threads * max(DRAW_MB * MB, FOOTPRINT_BYTES * largest_px)
    return Needs(aligning / MB, max(adjusting, matching, drawing) / MB)


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
                for cells in (options.coarse_cells, 4_000_000, LEAST_CELLS):
                    yield replace(
                        options,
                        max_image_px=search_px,
                        threads=threads,
                        memory_mb=max(least_mb, memory_mb),
                        coarse_cells=min(options.coarse_cells, cells),
                    )


def _size(photo: Photo) -> tuple[int, int]:
    return max(photo.width_px, photo.height_px), photo.width_px * photo.height_px
