"""Lanes: parallel tracks across an area, each with a strip of ground that its camera sees."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

Legs = npt.NDArray[np.float64]
"""Shape (n, 2, 2): two ends a leg, east and north in metres."""

SHORTEST_LEG_M = 1.0


@dataclass(frozen=True, slots=True)
class Swath:
    """What the camera sees: `width_m` across the track, and `reach_m` ahead of a leg's end and behind it."""

    width_m: float
    reach_m: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the lanes lie: their bearing, and the first one's distance from the area's edge."""

    bearing_deg: float
    first_m: float
    spacing_m: float
    count: int


def along(bearing_deg: float) -> tuple[float, float]:
    """The unit vector of a bearing, east and north.

    >>> [round(value, 6) for value in along(90)]
    [1.0, 0.0]
    """
    return math.sin(math.radians(bearing_deg)), math.cos(math.radians(bearing_deg))


def turned(area: BaseGeometry, bearing_deg: float) -> BaseGeometry:
    """The area turned so that lanes of this bearing run along x."""
    east, north = along(bearing_deg)
    return affine_transform(area, [east, north, -north, east, 0, 0])


def turned_back(legs: Legs, bearing_deg: float) -> Legs:
    """Legs from the turned frame back to east and north."""
    east, north = along(bearing_deg)
    return np.asarray(legs @ np.array([[east, north], [-north, east]]))


def grids(whole: BaseGeometry, bearing_deg: float, width_m: float) -> list[Grid]:
    """The ways to lay lanes of one bearing: squeezed to fit, or full width apart, shifted.

    The area comes turned.
    """
    _, low, _, high = whole.bounds
    height = high - low
    count = max(1, math.ceil(height / width_m - 1e-6))
    found = [Grid(bearing_deg, height / count / 2, height / count, count)]
    spare = count * width_m - height
    if spare > 0.02 * width_m:
        found += [
            Grid(bearing_deg, width_m / 2 - share * spare, width_m, count)
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ]
    if count > 1:
        rest = height - (count - 1) * width_m
        found += [
            Grid(bearing_deg, width_m / 2 + share * rest, width_m, count - 1) for share in (0.0, 0.5, 1.0)
        ]
    return found


def trimmed(a: float, b: float, low: float, high: float, reach_m: float) -> tuple[float, float]:
    """The part of a track `a`-`b` to fly when `low`-`high` must be seen from it.

    >>> trimmed(0, 100, 0, 100, 20)
    (20, 80)
    >>> trimmed(0, 30, 0, 30, 20)
    (14.5, 15.5)
    """
    start, end = max(a, low + reach_m), min(b, high - reach_m)
    if end - start >= SHORTEST_LEG_M:
        return start, end
    middle = min(max((low + high) / 2, a), b)
    half = min(SHORTEST_LEG_M, b - a) / 2
    middle = min(max(middle, a + half), b - half)
    return middle - half, middle + half


def footprints(legs: Legs, swath: Swath) -> npt.NDArray[np.object_]:
    """What is seen from each leg: a rectangle of the swath's width, `reach_m` longer at both ends."""
    vectors = legs[:, 1] - legs[:, 0]
    lengths = np.maximum(np.hypot(vectors[:, 0], vectors[:, 1]), 1e-9)[:, None]
    ahead = vectors / lengths
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * swath.width_m / 2
    start, end = legs[:, 0] - ahead * swath.reach_m, legs[:, 1] + ahead * swath.reach_m
    return np.asarray(
        shapely.polygons(np.stack([start + left, start - left, end - left, end + left], axis=1))
    )
