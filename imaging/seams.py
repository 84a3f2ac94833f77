"""Which photo is drawn where, and how their colours are brought together, on the coarse grid.

Each cell goes to the photo that looks down on it most steeply; where several look down nearly as steeply, the
border between them runs where they differ least (graph cuts, Kwatra et al. 2003, OpenCV's implementation) and
keeps off what stands above the ground, so that it goes round cars rather than through them. Low frequencies
are then blended over a wide band and the detail over a narrow one (two bands, Brown and Lowe 2007, section
7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imaging.bands import largest
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
BESIDE_CELLS = 4
"""Around the cells that two photos may both show: those beside them pull the border to their own side."""
Window = tuple[slice, slice]
"""Rows and columns, of the grid or of a photo's window."""
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Seams:
    """The index of the photo drawn in each cell of the coarse grid, -1 for none, and each photo's correction.

    `corrections[i]` (r, c, 3) is added to photo i in its footprint's window, so that low frequencies meet: at
    every `NODE_CELLS`th row and column of it, linear between them.
    """

    labels: Labels
    corrections: tuple[npt.NDArray[np.float16], ...]


def find_seams(footprints: Sequence[Footprint], grid: Grid, tall: Flags | None = None) -> Seams:
    """The seams between the photos and the corrections that make them meet; they keep off the cells of
    `tall`.
    """
    shape = (grid.height, grid.width)
    steepest = np.full(shape, np.inf, np.float32)
    for footprint in footprints:
        np.minimum(steepest[footprint.window], footprint.slant, out=steepest[footprint.window])
    limit = steepest + _as_steep(grid, tall)
    labels = np.full(shape, NOBODY, np.int32)
    for index, (part, mask) in enumerate(_cut(footprints, limit, tall)):
        labels[footprints[index].window][part][mask] = index
    del limit
    _fill(labels, footprints, steepest)
    del steepest
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


@dataclass(slots=True)
class _Piece:
    """Where a photo may be drawn: the part of its window that holds all of it, and in that a mask, packed by
    rows. `number` counts the photos that may be drawn anywhere.
    """

    footprint: Footprint
    number: int
    part: Window
    packed: npt.NDArray[np.uint8]

    @property
    def box(self) -> Window:
        """The part in the grid."""
        rows, columns = self.part
        return _moved(rows, self.footprint.row), _moved(columns, self.footprint.column)

    @property
    def mask(self) -> Flags:
        """(h, w) of the part."""
        return np.unpackbits(self.packed, axis=1, count=self.part[1].stop - self.part[1].start) > 0

    def keep(self, mask: Flags) -> None:
        """Change the mask."""
        self.packed = np.packbits(mask, axis=1)


def _cut(
    footprints: Sequence[Footprint], limit: Floats, tall: Flags | None
) -> Iterator[tuple[Window, Flags]]:
    """A part of each photo's window and its mask there, so that every cell is left in one of the masks.

    Photos are cut two by two, as OpenCV would cut all of them, so that no more than two lie in memory.
    """
    pieces: list[_Piece | None] = []
    for one in footprints:
        slant = one.slant
        mask = np.isfinite(slant) & (slant <= limit[one.window])
        part = _box(mask)
        number = sum(piece is not None for piece in pieces)
        pieces.append(None if part is None else _Piece(one, number, part, np.packbits(mask[part], axis=1)))
    for index, first in enumerate(pieces):
        if first is None:
            yield _NOTHING, np.zeros((0, 0), bool)
            continue
        mask = first.mask
        for second in pieces[index + 1 :]:
            if second is not None:
                _cut_two(first, second, mask, tall)
        pieces[index] = None
        yield first.part, mask


def _cut_two(first: _Piece, second: _Piece, first_mask: Flags, tall: Flags | None) -> None:
    """Leave each cell that both photos may show to one of them; `first_mask` is the first's."""
    shared = _meet(first.box, second.box)
    if shared is None:
        return
    (down, across), (other_down, other_across) = (_within(shared, each.box) for each in (first, second))
    second_mask = second.mask
    both = _box(first_mask[down, across] & second_mask[other_down, other_across])
    if both is None:
        return
    contested = _moved_both(both, shared)
    parts = [_around(contested, each.box) for each in (first, second)]
    finder: Any = cv2.detail.GraphCutSeamFinder("COST_COLOR")  # its stubs know no arrays
    masks = [
        mask[_within(part, each.box)]
        for each, part, mask in zip((first, second), parts, (first_mask, second_mask), strict=True)
    ]
    cut = finder.find(
        [_costs(each, part, tall) for each, part in zip((first, second), parts, strict=True)],
        [(columns.start, rows.start) for rows, columns in parts],
        [255 * mask.astype(np.uint8) for mask in masks],
    )
    for mask, left in zip(masks, cut, strict=True):
        mask[:] = (left.get() if isinstance(left, cv2.UMat) else left) > 0
    second.keep(second_mask)


def _costs(piece: _Piece, box: Window, tall: Flags | None) -> Floats:
    """The photo's colours as the seam finder compares them: on tall things no two photos look alike."""
    one = piece.footprint
    colours = one.colours[_within(box, one.window)].astype(np.float32)
    if tall is not None:
        colours += TALL_COSTS * piece.number * tall[box][..., None]
    return colours


_NOTHING = (slice(0, 0), slice(0, 0))


def _box(mask: Flags) -> Window | None:
    """Rows and columns that hold the mask, None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _moved_both(part: Window, box: Window) -> Window:
    """A part of a box counted in the grid."""
    return _moved(part[0], box[0].start), _moved(part[1], box[1].start)


def _within(part: Window, box: Window) -> Window:
    """A part of the grid counted from where a box begins."""
    return _moved(part[0], -box[0].start), _moved(part[1], -box[1].start)


def _meet(first: Window, second: Window) -> Window | None:
    """What two boxes share, None where that is nothing."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(first, second, strict=True)
    )
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _around(part: Window, box: Window) -> Window:
    """A part of the grid and the cells beside it, as far as the box goes."""
    rows, columns = (
        slice(max(inner.start - BESIDE_CELLS, whole.start), min(inner.stop + BESIDE_CELLS, whole.stop))
        for inner, whole in zip(part, box, strict=True)
    )
    return rows, columns


def _fill(labels: Labels, footprints: Sequence[Footprint], steepest: Floats) -> None:
    """Give cells that no mask kept, but some photo sees, to the steepest view of them."""
    for index, footprint in enumerate(footprints):
        part, slant = labels[footprint.window], footprint.slant
        part[(part == NOBODY) & np.isfinite(slant) & (slant <= steepest[footprint.window])] = index


def _corrections(footprints: Sequence[Footprint], labels: Labels) -> tuple[npt.NDArray[np.float16], ...]:
    blended = np.zeros((*labels.shape, 3), np.float32)
    weight = np.zeros(labels.shape, np.float32)
    for index, footprint in enumerate(footprints):
        share = _wide_share(footprint, labels, index)
        blended[footprint.window] += share[..., None] * footprint.colours
        weight[footprint.window] += share
    blended /= np.maximum(weight, 1e-6, out=weight)[..., None]
    return tuple(_correction(footprint.loaded(), blended[footprint.window]) for footprint in footprints)


def _wide_share(footprint: Footprint, labels: Labels, index: int) -> Floats:
    """How much this photo counts in the low band: its own cells, spread over a wide band where it sees."""
    own, seen = (labels[footprint.window] == index).astype(np.float32), footprint.seen
    spread = cv2.GaussianBlur(own, (0, 0), WIDE_BAND_CELLS, borderType=cv2.BORDER_CONSTANT)
    inwards = cv2.distanceTransform(np.pad(seen.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_3)[
        1:-1, 1:-1
    ]
    fade = np.minimum(inwards / WIDE_BAND_CELLS, 1.0)
    return np.asarray(np.where(seen, spread * fade + 1e-4 * own, 0.0), np.float32)


def _correction(footprint: Footprint, blended: Floats) -> npt.NDArray[np.float16]:
    """The low frequencies of what is missing; where a photo shows something else altogether, as a crown that
    leans into it, it tells little of its light.
    """
    difference = blended - footprint.colours
    alike = footprint.seen / (1 + (largest(np.abs(difference)) / ALIKE_DN) ** 2)
    low = cv2.GaussianBlur(
        difference * alike[..., None], (0, 0), LOW_BAND_CELLS, borderType=cv2.BORDER_CONSTANT
    )
    near = cv2.GaussianBlur(alike, (0, 0), LOW_BAND_CELLS, borderType=cv2.BORDER_CONSTANT)
    low, near = low[::NODE_CELLS, ::NODE_CELLS], near[::NODE_CELLS, ::NODE_CELLS]
    return np.asarray(low / np.maximum(near, 1e-3)[..., None], np.float16)
