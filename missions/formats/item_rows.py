"""Mission items as plain rows, for formats that keep them beside a drawn line.

A row is [command, frame, p1, p2, p3, p4, x, y, z, autocontinue].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from missions.bounded_json import load_json
from missions.errors import FormatError
from missions.formats.imported import check_count, checked_item, number
from missions.geodesy import GeoPoint
from missions.items import MissionItem
from missions.plan import Waypoint

_WIDTH = 10
_SAME_DEG, _SAME_M = 2e-7, 0.02
_AGAIN = "Export the plan again"
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
        raise FormatError("the mission is no list", where=where, remedy=_AGAIN)
    check_count(rows, where)
    return tuple(_item(row, f"{where}, item {index}") for index, row in enumerate(rows))


def items_from_text(text: str, where: str) -> tuple[MissionItem, ...]:
    """The items that rows written as JSON hold."""
    return items_from_rows(load_json(text, f"{where}, mission", _AGAIN), where)


def _item(row: Any, where: str) -> MissionItem:
    if not isinstance(row, list) or len(row) != _WIDTH or not isinstance(row[-1], bool):
        raise FormatError("is no mission item", where=where, remedy=_AGAIN)
    command, frame, p1, p2, p3, p4, x, y, z = (number(value, where) for value in row[:-1])
    return checked_item(MissionItem(int(command), int(frame), p1, p2, p3, p4, x, y, z, row[-1]), where)


def drawn_of(route: Sequence[Waypoint]) -> list[list[float]]:
    """The line of a route as it is drawn, kept beside it: latitude, longitude, metres above take-off."""
    return [[one.place.lat_deg, one.place.lon_deg, one.height_relative_m] for one in route]


def still_drawn(drawn: Any, line: Line, where: str) -> bool:
    """Whether a line is still as it was drawn: nobody moved, added or removed a point of it.

    `drawn` are rows of `drawn_of`, or those as JSON. Raises FormatError for what is none.
    """
    rows = load_json(drawn, f"{where}, drawn", _AGAIN) if isinstance(drawn, str) else drawn
    if not isinstance(rows, list):
        raise FormatError("the line as it was drawn is no list", where=where, remedy=_AGAIN)
    check_count(rows, where)
    if len(rows) != len(line):
        return False
    return all(
        abs(lat_deg - point.lat_deg) < _SAME_DEG
        and abs(lon_deg - point.lon_deg) < _SAME_DEG
        and abs(drawn_m - height_m) < _SAME_M
        for (lat_deg, lon_deg, drawn_m), (point, height_m) in zip(_places(rows, where), line, strict=True)
    )


def _places(rows: list[Any], where: str) -> Iterator[tuple[float, float, float]]:
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:
            raise FormatError("the line as it was drawn has no places", where=where, remedy=_AGAIN)
        lat_deg, lon_deg, height_m = (number(value, where) for value in row)
        yield lat_deg, lon_deg, height_m
