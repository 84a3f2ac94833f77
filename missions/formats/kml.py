"""A plan as KML 2.2 (OGC 07-147r2): area, route, fence, rally points, each a Placemark with a `role`.

Heights are metres above the take-off point (Google Earth draws them above the ground). The route's
ExtendedData `mission` holds the items, so that reading the file back gives the same mission; where the line
was moved since, the line wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from missions.area import Part, Ring
from missions.errors import FormatError
from missions.formats.area_kml import child, coordinates, each, first_text, tag
from missions.formats.imported import ImportedMission, items_from_line, place
from missions.formats.item_rows import Line, items_from_text, rows_from_items, still_drawn
from missions.formats.safe_xml import kml_from_kmz, parse_xml
from missions.geodesy import GeoPoint
from missions.items import Command, MissionItem
from missions.plan import Fence, Plan, Rally
from missions.plan_items import mission_items

_NAMESPACE = "http://www.opengis.net/kml/2.2"
# Colours are aabbggrr.
_STYLES = {
    "area": ("ff00aaff", "330000ff"),
    "route": ("ffff9000", "00000000"),
    "fence": ("ff0000ff", "00000000"),
}


def write(plan: Plan) -> bytes:
    """The plan as a KML document."""
    root = Element("kml", xmlns=_NAMESPACE)
    document = SubElement(root, "Document")
    _text(document, "name", plan.name)
    for role, (line, fill) in _STYLES.items():
        _style(document, role, line, fill)
    area = _placemark(document, "area", plan.area.name)
    shapes = SubElement(area, "MultiGeometry")
    for part in plan.area.parts:
        _polygon(shapes, part)
    rows = json.dumps(rows_from_items(mission_items(plan)))
    route = _placemark(document, "route", plan.name, mission=rows)
    line_string = SubElement(route, "LineString")
    _text(line_string, "altitudeMode", "relativeToGround")
    _text(line_string, "coordinates", _heights((one.place, one.height_relative_m) for one in plan.route))
    _point(_placemark(document, "take-off", "Take-off"), plan.take_off, None)
    for part in plan.fence.inclusions:
        _polygon(_placemark(document, "fence", "Fence"), part)
    for ring in plan.fence.exclusions:
        _polygon(_placemark(document, "no-fly", "Not to be entered", style="fence"), Part(ring))
    for one in plan.rally:
        _point(_placemark(document, "rally", "Rally point"), one.place, one.height_relative_m)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _text(parent: Element, name: str, text: str) -> None:
    # XML has no way to write control characters.
    SubElement(parent, name).text = "".join(one for one in text if one >= " " or one in "\n\t")


def _style(document: Element, role: str, line: str, fill: str) -> None:
    style = SubElement(document, "Style", id=role)
    line_style = SubElement(style, "LineStyle")
    _text(line_style, "color", line)
    _text(line_style, "width", "3")
    _text(SubElement(style, "PolyStyle"), "color", fill)


def _placemark(document: Element, role: str, name: str, style: str = "", **more: str) -> Element:
    placemark = SubElement(document, "Placemark")
    _text(placemark, "name", name)
    _text(placemark, "styleUrl", f"#{style or role}")
    extended = SubElement(placemark, "ExtendedData")
    for key, value in {"role": role, **more}.items():
        _text(SubElement(extended, "Data", name=key), "value", value)
    return placemark


def _polygon(parent: Element, part: Part) -> None:
    polygon = SubElement(parent, "Polygon")
    for name, ring in (("outerBoundaryIs", part.border), *(("innerBoundaryIs", hole) for hole in part.holes)):
        linear = SubElement(SubElement(polygon, name), "LinearRing")
        closed = " ".join(f"{point.lon_deg!r},{point.lat_deg!r}" for point in (*ring, ring[0]))
        _text(linear, "coordinates", closed)


def _point(placemark: Element, where: GeoPoint, height_m: float | None) -> None:
    point = SubElement(placemark, "Point")
    if height_m is None:
        _text(point, "coordinates", f"{where.lon_deg!r},{where.lat_deg!r}")
        return
    _text(point, "altitudeMode", "relativeToGround")
    _text(point, "coordinates", _heights([(where, height_m)]))


def _heights(points: Iterable[tuple[GeoPoint, float]]) -> str:
    return " ".join(f"{point.lon_deg!r},{point.lat_deg!r},{height_m!r}" for point, height_m in points)


def read(data: bytes, where: str) -> ImportedMission:
    """The mission in a KML or KMZ that `write` made, or along the first line drawn in another.

    Raises FormatError.
    """
    root = parse_xml(kml_from_kmz(data, where) if data.startswith(b"PK") else data, where)
    marks = [(f"{where}: placemark {index}", mark) for index, mark in enumerate(each(root, "Placemark"), 1)]
    lines = [(here, mark) for here, mark in marks if each(mark, "LineString")]
    if not lines:
        raise FormatError(
            "holds no route", where=where, remedy="Draw the route as a line, or export the plan again"
        )
    items = _mission(*lines[0])
    return ImportedMission(
        items=items,
        fence=Fence(
            inclusions=tuple(
                Part(ring) for here, mark in _role(marks, "fence") for ring in _borders(mark, here)
            ),
            exclusions=tuple(ring for here, mark in _role(marks, "no-fly") for ring in _borders(mark, here)),
        ),
        rally=tuple(Rally(*_line(mark, "Point", here)[0]) for here, mark in _role(marks, "rally")),
        home=GeoPoint(items[0].x, items[0].y),
        source=f"{where} (KML)",
    )


_Mark = tuple[str, Element]


def _role(marks: list[_Mark], role: str) -> list[_Mark]:
    return [(here, mark) for here, mark in marks if _data(mark, "role") == role]


def _data(mark: Element, name: str) -> str:
    found = (one for one in each(mark, "Data") if one.get("name") == name)
    return next((first_text(one, "value") for one in found), "")


def _mission(where: str, mark: Element) -> tuple[MissionItem, ...]:
    line = _line(mark, "LineString", where)
    text = _data(mark, "mission")
    items = items_from_text(text, where) if text else ()
    whole = bool(items) and items[0].command == Command.WAYPOINT
    return items if whole and still_drawn(items, line) else items_from_line(line, where)


def _line(mark: Element, kind: str, where: str) -> Line:
    """The places and heights of the first geometry of that kind."""
    geometry = each(mark, kind)[:1]
    positions = coordinates(first_text(geometry[0], "coordinates"), where) if geometry else []
    if not positions or any(len(position) < 2 for position in positions):
        raise FormatError(f"has no {kind} with coordinates", where=where, remedy="Export the plan again")
    return [(place(one[1], one[0], where), one[2] if len(one) > 2 else 0.0) for one in positions]


def _borders(mark: Element, where: str) -> list[Ring]:
    rings = []
    for polygon in each(mark, "Polygon"):
        border = child(polygon, "outerBoundaryIs")
        text = "" if border is None else first_text(border, "coordinates")
        positions = coordinates(text, where)
        if len(positions) < 4 or any(len(position) < 2 for position in positions):
            raise FormatError(f"{tag(polygon)} has no border", where=where, remedy="Export the plan again")
        rings.append(tuple(place(one[1], one[0], where) for one in positions[:-1]))
    return rings
