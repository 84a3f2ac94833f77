"""Heights for what no photo sees.

A cell that is hidden from every photo was never measured: its height was filled in, and often too low, on a
bonnet that shines or where a beach lies below the ground's smooth surface. Drawn at that height it would show
what is in the way once more, beside it; drawn at heights that go over from one side to the other it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.footprints import FINE, Flags, Floats, Footprint
from imaging.grid import Grid

REACH_M = 1.0
WIDTHS_M = (0.12, 0.3, 0.8)
LEAST_SHARE = 0.1
BAND_CELLS = 64


@dataclass(frozen=True, slots=True)
class Across:
    """Heights (h, w) of the coarse cells that go over what no photo sees, and where they do: `within` a metre
    of what one sees. Elsewhere they are the surface's own.
    """

    heights_m: Floats
    within: Flags


def heights_across(footprints: Sequence[Footprint], grid: Grid, heights_m: Floats) -> Across:
    """Heights of the cells that no photo sees from those around that one does, the nearest counting most."""
    seen = _seen_by_any(footprints, grid)
    known, heights = seen.astype(np.float32), np.where(seen, heights_m, 0).astype(np.float32)
    across = np.where(seen, heights_m, np.nan).astype(np.float32)
    for width_m in WIDTHS_M:
        sigma = max(0.8, width_m / grid.cell_m)
        share = cv2.GaussianBlur(known, (0, 0), sigma)
        mean = cv2.GaussianBlur(heights, (0, 0), sigma) / np.maximum(share, 1e-6)
        across = np.where(np.isnan(across) & (share > LEAST_SHARE), mean, across)
    apart = cv2.distanceTransform((~seen).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    within = (apart * grid.cell_m <= REACH_M) & np.isfinite(across)
    return Across(np.where(within, across, heights_m).astype(np.float32), within)


def _seen_by_any(footprints: Sequence[Footprint], grid: Grid) -> Flags:
    """(h, w) whether photos see all of the cell: the height of one in part is that of what is hidden, too."""
    seen = np.zeros((grid.height, grid.width), bool)
    for top in range(0, grid.height, BAND_CELLS):
        band = slice(top, min(top + BAND_CELLS, grid.height))
        parts = np.zeros(((band.stop - top) * FINE, grid.width * FINE), bool)
        for one in footprints:
            rows, columns = one.window
            first, last = max(rows.start, top), min(rows.stop, band.stop)
            if first < last:
                there = slice(first - one.row, last - one.row), slice(0, columns.stop - columns.start)
                parts[
                    (first - top) * FINE : (last - top) * FINE, columns.start * FINE : columns.stop * FINE
                ] |= one.parts(*there, one.open)
        seen[band] = parts.reshape(band.stop - top, FINE, grid.width, FINE).all(axis=(1, 3))
    return seen
