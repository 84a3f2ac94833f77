"""Gaps: what the lanes leave unseen, and the short legs that look at it."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from missions.coverage.lanes import Legs, Swath, footprints, trimmed, turned, turned_back
from missions.coverage.rows import edges_of, stretches
from missions.geodesy import Points

_ROUNDS = 12
_HALVINGS = 7
_SHIFTS = (0.0, -0.5, 0.5, -0.95, 0.95)
_TRIED = 400
_GRID_M = 0.001
_LEVELS = 15
_SLIVER = 0.005
_WIDE = 1.2


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
    pieces = [piece for gap in _without_slivers(left, swath) for piece in _in_view(gap, swath, _HALVINGS)]
    gaps = sorted(pieces, key=lambda gap: gap.area)
    remaining = left.area
    found: list[Legs] = []
    covered: BaseGeometry = Polygon()
    tried = 0
    while gaps and tried < _TRIED and remaining > allowed_m2:
        gap = gaps.pop()
        tried += 1
        if found and gap.difference(covered).area < 0.5 * gap.area:
            continue
        leg = _leg_for(gap, inner, swath)
        if leg is None:
            # What no straight leg sees any part of is bent: its halves are less so.
            gaps += sorted(_halves(gap) if gap.area > allowed_m2 / _TRIED else [], key=lambda half: half.area)
            continue
        found.append(leg)
        seen = footprints(leg, swath)[0]
        remaining -= left.intersection(seen).area
        covered = covered.union(seen)
    return np.concatenate(found) if found else np.zeros((0, 2, 2))


def _without_slivers(left: BaseGeometry, swath: Swath) -> list[Polygon]:
    """What is worth a look, piece by piece: slivers would join far gaps into one that no leg can see.

    Where slivers are most of what is left, thinner ones count.
    """
    opened = left
    for share in (_SLIVER, _SLIVER / 10, _SLIVER / 100):
        thin = share * swath.width_m
        opened = left.buffer(-thin, join_style="mitre").buffer(thin, join_style="mitre")
        if opened.area >= 0.5 * left.area:
            break
    return [gap for gap in shapely.get_parts(opened) if isinstance(gap, Polygon) and not gap.is_empty]


def _in_view(gap: Polygon, swath: Swath, halvings: int) -> list[Polygon]:
    """A gap too wide for one leg, or bent, halved across its length until each piece lies within a swath."""
    box = shapely.oriented_envelope(gap)
    if not isinstance(box, Polygon) or halvings == 0:
        return [gap]
    sides = np.diff(shapely.get_coordinates(box)[:3], axis=0)
    if np.hypot(*sides.T).min() <= _WIDE * swath.width_m:
        return [gap]
    return [part for half in _halves(gap) for part in _in_view(half, swath, halvings - 1)]


def _halves(gap: Polygon) -> list[Polygon]:
    """The pieces of a gap either side of the middle of its smallest box, across its length."""
    box = shapely.oriented_envelope(gap)
    if not isinstance(box, Polygon):
        return []
    corners = shapely.get_coordinates(box)
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    if np.hypot(*first) > np.hypot(*second):
        half = [corners[0], corners[0] + first / 2, corners[3] + first / 2, corners[3]]
    else:
        half = [corners[0], corners[1], corners[1] + second / 2, corners[0] + second / 2]
    near = Polygon(half)
    pieces = [*shapely.get_parts(gap.intersection(near)), *shapely.get_parts(gap.difference(near))]
    return [piece for piece in pieces if isinstance(piece, Polygon) and piece.area > 0]


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
    """Along the gap, across it, and along its longest edge."""
    box = shapely.oriented_envelope(gap)
    ring = shapely.get_coordinates(box if isinstance(box, Polygon) else gap.exterior)
    along = _bearing_of_longest(ring)
    edge = _bearing_of_longest(shapely.get_coordinates(gap.exterior))
    return [along, (along + 90) % 180, *([edge] if abs(math.remainder(edge - along, 90)) > 0.01 else [])]


def _bearing_of_longest(ring: Points) -> float:
    vectors = np.diff(ring, axis=0)
    longest = vectors[np.argmax(np.hypot(*vectors.T))]
    return math.degrees(math.atan2(longest[0], longest[1])) % 180


def _tracks(gap: Polygon, inner: BaseGeometry, swath: Swath, bearing_deg: float) -> list[Legs]:
    """Legs of one bearing past a gap: at several distances from its middle, and where most can be flown."""
    west, low, east, high = turned(gap, bearing_deg).bounds
    near = shapely.clip_by_rect(
        turned(inner, bearing_deg),
        west - swath.reach_m,
        low - swath.width_m,
        east + swath.reach_m,
        high + swath.width_m,
    )
    slack = max(0.0, (swath.width_m - (high - low)) / 2)
    levels = np.unique([(low + high) / 2 + shift * slack for shift in _SHIFTS])
    between = np.linspace(low, high, _LEVELS + 2)[1:-1]
    edges = edges_of(near)
    row, a, b = stretches(edges, between)
    if len(row):
        levels = np.unique([*levels, between[row[np.argmax(b - a)]]])
    row, a, b = stretches(edges, levels)
    found = []
    for level, start, end in zip(levels[row], a, b, strict=True):
        if end > start:
            flown = trimmed(float(start), float(end), west, east, swath.reach_m)
            found.append(turned_back(np.array([[[flown[0], level], [flown[1], level]]]), bearing_deg))
    return found
