"""A find as GeoJSON features: its point with what is known of it, and its 95 % ellipse (docs/heat.md)."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Any

from imaging.geolocate import ellipse95, offset_place
from imaging.thermal.find import Find, PathPoint
from imaging.thermal.sightings import few, row_of, utc
from missions.geodesy import GeoPoint

_ELLIPSE_POINTS = 36


def features_of(find: Find, pictures: str, *, whole: bool = True) -> list[dict[str, Any]]:
    """The find's point, ellipse and, where it moves, path; with all its sightings, else with a few."""
    path = [path_feature(find)] if len(find.path) > 1 else []
    return [point_feature(find, pictures, whole=whole), ellipse_feature(find), *path]


def point_feature(find: Find, pictures: str, *, whole: bool = True) -> dict[str, Any]:
    """The find itself; `pictures` is the folder of its thumbnail, empty for none.

    With all its sightings, or where they are in a file of their own (not `whole`) with the clearest few.
    """
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
            "score": round(find.score, 5),
            "first_time": utc(find.first_s),
            "last_time": utc(find.last_s),
            "sighting_count": find.sighting_count,
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
            "sightings": [row_of(s) for s in (find.sightings if whole else few(find))],
        },
    }


def _path_point(point: PathPoint) -> dict[str, Any]:
    ellipse = ellipse95(point.covariance)
    return {
        "time": utc(point.time_s),
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
        "properties": {"kind": "path", "find": find.id, "times": [utc(point.time_s) for point in find.path]},
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


def document_bytes(document: dict[str, Any]) -> bytes:
    """The document as it is written: what it says of itself, then a line each for its features."""
    about = json.dumps({name: each for name, each in document.items() if name != "features"}, allow_nan=False)
    features = [json.dumps(each, allow_nan=False) for each in document["features"]]
    return document_text(about, features).encode()


def document_text(about: str, features: Sequence[str]) -> str:
    """The same of parts that are JSON already."""
    return f'{about[:-1]},\n"features": [\n' + ",\n".join(features) + "\n]}\n"
