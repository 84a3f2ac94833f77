"""Lanes: parallel tracks across an area, each seen by a strip of ground.

A lane is clipped to the area and ends where the footprint at its end already reaches the far edge of the
strip, so a camera that looks `reach_m` ahead needs to fly that much less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon
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


def lay(area: BaseGeometry, inner: BaseGeometry, grid: Grid, swath: Swath) -> Legs:
    """The lanes of a grid: inside `inner`, each as long as its strip of `area` needs. (n, 2, 2)"""
    legs = lay_turned(turned(area, grid.bearing_deg), turned(inner, grid.bearing_deg), grid, swath)
    return turned_back(legs, grid.bearing_deg)


def lay_turned(whole: BaseGeometry, allowed: BaseGeometry, grid: Grid, swath: Swath) -> Legs:
    """The same, of shapes that come turned, in their frame: west to east."""
    first = whole.bounds[1] + grid.first_m
    borders = (first + grid.spacing_m * (np.arange(grid.count + 1) - 0.5)).tolist()
    edges = _edges(allowed)
    found = []
    for index, strip in enumerate(_strips(whole, borders)):
        middle = first + grid.spacing_m * index
        spans = _spans(strip, _crossings(edges, middle), middle, swath.reach_m)
        found += [((a, middle), (b, middle)) for a, b in spans]
    return np.array(found, dtype=float).reshape(-1, 2, 2)


def _strips(whole: BaseGeometry, borders: list[float]) -> list[BaseGeometry]:
    """The area between each two borders, by halving: each cut then has fewer corners to look at."""
    west, low, east, high = whole.bounds if not whole.is_empty else (0.0, 0.0, 0.0, 0.0)
    box = shapely.box(west - 1, borders[0], east + 1, borders[-1])
    cut = whole if borders[0] <= low and high <= borders[-1] else whole.intersection(box)
    if len(borders) == 2:
        return [cut]
    half = len(borders) // 2
    return _strips(cut, borders[: half + 1]) + _strips(cut, borders[half:])


def _edges(allowed: BaseGeometry) -> Legs:
    """Every edge of the border and the holes, (n, 2, 2)."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(allowed))]
    pairs = [np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings if len(ring) > 1]
    return np.concatenate(pairs) if pairs else np.zeros((0, 2, 2))


def _crossings(edges: Legs, level: float) -> list[tuple[float, float]]:
    """Where the line y = level runs inside, by the even-odd rule; a corner on it counts to the upper side."""
    above = edges[:, :, 1] > level
    crossed = edges[above[:, 0] != above[:, 1]]
    (x1, y1), (x2, y2) = crossed[:, 0].T, crossed[:, 1].T
    places = np.sort(x1 + (level - y1) * (x2 - x1) / (y2 - y1)).tolist()
    return [(a, b) for a, b in zip(places[::2], places[1::2], strict=True) if b > a]


def lines_of(shape: BaseGeometry) -> list[BaseGeometry]:
    """The pieces of a shape that are lines; a line that touches a corner also gives points."""
    return [
        line for line in shapely.get_parts(shape) if shapely.get_dimensions(line) == 1 and not line.is_empty
    ]


def _spans(
    strip: BaseGeometry, tracks: list[tuple[float, float]], level: float, reach_m: float
) -> list[tuple[float, float]]:
    """The stretches to fly along one track so that its strip is seen, west to east."""
    pieces = [part for part in shapely.get_parts(strip) if isinstance(part, Polygon) and not part.is_empty]
    found = []
    for a, b in tracks:
        middle = shapely.Point((a + b) / 2, level)
        home = pieces[0] if len(pieces) == 1 else min(pieces, key=middle.distance, default=None)
        low, high = (a, b) if home is None else (home.bounds[0], home.bounds[2])
        found.append(trimmed(a, b, low, high, reach_m))
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
