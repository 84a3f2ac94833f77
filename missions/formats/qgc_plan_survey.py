"""Our plans as QGroundControl's own surveys and corridors, so that they can be edited there as such.

The lanes stay ours (Items, VisualTransectPoints) until somebody changes the survey in QGroundControl, which
then lays its own. Written are version 1 of the camera and the lanes, which every QGroundControl since 3.5
reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from missions.camera import Camera
from missions.errors import FormatError
from missions.formats.qgc_plan_line import middle_line
from missions.geodesy import GeoPoint
from missions.items import Command
from missions.plan import Plan

SURVEYS = ("parallel-track", "creeping-line", "photo-grid")
CORRIDOR = "corridor"
_FLOWN = frozenset({Command.WAYPOINT, Command.LOITER_TURNS, Command.LOITER_TIME})


def complex_document(plan: Plan, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The plan's pattern as one complex item that stands for these simple items.

    Raises FormatError for a pattern that QGroundControl has no item for, and for an area of several parts.
    """
    lanes = {"TransectStyleComplexItem": _lanes(plan, items), "type": "ComplexItem"}
    if plan.request.pattern == CORRIDOR:
        line = middle_line(plan.route)
        return {
            **lanes,
            "version": 2,
            "complexItemType": "CorridorScan",
            "CorridorWidth": plan.request.figures["width_m"],
            "EntryPoint": 0,
            "polyline": [_pair(point) for point in line],
        }
    if plan.request.pattern not in SURVEYS:
        known = ", ".join((*SURVEYS, CORRIDOR))
        raise FormatError(
            f"QGroundControl has no survey for the pattern {plan.request.pattern!r}",
            remedy=f"Export it as plan; surveys are {known}",
        )
    if len(plan.area.parts) != 1:
        raise FormatError(
            f"the area has {len(plan.area.parts)} parts and a QGroundControl survey holds one",
            remedy="Export it as plan, or plan each part by itself",
        )
    border = plan.area.parts[0].border
    return {
        **lanes,
        "version": 5,
        "complexItemType": "survey",
        "angle": plan.totals.angle_deg,
        "entryLocation": _entry(border, plan.route[0].place),
        "flyAlternateTransects": False,
        "splitConcavePolygons": False,
        "polygon": [_pair(point) for point in border],
    }


def _pair(place: GeoPoint) -> list[float]:
    return [place.lat_deg, place.lon_deg]


def _lanes(plan: Plan, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": 1,
        "CameraCalc": _camera_calc(plan),
        "CameraShots": plan.totals.photos,
        "CameraTriggerInTurnAround": False,
        "FollowTerrain": False,
        "HoverAndCapture": False,
        "Items": list(items),
        "Refly90Degrees": bool(plan.request.figures.get("crosshatch")),
        "TurnAroundDistance": 0,
        "VisualTransectPoints": [one["params"][4:6] for one in items if one["command"] in _FLOWN],
    }


def _camera_calc(plan: Plan) -> dict[str, Any]:
    """The camera by its own figures ("Custom Camera": what QGroundControl calls one it does not know)."""
    camera: Camera = plan.camera
    request = plan.request
    return {
        "version": 1,
        "CameraName": "Custom Camera",
        "ValueSetIsDistance": True,
        "DistanceToSurface": request.height_agl_m,
        "DistanceToSurfaceRelative": True,
        "AdjustedFootprintSide": plan.totals.lane_spacing_m,
        "AdjustedFootprintFrontal": plan.totals.trigger_distance_m,
        "SideOverlap": request.overlap_side_pct,
        "FrontalOverlap": request.overlap_front_pct,
        # Centimetres a pixel.
        "ImageDensity": 100 * camera.gsd_m(request.height_agl_m),
        "SensorWidth": camera.sensor_width_mm,
        "SensorHeight": camera.sensor_height_mm,
        "FocalLength": camera.focal_length_mm,
        "ImageWidth": camera.image_width_px,
        "ImageHeight": camera.image_height_px,
        "Landscape": True,
        "FixedOrientation": False,
        "MinTriggerInterval": camera.min_interval_s,
    }


def _entry(border: Sequence[GeoPoint], start: GeoPoint) -> int:
    """Which corner the lanes begin at: 0 top left, 1 top right, 2 bottom left, 3 bottom right."""
    north = (min(one.lat_deg for one in border) + max(one.lat_deg for one in border)) / 2
    east = (min(one.lon_deg for one in border) + max(one.lon_deg for one in border)) / 2
    return 2 * int(start.lat_deg < north) + int(start.lon_deg > east)
