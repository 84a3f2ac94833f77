"""Heights of ways that the plan did not have: as high as what the plan flies nearby."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.spatial import KDTree

from missions.geodesy import Points
from missions.sorties.course import Course
from missions.sorties.spent import Floats

_NEAR_M = 60.0
_STEP_M = 30.0
_LEVEL_M = 0.05


class Lift:
    """Heights above the take-off point, taken from a course: over flat ground they are its one height."""

    def __init__(self, course: Course) -> None:
        self._heights = np.array([row.height_relative_m for row in course.rows])
        self._level = bool(np.ptp(self._heights) < _LEVEL_M)
        self._tree = KDTree(course.points_m)

    def over(self, way_m: Points) -> tuple[Points, Floats]:
        """A way's places (n, 2), with more of them where heights differ, and the height of each (n,).

        The height is the largest that the plan flies within 60 m, or else that of the nearest place.
        """
        if self._level:
            return way_m, np.full(len(way_m), self._heights[0])
        points = _stepped(way_m)
        near = [
            self._tree.query_ball_point(place, _NEAR_M) or [self._tree.query(place)[1]] for place in points
        ]
        heights = np.array([self._heights[np.asarray(rows, np.int64)].max() for rows in near])
        needed = _needed(points, heights, way_m)
        return points[needed], heights[needed]


def _stepped(way_m: Points) -> Points:
    """The way with a place every 30 m."""
    pieces = [way_m[:1]]
    for a, b in itertools.pairwise(way_m):
        count = max(1, int(np.ceil(np.hypot(*(b - a)) / _STEP_M)))
        pieces.append(a + (b - a) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(pieces)


def _needed(points: Points, heights: Floats, way_m: Points) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The way's own places, and those where the height begins or ends to change."""
    needed = np.ones(len(points), dtype=bool)
    level = np.abs(np.diff(heights)) < _LEVEL_M
    needed[1:-1] = ~(level[:-1] & level[1:])
    apart = np.hypot(*(points[:, None] - way_m[None]).transpose(2, 0, 1)).min(axis=1)
    return np.asarray(needed | (apart < 1e-6))
