"""A find as GeoJSON features: its point with what is known of it, and its 95 % ellipse (docs/heat.md)."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime
from typing import Any

from imaging.geolocate import ellipse95, offset_place
from imaging.thermal.find import Find, PathPoint
from imaging.thermal.tracks import Sighting
from missions.geodesy import GeoPoint

_ELLIPSE_POINTS = 36


def point_feature(find: Find, pictures: str) -> dict[str, Any]:
    """The find itself; `pictures` is the folder of its thumbnail, empty for none."""
    ellipse = ellipse95(find.covariance)
    return {
        "type": "Feature",
        "id": find.id,
        "geometry": {"type": "Point", "coordinates": _lonlat(find.place)},
        "properties": {
            "kind": "find",
            "find": find.id,
            "state": find.state,
            "what": find.kind,
            "reasons": list(find.reasons),
            "history": [dataclasses.asdict(decision) for decision in find.history],
            "polarity": find.polarity,
            "score": round(find.score, 3),
            "first_time": _utc(find.first_s),
            "last_time": _utc(find.last_s),
            "sighting_count": len(find.sightings),
            "ellipse95": {
                "semi_major_m": round(ellipse.semi_major_m, 2),
                "semi_minor_m": round(ellipse.semi_minor_m, 2),
                "bearing_deg": round(ellipse.bearing_deg, 1),
            },
            "covariance_en_m2": [[round(float(v), 4) for v in row] for row in find.covariance],
            "ground_amsl_m": round(find.ground_amsl_m, 2),
            "size_m": [round(side, 2) for side in find.size_m],
            "unit": find.unit,
            "temperature_degc": _rounded(find.temperature_degc, 1),
            "temperature_error_degc": _rounded(find.temperature_error_degc, 1),
            "why": find.clearest.spot.why,
            "thumbnail": f"{pictures}/{find.id}.png" if pictures else None,
            "notes": list(find.notes),
            "path": [_path_point(point) for point in find.path],
            "sightings": [_sighting(s) for s in find.sightings],
        },
    }


def _path_point(point: PathPoint) -> dict[str, Any]:
    ellipse = ellipse95(point.covariance)
    return {
        "time": _utc(point.time_s),
        "lon_deg": round(point.place.lon_deg, 8),
        "lat_deg": round(point.place.lat_deg, 8),
        "within_m": round(ellipse.semi_major_m, 2),
        "relative_within_m": round(ellipse95(point.relative).semi_major_m, 2),
        "speed_m_s": round(point.speed_m_s, 2),
        "course_deg": round(point.course_deg, 1),
    }


def path_feature(find: Find) -> dict[str, Any]:
    """The way of something that moves, as a line in the order of time."""
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [_lonlat(point.place) for point in find.path]},
        "properties": {"kind": "path", "find": find.id, "times": [_utc(point.time_s) for point in find.path]},
    }


def _sighting(s: Sighting) -> dict[str, Any]:
    return {
        "frame": s.frame,
        "sha256": s.sha256,
        "time": _utc(s.time_s),
        "col_px": round(s.spot.col, 2),
        "row_px": round(s.spot.row, 2),
        "box_px": list(s.spot.box),
        "contrast": round(s.spot.contrast, 3),
        "value": round(s.spot.value, 3),
        "score": round(s.spot.score, 3),
        "lon_deg": round(s.point.place.lon_deg, 8),
        "lat_deg": round(s.point.place.lat_deg, 8),
        "pose": s.pose_source,
    }


def ellipse_feature(find: Find) -> dict[str, Any]:
    """The ellipse that holds the true place 95 times in 100, as a closed ring, counter-clockwise."""
    ellipse = ellipse95(find.covariance)
    bearing = math.radians(ellipse.bearing_deg)
    ring = []
    for n in range(_ELLIPSE_POINTS):
        angle = -2 * math.pi * n / _ELLIPSE_POINTS
        along, across = ellipse.semi_major_m * math.cos(angle), ellipse.semi_minor_m * math.sin(angle)
        east = along * math.sin(bearing) + across * math.cos(bearing)
        north = along * math.cos(bearing) - across * math.sin(bearing)
        ring.append(_lonlat(offset_place(find.place, east, north)))
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {"kind": "ellipse95", "find": find.id},
    }


def _lonlat(place: GeoPoint) -> list[float]:
    return [round(place.lon_deg, 8), round(place.lat_deg, 8)]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _utc(time_s: float | None) -> str | None:
    if time_s is None:
        return None
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
