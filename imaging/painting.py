"""Drawing a block of the picture: each photo only where it is shown, with few decoded photos held at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imaging.brightness import Light
from imaging.consistency import BLUR_SIGMAS, Window
from imaging.dense.model import AnySurface
from imaging.footprints import FINE, Flags, Floats, Footprint, patch_of
from imaging.georeference import Georeference
from imaging.grid import Grid
from imaging.hiding import graze
from imaging.lens import Lens
from imaging.photos import Pixels
from imaging.pictures import Decoded, Pictures
from imaging.sampling import coloured, lay
from imaging.seams import NOBODY, NODE_CELLS, Labels, Seams
from imaging.surface import STEEPEST
from imaging.survey import Survey
from imaging.unseen import Across

BLEND_FINE_CELLS = 1.5
GAP_FINE_CELLS = 10
LEAST_WEIGHT = 0.02
GRAZE_M, PAST_PX = 3.0, 2.0
FILL_SIGMA_CELLS = 1.5


@dataclass(frozen=True, slots=True)
class Sources:
    """What a picture is drawn from. `pictures` are photos that were decoded before."""

    found: Survey
    lenses: dict[str, Lens]
    placed: Georeference
    surface: AnySurface
    pictures: Pictures | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Which photo goes where: `step` pixels of `grid` a side make one coarse cell of the seams.

    `lights` multiply the photos' colours. Of what no photo sees the coarse cells `shown` are drawn at the
    surface's heights, the others at those that go `across`, within its bounds.
    """

    grid: Grid
    step: int
    footprints: list[Footprint]
    seams: Seams
    lights: list[Light]
    shown: Flags
    across: Across


@dataclass(frozen=True, slots=True)
class Painted:
    """A block: (h, w, 4) RGBA, and how many of its pixels no photo sees."""

    pixels: Pixels
    filled_px: int


@dataclass(frozen=True, slots=True)
class Block:
    """Pixels of the grid from (`column`, `row`) on, whose corner lies on a coarse cell, and coarse cells
    around.

    `rows` and `columns` are the coarse cells of the block with one more on each side where there is one.
    """

    column: int
    row: int
    width: int
    height: int
    rows: slice
    columns: slice
    step: int

    @staticmethod
    def of(plan: Plan, column: int, row: int, width: int, height: int) -> Block:
        """The block with its coarse cells."""
        step, (rows, columns) = plan.step, plan.seams.labels.shape
        return Block(
            column, row, width, height,
            slice(max(0, row // step - 1), min(rows, -(-(row + height) // step) + 1)),
            slice(max(0, column // step - 1), min(columns, -(-(column + width) // step) + 1)),
            step,
        )  # fmt: skip

    def pixels_of(self, fine: Floats) -> Floats:
        """Values at fine cells of the coarse cells around, linearly between them at the block's pixels."""
        return self.some_pixels_of(fine, 0, 0)[1]

    def some_pixels_of(self, fine: Floats, row: int, column: int) -> tuple[Window, Floats]:
        """The same of some fine cells from a row and column on, and which of the block's pixels these are."""
        factor = self.step // FINE
        size = (fine.shape[1] * factor, fine.shape[0] * factor)
        large = cv2.resize(fine, size, interpolation=cv2.INTER_LINEAR) if factor > 1 else fine
        top = row * factor + self.rows.start * self.step - self.row
        left = column * factor + self.columns.start * self.step - self.column
        rows = slice(max(0, top), max(0, min(self.height, top + size[1])))
        columns = slice(max(0, left), max(0, min(self.width, left + size[0])))
        inside = large[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        return (rows, columns), np.asarray(inside, np.float32)


def paint(
    sources: Sources, plan: Plan, decoded: Decoded, column: int, row: int, width: int, height: int
) -> Painted:
    """RGBA of the block whose corner, on a coarse cell, is at (`column`, `row`)."""
    block = Block.of(plan, column, row, width, height)
    chosen, views, unseen = _chosen(sources, plan, block)
    filled = block.pixels_of(unseen.astype(np.float32)) >= 0.5
    total, weight = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    if views:
        heights_m = sources.surface.heights_on(plan.grid, column, row, width, height)
        if unseen.any():
            across_m = block.pixels_of(_across(sources, plan, block, chosen, unseen))
            heights_m = np.where(filled, across_m, heights_m)
    for index, view in views.items():
        own = chosen == index
        part = _reached(own)
        window, share = block.some_pixels_of(_share(own[part], view[part]), part[0].start, part[1].start)
        share = np.where(share < LEAST_WEIGHT, np.float32(0), share)
        if share.any():
            _lay(sources, plan, decoded, block, index, window, share, heights_m, total, weight)
    covered = (block.pixels_of((chosen != NOBODY).astype(np.float32)) >= 0.5) & (weight > 0)
    pixels = coloured(total, weight, covered)
    gap_px = GAP_FINE_CELLS * plan.step // FINE
    gaps = _gaps(covered, gap_px)
    if gaps.any():
        _fill(pixels, gaps, gap_px)
    return Painted(pixels, int(np.count_nonzero((filled & covered) | gaps)))


def _chosen(sources: Sources, plan: Plan, block: Block) -> tuple[Labels, dict[int, Flags], Flags]:
    """The photo of each fine cell, of each photo used there the fine cells that it sees, and what is drawn
    at heights that go across because no photo sees it.

    Where the photo of the coarse cell does not see a part of it, another that sees it most steeply takes
    over; where that part lies close to an obstacle for all of them, one that sees it at all, and rather one
    that shows a passer-by than none. What is hidden from all is taken from the steepest that would show it.
    """
    labels = plan.seams.labels[block.rows, block.columns]
    own, shown = _finely(labels), _finely(plan.shown[block.rows, block.columns])
    within = shown | _finely(plan.across.within[block.rows, block.columns])
    near = {index: one for index, one in enumerate(plan.footprints) if _overlaps(one, block)}
    used: dict[int, Flags] = {}
    chosen = np.full(own.shape, NOBODY, np.int32)
    for index in np.unique(labels[labels >= 0]).tolist():
        used[index] = _parts(near[index], block, near[index].clear)
        chosen[(own == index) & used[index]] = index
    for rule, passers_too in (("clear", False), ("open", False), ("open", True), ("inside", True)):
        wanting = chosen == NOBODY
        if rule == "inside":
            wanting &= within
            unseen = wanting & ~shown
        if not wanting.any():
            continue
        best = np.full(own.shape, STEEPEST if passers_too else np.inf, np.float32)
        for index, one in near.items():
            better = wanting & _parts(one, block, getattr(one, rule))
            if not better.any():
                continue
            slant = _tangent(sources, plan, block, one) if passers_too else _slant(one, block)
            better &= slant < best
            best[better], chosen[better] = slant[better], index
            used[index] = used[index] | better if index in used else better
    views = {index: used[index] for index in np.unique(chosen[chosen >= 0]).tolist()}
    return chosen, views, unseen & (chosen != NOBODY)


def _across(sources: Sources, plan: Plan, block: Block, chosen: Labels, unseen: Flags) -> Floats:
    """Heights of the fine cells around the block that go across, but nowhere so low that the photo drawn
    there would show what hides the place: it shows what lies just past that.
    """
    size = unseen.shape[1], unseen.shape[0]
    across_m = np.asarray(cv2.resize(plan.across.heights_m[block.rows, block.columns], size), np.float32)
    fine_m = plan.grid.cell_m * plan.step / FINE
    halo = int(np.ceil(GRAZE_M / fine_m))
    fine = replace(plan.grid, cell_m=fine_m)
    left, top = block.columns.start * FINE - halo, block.rows.start * FINE - halo
    heights_m = sources.surface.heights_on(fine, left, top, size[0] + 2 * halo, size[1] + 2 * halo)
    least_m = np.pad(across_m, halo)
    kernel = np.ones((3, 3), np.uint8)
    for index in np.unique(chosen[unseen]).tolist():
        which = cv2.dilate((unseen & (chosen == index)).astype(np.uint8), kernel) > 0
        view = plan.footprints[index].view
        column, row = fine.cells_from_local(view.centre[None, :2])[0]
        # heights in fine cells, as distances are
        lifted = least_m / np.float32(fine_m)
        graze(
            heights_m / np.float32(fine_m), np.pad(which, halo), float(column) - left, float(row) - top,
            float(view.centre[2]) / fine_m, halo, PAST_PX * FINE / plan.step, lifted,
        )  # fmt: skip
        least_m = lifted * np.float32(fine_m)
    return least_m[halo:-halo, halo:-halo]


def _finely(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each coarse cell as `FINE` x `FINE` fine ones."""
    return np.repeat(np.repeat(cells, FINE, axis=0), FINE, axis=1)


def _overlaps(one: Footprint, block: Block) -> bool:
    rows, columns = one.window
    return bool(
        rows.start < block.rows.stop and rows.stop > block.rows.start
        and columns.start < block.columns.stop and columns.stop > block.columns.start
    )  # fmt: skip


def _places(one: Footprint, block: Block) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where the photo's window and the block's cells meet, counted in either."""
    top, left = max(one.row, block.rows.start), max(one.column, block.columns.start)
    bottom = min(one.window[0].stop, block.rows.stop)
    right = min(one.window[1].stop, block.columns.stop)
    return (
        (slice(top - one.row, bottom - one.row), slice(left - one.column, right - one.column)),
        (
            slice(top - block.rows.start, bottom - block.rows.start),
            slice(left - block.columns.start, right - block.columns.start),
        ),
    )


def _parts(one: Footprint, block: Block, bits: npt.NDArray[np.uint8] | None) -> Flags:
    """Which fine cells around the block one of the photo's bit fields holds."""
    there, here = _places(one, block)
    seen = np.zeros(
        ((block.rows.stop - block.rows.start) * FINE, (block.columns.stop - block.columns.start) * FINE), bool
    )
    rows, columns = (slice(part.start * FINE, part.stop * FINE) for part in here)
    seen[rows, columns] = one.parts(*there, bits)
    return seen


def _slant(one: Footprint, block: Block) -> Floats:
    """The photo's slant at the fine cells around the block, infinite where it does not count."""
    there, here = _places(one, block)
    shape = (block.rows.stop - block.rows.start, block.columns.stop - block.columns.start)
    slant = np.full(shape, np.inf, np.float32)
    slant[here] = one.slant[there]
    return np.asarray(_finely(slant), np.float32)


def _tangent(sources: Sources, plan: Plan, block: Block, one: Footprint) -> Floats:
    """Tangent of the angle off the vertical at the fine cells around the block, over level ground."""
    foot = one.view.centre[None, :2]
    depth_m = float(one.view.centre[2] - sources.surface.ground.height_m(foot[0]))
    fine_m = plan.grid.cell_m * plan.step / FINE
    column, row = plan.grid.cells_from_local(foot)[0] * FINE / plan.step
    across, down = (
        ((np.arange(part.start * FINE, part.stop * FINE) + 0.5 - middle) * fine_m / max(depth_m, 0.1)) ** 2
        for part, middle in ((block.columns, column), (block.rows, row))
    )
    return np.asarray(
        np.sqrt(across.astype(np.float32)[None, :] + down.astype(np.float32)[:, None]), np.float32
    )


def _reached(own: Flags) -> Window:
    """Where a photo counts: its own fine cells and those that their soft edges reach."""
    margin = math.ceil(BLUR_SIGMAS * BLEND_FINE_CELLS) + 1
    return _around(own, 1, margin), _around(own, 0, margin)


def _share(own: Flags, seen: Flags) -> Floats:
    """How much a photo counts: its own cells with soft edges, but only where it sees."""
    soft = cv2.GaussianBlur(own.astype(np.float32), (0, 0), BLEND_FINE_CELLS)
    return np.asarray(np.where(own, np.maximum(soft, 0.1), soft * seen), np.float32)


def _lay(
    sources: Sources,
    plan: Plan,
    decoded: Decoded,
    block: Block,
    index: int,
    part: Window,
    share: Floats,
    heights_m: Floats,
    total: Floats,
    weight: Floats,
) -> None:
    """Add one photo to the block, where it has this share."""
    one = plan.footprints[index]
    size = part[1].stop - part[1].start, part[0].stop - part[0].start
    column, row = block.column + part[1].start, block.row + part[0].start
    first = (one.column + 0.5) * plan.step - 0.5 - column, (one.row + 0.5) * plan.step - 0.5 - row
    lay(
        decoded.picture(one.view.name), one.view, sources.lenses[one.view.lens], patch_of(plan.grid, column,
        row, *size), heights_m[part], share, plan.lights[index].gain,
        plan.seams.corrections[index].astype(np.float32), first, plan.step * NODE_CELLS, total[part],
        weight[part], plan.lights[index].falloff,
    )  # fmt: skip


def _gaps(covered: Flags, width_px: int) -> Flags:
    """Pixels without a photo in gaps narrower than `width_px`, with photos on both sides."""
    if covered.all() or not covered.any():
        return np.zeros_like(covered)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width_px | 1, width_px | 1))
    closed = cv2.morphologyEx(covered.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    return np.asarray((closed > 0) & ~covered)


def _fill(pixels: Pixels, gaps: Flags, width_px: int) -> None:
    """Fill the gaps of (h, w, 4) RGBA, all 0 there, with the mean of what lies around, near things counting
    most (normalized averages on cells of so many pixels as such a mean does not tell apart).
    """
    sigma = max(1.0, width_px / 3)
    cell = max(1, int(sigma / FILL_SIGMA_CELLS))
    rows, columns = (_around(gaps, axis, math.ceil(BLUR_SIGMAS * sigma)) for axis in (1, 0))
    around, own = pixels[rows, columns], gaps[rows, columns]
    size = own.shape[1], own.shape[0]
    cells = cv2.resize(
        around.astype(np.float32), tuple(-(-side // cell) for side in size), interpolation=cv2.INTER_AREA
    )
    cells = cv2.GaussianBlur(cells, (0, 0), sigma / cell)
    mean = cv2.resize(255 * cells[..., :3] / np.maximum(cells[..., 3:], 1e-3), size)[own]
    around[own] = np.column_stack([np.clip(mean + 0.5, 0, 255), np.full(len(mean), 255)]).astype(np.uint8)


def _around(flags: Flags, axis: int, reach: int) -> slice:
    """The rows that hold a flag (`axis` 1, else the columns), and so many more on both sides."""
    there = np.flatnonzero(np.any(flags, axis=axis))
    return slice(max(0, int(there[0]) - reach), int(there[-1]) + 1 + reach)
