"""Plans out to other programs, and missions back in: the content decides the format, not the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from missions.errors import FormatError
from missions.files import read_bounded
from missions.formats import geojson, gpx, kml, kmz, litchi, markup, mission_planner, qgc_plan, wpl, wpml
from missions.formats.area_geojson import load_geojson
from missions.formats.imported import ImportedMission
from missions.plan import FORMAT, Plan
from missions.plan_file import LIMIT_BYTES, plan_from_json
from missions.plan_items import mission_items

Kind = Literal["plan", "waypoints", "kml", "geojson", "kmz", "gpx", "wpml", "litchi"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PARTS = ("plan-survey", "fence-waypoints", "rally-waypoints", "fen", "ral", "poly")
"""More of what is written: a plan as QGroundControl's own survey, and fence, rally points and area alone."""
_WRITERS: dict[str, Callable[[Plan], bytes]] = {
    "plan": qgc_plan.write,
    "waypoints": wpl.write,
    "kml": kml.write,
    "geojson": geojson.write,
    "kmz": kmz.write,
    "gpx": gpx.write,
    "wpml": wpml.write,
    "litchi": litchi.write,
    "plan-survey": qgc_plan.write_survey,
    "fence-waypoints": wpl.write_fence,
    "rally-waypoints": wpl.write_rally,
    "fen": mission_planner.write_fen,
    "ral": mission_planner.write_ral,
    "poly": mission_planner.write_poly,
}


def export_plan(plan: Plan, kind: str, *, as_survey: bool = False) -> bytes:
    """The plan as a file for another program: one of `KINDS`, or of `PARTS`.

    QGroundControl opens "plan", Mission Planner "waypoints", Google Earth "kml" and "kmz", a GIS "geojson", a
    ground team's receiver "gpx", DJI Pilot 2 "wpml" (a .kmz file) and Litchi "litchi" (a .csv file).
    """
    if kind == "plan" and as_survey:
        kind = "plan-survey"
    if kind not in _WRITERS:
        raise FormatError(f"there is no export to {kind!r}", remedy=f"Choose {', '.join((*KINDS, *PARTS))}")
    return _WRITERS[kind](plan)


def export_files(plan: Plan, kind: str) -> tuple[bytes, ...]:
    """The same as one file or, where Litchi holds less than the whole route, as several flown in turn."""
    return litchi.write_several(plan) if kind == "litchi" else (export_plan(plan, kind),)


def import_plan(path: Path) -> ImportedMission:
    """The mission in a .plan, QGC WPL, KML, KMZ, GPX, GeoJSON or DJI WPML file, or in a plan of ours.

    Raises FormatError or InputError.
    """
    data = read_bounded(path, LIMIT_BYTES, "mission")
    where = str(path)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"QGC"):
        return wpl.read(data, where)
    if start[:1] == b"<" or data[:2] in {b"PK", b"\xff\xfe", b"\xfe\xff"}:
        return markup.read(data, where)
    if start[:1] == b"{":
        return _read_json(data, where)
    if mission_planner.is_mission_planner(data):
        return mission_planner.read(data, where)
    raise FormatError(
        "is no mission that this program reads",
        where=where,
        remedy="Give a .plan, .waypoints, KML, KMZ, GPX, GeoJSON or DJI WPML file",
    )


def _read_json(data: bytes, where: str) -> ImportedMission:
    text = data.decode("utf-8-sig", errors="replace")
    document = load_geojson(text, where)
    if "fileType" in document:
        return qgc_plan.read_document(document, where)
    if document.get("format") == FORMAT:
        plan = plan_from_json(text, where)
        return ImportedMission(
            mission_items(plan), plan.fence, plan.rally, plan.take_off, f"{where} (Droneteam plan)"
        )
    return geojson.read(data, where)
