"""Complex items of a .plan: what each is, and the mission items that it became.

Surveys and corridors keep their items; structures and landings do not: theirs are worked out here as
QGroundControl does when it sends them. Keys: QGroundControl's TransectStyleComplexItem, CameraCalc and
CameraSpec (docs.qgroundcontrol.com/master/en/qgc-dev-guide/file_formats/plan.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from missions.camera import Camera
from missions.errors import FormatError
from missions.formats.imported import check_count, number
from missions.formats.qgc_plan_json import (
    REMEDY,
    figure,
    flag,
    listed,
    places,
    size,
    table,
    version,
)
from missions.formats.qgc_plan_landing import landing
from missions.formats.qgc_plan_patterns import Corridor, HeightAbove, Landing, Lanes, Structure, Survey
from missions.formats.qgc_plan_structure import structure
from missions.items import MissionItem

Complex = Survey | Corridor | Structure | Landing
_TRANSECTS = "TransectStyleComplexItem"
_FROM_DISTANCE_MODE: dict[int, HeightAbove] = {1: "take-off", 2: "amsl", 3: "terrain", 4: "terrain"}


def complex_items(
    value: dict[str, Any], where: str, first: int
) -> tuple[Complex, Sequence[dict[str, Any] | MissionItem]]:
    """What a complex item is, and its items: simple ones of the file, or items worked out.

    `first` is the number of its first item in the mission. Raises FormatError, naming the place.
    """
    kind = value.get("complexItemType")
    if kind == "survey":
        return _survey(value, f"{where}, survey", first)
    if kind == "CorridorScan":
        return _corridor(value, f"{where}, corridor", first)
    if kind == "StructureScan":
        return structure(value, f"{where}, StructureScan", first)
    if kind in ("fwLandingPattern", "vtolLandingPattern"):
        return landing(value, f"{where}, {kind}", first)
    raise FormatError(
        f"{str(kind)[:40]!r} is no item that this program reads",
        where=where,
        remedy="Replace it by waypoints in QGroundControl, or export it as .waypoints",
    )


def _survey(value: dict[str, Any], where: str, first: int) -> tuple[Survey, list[dict[str, Any]]]:
    version(value, (4, 5), "is a survey", where)
    lanes, items = _lanes(value, where)
    border = places(value.get("polygon"), f"{where}, polygon", 3)
    return Survey(border, figure(value, "angle", where), lanes, first, first + len(items) - 1), items


def _corridor(value: dict[str, Any], where: str, first: int) -> tuple[Corridor, list[dict[str, Any]]]:
    version(value, (2, 1), "is a corridor", where)
    lanes, items = _lanes(value, where)
    line = places(value.get("polyline"), f"{where}, polyline", 2)
    return Corridor(line, size(value, "CorridorWidth", where), lanes, first, first + len(items) - 1), items


def _lanes(value: dict[str, Any], where: str) -> tuple[Lanes, list[dict[str, Any]]]:
    if _TRANSECTS not in value:
        raise FormatError(
            "does not hold the items that it stands for",
            where=where,
            remedy="Open and save it in a newer QGroundControl, or export it as .waypoints",
        )
    inner = table(value, _TRANSECTS, where)
    version(inner, (1, 2), f"has a {_TRANSECTS}", where)
    calc = table(inner, "CameraCalc", where)
    here = f"{where}, CameraCalc"
    version(calc, (1, 2), "has a CameraCalc", where)
    lanes = Lanes(
        height_m=figure(calc, "DistanceToSurface", here),
        height_above=_height_above(calc, flag(inner, "FollowTerrain", where), here),
        spacing_m=size(calc, "AdjustedFootprintSide", here),
        trigger_m=size(calc, "AdjustedFootprintFrontal", here),
        camera=_camera(calc, here),
        overlap_side_pct=_overlap(calc, "SideOverlap", here),
        overlap_front_pct=_overlap(calc, "FrontalOverlap", here),
        turn_around_m=size(inner, "TurnAroundDistance", where, 0.0),
        trigger_in_turns=flag(inner, "CameraTriggerInTurnAround", where),
        hover_and_capture=flag(inner, "HoverAndCapture", where),
        refly_90=flag(inner, "Refly90Degrees", where),
        pictures=int(size(inner, "CameraShots", where, 0.0)),
        points=places(inner.get("VisualTransectPoints", []), f"{where}, VisualTransectPoints"),
    )
    return lanes, _items(inner.get("Items"), f"{where}, Items")


def _items(value: Any, where: str) -> list[dict[str, Any]]:
    items = listed(value, where)
    check_count(items, where)
    for index, item in enumerate(items, 1):
        if not isinstance(item, dict) or item.get("type") != "SimpleItem":
            raise FormatError("is no SimpleItem", where=f"{where}, item {index}", remedy=REMEDY)
    return items


def _height_above(calc: dict[str, Any], follows_terrain: bool, where: str) -> HeightAbove:
    if follows_terrain:
        return "terrain"
    if "DistanceMode" not in calc:
        return "take-off" if flag(calc, "DistanceToSurfaceRelative", where, default=True) else "amsl"
    mode = figure(calc, "DistanceMode", where)
    if mode in _FROM_DISTANCE_MODE:
        return _FROM_DISTANCE_MODE[int(mode)]
    raise FormatError(f"DistanceMode {mode} is none", where=where, remedy=REMEDY)


def _overlap(calc: dict[str, Any], key: str, where: str) -> float | None:
    if key not in calc:
        return None
    share = number(calc[key], f"{where}: {key}")
    if 0 <= share <= 95:
        return share
    raise FormatError(f"a {key} of {share} % is none", where=where, remedy=REMEDY)


def _camera(calc: dict[str, Any], where: str) -> Camera | None:
    """The camera, where the survey was laid out with one; its long side across the lanes if Landscape."""
    name = calc.get("CameraName")
    if not isinstance(name, str):
        raise FormatError("has no CameraName", where=where, remedy=REMEDY)
    if "FocalLength" not in calc:
        return None
    keys = ("SensorWidth", "SensorHeight", "FocalLength", "ImageWidth", "ImageHeight")
    width, height, focal, columns, rows = (_positive(calc, key, where) for key in keys)
    if not flag(calc, "Landscape", where, default=True):
        width, height, columns, rows = height, width, rows, columns
    return Camera(
        name=name[:200],
        sensor_width_mm=width,
        sensor_height_mm=height,
        focal_length_mm=focal,
        image_width_px=round(columns),
        image_height_px=round(rows),
        min_interval_s=size(calc, "MinTriggerInterval", where, 0.0),
        source="QGroundControl plan",
    )


def _positive(calc: dict[str, Any], key: str, where: str) -> float:
    value = figure(calc, key, where)
    if 1e-3 <= value <= 1e6:
        return value
    raise FormatError(f"{key} is {value}: no camera has that", where=where, remedy=REMEDY)
