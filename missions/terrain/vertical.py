"""What the heights in a raster are measured in and from."""

from __future__ import annotations

import pyproj
from pyproj.exceptions import CRSError

from missions.errors import FormatError

US_SURVEY_FOOT_M = 1200 / 3937
FOOT_M = 0.3048
_METRES = {
    "": 1.0,
    "m": 1.0,
    "meter": 1.0,
    "metre": 1.0,
    "meters": 1.0,
    "metres": 1.0,
    "ft": FOOT_M,
    "foot": FOOT_M,
    "feet": FOOT_M,
    "international foot": FOOT_M,
    "us survey foot": US_SURVEY_FOOT_M,
    "us-ft": US_SURVEY_FOOT_M,
    "ftus": US_SURVEY_FOOT_M,
    "dm": 0.1,
    "decimetre": 0.1,
    "decimeter": 0.1,
    "cm": 0.01,
    "centimetre": 0.01,
    "centimeter": 0.01,
}


def horizontal_and_vertical(crs_wkt: str, where: str) -> tuple[pyproj.CRS, str, float | None]:
    """The horizontal reference, the vertical datum's name ("" if none is given) and its unit in metres.

    Raises FormatError for a reference that places nothing on the earth.
    """
    try:
        whole = pyproj.CRS.from_wkt(crs_wkt)
    except CRSError as error:
        raise FormatError(
            "its coordinate reference system is not understood", where=where, remedy=_REFERENCE
        ) from error
    parts = whole.sub_crs_list if whole.is_compound else [whole]
    horizontal = parts[0].to_2d() if parts[0].is_geographic else parts[0]
    if not (horizontal.is_geographic or horizontal.is_projected):
        raise FormatError(
            f"its coordinate reference system ({whole.name}) places nothing on the earth",
            where=where,
            remedy=_REFERENCE,
        )
    if len(parts) < 2:
        return horizontal, "", None
    vertical = parts[1]
    unit_m = vertical.axis_info[0].unit_conversion_factor if vertical.axis_info else None
    return horizontal, vertical.name.removesuffix(" (ftUS)").removesuffix(" (ft)"), unit_m


def metres_of_unit(unit: str | None, where: str) -> float:
    """Metres in a raster's unit; none stated is metres. Raises FormatError for a unit nobody knows."""
    name = (unit or "").strip().lower().replace("_", " ")
    if name not in _METRES:
        raise FormatError(
            f"its heights are in {unit!r}, a unit that is not known",
            where=where,
            remedy="Convert them to metres",
        )
    return _METRES[name]


_REFERENCE = "Give it one, such as gdalwarp -t_srs EPSG:28992"
