"""Reading a line: a road, a dike, the way that somebody went. The content decides the format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError
from missions.files import read_bounded
from missions.formats import gpx
from missions.formats.area_file import LIMIT_BYTES
from missions.formats.area_geojson import check_reference
from missions.formats.area_kml import coordinates, each, first_text, tag
from missions.formats.imported import place
from missions.formats.kmz import kml_from_kmz
from missions.formats.rings import MAX_EXTENT_DEG, MAX_LAT_DEG
from missions.formats.safe_xml import parse_xml
from missions.geodesy import GeoPoint

MAX_POINTS = 20_000
_DRAW = "Draw it as a line of two or more points and save it again"
_SAVE = "Save the line as GPX, GeoJSON or KML"
_MAX_DEPTH = 20


def read_line(path: Path) -> tuple[GeoPoint, ...]:
    """The first line in a GPX, GeoJSON, KML or KMZ file, no place repeated right after itself.

    Of a GPX that is its first route, else its first track, else its waypoints in order. Raises FormatError,
    AreaError or InputError.
    """
    data = read_bounded(path, LIMIT_BYTES, "line")
    where = str(path)
    if data.startswith(b"PK"):
        return _checked(_from_xml(parse_xml(kml_from_kmz(data, where), where), where), where)
    if data.lstrip().startswith(b"<"):
        return _checked(_from_xml(parse_xml(data, where), where), where)
    try:
        text = text_from_bytes(data)
    except ValueError as error:
        raise FormatError("is no line that this program reads", where=where, remedy=_SAVE) from error
    start = text.lstrip()[:1]
    if start == "<":
        return _checked(_from_xml(parse_xml(data, where), where), where)
    if start != "{":
        raise FormatError("is no line that this program reads", where=where, remedy=_SAVE)
    document = load_json(text, where, _SAVE)
    check_reference(document, where)
    line = next(_lines(document, 0), None)
    if line is None:
        raise FormatError("holds no line", where=where, remedy=_DRAW)
    return _checked([_position(one, f"{where}: point {index}") for index, one in enumerate(line, 1)], where)


def _from_xml(root: Element, where: str) -> Sequence[GeoPoint]:
    if tag(root) == "gpx":
        return gpx.line_from_root(root, where)
    lines = each(root, "LineString")
    if not lines:
        raise FormatError("holds no line", where=where, remedy=_DRAW)
    positions = coordinates(first_text(lines[0], "coordinates"), f"{where}: line 1")
    return [_position(one, f"{where}: point {index}") for index, one in enumerate(positions, 1)]


def _lines(obj: Any, depth: int) -> Iterator[list[Any]]:
    """Every LineString in a GeoJSON object, however nested, in order."""
    if not isinstance(obj, dict) or depth > _MAX_DEPTH:
        return
    inside = obj.get("coordinates")
    if obj.get("type") == "LineString" and isinstance(inside, list):
        yield inside
    elif obj.get("type") == "MultiLineString" and isinstance(inside, list):
        yield from (one for one in inside if isinstance(one, list))
    for name in ("features", "geometries"):
        members = obj.get(name)
        for one in members if isinstance(members, list) else []:
            yield from _lines(one, depth + 1)
    yield from _lines(obj.get("geometry"), depth + 1)


def _position(value: Any, where: str) -> GeoPoint:
    if not isinstance(value, list) or len(value) < 2:
        raise FormatError(f"{str(value)[:40]} is no longitude and latitude", where=where, remedy=_DRAW)
    return place(value[1], value[0], where)


def _checked(points: Sequence[GeoPoint], where: str) -> tuple[GeoPoint, ...]:
    """The line, where it is one that an aircraft can follow."""
    if len(points) > MAX_POINTS:
        raise FormatError(
            f"the line has {len(points)} points; at most {MAX_POINTS} are read",
            where=where,
            remedy="Simplify it",
        )
    line = [*points[:1], *(there for here, there in pairwise(points) if there != here)]
    if len(line) < 2:
        raise FormatError("the line has fewer than two different points", where=where, remedy=_DRAW)
    lats, lons = [one.lat_deg for one in line], [one.lon_deg for one in line]
    if max(lons) - min(lons) > 180:
        raise FormatError(
            "the line crosses the antimeridian (longitude 180)", where=where, remedy="Draw it as two lines"
        )
    if max(map(abs, lats)) > MAX_LAT_DEG:
        raise FormatError(
            "the line comes near a pole", where=where, remedy=f"Stay within {MAX_LAT_DEG:g} degrees"
        )
    if max(lons) - min(lons) > MAX_EXTENT_DEG or max(lats) - min(lats) > MAX_EXTENT_DEG:
        raise FormatError(
            "the line is longer than any aircraft follows", where=where, remedy="Is it the right file?"
        )
    return tuple(line)
