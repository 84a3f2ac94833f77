"""Plans as DJI waylines: what DJI's pages ask for is there, and reading them gives the same flight."""

import dataclasses
import io
import math
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from missions.area import Area
from missions.catalogue import aircraft, aircraft_names, camera
from missions.errors import FormatError
from missions.formats import export_plan, import_plan
from missions.formats.circles import without_circles
from missions.formats.wpml import write
from missions.formats.wpml_read import read_waylines
from missions.geodesy import GeoPoint, distance_m
from missions.items import Command, Frame
from missions.plan import LookAt, Plan, Waypoint
from missions.plan_items import compare_items, mission_items
from missions.search_plan import plan_search

PAYLOADS = ("dji-h20t-wide", "dji-h20t-thermal", "dji-h30t-wide", "dji-h30t-thermal")
CREATED = "2026-03-01T10:00:00Z"
MODELS = [
    ("dji-matrice-30t", "dji-m30t-thermal", 67, 1, 53, "ir"),
    ("dji-matrice-30t", "dji-m30t-wide", 67, 1, 53, "wide"),
    ("dji-matrice-4t", "dji-m4t-thermal", 99, 1, 89, "ir"),
    ("dji-mavic-3t", "dji-m3t-thermal", 77, 1, 67, "ir"),
    ("dji-mavic-3t", "dji-m3t-wide", 77, 1, 67, "wide"),
]


@pytest.fixture(scope="module")
def searched(corner: Area) -> Plan:
    return plan_search(corner, aircraft("dji-matrice-30t"), camera("dji-m30t-thermal"), created=CREATED)


def written(folder: Path, data: bytes) -> Path:
    path = folder / "mission.kmz"
    path.write_bytes(data)
    return path


def files(data: bytes) -> dict[str, Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: fromstring(archive.read(name)) for name in archive.namelist()}


def without(name: str, data: bytes) -> bytes:
    """An archive with one of its files left out."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(packed, "w") as into:
        for one in archive.namelist():
            if one != name:
                into.writestr(one, archive.read(one))
    return packed.getvalue()


def plain(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def every(root: Element, name: str) -> list[Element]:
    return [one for one in root.iter() if plain(one) == name]


def only(root: Element, name: str) -> str:
    (found,) = [one for one in root if plain(one) == name]
    return (found.text or "").strip()


def busy(plan: Plan, seed: int) -> Plan:
    """The plan's route with all that a waypoint can say, drawn by chance."""
    chance = random.Random(seed)
    looked_at = LookAt(GeoPoint(52.0012, 4.3522), 3.0)

    def changed(one: Waypoint) -> Waypoint:
        look = chance.random() < 0.3
        return dataclasses.replace(
            one,
            height_relative_m=round(chance.uniform(-5, 110), 2),
            recording=chance.random() < 0.6,
            trigger_m=chance.choice([None, 0.0, 7.5, 20.0]),
            speed_m_s=chance.choice([None, 3.5, 8.0]),
            hold_s=chance.choice([0.0, 0.0, 2.5, 30.0]),
            heading_deg=None if look else chance.choice([None, 0.0, 90.0, 271.3]),
            gimbal_pitch_deg=chance.choice([None, -90.0, -45.0, 10.0]),
            look_at=looked_at if look else None,
            picture=chance.random() < 0.3,
        )

    route = tuple(changed(one) for one in plan.route)
    return dataclasses.replace(plan, route=(*route[:-1], dataclasses.replace(route[-1], recording=False)))


# Reading what was written.


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model[0]} {model[1]}")
def test_reading_what_was_written_gives_the_same_items(tmp_path: Path, corner: Area, model: Any) -> None:
    name, lens, *_ = model
    plan = plan_search(corner, aircraft(name), camera(lens), created=CREATED)
    back = import_plan(written(tmp_path, export_plan(plan, "wpml")))
    assert compare_items(mission_items(plan), back.items) == []
    assert back.home == plan.take_off


@pytest.mark.parametrize("seed", range(30))
def test_all_that_waypoints_say_survives(tmp_path: Path, searched: Plan, seed: int) -> None:
    plan = busy(searched, seed)
    back = import_plan(written(tmp_path, export_plan(plan, "wpml")))
    assert compare_items(mission_items(plan), back.items) == []
    for ours, theirs in zip(plan.route, back.route, strict=True):
        assert theirs.place == ours.place
        assert theirs.height_relative_m == ours.height_relative_m
        assert (theirs.hold_s, theirs.picture, theirs.look_at) == (ours.hold_s, ours.picture, ours.look_at)
        assert theirs.recording == ours.recording
        if ours.heading_deg is not None:
            assert theirs.heading_deg == pytest.approx(ours.heading_deg)


def test_the_template_alone_gives_the_same_flight(tmp_path: Path, searched: Plan) -> None:
    plan = busy(searched, 7)
    alone = without("wpmz/waylines.wpml", export_plan(plan, "wpml"))
    assert compare_items(mission_items(plan), import_plan(written(tmp_path, alone)).items) == []


def test_circles_become_points_on_them_and_the_aircraft_flies_on_through_them(searched: Plan) -> None:
    middle, radius_m = GeoPoint(52.001, 4.352), 30.0
    orbit = Waypoint(
        middle, 40.0, recording=True, look_at=LookAt(middle), orbit_turns=1.5, orbit_radius_m=-radius_m
    )
    plan = dataclasses.replace(searched, route=(searched.route[0], orbit, searched.route[-1]))
    points = [point for point, on_circle in without_circles(plan.route) if on_circle]
    assert len(points) == 37
    assert all(abs(distance_m(middle, point.place) - radius_m) < 0.01 for point in points)
    angles = [math.atan2(p.place.lat_deg - 52.001, (p.place.lon_deg - 4.352) * 0.6156) for p in points[:3]]
    assert math.remainder(angles[1] - angles[0], 2 * math.pi) > 0, "a negative radius is flown anticlockwise"
    route = read_waylines(export_plan(plan, "wpml"), "here").route
    assert [one.place for one in route[1:-1]] == [one.place for one in points]
    turns = [
        one.text or ""
        for one in every(files(export_plan(plan, "wpml"))["wpmz/waylines.wpml"], "waypointTurnMode")
    ]
    assert turns[1:-1] == ["toPointAndPassWithContinuityCurvature"] * 37
    assert {turns[0], turns[-1]} == {"toPointAndStopWithDiscontinuityCurvature"}


# What DJI's pages ask for: an independent list, copied from the tables of "template.kml", "waylines.wpml" and
# "common elements" (Cloud API, v1.11.3): every element marked as required, by its parent.

MISSION = {
    "flyToWaylineMode": {"safely", "pointToPoint"},
    "finishAction": {"goHome", "noAction", "autoLand", "gotoFirstWaypoint"},
    "exitOnRCLost": {"goContinue", "executeLostAction"},
    "executeRCLostAction": {"goBack", "landing", "hover"},
    "takeOffSecurityHeight": (1.2, 1500),
    "globalTransitionalSpeed": (0.1, 15),
    "globalRTHHeight": (1.2, 1500),
}
TURNS = {
    "coordinateTurn",
    "toPointAndStopWithDiscontinuityCurvature",
    "toPointAndStopWithContinuityCurvature",
    "toPointAndPassWithContinuityCurvature",
}
HEADING = {
    "waypointHeadingMode": {"followWayline", "manually", "fixed", "smoothTransition", "towardPOI"},
    "waypointHeadingAngle": (-180, 180),
    "waypointHeadingPathMode": {"clockwise", "counterClockwise", "followBadArc"},
}
GROUP = {
    "actionGroupId": (0, 65535),
    "actionGroupStartIndex": (0, 65535),
    "actionGroupEndIndex": (0, 65535),
    "actionGroupMode": {"sequence"},
}
ANY = (-1e9, 1e9)
SWITCH = {"0", "1"}
KEPT: dict[str, Any] = {"payloadPositionIndex": (0, 2), "payloadLensIndex": None}
PARAMETERS: dict[str, dict[str, Any]] = {
    "takePhoto": {**KEPT, "useGlobalPayloadLensIndex": SWITCH},
    "startRecord": {**KEPT, "useGlobalPayloadLensIndex": SWITCH},
    "stopRecord": KEPT,
    "gimbalRotate": {
        "payloadPositionIndex": (0, 2),
        "gimbalHeadingYawBase": {"north"},
        "gimbalRotateMode": {"absoluteAngle"},
        "gimbalPitchRotateEnable": SWITCH,
        "gimbalPitchRotateAngle": (-120, 45),
        "gimbalRollRotateEnable": SWITCH,
        "gimbalRollRotateAngle": ANY,
        "gimbalYawRotateEnable": SWITCH,
        "gimbalYawRotateAngle": ANY,
        "gimbalRotateTimeEnable": SWITCH,
        "gimbalRotateTime": ANY,
    },
    "gimbalEvenlyRotate": {"gimbalPitchRotateAngle": (-120, 45), "payloadPositionIndex": (0, 2)},
    "rotateYaw": {"aircraftHeading": (-180, 180), "aircraftPathMode": {"clockwise", "counterClockwise"}},
    "hover": {"hoverTime": (0.001, 1e6)},
}


def check(parent: Element, asked: dict[str, Any]) -> None:
    """Each element asked for is there once, with one of the values or within the range."""
    for name, allowed in asked.items():
        text = only(parent, name)
        assert text, f"{plain(parent)}: {name} is empty"
        if isinstance(allowed, set):
            assert text in allowed, f"{plain(parent)}: {name} is {text}"
        elif allowed is not None:
            assert allowed[0] <= float(text) <= allowed[1], f"{plain(parent)}: {name} is {text}"


def child(parent: Element, name: str) -> Element:
    (found,) = [one for one in parent if plain(one) == name]
    return found


def check_groups(folder: Element, marks: list[Element]) -> list[Element]:
    groups = [(index, one) for index, mark in enumerate(marks) for one in mark if plain(one) == "actionGroup"]
    for index, group in groups:
        check(group, GROUP)
        first, last = int(only(group, "actionGroupStartIndex")), int(only(group, "actionGroupEndIndex"))
        assert index == first <= last < len(marks)
        trigger = child(group, "actionTrigger")
        kind = only(trigger, "actionTriggerType")
        assert kind in {"reachPoint", "betweenAdjacentPoints", "multipleTiming", "multipleDistance"}
        if kind.startswith("multiple"):
            check(trigger, {"actionTriggerParam": (0.001, 1e5)})
        actions = [one for one in group if plain(one) == "action"]
        assert [only(one, "actionId") for one in actions] == [str(number) for number in range(len(actions))]
        for action in actions:
            what = only(action, "actionActuatorFunc")
            assert (what == "gimbalEvenlyRotate") == (kind == "betweenAdjacentPoints")
            check(child(action, "actionActuatorFuncParam"), PARAMETERS[what])
    found = [one for _, one in groups]
    numbers = [int(only(one, "actionGroupId")) for one in found]
    assert sorted(numbers) == list(range(len(numbers)))
    return found


def check_mission(document: Element) -> Element:
    config = child(document, "missionConfig")
    check(config, MISSION)
    check(child(config, "droneInfo"), {"droneEnumValue": (1, 65535), "droneSubEnumValue": (0, 10)})
    check(child(config, "payloadInfo"), {"payloadEnumValue": (1, 65535), "payloadPositionIndex": (0, 2)})
    return config


def check_marks(folder: Element) -> Iterator[tuple[Element, str]]:
    marks = [one for one in folder if plain(one) == "Placemark"]
    for index, mark in enumerate(marks):
        lon, lat = (float(value) for value in only(child(mark, "Point"), "coordinates").split(","))
        assert abs(lon) <= 180
        assert abs(lat) <= 90
        assert only(mark, "index") == str(index)
        check(mark, {"waypointSpeed": (0.1, 25), "useStraightLine": SWITCH})
        heading = child(mark, "waypointHeadingParam")
        check(heading, HEADING)
        if only(heading, "waypointHeadingMode") == "towardPOI":
            assert len(only(heading, "waypointPoiPoint").split(",")) == 3
        turn = child(mark, "waypointTurnParam")
        check(turn, {"waypointTurnMode": TURNS, "waypointTurnDampingDist": ANY})
        yield mark, only(turn, "waypointTurnMode")
    check_groups(folder, marks)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model[0]} {model[1]}")
def test_every_element_that_dji_requires_is_there(corner: Area, model: Any, seed: int | None) -> None:
    name, lens, drone, sub, payload, kept = model
    plan = plan_search(corner, aircraft(name), camera(lens), created=CREATED)
    data = export_plan(plan if seed is None else busy(plan, seed), "wpml")
    assert data == export_plan(plan if seed is None else busy(plan, seed), "wpml"), "same plan, same bytes"
    inside = files(data)
    assert list(inside) == ["wpmz/template.kml", "wpmz/waylines.wpml"]
    for root in inside.values():
        document = child(root, "Document")
        config = check_mission(document)
        assert only(child(config, "droneInfo"), "droneEnumValue") == str(drone)
        assert only(child(config, "droneInfo"), "droneSubEnumValue") == str(sub)
        assert only(child(config, "payloadInfo"), "payloadEnumValue") == str(payload)
        assert {one.text for one in every(root, "payloadLensIndex")} <= {kept}
        folder = child(document, "Folder")
        check(folder, {"templateId": (0, 65535), "autoFlightSpeed": (0.1, 25)})
        assert len(list(check_marks(folder))) == len(plan.route)
    check_template(child(inside["wpmz/template.kml"], "Document"), kept)
    folder = child(child(inside["wpmz/waylines.wpml"], "Document"), "Folder")
    check(folder, {"waylineId": (0, 65535), "executeHeightMode": {"relativeToStartPoint"}})
    for mark in (one for one in folder if plain(one) == "Placemark"):
        check(mark, {"executeHeight": (-200, 1500)})


def check_template(document: Element, kept: str) -> None:
    assert int(only(document, "createTime")) == 1_772_359_200_000
    folder = child(document, "Folder")
    check(
        folder,
        {
            "templateType": {"waypoint"},
            "globalWaypointTurnMode": TURNS,
            "globalUseStraightLine": SWITCH,
            "gimbalPitchMode": {"manual", "usePointSetting"},
            "globalHeight": ANY,
        },
    )
    check(child(folder, "globalWaypointHeadingParam"), HEADING)
    heights = {"EGM96", "relativeToStartPoint", "aboveGroundLevel", "realTimeFollowSurface"}
    check(child(folder, "waylineCoordinateSysParam"), {"coordinateMode": {"WGS84"}, "heightMode": heights})
    check(child(folder, "payloadParam"), {"payloadPositionIndex": (0, 2), "imageFormat": {kept}})
    for mark in (one for one in folder if plain(one) == "Placemark"):
        check(
            mark, {"useGlobalHeight": SWITCH, "useGlobalSpeed": SWITCH, "ellipsoidHeight": ANY, "height": ANY}
        )
        check(mark, {"useGlobalHeadingParam": SWITCH, "useGlobalTurnParam": SWITCH})


# Heights.


def test_heights_above_the_ellipsoid_come_back_above_the_take_off_point(
    tmp_path: Path, searched: Plan
) -> None:
    data = write(searched, height_mode="WGS84", take_off_ellipsoid_m=46.25)
    folder = child(child(files(data)["wpmz/waylines.wpml"], "Document"), "Folder")
    assert only(folder, "executeHeightMode") == "WGS84"
    first = next(one for one in folder if plain(one) == "Placemark")
    assert float(only(first, "executeHeight")) == searched.route[0].height_relative_m + 46.25
    assert compare_items(mission_items(searched), import_plan(written(tmp_path, data)).items) == []
    nameless = without("wpmz/template.kml", data)
    with pytest.raises(FormatError, match="above the ellipsoid"):
        import_plan(written(tmp_path, nameless))


def test_heights_that_are_not_known_are_not_written(searched: Plan) -> None:
    with pytest.raises(FormatError, match="height above the ellipsoid is not known"):
        write(searched, height_mode="WGS84")
    with pytest.raises(FormatError, match="cannot hold this route above the ground"):
        write(searched, height_mode="realTimeFollowSurface")


def test_an_aircraft_that_follows_the_surface_is_given_heights_above_it(tmp_path: Path, corner: Area) -> None:
    plan = plan_search(corner, aircraft("dji-mavic-3t"), camera("dji-m3t-wide"), created=CREATED)
    route = tuple(dataclasses.replace(one, height_agl_m=45.0) for one in plan.route)
    data = write(dataclasses.replace(plan, route=route), height_mode="realTimeFollowSurface")
    items = import_plan(written(tmp_path, data)).items
    placed = [item for item in items[1:] if item.command in {Command.WAYPOINT, Command.TAKEOFF}]
    assert {(item.frame, item.z) for item in placed} == {(Frame.GLOBAL_TERRAIN, 45.0)}


# Refused.


@pytest.mark.parametrize("name", [one for one in aircraft_names() if one.startswith("dji-")])
def test_every_dji_aircraft_of_the_catalogue_flies_waylines(searched: Plan, name: str) -> None:
    for plan in (
        dataclasses.replace(searched, aircraft=aircraft(name), camera=camera(one)) for one in PAYLOADS
    ):
        assert files(export_plan(plan, "wpml"))


@pytest.mark.parametrize("name", ["ardupilot-copter", "ardupilot-plane", "skydio-x10"])
def test_what_does_not_fly_waylines_is_told_what_does(plan: Plan, name: str) -> None:
    with pytest.raises(FormatError, match="does not fly DJI waylines") as raised:
        export_plan(dataclasses.replace(plan, aircraft=aircraft(name)), "wpml")
    assert "dji-matrice-30t" in raised.value.remedy


@pytest.mark.parametrize(
    ("name", "lens", "drone", "payload"),
    [
        ("dji-matrice-300", "dji-h20t-thermal", 60, 43),
        ("dji-matrice-300-rtk", "dji-h30t-thermal", 60, 83),
        ("dji-matrice-350-rtk", "dji-h20t-wide", 89, 43),
        ("dji-matrice-30t-nr-2", "dji-m30t-wide", 67, 53),
    ],
)
def test_aircraft_that_carry_a_payload_name_it(
    searched: Plan, name: str, lens: str, drone: int, payload: int
) -> None:
    kind = dataclasses.replace(searched.aircraft, name=name)
    root = files(export_plan(dataclasses.replace(searched, aircraft=kind, camera=camera(lens)), "wpml"))
    config = check_mission(child(root["wpmz/waylines.wpml"], "Document"))
    assert only(child(config, "droneInfo"), "droneEnumValue") == str(drone)
    assert only(child(config, "payloadInfo"), "payloadEnumValue") == str(payload)
    with pytest.raises(FormatError, match="no camera that DJI waylines know on dji-matrice-300"):
        write(dataclasses.replace(searched, aircraft=dataclasses.replace(kind, name="dji-matrice-300")))


def test_a_route_of_one_waypoint_is_no_wayline(searched: Plan) -> None:
    with pytest.raises(FormatError, match="fewer than two"):
        export_plan(dataclasses.replace(searched, route=searched.route[:1]), "wpml")
