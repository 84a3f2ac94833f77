"""QGC WPL 110, the text format of Mission Planner and MAVProxy.

One line an item, tabs between: index, current, frame, command, p1 to p4, latitude, longitude, height,
autocontinue. Item 0 is home. Description: mavlink.io/en/file_formats/#mission_plain_text_file
"""

from __future__ import annotations

from decimal import Decimal

from missions.errors import FormatError
from missions.formats.imported import ImportedMission, check_count, checked_item
from missions.geodesy import GeoPoint
from missions.items import Command, MissionItem
from missions.plan import Fence, Plan
from missions.plan_items import mission_items

HEAD = "QGC WPL 110"
_COLUMNS = 12
_REMEDY = "Save the mission again as .waypoints"


def write(plan: Plan) -> bytes:
    """The mission; this format has no place for a fence or rally points."""
    lines = [HEAD, *(_line(index, item) for index, item in enumerate(mission_items(plan)))]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


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
    """The mission in a QGC WPL 110 file. Raises FormatError, naming the line."""
    text = data.decode("utf-8-sig", errors="replace")
    head, *lines = text.splitlines() or [""]
    if head.strip() != HEAD:
        raise FormatError(
            f"begins with {head.strip()[:30]!r}, not with {HEAD!r}", where=f"{where}, line 1", remedy=_REMEDY
        )
    check_count(lines, where)
    items = [_item(line, f"{where}, line {number}") for number, line in enumerate(lines, 2) if line.strip()]
    if not items:
        raise FormatError("holds no mission", where=where, remedy=_REMEDY)
    first = items[0]
    home = GeoPoint(first.x, first.y) if first.command == Command.WAYPOINT else None
    return ImportedMission(tuple(items), Fence(), (), home, f"{where} ({HEAD})")


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
