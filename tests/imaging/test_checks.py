"""Independent checks agree where the scene is right, and say so where it is not; the verdict follows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.accuracy import NOT_CHECKED, NOT_FOR_EVIDENCE, verdict_of
from imaging.adjustment import Adjusted, adjust
from imaging.checks import Check, checked
from imaging.control.points import Mark, Role, ScaleBar, SurveyedPoint
from imaging.control.scene import SceneControl
from missions.geodesy import GeoPoint, LocalFrame
from tests.imaging.networks import Truth, block, marked

FRAME = LocalFrame(GeoPoint(52.1, 5.8))


@pytest.fixture(scope="module")
def held() -> tuple[Adjusted, Truth]:
    """A block that four surveyed points hold."""
    network, truth = block(5)
    random = np.random.default_rng(5)
    named = tuple(marked(truth, f"T{i}", random, sigma_px=0.4, sigma_m=0.01) for i in (1, 2, 3, 4))
    return adjust(replace(network, named=named)), truth


def control(truth: Truth, off_m: float = 0.0, bar_off_m: float = 0.0) -> SceneControl:
    """T5 as a check, off by so much in the east, and the distance T6 to T7."""
    random = np.random.default_rng(8)
    marks = {}
    for name in ("T5", "T6", "T7"):
        seen = marked(truth, name, random, sigma_px=0.4, sigma_m=None).marks
        marks[name] = tuple(
            Mark(truth.views[view].name, float(px[0]), float(px[1]), 0.4)
            for view, px in zip(seen.view, seen.px, strict=True)
        )
    east, north, up = truth.targets["T5"] + [off_m, 0, 0]
    place = FRAME.point_from_local(float(east), float(north))
    point = SurveyedPoint("T5", place.lat_deg, place.lon_deg, float(up), "nap", 0.01, 0.01, Role.CHECK)
    length_m = float(np.linalg.norm(truth.targets["T6"] - truth.targets["T7"]))
    bar = ScaleBar("T6", "T7", length_m + bar_off_m, 0.003, Role.CHECK)
    return SceneControl((point,), marks, (bar,))


def test_checks_of_a_sound_scene_agree(held: tuple[Adjusted, Truth]) -> None:
    adjusted, truth = held
    point, bar = checked(adjusted, control(truth), FRAME)
    assert point.agrees
    assert bar.agrees
    assert max(map(abs, point.off_m)) < 0.15
    assert bar.is_distance
    assert not point.is_distance


@pytest.mark.parametrize(("off_m", "bar_off_m", "fails"), [(0.3, 0.0, "T5"), (0.0, 0.3, "T6-T7")])
def test_a_check_that_is_off_disagrees(
    held: tuple[Adjusted, Truth], off_m: float, bar_off_m: float, fails: str
) -> None:
    adjusted, truth = held
    found = checked(adjusted, control(truth, off_m, bar_off_m), FRAME)
    assert [check.name for check in found if not check.agrees] == [fails]


def test_a_check_without_height_is_one_in_plan(held: tuple[Adjusted, Truth]) -> None:
    adjusted, truth = held
    given = control(truth)
    flat = replace(given, points=(replace(given.points[0], height_m=None),), bars=())
    (point,) = checked(adjusted, flat, FRAME)
    assert len(point.off_m) == 2
    assert point.agrees


def test_marks_called_wrong_take_no_part(held: tuple[Adjusted, Truth]) -> None:
    adjusted, truth = held
    given = control(truth)
    first, *rest = given.marks["T5"]
    spoiled = replace(given, marks={**given.marks, "T5": (replace(first, x_px=first.x_px + 80), *rest)})
    assert not checked(adjusted, spoiled, FRAME)[0].agrees
    assert checked(adjusted, spoiled.without_marks({("T5", first.photo)}), FRAME)[0].agrees


GOOD, BAD = Check("C1", (0.01, 0.0, 0.0), (0.01, 0.01, 0.02), True), Check("C2", (0.5,), (0.01,), False)


@pytest.mark.parametrize(
    ("points", "bars", "checks", "evidence", "says"),
    [
        (0, 0, [], False, NOT_FOR_EVIDENCE),
        (1, 0, [GOOD], False, NOT_FOR_EVIDENCE),
        (4, 0, [], False, NOT_CHECKED),
        (0, 1, [], False, NOT_CHECKED),
        (0, 1, [GOOD], True, "checked: one independent check"),
        (4, 0, [GOOD, GOOD], True, "checked: 2 independent checks"),
        (4, 1, [GOOD, BAD], False, "disagrees with the check of C2"),
    ],
)
def test_a_verdict_needs_control_and_a_check_that_agrees(
    points: int, bars: int, checks: list[Check], evidence: bool, says: str
) -> None:
    found, words = verdict_of(points, bars, checks)
    assert found is evidence
    assert says in words
