"""Tracks: features matched from picture to picture, taken together as one point.

Connected components of the matches. One that holds two features of the same picture is wrong somewhere, and
nobody knows where, so it is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from imaging.adjustment.network import Indices, Ties, indices
from imaging.lens import Array
from imaging.quick.features import Features


def join(features: Sequence[Features], links: Sequence[tuple[int, int, Indices]]) -> Ties:
    """Ties of every track; `links` are two pictures and the (m, 2) features that they share.

    Points are numbered from 0, each seen by two pictures or more.
    """
    starts = np.concatenate([[0], np.cumsum([len(each) for each in features])]).astype(np.int64)
    edges = np.concatenate(
        [np.zeros((0, 2), np.int64), *(pairs + starts[[first, second]] for first, second, pairs in links)]
    )
    total = int(starts[-1])
    graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(total, total))
    _, track = connected_components(graph, directed=False)
    matched = np.unique(edges)
    view = np.repeat(np.arange(len(features)), np.diff(starts))[matched]
    track = track[matched]
    twice = _tracks_with_a_view_twice(track, view)
    kept = ~np.isin(track, twice)
    pixels = np.concatenate([np.zeros((0, 2)), *(each.pixels for each in features)])[matched]
    _, point = np.unique(track[kept], return_inverse=True)
    return Ties(indices(view[kept]), indices(point), pixels[kept])


def _tracks_with_a_view_twice(track: Indices, view: Indices) -> Indices:
    pairs, counts = np.unique(np.column_stack([track, view]), axis=0, return_counts=True)
    return indices(np.unique(pairs[counts > 1, 0]))


def without_short(ties: Ties) -> tuple[Ties, Indices]:
    """The ties of points that two pictures or more see, renumbered, and these points' (k,) old numbers."""
    seen = np.bincount(ties.point)
    return only(ties, np.flatnonzero(seen >= 2))


def only(ties: Ties, points: Indices) -> tuple[Ties, Indices]:
    """The ties of these points (ascending numbers), renumbered from 0, and the numbers again."""
    place = np.full(max(int(ties.point.max(initial=-1)), int(points.max(initial=-1))) + 1, -1)
    place[points] = np.arange(len(points))
    kept = ties.chosen(place[ties.point] >= 0)
    return Ties(kept.view, indices(place[kept.point]), kept.px), indices(points)


def spread_choice(ties: Ties, sizes_px: Array, *, cells: int, each: int) -> Ties:
    """Fewer ties that hold the pictures together as well: in each cell of each picture the longest tracks.

    `sizes_px` (n, 2) are the pictures' sizes; a track is kept whole when any picture chooses it.
    """
    length = np.bincount(ties.point)[ties.point]
    cell = np.clip((ties.px / sizes_px[ties.view] * cells).astype(np.int64), 0, cells - 1)
    place = (ties.view * cells + cell[:, 1]) * cells + cell[:, 0]
    order = np.lexsort((-length, place))
    rank = np.arange(len(order)) - np.searchsorted(place[order], place[order])
    chosen = np.unique(ties.point[order[rank < each]])
    return ties.chosen(np.isin(ties.point, chosen))
