"""Reading an area, whatever it is saved as: the content decides, not the name."""

from __future__ import annotations

from pathlib import Path

from missions.area import Area
from missions.errors import FormatError
from missions.files import read_bounded
from missions.formats.area_geojson import area_from_geojson, load_geojson
from missions.formats.area_kml import area_from_kml
from missions.formats.safe_xml import kml_from_kmz

LIMIT_BYTES = 50_000_000


def read_area(path: Path) -> Area:
    """The area in a GeoJSON, KML or KMZ file. Raises AreaError, FormatError or InputError."""
    data = read_bounded(path, LIMIT_BYTES, "area")
    where = str(path)
    if data.startswith(b"PK"):
        return _named(area_from_kml(kml_from_kmz(data, where), where), path)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<" or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _named(area_from_kml(data, where), path)
    if not start:
        raise FormatError("is an empty file", where=where, remedy="Save the area as GeoJSON or KML")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            "is neither GeoJSON nor KML", where=where, remedy="Save the area as GeoJSON or KML"
        ) from error
    return _named(area_from_geojson(load_geojson(text, where), where), path)


def _named(area: Area, path: Path) -> Area:
    return area if area.name else Area(name=path.stem, parts=area.parts)
