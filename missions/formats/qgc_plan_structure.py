"""QGroundControl's structure scan: rings round a structure, one above the other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from missions.area import Ring
from missions.errors import FormatError
from missions.formats.imported import MAX_ITEMS
from missions.formats.qgc_plan_json import REMEDY, figure, flag, places, size, table, version
from missions.formats.qgc_plan_patterns import Structure
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command, Frame, MissionItem
from missions.local import local_from_ring, places_from_local


def structure(value: dict[str, Any], where: str, first: int) -> tuple[Structure, list[MissionItem]]:
    """The structure and its items: an entrance, the camera to the side, the rings, and out again.

    Rings keep their corners (the structure's border, moved out), so that they agree with QGroundControl's
    but for the order of the corners. Raises FormatError, naming the place.
    """
    version(value, (3,), "is a structure scan", where)
    calc = table(value, "CameraCalc", where)
    here = f"{where}, CameraCalc"
    border = places(value.get("polygon"), f"{where}, polygon", 3)
    told = Structure(
        border=border,
        distance_m=size(calc, "DistanceToSurface", here),
        bottom_m=figure(value, "ScanBottomAlt", where),
        top_m=figure(value, "StructureHeight", where),
        layers=_layers(value, len(border), where),
        layer_m=size(calc, "AdjustedFootprintFrontal", here),
        gimbal_pitch_deg=figure(value, "GimbalPitch", where),
        entrance_height_m=figure(value, "EntranceAltitude", where),
        trigger_m=size(calc, "AdjustedFootprintSide", here),
        from_top=flag(value, "StartFromTop", where),
        first=first,
        last=first,
    )
    ring = _moved_out(border, told.distance_m, where)
    items = _items(told, ring)
    return replace(told, last=first + len(items) - 1), items


def _layers(value: dict[str, Any], corners: int, where: str) -> int:
    layers = figure(value, "Layers", where)
    if 1 <= layers <= MAX_ITEMS / (corners + 3):
        return int(layers)
    raise FormatError(f"has {layers:.0f} layers of {corners} corners", where=where, remedy=REMEDY)


def _moved_out(border: Ring, distance_m: float, where: str) -> Ring:
    frame = LocalFrame(border[0])
    shape = Polygon(local_from_ring(border, frame))
    if not shape.is_valid or distance_m > 10_000:
        raise FormatError("the border crosses itself or lies too far out", where=where, remedy=REMEDY)
    out: BaseGeometry = shape.buffer(distance_m, join_style="mitre")
    if out.is_empty or not isinstance(out, Polygon):
        raise FormatError("the border is no area", where=where, remedy=REMEDY)
    return places_from_local(shapely.get_coordinates(out.exterior)[:-1], frame)


def _items(told: Structure, ring: Ring) -> list[MissionItem]:
    entrance = _waypoint(ring[0], told.entrance_height_m)
    # Parameters 5 and 7 of this command: pitch, and 90 degrees to the right.
    aside = MissionItem(Command.DO_SET_ROI_WPNEXT_OFFSET, Frame.MISSION, x=told.gimbal_pitch_deg, z=90.0)
    items = [entrance, aside]
    step_m = -told.layer_m if told.from_top else told.layer_m
    height_m = (told.top_m if told.from_top else told.bottom_m) + step_m / 2
    for _ in range(told.layers):
        corners = [_waypoint(place, height_m) for place in (*ring, ring[0])]
        items += [corners[0], _camera(told.trigger_m), *corners[1:], _camera(0.0)]
        height_m += step_m
    return [*items, MissionItem(Command.DO_SET_ROI_NONE, Frame.MISSION), entrance]


def _waypoint(place: GeoPoint, height_m: float) -> MissionItem:
    return MissionItem(
        Command.WAYPOINT,
        Frame.GLOBAL_RELATIVE,
        p4=math.nan,
        x=place.lat_deg,
        y=place.lon_deg,
        z=height_m,
    )


def _camera(apart_m: float) -> MissionItem:
    at_once = 1.0 if apart_m > 0 else 0.0
    return MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION, p1=apart_m, p3=at_once)
