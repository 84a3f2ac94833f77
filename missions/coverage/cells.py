"""Cells with lanes of their own: an area cut where it bends, so that each piece is swept along its length.

Cuts run from reflex corners of the simplified border: along either edge, halving the corner, or to a corner
opposite. The cut after which both pieces together take least is kept, then each piece is cut again, as long
as that helps. What sweeping a piece takes is told from its border alone, for all bearings at once (see
`Sweep`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from missions.coverage.lanes import Swath
from missions.coverage.metric import Metric
from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
Cut = tuple[Floats, Floats]
"""A corner, and the unit vector of the way from it."""
_SIMPLER = 0.25
"""Borders are simplified by this share of a lane before corners are looked for."""
_LEAST_LANES = (1.0, 0.2)
"""A cut must save what this many lanes take beside their length: the way over it is not free."""
_BENT_DEG = 12.0
_CORNERS = 12
_OPPOSITE = 3
_BEARINGS = np.radians(np.arange(0.0, 180.0, 5.0))
_BEST = 4
_MOST_CELLS = 16
_LEAST_SHARE = 0.02
"""Not worth a look where all turns together take less than this share of the flight."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What sweeping a piece takes.

    Lanes of one bearing, w apart, cross a piece as often as its border's edges reach across them together,
    sum |dy| / 2w, and each crossing takes a step aside and two turns. Where an edge ends lanes squarely the
    camera sees `reach_m` further than is flown; where it runs slantwise, |dx| / |dy| of w / 2 of that is
    lost, and beyond that a corner of the strip stays unseen.
    """

    swath: Swath
    turn_m: float
    metric: Metric = field(default_factory=Metric)

    def cost_m(self, piece: Polygon) -> float:
        """Metres at the best bearing."""
        return float(self._costs_m(piece).min())

    def bearings(self, piece: Polygon) -> list[float]:
        """The few bearings that look best, and those along the piece's smallest box, degrees."""
        costs = self._costs_m(_piece(piece, self).simple)
        box = np.diff(shapely.get_coordinates(shapely.oriented_envelope(piece))[:3], axis=0)
        along = np.degrees(np.arctan2(box[:, 0], box[:, 1])) % 180
        return [*np.degrees(_BEARINGS[np.argsort(costs, kind="stable")[:_BEST]]).tolist(), *along.tolist()]

    def _costs_m(self, piece: Polygon) -> Floats:
        width_m = self.swath.width_m
        edges = _vectors(piece)
        along, across = np.sin(_BEARINGS), np.cos(_BEARINGS)
        dx = np.abs(np.outer(along, edges[:, 0]) + np.outer(across, edges[:, 1]))
        dy = np.abs(np.outer(across, edges[:, 0]) - np.outer(along, edges[:, 1]))
        spared = self.swath.reach_m * dy / width_m - dx / 2
        ends = -np.maximum(spared, 0.0) + np.minimum(np.maximum(-spared, 0.0), 2 * dy) / 2
        ahead, aside = self._factors()
        steps = dy.sum(axis=1) / (2 * width_m) * (aside * width_m + 2 * self.turn_m)
        return np.asarray(ahead * (piece.area / width_m + ends.sum(axis=1)) + steps)

    def lane_m(self) -> float:
        """What a lane more takes beside its length, metres."""
        return self.swath.width_m + 2 * self.turn_m

    def _factors(self) -> tuple[Floats, Floats]:
        vectors = np.column_stack([np.sin(_BEARINGS), np.cos(_BEARINGS)])
        return self.metric.lengths(vectors), self.metric.lengths(vectors[:, ::-1] * [1.0, -1.0])


@dataclass(slots=True)
class _Piece:
    """A piece, its simplified border, what it takes, and how it is cut where that saves something."""

    shape: Polygon
    simple: Polygon
    cost_m: float
    saved_m: float = 0.0
    halves: list[_Piece] = field(default_factory=list)


@dataclass(slots=True)
class _Work:
    """What is left of the cuts that may be tried: counted, so that one area always gives the same cells."""

    cuts: int


def partitions(area: BaseGeometry, sweep: Sweep, most_cuts: int = 200) -> list[list[Polygon]]:
    """Ways to cut an area into pieces with lanes of their own, none twice, each the largest piece first.

    With the cuts that save a good deal only, and with all that save something.
    """
    work = _Work(most_cuts)
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon) and part.area > 0]
    roots = [_piece(part, sweep) for part in parts]
    waiting, count = roots[:], len(roots)
    while waiting and count < _MOST_CELLS and work.cuts > 0:
        waiting.sort(key=lambda piece: piece.cost_m)
        piece = waiting.pop()
        _cut(piece, sweep, work)
        waiting += piece.halves
        count += len(piece.halves) // 2
    found: list[list[Polygon]] = []
    for least_lanes in _LEAST_LANES:
        pieces = [piece for root in roots for piece in _leaves(root, least_lanes * sweep.lane_m())]
        if len(pieces) > 1 and all(len(pieces) != len(other) for other in found):
            found.append(sorted(pieces, key=lambda piece: -float(piece.area)))
    return found


def _leaves(piece: _Piece, least_m: float) -> list[Polygon]:
    if not piece.halves or piece.saved_m < least_m:
        return [piece.shape]
    return [leaf for half in piece.halves for leaf in _leaves(half, least_m)]


def _piece(shape: Polygon, sweep: Sweep) -> _Piece:
    simple = shape.simplify(_SIMPLER * sweep.swath.width_m)
    kept = simple if isinstance(simple, Polygon) and simple.is_valid and not simple.is_empty else shape
    return _Piece(shape, kept, sweep.cost_m(kept))


def _cut(piece: _Piece, sweep: Sweep, work: _Work) -> None:
    """Find the cut that saves most, and the halves that it leaves, where one saves enough."""
    width_m = sweep.swath.width_m
    if piece.cost_m - piece.simple.area / width_m < _LEAST_SHARE * piece.cost_m:
        return
    best, best_m = None, piece.cost_m - _LEAST_LANES[-1] * sweep.lane_m()
    for cut in _cuts(piece.simple):
        if work.cuts <= 0:
            break
        work.cuts -= 1
        halves = _halves(piece.simple, cut, width_m)
        cost_m = sum(sweep.cost_m(half) for half in halves) if halves else np.inf
        if cost_m < best_m:
            best, best_m = cut, cost_m
    if best is not None:
        piece.halves = [_piece(half, sweep) for half in _halves(piece.shape, best, width_m)]
        piece.saved_m = piece.cost_m - best_m


def _halves(piece: Polygon, cut: Cut, width_m: float) -> list[Polygon]:
    """The two pieces either side of a cut; none where it does not part it in two of some size."""
    line = _ray(piece, *cut)
    if line is None:
        return []
    halves = [half for half in split(piece, line).geoms if isinstance(half, Polygon)]
    large = [half for half in halves if half.area >= width_m**2 / 4]
    if len(large) != 2 or sum(half.area for half in halves) - sum(half.area for half in large) > 1.0:
        return []
    return large


def _cuts(piece: Polygon) -> list[Cut]:
    """Ways across a piece from its most bent reflex corners."""
    found: list[Cut] = []
    rings = [_corners(ring, hole=hole) for ring, hole in _rings(piece)]
    corners, before, after, bend = (np.concatenate(column) for column in zip(*rings, strict=True))
    reflex = np.flatnonzero(bend > np.radians(_BENT_DEG))
    weight = bend * np.minimum(np.hypot(*before.T), np.hypot(*after.T))
    for index in sorted(reflex.tolist(), key=lambda index: (-weight[index], index))[:_CORNERS]:
        corner = corners[index]
        ahead, back = _unit(before[index]), -_unit(after[index])
        ways = [ahead, back]
        if np.hypot(*(ahead + back)) > 0.1:
            ways.append(_unit(ahead + back))
        away = corners - corner
        nearest = np.argsort(np.hypot(*away.T), kind="stable")
        ways += [
            _unit(away[other])
            for other in nearest[: 3 * _OPPOSITE]
            if np.hypot(*away[other]) > 0 and np.dot(_unit(away[other]), _unit(ahead + back + 1e-9)) > 0.5
        ][:_OPPOSITE]
        found += [(corner, way) for way in ways]
    return found


def _rings(piece: Polygon) -> list[tuple[Points, bool]]:
    """Every ring without its last point, the inside on its left, and whether it is a hole."""
    left = shapely.orient_polygons(piece, exterior_cw=False)
    rings = [(left.exterior, False), *((hole, True) for hole in left.interiors)]
    return [(np.asarray(ring.coords)[:-1, :2], hole) for ring, hole in rings]


def _corners(ring: Points, *, hole: bool) -> tuple[Points, Points, Points, Floats]:
    """Corners, the edges before and after, and how far each bends outwards, radians.

    A cut from a hole does not part a piece in two, so a hole's corners do not bend.
    """
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    bend = -np.arctan2(cross, np.einsum("ij,ij->i", before, after))
    return ring, before, after, np.zeros(len(ring)) if hole else bend


def _ray(piece: Polygon, corner: Floats, way: Floats) -> LineString | None:
    """From just outside a corner straight through the piece to just beyond where it first leaves it."""
    west, south, east, north = piece.bounds
    far = corner + way * 2 * float(np.hypot(east - west, north - south))
    begin = corner + way * 0.01
    inside = [
        part
        for part in shapely.get_parts(piece.intersection(LineString([begin, far])))
        if part.length > 0.01 and part.distance(shapely.Point(begin)) < 0.01
    ]
    if not inside:
        return None
    end = begin + way * (float(inside[0].length) + 0.01)
    return LineString([corner - way * 0.01, end])


def _vectors(piece: Polygon) -> Points:
    """Every edge of the border and the holes as a vector."""
    rings = shapely.get_rings(piece)
    places, ring = shapely.get_coordinates(rings, return_index=True)
    return np.asarray(np.diff(places, axis=0)[ring[1:] == ring[:-1]])


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.hypot(*vector))
