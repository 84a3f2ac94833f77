"""QGroundControl plans that are broken or hostile, and other programs that read ours."""

from __future__ import annotations

import contextlib
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import pytest

from missions.catalogue import camera
from missions.errors import FormatError
from missions.formats import export_plan
from missions.formats.qgc_plan_patterns import (
    Lanes,
    Survey,
    view_from_lanes,
)
from missions.geodesy import distance_m
from missions.items import Frame
from missions.plan import Plan
from missions.plan_items import mission_items
from tests.missions.qgc_plans import (
    CORRIDOR_VALUES,
    HOME,
    ITEM,
    LANDING_VALUES,
    RING,
    ROAD,
    STRUCTURE_VALUES,
    SURVEY_VALUES,
    changed,
    opened,
    patterned,
    qgc,
)

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
    began = time.process_time()
    with pytest.raises(FormatError) as raised:
        opened(tmp_path, HOSTILE[name])
    assert time.process_time() - began < 5.0
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


def as_mavsdk(plan: Plan) -> list[tuple[float, ...]]:
    """Our items as MISSION_ITEM_INT has them: places in whole 1e-7 degrees, the rest in float32."""
    placed = {16, 18, 19, 21, 22, 31, 201}
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
