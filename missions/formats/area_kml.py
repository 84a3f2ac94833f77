"""Areas from KML 2.2 (OGC 07-147r2): every Polygon in it, whatever folder it lies in."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from missions.area import Area
from missions.errors import AreaError
from missions.formats.area_geojson import FENCE_ROLES
from missions.formats.rings import MAX_POINTS, LonLats, area_from_rings
from missions.formats.safe_xml import parse_xml


def area_from_kml(data: bytes, where: str, name: str = "") -> Area:
    """The area that a KML document holds: its polygons, joined. Raises AreaError or FormatError."""
    root = parse_xml(data, where)
    fences = {id(polygon) for placemark in each(root, "Placemark") for polygon in _fences(placemark)}
    found = [element for element in each(root, "Polygon") if id(element) not in fences]
    if not found and each(root, "NetworkLink"):
        raise AreaError(
            "holds no polygon but links to other files, which are never followed",
            where=where,
            remedy="Open it in Google Earth and save what the link shows as KML",
        )
    polygons = [_rings(element, f"{where}: polygon {index}") for index, element in enumerate(found, 1)]
    return area_from_rings(name or first_text(root, "name"), polygons, where)


def tag(element: Element) -> str:
    """The element's name without its namespace: KML comes in several."""
    return str(element.tag).rpartition("}")[2]


def each(root: Element, name: str) -> list[Element]:
    """Every element of that name, in document order."""
    return [element for element in root.iter() if tag(element) == name]


def child(element: Element, name: str) -> Element | None:
    """The first direct child of that name."""
    return next((inner for inner in element if tag(inner) == name), None)


def first_text(root: Element, name: str) -> str:
    """The text of the first element of that name, else nothing."""
    return next((str(element.text or "").strip() for element in root.iter() if tag(element) == name), "")


def _fences(placemark: Element) -> list[Element]:
    """The placemark's polygons where one of our exports says that they are a fence."""
    roles = [first_text(data, "value") for data in each(placemark, "Data") if data.get("name") == "role"]
    return each(placemark, "Polygon") if any(role in FENCE_ROLES for role in roles) else []


def _rings(polygon: Element, where: str) -> list[LonLats]:
    border = child(polygon, "outerBoundaryIs")
    if border is None:
        raise AreaError("has no outerBoundaryIs", where=where, remedy="Draw the polygon and save it again")
    holes = [inner for inner in polygon if tag(inner) == "innerBoundaryIs"]
    rings: list[LonLats] = [coordinates(first_text(border, "coordinates"), f"{where}, border")]
    for number, hole in enumerate(holes, 1):
        rings += [
            coordinates(str(text.text or ""), f"{where}, hole {number}") for text in each(hole, "coordinates")
        ]
    return rings


def coordinates(text: str, where: str) -> list[list[float]]:
    """`lon,lat[,height] lon,lat[,height] ...` as numbers. Raises AreaError, naming the point."""
    if text.count(",") > 3 * MAX_POINTS:
        raise AreaError(
            f"has more than the {MAX_POINTS} points that are read",
            where=where,
            remedy=f"Simplify it to {MAX_POINTS} points",
        )
    found = []
    for index, position in enumerate(text.split(), 1):
        try:
            found.append([float(value) for value in position.split(",")])
        except ValueError as error:
            raise AreaError(
                f"{position[:40]!r} is no longitude,latitude",
                where=f"{where}, point {index}",
                remedy="Write lon,lat or lon,lat,height, with spaces between points and none within",
            ) from error
    return found
