"""DJI waylines (WPML) back into a route, ours and those of DJI Pilot 2, FlightHub 2 and others.

`waylines.wpml` is what is flown and is read where it is there; a waypoint template is read without it.
Elements and values: see `missions.formats.wpml`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from missions.errors import FormatError
from missions.formats.area_kml import child, each, first_text, tag
from missions.formats.imported import MAX_ITEMS, ImportedMission, check_count, home_first, place
from missions.formats.route_items import items_from_route
from missions.formats.safe_xml import parse_xml
from missions.formats.safe_zip import file_in_archive, names_in_archive
from missions.formats.wpml_doing import do_actions
from missions.formats.wpml_values import finite, finite_of, point_of, text_of
from missions.geodesy import GeoPoint
from missions.items import Command, Frame, MissionType
from missions.plan import Fence, LookAt, Waypoint

_REMEDY = "Save it again in DJI Pilot 2, with heights relative to the take-off point"

_ABOVE_GROUND = frozenset({"realTimeFollowSurface", "aboveGroundLevel"})


@dataclass(frozen=True, slots=True)
class Waylines:
    """What a WPML archive says: the route, and the take-off point where it names one.

    `above_ground` says that the heights are above the ground, which the aircraft holds by itself; then
    `height_relative_m` is the same number.
    """

    route: tuple[Waypoint, ...]
    take_off: GeoPoint | None
    cruise_speed_m_s: float
    above_ground: bool


def is_wpml(data: bytes, where: str) -> bool:
    """Whether an archive holds waylines or a wayline template. Raises FormatError where it is no archive."""
    names = names_in_archive(data, where)
    return any(_named("waylines.wpml", name) or name.endswith("wpmz/template.kml") for name in names)


def read(data: bytes, where: str) -> ImportedMission:
    """The mission in a WPML archive. Raises FormatError."""
    waylines = read_waylines(data, where)
    home = waylines.take_off
    items = items_from_route(waylines.route, home or waylines.route[0].place, waylines.cruise_speed_m_s)
    check_count(items, where)
    if home is None:
        items = (home_first(None), *items[1:])
    if waylines.above_ground:
        items = tuple(
            dataclasses.replace(item, frame=Frame.GLOBAL_TERRAIN)
            if index and item.command in {Command.WAYPOINT, Command.TAKEOFF}
            else item
            for index, item in enumerate(items)
        )
    told = f"{where} (DJI WPML)"
    return ImportedMission(items, Fence(), (), home, told, route=waylines.route, holds=(MissionType.MISSION,))


def read_waylines(data: bytes, where: str) -> Waylines:
    """The route in a WPML archive; several waylines are flown one after another. Raises FormatError."""
    template = _document(data, where, "template.kml")
    flown = _document(data, where, "waylines.wpml")
    where = f"{where}: {'template.kml' if flown is None else 'waylines.wpml'}"
    root = template if flown is None else flown
    if root is None:
        raise FormatError("holds no waylines", where=where, remedy=_REMEDY)
    origin = _origin(template, where)
    folders = each(root, "Folder")
    found = [_folder(one, origin, f"{where}, folder {index}") for index, one in enumerate(folders, 1)]
    route = tuple(waypoint for one in found for waypoint in one.route)
    if not route:
        raise FormatError("holds no waypoints", where=where, remedy=_REMEDY)
    check_count(route, where)
    if len({one.above_ground for one in found if one.route}) > 1:
        raise FormatError("mixes heights above the ground with others", where=where, remedy=_REMEDY)
    first = next(one for one in found if one.route)
    return Waylines(route, None if origin is None else origin.place, first.speed_m_s, first.above_ground)


@dataclass(frozen=True, slots=True)
class _Origin:
    """The take-off point; its height is above the ellipsoid."""

    place: GeoPoint
    height_m: float


@dataclass(frozen=True, slots=True)
class _Folder:
    route: list[Waypoint]
    speed_m_s: float
    above_ground: bool


def _named(wanted: str, name: str) -> bool:
    return name.rpartition("/")[2] == wanted


def _document(data: bytes, where: str, name: str) -> Element | None:
    found = file_in_archive(data, where, lambda one: _named(name, one))
    return None if found is None else parse_xml(found, f"{where}: {name}")


def _origin(template: Element | None, where: str) -> _Origin | None:
    points = [] if template is None else each(template, "takeOffRefPoint")
    if not points or not points[0].text:
        return None
    lat, lon, height_m = point_of(points[0].text, where)
    return _Origin(place(lat, lon, where), height_m)


def _folder(folder: Element, origin: _Origin | None, where: str) -> _Folder:
    """One wayline: its waypoints, then what is done at and between them."""
    marks = [one for one in folder if tag(one) == "Placemark" and child(one, "Point") is not None]
    if len(marks) > MAX_ITEMS:
        raise FormatError(f"holds {len(marks)} waypoints", where=where, remedy="Divide the mission")
    speed_m_s = finite_of(folder, "autoFlightSpeed", where, 10.0)
    if not speed_m_s > 0:
        raise FormatError(f"flies at {speed_m_s:g} m/s", where=where, remedy=_REMEDY)
    reader = _Reader(folder, origin, speed_m_s, _mode(folder))
    route = [reader.waypoint(mark, f"{where}, waypoint {index}") for index, mark in enumerate(marks)]
    groups = [(one, where) for mark in marks for one in mark if tag(one) == "actionGroup"]
    return _Folder(
        do_actions(route, groups, speed_m_s),
        speed_m_s,
        reader.mode in {"realTimeFollowSurface", "aboveGroundLevel"},
    )


def _mode(folder: Element) -> str:
    return text_of(folder, "executeHeightMode") or next(
        (str(one.text or "").strip() for one in each(folder, "heightMode")), "relativeToStartPoint"
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the placemarks of one folder."""

    folder: Element
    origin: _Origin | None
    speed_m_s: float
    mode: str

    def waypoint(self, mark: Element, where: str) -> Waypoint:
        lon, lat, _ = point_of(first_text(mark, "coordinates"), where)
        own_speed = text_of(mark, "useGlobalSpeed") != "1"
        speed_m_s = finite_of(mark, "waypointSpeed", where, self.speed_m_s) if own_speed else self.speed_m_s
        if not 0 < speed_m_s < 1000:
            raise FormatError(f"flies at {speed_m_s:g} m/s", where=where, remedy=_REMEDY)
        heading_deg, look_at = self._heading(mark, where)
        height_m = self._height(mark, where)
        return Waypoint(
            place(lat, lon, where),
            height_m,
            height_agl_m=height_m if self.mode in _ABOVE_GROUND else None,
            speed_m_s=None if speed_m_s == self.speed_m_s else speed_m_s,
            heading_deg=heading_deg,
            look_at=look_at,
        )

    def _height(self, mark: Element, where: str) -> float:
        """Metres above the take-off point, or above the ground where the aircraft holds that itself."""
        executed = text_of(mark, "executeHeight")
        if executed:
            return self._relative(finite(executed, where), self.mode, where)
        if text_of(mark, "useGlobalHeight") == "1" and text_of(self.folder, "globalHeight"):
            return finite_of(self.folder, "globalHeight", where, None)
        if self.mode == "EGM96":
            return self._relative(finite_of(mark, "ellipsoidHeight", where, None), "WGS84", where)
        return finite_of(mark, "height", where, None)

    def _relative(self, height_m: float, mode: str, where: str) -> float:
        if mode != "WGS84":
            return height_m
        if self.origin is None:
            raise FormatError(
                "heights are above the ellipsoid, and the take-off point is not named",
                where=where,
                remedy=_REMEDY,
            )
        return round(height_m - self.origin.height_m, 6)

    def _heading(self, mark: Element, where: str) -> tuple[float | None, LookAt | None]:
        own = text_of(mark, "useGlobalHeadingParam") != "1"
        param = (
            child(mark, "waypointHeadingParam") if own else child(self.folder, "globalWaypointHeadingParam")
        )
        mode = "" if param is None else text_of(param, "waypointHeadingMode")
        if param is None or mode not in {"fixed", "smoothTransition", "towardPOI"}:
            return None, None
        if mode == "towardPOI":
            lat, lon, height_m = point_of(text_of(param, "waypointPoiPoint"), where)
            return None, LookAt(place(lat, lon, where), height_m)
        angle_deg = finite_of(param, "waypointHeadingAngle", where, 0.0)
        return round(angle_deg % 360, 9), None
