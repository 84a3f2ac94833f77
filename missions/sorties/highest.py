"""The largest height that a course flies within a distance of a place, asked for very many places at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_CELLS = 4
"""Cells a radius. Finer ones have fewer candidates each, and there are more of them."""


class Highest:
    """Heights (n,) flown at places (n, 2), metres, looked up within `radius_m` of other places.

    Places are sorted into square cells. A cell's candidates are the places within reach of any of it, the
    highest first, up to the first that is within reach of all of it.
    """

    def __init__(self, points_m: Points, heights_m: Floats, radius_m: float) -> None:
        self._points = points_m
        self._heights = heights_m
        self._radius_m = radius_m
        self._tree = KDTree(points_m)

    def at(self, places_m: Points) -> Floats:
        """The largest height within the radius of each place (n, 2), or else that of the nearest place."""
        found = self._within(places_m)
        alone = np.flatnonzero(np.isnan(found))
        if len(alone):
            found[alone] = self._heights[self._tree.query(places_m[alone])[1]]
        return found

    def _within(self, places_m: Points) -> Floats:
        """NaN where nothing is within the radius."""
        cells, of_place = self._cells_of(places_m)
        candidates, begins = self._candidates(cells)
        at, end = begins[of_place], begins[of_place + 1]
        found = np.full(len(places_m), np.nan)
        left = np.flatnonzero(at < end)
        while len(left):
            candidate = candidates[at[left]]
            apart = places_m[left] - self._points[candidate]
            near = np.einsum("ij,ij->i", apart, apart) <= self._radius_m**2
            found[left[near]] = self._heights[candidate[near]]
            left = left[~near]
            at[left] += 1
            left = left[at[left] < end[left]]
        return found

    def _cells_of(self, places_m: Points) -> tuple[Points, Indices]:
        """The middles of the cells that places lie in (c, 2), and each place's cell."""
        size_m = self._radius_m / _CELLS
        column_row = np.floor(places_m / size_m).astype(np.int64)
        low = column_row.min(axis=0)
        wide = int(np.ptp(column_row[:, 1])) + 1
        numbers, of_place = np.unique((column_row - low) @ np.array([wide, 1]), return_inverse=True)
        middles = (np.column_stack(np.divmod(numbers, wide)) + low + 0.5) * size_m
        return middles, of_place.astype(np.int64)

    def _candidates(self, middles_m: Points) -> tuple[Indices, Indices]:
        """Every cell's candidates, one after another, and where each cell's begin (c + 1,)."""
        corner_m = self._radius_m / _CELLS / np.sqrt(2)
        reached = self._tree.query_ball_point(middles_m, self._radius_m + corner_m)
        counts = np.array([len(one) for one in reached], dtype=np.int64)
        places = np.array([place for one in reached for place in one], dtype=np.int64)
        cell = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((-self._heights[places], cell))
        places = places[order]
        sure = np.hypot(*(self._points[places] - middles_m[cell]).T) <= self._radius_m - corner_m
        # A candidate counts while no higher one of its cell is within reach of all of it.
        surer = np.cumsum(sure) - sure
        first = np.cumsum(counts) - counts
        base = np.zeros(len(counts), dtype=np.int64)
        some = counts > 0
        base[some] = surer[first[some]]
        kept = surer == base[cell]
        kept_counts = np.bincount(cell[kept], minlength=len(counts))
        return places[kept], np.concatenate([[0], np.cumsum(kept_counts)])
