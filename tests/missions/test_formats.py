"""Plans out to other programs and back, and missions that others wrote."""

import contextlib
import dataclasses
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from missions.errors import DroneteamError, FormatError
from missions.formats import export_plan, import_plan, read_area
from missions.formats.read_line import read_line
from missions.geodesy import GeoPoint, distance_m
from missions.items import Command, Frame
from missions.plan import Fence, Plan
from missions.plan_file import write_plan
from missions.plan_items import mission_items
from missions.search_plan import plan_search

BOTH_WAYS = ("plan", "waypoints", "kml", "geojson", "kmz", "gpx")


def written(folder: Path, content: bytes | str, name: str = "mission.any") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_reading_what_was_written_gives_the_same_items(
    tmp_path: Path, plan: Plan, plane_plan: Plan, kind: str
) -> None:
    for one in (plan, plane_plan):
        back = import_plan(written(tmp_path, export_plan(one, kind)))
        assert back.items == mission_items(one)
        assert back.home == one.take_off
        if kind == "waypoints":
            assert (back.fence, back.rally) == (Fence(), ())
        else:
            assert (back.fence, back.rally) == (one.fence, one.rally)


@pytest.mark.parametrize("kind", ["plan", "kml", "geojson"])
def test_forbidden_holes_survive(tmp_path: Path, plan: Plan, kind: str) -> None:
    fenced = plan_search(plan.area, plan.aircraft, plan.camera, created=plan.created, fence_holes=True)
    assert fenced.fence.exclusions
    assert import_plan(written(tmp_path, export_plan(fenced, kind))).fence == fenced.fence


def test_our_own_plan_is_a_mission_too(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "plan.json"
    write_plan(plan, path)
    assert import_plan(path).items == mission_items(plan)


@pytest.mark.parametrize("kind", ["kml", "geojson"])
def test_the_area_in_an_export_is_the_plans_and_not_its_fence(tmp_path: Path, plan: Plan, kind: str) -> None:
    (read,), (planned,) = read_area(written(tmp_path, export_plan(plan, kind))).parts, plan.area.parts
    assert len(read.holes) == len(planned.holes) > 0
    for ours, theirs in zip((read.border, *read.holes), (planned.border, *planned.holes), strict=True):
        assert len(ours) == len(theirs)
        assert all(min(distance_m(point, other) for other in theirs) < 0.01 for point in ours)


def test_an_unknown_kind_is_answered_with_the_known(plan: Plan) -> None:
    with pytest.raises(FormatError, match="plan, waypoints, kml, geojson"):
        export_plan(plan, "pdf")


def test_a_name_with_markup_and_control_characters_makes_no_broken_kml(tmp_path: Path, plan: Plan) -> None:
    odd = dataclasses.replace(plan, name="<b>&\x00\x1b \N{GRINNING FACE}</b>")
    data = export_plan(odd, "kml")
    assert fromstring(data) is not None
    assert import_plan(written(tmp_path, data)).items == mission_items(plan)


def test_a_line_that_was_moved_wins_over_the_items_beside_it(tmp_path: Path, plan: Plan) -> None:
    document = json.loads(export_plan(plan, "geojson"))
    route = next(one for one in document["features"] if one["properties"]["role"] == "route")
    route["geometry"]["coordinates"][4][1] += 0.0001
    moved = import_plan(written(tmp_path, json.dumps(document))).items
    assert moved[5].x == pytest.approx(route["geometry"]["coordinates"][4][1])
    assert [item.command for item in moved[:2]] == [Command.WAYPOINT, Command.TAKEOFF]
    assert moved[-1].command == Command.RETURN_TO_LAUNCH


def test_a_line_drawn_elsewhere_needs_heights(tmp_path: Path) -> None:
    def kml(points: str) -> str:
        return (
            f"<kml><Placemark><LineString><coordinates>{points}</coordinates></LineString></Placemark></kml>"
        )

    items = import_plan(written(tmp_path, kml("4,52,50 4.01,52,50 4.01,52.01,60"))).items
    assert [item.command for item in items] == [16, 22, 16, 16, 20]
    assert [item.z for item in items] == [0, 50, 50, 60, 0]
    with pytest.raises(FormatError, match="no heights"):
        import_plan(written(tmp_path, kml("4,52 4.01,52")))


def test_a_kmz_is_read_as_its_kml(tmp_path: Path, plan: Plan) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", export_plan(plan, "kml"))
    assert import_plan(written(tmp_path, packed.getvalue())).items == mission_items(plan)


def test_waypoints_are_what_mission_planner_expects(plan: Plan) -> None:
    lines = export_plan(plan, "waypoints").decode().splitlines()
    assert lines[0] == "QGC WPL 110"
    rows = [line.split("\t") for line in lines[1:]]
    assert all(len(row) == 12 for row in rows)
    assert [int(row[0]) for row in rows] == list(range(len(rows)))
    assert [row[1] for row in rows] == ["1"] + ["0"] * (len(rows) - 1)
    assert not any("e" in value.lower() for row in rows for value in row)


def test_the_qgroundcontrol_plan_has_every_key_that_its_reader_asks_for(plan: Plan) -> None:
    document = json.loads(export_plan(plan, "plan"))
    assert {"fileType", "version", "groundStation", "mission", "geoFence", "rallyPoints"} == set(document)
    mission = document["mission"]
    assert {"version", "firmwareType", "items", "plannedHomePosition", "cruiseSpeed", "hoverSpeed"} <= set(
        mission
    )
    assert [item["doJumpId"] for item in mission["items"]] == list(range(1, len(mission["items"]) + 1))
    for item in mission["items"]:
        assert {"type", "command", "frame", "params", "autoContinue", "doJumpId"} <= set(item)
        assert len(item["params"]) == 7


def test_real_qgroundcontrol_plans_are_read(shared: Callable[[str], Path]) -> None:
    plain = import_plan(shared("plans/qgroundcontrol_sample.plan"))
    assert [item.command for item in plain.items] == [16, 22, 16, 2000, 16, 16, 20]
    assert plain.home == GeoPoint(47.3977507, 8.5456075)
    assert plain.items[0].z == pytest.approx(488.931, abs=1e-3)
    survey = import_plan(shared("plans/qgroundcontrol_sample_with_survey.plan"))
    assert [item.command for item in survey.items].count(206) == 4
    assert [item.command for item in survey.items].count(16) == 9


def test_a_real_mission_planner_file_is_read(shared: Callable[[str], Path]) -> None:
    mission = import_plan(shared("waypoints/mpmission.txt"))
    assert [item.command for item in mission.items] == [16, 22, 16, 16, 16, 16, 16]
    assert mission.home == GeoPoint(-35.363262, 149.165237)
    assert mission.items[0].z == 584.0


def test_real_plans_that_cannot_be_read_say_why(shared: Callable[[str], Path]) -> None:
    with pytest.raises(FormatError, match="version 42; this program reads version 1"):
        import_plan(shared("plans/qgroundcontrol_sample_wrong_overall_version.plan"))
    with pytest.raises(FormatError, match="holds no mission"):
        import_plan(shared("plans/qgroundcontrol_sample_without_mission.plan"))


def qgc(**parts: Any) -> str:
    mission = {"items": [], "plannedHomePosition": [52, 4, 10]}
    return json.dumps({"fileType": "Plan", "version": 1, "mission": mission, **parts})


def test_fence_circles_become_polygons_on_the_safe_side(tmp_path: Path) -> None:
    def circle(inclusion: bool) -> dict[str, Any]:
        return {"inclusion": inclusion, "circle": {"center": [52, 4], "radius": 100}, "version": 1}

    fence = import_plan(written(tmp_path, qgc(geoFence={"circles": [circle(True), circle(False)]}))).fence
    centre = GeoPoint(52, 4)
    assert max(distance_m(centre, point) for point in fence.inclusions[0].border) <= 100.001
    assert min(distance_m(centre, point) for point in fence.exclusions[0]) > 100.0


SIMPLE = {"type": "SimpleItem", "command": 16, "frame": 3, "params": [0, 0, 0, None, 52, 4, 50]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (qgc(version=2), "version 2"),
        (qgc(fileType="Mission"), "no QGroundControl plan"),
        (qgc(mission={}), "no mission"),
        (qgc(mission=[]), "mission is no table"),
        (
            qgc(mission={"items": [{"type": "ComplexItem", "complexItemType": "fwLandingPattern"}]}),
            "fwLandingPattern",
        ),
        (qgc(mission={"items": ["x"]}), "item 1"),
        (qgc(mission={"items": [{**SIMPLE, "params": [1, 2]}]}), "no list of 7"),
        (qgc(mission={"items": [{**SIMPLE, "params": [0, 0, 0, None, 95, 4, 50]}]}), "out of range"),
        (qgc(mission={"items": [{**SIMPLE, "params": [0, 0, 0, None, "a", 4, 50]}]}), "no number"),
        (qgc(mission={"items": [{**SIMPLE, "command": -3}]}), "no MAVLink item"),
        (qgc(mission={"items": [SIMPLE] * 20_001}), "20001 items"),
        (qgc(geoFence={"polygons": [{"polygon": [[52, 4]]}]}), "polygon 1"),
        (qgc(geoFence={"circles": [{"circle": {"center": [52, 4], "radius": -5}}]}), "no circle"),
        (qgc(rallyPoints={"points": [[52, 4]]}), "rallyPoints"),
        ("QGC WPL 120\n", "QGC WPL 110"),
        ("QGC WPL 110\n", "no mission"),
        ("QGC WPL 110\n0\t1\t0\n", "3 columns"),
        ("QGC WPL 110\n0\t1\t0\t16\t0\t0\t0\t0\tx\t4\t5\t1\n", "line 2.* no number"),
        ("QGC WPL 110\n0\t1\t0\t16\t0\t0\t0\t0\tnan\t4\t5\t1\n", "that is none"),
        ("QGC WPL 110\n0\t1\t0\t16\t0\t0\t0\t0\t91\t4\t5\t1\n", "out of range"),
        ("<kml/>", "no route"),
        ('<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/hostname">]><kml>&x;</kml>', "entities"),
        ('{"type": "FeatureCollection", "features": []}', "no route"),
        ('{"type": "Point"}', "no FeatureCollection"),
        ("{", "no JSON"),
        ("hello", "no mission that this program reads"),
        ("", "no mission that this program reads"),
    ],
)
def test_what_is_no_mission_is_refused_with_file_and_place(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FormatError, match=told) as raised:
        import_plan(path)
    assert str(path) in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_a_damaged_export_is_refused_or_read_but_never_breaks(tmp_path: Path, plan: Plan, kind: str) -> None:
    chance = random.Random(5)
    whole = export_plan(plan, kind)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        with contextlib.suppress(DroneteamError):
            mission = import_plan(written(tmp_path, bytes(damaged)))
            assert all(-90 <= item.x <= 90 for item in mission.items if item.command == Command.WAYPOINT)


@pytest.mark.parametrize(
    ("mode", "frame"),
    [
        ("", Frame.GLOBAL_RELATIVE),
        ("<altitudeMode>clampToGround</altitudeMode>", Frame.GLOBAL_RELATIVE),
        ("<altitudeMode>relativeToGround</altitudeMode>", Frame.GLOBAL_TERRAIN),
        ("<altitudeMode>absolute</altitudeMode>", None),
        ("<gx:altitudeMode>relativeToSeaFloor</gx:altitudeMode>", None),
    ],
)
def test_heights_of_others_are_above_what_their_file_says(
    tmp_path: Path, mode: str, frame: Frame | None
) -> None:
    text = (
        '<kml xmlns:gx="http://www.google.com/kml/ext/2.2"><Placemark><LineString>'
        f"{mode}<coordinates>4,52,50 4.01,52,60</coordinates></LineString></Placemark></kml>"
    )
    path = written(tmp_path, text)
    if frame is None:
        with pytest.raises(FormatError, match="above the sea"):
            import_plan(path)
        return
    assert {item.frame for item in import_plan(path).items[1:-1]} == {frame}


def test_a_link_to_another_file_is_not_followed_and_says_so(tmp_path: Path) -> None:
    path = written(
        tmp_path, "<kml><NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink></kml>"
    )
    with pytest.raises(DroneteamError, match="never followed"):
        read_area(path)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::28992", "EPSG:3857"])
def test_coordinates_in_metres_are_refused_by_the_name_of_their_reference(tmp_path: Path, name: str) -> None:
    ring = [[4, 52], [4.01, 52], [4.01, 52.01], [4, 52]]

    def drawn(crs: str, geometry: dict[str, Any]) -> Path:
        feature = {"type": "Feature", "properties": {}, "geometry": geometry}
        named = {"type": "name", "properties": {"name": crs}}
        return written(
            tmp_path, json.dumps({"type": "FeatureCollection", "crs": named, "features": [feature]})
        )

    polygon = {"type": "Polygon", "coordinates": [ring]}
    line = {"type": "LineString", "coordinates": [[*point, 50] for point in ring]}
    readers: list[tuple[Callable[[Path], Any], dict[str, Any]]] = [
        (read_area, polygon),
        (read_line, line),
        (import_plan, line),
    ]
    for read, geometry in readers:
        for known in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"):
            assert read(drawn(known, geometry))
        with pytest.raises(DroneteamError, match=name) as raised:
            read(drawn(name, geometry))
        assert "EPSG:4326" in raised.value.remedy
