"""Mission Planner's files: .waypoints of a mission, a fence or rally points, .fen, .ral and .poly."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import time
from pathlib import Path

import pytest
from pymavlink import mavwp

from missions.area import Area, Part
from missions.errors import AreaError, FormatError, InputError
from missions.formats import export_plan, import_plan, read_area
from missions.formats.imported import ImportedMission
from missions.formats.mission_planner import read_poly
from missions.geodesy import GeoPoint, distance_m
from missions.items import Command
from missions.plan import Fence, Plan, Rally
from missions.plan_items import fence_items, mission_items, rally_items


def saved(folder: Path, content: bytes | str, name: str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def opened(folder: Path, content: bytes | str, name: str = "some.file") -> ImportedMission:
    return import_plan(saved(folder, content, name))


def with_holes(plan: Plan) -> Plan:
    """The plan with forbidden rings in its fence and three rally points."""
    part = plan.fence.inclusions[0]
    hole = plan.area.parts[0].holes[0]
    away = tuple(GeoPoint(one.lat_deg + 0.0015, one.lon_deg) for one in hole)
    rally = tuple(Rally(one, 20.0 + index) for index, one in enumerate(part.border[:3]))
    return dataclasses.replace(plan, fence=Fence((part,), (hole, away)), rally=rally)


def near(a: tuple[GeoPoint, ...], b: tuple[GeoPoint, ...]) -> bool:
    return len(a) == len(b) and all(distance_m(one, other) < 0.01 for one, other in zip(a, b, strict=True))


def test_fence_and_rally_points_come_back_from_files_of_their_own(tmp_path: Path, plan: Plan) -> None:
    held = with_holes(plan)
    fence = opened(tmp_path, export_plan(held, "fence-waypoints"))
    assert (fence.items, fence.fence, fence.rally) == ((), held.fence, ())
    assert fence.home == held.take_off
    rally = opened(tmp_path, export_plan(held, "rally-waypoints"))
    assert (rally.items, rally.fence, rally.rally) == ((), Fence(), held.rally)


@pytest.mark.parametrize("kind", ["waypoints", "fence-waypoints", "rally-waypoints"])
def test_pymavlink_loads_each_item_by_item(tmp_path: Path, plan: Plan, kind: str) -> None:
    held = with_holes(plan)
    sent = {
        "waypoints": mission_items(held)[1:],
        "fence-waypoints": fence_items(held),
        "rally-waypoints": rally_items(held),
    }[kind]
    loader = mavwp.MAVWPLoader()
    assert loader.load(str(saved(tmp_path, export_plan(held, kind), "some.waypoints"))) == len(sent) + 1
    for number, item in enumerate(sent, 1):
        one = loader.wp(number)
        assert (one.seq, one.command, one.frame) == (number, item.command, item.frame)
        params = (one.param1, one.param2, one.param3, one.param4)
        assert params == pytest.approx((item.p1, item.p2, item.p3, item.p4))
        assert (one.x, one.y, one.z) == pytest.approx((item.x, item.y, item.z), abs=1e-7)


def test_an_old_fence_file_comes_back_and_pymavlink_loads_the_same_points(tmp_path: Path, plan: Plan) -> None:
    content = export_plan(plan, "fen")
    back = opened(tmp_path, content)
    border = plan.fence.inclusions[0].border
    assert back.items == ()
    assert near(back.fence.inclusions[0].border, border)
    assert back.fence_return is not None
    assert distance_m(back.fence_return, plan.take_off) < 0.01
    loader = mavwp.MAVFenceLoader()
    assert loader.load(str(saved(tmp_path, content, "some.fen"))) == len(border) + 2
    loaded = tuple(GeoPoint(one.lat, one.lng) for one in loader.points)
    assert near(loaded, (plan.take_off, *border, border[0]))


def test_rally_files_come_back_and_pymavlink_loads_the_same_points(tmp_path: Path, plan: Plan) -> None:
    held = with_holes(plan)
    content = export_plan(held, "ral")
    back = opened(tmp_path, content).rally
    assert near(tuple(one.place for one in back), tuple(one.place for one in held.rally))
    assert [one.height_relative_m for one in back] == [20, 21, 22]
    loader = mavwp.MAVRallyLoader()
    assert loader.load(str(saved(tmp_path, content, "some.ral"))) == 3
    for one, rally in zip(loader.rally_points, held.rally, strict=True):
        assert distance_m(GeoPoint(one.lat * 1e-7, one.lng * 1e-7), rally.place) < 0.02
        assert one.alt == rally.height_relative_m


def test_a_drawn_area_comes_back_and_is_told_from_a_fence(tmp_path: Path, plan: Plan) -> None:
    border = plan.area.parts[0].border
    plain = dataclasses.replace(plan, area=Area("Plain", (Part(border),)))
    content = export_plan(plain, "poly")
    area = read_area(saved(tmp_path, content, "Plain.poly"))
    assert area.name == "Plain"
    (part,) = area.parts
    assert len(part.border) == len(border)
    assert all(min(distance_m(one, other) for other in border) < 0.01 for one in part.border)
    with pytest.raises(FormatError, match="drawn area"):
        opened(tmp_path, content)
    with pytest.raises(FormatError, match="place to return to"):
        read_poly(export_plan(plan, "fen"), "some.fen")


def test_what_a_file_has_no_place_for_is_refused(plan: Plan) -> None:
    with pytest.raises(FormatError, match=r"one border without holes.*fence-waypoints"):
        export_plan(with_holes(plan), "fen")
    with pytest.raises(FormatError, match=r"one border without holes.*geojson"):
        export_plan(plan, "poly")
    bare = dataclasses.replace(plan, fence=Fence(), rally=())
    for kind in ("ral", "rally-waypoints", "fence-waypoints"):
        with pytest.raises(FormatError, match="has no"):
            export_plan(bare, kind)


def line(*fields: object, between: str = "\t") -> str:
    return between.join(map(str, fields))


HOME = line(0, 1, 0, 16, 0, 0, 0, 0, 52.0, 4.0, 10.0, 1)
WAYPOINT = (3, 16, 0, 0, 0, 0, 52.001, 4.001, 50.0, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("between", ["\t", " ", "   ", " \t"])
def test_any_line_end_and_space_and_comment_is_read(tmp_path: Path, end: str, between: str) -> None:
    rows = ["# made by hand", line(1, 0, *WAYPOINT, between=between), "", "#a last word"]
    text = end.join(["QGC WPL 110", HOME, *rows])
    for content in (text, text + end, "\ufeff" + text):
        items = opened(tmp_path, content).items
        assert [one.command for one in items] == [16, 16]
        assert (items[1].x, items[1].y, items[1].z) == (52.001, 4.001, 50.0)


def test_jumps_and_tags_stay_as_they_are(tmp_path: Path) -> None:
    rows = [
        line(1, 0, 2, Command.JUMP_TAG, 7, 0, 0, 0, 0, 0, 0, 1),
        line(2, 0, *WAYPOINT),
        line(3, 0, 2, Command.DO_JUMP_TAG, 7, 3, 0, 0, 0, 0, 0, 1),
        line(4, 0, 2, Command.DO_JUMP, 2, -1, 0, 0, 0, 0, 0, 1),
    ]
    items = opened(tmp_path, "\n".join(["QGC WPL 110", HOME, *rows])).items
    assert [(one.command, one.p1, one.p2) for one in items[1:]] == [
        (600, 7, 0),
        (16, 0, 0),
        (601, 7, 3),
        (177, 2, -1),
    ]


def test_a_mission_with_its_fence_in_one_file_is_taken_apart(tmp_path: Path) -> None:
    corners = [(52.0, 4.0), (52.01, 4.0), (52.01, 4.01)]
    fence = [line(9, 0, 0, 5001, 3, 0, 0, 0, *corner, 0, 1) for corner in corners]
    circles = [
        line(9, 0, 0, 5003, 100, 0, 0, 0, 52.0, 4.0, 0, 1),
        line(9, 0, 0, 5004, 50, 0, 0, 0, 52.0, 4.0, 0, 1),
    ]
    others = [
        line(9, 0, 0, 5000, 0, 0, 0, 0, 52.005, 4.005, 0, 1),
        line(9, 0, 3, 5100, 0, 0, 0, 0, 52, 4, 30, 1),
    ]
    back = opened(
        tmp_path, "\n".join(["QGC WPL 110", HOME, line(1, 0, *WAYPOINT), *fence, *circles, *others])
    )
    assert [one.command for one in back.items] == [16, 16]
    assert [len(one.border) for one in back.fence.inclusions] == [3, 36]
    assert len(back.fence.exclusions) == 1
    centre = GeoPoint(52.0, 4.0)
    assert max(distance_m(centre, one) for one in back.fence.inclusions[1].border) <= 100.001
    assert min(distance_m(centre, one) for one in back.fence.exclusions[0]) > 50.0
    assert back.fence_return == GeoPoint(52.005, 4.005)
    assert back.rally == (Rally(GeoPoint(52, 4), 30.0),)


def fence_of(*rows: str) -> str:
    return "\n".join(["QGC WPL 110", HOME, *rows])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (fence_of(line(1, 0, 0, 5001, 3, 0, 0, 0, 52, 4, 0, 1)), "fence item 1: a polygon of 3.0 corners"),
        (fence_of(line(1, 0, 0, 5001, 1e9, 0, 0, 0, 52, 4, 0, 1)), "corners is none"),
        (
            fence_of(*[line(1, 0, 0, 5001 + n % 2, 3, 0, 0, 0, 52, 4, 0, 1) for n in range(3)]),
            "has fewer",
        ),
        (fence_of(line(1, 0, 0, 5003, -1, 0, 0, 0, 52, 4, 0, 1)), "no circle"),
        (fence_of(line(1, 0, 0, 5003, 1, 0, 0, 0, 92, 4, 0, 1)), "out of range"),
        ("52 4\n52.1 4\n", "fence of 1 corners"),
        ("52 4\n52.1 4\n52.1 4.1 7\n", "line 3: has 3 columns"),
        ("52 4\n95 4\n52.1 4.1\n", "line 2.* out of range"),
        ("52 4\nnan 4\n52.1 4.1\n", "line 2.* no number"),
        ("RALLY 52 4 30 0 0 0\nRALLY 52 4\n", "line 2: is no RALLY line"),
        ("RALLY 52 x 30 0 0 0\n", "line 1: 'x' is no number"),
        ("QGC WPL 110\n" + "1" * 2000, "line 2: has 2000 characters"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FormatError, match=told) as raised:
        opened(tmp_path, text)
    assert str(tmp_path) in str(raised.value)
    assert raised.value.remedy


def test_a_poly_that_crosses_itself_is_no_area() -> None:
    with pytest.raises(AreaError, match="crosses itself"):
        read_poly(b"52 4\n52.001 4.001\n52.001 4\n52 4.001\n", "some.poly")


@pytest.mark.parametrize(
    "content",
    [
        "QGC WPL 110\n" + line(1, 0, *WAYPOINT) + "\n" + (line(1, 0, *WAYPOINT) + "\n") * 10**6,
        "QGC WPL 110\n" + "\n" * 10**7,
        "QGC WPL 110\n" + " 1" * 10**7,
        "52 4\n" * 10**6,
        "RALLY 52 4 30 0 0 0\n" * 10**6,
        "52 " + "4" * 10**7,
    ],
    ids=["items", "empty lines", "columns", "corners", "rally points", "digits"],
)
def test_a_hostile_file_is_refused_soon(tmp_path: Path, content: str) -> None:
    began = time.perf_counter()
    with pytest.raises(FormatError):
        opened(tmp_path, content)
    assert time.perf_counter() - began < 5.0


@pytest.mark.parametrize("kind", ["fen", "ral", "fence-waypoints", "rally-waypoints", "plan-survey"])
def test_a_damaged_file_is_refused_or_read_but_never_breaks(tmp_path: Path, plan: Plan, kind: str) -> None:
    chance = random.Random(7)
    whole = export_plan(plan, kind)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(InputError):
            opened(tmp_path, bytes(damaged))
