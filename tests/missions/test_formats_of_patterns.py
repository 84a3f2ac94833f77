"""Every pattern in every format, there and back: what should be equal is, what cannot be held is said."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymavlink import mavwp

from missions.errors import FormatError
from missions.formats import ImportedMission, export_files, export_plan, import_plan, losses, read_area
from missions.formats.circles import without_circles
from missions.formats.qgc_plan_survey import CORRIDOR, SURVEYS
from missions.geodesy import distance_m
from missions.item_compare import compare_items
from missions.items import Command, MissionItem, MissionType
from missions.plan import Plan
from missions.plan_items import fence_items, mission_items, rally_items

Plans = dict[str, Plan]
PATTERNS = {
    "parallel-track", "creeping-line", "contour", "perimeter", "photo-grid", "expanding-square",
    "sector-search", "spiral", "orbit", "accident-scene", "track-line-return", "corridor", "surveillance",
}  # fmt: skip


@pytest.fixture
def back(tmp_path: Path) -> Callable[[Plan, str], ImportedMission]:
    """The plan as that kind of file, read again."""

    def read(plan: Plan, kind: str) -> ImportedMission:
        path = tmp_path / "some.file"
        path.write_bytes(export_plan(plan, kind))
        return import_plan(path)

    return read


def circles(plan: Plan) -> bool:
    return any(one.orbit_turns > 0 for one in plan.route)


def test_every_pattern_and_every_thing_that_a_plan_can_hold_is_tried(every_plan: Plans) -> None:
    plans = list(every_plan.values())
    assert {plan.request.pattern for plan in plans} == PATTERNS
    assert {plan.aircraft.kind for plan in plans} == {"copter", "plane"}
    route = [one for plan in plans for one in plan.route]
    assert any(plan.fence.exclusions for plan in plans)
    assert any(any(part.holes for part in plan.area.parts) for plan in plans)
    assert all(plan.rally for plan in plans)
    for name in ("height_agl_m", "speed_m_s", "heading_deg", "gimbal_pitch_deg", "look_at", "trigger_m"):
        assert any(getattr(one, name) is not None for one in route), name
    for name in ("recording", "hold_s", "picture", "orbit_turns"):
        assert any(getattr(one, name) for one in route), name
    assert "copter, two flights, 2" in every_plan


@pytest.mark.parametrize("kind", ["plan", "plan-survey", "waypoints", "kml", "kmz", "geojson", "gpx", "wpml"])
def test_every_pattern_comes_back_from_every_format(every_plan: Plans, back: Any, kind: str) -> None:
    tried = 0
    for name, plan in every_plan.items():
        if kind == "plan-survey" and plan.request.pattern not in (*SURVEYS, CORRIDOR):
            with pytest.raises(FormatError, match="no survey for the pattern"):
                export_plan(plan, kind)
            continue
        if kind == "wpml" and not name.startswith("dji"):
            with pytest.raises(FormatError, match="does not fly DJI waylines"):
                export_plan(plan, kind)
            continue
        tried += 1
        read = back(plan, kind)
        assert read.home == plan.take_off, name
        if kind == "wpml" and circles(plan):
            flown = [one.place for one, _ in without_circles(plan.route)]
            assert [one.place for one in read.route] == flown, name
        elif kind == "wpml":
            assert compare_items(mission_items(plan), read.items) == [], name
        else:
            assert read.items == mission_items(plan), name
        if MissionType.FENCE in read.holds:
            assert (read.fence, read.rally) == (plan.fence, plan.rally), name
        else:
            assert any("no room for the fence and rally points" in one for one in losses(plan, kind)), name
        if kind == "geojson":
            assert read.route == plan.route, name
    assert tried > 6


def test_fence_and_rally_points_of_every_pattern_come_back_by_themselves(
    every_plan: Plans, back: Any
) -> None:
    for name, plan in every_plan.items():
        for kind in ("fence-waypoints", "fen"):
            if kind == "fen" and plan.fence.exclusions:
                with pytest.raises(FormatError, match="one border without holes"):
                    export_plan(plan, kind)
                continue
            read = back(plan, kind)
            assert read.holds == (MissionType.FENCE,)
            held = fence_items(read.fence)
            assert compare_items(fence_items(plan), held, kind=MissionType.FENCE) == [], f"{name}, {kind}"
        for kind in ("rally-waypoints", "ral"):
            read = back(plan, kind)
            assert read.holds == (MissionType.RALLY,)
            held = rally_items(read.rally)
            assert compare_items(rally_items(plan), held, kind=MissionType.RALLY) == [], f"{name}, {kind}"


@pytest.mark.parametrize("kind", ["kml", "kmz", "geojson"])
def test_the_area_of_every_pattern_comes_back(every_plan: Plans, tmp_path: Path, kind: str) -> None:
    for name, plan in every_plan.items():
        path = tmp_path / "some.file"
        path.write_bytes(export_plan(plan, kind))
        read = [ring for part in read_area(path).parts for ring in (part.border, *part.holes)]
        drawn = [ring for part in plan.area.parts for ring in (part.border, *part.holes)]
        assert len(read) == len(drawn), name
        corners = [point for ring in drawn for point in ring]
        assert all(
            min(distance_m(one, other) for other in corners) < 0.01 for ring in read for one in ring
        ), name


def test_litchi_flies_the_waypoints_of_every_pattern_in_missions_that_follow_each_other(
    every_plan: Plans,
) -> None:
    for name, plan in every_plan.items():
        if plan.aircraft.kind == "plane":
            with pytest.raises(FormatError, match="Litchi flies nothing else"):
                export_files(plan, "litchi")
            continue
        files = [
            [
                (row["latitude"], row["longitude"], row["altitude(m)"])
                for row in csv.DictReader(io.StringIO(text))
            ]
            for text in (data.decode() for data in export_files(plan, "litchi"))
        ]
        assert all(len(rows) <= 99 for rows in files)
        joined = [*files[0], *(row for rows in files[1:] for row in rows[1:])]
        wanted = [
            (f"{one.place.lat_deg:.8f}", f"{one.place.lon_deg:.8f}", f"{one.height_relative_m:.2f}")
            for one, _ in without_circles(plan.route)
        ]
        assert joined == wanted, name
        told = " ".join(losses(plan, "litchi"))
        assert "take-off point" in told
        assert ("circles" in told) == circles(plan)


def test_pymavlink_reads_every_pattern(every_plan: Plans, tmp_path: Path) -> None:
    path = str(tmp_path / "some.waypoints")
    for name, plan in every_plan.items():
        lists = {
            "waypoints": mission_items(plan)[1:],
            "fence-waypoints": fence_items(plan),
            "rally-waypoints": rally_items(plan),
        }
        for kind, sent in lists.items():
            Path(path).write_bytes(export_plan(plan, kind))
            loader = mavwp.MAVWPLoader()
            assert loader.load(path) == len(sent) + 1, f"{name}, {kind}"
            held = [loader.wp(number) for number in range(1, len(sent) + 1)]
            assert [plain(one) for one in sent] == [told(one) for one in held], f"{name}, {kind}"


def plain(item: MissionItem) -> tuple[Any, ...]:
    numbers = (item.p1, item.p2, item.p3, item.p4, item.x, item.y, item.z)
    return (item.command, item.frame, *(pytest.approx(one, rel=1e-6, abs=1e-7) for one in numbers))


def told(one: Any) -> tuple[Any, ...]:
    numbers = (one.param1, one.param2, one.param3, one.param4, one.x, one.y, one.z)
    return (one.command, one.frame, *numbers)


def test_mavsdk_reads_every_pattern(every_plan: Plans, by_mavsdk: Any, tmp_path: Path) -> None:
    for name, plan in every_plan.items():
        (tmp_path / f"{name}.plan").write_bytes(export_plan(plan, "plan"))
        (tmp_path / f"{name}.waypoints").write_bytes(export_plan(plan, "waypoints"))
    read = by_mavsdk(tmp_path)
    for name, plan in every_plan.items():
        mission, fence, rally = read[f"{name}.plan"]
        items = [as_sent(one) for one in mission_items(plan)[1:]]
        assert [as_held(one) for one in mission[1:]] == items, name
        assert [as_held(one) for one in fence] == [as_sent(one) for one in fence_items(plan)], name
        assert [(one["x"], one["z"]) for one in rally] == [as_sent(one)[6::2] for one in rally_items(plan)], (
            name
        )
        # Of Mission Planner's own files, too, it takes item 0 for a waypoint and sets home before it.
        again, _, _ = read[f"{name}.waypoints"]
        assert [as_held(one) for one in again[2:]] == items, name


PLACED = {
    Command.WAYPOINT,
    Command.LOITER_TURNS,
    Command.LOITER_TIME,
    Command.LOITER_TO_ALT,
    Command.TAKEOFF,
    Command.DO_SET_ROI,
    Command.FENCE_POLYGON_INCLUSION,
    Command.FENCE_POLYGON_EXCLUSION,
    Command.RALLY_POINT,
}


def as_sent(item: MissionItem) -> tuple[Any, ...]:
    """As MISSION_ITEM_INT has it: places in whole 1e-7 degrees, the rest in float32."""
    scale = 1e7 if item.command in PLACED else 1
    return (
        item.command,
        item.frame,
        *(pytest.approx(one, rel=1e-6, abs=1e-6) for one in (item.p1, item.p2, item.p3, item.p4)),
        pytest.approx(item.x * scale, abs=1),
        pytest.approx(item.y * scale, abs=1),
        pytest.approx(item.z, rel=1e-6),
    )


def as_held(one: dict[str, Any]) -> tuple[Any, ...]:
    names = ("command", "frame", "param1", "param2", "param3", "param4", "x", "y", "z")
    return tuple(one[name] for name in names)
