"""Tracks: features matched from picture to picture, taken together as one point.

Connected components of the matches (union-find; Galler and Fischer 1964, from memory). One that holds two
features of the same picture is wrong somewhere, and nobody knows where, so it is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Indices, Ties, indices
from imaging.compiled import kernel
from imaging.lens import Array
from imaging.quick.features import Features


def join(features: Sequence[Features], links: Iterable[tuple[int, int, Indices]]) -> Ties:
    """Ties of every track; `links` are two pictures and the (m, 2) features that they share.

    Points are numbered from 0, each seen by two pictures or more. Links are taken one at a time and need not
    be held together.
    """
    starts = np.concatenate([[0], np.cumsum([len(each) for each in features])]).astype(np.int64)
    track = np.arange(starts[-1], dtype=np.int32)
    for first, second, pairs in links:
        _unite(track, np.ascontiguousarray(pairs, np.int64), starts[first], starts[second])
    _settle(track)
    matched = np.flatnonzero(np.bincount(track, minlength=len(track))[track] > 1)
    track = track[matched]
    view = np.searchsorted(starts, matched, side="right") - 1
    kept = ~np.isin(track, _tracks_with_a_view_twice(track, view, len(features)))
    matched, view = matched[kept], view[kept]
    _, point = np.unique(track[kept], return_inverse=True)
    pixels = np.empty((len(matched), 2))
    for number, (begin, end) in enumerate(pairwise(np.searchsorted(matched, starts).tolist())):
        if end > begin:
            pixels[begin:end] = features[number].pixels[matched[begin:end] - starts[number]]
    return Ties(indices(view), indices(point), pixels)


@kernel()
def _unite(
    track: npt.NDArray[np.int32], pairs: npt.NDArray[np.int64], first_start: int, second_start: int
) -> None:
    """Put both features of each pair into one track: every feature points to an earlier one of its track."""
    for number in range(pairs.shape[0]):
        first, second = first_start + pairs[number, 0], second_start + pairs[number, 1]
        while track[first] != first:
            track[first] = track[track[first]]
            first = track[first]
        while track[second] != second:
            track[second] = track[track[second]]
            second = track[second]
        track[max(first, second)] = min(first, second)


@kernel()
def _settle(track: npt.NDArray[np.int32]) -> None:
    """Let every feature point to the first one of its track."""
    for number in range(track.shape[0]):
        track[number] = track[track[number]]


def _tracks_with_a_view_twice(track: npt.NDArray[np.int32], view: Indices, views: int) -> Indices:
    pairs, counts = np.unique(track.astype(np.int64) * views + view, return_counts=True)
    return indices(np.unique(pairs[counts > 1] // views))


def without_short(ties: Ties) -> tuple[Ties, Indices]:
    """The ties of points that two pictures or more see, renumbered, and these points' (k,) old numbers."""
    seen = np.bincount(ties.point)
    return only(ties, np.flatnonzero(seen >= 2))


def only(ties: Ties, points: Indices) -> tuple[Ties, Indices]:
    """The ties of these points (ascending numbers), renumbered from 0, and the numbers again."""
    count = max(int(ties.point.max(initial=-1)), int(points.max(initial=-1))) + 1
    if len(points) == count:
        return ties, indices(points)  # all of them: nothing to copy
    place = np.full(count, -1)
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
