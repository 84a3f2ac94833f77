"""QGroundControl's .plan: surveys, corridors, structures and landings as what they are, and as items."""

from __future__ import annotations

import dataclasses
import functools
import json
import random
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from shapely import LineString, Polygon

from missions.aircraft import Aircraft
from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import FormatError, SettingsError
from missions.formats import area_from_geojson, export_plan, import_plan, read_area
from missions.formats.imported import ImportedMission
from missions.formats.qgc_plan_patterns import (
    Vehicle,
    area_from_survey,
    only_survey,
    view_from_lanes,
)
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command
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
