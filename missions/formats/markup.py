"""Missions in XML and in archives of it: KML, KMZ, GPX and DJI WPML, told apart by what is in them."""

from __future__ import annotations

from missions.errors import FormatError
from missions.formats import gpx, kml, wpml_read
from missions.formats.area_kml import each, tag
from missions.formats.imported import ImportedMission
from missions.formats.kmz import kml_from_kmz
from missions.formats.safe_xml import parse_xml


def read(data: bytes, where: str) -> ImportedMission:
    """The mission in a KML, KMZ, GPX or WPML file. Raises FormatError."""
    if data.startswith(b"PK"):
        if wpml_read.is_wpml(data, where):
            return wpml_read.read(data, where)
        data = kml_from_kmz(data, where)
    root = parse_xml(data, where)
    if tag(root) == "kml" and each(root, "missionConfig"):
        raise FormatError(
            "is one of the files in a DJI wayline archive",
            where=where,
            remedy="Give the .kmz that holds it, or pack it as wpmz/waylines.wpml in one",
        )
    readers = {"kml": kml.read_root, "gpx": gpx.read_root}
    if tag(root) not in readers:
        raise FormatError(
            f"is neither KML nor GPX: it begins with {tag(root)[:40]!r}",
            where=where,
            remedy="Give a KML, KMZ, GPX or DJI WPML file",
        )
    return readers[tag(root)](root, where)
