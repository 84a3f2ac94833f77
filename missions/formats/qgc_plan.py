"""QGroundControl's .plan, version 1: mission, fence and rally points in one JSON document.

Description: docs.qgroundcontrol.com/master/en/qgc-dev-guide/file_formats/plan.html
"""

from __future__ import annotations

import json
import math
from typing import Any

from missions.area import Part, Ring
from missions.errors import FormatError
from missions.formats.area_geojson import load_geojson
from missions.formats.imported import (
    ImportedMission,
    check_count,
    checked_item,
    home_first,
    number,
    place,
)
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command, Frame, MissionItem
from missions.plan import Fence, Plan, Rally
from missions.plan_items import mission_items

VERSION = 1
_ARDUPILOT, _FIXED_WING, _QUADROTOR = 3, 1, 2
_WITH_HEIGHT = frozenset({Command.WAYPOINT, Command.TAKEOFF, Command.LAND})
_CIRCLE_POINTS = 36
_REMEDY = "Save the plan again in QGroundControl"


def write(plan: Plan) -> bytes:
    """The whole plan; home's height is unknown before the flight and written as 0."""
    home, *items = mission_items(plan)
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
            "items": [_simple_item(index, item) for index, item in enumerate(items, 1)],
        },
        "geoFence": {"version": 2, "circles": [], "polygons": _polygons(plan.fence)},
        "rallyPoints": {
            "version": 2,
            "points": [[one.place.lat_deg, one.place.lon_deg, one.height_relative_m] for one in plan.rally],
        },
    }
    return (json.dumps(document, indent=4, allow_nan=False) + "\n").encode()


def _simple_item(index: int, item: MissionItem) -> dict[str, Any]:
    heights = {"AMSLAltAboveTerrain": None, "Altitude": item.z, "AltitudeMode": 1}
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


def _polygons(fence: Fence) -> list[dict[str, Any]]:
    rings = [(True, part.border) for part in fence.inclusions]
    rings += [(False, hole) for part in fence.inclusions for hole in part.holes]
    rings += [(False, ring) for ring in fence.exclusions]
    return [
        {"inclusion": kept, "polygon": [[point.lat_deg, point.lon_deg] for point in ring], "version": 1}
        for kept, ring in rings
    ]


def read(data: bytes, where: str) -> ImportedMission:
    """The mission, fence and rally points in a .plan file.

    A survey counts as the items that it stands for. A fence circle becomes a polygon of 36 points: within it
    where it must not be left, around it where it must not be entered. Raises FormatError, naming the place.
    """
    document = load_geojson(data.decode("utf-8-sig", errors="replace"), where)
    if not isinstance(document, dict) or document.get("fileType") != "Plan":
        raise FormatError("is no QGroundControl plan", where=where, remedy=_REMEDY)
    if document.get("version") != VERSION:
        raise FormatError(
            f"is a QGroundControl plan of version {document.get('version')!r};"
            f" this program reads version {VERSION}",
            where=where,
            remedy=_REMEDY,
        )
    mission = _table(document, "mission", where)
    if not isinstance(mission.get("items"), list):
        raise FormatError("holds no mission", where=where, remedy="Give a plan that has one")
    home, height_m = _home(mission.get("plannedHomePosition"), f"{where}: plannedHomePosition")
    items = _items(mission["items"], f"{where}: mission")
    check_count(items, where)
    return ImportedMission(
        items=(home_first(home, height_m), *items),
        fence=_fence(_table(document, "geoFence", where), f"{where}: geoFence"),
        rally=_rally(_table(document, "rallyPoints", where).get("points", []), f"{where}: rallyPoints"),
        home=home,
        source=f"{where} (QGroundControl plan, version {VERSION})",
    )


def _table(document: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = document.get(key, {})
    if isinstance(value, dict):
        return value
    raise FormatError(f"{key} is no table", where=where, remedy=_REMEDY)


def _list(value: Any, where: str, least: int = 0) -> list[Any]:
    if isinstance(value, list) and len(value) >= least:
        return value
    raise FormatError(f"{str(value)[:40]!r} is no list of {least} or more", where=where, remedy=_REMEDY)


def _home(value: Any, where: str) -> tuple[GeoPoint | None, float]:
    if value is None:
        return None, 0.0
    values = _list(value, where, 2)
    height = values[2] if len(values) > 2 and values[2] is not None else 0.0
    return place(values[0], values[1], where), number(height, where)


def _items(values: list[Any], where: str) -> list[MissionItem]:
    """Simple items as they are; a survey's or a corridor's own items in its place."""
    found: list[MissionItem] = []
    for index, value in enumerate(values, 1):
        here = f"{where}, item {index}"
        kind = value.get("type") if isinstance(value, dict) else None
        if kind == "SimpleItem":
            found.append(_item(value, here))
            continue
        inner = (
            _table(value, "TransectStyleComplexItem", here).get("Items") if kind == "ComplexItem" else None
        )
        if not isinstance(inner, list):
            what = value.get("complexItemType", kind) if isinstance(value, dict) else value
            raise FormatError(
                f"{str(what)[:40]!r} does not hold the items that it stands for",
                where=here,
                remedy="Replace it by waypoints in QGroundControl, or export it as .waypoints",
            )
        simple = [one for one in inner if isinstance(one, dict) and one.get("type") == "SimpleItem"]
        found += [_item(one, here) for one in simple]
    return found


def _item(value: dict[str, Any], where: str) -> MissionItem:
    params = _list(value.get("params"), where, 7)
    p1, p2, p3, p4 = (math.nan if one is None else number(one, where) for one in params[:4])
    x, y, z = (0.0 if one is None else number(one, where) for one in params[4:7])
    command = int(number(value.get("command"), where))
    frame = int(number(value.get("frame", Frame.GLOBAL_RELATIVE), where))
    return checked_item(
        MissionItem(command, frame, p1, p2, p3, p4, x, y, z, value.get("autoContinue") is not False), where
    )


def _fence(table: dict[str, Any], where: str) -> Fence:
    kept: list[Ring] = []
    forbidden: list[Ring] = []
    for index, polygon in enumerate(_list(table.get("polygons", []), where), 1):
        here = f"{where}, polygon {index}"
        entry = polygon if isinstance(polygon, dict) else {}
        corners = [_list(corner, here, 2) for corner in _list(entry.get("polygon"), here, 3)]
        ring = tuple(place(corner[0], corner[1], here) for corner in corners)
        (kept if entry.get("inclusion", True) else forbidden).append(ring)
    for index, circle in enumerate(_list(table.get("circles", []), where), 1):
        here = f"{where}, circle {index}"
        entry = circle if isinstance(circle, dict) else {}
        inclusion = bool(entry.get("inclusion", True))
        (kept if inclusion else forbidden).append(
            _circle(_table(entry, "circle", here), here, within=inclusion)
        )
    return Fence(inclusions=tuple(Part(ring) for ring in kept), exclusions=tuple(forbidden))


def _circle(table: dict[str, Any], where: str, *, within: bool) -> Ring:
    """A polygon for a circle, on its safe side."""
    centre = _list(table.get("center"), where, 2)
    frame = LocalFrame(place(centre[0], centre[1], where))
    radius_m = number(table.get("radius"), where)
    if not 0 < radius_m < 1_000_000:
        raise FormatError(f"a radius of {radius_m} m makes no circle", where=where, remedy=_REMEDY)
    drawn_m = radius_m if within else radius_m / math.cos(math.pi / _CIRCLE_POINTS)
    angles = [2 * math.pi * index / _CIRCLE_POINTS for index in range(_CIRCLE_POINTS)]
    return tuple(
        frame.point_from_local(drawn_m * math.cos(angle), drawn_m * math.sin(angle)) for angle in angles
    )


def _rally(values: Any, where: str) -> tuple[Rally, ...]:
    points = [_list(value, where, 3) for value in _list(values, where)]
    return tuple(Rally(place(lat, lon, where), number(height, where)) for lat, lon, height, *_ in points)
