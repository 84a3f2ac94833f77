"""Watch points from GeoJSON: points with what their properties ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError, InputError
from missions.files import read_bounded
from missions.geodesy import GeoPoint
from missions.surveillance.points import MAX_POINTS, WatchPoint

LIMIT_BYTES = 1_000_000
_FIGURES = ("max_wait_s", "weight", "dwell_s")
_REMEDY = (
    'Give GeoJSON points, each with {"name": ..., "max_wait_s": 300, "weight": 2, "dwell_s": 10} as it likes'
)


def read_watch_points(
    path: Path, *, max_wait_s: float | None = None, dwell_s: float | None = None
) -> tuple[WatchPoint, ...]:
    """The points of a GeoJSON FeatureCollection; what a point's properties leave open is as given here.

    Raises FormatError naming the feature.
    """
    where = str(path)
    try:
        text = text_from_bytes(read_bounded(path, LIMIT_BYTES, "points"))
    except ValueError as error:
        raise FormatError("is no text", where=where, remedy=_REMEDY) from error
    document = load_json(text, where, _REMEDY)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise FormatError("holds no points to watch", where=where, remedy=_REMEDY)
    if len(features) > MAX_POINTS:
        raise FormatError(
            f"holds {len(features)} points, more than {MAX_POINTS}", where=where, remedy="Watch fewer places"
        )
    given = {"max_wait_s": max_wait_s, "dwell_s": dwell_s}
    defaults = {key: value for key, value in given.items() if value is not None}
    return tuple(
        _point(feature, defaults, f"{where}: feature {number}") for number, feature in enumerate(features, 1)
    )


def _point(feature: Any, defaults: dict[str, float], where: str) -> WatchPoint:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    place: Any = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point" or not _numbers(place):
        raise FormatError("is no point", where=where, remedy=_REMEDY)
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise FormatError("has no properties that can be read", where=where, remedy=_REMEDY)
    told: dict[str, Any] = {key: properties[key] for key in _FIGURES if properties.get(key) is not None}
    if not _numbers([0, 0, *told.values()]):
        raise FormatError(f"{', '.join(_FIGURES)} are numbers", where=where, remedy=_REMEDY)
    try:
        return WatchPoint(
            GeoPoint(lat_deg=float(place[1]), lon_deg=float(place[0])),
            name=str(properties.get("name") or "")[:80],
            **{**defaults, **told},
        )
    except InputError as error:
        raise FormatError(error.what, where=where, remedy=error.remedy or _REMEDY) from error


def _numbers(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) >= 2
        and all(
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
            for value in values
        )
    )
