"""Staying inside: shortest ways between points that never leave an area.

The shortest way inside a polygon with holes bends only at reflex corners (Lozano-Perez and Wesley 1979), so
a graph of the corners that see each other holds every one of them. Corners lie `margin_m` inside the
border and ways keep half of that, so rounding never puts one outside.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from missions.coverage.metric import Metric
from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_MARGINS_M = (0.25, 0.1, 0.03, 0.01, 0.003, 0.001)
_CHUNK = 200_000
_NEAR = 40
_MANY = 2_000
_NEAR_CORNERS = 150


def eroded(area: BaseGeometry, margin_m: float) -> BaseGeometry:
    """The area less a margin along its border, with sharp corners."""
    return area.buffer(-margin_m, join_style="mitre")


def safe_margin_m(area: BaseGeometry) -> float:
    """The widest margin, 25 cm at most, that tears no part of the area in two and loses none."""
    parts = _count(area)
    return next((margin for margin in _MARGINS_M if _count(eroded(area, margin)) == parts), _MARGINS_M[-1])


def _count(area: BaseGeometry) -> int:
    return sum(1 for part in shapely.get_parts(area) if not part.is_empty)


class Inside:
    """Ways inside an area of one or more parts, metres. Points asked about must lie in `inner`."""

    def __init__(
        self, area: BaseGeometry, margin_m: float | None = None, metric: Metric | None = None
    ) -> None:
        self.area = area
        self.metric = metric or Metric()
        self.margin_m = safe_margin_m(area) if margin_m is None else margin_m
        self.inner = eroded(area, self.margin_m)
        self.free = eroded(area, self.margin_m / 2)
        shapely.prepare(self.free)
        self._parts = [part for part in shapely.get_parts(self.free) if not part.is_empty]
        for part in self._parts:
            shapely.prepare(part)

    def part_of(self, points: Points) -> npt.NDArray[np.int64]:
        """Which part each point lies in; -1 for none."""
        found = np.full(len(points), -1)
        for index, part in enumerate(self._parts):
            found[shapely.intersects_xy(part, points[:, 0], points[:, 1])] = index
        return found

    def nearest(self, point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The point itself where it lies inside, else the nearest one that does."""
        place = shapely.Point(point)
        if self.inner.intersects(place):
            return point
        line = shapely.shortest_line(self.inner, place)
        return np.asarray(shapely.get_coordinates(line)[0])

    def border_near(self, point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The place just inside the border that is nearest to a point."""
        line = shapely.shortest_line(self.inner.boundary, shapely.Point(point))
        return np.asarray(shapely.get_coordinates(line)[0])

    def sees(self, a: Points, b: Points) -> Bools:
        """Whether the straight line between each pair of points stays inside."""
        seen = np.empty(len(a), dtype=bool)
        for start in range(0, len(a), _CHUNK):
            part = slice(start, start + _CHUNK)
            lines = shapely.linestrings(np.stack([a[part], b[part]], axis=1))
            seen[part] = shapely.covers(self.free, lines)
        return seen

    def distances(self, points: Points, turn_m: float = 0.0) -> Floats:
        """The length of the shortest way between every two points, (n, n); each bend costs `turn_m` more.

        Infinite between points of different parts.
        """
        lengths = self._lengths(points, turn_m, _NEAR)
        part = self.part_of(points)
        if np.isinf(lengths[part[:, None] == part]).any():
            lengths = self._lengths(points, turn_m, len(points) + len(self._corners))
        return lengths

    def _lengths(self, points: Points, turn_m: float, near: int) -> Floats:
        """Lengths over a graph of points and corners, each joined to the `near` nearest that it sees."""
        count = len(points)
        straight = self._straight(points, near)
        if np.isfinite(straight).all():
            return straight
        graph = self._graph(points, straight, turn_m, near)
        # A way of k pieces has k - 1 bends, and every piece was charged one.
        lengths = dijkstra(graph, directed=False, indices=np.arange(count))[:, :count] - turn_m
        np.fill_diagonal(lengths, 0.0)
        return np.asarray(np.minimum(lengths, lengths.T))

    def way(self, a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> Points | None:
        """The corners and ends of the shortest way from `a` to `b`, (n, 2); None where there is no way."""
        return self.ways(a[None], b[None])[0]

    def ways(self, a: Points, b: Points, turn_m: float = 0.0) -> list[Points | None]:
        """The shortest way from every place to its other; None where there is none."""
        found: list[Points | None] = [np.stack(pair) for pair in zip(a, b, strict=True)]
        hidden = np.flatnonzero(~self.sees(a, b))
        for near in (_NEAR, len(self._corners)):
            if not len(hidden):
                break
            for index, way in zip(hidden, self._bent(a[hidden], b[hidden], turn_m, near), strict=True):
                found[index] = way
            hidden = np.array([index for index in hidden if found[index] is None], dtype=np.int64)
        return found

    def _bent(self, a: Points, b: Points, turn_m: float, near: int) -> list[Points | None]:
        count = len(a)
        points = np.concatenate([a, b])
        nodes = np.concatenate([points, self._corners])
        apart = np.full((2 * count, 2 * count), np.inf)
        graph = self._graph(points, apart, turn_m, near)
        length, before = dijkstra(graph, directed=False, indices=np.arange(count), return_predecessors=True)
        found: list[Points | None] = []
        for index in range(count):
            steps = [index + count]
            while np.isfinite(length[index, index + count]) and steps[-1] != index:
                steps.append(int(before[index, steps[-1]]))
            found.append(nodes[steps[::-1]] if len(steps) > 1 else None)
        return found

    def _straight(self, points: Points, near: int) -> Floats:
        lengths = np.full((len(points), len(points)), np.inf)
        np.fill_diagonal(lengths, 0.0)
        i, j = _pairs(points, points, near)
        i, j = i[i < j], j[i < j]
        seen = self.sees(points[i], points[j])
        i, j = i[seen], j[seen]
        lengths[i, j] = lengths[j, i] = self.metric.lengths(points[i] - points[j])
        return lengths

    def _graph(self, points: Points, straight: Floats, turn_m: float, near: int) -> csr_array:
        """Points first, then corners; a piece weighs its length and one bend."""
        count, corners = len(points), self._corners
        i, j = np.nonzero(np.triu(np.isfinite(straight), 1))
        among_points = i, j, straight[i, j]
        i, j = _pairs(points, corners, near)
        keep = self._tangent(points[i], j)
        i, j = i[keep], j[keep]
        seen = self.sees(points[i], corners[j])
        i, j = i[seen], j[seen]
        to_corners = i, j + count, self.metric.lengths(points[i] - corners[j])
        a, b, lengths = self._corner_graph
        pieces = (among_points, to_corners, (a + count, b + count, lengths))
        row, col, weight = (np.concatenate(column) for column in zip(*pieces, strict=True))
        size = count + len(corners)
        return csr_array((weight + turn_m + 1e-9, (row, col)), shape=(size, size))

    @cached_property
    def _corner_graph(self) -> tuple[Indices, Indices, Floats]:
        """Corners that see each other; among very many only near ones are asked."""
        corners = self._corners
        i, j = _pairs(corners, corners, len(corners) if len(corners) <= _MANY else _NEAR_CORNERS)
        i, j = i[i < j], j[i < j]
        keep = self._tangent(corners[i], j) & self._tangent(corners[j], i)
        i, j = i[keep], j[keep]
        seen = self.sees(corners[i], corners[j])
        i, j = i[seen], j[seen]
        return i, j, self.metric.lengths(corners[i] - corners[j])

    def _tangent(self, seen_from: Points, corner: npt.NDArray[np.int64]) -> Bools:
        """Whether the border at a corner lies on one side of the line to it: only there can a way bend."""
        line = self._corners[corner] - seen_from
        before = _cross(line, self._before[corner])
        after = _cross(line, self._after[corner])
        return np.asarray(before * after >= -1e-9 * np.einsum("ij,ij->i", line, line))

    @cached_property
    def _corner_table(self) -> tuple[Points, Points, Points]:
        tables = [_reflex(ring) for ring in _rings(self.inner)]
        if not tables:
            empty = np.zeros((0, 2))
            return empty, empty, empty
        places, before, after = (np.vstack(column) for column in zip(*tables, strict=True))
        return places, before, after

    @property
    def _corners(self) -> Points:
        return self._corner_table[0]

    @property
    def _before(self) -> Points:
        return self._corner_table[1]

    @property
    def _after(self) -> Points:
        return self._corner_table[2]


def _pairs(points: Points, others: Points, near: int) -> tuple[Indices, Indices]:
    """Each point with the `near` others nearest to it, itself among them where it is one."""
    if not len(points) or not len(others):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if near >= len(others):
        i, j = np.indices((len(points), len(others)))
        return i.ravel(), j.ravel()
    _, nearest = KDTree(others).query(points, near)
    return np.repeat(np.arange(len(points)), near), np.asarray(nearest, np.int64).ravel()


def _rings(area: BaseGeometry) -> list[Points]:
    """Every ring without its repeated last point, the inside on its left."""
    found = []
    for part in shapely.get_parts(area):
        if part.is_empty:
            continue
        left = shapely.orient_polygons(part, exterior_cw=False)
        found += [np.asarray(ring.coords)[:-1, :2] for ring in (left.exterior, *left.interiors)]
    return found


def _reflex(ring: Points) -> tuple[Points, Points, Points]:
    """The corners where the inside spans more than 180 degrees, and the edges' vectors before and after."""
    before = ring - np.roll(ring, 1, axis=0)
    after = np.roll(ring, -1, axis=0) - ring
    bends = _cross(before, after) < -1e-9 * np.hypot(*before.T) * np.hypot(*after.T)
    # Unit vectors to the neighbours, so that a tangent test compares sides.
    to_before = -before / np.maximum(np.hypot(*before.T), 1e-12)[:, None]
    to_after = after / np.maximum(np.hypot(*after.T), 1e-12)[:, None]
    return ring[bends], to_before[bends], to_after[bends]


def _cross(a: Points, b: Points) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
