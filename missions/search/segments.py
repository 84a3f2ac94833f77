"""Search segments: the pieces of ground that are given to teams, as polygons with names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely import MultiPolygon, Polygon

from missions.errors import FormatError
from missions.geodesy import LocalFrame
from missions.search.land import features_of, read_document


@dataclass(frozen=True, slots=True)
class Segment:
    """A named piece of ground, in metres of a frame."""

    name: str
    shape_m: Polygon | MultiPolygon


def read_segments(path: Path, frame: LocalFrame) -> tuple[Segment, ...]:
    """Every polygon of a GeoJSON file by its property `name`, else its number. Raises FormatError."""
    where = str(path)
    found = []
    for number, (_, drawn, properties) in enumerate(features_of(read_document(path), frame, where), 1):
        solid = [part for part in shapely.get_parts(drawn) if isinstance(part, Polygon)]
        if solid:
            name = str(properties.get("name") or f"segment {number}")[:80]
            found.append(Segment(name, solid[0] if len(solid) == 1 else MultiPolygon(solid)))
    if not found:
        raise FormatError("holds no polygon", where=where, remedy="Draw the segments as polygons")
    return tuple(found)
