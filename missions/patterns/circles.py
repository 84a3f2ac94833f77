"""Circles that an autopilot flies by itself: where an aircraft that cannot stop enters and leaves them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from missions.geodesy import Points
from missions.patterns.path import Path

_ON_IT_M = 1.0


@dataclass(frozen=True, slots=True)
class Circle:
    """Row `row` of a path: entered and left along the tangent, with headings in radians from east.

    `further_m` is what is flown beyond its whole turns: an autopilot circles on until the aircraft points to
    the next place.
    """

    row: int
    enters: tuple[Points, float]
    leaves: tuple[Points, float]
    further_m: float

    def extra_m(self, onward: Points) -> float:
        """What the flight to the next place takes beyond the straight line to it from the circle's entry."""
        straight_m = math.dist(self.enters[0], onward)
        return self.further_m + math.dist(self.leaves[0], onward) - straight_m


def circle_of(path: Path, row: int) -> Circle | None:
    """The circle that begins at this row, which may be its entry on the circle; None where none does."""
    at = next(
        (
            middle
            for middle in (row, row + 1)
            if middle < len(path)
            and path.orbit_turns[middle] > 0
            and (middle == row or _on(path, row, middle))
        ),
        None,
    )
    if at is None:
        return None
    middle, radius_m = path.points[at], float(abs(path.orbit_radius_m[at]))
    sense = math.copysign(1.0, path.orbit_radius_m[at])
    if at == row:
        entry_rad = touching_rad(path.points[max(row - 1, 0)] - middle, radius_m, sense)
    else:
        entry_rad = math.atan2(*(path.points[row] - middle)[::-1])
    onward = path.points[min(at + 1, len(path) - 1)]
    exit_rad = touching_rad(onward - middle, radius_m, -sense)
    enters, leaves = _pose(middle, radius_m, entry_rad, sense), leaving(middle, radius_m, sense, onward)
    further_rad = (sense * (entry_rad - exit_rad)) % (2 * math.pi)
    return Circle(at, enters, leaves, further_rad * radius_m)


def leaving(middle: Points, radius_m: float, sense: float, onward: Points) -> tuple[Points, float]:
    """The place where an aircraft on a circle points to another place, and its heading in radians."""
    return _pose(middle, radius_m, touching_rad(onward - middle, radius_m, -sense), sense)


def touching_rad(away: Points, radius_m: float, sense: float) -> float:
    """Where the way from a place, `away` from the middle, runs into a circle: radians from east.

    `sense` is 1 for a circle flown clockwise and -1 for the other; a place inside it goes straight out.
    """
    distance_m = math.hypot(*away)
    towards = math.atan2(away[1], away[0])
    if distance_m <= radius_m:
        return towards
    return towards - sense * math.acos(radius_m / distance_m)


def _pose(middle: Points, radius_m: float, angle_rad: float, sense: float) -> tuple[Points, float]:
    place = middle + radius_m * np.array([math.cos(angle_rad), math.sin(angle_rad)])
    return place, angle_rad - sense * math.pi / 2


def _on(path: Path, row: int, middle: int) -> bool:
    """Whether a row lies on the circle round the next: it is where that is entered."""
    away_m = math.dist(path.points[row], path.points[middle])
    return abs(away_m - abs(float(path.orbit_radius_m[middle]))) < _ON_IT_M
