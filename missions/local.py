"""Areas and places in the flat frame that geometry runs in."""

from __future__ import annotations

from collections.abc import Iterable

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from missions.area import Area, Part, Ring
from missions.errors import AreaError
from missions.geodesy import GeoPoint, LocalFrame, Points


def frame_of(area: Area) -> LocalFrame:
    """A flat frame in the middle of the area."""
    points = [point for part in area.parts for point in part.border]
    if not points:
        raise AreaError("the area is empty", remedy="Draw the area as a polygon of three or more points")
    lats, lons = [point.lat_deg for point in points], [point.lon_deg for point in points]
    return LocalFrame(GeoPoint((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2))


def local_from_area(area: Area, frame: LocalFrame) -> Polygon | MultiPolygon:
    """The area as one valid shape, east and north in metres."""
    parts = [
        Polygon(local_from_ring(part.border, frame), [local_from_ring(hole, frame) for hole in part.holes])
        for part in area.parts
    ]
    whole: BaseGeometry = shapely.union_all([part if part.is_valid else part.buffer(0) for part in parts])
    solid = [part for part in shapely.get_parts(whole) if isinstance(part, Polygon) and part.area > 0]
    if not solid:
        raise AreaError("the area is empty", remedy="Draw the area as a polygon of three or more points")
    return solid[0] if len(solid) == 1 else MultiPolygon(solid)


def area_from_local(shape: Polygon | MultiPolygon, frame: LocalFrame, name: str) -> Area:
    """A shape in metres as an area on WGS84."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return Area(name, tuple(_part_from_local(part, frame) for part in parts))


def _part_from_local(polygon: Polygon, frame: LocalFrame) -> Part:
    holes = tuple(places_from_local(shapely.get_coordinates(ring)[:-1], frame) for ring in polygon.interiors)
    return Part(ring_from_local(polygon, frame), holes)


def local_from_ring(ring: Iterable[GeoPoint], frame: LocalFrame) -> Points:
    """(n, 2) east, north in metres."""
    return frame.local_from_geo([(point.lon_deg, point.lat_deg) for point in ring])


def ring_from_local(polygon: Polygon, frame: LocalFrame) -> Ring:
    """The border of a polygon as places."""
    return places_from_local(shapely.get_coordinates(polygon.exterior)[:-1], frame)


def places_from_local(points_m: Points, frame: LocalFrame) -> tuple[GeoPoint, ...]:
    """Places, rounded to 1e-8 degrees, a millimetre."""
    return tuple(
        GeoPoint(lat_deg=round(float(lat), 8), lon_deg=round(float(lon), 8))
        for lon, lat in frame.geo_from_local(points_m)
    )
