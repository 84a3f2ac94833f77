"""Which photo is drawn where, and how their colours are brought together, on the coarse grid.

Each cell goes to the photo that looks down on it most steeply; where several look down nearly as steeply, the
border between them runs where they differ least (graph cuts, Kwatra et al. 2003, OpenCV's implementation) and
keeps off what stands above the ground, so that it goes round cars rather than through them. Low frequencies
are then blended over a wide band and the detail over a narrow one (two bands, Brown and Lowe 2007, section
7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imaging.footprints import Flags, Floats, Footprint
from imaging.grid import Grid

NOBODY = -1
NEARLY_AS_STEEP, STEEP_ENOUGH = 0.15, 0.4
BESIDE_M = 1.0
LOW_BAND_CELLS = 12.0
WIDE_BAND_CELLS = 24.0
NODE_CELLS = 4
TALL_COSTS = 60.0
ALIKE_DN = 20.0
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Seams:
    """The index of the photo drawn in each cell of the coarse grid, -1 for none, and each photo's correction.

    `corrections[i]` (r, c, 3) is added to photo i in its footprint's window, so that low frequencies meet: at
    every `NODE_CELLS`th row and column of it, linear between them.
    """

    labels: Labels
    corrections: tuple[npt.NDArray[np.float16], ...]


def find_seams(footprints: list[Footprint], grid: Grid, tall: Flags | None = None) -> Seams:
    """The seams between the photos and the corrections that make them meet; they keep off the cells of
    `tall`.
    """
    shape = (grid.height, grid.width)
    steepest = np.full(shape, np.inf, np.float32)
    for footprint in footprints:
        np.minimum(steepest[footprint.window], footprint.slant, out=steepest[footprint.window])
    limit = steepest + _as_steep(grid, tall)
    masks = [
        (footprint.seen & (footprint.slant <= limit[footprint.window])).astype(np.uint8) * 255
        for footprint in footprints
    ]
    labels = np.full(shape, NOBODY, np.int32)
    for index, (footprint, mask) in enumerate(zip(footprints, _cut(footprints, masks, tall), strict=True)):
        labels[footprint.window][mask > 0] = index
    _fill(labels, footprints, steepest)
    return Seams(labels, _corrections(footprints, labels))


def _as_steep(grid: Grid, tall: Flags | None) -> Floats | float:
    """How much more aslant another photo may look: on and beside tall things more, so that one photo may show
    all of a thing.
    """
    if tall is None:
        return NEARLY_AS_STEEP
    side = 2 * max(1, round(BESIDE_M / grid.cell_m)) + 1
    beside = cv2.dilate(tall.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return np.where(beside, STEEP_ENOUGH, NEARLY_AS_STEEP).astype(np.float32)


def _cut(
    footprints: list[Footprint], masks: list[npt.NDArray[np.uint8]], tall: Flags | None
) -> list[npt.NDArray[np.uint8]]:
    """The masks with every cell left in one of them; only what each mask holds goes into the graphs."""
    boxes = [_box(mask) for mask in masks]
    held = [index for index, box in enumerate(boxes) if box is not None]
    if len(held) < 2:
        return masks
    parts = [boxes[index] or _NOTHING for index in held]
    finder: Any = cv2.detail.GraphCutSeamFinder("COST_COLOR")  # its stubs know no arrays
    pieces = [(footprints[index], part, masks[index][part]) for index, part in zip(held, parts, strict=True)]
    cut = finder.find(
        [_costs(footprint, part, number, tall) for number, (footprint, part, _) in enumerate(pieces)],
        [(footprint.column + part[1].start, footprint.row + part[0].start) for footprint, part, _ in pieces],
        [np.ascontiguousarray(mask) for _, _, mask in pieces],
    )
    for index, part, mask in zip(held, parts, cut, strict=True):
        masks[index][part] = mask.get() if isinstance(mask, cv2.UMat) else mask
    return masks


def _costs(footprint: Footprint, part: tuple[slice, slice], number: int, tall: Flags | None) -> Floats:
    """The photo's colours as the seam finder compares them: on tall things no two photos look alike."""
    colours = footprint.colours[part].astype(np.float32)
    if tall is not None:
        colours += TALL_COSTS * number * tall[footprint.window][part][..., None]
    return colours


_NOTHING = (slice(0, 0), slice(0, 0))


def _box(mask: npt.NDArray[np.uint8]) -> tuple[slice, slice] | None:
    """Rows and columns that hold the mask, None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _fill(labels: Labels, footprints: list[Footprint], steepest: Floats) -> None:
    """Give cells that no mask kept, but some photo sees, to the steepest view of them."""
    for index, footprint in enumerate(footprints):
        part = labels[footprint.window]
        part[(part == NOBODY) & footprint.seen & (footprint.slant <= steepest[footprint.window])] = index


def _corrections(footprints: list[Footprint], labels: Labels) -> tuple[npt.NDArray[np.float16], ...]:
    total = np.zeros((*labels.shape, 3), np.float32)
    weight = np.zeros(labels.shape, np.float32)
    for index, footprint in enumerate(footprints):
        share = _wide_share(footprint, labels, index)
        total[footprint.window] += share[..., None] * footprint.colours
        weight[footprint.window] += share
    blended = np.asarray(total / np.maximum(weight, 1e-6)[..., None], np.float32)
    return tuple(_correction(footprint, blended[footprint.window]) for footprint in footprints)


def _wide_share(footprint: Footprint, labels: Labels, index: int) -> Floats:
    """How much this photo counts in the low band: its own cells, spread over a wide band where it sees."""
    own = (labels[footprint.window] == index).astype(np.float32)
    spread = cv2.GaussianBlur(own, (0, 0), WIDE_BAND_CELLS, borderType=cv2.BORDER_CONSTANT)
    inwards = cv2.distanceTransform(np.pad(footprint.seen.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_3)[
        1:-1, 1:-1
    ]
    fade = np.minimum(inwards / WIDE_BAND_CELLS, 1.0)
    return np.asarray(np.where(footprint.seen, spread * fade + 1e-4 * own, 0.0), np.float32)


def _correction(footprint: Footprint, blended: Floats) -> npt.NDArray[np.float16]:
    """The low frequencies of what is missing; where a photo shows something else altogether, as a crown that
    leans into it, it tells little of its light.
    """
    difference = blended - footprint.colours
    alike = footprint.seen / (1 + (np.abs(difference).max(axis=-1) / ALIKE_DN) ** 2)
    low = cv2.GaussianBlur(
        difference * alike[..., None], (0, 0), LOW_BAND_CELLS, borderType=cv2.BORDER_CONSTANT
    )
    near = cv2.GaussianBlur(alike, (0, 0), LOW_BAND_CELLS, borderType=cv2.BORDER_CONSTANT)
    low, near = low[::NODE_CELLS, ::NODE_CELLS], near[::NODE_CELLS, ::NODE_CELLS]
    return np.asarray(low / np.maximum(near, 1e-3)[..., None], np.float16)
