"""QGroundControl plans that are broken or hostile, and other programs that read ours."""

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

from missions.aircraft import Aircraft
from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.errors import FormatError
from missions.formats import area_from_geojson, export_plan, import_plan
from missions.formats.imported import ImportedMission
from missions.formats.qgc_plan_patterns import (
    Lanes,
    Survey,
    view_from_lanes,
)
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.items import Frame
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


SURVEY_AT, CALC_AT = ("TransectStyleComplexItem",), ("TransectStyleComplexItem", "CameraCalc")


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
