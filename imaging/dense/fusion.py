"""One height a cell from what all pairs tell: agreement, islands dropped, noise smoothed, holes filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.dense.doubts import Doubt, Flags
from imaging.dense.kernels import MISSING, agree
from imaging.dense.matching import Heights, Scale

AGREE_M, AGREE_ROUGHLY_M = 0.20, 0.60
AGREE_SIGMAS = 4.0
ISLAND_CELLS = 60
ISLAND_STEP_M = 0.25
SMOOTH_M = 0.08
LEVELS = 6
AMID_CELLS, AMID_SHARE = 49, 0.15
LOWER_M = 0.5
CROWN_GAP_M, CROWN_SIGMA_M, LEAST_CROWN_M2, MOST_GAP_M2 = 0.5, 1.2, 1.5, 4.0
TIDY_M, TIDY_STEP_M = 0.15, 0.02
PIT_CELLS, MEDIAN_CELLS = 15, 9
FILLED_SIGMA_M = 0.15
DOUBT_M, HIGHEST_DOUBT_M = 0.3, 3.2
STANDING_M, NEAR_M, TREES_M = 0.4, 1.0, 1.0
TALL_SIGMAS = 5.0
EDGE_SHARE, EDGE_CELLS, FAR_CELLS = 0.25, 7, 33
HALO_CELLS = 1 << LEVELS
ROWS_AT_ONCE = 64
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fused:
    """A tile: heights in metres, NaN where nothing is known; one standard deviation in metres; which cells
    were measured rather than filled; the median standard deviation of what is not tall, NaN where nothing is.
    """

    heights_m: Floats
    sigma_m: Floats
    measured: npt.NDArray[np.bool_]
    typical_m: float


def fuse(
    sigmas_m: Floats,
    heights: Callable[[int, int], tuple[list[int], Heights]],
    ground_m: Floats,
    scale: Scale,
    tall_m: Floats | None = None,
    ask: Callable[[Doubt], Floats] | None = None,
    cell_m: float = 0.05,
) -> Fused:
    """Fuse the heights of n layers with these standard deviations; `ground_m` (h, w) is the ground below,
    `tall_m` what was found to be taller than the layers tell (NaN where nothing is).

    `heights` gives which of the layers lie in the tile's rows from a first up to a last, and their heights
    there, (k, rows, w): of many layers only so much is held at a time. `ask` tells which cells of a hole
    beside something belong to it; without it all are taken for ground.

    The tile should carry a halo of `HALO_CELLS`, as holes are filled from as far.
    """
    shape = ground_m.shape
    mean, spread = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    counts = np.zeros((2, *shape), np.uint8)
    typical_m = float(np.median(sigmas_m))
    # A rough surface (nothing known to be tall yet) is for leaves, which no two pairs place alike.
    rough = tall_m is None
    tolerance_m = max(AGREE_ROUGHLY_M if rough else AGREE_M, AGREE_SIGMAS * typical_m)
    weights = (typical_m / sigmas_m) ** 2
    for first in range(0, shape[0], ROWS_AT_ONCE):
        part = slice(first, min(first + ROWS_AT_ONCE, shape[0]))
        number = np.zeros((2, part.stop - first, shape[1]), np.uint8)
        which, stack = heights(first, part.stop)
        agree(stack, weights[which], int(tolerance_m / scale.step_m), mean[part], spread[part], number)
        counts[:, part] = number
    # A height that others contradict as often as they confirm is no agreement.
    kept = (counts[0] > 0) & (2 * counts[0].astype(np.int16) > counts[1] - (counts[0] > 1))
    numbers = np.where(kept, np.round(mean), MISSING).astype(np.int16)
    step_m = AGREE_ROUGHLY_M if rough else ISLAND_STEP_M
    cv2.filterSpeckles(numbers, float(MISSING), ISLAND_CELLS // (4 if rough else 1), step_m / scale.step_m)
    measured = numbers != MISSING
    heights_m = np.where(measured, scale.low_m + scale.step_m * mean, 0).astype(np.float32)
    sigma_m = _sigma(counts[0], spread * np.float32(scale.step_m), typical_m)
    del mean, spread, counts, kept, numbers  # a tile of each weighs megabytes
    taller = np.zeros(shape, bool)
    if tall_m is not None:
        taller = np.isfinite(tall_m)
        np.copyto(heights_m, tall_m, where=taller)
        sigma_m[taller] = TALL_SIGMAS * typical_m
        measured |= taller
        del tall_m
    filled_m = ground_m + filled(heights_m - ground_m, measured, lower=not rough)
    if ask is not None:
        filled_m = _asked(filled_m, heights_m, measured, taller, ground_m, cell_m, ask)
    del heights_m
    filled_m[~_amid(measured)] = np.nan
    uncertain_m = _relief(filled_m, FAR_CELLS)
    uncertain_m /= 4
    np.maximum(uncertain_m, np.float32(FILLED_SIGMA_M), out=uncertain_m)
    np.copyto(uncertain_m, sigma_m, where=measured)
    del sigma_m
    unknown = np.isnan(filled_m)
    uncertain_m[unknown] = np.nan
    heights_m = filled_m if rough else _smoothed(_tidied(filled_m, ground_m))
    del filled_m
    heights_m[unknown] = np.nan
    relief_m = _relief(heights_m, EDGE_CELLS)
    relief_m *= EDGE_SHARE
    np.hypot(uncertain_m, relief_m, out=uncertain_m)
    low = measured & ~taller
    usual_m = float(np.median(uncertain_m[low])) if low.any() else float("nan")
    return Fused(heights_m, uncertain_m, measured, usual_m)


def _asked(
    low_m: Floats,
    heights_m: Floats,
    measured: Flags,
    taller: Flags,
    ground_m: Floats,
    cell_m: float,
    ask: Callable[[Doubt], Floats],
) -> Floats:
    """Heights whose holes were filled from the lower side, with what belongs to vehicles lifted."""
    known = measured & ~taller
    tall = known & (heights_m - ground_m > STANDING_M)
    near = ~measured & _within(tall, NEAR_M / cell_m) & ~_within(taller, TREES_M / cell_m)
    if not near.any():
        return low_m
    high_m = ground_m - filled(ground_m - heights_m, known)
    with np.errstate(invalid="ignore"):
        unsure = near & (high_m - low_m > DOUBT_M) & (high_m - ground_m <= HIGHEST_DOUBT_M)
    risen_m = ask(Doubt(unsure, known, low_m, high_m, ground_m))
    return np.where(np.isfinite(risen_m), risen_m, low_m).astype(np.float32)


def _within(flags: Flags, cells: float) -> Flags:
    """What lies within so many cells of a flag."""
    if not flags.any():
        return flags
    apart = cv2.distanceTransform((~flags).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(apart <= max(1.0, cells))


def _amid(measured: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Cells amid measured ones: holes are filled, the surface does not grow beyond its rim."""
    share = cv2.blur(measured.astype(np.float32), (AMID_CELLS, AMID_CELLS), borderType=cv2.BORDER_REFLECT)
    return measured | (share >= AMID_SHARE)


def _sigma(counts: npt.NDArray[np.uint8], spread_m: Floats, typical_m: float) -> Floats:
    """One standard deviation of a mean of `counts`; the matches of pairs that share a photo go partly
    together.
    """
    one = np.maximum(spread_m, np.float32(0.5 * typical_m))
    one[counts <= 1] = 2 * typical_m
    number = np.maximum(counts, 1).astype(np.float32)
    number += 1
    number /= 2
    one /= np.sqrt(number, out=number)
    return one


def filled(values: Floats, known: npt.NDArray[np.bool_], *, lower: bool = True) -> Floats:
    """Values with holes filled from around, the `lower` side counting most; NaN farther than `HALO_CELLS`
    from any.

    What is seen from above and from nowhere aslant lies in the shadow of something higher, so it is ground.
    Means of blocks of two cells, level by level, are spread back into the holes (Gortler et al. 1996, pull
    and push).
    """
    value = np.where(known, values, 0).astype(np.float32, copy=False)
    levels = [(value, known)]
    del values  # mostly made for this alone
    for _ in range(LEVELS):
        levels.append(_halved(*levels[-1], lower=lower))
    value, known = levels.pop()
    below = np.where(known, value, np.nan).astype(np.float32, copy=False)
    while levels:
        value, known = levels.pop()
        below = _doubled(_lowered(below) if lower else below, value.shape)
        np.copyto(below, value, where=known)
    return below


def _halved(value: Floats, known: Flags, *, lower: bool) -> tuple[Floats, Flags]:
    """Blocks of two cells to one: the mean of the known ones, which may count lower values more.

    One cell of all blocks at a time: all four at once would weigh four times as much.
    """
    rows, columns = value.shape[0] % 2, value.shape[1] % 2
    if rows or columns:
        value, known = np.pad(value, ((0, rows), (0, columns))), np.pad(known, ((0, rows), (0, columns)))
    quarters = [(value[r::2, c::2], known[r::2, c::2]) for r in (0, 1) for c in (0, 1)]
    least = np.full(quarters[0][0].shape, np.inf, np.float32)
    for each, there in quarters:
        np.minimum(least, each, out=least, where=there)
    least[np.isinf(least)] = 0
    mean, total = np.zeros_like(least), np.zeros_like(least)
    for each, there in quarters:
        share = there.astype(np.float32)
        if lower:
            share *= np.exp(-np.minimum((each - least) / LOWER_M, 20))
        total += share
        share *= each
        mean += share
    any_known = total > 0
    mean /= np.maximum(total, 1e-9, out=total)
    return mean, any_known


def _lowered(value: Floats) -> Floats:
    """Cells beside a much lower one take its value, so that what is tall does not spread into a hole."""
    low = cv2.erode(np.where(np.isfinite(value), value, np.inf).astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(np.where(value - low > LOWER_M, low, value), np.float32)


def _doubled(value: Floats, shape: tuple[int, ...]) -> Floats:
    """Twice as many cells each way, linear between known ones."""
    known = np.isfinite(value)
    size = (2 * value.shape[1], 2 * value.shape[0])
    weight = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    zeroed = np.where(known, value, 0).astype(np.float32)
    total = np.asarray(cv2.resize(zeroed, size, interpolation=cv2.INTER_LINEAR), np.float32)
    nowhere = ~(weight > 0)
    total /= np.maximum(weight, 1e-6, out=weight)
    total[nowhere] = np.nan
    return np.asarray(total[: shape[0], : shape[1]], np.float32)


def canopy(heights_m: Floats, ground_m: Floats, least_m: float, cell_m: float) -> Floats:
    """A rough surface whose tall parts are trees and houses: crowns closed and smoothed, small islands
    dropped.

    Leaves are placed differently by every pair. Drawn on every one of them a crown would be torn; on a smooth
    surface it shows as one photo saw it. What is taller than `least_m` over less than 1.5 m² becomes unknown.
    """
    with np.errstate(invalid="ignore"):
        known = heights_m > ground_m + least_m
    radius = max(1, round(CROWN_GAP_M / cell_m))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    joined = np.asarray(cv2.morphologyEx(known.astype(np.uint8), cv2.MORPH_CLOSE, kernel), np.uint8)
    crown = _of_size(joined, LEAST_CROWN_M2 / cell_m**2, np.inf)
    crown |= _of_size((~crown).astype(np.uint8), 0, MOST_GAP_M2 / cell_m**2)
    sigma = CROWN_SIGMA_M / cell_m
    share = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma)
    above = cv2.GaussianBlur(np.where(known, heights_m - ground_m, 0).astype(np.float32), (0, 0), sigma)
    smooth_m = ground_m + above / np.maximum(share, 1e-6)
    low_m = np.where(known, np.nan, heights_m)
    return np.asarray(np.where(crown, smooth_m, low_m), np.float32)


def _of_size(mask: npt.NDArray[np.uint8], least: float, most: float) -> npt.NDArray[np.bool_]:
    """The connected parts of a mask that hold so many cells."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    fits = (area >= least) & (area <= most)
    fits[0] = False
    return np.asarray(fits[labels])


def _tidied(heights_m: Floats, ground_m: Floats) -> Floats:
    """Edges straightened and narrow pits and spikes taken off: a median over 0.3 m where it differs much."""
    known = np.isfinite(heights_m)
    above_m = np.where(known, heights_m - ground_m, 0)
    numbers = np.clip(above_m / TIDY_STEP_M + 40, 0, 255).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (PIT_CELLS, PIT_CELLS))
    closed = cv2.morphologyEx(numbers, cv2.MORPH_CLOSE, kernel)
    pit = closed.astype(np.int16) - numbers > TIDY_M / TIDY_STEP_M
    numbers[pit] = closed[pit]
    usual = cv2.medianBlur(numbers, MEDIAN_CELLS)
    changed = (
        known & (pit | (np.abs(usual.astype(np.int16) - numbers) > TIDY_M / TIDY_STEP_M)) & (numbers < 255)
    )
    return np.where(changed, ground_m + (usual.astype(np.float32) - 40) * TIDY_STEP_M, heights_m).astype(
        np.float32
    )


def _smoothed(heights_m: Floats) -> Floats:
    """Noise down and edges kept (bilateral filter, Tomasi and Manduchi 1998)."""
    known = np.isfinite(heights_m)
    if not known.any():
        return heights_m
    level_m = np.float32(np.median(heights_m[known]))
    calm = np.where(known, heights_m - level_m, 0).astype(np.float32)
    return np.asarray(cv2.bilateralFilter(cv2.medianBlur(calm, 3), 5, SMOOTH_M, 2.0) + level_m, np.float32)


def _relief(heights_m: Floats, cells: int) -> Floats:
    """Highest less lowest within a square of that many cells, unknown ones passed over."""
    kernel = np.ones((cells, cells), np.uint8)
    known = np.isfinite(heights_m)
    high = np.asarray(cv2.dilate(np.where(known, heights_m, np.float32(-np.inf)), kernel), np.float32)
    low = cv2.erode(np.where(known, heights_m, np.float32(np.inf)), kernel)
    np.subtract(high, low, out=high, where=known)
    high[~known] = 0
    return high
