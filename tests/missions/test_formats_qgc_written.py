"""QGroundControl plans as we write them, and patterns read back."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import random
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from shapely import Polygon

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import AreaError, FormatError, SettingsError
from missions.formats import area_from_geojson, import_plan
from missions.formats.imported import ImportedMission
from missions.formats.qgc_plan_patterns import (
    Landing,
    Structure,
    area_from_survey,
    only_survey,
    view_from_lanes,
)
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command, Frame
from missions.local import local_from_ring
from missions.plan import LookAt, Plan, Waypoint
from missions.search_plan import plan_search
from missions.view import View

CREATED = "2026-03-01T10:00:00Z"


HOME = GeoPoint(52.0, 4.35)


FRAME = LocalFrame(HOME)


VIEW = View(camera("demo-wide"), 60.0)


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


def test_an_upright_camera_and_heights_above_terrain_are_told(tmp_path: Path) -> None:
    back = opened(tmp_path, qgc(ITEM, SURVEY_VALUES, ITEM))
    lanes = only_survey(back.surveys, "here").lanes
    assert lanes.height_above == "terrain"
    assert lanes.camera is not None
    assert (lanes.camera.sensor_width_mm, lanes.camera.image_width_px) == (15.6, 4000)
    assert view_from_lanes(lanes) == View(lanes.camera, 80, 60, 70)
    assert (back.surveys[0].first, back.surveys[0].last, len(back.items)) == (2, 3, 5)
    for mode, told in ((1, "take-off"), (2, "amsl"), (3, "terrain")):
        values = changed(SURVEY_VALUES, "TransectStyleComplexItem", "CameraCalc", DistanceMode=mode)
        assert opened(tmp_path, qgc(values)).surveys[0].lanes.height_above == told
    amsl = dataclasses.replace(lanes, height_above="amsl")
    with pytest.raises(SettingsError, match="sea level"):
        view_from_lanes(amsl)
    assert view_from_lanes(amsl, height_agl_m=80.0).height_agl_m == 80.0


def test_a_corridor_of_another_program_is_told(tmp_path: Path) -> None:
    back = opened(tmp_path, qgc(CORRIDOR_VALUES))
    (told,) = back.corridors
    assert (told.width_m, len(told.line), told.first, told.last) == (50, 3, 1, 2)


def test_a_planes_landing_becomes_circles_down_and_a_landing(tmp_path: Path) -> None:
    back = opened(tmp_path, qgc(ITEM, LANDING_VALUES))
    (told,) = back.landings
    ground = GeoPoint(52.0, 4.0)
    assert told == Landing(False, GeoPoint(52.004, 4.0), 40, ground, 0, -75, True, 2, 7)
    items = back.items[told.first : told.last + 1]
    assert [one.command for one in items] == [189, 206, 2001, 2501, 31, 21]
    circles, down = items[-2:]
    assert (circles.p1, circles.p2, circles.p4, circles.z) == (1, -75, 1, 40)
    assert (down.frame, down.x, down.z) == (Frame.GLOBAL_RELATIVE, 52.0, 0)


def test_landings_straight_in_upright_and_of_the_first_version(tmp_path: Path) -> None:
    straight = changed(
        LANDING_VALUES, useLoiterToAlt=False, altitudesAreRelative=False, complexItemType="vtolLandingPattern"
    )
    back = opened(tmp_path, qgc(straight))
    assert (back.landings[0].vertical, back.landings[0].radius_m) == (True, 0.0)
    assert [one.command for one in back.items[-2:]] == [16, Command.VTOL_LAND]
    assert {one.frame for one in back.items[-2:]} == {Frame.GLOBAL_AMSL}
    assert math.isnan(back.items[-1].p4)
    old = changed(
        LANDING_VALUES,
        version=1,
        altitudesAreRelative=None,
        landingApproachCoordinate=None,
        loiterCoordinate=[52.004, 4.0, 40],
        loiterAltitudeRelative=False,
        landAltitudeRelative=False,
    )
    first = opened(tmp_path, qgc(old)).landings[0]
    assert (first.relative, first.approach) == (False, GeoPoint(52.004, 4.0))


def test_a_structure_becomes_rings_from_the_top(tmp_path: Path) -> None:
    back = opened(tmp_path, qgc(STRUCTURE_VALUES))
    (told,) = back.structures
    assert isinstance(told, Structure)
    assert (told.layers, told.layer_m, told.distance_m, told.from_top) == (3, 10, 20, True)
    items = back.items[told.first : told.last + 1]
    # Entrance, camera aside; a layer is four corners, the first again, camera on and off; ahead, exit.
    assert len(items) == 2 + 3 * (5 + 2) + 2
    heights = {one.z for one in items if one.command == Command.WAYPOINT}
    assert heights == {50, 30, 20, 10}
    border = Polygon(local_from_ring(told.border, FRAME))
    corners = [GeoPoint(one.x, one.y) for one in items if one.command == Command.WAYPOINT]
    apart = [border.distance(Polygon(local_from_ring(corners[1:5], FRAME)).exterior) for _ in range(1)]
    assert apart == pytest.approx([20], abs=0.1)


def test_a_jump_names_the_item_whatever_stands_before_it(tmp_path: Path) -> None:
    target = {**ITEM, "doJumpId": 77}
    jump = {**ITEM, "command": 177, "params": [77, 3, 0, 0, 0, 0, 0], "doJumpId": 78}
    back = opened(tmp_path, qgc(SURVEY_VALUES, target, jump))
    assert back.items[-1].p1 == 3.0
    assert back.items[3].x == 52


def test_an_old_fence_and_a_place_to_return_to_are_read(tmp_path: Path) -> None:
    fence = {"version": 1, "polygon": RING, "breachReturn": [52.0005, 4.0005, 30]}
    back = opened(tmp_path, qgc(ITEM, geoFence=fence))
    assert len(back.fence.inclusions[0].border) == 4
    assert back.fence_return == GeoPoint(52.0005, 4.0005)


SURVEY_AT, CALC_AT = ("TransectStyleComplexItem",), ("TransectStyleComplexItem", "CameraCalc")


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (
            changed(SURVEY_VALUES, version=3),
            "item 1, survey: is a survey of version 3.* reads version 4 and 5",
        ),
        (changed(SURVEY_VALUES, version="5"), "is a survey of version 5"),
        (changed(SURVEY_VALUES, polygon=RING[:2]), "survey, polygon.* no list of 3"),
        (changed(SURVEY_VALUES, polygon=[[52, 4], [52], [52, 5]]), "polygon, point 2"),
        (changed(SURVEY_VALUES, polygon=[[52, 4], [99, 4], [52, 5]]), "polygon, point 2.* out of range"),
        (changed(SURVEY_VALUES, angle=None), "has no angle"),
        (changed(SURVEY_VALUES, angle="north"), "angle: 'north' is no number"),
        (changed(SURVEY_VALUES, angle=math.nan), "angle: 'nan' is no number"),
        (changed(SURVEY_VALUES, *SURVEY_AT, version=3), "TransectStyleComplexItem of version 3"),
        (changed(SURVEY_VALUES, *SURVEY_AT, Items="x"), "Items: 'x' is no list"),
        (changed(SURVEY_VALUES, *SURVEY_AT, Items=[SURVEY_VALUES]), "Items, item 1: is no SimpleItem"),
        (changed(SURVEY_VALUES, *SURVEY_AT, Items=[{**ITEM, "params": []}]), "Items, item 1"),
        (changed(SURVEY_VALUES, *SURVEY_AT, CameraCalc=[]), "CameraCalc is no table"),
        (changed(SURVEY_VALUES, *SURVEY_AT, HoverAndCapture=1), "HoverAndCapture is '1', not true"),
        (changed(SURVEY_VALUES, TransectStyleComplexItem=None), "does not hold the items"),
        (changed(SURVEY_VALUES, *CALC_AT, version=3), "CameraCalc of version 3"),
        (changed(SURVEY_VALUES, *CALC_AT, CameraName=None), "has no CameraName"),
        (changed(SURVEY_VALUES, *CALC_AT, FocalLength=0), "FocalLength is 0.0: no camera"),
        (changed(SURVEY_VALUES, *CALC_AT, ImageWidth=1e12), "ImageWidth"),
        (changed(SURVEY_VALUES, *CALC_AT, SideOverlap=100), "SideOverlap of 100"),
        (changed(SURVEY_VALUES, *CALC_AT, DistanceMode=9), "DistanceMode 9"),
        (changed(SURVEY_VALUES, *CALC_AT, AdjustedFootprintSide=-1), "AdjustedFootprintSide is -1.0, below"),
        (changed(CORRIDOR_VALUES, polyline=RING[:1]), "corridor, polyline"),
        (changed(CORRIDOR_VALUES, CorridorWidth=None), "has no CorridorWidth"),
        (changed(LANDING_VALUES, landCoordinate=None), "has no landCoordinate"),
        (changed(LANDING_VALUES, landCoordinate=[52, 4]), "landCoordinate.* no list of 3"),
        (changed(LANDING_VALUES, version=9), "is a landing of version 9"),
        (changed(STRUCTURE_VALUES, Layers=1e6), "layers of 4 corners"),
        (changed(STRUCTURE_VALUES, polygon=[RING[0], RING[2], RING[1], RING[3]]), "crosses itself"),
        (changed(SURVEY_VALUES, complexItemType="spiral"), "'spiral' is no item"),
        ({"type": "OldItem"}, "'OldItem' is no mission item"),
        ([], "is no mission item"),
    ],
)
def test_a_wrong_item_is_refused_with_its_place(tmp_path: Path, item: Any, told: str) -> None:
    with pytest.raises(FormatError, match=told) as raised:
        opened(tmp_path, qgc(item))
    assert "some.plan: mission, item 1" in str(raised.value)
    assert raised.value.remedy


# MAVSDK in a process of its own: it keeps threads, and must not outlive the test.
MAVSDK = """
import json, sys
from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.mission_raw import MissionRaw
from pymavlink.dialects.v20 import ardupilotmega as mav

sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
sdk.add_any_connection("raw://")
link = mav.MAVLink(None, 1, 1)
sdk.pass_received_raw_bytes(link.heartbeat_encode(2, 3, 0, 0, 3).pack(link))
raw = MissionRaw(sdk.first_autopilot(10.0))
read = {"plan": raw.import_qgroundcontrol_mission, "waypoints": raw.import_mission_planner_mission}
got = read[sys.argv[1]](sys.argv[2])
lists = (got.mission_items, got.geofence_items, got.rally_items)
with open(sys.argv[3], "w") as out:
    json.dump([[vars(item) for item in items] for items in lists], out)
raw.destroy()
sdk.destroy()
"""


@pytest.fixture(scope="module")
def mavsdk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bytes], list[list[dict[str, Any]]]]:
    """Reads a file as MAVSDK does."""
    if find_spec("mavsdk") is None:
        pytest.skip("the package mavsdk is not installed")
    folder = tmp_path_factory.mktemp("mavsdk")

    def read(kind: str, content: bytes) -> list[list[dict[str, Any]]]:
        path, result = folder / f"mission.{kind}", folder / "items.json"
        path.write_bytes(content)
        result.unlink(missing_ok=True)
        command = [sys.executable, "-c", MAVSDK, kind, str(path), str(result)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert result.exists(), done.stdout + done.stderr
        lists: list[list[dict[str, Any]]] = json.loads(result.read_text())
        return lists

    return read


def test_a_survey_that_crosses_itself_is_told_but_is_no_area(tmp_path: Path) -> None:
    bow = changed(SURVEY_VALUES, polygon=[RING[0], RING[2], RING[1], RING[3]])
    survey = only_survey(opened(tmp_path, qgc(bow)).surveys, "here")
    with pytest.raises(AreaError, match="crosses itself"):
        area_from_survey(survey)
    with pytest.raises(FormatError, match="holds 0 surveys"):
        only_survey((), "here")
