"""QGroundControl's .plan, version 1: mission, fence and rally points in one JSON document.

Description: docs.qgroundcontrol.com/master/en/qgc-dev-guide/file_formats/plan.html
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import Any

from missions.area import Area
from missions.bounded_json import load_json
from missions.errors import FormatError
from missions.formats.imported import ImportedMission, check_count, home_first, number
from missions.formats.qgc_plan_complex import Complex, complex_items
from missions.formats.qgc_plan_fence import (
    fence_document,
    fence_from,
    rally_document,
    rally_from,
    return_from,
)
from missions.formats.qgc_plan_json import REMEDY, listed, position, simple_item, table, version
from missions.formats.qgc_plan_patterns import Corridor, Landing, Structure, Survey, Vehicle
from missions.formats.qgc_plan_survey import complex_document
from missions.formats.rings import area_from_rings
from missions.geodesy import GeoPoint
from missions.items import Command, Frame, MissionItem
from missions.plan import Plan
from missions.plan_items import mission_items

VERSION = 1
_ARDUPILOT, _FIXED_WING, _QUADROTOR = 3, 1, 2
_ALTITUDE_MODES = {Frame.GLOBAL_RELATIVE: 1, Frame.GLOBAL_AMSL: 2, Frame.GLOBAL_TERRAIN: 4}
_WITH_HEIGHT = frozenset(
    {
        Command.WAYPOINT,
        Command.LOITER_TURNS,
        Command.LOITER_TIME,
        Command.TAKEOFF,
        Command.LAND,
        Command.DO_SET_ROI,
    }
)


def write(plan: Plan, *, as_survey: bool = False) -> bytes:
    """The whole plan; home's height is unknown before the flight and written as 0.

    `as_survey` writes what lies between take-off and the way home as one survey or corridor. Raises
    FormatError for a plan that QGroundControl has no such item for.
    """
    home, *items = mission_items(plan)
    simple = [_simple_item(index, item) for index, item in enumerate(items, 1)]
    if as_survey:
        # Take-off and speed come first, the way home last.
        simple = [*simple[:2], complex_document(plan, simple[2:-1]), simple[-1]]
    document = {
        "fileType": "Plan",
        "version": VERSION,
        "groundStation": "Droneteam",
        "mission": {
            "version": 2,
            "firmwareType": _ARDUPILOT,
            "vehicleType": _FIXED_WING if plan.aircraft.kind == "plane" else _QUADROTOR,
            "cruiseSpeed": plan.aircraft.cruise_speed_m_s,
            "hoverSpeed": plan.aircraft.cruise_speed_m_s,
            "globalPlanAltitudeMode": 1,
            "plannedHomePosition": [home.x, home.y, home.z],
            "items": simple,
        },
        "geoFence": fence_document(plan.fence),
        "rallyPoints": rally_document(plan.rally),
    }
    return (json.dumps(document, indent=4, allow_nan=False) + "\n").encode()


def write_survey(plan: Plan) -> bytes:
    """The plan with its pattern as a survey or a corridor. Raises FormatError."""
    return write(plan, as_survey=True)


def _simple_item(index: int, item: MissionItem) -> dict[str, Any]:
    mode = _ALTITUDE_MODES.get(Frame(item.frame), 1)
    heights = {"AMSLAltAboveTerrain": None, "Altitude": item.z, "AltitudeMode": mode}
    params = (item.p1, item.p2, item.p3, item.p4, item.x, item.y, item.z)
    return {
        **(heights if item.command in _WITH_HEIGHT else {}),
        "autoContinue": item.autocontinue,
        "command": int(item.command),
        "doJumpId": index,
        "frame": int(item.frame),
        "params": [None if math.isnan(value) else value for value in params],
        "type": "SimpleItem",
    }


def read(data: bytes, where: str) -> ImportedMission:
    """The mission, fence and rally points in a .plan file.

    Surveys, corridors, structures and landings are told as what they are, and as the items that they stand
    for. A fence circle becomes a polygon of 36 points: within it where it must not be left, around it where
    it must not be entered. Raises FormatError, naming the place.
    """
    return read_document(load_json(data.decode("utf-8-sig", errors="replace"), where, REMEDY), where)


def read_document(document: Any, where: str) -> ImportedMission:
    """As `read`, of a document that is decoded already."""
    if not is_plan(document):
        raise FormatError("is no QGroundControl plan", where=where, remedy=REMEDY)
    version({"version": None, **document}, (VERSION,), "is a QGroundControl plan", where)
    mission = table(document, "mission", where)
    if not isinstance(mission.get("items"), list):
        raise FormatError("holds no mission", where=where, remedy="Give a plan that has one")
    version(mission, (2,), "holds a mission", f"{where}: mission")
    home, height_m = _home(mission.get("plannedHomePosition"), f"{where}: plannedHomePosition")
    flown = _items(mission["items"], f"{where}: mission")
    fence = table(document, "geoFence", where)
    return ImportedMission(
        items=(home_first(home, height_m), *flown.items),
        fence=fence_from(fence, f"{where}: geoFence"),
        rally=rally_from(table(document, "rallyPoints", where), f"{where}: rallyPoints"),
        home=home,
        source=f"{where} (QGroundControl plan, version {VERSION})",
        surveys=tuple(one for one in flown.told if isinstance(one, Survey)),
        corridors=tuple(one for one in flown.told if isinstance(one, Corridor)),
        structures=tuple(one for one in flown.told if isinstance(one, Structure)),
        landings=tuple(one for one in flown.told if isinstance(one, Landing)),
        vehicle=_vehicle(mission, f"{where}: mission"),
        fence_return=return_from(fence, f"{where}: geoFence"),
    )


def is_plan(document: Any) -> bool:
    """Whether a JSON document says that it is a .plan."""
    return isinstance(document, dict) and document.get("fileType") == "Plan"


def area_from_plan(document: Any, where: str) -> Area:
    """The area of a plan's surveys, together. Raises AreaError, and FormatError where it has none."""
    surveys = read_document(document, where).surveys
    if not surveys:
        raise FormatError("holds no survey", where=where, remedy="Give a plan with one, or the area itself")
    rings = [[[(point.lon_deg, point.lat_deg) for point in survey.border]] for survey in surveys]
    return area_from_rings("", rings, where)


def _home(value: Any, where: str) -> tuple[GeoPoint | None, float]:
    if value is None:
        return None, 0.0
    values = listed(value, where, 2)
    height = values[2] if len(values) > 2 and values[2] is not None else 0.0
    return position(values, where), number(height, where)


def _vehicle(mission: dict[str, Any], where: str) -> Vehicle:
    told = [
        None if mission.get(key) is None else number(mission[key], f"{where}: {key}")
        for key in ("firmwareType", "vehicleType", "cruiseSpeed", "hoverSpeed")
    ]
    firmware, kind = (None if value is None else int(value) for value in told[:2])
    return Vehicle(firmware, kind, told[2], told[3])


@dataclass(slots=True)
class _Flown:
    """The items so far, what they stand for, and the number of the item that each doJumpId names."""

    items: list[MissionItem] = field(default_factory=list)
    told: list[Complex] = field(default_factory=list)
    numbers: dict[float, int] = field(default_factory=dict)

    def add(self, value: dict[str, Any], where: str) -> None:
        self.items.append(simple_item(value, where))
        jump = value.get("doJumpId")
        if isinstance(jump, (int, float)):
            self.numbers.setdefault(jump, len(self.items))


def _items(values: list[Any], where: str) -> _Flown:
    """Simple items as they are; a complex item's own items in its place."""
    check_count(values, where)
    flown = _Flown()
    for index, value in enumerate(values, 1):
        here = f"{where}, item {index}"
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "SimpleItem":
            flown.add(value, here)
        elif kind == "ComplexItem":
            _add_complex(flown, value, here)
        else:
            raise FormatError(f"{str(kind or value)[:40]!r} is no mission item", where=here, remedy=REMEDY)
        check_count(flown.items, where)
    flown.items = [_jump(item, flown.numbers) for item in flown.items]
    return flown


def _add_complex(flown: _Flown, value: dict[str, Any], where: str) -> None:
    told, items = complex_items(value, where, len(flown.items) + 1)
    flown.told.append(told)
    for index, item in enumerate(items, 1):
        if isinstance(item, MissionItem):
            flown.items.append(item)
        else:
            flown.add(item, f"{where}, Items, item {index}")


def _jump(item: MissionItem, numbers: dict[float, int]) -> MissionItem:
    """DO_JUMP names a doJumpId here, and an item's number in an autopilot."""
    if item.command != Command.DO_JUMP:
        return item
    return replace(item, p1=float(numbers.get(item.p1, item.p1)))
