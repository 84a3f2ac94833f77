"""Fence and rally points of a .plan, both ways."""

from __future__ import annotations

import math
from typing import Any

from missions.area import Part, Ring
from missions.errors import FormatError
from missions.formats.imported import number
from missions.formats.qgc_plan_json import REMEDY, figure, flag, listed, places, position, table
from missions.formats.rings import MAX_POINTS
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan import Fence, Rally

_CIRCLE_POINTS = 36


def fence_document(fence: Fence) -> dict[str, Any]:
    """The fence as QGroundControl's geoFence."""
    rings = [(True, part.border) for part in fence.inclusions]
    rings += [(False, hole) for part in fence.inclusions for hole in part.holes]
    rings += [(False, ring) for ring in fence.exclusions]
    polygons = [
        {"inclusion": kept, "polygon": [[point.lat_deg, point.lon_deg] for point in ring], "version": 1}
        for kept, ring in rings
    ]
    return {"version": 2, "circles": [], "polygons": polygons}


def rally_document(rally: tuple[Rally, ...]) -> dict[str, Any]:
    """The rally points as QGroundControl's rallyPoints."""
    points = [[one.place.lat_deg, one.place.lon_deg, one.height_relative_m] for one in rally]
    return {"version": 2, "points": points}


def fence_from(document: dict[str, Any], where: str) -> Fence:
    """The fence in a geoFence of version 1 or 2; circles as polygons. Raises FormatError."""
    kept: list[Ring] = []
    forbidden: list[Ring] = []
    for index, polygon in enumerate(listed(document.get("polygons", []), where), 1):
        here = f"{where}, polygon {index}"
        entry = polygon if isinstance(polygon, dict) else {}
        ring = places(entry.get("polygon"), here, 3)
        (kept if flag(entry, "inclusion", here, default=True) else forbidden).append(ring)
    for index, circle in enumerate(listed(document.get("circles", []), where), 1):
        here = f"{where}, circle {index}"
        entry = circle if isinstance(circle, dict) else {}
        inclusion = flag(entry, "inclusion", here, default=True)
        (kept if inclusion else forbidden).append(_circle(entry, here, within=inclusion))
    old = listed(document.get("polygon", []), where)
    if old:
        kept.append(places(old, f"{where}, polygon", 3))
    if sum(map(len, (*kept, *forbidden))) > MAX_POINTS:
        raise FormatError(f"has more than {MAX_POINTS} points", where=where, remedy="Simplify the fence")
    return Fence(inclusions=tuple(Part(ring) for ring in kept), exclusions=tuple(forbidden))


def return_from(document: dict[str, Any], where: str) -> GeoPoint | None:
    """Where to go after leaving the fence."""
    value = document.get("breachReturn")
    return None if value is None else position(value, f"{where}, breachReturn")


def rally_from(document: dict[str, Any], where: str) -> tuple[Rally, ...]:
    """The rally points. Raises FormatError."""
    points = [listed(value, where, 3) for value in listed(document.get("points", []), where)]
    return tuple(Rally(position(point, where), number(point[2], where)) for point in points)


def _circle(entry: dict[str, Any], where: str, *, within: bool) -> Ring:
    circle = table(entry, "circle", where)
    return ring_of_circle(
        position(circle.get("center"), where), figure(circle, "radius", where), where, within=within
    )


def ring_of_circle(centre: GeoPoint, radius_m: float, where: str, *, within: bool) -> Ring:
    """A polygon of 36 points for a circle, on its safe side: `within` it, or around it.

    Raises FormatError for a radius that is none.
    """
    if not 0 < radius_m < 1_000_000:
        raise FormatError(f"a radius of {radius_m} m makes no circle", where=where, remedy=REMEDY)
    frame = LocalFrame(centre)
    drawn_m = radius_m if within else radius_m / math.cos(math.pi / _CIRCLE_POINTS)
    angles = [2 * math.pi * index / _CIRCLE_POINTS for index in range(_CIRCLE_POINTS)]
    return tuple(
        frame.point_from_local(drawn_m * math.cos(angle), drawn_m * math.sin(angle)) for angle in angles
    )
