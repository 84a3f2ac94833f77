"""Heights of ways that the plan did not have: as high as what the plan flies nearby."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from missions.geodesy import Points
from missions.sorties.course import Course
from missions.sorties.highest import Highest
from missions.sorties.spent import Floats, Lifted

_NEAR_M = 60.0
_STEP_M = 30.0
_LEVEL_M = 0.05

Bools = npt.NDArray[np.bool_]


class Lift:
    """Heights above the take-off point, taken from a course: over flat ground they are its one height."""

    def __init__(self, course: Course) -> None:
        heights = np.array([row.height_relative_m for row in course.rows])
        self._height_m = float(heights[0])
        self._level = bool(np.ptp(heights) < _LEVEL_M)
        # A course's rows may lie further apart than a place looks.
        points, own, _ = _stepped([course.points_m])
        flown = np.interp(np.arange(len(points)), np.flatnonzero(own), heights)
        self._highest = Highest(points, flown, _NEAR_M)

    def over(self, way_m: Points) -> Lifted:
        """A way's places (n, 2), with more of them where heights differ, and the height of each (n,).

        The height is the largest that the plan flies within 60 m, or else that of the nearest place.
        """
        return self.over_all([way_m])[0]

    def over_all(self, ways_m: Sequence[Points]) -> list[Lifted]:
        """The same of many ways at once."""
        if self._level or not ways_m:
            return [(way, np.full(len(way), self._height_m)) for way in ways_m]
        points, own, ends = _stepped(ways_m)
        heights = self._highest.at(points)
        needed = own | _changes(heights, ends)
        counts = np.add.reduceat(needed, np.concatenate([[0], ends[:-1] + 1]))
        cuts = np.cumsum(counts)[:-1]
        return list(zip(np.split(points[needed], cuts), np.split(heights[needed], cuts), strict=True))


def _stepped(ways_m: Sequence[Points]) -> tuple[Points, Bools, npt.NDArray[np.int64]]:
    """All ways with a place every 30 m, one after another: which are their own, and where each way ends."""
    own_m = np.concatenate(ways_m)
    last = np.cumsum([len(way) for way in ways_m]) - 1
    steps = np.append(np.diff(own_m, axis=0), np.zeros((1, 2)), axis=0)
    steps[last] = 0.0
    counts = np.maximum(1, np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / _STEP_M)).astype(np.int64)
    begins = np.cumsum(counts) - counts
    piece = np.repeat(np.arange(len(own_m)), counts)
    number = np.arange(len(piece)) - begins[piece]
    points = own_m[piece] + steps[piece] * (number / counts[piece])[:, None]
    return points, number == 0, begins[last]


def _changes(heights: Floats, ends: npt.NDArray[np.int64]) -> Bools:
    """Where the height begins or ends to change along a way."""
    changes = np.abs(np.diff(heights)) >= _LEVEL_M
    changes[ends[:-1]] = False
    return np.asarray(np.append(changes, False) | np.append(False, changes))
