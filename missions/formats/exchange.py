"""Plans out to other programs, and missions back in: the content decides the format, not the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from missions.errors import FormatError
from missions.files import read_bounded
from missions.formats import geojson, kml, qgc_plan, wpl
from missions.formats.area_geojson import load_geojson
from missions.formats.imported import ImportedMission
from missions.plan import FORMAT, Plan
from missions.plan_file import LIMIT_BYTES, plan_from_json
from missions.plan_items import mission_items

Kind = Literal["plan", "waypoints", "kml", "geojson"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_WRITERS: dict[str, Callable[[Plan], bytes]] = {
    "plan": qgc_plan.write,
    "waypoints": wpl.write,
    "kml": kml.write,
    "geojson": geojson.write,
}


def export_plan(plan: Plan, kind: str) -> bytes:
    """The plan as a file for another program.

    QGroundControl opens "plan", Mission Planner "waypoints", Google Earth "kml" and a GIS "geojson".
    """
    if kind not in _WRITERS:
        raise FormatError(f"there is no export to {kind!r}", remedy=f"Choose {', '.join(KINDS)}")
    return _WRITERS[kind](plan)


def import_plan(path: Path) -> ImportedMission:
    """The mission in a .plan, QGC WPL, KML, KMZ or GeoJSON file, or in a plan of ours.

    Raises FormatError or InputError.
    """
    data = read_bounded(path, LIMIT_BYTES, "mission")
    where = str(path)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"QGC"):
        return wpl.read(data, where)
    if start[:1] == b"<" or data.startswith(b"PK"):
        return kml.read(data, where)
    if start[:1] == b"{":
        return _read_json(data, where)
    raise FormatError(
        "is no mission that this program reads",
        where=where,
        remedy="Give a .plan, .waypoints, KML, KMZ or GeoJSON file",
    )


def _read_json(data: bytes, where: str) -> ImportedMission:
    text = data.decode("utf-8-sig", errors="replace")
    document = load_geojson(text, where)
    if "fileType" in document:
        return qgc_plan.read(data, where)
    if document.get("format") == FORMAT:
        plan = plan_from_json(text, where)
        return ImportedMission(
            mission_items(plan), plan.fence, plan.rally, plan.take_off, f"{where} (Droneteam plan)"
        )
    return geojson.read(data, where)
