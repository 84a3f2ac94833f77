"""Formats, one file each: areas come in as GeoJSON or KML; plans go out and come back."""

from missions.formats.area_file import read_area
from missions.formats.area_geojson import area_from_geojson
from missions.formats.exchange import KINDS, PARTS, export_plan, import_plan
from missions.formats.imported import ImportedMission

__all__ = [
    "KINDS",
    "PARTS",
    "ImportedMission",
    "area_from_geojson",
    "export_plan",
    "import_plan",
    "read_area",
]
