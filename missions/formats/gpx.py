"""A plan as GPX 1.1 (www.topografix.com/GPX/1/1/gpx.xsd): its route, its places, and its borders as tracks.

GPX heights (`ele`) are above sea level, which a plan does not know: its heights are metres above the take-off
point and stand in `extensions`, with the items, so that reading the file back gives the same mission. Where a
point of the route was moved since, the points win.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from missions.area import Part, Ring
from missions.errors import FormatError
from missions.formats.area_kml import child, each, first_text, tag
from missions.formats.imported import ImportedMission, items_from_line, place
from missions.formats.item_rows import Line, drawn_of, items_from_text, rows_from_items, still_drawn
from missions.formats.wpml_values import finite
from missions.formats.wpml_xml import shown
from missions.geodesy import GeoPoint
from missions.items import Command
from missions.plan import Fence, Plan, Rally
from missions.plan_items import mission_items

_NAMESPACE = "http://www.topografix.com/GPX/1/1"
_OURS = "urn:droneteam:gpx:1"
_DRAW = "Draw it as a route and save it again"


def write(plan: Plan) -> bytes:
    """The plan as a GPX document."""
    root = Element(
        "gpx", {"version": "1.1", "creator": "Droneteam", "xmlns": _NAMESPACE, "xmlns:droneteam": _OURS}
    )
    metadata = SubElement(root, "metadata")
    _text(metadata, "name", plan.name)
    _point(root, "wpt", plan.take_off, "Take-off", "take-off")
    for one in plan.rally:
        _point(root, "wpt", one.place, "Rally point", "rally", one.height_relative_m)
    route = SubElement(root, "rte")
    _text(route, "name", plan.name)
    _text(route, "desc", "Heights are metres above the take-off point")
    rows = json.dumps(rows_from_items(mission_items(plan)))
    kept = SubElement(route, "extensions")
    _text(kept, "droneteam:mission", rows)
    _text(kept, "droneteam:drawn", json.dumps(drawn_of(plan.route)))
    for number, waypoint in enumerate(plan.route, 1):
        _point(route, "rtept", waypoint.place, str(number), "", waypoint.height_relative_m)
    for part in plan.area.parts:
        _track(root, plan.area.name or "Area", "area", (part.border, *part.holes))
    for part in plan.fence.inclusions:
        _track(root, "Fence", "fence", (part.border, *part.holes))
    for ring in plan.fence.exclusions:
        _track(root, "Not to be entered", "no-fly", (ring,))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = shown(text)


def _point(
    parent: Element, kind: str, where: GeoPoint, name: str, role: str, height_m: float | None = None
) -> None:
    at = {"lat": shown(float(where.lat_deg)), "lon": shown(float(where.lon_deg))}
    point = SubElement(parent, kind, at)
    if name:
        _text(point, "name", name)
    if role:
        _text(point, "type", role)
    if height_m is not None:
        _text(SubElement(point, "extensions"), "droneteam:height_relative_m", shown(float(height_m)))


def _track(root: Element, name: str, role: str, rings: Iterable[Ring]) -> None:
    """Rings as a track: each a segment that ends where it begins."""
    track = SubElement(root, "trk")
    _text(track, "name", name)
    _text(track, "type", role)
    for ring in rings:
        segment = SubElement(track, "trkseg")
        for point in (*ring, ring[0]):
            _point(segment, "trkpt", point, "", "")


def read_root(root: Element, where: str, height_relative_m: float | None = None) -> ImportedMission:
    """The mission along the first route of a GPX document.

    Routes of other programs have no heights above the take-off point; `height_relative_m` gives them one.
    Raises FormatError.
    """
    routes = [one for one in root if tag(one) == "rte"]
    if not routes:
        raise FormatError("holds no route", where=where, remedy=_DRAW)
    here = f"{where}: route 1"
    line = _line(routes[0], here, height_relative_m)
    text = _extension(routes[0], "mission")
    items = items_from_text(text, here) if text else ()
    whole = bool(items) and items[0].command == Command.WAYPOINT
    if not whole or not still_drawn(_extension(routes[0], "drawn") or [], line, here):
        items = items_from_line(line, here)
    named = [(f"{where}: {tag(one)} {index}", one) for index, one in enumerate(root, 1)]
    return ImportedMission(
        items=items,
        fence=Fence(
            inclusions=tuple(_part(one, at) for at, one in _role(named, "trk", "fence")),
            exclusions=tuple(_part(one, at).border for at, one in _role(named, "trk", "no-fly")),
        ),
        rally=tuple(Rally(*_placed(one, at, None)) for at, one in _role(named, "wpt", "rally")),
        home=GeoPoint(items[0].x, items[0].y),
        source=f"{where} (GPX)",
    )


def line_from_root(root: Element, where: str) -> list[GeoPoint]:
    """The first line of a GPX document: its first route, else its first track, else its waypoints."""
    routes = [one for one in root if tag(one) == "rte"]
    tracks = [one for one in root if tag(one) == "trk" and first_text(one, "type") not in _BORDERS]
    if routes:
        points = [one for one in routes[0] if tag(one) == "rtept"]
    elif tracks:
        points = each(tracks[0], "trkpt")
    else:
        points = [one for one in root if tag(one) == "wpt"]
    return [_place(one, f"{where}: point {index}") for index, one in enumerate(points, 1)]


_BORDERS = frozenset({"area", "fence", "no-fly"})


def _role(named: Sequence[tuple[str, Element]], kind: str, role: str) -> list[tuple[str, Element]]:
    return [(at, one) for at, one in named if tag(one) == kind and _own_text(one, "type") == role]


def _own_text(element: Element, name: str) -> str:
    found = child(element, name)
    return "" if found is None else str(found.text or "").strip()


def _extension(element: Element, name: str) -> str:
    """The text of our own element of that name, whatever else stands in the extensions."""
    extensions = child(element, "extensions")
    return "" if extensions is None else _own_text(extensions, name)


def _line(route: Element, where: str, height_relative_m: float | None) -> Line:
    points = [one for one in route if tag(one) == "rtept"]
    return [_placed(one, f"{where}, point {index}", height_relative_m) for index, one in enumerate(points, 1)]


def _placed(point: Element, where: str, height_relative_m: float | None) -> tuple[GeoPoint, float]:
    text = _extension(point, "height_relative_m")
    if not text and height_relative_m is None:
        raise FormatError(
            "has no height above the take-off point (GPX heights are above sea level)",
            where=where,
            remedy="Plan along it as a line, which takes a height of its own",
        )
    return _place(point, where), finite(text, where) if text else float(height_relative_m or 0.0)


def _place(point: Element, where: str) -> GeoPoint:
    return place(finite(point.get("lat", ""), where), finite(point.get("lon", ""), where), where)


def _part(track: Element, where: str) -> Part:
    """The border and holes of a track that `write` made."""
    rings = []
    for segment in track:
        if tag(segment) == "trkseg":
            points = [_place(one, where) for one in segment if tag(one) == "trkpt"]
            if len(points) < 4:
                raise FormatError("has no border", where=where, remedy="Export the plan again")
            rings.append(tuple(points[:-1]))
    if not rings:
        raise FormatError("has no border", where=where, remedy="Export the plan again")
    return Part(rings[0], tuple(rings[1:]))
