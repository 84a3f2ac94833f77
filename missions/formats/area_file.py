"""Reading an area, whatever it is saved as: the content decides, not the name."""

from __future__ import annotations

from pathlib import Path

from missions.area import Area
from missions.bounded_json import text_from_bytes
from missions.errors import FormatError
from missions.files import read_bounded
from missions.formats.area_geojson import area_from_geojson, load_geojson
from missions.formats.area_kml import area_from_kml
from missions.formats.kmz import kml_from_kmz
from missions.formats.mission_planner import is_mission_planner, read_poly
from missions.formats.qgc_plan import area_from_plan, is_plan

LIMIT_BYTES = 50_000_000
_SAVE = "Save the area as GeoJSON or KML"


def read_area(path: Path) -> Area:
    """The area in a GeoJSON, KML, KMZ or .poly file, or of the surveys in a QGroundControl plan.

    Raises AreaError, FormatError or InputError.
    """
    data = read_bounded(path, LIMIT_BYTES, "area")
    where = str(path)
    if data.startswith(b"PK"):
        return _named(area_from_kml(kml_from_kmz(data, where), where), path)
    try:
        text = text_from_bytes(data)
    except ValueError as error:
        if data.lstrip().startswith(b"<"):
            return _named(area_from_kml(data, where), path)
        raise FormatError("is neither GeoJSON nor KML", where=where, remedy=_SAVE) from error
    start = text.lstrip()[:1]
    if start == "<":
        return _named(area_from_kml(data, where), path)
    if not start:
        raise FormatError("is an empty file", where=where, remedy=_SAVE)
    if is_mission_planner(data):
        return _named(read_poly(data, where), path)
    document = load_geojson(text, where)
    if is_plan(document):
        return _named(area_from_plan(document, where), path)
    return _named(area_from_geojson(document, where), path)


def _named(area: Area, path: Path) -> Area:
    return area if area.name else Area(name=path.stem, parts=area.parts)
