"""Formats, one file each: areas come in as GeoJSON or KML; plans go out and come back."""

from missions.formats.area_file import read_area
from missions.formats.area_geojson import area_from_geojson
from missions.formats.exchange import KINDS, PARTS, export_files, export_plan, import_plan
from missions.formats.imported import ImportedMission
from missions.formats.losses import losses

__all__ = [
    "KINDS",
    "PARTS",
    "ImportedMission",
    "area_from_geojson",
    "export_files",
    "export_plan",
    "import_plan",
    "losses",
    "read_area",
]
