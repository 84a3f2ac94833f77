"""How far it is to the edge of an allowed region, from inside or outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from missions.area import Part, Ring
from missions.geodesy import LocalFrame
from missions.local import local_from_ring
from missions.no_fly import zones_in
from missions.plan import Fence
from missions.volumes import Volume

Place = tuple[float, float]
"""Metres east and north in the desk's frame."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape and its border, prepared for many questions."""

    inside: BaseGeometry
    border: BaseGeometry

    @classmethod
    def of(cls, shape: BaseGeometry) -> Self | None:
        if shape.is_empty:
            return None
        border = shape.boundary
        shapely.prepare(shape)
        shapely.prepare(border)
        return cls(shape, border)

    def depth_m(self, place: Point) -> float:
        """Metres to the border, above 0 inside the shape."""
        away_m = float(shapely.distance(self.border, place))
        return away_m if shapely.covers(self.inside, place) else -away_m


@dataclass(frozen=True, slots=True)
class Region:
    """Inside `allowed` (everywhere, where that is None) and outside `forbidden`."""

    allowed: _Shape | None
    forbidden: _Shape | None

    @classmethod
    def of_fence(cls, fence: Fence, frame: LocalFrame) -> Self | None:
        """A fence: inside any of its inclusions, in none of its exclusions. None: it has neither."""
        allowed = _Shape.of(zones_in(frame, fence.inclusions))
        forbidden = _Shape.of(_union(fence.exclusions, frame))
        return cls(allowed, forbidden) if allowed or forbidden else None

    @classmethod
    def of_parts(cls, parts: tuple[Part, ...], frame: LocalFrame) -> Self:
        """Inside any of the polygons."""
        return cls(_Shape.of(zones_in(frame, parts)), None)

    def room_m(self, place: Place) -> float:
        """Metres to the nearest edge; below 0 where the place is not allowed, by how far."""
        point = Point(place)
        inside_m = self.allowed.depth_m(point) if self.allowed else float("inf")
        outside_m = -self.forbidden.depth_m(point) if self.forbidden else float("inf")
        return min(inside_m, outside_m)


@dataclass(frozen=True, slots=True)
class Air:
    """A volume in a frame."""

    volume: Volume
    region: Region

    @classmethod
    def of(cls, volume: Volume | None, frame: LocalFrame) -> Self | None:
        """None for none."""
        return None if volume is None else cls(volume, Region.of_parts(volume.parts, frame))

    def room_m(self, place: Place, height_m: float) -> float:
        """Metres to the nearest edge, floor or ceiling; below 0 outside, by the worst of them."""
        up_m, down_m = self.volume.ceiling_m - height_m, height_m - self.volume.floor_m
        return min(self.region.room_m(place), up_m, down_m)


def _union(rings: Iterable[Ring], frame: LocalFrame) -> BaseGeometry:
    shapes = [Polygon(local_from_ring(ring, frame)) for ring in rings]
    return shapely.union_all([shape if shape.is_valid else shape.buffer(0) for shape in shapes])
