"""Where flights may go between their work and the take-off point, and the shortest ways there.

Ways from many places to one: the shortest way from every corner to it is worked out once (Dijkstra over the
corners that see each other), and each place takes the corner that it sees and that is nearest by that way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from missions.coverage.inside import Inside
from missions.geodesy import LocalFrame, Points
from missions.intricacy import rounded
from missions.local import local_from_area
from missions.no_fly import MARGIN_M, zones_in
from missions.plan import Plan

Floats = npt.NDArray[np.float64]
WITHIN = frozenset({"parallel-track", "creeping-line", "photo-grid", "contour", "perimeter"})
"""Patterns of an area that somebody drew, which ways must not leave; the others are flown in the open."""
_AROUND_M = 50_000.0
_SAME_M = 0.01
_TRIED = 8


@dataclass(frozen=True, slots=True)
class Way:
    """A way (n, 2) in metres, and how much of it lies where it should not for want of another."""

    points_m: Points
    outside_m: float = 0.0

    @property
    def length_m(self) -> float:
        """Its length."""
        return float(np.hypot(*np.diff(self.points_m, axis=0).T).sum())

    @property
    def back(self) -> Way:
        """The same way from its end to its begin."""
        return Way(self.points_m[::-1], self.outside_m)


def air_of(plan: Plan, frame: LocalFrame) -> Air:
    """Where the flights of a plan may go: inside its area for what was drawn."""
    within = plan.request.pattern in WITHIN
    return Air(rounded(local_from_area(plan.area, frame)), zones_in(frame, plan.no_fly), within=within)


class Ways(Inside):
    """Shortest ways inside from many places to one."""

    def to(self, places: Points, home: Floats) -> list[Points | None]:
        """The way from every place (n, 2) to `home`; None where there is none. All must lie inside."""
        found: list[Points | None] = [None] * len(places)
        direct = self.sees(places, np.broadcast_to(home, places.shape))
        for index in np.flatnonzero(direct):
            found[index] = np.stack([places[index], home])
        hidden = np.flatnonzero(~direct)
        if len(hidden) and len(self._corners):
            for index, way in zip(hidden, self._bends(places[hidden], home), strict=True):
                found[index] = way
        return found

    def _bends(self, places: Points, home: Floats) -> list[Points | None]:
        lengths, after = self._tree(home)
        corners = self._corners
        by_corner = np.hypot(*(places[:, None] - corners[None]).transpose(2, 0, 1)) + lengths
        order = np.argsort(by_corner, axis=1)
        taken = self._first_seen(places, order, np.isfinite(lengths))
        found: list[Points | None] = []
        for place, corner in zip(places, taken, strict=True):
            if corner < 0:
                found.append(None)
                continue
            steps = [int(corner)]
            while after[steps[-1]] >= 0:
                steps.append(int(after[steps[-1]]))
            found.append(np.concatenate([place[None], corners[steps], home[None]]))
        return found

    def _first_seen(
        self, places: Points, order: npt.NDArray[np.int64], joined: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int64]:
        """The first corner in its order that each place sees; -1 for none."""
        taken = np.full(len(places), -1)
        left = np.arange(len(places))
        for first in range(0, order.shape[1], _TRIED):
            tried = order[left, first : first + _TRIED]
            width = tried.shape[1]
            seen = self.sees(np.repeat(places[left], width, axis=0), self._corners[tried.ravel()])
            seen = seen.reshape(tried.shape) & joined[tried]
            some = seen.any(axis=1)
            taken[left[some]] = tried[some, seen[some].argmax(axis=1)]
            left = left[~some]
            if not len(left):
                break
        return taken

    def _tree(self, home: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Every corner's distance to `home` and the corner after it on the way; -1 where that is home."""
        corners = self._corners
        near = np.flatnonzero(self.sees(np.broadcast_to(home, corners.shape), corners))
        a, b, lengths = self._corner_graph
        count = len(corners)
        rows = np.concatenate([a, np.full(len(near), count)])
        columns = np.concatenate([b, near])
        weights = np.concatenate([lengths, np.hypot(*(corners[near] - home).T)]) + 1e-9
        graph = csr_array((weights, (rows, columns)), shape=(count + 1, count + 1))
        away, before = dijkstra(graph, directed=False, indices=np.array([count]), return_predecessors=True)
        after = np.where(before[0, :count] == count, -1, before[0, :count])
        return away[0, :count], after.astype(np.int64)


class Air:
    """Where flights may go: inside an area where they must stay `within` it, and never in a no-fly zone."""

    def __init__(self, area: BaseGeometry, zones: BaseGeometry, *, within: bool) -> None:
        self.area = area
        self.zones = zones
        self.within = within

    @cached_property
    def ground(self) -> BaseGeometry:
        """The area less the zones and half their margin, so that ways along the lanes' ends lie inside."""
        return self.area.difference(self.zones.buffer(MARGIN_M / 2, join_style="mitre"))

    def ways(self, places: Points, home: Floats) -> list[Way]:
        """The shortest allowed way from every place (n, 2) to a take-off point.

        Where there is none inside, the way bends round the area's holes and the zones, and says how many
        metres of it lie outside. A take-off point outside is reached from the border nearest to it.
        """
        if not self.within:
            return [Way(way, self._forbidden_m(way)) for way in self._open_ways(places, home)]
        gate = self._ground.nearest(home)
        approach = [] if np.hypot(*(gate - home)) < _SAME_M else [self._open_ways(gate[None], home)[0][1:]]
        inside = self._ground.to(self._moved_in(places), gate)
        found: list[Way] = []
        for place, way in zip(places, inside, strict=True):
            if way is None:
                across = self._open_ways(place[None], home)[0]
                found.append(Way(across, self._outside_m(across)))
                continue
            found.append(Way(np.concatenate([place[None], way[1:], *approach])))
        return found

    def _moved_in(self, places: Points) -> Points:
        """The places, those on the border or beside it moved to where ways begin."""
        out = ~shapely.intersects_xy(self._ground.inner, places[:, 0], places[:, 1])
        moved = places.copy()
        for index in np.flatnonzero(out):
            moved[index] = self._ground.nearest(places[index])
        return moved

    def _open_ways(self, places: Points, home: Floats) -> list[Points]:
        straight = [np.stack([place, home]) for place in places]
        if not self._obstacles.is_empty:
            begins = np.array([self._open.nearest(place) for place in places])
            end = self._open.nearest(home)
            for index, way in enumerate(self._open.to(begins, end)):
                if way is not None:
                    straight[index] = np.concatenate([places[index][None], way[1:-1], home[None]])
        return straight

    def _outside_m(self, way: Points) -> float:
        """Metres outside the area; a centimetre of rounding along its border is none."""
        return float(shapely.LineString(way).difference(self.area.buffer(0.01)).length)

    def _forbidden_m(self, way: Points) -> float:
        return float(shapely.LineString(way).intersection(self.zones).length)

    @cached_property
    def _obstacles(self) -> BaseGeometry:
        """What ways in the open bend round: zones with half their margin, and a drawn area's holes."""
        zones = self.zones.buffer(MARGIN_M / 2, join_style="mitre")
        if not self.within:
            return zones
        parts = shapely.get_parts(self.area)
        holes = shapely.union_all([Polygon(part.exterior) for part in parts]).difference(self.area)
        return zones.union(holes)

    @cached_property
    def _ground(self) -> Ways:
        return Ways(self.ground)

    @cached_property
    def _open(self) -> Ways:
        west, south, east, north = shapely.total_bounds([self.area, self._obstacles])
        box = shapely.box(west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
        return Ways(box.difference(self._obstacles), margin_m=0.25)
