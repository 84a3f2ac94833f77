"""Plans as GPX, read by another reader too, and other people's GPX as lines."""

from pathlib import Path

import gpxpy
import pytest
from defusedxml.ElementTree import fromstring

from missions.errors import DroneteamError, FormatError
from missions.formats import export_plan, gpx, import_plan
from missions.formats.read_line import read_line
from missions.formats.safe_xml import parse_xml
from missions.geodesy import GeoPoint
from missions.items import Command
from missions.plan import Plan
from missions.plan_items import mission_items


def written(folder: Path, data: bytes | str) -> Path:
    path = folder / "mission.gpx"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def document(inside: str) -> str:
    return f'<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">{inside}</gpx>'


def points(kind: str, *places: tuple[float, float], more: str = "") -> str:
    return "".join(f'<{kind} lat="{lat}" lon="{lon}">{more}</{kind}>' for lat, lon in places)


HIGH = "<extensions><height_relative_m>4</height_relative_m></extensions>"
A, B, C = (52.0, 4.0), (52.01, 4.0), (52.01, 4.01)


def test_another_reader_finds_the_route_the_places_and_the_borders(plan: Plan) -> None:
    found = gpxpy.parse(export_plan(plan, "gpx").decode())
    (route,) = found.routes
    assert found.name == route.name == plan.name
    assert [(one.latitude, one.longitude) for one in route.points] == [
        (one.place.lat_deg, one.place.lon_deg) for one in plan.route
    ]
    assert [one.type for one in found.waypoints] == ["take-off", *["rally"] * len(plan.rally)]
    assert (found.waypoints[0].latitude, found.waypoints[0].longitude) == (
        plan.take_off.lat_deg,
        plan.take_off.lon_deg,
    )
    borders = {str(one.type): one for one in found.tracks}
    assert set(borders) == {"area", "fence"}
    for track in found.tracks:
        for segment in track.segments:
            first, last = segment.points[0], segment.points[-1]
            assert (first.latitude, first.longitude) == (last.latitude, last.longitude)
    assert len(borders["area"].segments) == 1 + len(plan.area.parts[0].holes)


def test_no_height_poses_as_one_above_sea_level(plan: Plan) -> None:
    found = gpxpy.parse(export_plan(plan, "gpx").decode())
    every = [*found.waypoints, *found.routes[0].points, *(one.point for one in found.get_points_data())]
    assert all(one.elevation is None for one in every)


ORDER = {
    "gpx": ["metadata", "wpt", "rte", "trk", "extensions"],
    "wpt": ["ele", "time", "name", "desc", "type", "extensions"],
    "rtept": ["ele", "time", "name", "desc", "type", "extensions"],
    "trkpt": ["ele", "time", "name", "desc", "type", "extensions"],
    "rte": ["name", "cmt", "desc", "type", "extensions", "rtept"],
    "trk": ["name", "cmt", "desc", "type", "extensions", "trkseg"],
}
"""The order that gpx.xsd asks for, by parent."""


def test_elements_stand_in_the_order_of_the_schema(plan: Plan) -> None:
    root = fromstring(export_plan(plan, "gpx"))
    assert root.get("version") == "1.1"
    assert root.get("creator")
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2]
        if name in ORDER:
            places = [ORDER[name].index(str(one.tag).rpartition("}")[2]) for one in element]
            assert places == sorted(places), name
        if name in {"wpt", "rtept", "trkpt"}:
            assert set(element.attrib) == {"lat", "lon"}


def test_a_point_that_was_moved_wins_over_the_items_beside_it(tmp_path: Path, plan: Plan) -> None:
    found = gpxpy.parse(export_plan(plan, "gpx").decode())
    found.routes[0].points[3].latitude += 0.0001
    items = import_plan(written(tmp_path, found.to_xml())).items
    assert items[4].x == pytest.approx(plan.route[3].place.lat_deg + 0.0001)
    assert [item.command for item in items[:2]] == [Command.WAYPOINT, Command.TAKEOFF]


def test_what_another_program_saved_again_is_still_the_mission(tmp_path: Path, plan: Plan) -> None:
    again = gpxpy.parse(export_plan(plan, "gpx").decode()).to_xml()
    assert import_plan(written(tmp_path, again)).items == mission_items(plan)


def test_a_route_of_others_takes_a_height_or_is_refused(tmp_path: Path) -> None:
    text = document(f"<rte>{points('rtept', A, B, C, more='<ele>12</ele>')}</rte>")
    with pytest.raises(FormatError, match="above sea level") as raised:
        import_plan(written(tmp_path, text))
    assert "route 1, point 1" in raised.value.where
    items = gpx.read_root(parse_xml(text.encode(), "here"), "here", height_relative_m=60).items
    assert [item.command for item in items] == [16, 22, 16, 16, 20]
    assert {item.z for item in items[1:-1]} == {60}


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"<rte>{points('rtept', A, B)}</rte><trk><trkseg>{points('trkpt', B, C)}</trkseg></trk>", [A, B]),
        (
            f"<trk><trkseg>{points('trkpt', A, B)}</trkseg><trkseg>{points('trkpt', C)}</trkseg></trk>",
            [A, B, C],
        ),
        (points("wpt", C, A), [C, A]),
        (
            f"<trk><type>area</type><trkseg>{points('trkpt', B, C)}</trkseg></trk>{points('wpt', A, B)}",
            [A, B],
        ),
        (f"<rte>{points('rtept', A, A, B, B, A)}</rte>", [A, B, A]),
    ],
    ids=["a route first", "then a track", "then waypoints", "never a border of ours", "no point twice"],
)
def test_other_peoples_gpx_is_a_line(
    tmp_path: Path, inside: str, expected: list[tuple[float, float]]
) -> None:
    assert list(read_line(written(tmp_path, document(inside)))) == [GeoPoint(*one) for one in expected]


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("", "no route"),
        ("<rte/>", "no heights"),
        ("<rte><rtept/></rte>", "sea level"),
        (
            "<rte><rtept><extensions><height_relative_m>4</height_relative_m></extensions></rtept></rte>",
            "no number",
        ),
        (
            f'<rte><rtept lat="95" lon="4">{HIGH}</rtept></rte>',
            "out of range",
        ),
        (
            f'<rte><rtept lat="nan" lon="4">{HIGH}</rtept></rte>',
            "no number",
        ),
        ("<rte><extensions><mission>[[1]]</mission></extensions></rte>", "no mission item"),
        ("<rte><extensions><mission>{</mission></extensions></rte>", "no JSON"),
    ],
)
def test_what_is_no_mission_is_refused_with_its_place(tmp_path: Path, inside: str, told: str) -> None:
    with pytest.raises(DroneteamError, match=told) as raised:
        import_plan(written(tmp_path, document(inside)))
    assert "mission.gpx" in raised.value.where
    assert raised.value.remedy
