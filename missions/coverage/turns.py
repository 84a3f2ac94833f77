"""The turns between legs of an aircraft that cannot stop, and how far they leave the area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from missions.coverage.dubins import turn_points
from missions.coverage.lanes import Legs


@dataclass(frozen=True, slots=True)
class Turns:
    """Metres that turns add to the straight ways between legs, and how far they go outside at most."""

    extra_m: float
    leave_m: float


def turns_between(legs: Legs, area: Polygon | MultiPolygon, radius_m: float) -> Turns:
    """The turns that join each leg to the next, in the order flown; none at radius 0."""
    if radius_m <= 0 or len(legs) < 2:
        return Turns(0.0, 0.0)
    shapely.prepare(area)
    vectors = legs[:, 1] - legs[:, 0]
    headings = np.arctan2(vectors[:, 1], vectors[:, 0])
    extra_m, leave_m = 0.0, 0.0
    for before, after, leaving, entering in zip(
        legs[:-1], legs[1:], headings[:-1], headings[1:], strict=True
    ):
        curve = turn_points(before[1], float(leaving), after[0], float(entering), radius_m, radius_m / 6)
        flown_m = float(np.hypot(*np.diff(curve, axis=0).T).sum())
        extra_m += max(0.0, flown_m - float(np.hypot(*(after[0] - before[1]))))
        leave_m = max(leave_m, float(shapely.distance(area, shapely.points(curve)).max()))
    return Turns(extra_m, leave_m)
