"""Areas from GeoJSON (RFC 7946): every polygon in it, however nested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from missions.area import Area
from missions.bounded_json import load_json
from missions.errors import AreaError, FormatError
from missions.formats.rings import LonLats, area_from_rings

_MAX_DEPTH = 20
_CONTAINERS = {"FeatureCollection": "features", "GeometryCollection": "geometries"}
_NO_AREAS = {"Point", "MultiPoint", "LineString", "MultiLineString"}


def load_geojson(text: str, where: str) -> Any:
    """The text as JSON, bounded. Raises FormatError."""
    return load_json(text, where, "Save the area again")


FENCE_ROLES = ("fence", "no-fly")
"""What our exports call the polygons that are no area."""


_DEGREES = ("CRS84", "4326")
"""What older GeoJSON calls the longitude and latitude that RFC 7946 asks for."""


def check_reference(document: Any, where: str) -> None:
    """Refuse the `crs` of older GeoJSON where it is none in degrees: metres in RD are no longitude.

    Raises FormatError.
    """
    crs = document.get("crs") if isinstance(document, dict) else None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    named = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(named, str) and not named.endswith(_DEGREES):
        raise FormatError(
            f"its coordinates are in {named[:60]!r}, and GeoJSON's are longitude and latitude",
            where=where,
            remedy="Save it again with the reference WGS 84 (EPSG:4326)",
        )


def area_from_geojson(obj: Any, where: str, name: str = "") -> Area:
    """The area that a GeoJSON object holds: its polygons, joined. Raises AreaError or FormatError."""
    check_reference(obj, where)
    found = list(_polygons(obj, where, 0))
    return area_from_rings(name or _name(obj), found, where)


def _name(obj: Any) -> str:
    if not isinstance(obj, dict):
        return ""
    properties = obj.get("properties")
    named = obj.get("name") or (properties.get("name") if isinstance(properties, dict) else None)
    if not named and obj.get("type") == "FeatureCollection" and len(obj.get("features") or ()) == 1:
        return _name(obj["features"][0])
    return named if isinstance(named, str) else ""


def _polygons(obj: Any, where: str, depth: int) -> Iterator[list[LonLats]]:
    if depth > _MAX_DEPTH:
        raise FormatError(
            "is nested too deeply", where=where.partition(": ")[0], remedy="Save the area again"
        )
    kind = str(obj.get("type")) if isinstance(obj, dict) else ""
    if kind in _CONTAINERS:
        key = _CONTAINERS[kind]
        for index, inner in enumerate(_list(obj.get(key), f"{where}: {key}"), 1):
            yield from _polygons(inner, f"{where}: {key} {index}", depth + 1)
    elif kind == "Feature":
        if obj.get("geometry") is not None and not _is_fence(obj.get("properties")):
            yield from _polygons(obj["geometry"], where, depth + 1)
    elif kind == "Polygon":
        yield _rings(obj.get("coordinates"), where)
    elif kind == "MultiPolygon":
        for rings in _list(obj.get("coordinates"), where):
            yield _rings(rings, where)
    elif kind not in _NO_AREAS:
        raise FormatError(
            f"is no GeoJSON: the type is {kind[:40]!r}",
            where=where,
            remedy="Save the area as GeoJSON or KML",
        )


def _is_fence(properties: Any) -> bool:
    return isinstance(properties, dict) and properties.get("role") in FENCE_ROLES


def _rings(value: Any, where: str) -> list[LonLats]:
    rings = _list(value, where)
    return [[_list(position, where) for position in _list(ring, where)] for ring in rings]


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise AreaError(
            f"coordinates are {str(value)[:40]!r}, no list", where=where, remedy="Save the area again"
        )
    return value
