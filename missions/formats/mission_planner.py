"""Mission Planner's own files: .fen (fence), .poly (a drawn area) and .ral (rally points).

Text, one point a line, degrees, `#` before a comment. A .fen begins with the place to return to, then the
fence, its first corner again at the end; a .poly is that without a return point; a .ral has lines of
RALLY, latitude, longitude, height, break height, landing direction and flags. MAVProxy and pymavlink's
mavwp read the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from missions.area import Area, Part
from missions.errors import FormatError
from missions.formats.imported import ImportedMission, check_count, number, place
from missions.formats.rings import MAX_POINTS, area_from_rings
from missions.formats.text_lines import lines_of
from missions.geodesy import GeoPoint
from missions.items import MissionType
from missions.plan import Fence, Plan, Rally

_HEAD = "#saved by Droneteam"
_RALLY_COLUMNS = 7
_REMEDY = "Save it again in Mission Planner"


def write_fen(plan: Plan) -> bytes:
    """The fence's border, with take-off as the place to return to.

    Raises FormatError for a fence of several parts or with forbidden areas: this file has no place for them.
    """
    fence = plan.fence
    if len(fence.inclusions) != 1 or fence.exclusions or fence.inclusions[0].holes:
        raise FormatError(
            "a .fen file holds one border without holes", remedy="Export the fence as fence-waypoints"
        )
    border = fence.inclusions[0].border
    return _written([plan.take_off, *border, border[0]])


def write_poly(plan: Plan) -> bytes:
    """The area's border. Raises FormatError for an area of several parts or with holes."""
    if len(plan.area.parts) != 1 or plan.area.parts[0].holes:
        raise FormatError("a .poly file holds one border without holes", remedy="Export the plan as geojson")
    border = plan.area.parts[0].border
    return _written([*border, border[0]])


def write_ral(plan: Plan) -> bytes:
    """The rally points. Raises FormatError where there are none."""
    if not plan.rally:
        raise FormatError("the plan has no rally points", remedy="Plan it again")
    rows = [
        ("RALLY", _degrees(one.place.lat_deg), _degrees(one.place.lon_deg), f"{one.height_relative_m:.2f}")
        for one in plan.rally
    ]
    # Break height and landing direction: 0 leaves both to the autopilot.
    return _text([_HEAD, *("\t".join((*row, "0", "0", "0")) for row in rows)])


def _written(points: Sequence[GeoPoint]) -> bytes:
    return _text([_HEAD, *(f"{_degrees(one.lat_deg)} {_degrees(one.lon_deg)}" for one in points)])


def _degrees(value: float) -> str:
    return f"{value:.8f}"


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("ascii")


def is_mission_planner(data: bytes) -> bool:
    """Whether a file looks like one of these: RALLY or two numbers on its first line that is no comment."""
    for line in data[:100_000].decode("utf-8-sig", errors="replace").splitlines():
        if line.strip() and not line.startswith("#"):
            fields = line.split()
            return fields[0].upper() == "RALLY" or (len(fields) == 2 and all(map(_is_number, fields)))
    return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read(data: bytes, where: str) -> ImportedMission:
    """The fence of a .fen or the rally points of a .ral. Raises FormatError, naming the line."""
    rows = _rows(data, where)
    if rows[0][1][0].upper() == "RALLY":
        told = f"{where} (Mission Planner rally)"
        return ImportedMission((), Fence(), _rally(rows, where), None, told, holds=(MissionType.RALLY,))
    points = _points(rows, where)
    if _is_area(points):
        raise FormatError(
            "is a drawn area, no mission and no fence", where=where, remedy="Give it as the area to plan for"
        )
    home, *ring = points
    closed = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    if len(closed) < 3:
        raise FormatError(f"a fence of {len(closed)} corners is none", where=where, remedy=_REMEDY)
    fence = Fence(inclusions=(Part(tuple(closed)),))
    told = f"{where} (Mission Planner fence)"
    return ImportedMission((), fence, (), None, told, fence_return=home, holds=(MissionType.FENCE,))


def read_poly(data: bytes, where: str, name: str = "") -> Area:
    """The area of a .poly. Raises FormatError and AreaError, naming the line or the point."""
    points = _points(_rows(data, where), where)
    if len(points) > 1 and not _is_area(points) and points[1] == points[-1]:
        raise FormatError("is a fence with a place to return to", where=where, remedy="Give a .poly file")
    return area_from_rings(name, [[[(one.lon_deg, one.lat_deg) for one in points]]], where)


def _is_area(points: Sequence[GeoPoint]) -> bool:
    """A border closed at its very first point has no place to return to before it."""
    return len(points) > 3 and points[0] == points[-1]


_Row = tuple[int, list[str]]


def _rows(data: bytes, where: str) -> list[_Row]:
    rows = [(index, line.split()) for index, line in lines_of(data, where, MAX_POINTS)]
    if not rows:
        raise FormatError("holds no points", where=where, remedy=_REMEDY)
    return rows


def _points(rows: Sequence[_Row], where: str) -> list[GeoPoint]:
    points = []
    for index, fields in rows:
        here = f"{where}, line {index}"
        if len(fields) != 2:
            raise FormatError(f"has {len(fields)} columns instead of 2", where=here, remedy=_REMEDY)
        points.append(place(_number(fields[0], here), _number(fields[1], here), here))
    return points


def _rally(rows: Sequence[_Row], where: str) -> tuple[Rally, ...]:
    check_count(rows, where)
    points = []
    for index, fields in rows:
        here = f"{where}, line {index}"
        if len(fields) != _RALLY_COLUMNS or fields[0].upper() != "RALLY":
            raise FormatError(f"is no RALLY line of {_RALLY_COLUMNS} columns", where=here, remedy=_REMEDY)
        lat, lon, height_m = (_number(field, here) for field in fields[1:4])
        points.append(Rally(place(lat, lon, here), height_m))
    return tuple(points)


def _number(text: str, where: str) -> float:
    try:
        return number(float(text), where)
    except ValueError as error:
        raise FormatError(f"{text[:40]!r} is no number", where=where, remedy=_REMEDY) from error
