"""QGroundControl's .plan: surveys, corridors, structures and landings as what they are, and as items."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shapely import LineString, Polygon

from missions.catalogue import camera
from missions.errors import FormatError, SettingsError
from missions.formats import export_plan, import_plan, read_area
from missions.formats.qgc_plan_patterns import (
    Vehicle,
    area_from_survey,
    only_survey,
    view_from_lanes,
)
from missions.geodesy import GeoPoint
from missions.items import Command
from missions.local import local_from_ring
from missions.plan_items import mission_items
from missions.search_plan import plan_search
from tests.missions.qgc_plans import CREATED, FRAME, PATTERNS, ROAD, VIEW, field, opened, patterned, searched


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
