"""A share of the tie points that settles a scene as well as all of them, spread over every picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Indices, Ties

CELLS = 10


def thinned(ties: Ties, points: int, sizes_px: Indices, per_view: int, *, least_views: int = 2) -> Indices:
    """Numbers of the points kept: in every picture about `per_view`, in every part of it the longest tracks.

    `sizes_px` (n, 2) are the views' widths and heights. A point is kept where one of the cells that it lies
    in, of 10 x 10 in each picture, still has too few.
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
    for point in np.argsort(-length, kind="stable"):
        if length[point] < least_views:
            break
        mine = places[starts[point] : starts[point + 1]]
        if (held[mine] < quota).any():
            held[mine] += 1
            kept.append(int(point))
    return np.array(sorted(kept), np.int64)


def restricted(ties: Ties, kept: Indices, points: int) -> tuple[Ties, npt.NDArray[np.bool_]]:
    """The ties of the points `kept`, renumbered in their order, and the (m,) mask of those ties."""
    number = np.full(points, -1)
    number[kept] = np.arange(len(kept))
    mask = number[ties.point] >= 0
    return Ties(ties.view[mask], number[ties.point[mask]], ties.px[mask]), mask
