"""The bearings worth trying for lanes."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

_SWEEP_DEG = 10.0
_LONGEST_EDGES = 8
_APART_DEG = 1.0


def bearings(area: BaseGeometry) -> list[float]:
    """Bearings in degrees, 0 to 180: along the long edges and the smallest box, and a sweep."""
    found: list[float] = []
    for bearing in (*_edges(area), *np.arange(0.0, 180.0, _SWEEP_DEG)):
        if all(_apart(bearing, other) >= _APART_DEG for other in found):
            found.append(float(bearing))
    return found


def _edges(area: BaseGeometry) -> list[float]:
    """The border's most frequent directions, weighted by length, each with its right angle."""
    vectors = [np.diff(shapely.get_coordinates(ring), axis=0) for ring in _rings(area)]
    box = shapely.oriented_envelope(area)
    if isinstance(box, Polygon):
        vectors.append(np.diff(shapely.get_coordinates(box)[:3], axis=0))
    edges = np.concatenate(vectors)
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    directions = np.degrees(np.arctan2(edges[:, 0], edges[:, 1])) % 180
    weights: dict[int, float] = {}
    for direction, length in zip(directions, lengths, strict=True):
        weights[round(direction) % 180] = weights.get(round(direction) % 180, 0.0) + length
    heavy = sorted(weights, key=lambda degree: (-weights[degree], degree))[:_LONGEST_EDGES]
    exact = [
        float(directions[np.argmax(lengths * (np.round(directions) % 180 == degree))]) for degree in heavy
    ]
    return [turned % 180 for degree in exact for turned in (degree, degree + 90)]


def _rings(area: BaseGeometry) -> list[BaseGeometry]:
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
    return [ring for part in parts for ring in (part.exterior, *part.interiors)]


def _apart(a: float, b: float) -> float:
    return abs(math.remainder(a - b, 180.0))
