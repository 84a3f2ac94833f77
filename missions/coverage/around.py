"""Ways that may have to leave the area: between its parts, or from a start outside it.

Within a part the way stays inside. Between parts it is straight, or bends round the holes, which stay
forbidden everywhere.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from missions.coverage.inside import Inside
from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
_OUTSIDE_COSTS = 3.0
"""A metre outside the area counts as three, so that parts are left once and not again and again."""


class Around:
    """Distances and ways over an area of several parts and what lies between them."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def distances(self, points: Points, turn_m: float = 0.0) -> Floats:
        """What it takes from every point to every other, (n, n)."""
        lengths = self._inside.distances(points, turn_m)
        missing = ~np.isfinite(lengths)
        if missing.any():
            i, j = np.nonzero(missing)
            lengths[i, j] = _OUTSIDE_COSTS * self._inside.metric.lengths(points[i] - points[j]) + turn_m
        return lengths

    def ways(self, a: Points, b: Points, turn_m: float = 0.0) -> list[tuple[Points, bool]]:
        """The points from every place to its other, and whether the way leaves the area."""
        found: list[tuple[Points, bool]] = []
        for begin, end, within in zip(a, b, self._inside.ways(a, b, turn_m), strict=True):
            found.append((within, False) if within is not None else (self._over(begin, end), True))
        return found

    def _over(self, a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> Points:
        way = self._open.way(a, b)
        return np.stack([a, b]) if way is None else way

    @cached_property
    def _open(self) -> Inside:
        """The area and all around it, less the holes."""
        area = self._inside.area
        filled = shapely.union_all([Polygon(part.exterior) for part in shapely.get_parts(area)])
        west, south, east, north = area.bounds
        wide = 100_000.0
        box = shapely.box(west - wide, south - wide, east + wide, north + wide)
        return Inside(box.difference(filled.difference(area)), self._inside.margin_m, self._inside.metric)
