"""Gaps: what the lanes leave unseen, and the short legs that look at it."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from missions.coverage.lanes import Legs, Swath, footprints, lines_of, trimmed, turned, turned_back

_ROUNDS = 6
_SHIFTS = (0.0, -0.5, 0.5, -0.95, 0.95)
_TRIED = 400
_GRID_M = 0.001
_SLIVER = 0.005


def unseen(area: BaseGeometry, legs: Legs, swath: Swath) -> BaseGeometry:
    """The part of the area that no leg sees."""
    if not len(legs):
        return area
    return area.difference(seen_from(legs, swath))


def seen_from(legs: Legs, swath: Swath) -> BaseGeometry:
    """All ground that the legs see, to a millimetre.

    On a grid: without one GEOS 3.14 drops footprints whose edges almost coincide.
    """
    return shapely.union_all(footprints(legs, swath), grid_size=_GRID_M)


def gap_legs(area: BaseGeometry, inner: BaseGeometry, legs: Legs, swath: Swath, wanted: float) -> Legs:
    """Legs that bring the share seen up to `wanted` (0 to 1) where the area allows it, largest gap first."""
    added: list[Legs] = []
    left = unseen(area, legs, swath)
    allowed_m2 = (1 - wanted) * area.area
    for _ in range(_ROUNDS):
        if left.area <= allowed_m2:
            break
        found = _one_round(left, inner, swath, allowed_m2)
        if not len(found):
            break
        added.append(found)
        left = left.difference(seen_from(found, swath))
    return np.concatenate(added) if added else np.zeros((0, 2, 2))


def _one_round(left: BaseGeometry, inner: BaseGeometry, swath: Swath, allowed_m2: float) -> Legs:
    gaps = sorted(_without_slivers(left, swath), key=lambda gap: -gap.area)
    remaining = left.area
    found: list[Legs] = []
    covered: BaseGeometry = Polygon()
    for gap in gaps[:_TRIED]:
        if remaining <= allowed_m2:
            break
        if found and gap.difference(covered).area < 0.5 * gap.area:
            continue
        leg = _leg_for(gap, inner, swath)
        if leg is None:
            continue
        found.append(leg)
        seen = footprints(leg, swath)[0]
        remaining -= left.intersection(seen).area
        covered = covered.union(seen)
    return np.concatenate(found) if found else np.zeros((0, 2, 2))


def _without_slivers(left: BaseGeometry, swath: Swath) -> list[Polygon]:
    """What is worth a look, piece by piece: slivers would join far gaps into one that no leg can see."""
    thin = _SLIVER * swath.width_m
    opened = left.buffer(-thin, join_style="mitre").buffer(thin, join_style="mitre")
    return [gap for gap in shapely.get_parts(opened) if isinstance(gap, Polygon) and not gap.is_empty]


def _leg_for(gap: Polygon, inner: BaseGeometry, swath: Swath) -> Legs | None:
    """The leg inside that sees most of a gap, or None where none sees a useful part of it."""
    best, best_m2 = None, 0.05 * gap.area
    for bearing_deg in _bearings(gap):
        for leg in _tracks(gap, inner, swath, bearing_deg):
            seen_m2 = gap.intersection(footprints(leg, swath)[0]).area
            if seen_m2 > best_m2 * 1.001:
                best, best_m2 = leg, seen_m2
        if best_m2 > 0.97 * gap.area:
            break
    return best


def _bearings(gap: Polygon) -> list[float]:
    """Along the gap, and across it."""
    box = shapely.oriented_envelope(gap)
    if not isinstance(box, Polygon):
        return [0.0, 90.0]
    corners = np.asarray(box.exterior.coords)
    sides = corners[1:3] - corners[0:2]
    longest = sides[np.argmax(np.hypot(sides[:, 0], sides[:, 1]))]
    bearing = math.degrees(math.atan2(longest[0], longest[1])) % 180
    return [bearing, (bearing + 90) % 180]


def _tracks(gap: Polygon, inner: BaseGeometry, swath: Swath, bearing_deg: float) -> list[Legs]:
    """Legs of one bearing past a gap, at several distances from its middle."""
    west, low, east, high = turned(gap, bearing_deg).bounds
    near = turned(inner, bearing_deg)
    slack = max(0.0, (swath.width_m - (high - low)) / 2)
    middle = (low + high) / 2
    found = []
    for shift in _SHIFTS:
        north = middle + shift * slack
        start, end = west - swath.reach_m, east + swath.reach_m
        track = near.intersection(LineString([(start, north), (end, north)]))
        for line in lines_of(track):
            a, b = trimmed(line.bounds[0], line.bounds[2], west, east, swath.reach_m)
            found.append(turned_back(np.array([[[a, north], [b, north]]]), bearing_deg))
    return found
