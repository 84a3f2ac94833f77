"""Mission items as plain rows, for formats that keep them beside a drawn line.

A row is [command, frame, p1, p2, p3, p4, x, y, z, autocontinue].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from missions.bounded_json import load_json
from missions.errors import FormatError
from missions.formats.imported import check_count, checked_item, number
from missions.geodesy import GeoPoint
from missions.items import Command, MissionItem

_WIDTH = 10
_DRAWN = frozenset({Command.TAKEOFF, Command.WAYPOINT, Command.LOITER_TURNS, Command.LOITER_TO_ALT})
Line = list[tuple[GeoPoint, float]]


def rows_from_items(items: Sequence[MissionItem]) -> list[list[float | int | bool]]:
    """One row an item."""
    return [
        [
            int(item.command),
            int(item.frame),
            item.p1,
            item.p2,
            item.p3,
            item.p4,
            item.x,
            item.y,
            item.z,
            item.autocontinue,
        ]
        for item in items
    ]


def items_from_rows(rows: Any, where: str) -> tuple[MissionItem, ...]:
    """The items that rows hold. Raises FormatError, naming the row."""
    if not isinstance(rows, list):
        raise FormatError("the mission is no list", where=where, remedy="Export the plan again")
    check_count(rows, where)
    return tuple(_item(row, f"{where}, item {index}") for index, row in enumerate(rows))


def items_from_text(text: str, where: str) -> tuple[MissionItem, ...]:
    """The items that rows written as JSON hold."""
    return items_from_rows(load_json(text, f"{where}, mission", "Export the plan again"), where)


def _item(row: Any, where: str) -> MissionItem:
    if not isinstance(row, list) or len(row) != _WIDTH or not isinstance(row[-1], bool):
        raise FormatError("is no mission item", where=where, remedy="Export the plan again")
    command, frame, p1, p2, p3, p4, x, y, z = (number(value, where) for value in row[:-1])
    return checked_item(MissionItem(int(command), int(frame), p1, p2, p3, p4, x, y, z, row[-1]), where)


def still_drawn(items: Sequence[MissionItem], line: Line) -> bool:
    """Whether a drawn line still is the items' route: nobody moved, added or removed a point of it."""
    placed = [item for item in items[1:] if item.command in _DRAWN]
    if any(item.command == Command.LOITER_TO_ALT for item in placed[:2]):
        # A plane takes off low and climbs in circles to where its route begins.
        placed = placed[1:]
    flown = [(item.x, item.y, item.z) for item in placed]
    drawn = [(point.lat_deg, point.lon_deg, height_m) for point, height_m in line]
    if drawn and len(drawn) == len(flown) - 2 and flown[1][:2] == flown[2][:2]:
        # A plane that climbed in circles is sent to the first place once before it counts.
        flown = flown[1:]
    if drawn and len(drawn) == len(flown) - 1:
        # Take-off at a place that the route does not begin with.
        flown = flown[1:]
    return len(drawn) == len(flown) and all(
        abs(a[0] - b[0]) < 2e-7 and abs(a[1] - b[1]) < 2e-7 and abs(a[2] - b[2]) < 0.02
        for a, b in zip(drawn, flown, strict=True)
    )
