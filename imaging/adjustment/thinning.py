"""A share of the tie points that settles a scene as well as all of them, spread over every picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from imaging.adjustment.network import Indices, Ties
from imaging.lens import Array

CELLS = 10
FILLING = 4
"""Of points on what stands up a cell takes one for so many that it would take of others."""
SLOPING, NEIGHBOURS = 50, 12
"""So many points around one tell how the ground slopes there, so many whether it is even."""
UNEVEN, OF_THEM_PCT = 0.01, 80.0
"""By what share of the flying height a point, or a fifth of its neighbours, lies off its surroundings to be
on something that stands up.
"""
ROUNDS, AT_ONCE = 4, 1_000


def even_ground(points: Array, flying_height: float) -> npt.NDArray[np.bool_]:
    """(p,) whether each of (p, 3) points, its third coordinate up, lies where the ground is even; slopes are.

    Crowns, vehicles and walls look other from each side, and so their edges, where features are, are not in
    one place: their ties are worse than residuals tell, in the same way for a whole block.
    """
    tree, even = cKDTree(points[:, :2]), np.empty(len(points), bool)
    nearest = range(1, min(SLOPING, len(points)) + 1)
    least = UNEVEN * max(abs(flying_height), 1e-6)
    for first in range(0, len(points), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        _, near = tree.query(points[part, :2], k=nearest)
        off = np.abs(_off_the_slope(points[near], least)[:, : NEIGHBOURS + 1])
        even[part] = (off[:, 0] < least) & (np.percentile(off, OF_THEM_PCT, axis=1) < least)
    return even


def _off_the_slope(around: Array, least: float) -> Array:
    """(n, k) how far the third coordinate of (n, k, 3) points lies off the plane through most of each row.

    Least squares, weighed anew by how far each lies off (Cauchy's weights), `least` being usual.
    """
    level = np.concatenate([around[:, :, :2] - around[:, :1, :2], np.ones_like(around[:, :, :1])], axis=2)
    high = around[:, :, 2] - np.median(around[:, :, 2], axis=1, keepdims=True)
    off, ridge = high, 1e-9 * np.eye(3)
    for _ in range(ROUNDS):
        weighed = level / (1 + (off / least) ** 2)[:, :, None]
        squares = np.einsum("nki,nkj->nij", weighed, level) + ridge
        plane = np.linalg.solve(squares, np.einsum("nki,nk->ni", weighed, high)[:, :, None])
        off = high - (level @ plane)[:, :, 0]
    return np.asarray(off)


def thinned(
    ties: Ties,
    points: int,
    sizes_px: Indices,
    per_view: int,
    *,
    least_views: int = 2,
    even: npt.NDArray[np.bool_] | None = None,
) -> Indices:
    """Numbers of the points kept: in every picture about `per_view`, in every part of it the longest tracks.

    `sizes_px` (n, 2) are the views' widths and heights. A point is kept where one of the cells that it lies
    in, of 10 x 10 in each picture, still has too few. Those that are not on `even` (p,) ground come last and
    fill a cell to a quarter alone.
    """
    views = len(sizes_px)
    length = np.bincount(ties.point, minlength=points)
    cell = np.clip((ties.px / sizes_px[ties.view] * CELLS).astype(int), 0, CELLS - 1)
    place = (ties.view * CELLS + cell[:, 1]) * CELLS + cell[:, 0]
    order = np.argsort(ties.point, kind="stable")
    starts = np.searchsorted(ties.point[order], np.arange(points + 1))
    places = place[order]
    quota = max(1, per_view // CELLS**2)
    held = np.zeros(views * CELLS**2, int)
    kept: list[int] = []
    even = np.ones(points, bool) if even is None else even
    wanted = np.where(even, quota, -(-quota // FILLING))
    for point in np.lexsort((-length, ~even)):
        if length[point] < least_views:
            continue
        mine = places[starts[point] : starts[point + 1]]
        if (held[mine] < wanted[point]).any():
            held[mine] += 1
            kept.append(int(point))
    return np.array(sorted(kept), np.int64)


def restricted(ties: Ties, kept: Indices, points: int) -> tuple[Ties, npt.NDArray[np.bool_]]:
    """The ties of the points `kept`, renumbered in their order, and the (m,) mask of those ties."""
    number = np.full(points, -1)
    number[kept] = np.arange(len(kept))
    mask = number[ties.point] >= 0
    return Ties(ties.view[mask], number[ties.point[mask]], ties.px[mask]), mask
