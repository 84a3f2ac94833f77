"""An autopilot's fence and rally items as the fence and rally points of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from missions.area import Part, Ring
from missions.errors import FormatError
from missions.formats.imported import place
from missions.formats.qgc_plan_fence import ring_of_circle
from missions.geodesy import GeoPoint
from missions.items import Command, MissionItem
from missions.plan import Fence, Rally

_POLYGONS = frozenset({Command.FENCE_POLYGON_INCLUSION, Command.FENCE_POLYGON_EXCLUSION})
_CIRCLES = frozenset({Command.FENCE_CIRCLE_INCLUSION, Command.FENCE_CIRCLE_EXCLUSION})
_KEPT = frozenset({Command.FENCE_POLYGON_INCLUSION, Command.FENCE_CIRCLE_INCLUSION})
_REMEDY = "Save the fence again"


def fence_from_items(items: Sequence[MissionItem], where: str) -> Fence:
    """The fence that items hold; circles as polygons on their safe side. Raises FormatError.

    The corners of a polygon stand together, and p1 of each says how many there are.
    """
    kept: list[Ring] = []
    forbidden: list[Ring] = []
    index = 0
    while index < len(items):
        item = items[index]
        here = f"{where}, fence item {index + 1}"
        rings = kept if item.command in _KEPT else forbidden
        if item.command in _POLYGONS:
            count = _corners(items, index, here)
            rings.append(tuple(place(one.x, one.y, here) for one in items[index : index + count]))
            index += count
            continue
        if item.command in _CIRCLES:
            centre = place(item.x, item.y, here)
            rings.append(ring_of_circle(centre, item.p1, here, within=item.command in _KEPT))
        index += 1
    return Fence(inclusions=tuple(Part(ring) for ring in kept), exclusions=tuple(forbidden))


def _corners(items: Sequence[MissionItem], index: int, where: str) -> int:
    first = items[index]
    if not 3 <= first.p1 <= len(items) - index or first.p1 != int(first.p1):
        raise FormatError(f"a polygon of {first.p1} corners is none", where=where, remedy=_REMEDY)
    count = int(first.p1)
    if any(one.command != first.command or one.p1 != first.p1 for one in items[index : index + count]):
        raise FormatError(f"a polygon of {count} corners has fewer", where=where, remedy=_REMEDY)
    return count


def return_from_items(items: Sequence[MissionItem], where: str) -> GeoPoint | None:
    """Where to go after leaving the fence, None where no item says so."""
    found = [item for item in items if item.command == Command.FENCE_RETURN_POINT]
    return place(found[0].x, found[0].y, where) if found else None


def rally_from_items(items: Sequence[MissionItem], where: str) -> tuple[Rally, ...]:
    """The rally points that items hold. Raises FormatError."""
    return tuple(Rally(place(item.x, item.y, where), item.z) for item in items)
