"""Passes beside a line: where ground is a given distance from it, however sharply it bends.

The passes at a distance are the edge of the line's buffer, without its ends: that follows bends with mitred
corners, never crosses itself, and passes of switchbacks that lie closer than their distance become one.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from missions.geodesy import Points

_CAP_M = 0.005
_INSIDE = 0.995
"""Round ends of ground are drawn as chords, whose middles lie this far in."""
_SHORTEST_M = 2.0


def band_of(points: Points, half_m: float) -> BaseGeometry:
    """All ground within `half_m` beside a line, nothing beyond its ends."""
    return LineString(points).buffer(half_m, cap_style="flat", join_style="round", quad_segs=16)


def passes_at(points: Points, offset_m: float, half_m: float, tolerance_m: float) -> list[Points]:
    """The pieces of the pass `offset_m` to the right of a line (below 0: left), in the line's direction.

    In most lines it is one piece; where the line comes near itself it may be several, in order along the
    line, or none. No corner lies more than `half_m` from the line.
    """
    line = LineString(points)
    if abs(offset_m) < 1e-6:
        return [_simple(line, tolerance_m)]
    most = max(1.0, half_m / abs(offset_m))
    beside = line.buffer(abs(offset_m), cap_style="flat", join_style="mitre", mitre_limit=most)
    edge: BaseGeometry = beside.boundary
    if math.dist(points[0], points[-1]) > _CAP_M:
        edge = edge.difference(_ends(points, abs(offset_m)))
    chains = [chain for chain in shapely.get_parts(_merged(edge)) if chain.length >= _SHORTEST_M]
    side = math.copysign(1, offset_m)
    ground = band_of(points, half_m + _CAP_M)
    pieces = [
        piece
        for chain in chains
        if _side(line, chain) == side
        for piece in _within(_pulled(_along(line, chain, tolerance_m), line, half_m), ground)
    ]
    return sorted(pieces, key=lambda piece: line.project(shapely.Point(piece[0])))


def _merged(edge: BaseGeometry) -> BaseGeometry:
    return edge if edge.geom_type == "LineString" else shapely.line_merge(edge)


def offsets_m(width_m: float, spacing_m: float) -> list[float]:
    """How far from the line passes lie that see a width, no further than a spacing apart.

    >>> offsets_m(90, 40)
    [-30.0, 0.0, 30.0]
    """
    count = max(1, math.ceil(width_m / spacing_m - 1e-9))
    apart = width_m / count
    return [apart * (number + 0.5) - width_m / 2 for number in range(count)]


def _ends(points: Points, half_m: float) -> BaseGeometry:
    """The flat ends of a line's buffer, a little thicker."""
    caps = []
    for end, inner in ((points[0], points[1]), (points[-1], points[-2])):
        ahead = (end - inner) / math.dist(end, inner)
        across = np.array([-ahead[1], ahead[0]]) * (half_m + _CAP_M)
        caps.append(LineString([end - across, end + across]).buffer(_CAP_M, cap_style="square"))
    return shapely.union_all(caps)


def _side(line: LineString, chain: LineString) -> float:
    """1 where a chain lies to the right of a line, -1 to the left, by most of its places."""
    votes = 0.0
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        place = chain.interpolate(share, normalized=True)
        at = line.project(place)
        low, high = max(0.0, at - 0.5), min(line.length, at + 0.5)
        a, b = line.interpolate(low), line.interpolate(high)
        cross = (b.x - a.x) * (place.y - a.y) - (b.y - a.y) * (place.x - a.x)
        votes -= math.copysign(1.0, cross)
    return math.copysign(1.0, votes)


def _along(line: LineString, chain: LineString, tolerance_m: float) -> Points:
    """The chain in the line's direction; a ring from the place nearest to the line's start."""
    places = _simple(chain, tolerance_m)
    if math.dist(places[0], places[-1]) < 1e-6:
        return _ring_along(line, places)
    start, end = (line.project(shapely.Point(places[row])) for row in (0, -1))
    return places[::-1] if start > end else places


def _ring_along(line: LineString, ring: Points) -> Points:
    """A ring from its place nearest to the line's start, round in the line's sense where that is closed."""
    begin = line.coords[0]
    first = int(np.argmin(np.hypot(*(ring[:-1] - begin).T)))
    turned = np.roll(ring[:-1], -first, axis=0)
    turned = np.concatenate([turned, turned[:1]])
    if not line.is_closed:
        return turned
    same = Polygon(line).exterior.is_ccw == Polygon(turned).exterior.is_ccw
    return turned if same else turned[::-1]


def _pulled(piece: Points, line: LineString, half_m: float) -> Points:
    """The piece with every place nearer than `half_m` to the line: a sharp bend's corners reach too far."""
    found = piece.copy()
    away_m = np.asarray(shapely.distance(line, shapely.points(piece)))
    most_m = _INSIDE * half_m
    for row in np.flatnonzero(away_m > most_m):
        place = piece[row]
        nearest = shapely.get_coordinates(line.interpolate(line.project(shapely.Point(place))))[0]
        found[row] = nearest + (place - nearest) * (most_m / math.dist(place, nearest))
    return found


def _within(piece: Points, ground: BaseGeometry) -> list[Points]:
    """What of a piece lies over the ground: beyond a line's bent ends some may not."""
    kept = _merged(LineString(piece).intersection(ground))
    chains = [chain for chain in shapely.get_parts(kept) if chain.length >= _SHORTEST_M]
    return [shapely.get_coordinates(chain) for chain in chains]


def _simple(line: LineString, tolerance_m: float) -> Points:
    return np.asarray(shapely.get_coordinates(line.simplify(tolerance_m)))
