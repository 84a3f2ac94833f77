"""A plan as KML 2.2 (OGC 07-147r2): area, route, fence, rally points, each a Placemark with a `role`.

The route is drawn above the ground where its heights above the ground are known, and its ExtendedData
`heights` then holds how far above the take-off point each is; else its heights are above the take-off point,
and its description says so. ExtendedData `mission` holds the items, so that reading the file back gives the
same mission; where the line was moved since, the line wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from missions.area import Part, Ring
from missions.bounded_json import load_json
from missions.errors import FormatError
from missions.formats.area_kml import child, coordinates, each, first_text, tag
from missions.formats.imported import ImportedMission, items_from_line, number, place
from missions.formats.item_rows import Line, drawn_of, items_from_text, rows_from_items, still_drawn
from missions.formats.safe_xml import parse_xml
from missions.geodesy import GeoPoint
from missions.items import Command, Frame, MissionItem
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
    _route(document, plan)
    _point(_placemark(document, "take-off", "Take-off"), plan.take_off, None)
    for part in plan.fence.inclusions:
        _polygon(_placemark(document, "fence", "Fence"), part)
    for ring in plan.fence.exclusions:
        _polygon(_placemark(document, "no-fly", "Not to be entered", style="fence"), Part(ring))
    for one in plan.rally:
        _point(_placemark(document, "rally", "Rally point"), one.place, one.height_relative_m)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _route(document: Element, plan: Plan) -> None:
    known = [one.height_agl_m for one in plan.route if one.height_agl_m is not None]
    relative = [one.height_relative_m for one in plan.route]
    over_ground = len(known) == len(relative)
    drawn = known if over_ground else relative
    data = {
        "mission": json.dumps(rows_from_items(mission_items(plan))),
        "drawn": json.dumps(drawn_of(plan.route)),
    }
    if drawn != relative:
        data["heights"] = json.dumps(list(zip(drawn, relative, strict=True)))
    note = "ground" if over_ground else "take-off point, drawn as if the ground were level"
    route = _placemark(document, "route", plan.name, f"Heights are metres above the {note}", **data)
    line_string = SubElement(route, "LineString")
    _text(line_string, "altitudeMode", "relativeToGround")
    places = (one.place for one in plan.route)
    _text(line_string, "coordinates", _heights(zip(places, drawn, strict=True)))


def _text(parent: Element, name: str, text: str) -> None:
    # XML has no way to write control characters.
    SubElement(parent, name).text = "".join(one for one in text if one >= " " or one in "\n\t")


def _style(document: Element, role: str, line: str, fill: str) -> None:
    style = SubElement(document, "Style", id=role)
    line_style = SubElement(style, "LineStyle")
    _text(line_style, "color", line)
    _text(line_style, "width", "3")
    _text(SubElement(style, "PolyStyle"), "color", fill)


def _placemark(
    document: Element, role: str, name: str, note: str = "", style: str = "", **more: str
) -> Element:
    placemark = SubElement(document, "Placemark")
    _text(placemark, "name", name)
    if note:
        _text(placemark, "description", note)
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
    """The mission in a KML, as `read_root` reads it. Raises FormatError."""
    return read_root(parse_xml(data, where), where)


def read_root(root: Element, where: str) -> ImportedMission:
    """The mission in a KML that `write` made, or along the first line drawn in another.

    Raises FormatError.
    """
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
            inclusions=tuple(part for here, mark in _role(marks, "fence") for part in _parts(mark, here)),
            exclusions=tuple(
                part.border for here, mark in _role(marks, "no-fly") for part in _parts(mark, here)
            ),
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
    line = _relative(_line(mark, "LineString", where), _data(mark, "heights"), where)
    text = _data(mark, "mission")
    if not text:
        return items_from_line(line, where, _frame(mark, where))
    items = items_from_text(text, where)
    whole = bool(items) and items[0].command == Command.WAYPOINT
    drawn = whole and still_drawn(_data(mark, "drawn") or [], line, where)
    return items if drawn else items_from_line(line, where)


def _frame(mark: Element, where: str) -> Frame:
    """What the heights of a line drawn by others are above. Raises FormatError for the sea.

    Where it says nothing they are taken for what was typed: metres above the take-off point.
    """
    modes = [
        str(one.text or "").strip()
        for line in each(mark, "LineString")[:1]
        for one in line
        if tag(one) == "altitudeMode"
    ]
    if "relativeToGround" in modes:
        return Frame.GLOBAL_TERRAIN
    if modes and modes[0] != "clampToGround":
        raise FormatError(
            f"its heights are {modes[0][:30]!r}, above the sea and not above the take-off point",
            where=where,
            remedy="Draw it relative to the ground, or plan along it as a line",
        )
    return Frame.GLOBAL_RELATIVE


def _relative(line: Line, text: str, where: str) -> Line:
    """A line drawn above the ground, above the take-off point: each point as far as when it was written."""
    if not text:
        return line
    rows = load_json(text, f"{where}, heights", "Export the plan again")
    if not isinstance(rows, list) or len(rows) != len(line):
        raise FormatError(
            "points were added to or taken from a route over terrain",
            where=where,
            remedy="Plan again: only the planner knows the ground there",
        )
    if not all(isinstance(row, list) and len(row) == 2 for row in rows):
        raise FormatError("the heights are no pairs", where=where, remedy="Export the plan again")
    lifted = [number(row[1], where) - number(row[0], where) for row in rows]
    return [(point, height_m + up_m) for (point, height_m), up_m in zip(line, lifted, strict=True)]


def _line(mark: Element, kind: str, where: str) -> Line:
    """The places and heights of the first geometry of that kind."""
    geometry = each(mark, kind)[:1]
    positions = coordinates(first_text(geometry[0], "coordinates"), where) if geometry else []
    if not positions or any(len(position) < 2 for position in positions):
        raise FormatError(f"has no {kind} with coordinates", where=where, remedy="Export the plan again")
    return [
        (place(one[1], one[0], where), number(one[2], where) if len(one) > 2 else 0.0) for one in positions
    ]


def _parts(mark: Element, where: str) -> list[Part]:
    return [_part(polygon, where) for polygon in each(mark, "Polygon")]


def _part(polygon: Element, where: str) -> Part:
    border = child(polygon, "outerBoundaryIs")
    if border is None:
        raise FormatError("has no border", where=where, remedy="Export the plan again")
    holes = [inner for inner in polygon if tag(inner) == "innerBoundaryIs"]
    return Part(_ring(border, where), tuple(_ring(hole, where) for hole in holes))


def _ring(boundary: Element, where: str) -> Ring:
    positions = coordinates(first_text(boundary, "coordinates"), where)
    if len(positions) < 4 or any(len(position) < 2 for position in positions):
        raise FormatError("has a border of too few points", where=where, remedy="Export the plan again")
    return tuple(place(one[1], one[0], where) for one in positions[:-1])
