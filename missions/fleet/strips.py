"""An area cut along the way that one aircraft would fly over all of it.

Slabs of a comb fall apart into pieces of every tooth. The lanes of one aircraft, in the order in which it
would fly them, are a line through the area that keeps together what is flown together: each member of a team
takes the ground of a stretch of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from missions.coverage import Settings, Swath, cover
from missions.fleet.zones import Slabs
from missions.geodesy import Points
from missions.patterns.pattern import Shape
from missions.sorties.spent import Floats

_CLOSED_M = 0.05
_GRID_M = 0.001
_FAR_M = 1e5


@dataclass(frozen=True, slots=True)
class Strips:
    """Lanes (n, 2, 2) as they are flown, and the ground of each; level `i + share` is within lane `i`."""

    legs_m: Points
    grounds: tuple[BaseGeometry, ...]
    width_m: float
    y: Floats
    below_m2: Floats
    moment_m: Points

    def slabs(self, low: float, high: Floats) -> Slabs:
        """The stretches between one level and others."""
        area = np.interp(high, self.y, self.below_m2) - np.interp(low, self.y, self.below_m2)
        moments = [np.interp(high, self.y, one) - np.interp(low, self.y, one) for one in self.moment_m.T]
        middle = np.column_stack(moments) / np.maximum(area, 1e-9)[:, None]
        return Slabs(area, middle, np.asarray((high - low) * self.width_m, np.float64))

    def level_of(self, place_m: Floats) -> float:
        """The level of the lane nearest to a place."""
        away_m = shapely.distance(shapely.linestrings(self.legs_m), shapely.Point(place_m))
        return float(np.argmin(away_m)) + 0.5

    def ground(self, low: float, high: float) -> BaseGeometry:
        """The ground between two levels."""
        whole = shapely.union_all(list(self._pieces(low, high)), grid_size=_GRID_M)
        closed = whole.buffer(_CLOSED_M, join_style="mitre").buffer(-_CLOSED_M, join_style="mitre")
        return shapely.set_precision(closed, _GRID_M)

    def _pieces(self, low: float, high: float) -> Iterator[BaseGeometry]:
        for index, ground in enumerate(self.grounds):
            begin, end = max(0.0, low - index), min(1.0, high - index)
            if begin >= end:
                continue
            yield ground if end - begin > 1 - 1e-9 else self._cut(index, begin, end)

    def _cut(self, index: int, begin: float, end: float) -> BaseGeometry:
        """A part of a lane's ground: what lies beside a part of the lane, and beyond its ends."""
        a, b = self.legs_m[index]
        ahead = (b - a) / max(float(np.hypot(*(b - a))), 1e-9)
        aside = np.array([-ahead[1], ahead[0]]) * _FAR_M
        first = a - ahead * _FAR_M if begin <= 0 else a + begin * (b - a)
        last = b + ahead * _FAR_M if end >= 1 else a + end * (b - a)
        slab = Polygon([first - aside, first + aside, last + aside, last - aside])
        return self.grounds[index].intersection(slab)


def strips_of(shape: Shape, width_m: float, turn_m: float) -> Strips:
    """The strips of a shape in the order in which one aircraft would fly them. Raises AreaError."""
    settings = Settings(swath=Swath(width_m=width_m, reach_m=0.0), turn_m=turn_m)
    legs = cover(shape, settings).route.legs
    grounds = tuple(_grounds(shape, legs, width_m))
    areas = np.array([ground.area for ground in grounds])
    middles = np.array([_middle(ground) for ground in grounds])
    return Strips(
        legs_m=legs,
        grounds=grounds,
        width_m=width_m,
        y=np.arange(len(legs) + 1.0),
        below_m2=np.append(0.0, np.cumsum(areas)),
        moment_m=np.concatenate([np.zeros((1, 2)), np.cumsum(areas[:, None] * middles, axis=0)]),
    )


def _grounds(shape: Shape, legs: Points, width_m: float) -> list[BaseGeometry]:
    """What lies beside each lane, and what is left over given to the lane nearest to it."""
    lines = [shapely.LineString(leg) for leg in legs]
    grounds: list[BaseGeometry] = []
    left: BaseGeometry = shape
    for line in lines:
        strip = line.buffer(width_m / 2 + _CLOSED_M, cap_style="flat").intersection(left)
        grounds.append(strip)
        left = left.difference(strip)
    for piece in shapely.get_parts(left):
        nearest = int(np.argmin(shapely.distance(lines, piece)))
        grounds[nearest] = grounds[nearest].union(piece)
    return grounds


def _middle(ground: BaseGeometry) -> tuple[float, float]:
    return (0.0, 0.0) if ground.is_empty else (ground.centroid.x, ground.centroid.y)
