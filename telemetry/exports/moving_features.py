"""Paths as OGC Moving Features JSON 1.0 (19-045r3, MF-JSON Prism): GeoJSON in which things move.

Each aircraft is a Feature. `temporalGeometry` is a MovingPoint (a MovingGeometryCollection of them where
there are gaps) of longitude, latitude and height; `temporalProperties` holds height above take-off, speed and
heading. `geometry` is the path as a plain line, so that programs which know GeoJSON alone draw it.

`crs` names the plane alone: `properties` says that heights are above mean sea level. A stretch of which some
height is not known has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import numpy as np

from telemetry.exports.paths import FlightPath, Floats
from telemetry.exports.recorded import FlightRecord
from telemetry.exports.texts import utc_texts

_CRS = {"type": "Name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
_TRS = {"type": "Name", "properties": {"name": "urn:ogc:data:time:iso8601"}}
_FORMS = {"height_relative_m": "MTR", "ground_speed_m_s": "MTS", "heading_deg": "DD"}
"""Units after UN/CEFACT Recommendation 20."""


def write_moving_features(records: Sequence[FlightRecord], name: str, file: TextIO) -> None:
    """Write a FeatureCollection with a Feature for each aircraft that was anywhere."""
    told = {
        "type": "FeatureCollection",
        "crs": _CRS,
        "trs": _TRS,
        "properties": {"name": name, "heights": "metres above mean sea level", "format": "OGC 19-045r3"},
        "features": [_feature(record) for record in records if len(record.path)],
    }
    json.dump(told, file, allow_nan=False, separators=(",", ":"))
    file.write("\n")


def _feature(record: FlightRecord) -> dict[str, Any]:
    path = record.path
    pieces = path.pieces()
    places = [_coordinates(path, piece) for piece in pieces]
    moving = [
        {
            "type": "MovingPoint",
            "datetimes": utc_texts(path.time_s[piece]),
            "coordinates": own,
            "interpolation": "Linear",
        }
        for piece, own in zip(pieces, places, strict=True)
    ]
    return {
        "type": "Feature",
        "id": record.key or f"system-{record.system}",
        "geometry": _line(places),
        "properties": {
            "name": record.title,
            "system": None if record.key else record.system,
            "kind": record.kind,
        },
        "temporalGeometry": moving[0]
        if len(moving) == 1
        else {"type": "MovingGeometryCollection", "prisms": moving},
        "temporalProperties": [told for piece in pieces for told in _properties(path, piece)],
    }


def _coordinates(path: FlightPath, piece: slice) -> list[list[float]]:
    columns = [
        np.round(path.lon_deg[piece], 7),
        np.round(path.lat_deg[piece], 7),
        np.round(path.height_amsl_m[piece], 3),
    ]
    if not np.isfinite(columns[2]).all():
        del columns[2]
    return list(np.column_stack(columns).tolist())


def _line(places: Sequence[list[list[float]]]) -> dict[str, Any]:
    """A line with at least two points, as GeoJSON wants; a lone position is a point."""
    lines = [own for own in places if len(own) > 1]
    if not lines:
        return {"type": "MultiPoint", "coordinates": [own[0] for own in places]}
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines}


def _properties(path: FlightPath, piece: slice) -> Iterator[dict[str, Any]]:
    """What is known at every time together; what is known at some of them by itself, at these times."""
    whole: dict[str, Any] = {}
    for name, form in _FORMS.items():
        values: Floats = getattr(path, name)[piece]
        known = np.isfinite(values)
        measure = {
            "type": "Measure",
            "form": form,
            "values": np.round(values[known], 3).tolist(),
            "interpolation": "Discrete" if name == "heading_deg" else "Linear",
        }
        if known.all():
            whole[name] = measure
        elif known.any():
            yield {"datetimes": utc_texts(path.time_s[piece][known]), name: measure}
    if whole:
        yield {"datetimes": utc_texts(path.time_s[piece]), **whole}
