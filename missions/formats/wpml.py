"""A plan as DJI waylines (WPML): an archive of `wpmz/template.kml` and `wpmz/waylines.wpml`.

Elements and values: DJI Cloud API, "DJI WPML" (overview, template.kml, waylines.wpml, common elements;
docs/en/60.api-reference/00.dji-wpml in dji-sdk/Cloud-API-Doc, v1.11.3).

The template is a waypoint template with every waypoint of the plan: a mapping template would have DJI Pilot 2
lay lanes of its own, across holes and no-fly zones, in place of those that were checked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

from missions.errors import FormatError
from missions.formats.circles import without_circles
from missions.formats.kmz import packed
from missions.formats.wpml_actions import Doings, Group, write_group, yaw
from missions.formats.wpml_models import Model, lens_of, model_of, payload_of
from missions.formats.wpml_xml import Value, add, document, fill, shown, written
from missions.plan import Plan, Waypoint

TEMPLATE = "wpmz/template.kml"
WAYLINES = "wpmz/waylines.wpml"
HeightMode = Literal["relativeToStartPoint", "WGS84", "realTimeFollowSurface"]
SAFE_TAKE_OFF_M = 20.0
"""The aircraft climbs to this height before it flies anywhere."""
_FASTEST_TRANSIT_M_S = 15.0
_WHERE = "export to wpml"
_STOP = "toPointAndStopWithDiscontinuityCurvature"
_THROUGH = "toPointAndPassWithContinuityCurvature"


@dataclass(frozen=True, slots=True)
class _Mission:
    """What both files say: the waypoints, which are flown through in a curve, and what is done there."""

    plan: Plan
    model: Model
    route: tuple[Waypoint, ...]
    curved: tuple[bool, ...]
    groups: tuple[Group, ...]
    take_off_m: float
    """Height of the take-off point above the ellipsoid; 0 where it is not known."""


def write(
    plan: Plan,
    *,
    height_mode: HeightMode = "relativeToStartPoint",
    take_off_ellipsoid_m: float | None = None,
) -> bytes:
    """The plan as a WPML archive.

    Heights are above the take-off point, or above the WGS84 ellipsoid where the take-off point's height above
    it is given, or above the ground, which only some aircraft hold by themselves. Raises FormatError for an
    aircraft or a camera that WPML does not know, and for heights that are not known.
    """
    model = model_of(plan.aircraft)
    points = list(without_circles(plan.route))
    route = tuple(point for point, _ in points)
    if len(route) < 2:
        raise FormatError(
            "the route has fewer than two waypoints", where=_WHERE, remedy="Plan a longer route"
        )
    suffix = re.sub(r"[^a-z0-9]+", "-", plan.request.pattern.lower()).strip("-") or "plan"
    doings = Doings(lens_of(plan.aircraft, plan.camera), suffix, plan.totals.trigger_distance_m)
    curved = tuple(on_circle for _, on_circle in points)
    groups = tuple(doings.groups(route))
    mission = _Mission(plan, model, route, curved, groups, take_off_ellipsoid_m or 0.0)
    heights = _heights(mission, height_mode, take_off_ellipsoid_m)
    return packed({TEMPLATE: _template(mission), WAYLINES: _waylines(mission, height_mode, heights)})


def _heights(mission: _Mission, mode: HeightMode, take_off_ellipsoid_m: float | None) -> list[float]:
    """What `executeHeight` holds."""
    if mode == "relativeToStartPoint":
        return [one.height_relative_m for one in mission.route]
    if mode == "WGS84":
        if take_off_ellipsoid_m is None:
            raise FormatError(
                "the take-off point's height above the ellipsoid is not known",
                where=_WHERE,
                remedy="Give it, or write heights above the take-off point",
            )
        return [take_off_ellipsoid_m + one.height_relative_m for one in mission.route]
    known = [one.height_agl_m for one in mission.route if one.height_agl_m is not None]
    if not mission.model.follows_surface or len(known) < len(mission.route):
        raise FormatError(
            f"{mission.plan.aircraft.name} cannot hold this route above the ground by itself",
            where=_WHERE,
            remedy="Write heights above the take-off point; a plan over terrain follows it with them",
        )
    return known


def _template(mission: _Mission) -> bytes:
    plan = mission.plan
    root, inside = document(mission.model.version)
    when = _milliseconds(plan.created)
    fill(inside, {"author": "Droneteam", "createTime": when, "updateTime": when})
    _mission_config(inside, mission, template=True)
    folder = fill(SubElement(inside, "Folder"), {"templateType": "waypoint", "templateId": 0})
    fill(
        add(folder, "waylineCoordinateSysParam"),
        {"coordinateMode": "WGS84", "heightMode": "relativeToStartPoint", "positioningType": "GPS"},
    )
    add(folder, "autoFlightSpeed", plan.aircraft.cruise_speed_m_s)
    add(folder, "globalHeight", mission.route[0].height_relative_m)
    add(folder, "gimbalPitchMode", "manual")
    _heading(add(folder, "globalWaypointHeadingParam"), None)
    fill(folder, {"globalWaypointTurnMode": _STOP, "globalUseStraightLine": 1})
    for index, waypoint in enumerate(mission.route):
        placemark = _placemark(folder, index, waypoint)
        height_m = waypoint.height_relative_m
        fill(
            placemark,
            {
                "ellipsoidHeight": mission.take_off_m + height_m,
                "height": height_m,
                "useGlobalHeight": 0,
                "useGlobalSpeed": 0,
            },
        )
        add(placemark, "waypointSpeed", _speed(plan, waypoint))
        add(placemark, "useGlobalHeadingParam", 0)
        _heading(add(placemark, "waypointHeadingParam"), waypoint)
        add(placemark, "useGlobalTurnParam", 0)
        _turn(placemark, mission.curved[index])
        _groups(placemark, mission.groups, index)
    payload = fill(add(folder, "payloadParam"), {"payloadPositionIndex": 0})
    add(payload, "imageFormat", lens_of(plan.aircraft, plan.camera))
    return written(root)


def _waylines(mission: _Mission, mode: HeightMode, heights: Sequence[float]) -> bytes:
    plan = mission.plan
    root, inside = document(mission.model.version)
    _mission_config(inside, mission, template=False)
    folder = fill(
        SubElement(inside, "Folder"),
        {
            "templateId": 0,
            "executeHeightMode": mode,
            "waylineId": 0,
            "autoFlightSpeed": plan.aircraft.cruise_speed_m_s,
        },
    )
    for index, (waypoint, height_m) in enumerate(zip(mission.route, heights, strict=True)):
        placemark = _placemark(folder, index, waypoint)
        fill(placemark, {"executeHeight": height_m, "waypointSpeed": _speed(plan, waypoint)})
        _heading(add(placemark, "waypointHeadingParam"), waypoint)
        _turn(placemark, mission.curved[index])
        _groups(placemark, mission.groups, index)
    return written(root)


def _mission_config(parent: Element, mission: _Mission, *, template: bool) -> None:
    plan, place = mission.plan, mission.plan.take_off
    values: dict[str, Value] = {
        "flyToWaylineMode": "safely",
        "finishAction": "goHome",
        "exitOnRCLost": "executeLostAction",
        "executeRCLostAction": "goBack",
        "takeOffSecurityHeight": SAFE_TAKE_OFF_M,
    }
    if template:
        take_off = (place.lat_deg, place.lon_deg, mission.take_off_m)
        values["takeOffRefPoint"] = ",".join(shown(float(one)) for one in take_off)
        values["takeOffRefPointAGLHeight"] = 0
    values["globalTransitionalSpeed"] = min(plan.aircraft.cruise_speed_m_s, _FASTEST_TRANSIT_M_S)
    values["globalRTHHeight"] = max(SAFE_TAKE_OFF_M, *(one.height_relative_m for one in mission.route))
    config = fill(add(parent, "missionConfig"), values)
    model = mission.model
    fill(add(config, "droneInfo"), {"droneEnumValue": model.drone, "droneSubEnumValue": model.sub})
    payload = payload_of(plan.aircraft, plan.camera)
    fill(add(config, "payloadInfo"), {"payloadEnumValue": payload, "payloadPositionIndex": 0})


def _placemark(folder: Element, index: int, waypoint: Waypoint) -> Element:
    placemark = SubElement(folder, "Placemark")
    place = waypoint.place
    where = SubElement(SubElement(placemark, "Point"), "coordinates")
    where.text = f"{shown(float(place.lon_deg))},{shown(float(place.lat_deg))}"
    add(placemark, "index", index)
    return placemark


def _speed(plan: Plan, waypoint: Waypoint) -> float:
    return waypoint.speed_m_s or plan.aircraft.cruise_speed_m_s


def _heading(parent: Element, waypoint: Waypoint | None) -> None:
    """The nose along the way, held as it was turned here, or towards a place."""
    mode, angle_deg, looked_at = "followWayline", 0.0, (0.0, 0.0, 0.0)
    if waypoint is not None and waypoint.look_at is not None:
        mode, at = "towardPOI", waypoint.look_at
        looked_at = (at.place.lat_deg, at.place.lon_deg, at.height_relative_m)
    elif waypoint is not None and waypoint.heading_deg is not None:
        mode, angle_deg = "fixed", yaw(waypoint.heading_deg)
    fill(
        parent,
        {
            "waypointHeadingMode": mode,
            "waypointHeadingAngle": angle_deg,
            "waypointPoiPoint": ",".join(shown(float(one)) for one in looked_at),
            "waypointHeadingPathMode": "followBadArc",
        },
    )


def _turn(placemark: Element, curved: bool) -> None:
    turn: dict[str, Value] = {"waypointTurnMode": _THROUGH if curved else _STOP, "waypointTurnDampingDist": 0}
    fill(add(placemark, "waypointTurnParam"), turn)
    add(placemark, "useStraightLine", 0 if curved else 1)


def _groups(placemark: Element, groups: Sequence[Group], index: int) -> None:
    """The groups that begin here: they are in the order of their first waypoint."""
    at = bisect_left(groups, index, key=lambda one: one.first)
    while at < len(groups) and groups[at].first == index:
        write_group(placemark, at, groups[at])
        at += 1


def _milliseconds(created: str) -> int:
    try:
        when = datetime.fromisoformat(created)
    except ValueError:
        return 0
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
