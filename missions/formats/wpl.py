"""QGC WPL 110, the text format of Mission Planner and MAVProxy: a mission, a fence or rally points.

One line an item, tabs between: index, current, frame, command, p1 to p4, latitude, longitude, height,
autocontinue. Item 0 is home. Description: mavlink.io/en/file_formats/#mission_plain_text_file
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from missions.errors import FormatError
from missions.formats.imported import MAX_ITEMS, ImportedMission, check_count, checked_item
from missions.formats.item_lists import fence_from_items, rally_from_items, return_from_items
from missions.formats.text_lines import lines_of
from missions.geodesy import GeoPoint
from missions.items import Command, MissionItem, MissionType
from missions.plan import Plan
from missions.plan_items import fence_items, home_item, mission_items, rally_items

HEAD = "QGC WPL 110"
_COLUMNS = 12
_FENCE = range(Command.FENCE_RETURN_POINT, Command.FENCE_CIRCLE_EXCLUSION + 1)
_REMEDY = "Save the mission again as .waypoints"


def write(plan: Plan) -> bytes:
    """The mission; fence and rally points are files of their own."""
    return _written(mission_items(plan))


def write_fence(plan: Plan) -> bytes:
    """The fence, as Mission Planner saves it since 1.3.70: home, then its corners. Raises FormatError."""
    return _part(plan, fence_items(plan), "fence")


def write_rally(plan: Plan) -> bytes:
    """The rally points, home first. Raises FormatError where there are none."""
    return _part(plan, rally_items(plan), "rally points")


def _part(plan: Plan, items: Sequence[MissionItem], what: str) -> bytes:
    if not items:
        raise FormatError(f"the plan has no {what}", remedy="Plan it again")
    return _written((home_item(plan.take_off), *items))


def _written(items: Sequence[MissionItem]) -> bytes:
    # Plain line feeds: MAVSDK takes a carriage return for part of the last column.
    lines = [HEAD, *(_line(index, item) for index, item in enumerate(items))]
    return ("\n".join(lines) + "\n").encode("ascii")


def _line(index: int, item: MissionItem) -> str:
    numbers = (item.p1, item.p2, item.p3, item.p4, item.x, item.y, item.z)
    values = (
        index,
        int(index == 0),
        int(item.frame),
        int(item.command),
        *map(_plain, numbers),
        int(item.autocontinue),
    )
    return "\t".join(map(str, values))


def _plain(value: float) -> str:
    """All digits of a number, never as a power of ten."""
    return format(Decimal(repr(value)), "f")


def read(data: bytes, where: str) -> ImportedMission:
    """The mission, the fence and the rally points in a QGC WPL 110 file.

    Tabs or spaces, any line ends, lines of `#` left out. A file of a fence or rally points alone has no
    items. Raises FormatError, naming the line.
    """
    first, *numbered = lines_of(data, where, MAX_ITEMS + 1) or [(1, "")]
    if first[1] != HEAD:
        raise FormatError(
            f"begins with {first[1][:30]!r}, not with {HEAD!r}", where=f"{where}, line 1", remedy=_REMEDY
        )
    check_count(numbered, where)
    items = [_item(line, f"{where}, line {number}") for number, line in numbered]
    if not items:
        raise FormatError("holds no mission", where=where, remedy=_REMEDY)
    flown = [item for item in items if not _is_part(item)]
    parts = [item for item in items if _is_part(item)]
    home = GeoPoint(flown[0].x, flown[0].y) if flown and flown[0].command == Command.WAYPOINT else None
    alone = bool(parts) and len(flown) <= 1
    fence = [item for item in parts if item.command in _FENCE]
    rally = [item for item in parts if item.command == Command.RALLY_POINT]
    held = {MissionType.MISSION: not alone, MissionType.FENCE: bool(fence), MissionType.RALLY: bool(rally)}
    return ImportedMission(
        items=() if alone else tuple(flown),
        fence=fence_from_items(fence, where),
        rally=rally_from_items(rally, where),
        home=home,
        source=f"{where} ({HEAD})",
        fence_return=return_from_items(parts, where),
        holds=tuple(kind for kind in MissionType if held[kind]),
    )


def _is_part(item: MissionItem) -> bool:
    return item.command in _FENCE or item.command == Command.RALLY_POINT


def _item(line: str, where: str) -> MissionItem:
    fields = line.split()
    if len(fields) != _COLUMNS:
        raise FormatError(f"has {len(fields)} columns instead of {_COLUMNS}", where=where, remedy=_REMEDY)
    try:
        _, _, frame, command = (int(field) for field in fields[:4])
        p1, p2, p3, p4, x, y, z = (float(field) for field in fields[4:11])
        autocontinue = bool(int(fields[11]))
    except ValueError as error:
        raise FormatError(f"holds what is no number: {line[:60]!r}", where=where, remedy=_REMEDY) from error
    return checked_item(MissionItem(command, frame, p1, p2, p3, p4, x, y, z, autocontinue), where)
