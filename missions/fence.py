"""The fence of a plan: the area, the route and the take-off point with a margin around them.

Autopilots keep few fence points, so the ring is simplified outwards until it is short enough.
"""

from __future__ import annotations

import math

import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

MARGIN_M = 30.0
"""Around everything flown: several times a good GPS position's error, plus what braking takes at 10 m/s."""
MAX_POINTS = 70
_ROUNDNESS = 4
_TOLERANCES_M = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


def fence_ring(flown: BaseGeometry, margin_m: float) -> Polygon:
    """One ring without holes that keeps `margin_m` from all that is flown, of at most 70 points."""
    # Round corners are drawn as chords; their middles must keep the margin too.
    chord = math.cos(math.pi / (4 * _ROUNDNESS))
    needed = _filled(flown.buffer(margin_m / chord, quad_segs=_ROUNDNESS))
    for tolerance_m in _TOLERANCES_M:
        ring = _filled(needed.buffer(tolerance_m, quad_segs=2).simplify(tolerance_m))
        if _count(ring) <= MAX_POINTS and ring.covers(needed):
            return ring
    hull = needed.convex_hull
    return hull if isinstance(hull, Polygon) and _count(hull) <= MAX_POINTS else shapely.box(*needed.bounds)


def exclusion_rings(area: BaseGeometry, margin_m: float) -> list[Polygon]:
    """The area's holes, each smaller by a margin so that flying beside one is no breach."""
    found = []
    for part in shapely.get_parts(area):
        for hole in part.interiors:
            smaller = Polygon(hole).buffer(-margin_m, join_style="mitre").simplify(margin_m / 4)
            found += [
                piece
                for piece in shapely.get_parts(smaller)
                if not piece.is_empty and _count(piece) <= MAX_POINTS
            ]
    return found


def _filled(shape: BaseGeometry) -> Polygon:
    """Without holes; of several pieces the hull, for a fence is one ring."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    if len(parts) == 1:
        return Polygon(parts[0].exterior)
    hull = shape.convex_hull
    return hull if isinstance(hull, Polygon) else shape.envelope.buffer(1.0)


def _count(ring: BaseGeometry) -> int:
    return int(shapely.get_num_coordinates(ring)) - 1
