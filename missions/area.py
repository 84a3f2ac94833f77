"""An area: what must be covered, as polygons with holes on WGS84."""

from __future__ import annotations

from dataclasses import dataclass

from missions.geodesy import GeoPoint

Ring = tuple[GeoPoint, ...]
"""A closed ring; the first point is not repeated at the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """One polygon: its border and the holes in it."""

    border: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """One or more polygons. Read one with `missions.formats.read_area`, which checks it."""

    name: str
    parts: tuple[Part, ...]
