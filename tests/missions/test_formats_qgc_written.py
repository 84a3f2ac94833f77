"""QGroundControl plans as we write them, and patterns read back."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
from shapely import Polygon

from missions.errors import AreaError, FormatError, SettingsError
from missions.formats.qgc_plan_patterns import (
    Landing,
    Structure,
    area_from_survey,
    only_survey,
    view_from_lanes,
)
from missions.geodesy import GeoPoint
from missions.items import Command, Frame
from missions.local import local_from_ring
from missions.view import View
from tests.missions.qgc_plans import (
    CORRIDOR_VALUES,
    FRAME,
    ITEM,
    LANDING_VALUES,
    RING,
    STRUCTURE_VALUES,
    SURVEY_VALUES,
    changed,
    opened,
    qgc,
)


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
