"""QGroundControl's landing patterns, for a plane and for one that lands upright."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from missions.errors import FormatError
from missions.formats.imported import number
from missions.formats.qgc_plan_json import REMEDY, figure, flag, listed, position, size, version
from missions.formats.qgc_plan_patterns import Landing
from missions.geodesy import GeoPoint
from missions.items import Command, Frame, MissionItem


def landing(value: dict[str, Any], where: str, first: int) -> tuple[Landing, list[MissionItem]]:
    """The landing and its items: the start of it, the camera off, the approach, the ground.

    Raises FormatError, naming the place.
    """
    version(value, (1, 2), "is a landing", where)
    approach, approach_height_m = _place(value, "landingApproachCoordinate", "loiterCoordinate", where)
    ground, height_m = _place(value, "landCoordinate", "landCoordinate", where)
    circles = flag(value, "useLoiterToAlt", where, default=True)
    radius_m = size(value, "loiterRadius", where)
    side = 1.0 if flag(value, "loiterClockwise", where, default=True) else -1.0
    relative = flag(value, "altitudesAreRelative", where, default=_old_relative(value, where))
    told = Landing(
        vertical=value.get("complexItemType") == "vtolLandingPattern",
        approach=approach,
        approach_height_m=approach_height_m,
        place=ground,
        height_m=height_m,
        radius_m=side * radius_m if circles else 0.0,
        relative=relative,
        first=first,
        last=first,
    )
    items = [
        MissionItem(Command.DO_LAND_START, Frame.MISSION),
        *_before(value, where),
        _approach(told, circles=circles),
        _ground(told),
    ]
    return replace(told, last=first + len(items) - 1), items


def _before(value: dict[str, Any], where: str) -> list[MissionItem]:
    """Speed and camera on the way down."""
    items = []
    if flag(value, "useDoChangeSpeed", where):
        speed_m_s = figure(value, "finalApproachSpeed", where)
        items.append(MissionItem(Command.DO_CHANGE_SPEED, Frame.MISSION, p2=speed_m_s, p3=-1.0))
    if flag(value, "stopTakingPhotos", where):
        items.append(MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION))
        items.append(MissionItem(Command.IMAGE_STOP_CAPTURE, Frame.MISSION))
    if flag(value, "stopVideoPhotos", where):
        items.append(MissionItem(Command.VIDEO_STOP_CAPTURE, Frame.MISSION))
    return items


def _approach(told: Landing, *, circles: bool) -> MissionItem:
    """p1 of circles: leave them towards the ground; p4: along their tangent."""
    place = told.approach
    return MissionItem(
        Command.LOITER_TO_ALT if circles else Command.WAYPOINT,
        _frame(told),
        p1=1.0 if circles else 0.0,
        p2=told.radius_m,
        p4=1.0 if circles else math.nan,
        x=place.lat_deg,
        y=place.lon_deg,
        z=told.approach_height_m,
    )


def _ground(told: Landing) -> MissionItem:
    command = Command.VTOL_LAND if told.vertical else Command.LAND
    p4 = math.nan if told.vertical else 0.0
    place = told.place
    return MissionItem(command, _frame(told), p4=p4, x=place.lat_deg, y=place.lon_deg, z=told.height_m)


def _frame(told: Landing) -> Frame:
    return Frame.GLOBAL_RELATIVE if told.relative else Frame.GLOBAL_AMSL


def _old_relative(value: dict[str, Any], where: str) -> bool:
    """Version 1 said it twice; where the two differ QGroundControl takes both as relative."""
    approach = flag(value, "loiterAltitudeRelative", where, default=True)
    return approach or flag(value, "landAltitudeRelative", where, default=True)


def _place(value: dict[str, Any], key: str, old: str, where: str) -> tuple[GeoPoint, float]:
    here = f"{where}: {key}"
    if key not in value and old not in value:
        raise FormatError(f"has no {key}", where=where, remedy=REMEDY)
    three = listed(value.get(key, value.get(old)), here, 3)
    return position(three, here), number(three[2], here)
