"""How sure the scale of a scene is, on its ground."""

from __future__ import annotations

import numpy as np

from imaging.adjustment import Adjusted, Indices, Pointings, Ties, indices, parts_of_views
from imaging.adjustment.intersect import intersect_marks
from imaging.lens import Array
from missions.errors import AlignmentError

PLACES = 10
GOOD_VIEWS, LEAST_VIEWS = 3, 2


def scale_sigma(adjusted: Adjusted, ties: Ties, points: Array) -> float:
    """One standard deviation of the scale as a share, over places spread about the ground.

    Where the photos make several parts it is that of the least sure one: how far two parts lie from each
    other says nothing of a distance within one. Raises AlignmentError where fewer than two places are known.
    """
    part = parts_of_views(ties, len(adjusted.views))[ties.view]
    told = [
        _scale_sigma(adjusted, ties.chosen(part == number), points)
        for number in range(part.max(initial=-1) + 1)
    ]
    known = [each for each in told if each is not None]
    if not known:
        raise AlignmentError(
            "the photos show too little in common to tell how sure the scale is",
            remedy="Take photos that overlap by 60 % or more",
        )
    return max(known)


def _scale_sigma(adjusted: Adjusted, ties: Ties, points: Array) -> float | None:
    """The same of one part; None where fewer than two places are known.

    With d the (n, 2) level offsets of the places from their middle, the scale is the sum of d·(x - middle)
    over the sum of d·d; its variance follows from the joint covariance of the places, which are tie points
    seen by three photos or more, by two where those are few (`points` (p, 3) metres).
    """
    chosen = _spread(ties, points)
    if len(chosen) < 2:
        return None
    marks = tuple(_pointings(adjusted, ties, number) for number in chosen)
    found = intersect_marks(adjusted, marks, points[chosen])
    offset_m = found.local_m[:, :2] - found.local_m[:, :2].mean(axis=0)
    gradient = np.zeros((len(chosen), 3))
    gradient[:, :2] = offset_m / max(float((offset_m**2).sum()), 1e-9)
    flat = gradient.reshape(-1)
    return float(np.sqrt(flat @ found.covariance @ flat))


def _spread(ties: Ties, points: Array) -> Indices:
    """Numbers of tie points far from each other: the next is always the farthest from those chosen."""
    length = np.bincount(ties.point, minlength=len(points))
    told = np.isfinite(points).all(axis=1)
    known = np.flatnonzero((length >= GOOD_VIEWS) & told)
    if len(known) < PLACES:
        known = np.flatnonzero((length >= LEAST_VIEWS) & told)
    if not len(known):
        return indices([])
    plan = points[known, :2]
    low, high = np.percentile(plan, [2, 98], axis=0)
    inside = ((plan >= low) & (plan <= high)).all(axis=1)
    known, plan = known[inside], plan[inside]
    if not len(known):
        return indices([])
    first = int(np.argmax(np.linalg.norm(plan - plan.mean(axis=0), axis=1)))
    chosen, apart_m = [first], np.linalg.norm(plan - plan[first], axis=1)
    while len(chosen) < min(PLACES, len(known)):
        chosen.append(int(np.argmax(apart_m)))
        apart_m = np.minimum(apart_m, np.linalg.norm(plan - plan[chosen[-1]], axis=1))
    return indices(known[chosen])


def _pointings(adjusted: Adjusted, ties: Ties, number: int) -> Pointings:
    mine = ties.point == number
    return Pointings(ties.view[mine], ties.px[mine], np.full(int(mine.sum()), adjusted.sigma_px))
