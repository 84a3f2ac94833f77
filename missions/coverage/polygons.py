"""Polygons in metres as a benchmark's file has them, checked before anything is planned."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from missions.errors import AreaError, FormatError

MAX_POLYGONS = 10_000
MAX_POINTS = 20_000
_FARTHEST_M = 1e8
_REMEDY = "Give each polygon as [border, hole, ...] with rings of [east, north] in metres"


def polygons_in(data: bytes, where: str) -> dict[str, object]:
    """Names and rings, not looked into yet. Raises FormatError."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is no JSON ({error})", where=where, remedy=_REMEDY) from error
    if not isinstance(found, dict):
        raise FormatError("holds no names with polygons", where=where, remedy=_REMEDY)
    if len(found) > MAX_POLYGONS:
        raise FormatError(f"holds more than {MAX_POLYGONS} polygons", where=where, remedy="Divide the file")
    return found


def polygon_of(rings: object, name: str) -> Polygon | MultiPolygon:
    """A valid shape: what the rings enclose, closed or not, either way round, though they cross themselves.

    Raises AreaError, which names the polygon.
    """
    if not isinstance(rings, list) or not rings:
        raise AreaError("is no list of rings", where=name, remedy=_REMEDY)
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > MAX_POINTS:
        raise AreaError(f"has more than {MAX_POINTS} points", where=name, remedy="Simplify its border")
    places = [_ring(ring, f"{name}, ring {index}") for index, ring in enumerate(rings)]
    holes = [ring for ring in places[1:] if len(ring) >= 3]
    if len(places[0]) < 3:
        raise AreaError("has a border of fewer than three places", where=name, remedy=_REMEDY)
    drawn = Polygon(places[0], holes)
    valid = drawn if drawn.is_valid else shapely.make_valid(drawn, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(valid) if isinstance(part, Polygon) and part.area > 0]
    if not parts:
        raise AreaError("encloses no ground", where=name, remedy=_REMEDY)
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def routes_file(routes: dict[str, dict[str, Any]]) -> bytes:
    """What the score reads, to a millimetre."""
    for route in routes.values():
        for key in ("path", "legs"):
            route[key] = np.round(route[key], 3).tolist()
    return json.dumps(routes).encode()


def _ring(ring: object, where: str) -> npt.NDArray[np.float64]:
    """The ring's places (n, 2) without repeated ones."""
    try:
        places = np.asarray(ring, dtype=float)
    except (ValueError, TypeError, OverflowError) as error:
        raise AreaError("is no list of places", where=where, remedy=_REMEDY) from error
    if not places.size:
        return np.zeros((0, 2))
    if places.ndim != 2 or places.shape[1] not in {2, 3}:
        raise AreaError("is no list of places", where=where, remedy=_REMEDY)
    places = places[:, :2]
    if not np.isfinite(places).all() or np.abs(places).max() > _FARTHEST_M:
        raise AreaError("has a place without a proper figure", where=where, remedy=_REMEDY)
    moved = np.any(places != np.roll(places, 1, axis=0), axis=1)
    return places[moved]
