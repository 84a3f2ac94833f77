"""Volumes of air as GeoJSON (RFC 7946): each a polygon with its floor and ceiling.

    {"type": "FeatureCollection", "name": "Heath", "systems": [1], "features": [
      {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": […]},
       "properties": {"role": "flight_geography", "floor_m": 0, "ceiling_m": 60, "reference": "relative"}},
      {"type": "Feature", "geometry": …, "properties": {"role": "contingency_volume", …}}]}

`reference` is "relative" (to take-off) or "amsl". `systems`, MAVLink numbers, and `plan_created`, the time at
which a plan was made, say whose they are; without either they are of every aircraft.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from missions.area import Ring
from missions.bounded_json import text_from_bytes
from missions.errors import FormatError
from missions.files import read_bounded
from missions.formats.area_geojson import area_from_geojson, check_reference, load_geojson
from missions.volumes import FlightVolumes, Reference, Volume, Volumes

LIMIT_BYTES = 5_000_000
FLIGHT_GEOGRAPHY, CONTINGENCY = "flight_geography", "contingency_volume"
_MOST_SYSTEMS = 255
_HIGHEST_M = 20_000.0
_REMEDY = "See the form of such a file in docs/telemetry_alerts.md"


def write_volumes(volumes: FlightVolumes) -> bytes:
    """The volumes as a FeatureCollection."""
    both = ((FLIGHT_GEOGRAPHY, volumes.volumes.flight_geography), (CONTINGENCY, volumes.volumes.contingency))
    document: dict[str, Any] = {"type": "FeatureCollection", "name": volumes.name}
    if volumes.systems:
        document["systems"] = list(volumes.systems)
    if volumes.plan_created is not None:
        document["plan_created"] = volumes.plan_created
    document["features"] = [feature_of(role, volume) for role, volume in both if volume is not None]
    return (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode()


def feature_of(role: str, volume: Volume) -> dict[str, Any]:
    """One volume as a feature."""
    parts = [[_closed(ring) for ring in (part.border, *part.holes)] for part in volume.parts]
    return {
        "type": "Feature",
        "properties": {
            "role": role,
            "name": volume.name,
            "floor_m": volume.floor_m,
            "ceiling_m": volume.ceiling_m,
            "reference": volume.reference.value,
        },
        "geometry": {"type": "MultiPolygon", "coordinates": parts},
    }


def read_volumes(path: Path) -> FlightVolumes:
    """The volumes in a file. Raises FormatError and AreaError, naming the feature, and InputError."""
    data, where = read_bounded(path, LIMIT_BYTES, "file of volumes"), str(path)
    try:
        document = load_geojson(text_from_bytes(data), where)
    except ValueError as error:
        raise _wrong(where, "is no text") from error
    return volumes_from_geojson(document, where)


def volumes_from_geojson(document: Any, where: str) -> FlightVolumes:
    """The volumes that a FeatureCollection holds. Raises FormatError and AreaError, naming the feature."""
    check_reference(document, where)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise _wrong(where, "is no FeatureCollection")
    named = document.get("name")
    name = named[:80] if isinstance(named, str) and named else Path(where).stem
    found: dict[str, Volume] = {}
    for number, feature in enumerate(features, 1):
        here = f"{where}: feature {number}"
        role, volume = _volume(feature, here, name)
        if role in found:
            raise _wrong(here, f"is a second {role}: draw it as one MultiPolygon")
        found[role] = volume
    if not found:
        raise _wrong(where, "holds no volume")
    volumes = Volumes(found.get(FLIGHT_GEOGRAPHY), found.get(CONTINGENCY))
    return FlightVolumes(name, volumes, _created(document, where), _systems(document, where))


def _volume(feature: Any, here: str, name: str) -> tuple[str, Volume]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise _wrong(here, "has no properties")
    role = properties.get("role")
    if role not in (FLIGHT_GEOGRAPHY, CONTINGENCY):
        raise _wrong(here, f"has the role {str(role)[:40]!r}, none of {FLIGHT_GEOGRAPHY} and {CONTINGENCY}")
    reference = properties.get("reference", Reference.RELATIVE.value)
    if reference not in tuple(Reference):
        raise _wrong(here, f"has heights above {str(reference)[:40]!r}, none of {', '.join(Reference)}")
    floor_m, ceiling_m = (_height(properties.get(key), key, here) for key in ("floor_m", "ceiling_m"))
    if floor_m >= ceiling_m:
        raise _wrong(here, f"has its floor at {floor_m} m and its ceiling at {ceiling_m} m")
    parts = area_from_geojson(feature.get("geometry"), here).parts
    named = properties.get("name")
    called = named[:80] if isinstance(named, str) else name
    return role, Volume(called, parts, floor_m, ceiling_m, Reference(reference))


def _height(value: Any, key: str, here: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or abs(value) > _HIGHEST_M:
        raise _wrong(here, f"has {str(value)[:40]!r} as {key}, no number of metres")
    return float(value)


def _created(document: dict[str, Any], where: str) -> str | None:
    created = document.get("plan_created")
    if created is not None and not (isinstance(created, str) and 0 < len(created) <= 64):
        raise _wrong(where, "has a plan_created that is no time")
    return created


def _systems(document: dict[str, Any], where: str) -> tuple[int, ...]:
    systems = document.get("systems", [])
    sound = isinstance(systems, list) and all(
        isinstance(each, int) and not isinstance(each, bool) and 1 <= each <= _MOST_SYSTEMS
        for each in systems
    )
    if not sound or len(systems) > _MOST_SYSTEMS:
        raise _wrong(where, "has systems that are no MAVLink numbers")
    return tuple(dict.fromkeys(systems))


def _closed(ring: Ring) -> list[list[float]]:
    return [[round(point.lon_deg, 7), round(point.lat_deg, 7)] for point in (*ring, ring[0])]


def _wrong(where: str, what: str) -> FormatError:
    return FormatError(what, where=where, remedy=_REMEDY)
