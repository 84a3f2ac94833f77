"""QGroundControl's .plan: surveys, corridors, structures and landings as what they are, and as items."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from shapely import LineString, Polygon

from missions.aircraft import Aircraft
from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import AreaError, FormatError, SettingsError
from missions.formats import area_from_geojson, export_plan, import_plan, read_area
from missions.formats.imported import ImportedMission
from missions.formats.qgc_plan_patterns import (
    Landing,
    Lanes,
    Structure,
    Survey,
    Vehicle,
    area_from_survey,
    only_survey,
    view_from_lanes,
)
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.items import Command, Frame
from missions.local import local_from_ring
from missions.patterns.corridor import corridor
from missions.patterns.expanding_square import expanding_square
from missions.patterns.orbit import orbit
from missions.plan import LookAt, Plan, Waypoint
from missions.plan_items import mission_items
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


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("kind", ["plan", "waypoints"])
def test_what_was_written_comes_back(tmp_path: Path, name: str, kind: str) -> None:
    plan = patterned(name)
    back = opened(tmp_path, export_plan(plan, kind))
    assert back.items == mission_items(plan)
    assert back.home == plan.take_off
    if kind == "plan":
        assert (back.fence, back.rally) == (plan.fence, plan.rally)
        mav_type = 1 if plan.aircraft.kind == "plane" else 2
        speed_m_s = plan.aircraft.cruise_speed_m_s
        assert back.vehicle == Vehicle(3, mav_type, speed_m_s, speed_m_s)


def test_a_search_is_written_as_a_survey_that_tells_what_was_asked(tmp_path: Path) -> None:
    plan = searched()
    back = opened(tmp_path, export_plan(plan, "plan", as_survey=True))
    assert back.items == mission_items(plan)
    survey = only_survey(back.surveys, "here")
    assert survey.border == plan.area.parts[0].border
    assert (survey.angle_deg, survey.lanes.height_m, survey.lanes.height_above) == (20.0, 60.0, "take-off")
    assert survey.lanes.spacing_m == plan.totals.lane_spacing_m
    assert survey.lanes.trigger_m == plan.totals.trigger_distance_m
    assert survey.lanes.pictures == plan.totals.photos
    inside = back.items[survey.first : survey.last + 1]
    flown = [GeoPoint(one.x, one.y) for one in inside if one.command == Command.WAYPOINT]
    assert tuple(flown) == survey.lanes.points
    assert [one.command for one in back.items[: survey.first]] == [16, 22, 178]
    assert [one.command for one in back.items[survey.last + 1 :]] == [20]


def test_from_a_survey_the_area_is_planned_anew(tmp_path: Path) -> None:
    plan = searched()
    survey = only_survey(opened(tmp_path, export_plan(plan, "plan-survey")).surveys, "here")
    view = view_from_lanes(survey.lanes)
    assert view.spacing_m == pytest.approx(VIEW.spacing_m)
    assert view.trigger_m == pytest.approx(VIEW.trigger_m)
    again = plan_search(
        area_from_survey(survey, "Field"),
        plan.aircraft,
        view.camera,
        created=CREATED,
        height_agl_m=view.height_agl_m,
        overlap_side_pct=view.overlap_side_pct,
        overlap_front_pct=view.overlap_front_pct,
        angle_deg=survey.angle_deg,
    )
    assert again.totals.lanes == plan.totals.lanes
    assert again.totals.length_m == pytest.approx(plan.totals.length_m, rel=0.01)


def test_a_plan_with_a_survey_is_an_area_too(tmp_path: Path) -> None:
    path = tmp_path / "asked.plan"
    path.write_bytes(export_plan(searched(), "plan-survey"))
    area = read_area(path)
    assert area.name == "asked"
    assert set(area.parts[0].border) == set(field().parts[0].border)
    path.write_bytes(export_plan(searched(), "plan"))
    with pytest.raises(FormatError, match="holds no survey"):
        read_area(path)


def test_a_corridor_is_written_as_one_along_its_line(tmp_path: Path) -> None:
    plan = patterned("corridor")
    back = opened(tmp_path, export_plan(plan, "plan-survey"))
    assert back.items == mission_items(plan)
    (told,) = back.corridors
    assert told.width_m == 90.0
    found, asked = (LineString(local_from_ring(line, FRAME)) for line in (told.line, ROAD))
    assert found.hausdorff_distance(asked) < 5.0
    assert found.length == pytest.approx(asked.length, rel=0.02)


def test_what_no_survey_can_be_is_refused() -> None:
    with pytest.raises(FormatError, match="expanding-square"):
        export_plan(patterned("expanding-square"), "plan-survey")
    plan = searched()
    parts = plan.area.parts
    two = dataclasses.replace(plan, area=dataclasses.replace(plan.area, parts=(*parts, *parts)))
    with pytest.raises(FormatError, match="2 parts"):
        export_plan(two, "plan-survey")


# What QGroundControl's loader asks for (JsonHelper::validateKeys in the named files), by its own types.
NUMBER, TRUTH, TEXT, LIST, TABLE = (int, float), bool, str, list, dict
TRANSECTS = {
    "version": NUMBER,
    "TurnAroundDistance": NUMBER,
    "CameraTriggerInTurnAround": TRUTH,
    "HoverAndCapture": TRUTH,
    "Refly90Degrees": TRUTH,
    "FollowTerrain": TRUTH,
    "CameraCalc": TABLE,
    "VisualTransectPoints": LIST,
    "Items": LIST,
    "CameraShots": NUMBER,
}
CALC = {
    **dict.fromkeys(("CameraName",), TEXT),
    **dict.fromkeys(("DistanceToSurfaceRelative", "ValueSetIsDistance", "Landscape"), TRUTH),
    **dict.fromkeys(("FixedOrientation",), TRUTH),
    **dict.fromkeys(
        ("version", "DistanceToSurface", "ImageDensity", "FrontalOverlap", "SideOverlap"), NUMBER
    ),
    **dict.fromkeys(("AdjustedFootprintSide", "AdjustedFootprintFrontal", "MinTriggerInterval"), NUMBER),
    **dict.fromkeys(("SensorWidth", "SensorHeight", "FocalLength", "ImageWidth", "ImageHeight"), NUMBER),
}
SURVEY = {
    "version": NUMBER,
    "type": TEXT,
    "complexItemType": TEXT,
    "entryLocation": NUMBER,
    "angle": NUMBER,
    "flyAlternateTransects": TRUTH,
    "splitConcavePolygons": TRUTH,
    "polygon": LIST,
}
CORRIDOR = {
    "version": NUMBER,
    "type": TEXT,
    "complexItemType": TEXT,
    "CorridorWidth": NUMBER,
    "EntryPoint": NUMBER,
    "polyline": LIST,
}
SIMPLE = {
    "type": TEXT,
    "command": NUMBER,
    "frame": NUMBER,
    "params": LIST,
    "autoContinue": TRUTH,
    "doJumpId": NUMBER,
}


@pytest.mark.parametrize(("name", "keys"), [("parallel-track", SURVEY), ("corridor", CORRIDOR)])
def test_a_survey_has_every_key_that_qgroundcontrol_asks_for(name: str, keys: dict[str, Any]) -> None:
    document = json.loads(export_plan(patterned(name), "plan-survey"))
    (item,) = [one for one in document["mission"]["items"] if one["type"] == "ComplexItem"]
    transects = item["TransectStyleComplexItem"]
    calc = transects["CameraCalc"]
    for table, asked in ((item, keys), (transects, TRANSECTS), (calc, CALC)):
        for key, kind in asked.items():
            value = table[key]
            assert isinstance(value, kind), key
            assert isinstance(value, bool) == (kind is TRUTH), key
    for simple in transects["Items"]:
        assert all(isinstance(simple[key], kind) for key, kind in SIMPLE.items())
    density_m = calc["ImageDensity"] / 100
    across_m = calc["ImageWidth"] * density_m * (1 - calc["SideOverlap"] / 100)
    assert across_m == pytest.approx(VIEW.spacing_m)


def test_a_real_survey_is_told_as_what_it_is(shared: Callable[[str], Path]) -> None:
    back = import_plan(shared("plans/qgroundcontrol_sample_with_survey.plan"))
    survey = only_survey(back.surveys, "here")
    lanes = survey.lanes
    assert (survey.angle_deg, lanes.spacing_m, lanes.trigger_m, lanes.height_m) == (90, 25, 25, 50)
    assert (lanes.height_above, lanes.camera, lanes.turn_around_m) == ("take-off", None, 10)
    assert (lanes.trigger_in_turns, lanes.pictures, len(lanes.points)) == (True, 6, 8)
    assert len(survey.border) == 4
    assert (survey.first, survey.last) == (2, len(back.items) - 1)
    assert back.vehicle == Vehicle(12, 2, 15, 5)
    assert Polygon(local_from_ring(area_from_survey(survey).parts[0].border, FRAME)).area > 1000
    with pytest.raises(SettingsError, match="no camera"):
        view_from_lanes(lanes)
    view = view_from_lanes(lanes, camera("demo-wide"))
    assert (view.spacing_m, view.trigger_m) == pytest.approx((25, 25))
    with pytest.raises(SettingsError, match="sees"):
        view_from_lanes(lanes, camera("demo-wide"), 10.0)


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


def test_a_survey_that_crosses_itself_is_told_but_is_no_area(tmp_path: Path) -> None:
    bow = changed(SURVEY_VALUES, polygon=[RING[0], RING[2], RING[1], RING[3]])
    survey = only_survey(opened(tmp_path, qgc(bow)).surveys, "here")
    with pytest.raises(AreaError, match="crosses itself"):
        area_from_survey(survey)
    with pytest.raises(FormatError, match="holds 0 surveys"):
        only_survey((), "here")


HOSTILE = {
    "a million items": '{"fileType": "Plan", "version": 1, "mission": {"items": [' + "1," * 10**6 + "1]}}",
    "a million corners": qgc(changed(SURVEY_VALUES, polygon=[])).replace(
        '"polygon": []', '"polygon": [' + "[52,4]," * 10**6 + "[52,4]]"
    ),
    "many corners": qgc(changed(SURVEY_VALUES, polygon=[])).replace(
        '"polygon": []', '"polygon": [' + "[52,4]," * 3 * 10**5 + "[52,4]]"
    ),
    "surveys of many items": qgc(*[changed(SURVEY_VALUES, *SURVEY_AT, Items=[ITEM] * 15_000)] * 2),
    "nested": '{"fileType": "Plan", "mission": ' + '{"items": [' * 10**6,
    "nested lists": '{"fileType": "Plan", "mission": ' + "[" * 10**6,
    "a number without end": '{"fileType": "Plan", "version": ' + "1" * 10**6 + "}",
    "a fence of a million circles": '{"fileType": "Plan", "version": 1, "mission": {"items": []},'
    ' "geoFence": {"circles": [' + "{}," * 10**6 + "{}]}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_plan_is_refused_soon(tmp_path: Path, name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(FormatError) as raised:
        opened(tmp_path, HOSTILE[name])
    assert time.perf_counter() - began < 5.0
    assert len(str(raised.value)) < 1_000


NASTY: list[Any] = [
    None,
    True,
    -1,
    1e300,
    math.nan,
    math.inf,
    "",
    "x",
    [],
    {},
    [[]],
    [None] * 7,
    10**30,
    "é" * 99,
]


def spoiled(value: Any, chance: random.Random, share: float) -> Any:
    """The document with some of its values replaced, removed or doubled."""
    if chance.random() < share:
        return chance.choice(NASTY)
    if isinstance(value, dict):
        return {key: spoiled(one, chance, share) for key, one in value.items() if chance.random() > share}
    if isinstance(value, list):
        return [spoiled(one, chance, share) for one in value]
    return value


def test_a_spoiled_plan_is_refused_or_read_but_never_breaks(tmp_path: Path) -> None:
    chance = random.Random(11)
    values = [ITEM, SURVEY_VALUES, CORRIDOR_VALUES, LANDING_VALUES, STRUCTURE_VALUES]
    circle = {"inclusion": True, "circle": {"center": [52, 4], "radius": 100}}
    fence = {
        "polygons": [{"polygon": RING, "inclusion": False}],
        "circles": [circle],
        "breachReturn": [52, 4],
    }
    whole = json.loads(qgc(*values, geoFence=fence, rallyPoints={"points": [[52, 4, 30]]}))
    read = 0
    for _ in range(600):
        document = spoiled(whole, chance, chance.choice([0.002, 0.01, 0.05]))
        with contextlib.suppress(FormatError):
            mission = opened(tmp_path, json.dumps(document))
            assert all(math.isfinite(one.x) and math.isfinite(one.z) for one in mission.items)
            read += 1
    assert 50 < read < 550


def test_the_figures_of_lanes_are_what_a_view_needs() -> None:
    lanes = Lanes(60.0, "take-off", 30.0, 10.0, camera("demo-wide"))
    survey = Survey(ROAD, 0.0, lanes, 1, 2)
    view = view_from_lanes(survey.lanes)
    assert (view.spacing_m, view.trigger_m) == pytest.approx((30.0, 10.0))
    assert distance_m(survey.border[0], HOME) < 1


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


def as_mavsdk(plan: Plan) -> list[tuple[float, ...]]:
    """Our items as MISSION_ITEM_INT has them: places in whole 1e-7 degrees, the rest in float32."""
    placed = {16, 18, 19, 21, 22, 201}
    return [
        (
            one.command,
            {Frame.GLOBAL_AMSL: 5}.get(Frame(one.frame), one.frame) if index == 0 else one.frame,
            *(pytest.approx(value, rel=1e-6, abs=1e-6) for value in (one.p1, one.p2, one.p3, one.p4)),
            pytest.approx(one.x * 1e7 if one.command in placed else one.x, abs=1),
            pytest.approx(one.y * 1e7 if one.command in placed else one.y, abs=1),
            pytest.approx(one.z, rel=1e-6),
        )
        for index, one in enumerate(mission_items(plan))
    ]


def fields(items: list[dict[str, Any]]) -> list[tuple[float, ...]]:
    names = ("command", "frame", "param1", "param2", "param3", "param4", "x", "y", "z")
    return [tuple(item[name] for name in names) for item in items]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("parallel-track", "plan-survey"),
        ("corridor", "plan"),
        ("plane", "plan"),
        ("everything-0", "plan"),
        ("everything-1", "plan"),
    ],
)
def test_mavsdk_reads_our_plans_as_the_same_items(mavsdk: Any, name: str, kind: str) -> None:
    plan = patterned(name)
    mission, fence, rally = mavsdk("plan", export_plan(plan, kind))
    assert fields(mission) == as_mavsdk(plan)
    border = plan.fence.inclusions[0].border
    assert [item["x"] for item in fence] == [pytest.approx(one.lat_deg * 1e7, abs=1) for one in border]
    assert [item["z"] for item in rally] == [one.height_relative_m for one in plan.rally]


@pytest.mark.parametrize("name", ["parallel-track", "everything-2"])
def test_mavsdk_reads_our_waypoints_as_the_same_items(mavsdk: Any, name: str) -> None:
    plan = patterned(name)
    mission, _, _ = mavsdk("waypoints", export_plan(plan, "waypoints"))
    # For an ArduPilot it sets home before the items, which begin with home already.
    assert fields(mission)[1:] == [(16, 0, *as_mavsdk(plan)[0][2:]), *as_mavsdk(plan)[1:]]
