"""Plans and readers that the tests of QGroundControl files share."""

from __future__ import annotations

import dataclasses
import functools
import json
import random
from pathlib import Path
from typing import Any

from missions.aircraft import Aircraft
from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.formats import area_from_geojson, import_plan
from missions.formats.imported import ImportedMission
from missions.geodesy import GeoPoint, LocalFrame
from missions.patterns.corridor import corridor
from missions.patterns.expanding_square import expanding_square
from missions.patterns.orbit import orbit
from missions.plan import LookAt, Plan, Waypoint
from missions.planner import Setup, plan_pattern
from missions.search_plan import plan_search
from missions.view import View

CREATED = "2026-03-01T10:00:00Z"


HOME = GeoPoint(52.0, 4.35)


FRAME = LocalFrame(HOME)


VIEW = View(camera("demo-wide"), 60.0)


ROAD = tuple(FRAME.point_from_local(east, north) for east, north in [(0, 0), (300, 40), (500, 300)])


def setup(vehicle: Aircraft | None = None) -> Setup:
    return Setup(vehicle or aircraft("ardupilot-copter"), CREATED, take_off=HOME)


def field() -> Area:
    corners = [[4.350, 52.0], [4.355, 52.0], [4.356, 52.002], [4.350, 52.003], [4.350, 52.0]]
    return area_from_geojson({"type": "Polygon", "coordinates": [corners]}, "field", "Field")


@functools.cache
def searched() -> Plan:
    return plan_search(field(), aircraft("ardupilot-copter"), VIEW.camera, created=CREATED, angle_deg=20.0)


def everything(seed: int) -> Plan:
    """A plan with every field of a waypoint in odd amounts."""
    chance = random.Random(seed)

    def maybe(value: float) -> float | None:
        return value if chance.random() < 0.5 else None

    def place() -> GeoPoint:
        return FRAME.point_from_local(chance.uniform(-900, 900), chance.uniform(-900, 900))

    route = tuple(
        Waypoint(
            place(),
            chance.uniform(20, 110),
            recording=chance.random() < 0.5,
            speed_m_s=maybe(chance.uniform(2, 20)),
            hold_s=chance.choice([0.0, 3.4]),
            heading_deg=maybe(chance.uniform(-180, 360)),
            gimbal_pitch_deg=maybe(chance.uniform(-90, 20)),
            look_at=LookAt(place(), chance.uniform(0, 40)) if chance.random() < 0.4 else None,
            picture=chance.random() < 0.4,
            trigger_m=maybe(chance.uniform(1, 90)),
            orbit_turns=chance.choice([0.0, 0.25, 2.7]),
            orbit_radius_m=chance.uniform(-400, 400),
        )
        for _ in range(30)
    )
    return dataclasses.replace(searched(), route=route)


@functools.cache
def patterned(name: str) -> Plan:
    """A plan of each kind of thing that items can say."""
    if name == "corridor":
        return plan_pattern(corridor(ROAD, VIEW, width_m=90.0), VIEW, setup())
    if name == "orbit":
        return plan_pattern(orbit(HOME, VIEW, radius_m=40.0, turns=1.5, clockwise=False), VIEW, setup())
    if name == "native-orbit":
        return plan_pattern(orbit(HOME, VIEW, radius_m=40.0, turns=2.0, native=True), VIEW, setup())
    if name == "expanding-square":
        return plan_pattern(expanding_square(HOME, VIEW), VIEW, setup())
    if name == "plane":
        plane = aircraft("ardupilot-plane")
        return plan_search(field(), plane, VIEW.camera, created=CREATED, height_agl_m=100)
    return searched() if name == "parallel-track" else everything(int(name.removeprefix("everything-")))


PATTERNS = ["parallel-track", "plane", "corridor", "orbit", "native-orbit", "expanding-square"]


PATTERNS += [f"everything-{seed}" for seed in range(5)]


def opened(folder: Path, content: bytes | str, name: str = "some.plan") -> ImportedMission:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_plan(path)


ITEM = {"type": "SimpleItem", "command": 16, "frame": 3, "params": [0, 0, 0, None, 52, 4, 50]}


TRANSECT_VALUES = {
    "version": 2,
    "CameraCalc": {
        "version": 2,
        "CameraName": "Sony A6000",
        "DistanceMode": 4,
        "DistanceToSurface": 80,
        "AdjustedFootprintSide": 40,
        "AdjustedFootprintFrontal": 20,
        "SideOverlap": 60,
        "FrontalOverlap": 70,
        "SensorWidth": 23.5,
        "SensorHeight": 15.6,
        "FocalLength": 16,
        "ImageWidth": 6000,
        "ImageHeight": 4000,
        "Landscape": False,
    },
    "CameraShots": 12,
    "TurnAroundDistance": 5,
    "VisualTransectPoints": [[52, 4], [52.001, 4]],
    "Items": [ITEM, ITEM],
}


RING = [[52, 4], [52.001, 4], [52.001, 4.001], [52, 4.001]]


SURVEY_VALUES = {
    "type": "ComplexItem",
    "complexItemType": "survey",
    "version": 5,
    "angle": 30,
    "polygon": RING,
    "TransectStyleComplexItem": TRANSECT_VALUES,
}


CORRIDOR_VALUES = {
    "type": "ComplexItem",
    "complexItemType": "CorridorScan",
    "version": 2,
    "CorridorWidth": 50,
    "polyline": RING[:3],
    "TransectStyleComplexItem": TRANSECT_VALUES,
}


LANDING_VALUES = {
    "type": "ComplexItem",
    "complexItemType": "fwLandingPattern",
    "version": 2,
    "landCoordinate": [52.0, 4.0, 0],
    "landingApproachCoordinate": [52.004, 4.0, 40],
    "loiterRadius": 75,
    "loiterClockwise": False,
    "altitudesAreRelative": True,
    "useLoiterToAlt": True,
    "stopTakingPhotos": True,
    "stopVideoPhotos": True,
}


STRUCTURE_VALUES = {
    "type": "ComplexItem",
    "complexItemType": "StructureScan",
    "version": 3,
    "CameraCalc": {"DistanceToSurface": 20, "AdjustedFootprintFrontal": 10, "AdjustedFootprintSide": 15},
    "EntranceAltitude": 50,
    "ScanBottomAlt": 5,
    "StructureHeight": 35,
    "Layers": 3,
    "GimbalPitch": 0,
    "StartFromTop": True,
    "polygon": RING,
}


def qgc(*items: Any, **parts: Any) -> str:
    mission = {"items": list(items), "plannedHomePosition": [52, 4, 10], "version": 2}
    return json.dumps({"fileType": "Plan", "version": 1, "mission": mission, **parts})


def changed(values: dict[str, Any], *path: str, **new: Any) -> dict[str, Any]:
    """The document with values changed in the table at a path; None takes a key away."""
    if path:
        return {**values, path[0]: changed(values[path[0]], *path[1:], **new)}
    return {key: value for key, value in {**values, **new}.items() if value is not None}
