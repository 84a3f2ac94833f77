"""No-fly zones: cut out of what is covered, flown round on the way, and forbidden to the autopilot."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from missions.area import Part
from missions.coverage.inside import Inside
from missions.errors import AreaError
from missions.geodesy import LocalFrame, Points
from missions.local import local_from_ring
from missions.patterns.path import Floats, Path, joined, path_of
from missions.patterns.pattern import Shape

MARGIN_M = 10.0
"""Kept from every zone: a good GPS position's error and what a corner taken round adds."""
_AROUND_M = 50_000.0


def zones_in(frame: LocalFrame, zones: Iterable[Part]) -> BaseGeometry:
    """The zones as one shape in a frame, metres; empty where there are none."""
    shapes = [
        Polygon(local_from_ring(zone.border, frame), [local_from_ring(hole, frame) for hole in zone.holes])
        for zone in zones
    ]
    return shapely.union_all([shape if shape.is_valid else shape.buffer(0) for shape in shapes])


def without_zones(shape: Shape, zones: BaseGeometry, where: str = "", turn_radius_m: float = 0.0) -> Shape:
    """What is left of a shape once the zones and their margin are cut out. Raises AreaError for nothing.

    An aircraft that cannot stop keeps half as much again as its turn radius more: its lanes may end pointing
    at a zone, and it strays from its curves.
    """
    if zones.is_empty:
        return shape
    left = shape.difference(zones.buffer(MARGIN_M + 1.5 * turn_radius_m, join_style="mitre"))
    parts = [part for part in shapely.get_parts(left) if isinstance(part, Polygon) and part.area > 1.0]
    if not parts:
        raise AreaError(
            "the no-fly zones leave nothing of the area", where=where, remedy="Draw the area beside the zones"
        )
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def round_zones(path: Path, zones: BaseGeometry, clear_m: float = MARGIN_M / 2) -> Path:
    """The path with every transit that would cross a zone led round it, `clear_m` away.

    Recorded ways are left as they are.

    A transit that ends within a zone's margin is led to that end as directly as the zone allows.
    """
    if zones.is_empty or not LineString(path.points).intersects(zones):
        return path
    open_air = _open_air(path.points, zones, clear_m)
    pieces = []
    for row in range(len(path)):
        pieces.append(path.taken(slice(row, row + 1)))
        if row + 1 == len(path) or path.recording[row]:
            continue
        between = _between(open_air, zones, path.points[row], path.points[row + 1])
        if len(between):
            pieces.append(_detour(path, row, between))
    return joined(pieces)


def crossing_m(path: Path, zones: BaseGeometry) -> float:
    """Metres of the path, circles included, that lie in a zone."""
    if zones.is_empty:
        return 0.0
    lines: list[BaseGeometry] = [LineString(path.points)] if len(path) > 1 else []
    lines += [
        Point(path.points[row]).buffer(abs(path.orbit_radius_m[row])).exterior
        for row in np.flatnonzero(path.orbit_radius_m)
    ]
    return float(sum(line.intersection(zones).length for line in lines))


def _open_air(points: Points, zones: BaseGeometry, clear_m: float) -> Inside:
    """All that may be flown over: a wide box less the zones and what is kept clear of them."""
    west, south, east, north = shapely.total_bounds([zones, LineString(points)])
    box = shapely.box(west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
    return Inside(box.difference(zones.buffer(clear_m, join_style="mitre")), margin_m=0.5)


def _between(open_air: Inside, zones: BaseGeometry, a: Floats, b: Floats) -> Points:
    """The corners of the way round between two places; none where the straight way is free."""
    if not LineString([a, b]).intersects(zones):
        return np.zeros((0, 2))
    way = open_air.way(open_air.nearest(a), open_air.nearest(b))
    if way is None:
        return np.zeros((0, 2))
    ends = np.hypot(*(way - a).T) > 0.1, np.hypot(*(way - b).T) > 0.1
    return np.asarray(way[ends[0] & ends[1]])


def _detour(path: Path, row: int, between: Points) -> Path:
    """Rows for a detour: what holds on the way from `row` holds on all of it."""
    names = [field.name for field in dataclasses.fields(Path)]
    once = {"points", "hold_s", "picture", "orbit_turns", "orbit_radius_m"}
    kept: dict[str, Any] = {name: getattr(path, name)[row] for name in names if name not in once}
    detour = path_of(between, **kept)
    return dataclasses.replace(detour, recording=np.zeros(len(between), dtype=bool))
