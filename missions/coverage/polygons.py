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
_DEPTH = 3
"""Lists in one another: rings, places, figures."""
_REMEDY = "Give each polygon as [border, hole, ...] with rings of [east, north] in metres"


def polygons_in(data: bytes, where: str) -> dict[str, object]:
    """Names and rings, not looked into yet. Raises FormatError."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is no JSON ({error})", where=where, remedy=_REMEDY) from error
    if not isinstance(found, dict):
        raise FormatError("holds no names with polygons", where=where, remedy=_REMEDY)
    if isinstance(found.get("type"), str):
        raise FormatError(
            "is GeoJSON, whose places are longitude and latitude",
            where=where,
            remedy=f"Plan it with droneteam plan search. {_REMEDY}",
        )
    if len(found) > MAX_POLYGONS:
        raise FormatError(f"holds more than {MAX_POLYGONS} polygons", where=where, remedy="Divide the file")
    return found


def polygon_of(rings: object, name: str) -> Polygon | MultiPolygon:
    """A valid shape: what the rings enclose, closed or not, either way round, though they cross themselves.

    An area of several parts is a list of such lists. Raises AreaError, which names the polygon.
    """
    if not isinstance(rings, list) or not rings:
        raise AreaError("is no list of rings", where=name, remedy=_REMEDY)
    several = _depth(rings) == _DEPTH + 1
    of_parts = rings if several else [rings]
    points = sum(len(ring) for part in of_parts for ring in part if isinstance(ring, list))
    if points > MAX_POINTS:
        raise AreaError(f"has more than {MAX_POINTS} points", where=name, remedy="Simplify its border")
    if not several:
        return _part(rings, name)
    drawn = [_part(part, f"{name}, part {index}") for index, part in enumerate(of_parts)]
    parts = [part for part in shapely.get_parts(shapely.union_all(drawn)) if isinstance(part, Polygon)]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _depth(rings: object) -> int:
    """How deep lists lie in one another, told by the first of each; parts must all be lists."""
    depth = 0
    while isinstance(rings, list) and rings and depth <= _DEPTH:
        if depth == 0 and not all(isinstance(part, list) for part in rings):
            return 1
        rings, depth = rings[0], depth + 1
    return depth


def _part(rings: list[object], name: str) -> Polygon | MultiPolygon:
    """What a border and its holes enclose."""
    if not rings:
        raise AreaError("is no list of rings", where=name, remedy=_REMEDY)
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
