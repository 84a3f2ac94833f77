"""Rings as files give them, made into the parts of an area or refused with a reason.

Every reader of areas ends here, so that each refusal is written once: too few points, no place, out of
range, crossing itself, across the antimeridian, too many points, too large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely
from shapely import LinearRing, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from missions.area import Area, Part, Ring
from missions.errors import AreaError
from missions.formats.tangle import check_tangle
from missions.geodesy import GeoPoint

MAX_POINTS = 100_000
MAX_PARTS = 1_000
MAX_EXTENT_DEG = 3.0
MAX_LAT_DEG = 89.0
_M_A_DEGREE = 111_320.0
_SMALLEST_M2 = 1.0
_LONGEST_NAME = 200
_DRAW = "Draw the area as a polygon of three or more points and save it again"
_MAP = "Longitude comes before latitude, both in degrees (WGS84)"

LonLats = Sequence[Sequence[float]]
_LonLatRing = list[tuple[float, float]]


def area_from_rings(name: str, polygons: Sequence[Sequence[LonLats]], where: str) -> Area:
    """The area that polygons make: each its border and then its holes, as (lon, lat[, height]) degrees.

    Overlapping polygons become one. Raises AreaError, naming the polygon, the ring and the point.
    """
    if not polygons:
        raise AreaError("the area is empty: there is no polygon in it", where=where, remedy=_DRAW)
    points = sum(len(ring) for rings in polygons for ring in rings)
    if points > MAX_POINTS or len(polygons) > MAX_PARTS:
        raise AreaError(
            f"the area has {points} points in {len(polygons)} polygons, more than are read",
            where=where,
            remedy=f"Simplify it to {MAX_POINTS} points in {MAX_PARTS} polygons",
        )
    named = [_named_rings(rings, f"{where}: polygon {index}") for index, rings in enumerate(polygons, 1)]
    check_tangle([ring for rings in named for ring in rings], where)
    solid = [_polygon(rings, f"{where}: polygon {index}") for index, rings in enumerate(named, 1)]
    whole = solid[0] if len(solid) == 1 else shapely.union_all(solid)
    _check_extent(whole, where)
    parts = [part for part in shapely.get_parts(whole) if isinstance(part, Polygon) and part.area > 0]
    if not parts:
        raise AreaError("the area is empty", where=where, remedy=_DRAW)
    return Area(name=_shown(name), parts=tuple(_part(part) for part in parts))


def _shown(name: str) -> str:
    """A name of one line that any file can hold: no control characters, no halves of characters."""
    whole = name[:_LONGEST_NAME].encode("utf-8", "ignore").decode()
    return " ".join("".join(one if one.isprintable() else " " for one in whole).split())


def polygon_from_part(part: Part) -> Polygon:
    """The part as a polygon in longitude and latitude, degrees."""
    return Polygon(_lonlat(part.border), [_lonlat(hole) for hole in part.holes])


def _lonlat(ring: Ring) -> list[tuple[float, float]]:
    return [(point.lon_deg, point.lat_deg) for point in ring]


def _part(polygon: Polygon) -> Part:
    holes = tuple(_ring_points(hole) for hole in polygon.interiors)
    return Part(border=_ring_points(polygon.exterior), holes=holes)


def _ring_points(ring: LinearRing) -> Ring:
    return tuple(GeoPoint(lat_deg=lat, lon_deg=lon) for lon, lat in list(ring.coords)[:-1])


def _named_rings(rings: Sequence[LonLats], where: str) -> list[_LonLatRing]:
    """A polygon's rings, each checked by itself."""
    if not rings:
        raise AreaError("the area is empty: a polygon without points", where=where, remedy=_DRAW)
    named = [("border", rings[0]), *((f"hole {index}", hole) for index, hole in enumerate(rings[1:], 1))]
    return [_ring(ring, f"{where}, {name}") for name, ring in named]


def _polygon(rings: Sequence[_LonLatRing], where: str) -> Polygon:
    """One valid polygon of a border and holes."""
    polygon = Polygon(rings[0], rings[1:])
    if not polygon.is_valid:
        raise _invalid(polygon, where)
    middle_lat = math.radians((polygon.bounds[1] + polygon.bounds[3]) / 2)
    if polygon.area * _M_A_DEGREE**2 * math.cos(middle_lat) < _SMALLEST_M2:
        raise AreaError("the area is empty: it is smaller than a square metre", where=where, remedy=_DRAW)
    return polygon


def _ring(ring: LonLats, where: str) -> _LonLatRing:
    """The ring's points, each a place, none repeated right after itself."""
    points: list[tuple[float, float]] = []
    for index, position in enumerate(ring, 1):
        point = _position(position, f"{where}, point {index}")
        if not points or point != points[-1]:
            points.append(point)
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if not points:
        raise AreaError("the area is empty: a ring without points", where=where, remedy=_DRAW)
    if len(points) < 3:
        raise AreaError(
            f"has {len(points)} different points and a polygon needs three", where=where, remedy=_DRAW
        )
    _check_antimeridian(points, where)
    return points


def _position(position: Sequence[float], where: str) -> tuple[float, float]:
    """Longitude and latitude of one position. `-0.0` becomes 0."""
    if len(position) < 2 or not all(_is_number(value) for value in position[:2]):
        raise AreaError(f"{str(position)[:60]} is no longitude and latitude", where=where, remedy=_MAP)
    lon, lat = (math.inf if abs(value) > 1e300 else float(value) for value in position[:2])
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise AreaError(f"longitude {lon}, latitude {lat} is not a place", where=where, remedy=_MAP)
    if abs(lon) > 180 or abs(lat) > 90:
        swapped = abs(lat) <= 180 and abs(lon) <= 90
        hint = "They look swapped: longitude comes first" if swapped else _MAP
        raise AreaError(f"longitude {lon}, latitude {lat} is out of range", where=where, remedy=hint)
    return lon + 0.0, lat + 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_antimeridian(points: _LonLatRing, where: str) -> None:
    for (lon, lat), (next_lon, _) in zip(points, [*points[1:], points[0]], strict=True):
        if abs(next_lon - lon) > 180:
            raise AreaError(
                f"crosses the antimeridian (longitude 180) near latitude {lat:.5f}",
                where=where,
                remedy="Draw it as two areas, one on each side",
            )


def _check_extent(whole: BaseGeometry, where: str) -> None:
    west, south, east, north = whole.bounds
    if max(north, -south) > MAX_LAT_DEG:
        raise AreaError(
            f"reaches latitude {north if north > -south else south:.4f}: that near a pole no area is planned",
            where=where,
            remedy=f"Stay within {MAX_LAT_DEG:g} degrees; is the latitude the longitude?",
        )
    if east - west > 180:
        raise AreaError(
            "lies on both sides of the antimeridian (longitude 180)",
            where=where,
            remedy="Draw it as two areas, one on each side",
        )
    wide_deg = (east - west) * math.cos(math.radians((south + north) / 2))
    if wide_deg > MAX_EXTENT_DEG or north - south > MAX_EXTENT_DEG:
        raise AreaError(
            f"spans {east - west:.1f} by {north - south:.1f} degrees, more than any aircraft searches",
            where=where,
            remedy="Is it the right file? Draw the area to search",
        )


def _invalid(polygon: Polygon, where: str) -> AreaError:
    """What is wrong with a polygon that shapely calls invalid, and the place where."""
    reason = explain_validity(polygon)
    what, _, rest = reason.partition("[")
    place = ""
    if rest:
        lon, lat = (float(value) for value in rest.rstrip("]").split()[:2])
        place = f" at latitude {lat:.6f}, longitude {lon:.6f}"
    told = {
        "Self-intersection": "the border crosses itself",
        "Ring Self-intersection": "a ring touches or crosses itself",
        "Hole lies outside shell": "a hole lies outside the border",
        "Holes are nested": "a hole lies within another hole",
        "Nested shells": "a polygon lies within another",
        "Interior is disconnected": "the holes cut the polygon in pieces",
    }.get(what.strip(), what.strip().lower())
    return AreaError(f"{told}{place}", where=where, remedy="Move the points there so that no two edges cross")
