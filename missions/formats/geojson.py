"""A plan as GeoJSON (RFC 7946): area, route, fence, rally points, each a feature with a `role`.

Heights are the third coordinate, metres above the take-off point. The route's property `mission` holds the
items and `waypoints` what is done on the way, so that reading the file back gives the same mission; where the
line was moved since, the line wins. Of a plan in several flights each is a feature `sortie` too.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from missions.area import Part, Ring
from missions.errors import FormatError
from missions.formats.area_geojson import check_reference, load_geojson
from missions.formats.imported import ImportedMission, check_count, items_from_line, number, place
from missions.formats.item_rows import Line, drawn_of, items_from_rows, rows_from_items, still_drawn
from missions.geodesy import GeoPoint
from missions.items import Command, MissionItem
from missions.plan import Fence, Plan, Rally, Sortie, Waypoint
from missions.plan_file import value_as
from missions.plan_items import mission_items

_REMEDY = "Export the plan again"


def write(plan: Plan) -> bytes:
    """The plan as a FeatureCollection."""
    features = [
        _feature("area", plan.area.name, _multipolygon(plan.area.parts)),
        _feature(
            "route",
            plan.name,
            _line(plan.route),
            mission=rows_from_items(mission_items(plan)),
            drawn=drawn_of(plan.route),
            waypoints=[_told(one) for one in plan.route],
        ),
        _feature("take-off", "Take-off", _point(plan.take_off)),
        *(_feature("fence", "Fence", _multipolygon([part])) for part in plan.fence.inclusions),
        *(
            _feature("no-fly", "Not to be entered", _multipolygon([Part(ring)]))
            for ring in plan.fence.exclusions
        ),
        *(_feature("rally", "Rally point", _point(one.place, one.height_relative_m)) for one in plan.rally),
        *(_sortie(one, number) for number, one in enumerate(plan.sorties, 1)),
    ]
    document = {"type": "FeatureCollection", "name": plan.name, "features": features}
    return (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _feature(role: str, name: str, geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"role": role, "name": name, **properties}, "geometry": geometry}


def _multipolygon(parts: Sequence[Part]) -> dict[str, Any]:
    return {
        "type": "MultiPolygon",
        "coordinates": [[_closed(ring) for ring in (part.border, *part.holes)] for part in parts],
    }


def _closed(ring: Ring) -> list[list[float]]:
    return [[point.lon_deg, point.lat_deg] for point in (*ring, ring[0])]


def _line(route: Sequence[Waypoint]) -> dict[str, Any]:
    coordinates = [[one.place.lon_deg, one.place.lat_deg, one.height_relative_m] for one in route]
    return {"type": "LineString", "coordinates": coordinates}


def _sortie(sortie: Sortie, number: int) -> dict[str, Any]:
    return _feature(
        "sortie",
        f"Flight {number}",
        _line(sortie.route),
        vehicle=sortie.vehicle,
        battery=sortie.battery,
        aircraft=sortie.aircraft.name,
        start_s=sortie.start_s,
        duration_s=sortie.totals.duration_s,
        battery_pct=sortie.totals.battery_pct,
        take_off=[sortie.take_off.lon_deg, sortie.take_off.lat_deg],
        no_return=None if sortie.no_return is None else dataclasses.asdict(sortie.no_return),
        waypoints=[_told(one) for one in sortie.route],
    )


def _told(waypoint: Waypoint) -> dict[str, Any]:
    """What a waypoint says besides its defaults."""
    told = {field.name: getattr(waypoint, field.name) for field in dataclasses.fields(waypoint)}
    asked = {field.name: field.default for field in dataclasses.fields(waypoint)}
    whole = dataclasses.asdict(waypoint)
    return {name: whole[name] for name, value in told.items() if value != asked[name]}


def _point(where: GeoPoint, height_m: float | None = None) -> dict[str, Any]:
    coordinates = [where.lon_deg, where.lat_deg] + ([] if height_m is None else [height_m])
    return {"type": "Point", "coordinates": coordinates}


def read(data: bytes, where: str) -> ImportedMission:
    """The mission in a GeoJSON file that `write` made, or along the first line drawn in another.

    Raises FormatError.
    """
    document = load_geojson(data.decode("utf-8-sig", errors="replace"), where)
    check_reference(document, where)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise FormatError("is no FeatureCollection", where=where, remedy=_REMEDY)
    named = [
        (f"{where}: feature {index}", one) for index, one in enumerate(features, 1) if isinstance(one, dict)
    ]
    lines = [(here, one) for here, one in named if _geometry(one).get("type") == "LineString"]
    if not lines:
        raise FormatError(
            "holds no route", where=where, remedy="Draw the route as a line, or export the plan again"
        )
    items, route = _mission(*lines[0])
    return ImportedMission(
        items=items,
        fence=Fence(
            inclusions=tuple(part for here, one in _role(named, "fence") for part in _parts(one, here)),
            exclusions=tuple(
                part.border for here, one in _role(named, "no-fly") for part in _parts(one, here)
            ),
        ),
        rally=tuple(_rally(one, here) for here, one in _role(named, "rally")),
        home=GeoPoint(items[0].x, items[0].y),
        source=f"{where} (GeoJSON)",
        route=route,
    )


_Named = tuple[str, dict[str, Any]]


def _geometry(feature: dict[str, Any]) -> dict[str, Any]:
    geometry = feature.get("geometry")
    return geometry if isinstance(geometry, dict) else {}


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _role(named: list[_Named], role: str) -> list[_Named]:
    return [(here, one) for here, one in named if _properties(one).get("role") == role]


def _mission(where: str, feature: dict[str, Any]) -> tuple[tuple[MissionItem, ...], tuple[Waypoint, ...]]:
    """The items and waypoints beside the line, where it still is theirs, else the items along it."""
    line: Line = [_position(value, where) for value in _list(_geometry(feature).get("coordinates"), where)]
    rows, drawn, told = (_properties(feature).get(name) for name in ("mission", "drawn", "waypoints"))
    items = () if rows is None else items_from_rows(rows, where)
    whole = bool(items) and items[0].command == Command.WAYPOINT
    if not whole or not still_drawn(drawn or [], line, where):
        return items_from_line(line, where), ()
    if told is None:
        return items, ()
    check_count(_list(told, where), where)
    return items, value_as(tuple[Waypoint, ...], told, where, "waypoints")


def _position(value: Any, where: str) -> tuple[GeoPoint, float]:
    position = _list(value, where)
    if len(position) < 2:
        raise FormatError(f"{position} is no position", where=where, remedy=_REMEDY)
    height_m = number(position[2], where) if len(position) > 2 else 0.0
    return place(position[1], position[0], where), height_m


def _parts(feature: dict[str, Any], where: str) -> list[Part]:
    """Each polygon of a MultiPolygon."""
    polygons = [_list(polygon, where) for polygon in _list(_geometry(feature).get("coordinates"), where)]
    rings = [[_ring(ring, where) for ring in polygon] for polygon in polygons if polygon]
    return [Part(border, tuple(holes)) for border, *holes in rings]


def _ring(value: Any, where: str) -> Ring:
    positions = _list(value, where)
    if len(positions) < 4:
        raise FormatError("has a border of too few points", where=where, remedy=_REMEDY)
    return tuple(_position(position, where)[0] for position in positions[:-1])


def _rally(feature: dict[str, Any], where: str) -> Rally:
    return Rally(*_position(_geometry(feature).get("coordinates"), where))


def _list(value: Any, where: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise FormatError(f"coordinates are {str(value)[:40]!r}, no list", where=where, remedy=_REMEDY)
