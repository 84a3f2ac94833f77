"""Marks and figures as GeoJSON (RFC 7946): longitude, latitude on WGS 84, uncertainties as properties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import Polygon, mapping
from shapely.geometry.polygon import orient

from imaging.lens import Array
from imaging.measure.figures import Figure, MarkPosition
from imaging.scene import write_json
from imaging.sheet.content import SheetContent, check_content
from imaging.sheet.numbers import stated
from imaging.sheet.panel import radius_95_m

DECIMALS = 9
"""A tenth of a millimetre."""


def write_geojson(path: Path, content: SheetContent) -> None:
    """Write the marks as points and the figures as lines and polygons. Raises InputError, OutputError.

    Positions have no third number: RFC 7946 keeps that for heights above the ellipsoid, and these are above
    the scene's own zero (`up_m`).
    """
    check_content(content)
    measurement = content.measurement
    marks = measurement.marks
    lonlat = content.frame.geo_from_local(np.array([mark.local_m[:2] for mark in marks]).reshape(-1, 2))
    places = {mark.letter: np.round(at, DECIMALS) for mark, at in zip(marks, lonlat, strict=True)}
    body: dict[str, Any] = {
        "type": "FeatureCollection",
        "evidence": measurement.evidence,
        "verdict": measurement.verdict,
        "case": content.case.number,
        "created": content.created.isoformat(),
        "height_reference": content.height_reference,
        "features": [
            *(_mark(mark, places[mark.letter]) for mark in marks),
            *(
                _figure(number, figure, places, measurement.verdict)
                for number, figure in enumerate(measurement.figures, 1)
            ),
        ],
    }
    write_json(path, body)


def _mark(mark: MarkPosition, at: Array) -> dict[str, Any]:
    east, north, up = (float(value) for value in mark.sigma_m)
    return {
        "type": "Feature",
        "id": f"mark-{mark.letter}",
        "geometry": {"type": "Point", "coordinates": at.tolist()},
        "properties": {
            "kind": "mark",
            "letter": mark.letter,
            "note": mark.note,
            "up_m": float(mark.local_m[2]),
            "sigma_east_m": east,
            "sigma_north_m": north,
            "sigma_up_m": up,
            "radius_95_m": radius_95_m(mark),
            "photos": list(mark.photos),
        },
    }


def _figure(number: int, figure: Figure, places: dict[str, Array], verdict: str) -> dict[str, Any]:
    points = [places[letter].tolist() for letter in figure.letters]
    geometry: dict[str, Any] = {"type": "LineString", "coordinates": points}
    if figure.kind == "area":
        # Exterior rings run counter-clockwise (RFC 7946, 3.1.6).
        geometry = dict(mapping(orient(Polygon(points))))
    return {
        "type": "Feature",
        "id": f"figure-{number}",
        "geometry": geometry,
        "properties": {
            "kind": figure.kind,
            "letters": list(figure.letters),
            "value": figure.value,
            "half_width_95": figure.half_width_95,
            "unit": figure.unit,
            "words": stated(figure.value, figure.half_width_95, figure.unit).words(figure.unit),
            "note": figure.note,
            "verdict": verdict,
        },
    }
