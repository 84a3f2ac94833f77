"""What a plan file of another program holds: the three lists of an autopilot, and home."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from missions.errors import FormatError, InputError
from missions.formats.qgc_plan_patterns import Corridor, Landing, Structure, Survey, Vehicle
from missions.geodesy import GeoPoint
from missions.items import Command, Frame, MissionItem, MissionType
from missions.plan import Fence, Rally, Waypoint
from missions.plan_items import home_item

MAX_ITEMS = 20_000
_PLACED = frozenset(
    {
        Command.WAYPOINT,
        Command.LOITER_UNLIMITED,
        Command.LOITER_TURNS,
        Command.LOITER_TIME,
        Command.LAND,
        Command.TAKEOFF,
        Command.LOITER_TO_ALT,
        Command.SPLINE_WAYPOINT,
        Command.DO_LAND_START,
        Command.DO_SET_ROI_LOCATION,
        Command.DO_SET_ROI,
    }
)


@dataclass(frozen=True, slots=True)
class ImportedMission:
    """Items as an autopilot holds them, home first; `home` is None where the file does not say.

    Where it does not, item 0 is home at latitude and longitude 0, for the autopilot to fill in. `source`
    names the file and its format. `route` is the waypoints, where the format holds more of them than items
    do. A file of a fence or of rally points alone has no items. What QGroundControl planned as a whole
    (`surveys` and the like) is told beside the items that it became; `vehicle` is what the plan was made for.
    `fence_return` is where to go after leaving the fence. `holds` names the lists that the file speaks of: an
    empty fence in one that does is no fence, and in one that does not is not known.
    """

    items: tuple[MissionItem, ...]
    fence: Fence
    rally: tuple[Rally, ...]
    home: GeoPoint | None
    source: str
    surveys: tuple[Survey, ...] = ()
    corridors: tuple[Corridor, ...] = ()
    structures: tuple[Structure, ...] = ()
    landings: tuple[Landing, ...] = ()
    vehicle: Vehicle | None = None
    fence_return: GeoPoint | None = None
    route: tuple[Waypoint, ...] = ()
    holds: tuple[MissionType, ...] = tuple(MissionType)


def home_first(home: GeoPoint | None, height_amsl_m: float = 0.0) -> MissionItem:
    """Home as item 0."""
    item = home_item(home or GeoPoint(0.0, 0.0))
    return MissionItem(item.command, item.frame, x=item.x, y=item.y, z=height_amsl_m)


def checked_item(item: MissionItem, where: str) -> MissionItem:
    """The item, where its numbers can be flown. NaN in p1 to p4 asks for the autopilot's own choice."""
    if any(math.isinf(value) for value in (item.p1, item.p2, item.p3, item.p4)) or not (
        math.isfinite(item.x) and math.isfinite(item.y) and math.isfinite(item.z)
    ):
        raise FormatError("holds a number that is none", where=where, remedy="Save the mission again")
    if item.command in _PLACED:
        place(item.x, item.y, where)
    if not (0 <= item.command <= 65_535 and 0 <= item.frame <= 255):
        raise FormatError(
            f"command {item.command}, frame {item.frame} is no MAVLink item",
            where=where,
            remedy="Save the mission again",
        )
    return item


def place(lat_deg: Any, lon_deg: Any, where: str) -> GeoPoint:
    """A place from two values of a file. Raises FormatError."""
    try:
        return GeoPoint(number(lat_deg, where), number(lon_deg, where))
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(error.what, where=where, remedy=error.remedy or "Save the mission again") from error


def number(value: Any, where: str) -> float:
    """A finite number from a value of a file. Raises FormatError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300:
        return float(value)
    raise FormatError(f"{str(value)[:40]!r} is no number", where=where, remedy="Save the mission again")


def check_count(items: Sequence[Any], where: str) -> None:
    """Refuse what no autopilot holds."""
    if len(items) > MAX_ITEMS:
        raise FormatError(
            f"holds {len(items)} items; at most {MAX_ITEMS} are read",
            where=where,
            remedy="Divide the mission",
        )


def items_from_line(
    points: Iterable[tuple[GeoPoint, float]], where: str, frame: Frame = Frame.GLOBAL_RELATIVE
) -> tuple[MissionItem, ...]:
    """A mission along a drawn line: take-off at its first point, a waypoint at each, and home.

    Heights are metres above the take-off point, or above what another frame says. Raises FormatError where
    there are none.
    """
    line = list(points)
    if len(line) < 2 or any(height_m <= 0 for _, height_m in line):
        raise FormatError(
            "the route has no heights",
            where=where,
            remedy="Give every point of the line a height in metres above the take-off point",
        )
    check_count(line, where)
    first, height_m = line[0]
    take_off = MissionItem(Command.TAKEOFF, frame, x=first.lat_deg, y=first.lon_deg, z=height_m)
    waypoints = [
        MissionItem(Command.WAYPOINT, frame, x=point.lat_deg, y=point.lon_deg, z=height)
        for point, height in line[1:]
    ]
    return (home_item(first), take_off, *waypoints, MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION))
