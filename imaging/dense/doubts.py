"""Holes beside what stands up: roof or ground, as the photos themselves say.

A hole next to a vehicle may be ground that the vehicle hides, or a part of the vehicle that was not matched,
as paint without a pattern is not. Heights alone cannot tell, colours can: where a height between both sides
is right, nearly all photos show there what the measured roof around shows, and where they nearly all show
ground at the ground's height it is ground. It is the reasoning of space carving (Kutulakos and Seitz 2000,
from memory) with a few heights in place of a volume. Where neither is clear the cell is left as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.dense.kernels import nth_nearest
from imaging.dense.levels import Work
from imaging.lens import Array, View
from imaging.pictures import Decoded
from imaging.sampling import Patch, shown_at

RING_M = 0.8
MOST_SAMPLES = 80
LEAST_SAMPLES = 8
LEAST_CELLS = 6
MOST_VIEWS = 6
NEAREST_VIEWS = 24
STEEPEST = 1.2
FAR_DN_PER_M = 12.0
MARGIN_DN = 3.0
DISSENTING = 0.2
SHARES = (0.0, 0.5, 0.75, 1.0)
LEAST_PHOTOS = 2
ALIKE_DN = 8.0
NEAREST_SHARE = 0.06
GREATEST_GAIN = 2.0
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Cells (h, w) that are unknown beside what stands up, and what they may be: `low_m` or `high_m`.

    `known` are the measured cells; there both are what was measured. `ground_m` is the ground below.
    """

    unsure: Flags
    known: Flags
    low_m: Floats
    high_m: Floats
    ground_m: Floats


@dataclass(frozen=True, slots=True)
class Hole:
    """One connected part: cells in doubt and measured ones around that are roof or ground, (n, 2) row and
    column each.
    """

    cells: npt.NDArray[np.int64]
    roof: npt.NDArray[np.int64]
    ground: npt.NDArray[np.int64]


def standing(doubt: Doubt, work: Work, photos: Decoded, patch: Patch, cell_m: float) -> Floats:
    """(h, w) heights of the cells in doubt that belong to what stands up, NaN elsewhere.

    `photos` are in colour, `patch` says where the cells lie.
    """
    risen_m = np.full(doubt.unsure.shape, np.nan, np.float32)
    holes = _holes(doubt, cell_m)
    if not holes:
        return risen_m
    middles = np.stack([hole.cells[len(hole.cells) // 2] for hole in holes])
    lookers = _nearest(work, _places(middles, _at(doubt.low_m, middles), patch))
    for hole, views in zip(holes, lookers, strict=True):
        seen = _seen(doubt, hole, views, work, photos, patch)
        if seen is not None:
            low_m, high_m = (_at(each, hole.cells) for each in (doubt.low_m, doubt.high_m))
            rows, columns = hole.cells.T
            risen_m[rows, columns] = low_m + _share(hole, seen, cell_m) * (high_m - low_m)
    return risen_m


def _holes(doubt: Doubt, cell_m: float) -> list[Hole]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(doubt.unsure.astype(np.uint8), connectivity=8)
    reach = max(2, round(RING_M / cell_m))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    random = np.random.default_rng(1)
    holes = []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < LEAST_CELLS:
            continue
        left, top = (max(0, int(stats[label, part]) - reach) for part in (cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP))
        right, bottom = (
            int(stats[label, first] + stats[label, size]) + reach
            for first, size in (
                (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH),
                (cv2.CC_STAT_TOP, cv2.CC_STAT_HEIGHT),
            )
        )
        part = slice(top, bottom), slice(left, right)
        own = labels[part] == label
        ring = (cv2.dilate(own.astype(np.uint8), kernel) > 0) & doubt.known[part]
        low_m, high_m = (each[part] - doubt.ground_m[part] for each in (doubt.low_m, doubt.high_m))
        tall = low_m > float(np.median((low_m + high_m)[own])) / 2
        cells, roof, ground = (
            np.argwhere(flags) + np.array([top, left]) for flags in (own, ring & tall, ring & ~tall)
        )
        if min(len(roof), len(ground)) >= LEAST_SAMPLES:
            holes.append(Hole(cells, _some(roof, random), _some(ground, random)))
    return holes


def _some(cells: npt.NDArray[np.int64], random: np.random.Generator) -> npt.NDArray[np.int64]:
    if len(cells) <= MOST_SAMPLES:
        return cells
    return cells[np.sort(random.choice(len(cells), MOST_SAMPLES, replace=False))]


def _nearest(work: Work, places: Array) -> list[list[View]]:
    """The views that look down on each of (n, 3) places most steeply and have it in the picture."""
    centres = np.array([view.centre for view in work.views])
    below_m = np.maximum(centres[:, 2] - places[:, 2:], 1e-6)
    slant = np.hypot(*np.moveaxis(centres[:, :2] - places[:, None, :2], -1, 0)) / below_m
    rank = np.argsort(np.argsort(slant, axis=1), axis=1)
    slant[(slant > STEEPEST) | (rank >= NEAREST_VIEWS)] = np.inf
    for view, asked in zip(work.views, slant.T, strict=True):
        which = np.flatnonzero(np.isfinite(asked))
        if len(which):
            lens = work.lenses[view.lens]
            pixels = view.pixels(lens, places[which])
            with np.errstate(invalid="ignore"):
                inside = ((pixels > 0) & (pixels < (lens.width_px, lens.height_px))).all(axis=1)
            asked[which[~inside]] = np.inf
    steepest = np.argsort(slant, axis=1)[:, :MOST_VIEWS]
    return [
        [work.views[index] for index in row if np.isfinite(of_place[index])]
        for row, of_place in zip(steepest.tolist(), slant, strict=True)
    ]


def _at(values: Floats, cells: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(values[cells[:, 0], cells[:, 1]])


def _places(cells: npt.NDArray[np.int64], heights_m: Floats, patch: Patch) -> Array:
    """(n, 3) local places of cells at their heights (n,)."""
    flat = patch.origin + cells[:, 1:] * patch.right + cells[:, :1] * patch.down
    return np.column_stack([flat, heights_m])


@dataclass(frozen=True, slots=True)
class Seen:
    """Colours in k photos, all as bright as each other; NaN where a photo does not reach: of the hole's cells
    at each of `SHARES` between both heights (k, n, 3), and of roof and ground around (m, 3), NaN where photos
    do not agree on them.
    """

    levels: list[Floats]
    roof: Floats
    ground: Floats


def _seen(
    doubt: Doubt, hole: Hole, views: Sequence[View], work: Work, photos: Decoded, patch: Patch
) -> Seen | None:
    if len(views) < LEAST_PHOTOS:
        return None
    low_m, high_m = (_at(each, hole.cells) for each in (doubt.low_m, doubt.high_m))
    places = [_places(hole.cells, low_m + share * (high_m - low_m), patch) for share in SHARES]
    places += [_places(cells, _at(doubt.low_m, cells), patch) for cells in (hole.roof, hole.ground)]
    ends = np.cumsum([len(each) for each in places])[:-1]
    together = np.concatenate(places)
    shown = np.stack(
        [shown_at(photos.picture(view.name), view, work.lenses[view.lens], together) for view in views]
    )
    ground = shown[:, ends[-1] :]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.asarray(_median(ground, axis=0)[None] / np.maximum(ground, 1), np.float32)
        gains = np.clip(np.nan_to_num(_median(ratio, axis=1), nan=1.0), 1 / GREATEST_GAIN, GREATEST_GAIN)
        parts = np.split(shown * gains[:, None].astype(np.float32), ends, axis=1)
        return Seen(parts[:-2], *(_agreed(each) for each in parts[-2:]))


def _median(values: Floats, axis: int) -> Floats:
    """The median of those that are no NaN, the lower of two; NaN where there are none."""
    order = np.sort(values, axis=axis)
    middle = np.maximum(np.isfinite(values).sum(axis=axis, keepdims=True) - 1, 0) // 2
    return np.asarray(np.take_along_axis(order, middle, axis=axis).squeeze(axis), np.float32)


def _agreed(shown: Floats) -> Floats:
    """(m, 3) usual colours of places in k photos; NaN where they differ more than at most other places."""
    usual = _median(shown, axis=0)
    spread = _median(np.abs(shown - usual).max(axis=-1), axis=0)
    limit = max(float(_median(spread, axis=0)), ALIKE_DN)
    return np.where((spread <= limit)[:, None], usual, np.nan).astype(np.float32)


def _share(hole: Hole, seen: Seen, cell_m: float) -> Floats:
    """(n,) how far up between low and high each cell is, NaN where it is none of what stands up.

    The highest that as many photos bear out as any, unless nearly all show ground at the lowest.
    """
    best = np.full(len(hole.cells), 1 - DISSENTING, np.float32)
    share = np.full(len(hole.cells), np.nan, np.float32)
    roof, ground = (
        _Alike(cells, colours, cell_m)
        for cells, colours in ((hole.roof, seen.roof), (hole.ground, seen.ground))
    )
    for level, shown in zip(SHARES, seen.levels, strict=True):
        likely = ground.apart(hole.cells, shown) - roof.apart(hole.cells, shown)
        known = np.isfinite(likely).sum(axis=0)
        if level == 0:
            floor = (likely <= -MARGIN_DN).sum(axis=0) >= (1 - DISSENTING) * known
            continue
        borne = (likely >= MARGIN_DN).sum(axis=0) / np.maximum(known, 1)
        better = (borne >= best) & (known >= LEAST_PHOTOS)
        best[better], share[better] = borne[better], level
    return np.where(floor, np.nan, share).astype(np.float32)


class _Alike:
    """Cells of one kind: how much unlike the nearest of them others are, in colour and place."""

    def __init__(self, cells: npt.NDArray[np.int64], colours: Floats, cell_m: float) -> None:
        self._far = FAR_DN_PER_M * cell_m
        good = np.isfinite(colours).all(axis=1)
        self._all = np.column_stack([colours[good], cells[good] * self._far]).astype(np.float32)

    def apart(self, cells: npt.NDArray[np.int64], shown: Floats) -> Floats:
        """(k, n) grey levels from the few most alike; cells (n, 2), their colours (k, n, 3) in each photo."""
        if not len(self._all):
            return np.full(shown.shape[:2], np.nan, np.float32)
        where = np.broadcast_to(cells * np.float32(self._far), (*shown.shape[:2], 2))
        each = np.concatenate([shown, where], axis=-1).reshape(-1, 5).astype(np.float32)
        few = min(int(NEAREST_SHARE * len(self._all)), len(self._all) - 1) + 1
        return np.sqrt(nth_nearest(each, self._all, few)).reshape(shown.shape[:2])
