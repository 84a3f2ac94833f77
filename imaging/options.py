"""Settings of a mosaic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from missions.errors import SettingsError

Aligner = Literal["own", "colmap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicOptions:
    """How a mosaic is made.

    `gsd_m` is the ground sample distance, metres a pixel; None takes what the photos show. `max_image_px`
    bounds the longer side of the photos searched for tie points, not of what is drawn. `quick` takes two
    fifths of that bound, no dense surface, and four times the ground sample distance. `aligner` is our own
    (`imaging.quick`) or COLMAP, which takes no quick overviews. `memory_mb` bounds the
    decoded photos held at once, `coarse_cells` the cells of the grid on which seams are found.
    `threads` is None for every core. `limit_mb` bounds the memory of the whole, the alignment's process
    included: then it chooses the other bounds (`imaging.memory`). Raises SettingsError.
    """

    gsd_m: float | None = None
    max_image_px: int = 2000
    quick: bool = False
    aligner: Aligner = "own"
    memory_mb: int = 256
    coarse_cells: int = 4_000_000
    threads: int | None = None
    limit_mb: int | None = None

    def __post_init__(self) -> None:
        if self.gsd_m is not None and not (math.isfinite(self.gsd_m) and 0.001 <= self.gsd_m <= 100):
            raise SettingsError(
                f"a ground sample distance of {self.gsd_m:g} m makes no sense",
                where="gsd_m",
                remedy="It lies within 0.001 and 100 m, which is 0.1 to 10000 cm",
            )
        if not 200 <= self.max_image_px <= 30_000:
            raise SettingsError(f"{self.max_image_px} pixels lie outside 200 to 30000", where="max_image_px")
        if self.aligner not in get_args(Aligner) or (self.quick and self.aligner != "own"):
            raise SettingsError(
                f"{self.aligner!r} does not align {'quick overviews' if self.quick else 'photos'}",
                where="aligner",
                remedy="Take own" if self.quick else f"Choose from {', '.join(get_args(Aligner))}",
            )
        if not 16 <= self.memory_mb <= 1_000_000:
            raise SettingsError(f"{self.memory_mb} MB lie outside 16 to 1000000", where="memory_mb")
        if not 100_000 <= self.coarse_cells <= 1_000_000_000:
            raise SettingsError(
                f"{self.coarse_cells} cells lie outside 100000 to 1000000000", where="coarse_cells"
            )
        if self.limit_mb is not None and not 1 <= self.limit_mb <= 100_000_000:
            raise SettingsError(f"{self.limit_mb} MB lie outside 1 to 100000000", where="limit_mb")
        if self.threads is not None and not 1 <= self.threads <= 1024:
            raise SettingsError(f"{self.threads} threads lie outside 1 to 1024", where="threads")

    @property
    def search_px(self) -> int:
        """The bound on a photo's longer side while tie points are searched."""
        return max(200, self.max_image_px * 2 // 5) if self.quick else self.max_image_px
