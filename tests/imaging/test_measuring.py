"""Marks to places: a click is found in other photos, a lone one meets the surface, the rest is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import Adjusted, adjust
from imaging.control.points import Mark, MarkedPoint
from imaging.measure.matching import MATCHED
from imaging.measure.measuring import Asked, completed, measure, on_surface, placed
from imaging.photos import Pixels
from missions.errors import InputError
from tests.imaging.networks import Truth, block, marked
from tests.imaging.photographed import Level, Unknown, click, gravel, photos_of


@pytest.fixture(scope="module")
def flown() -> tuple[Adjusted, Truth]:
    network, truth = block(11, sigma_px=0.05, gps_m=0.05)
    return adjust(network), truth


@pytest.fixture(scope="module")
def ground() -> Pixels:
    return gravel(4)


def test_one_click_is_found_in_other_photos_and_gives_the_place(
    flown: tuple[Adjusted, Truth], ground: Pixels
) -> None:
    adjusted, _ = flown
    place = np.array([2.0, -1.5, 0.0])
    point = MarkedPoint("A", (click(adjusted, "11.jpg", place),))
    # the surface is half a metre wrong: matching does not depend on it
    found = completed(adjusted, [point], Level(0.5), photos_of(adjusted, ground, place))[0].point
    assert len(found.marks) >= 4
    assert {mark.marked_by for mark in found.marks[1:]} == {MATCHED}
    places = placed(adjusted, [found], Level(0.5))
    assert places.local_m[0] == pytest.approx(place, abs=0.02)
    careless = MarkedPoint("A", (replace(found.marks[0], sigma_px=5.0), *found.marks[1:]))
    wide_m, own_m = placed(adjusted, [careless], Level(0.5)).sigma_m("A")[0], places.sigma_m("A")[0]
    gsd_m = 30 / 1200
    assert np.sqrt(wide_m**2 - own_m**2) == pytest.approx(np.sqrt(5**2 - 0.5**2) * gsd_m, rel=0.1)
    rough = placed(adjusted, [found], Level(0.5, relief_m=0.3))
    assert rough.sigma_m("A")[2] == pytest.approx(0.3, rel=0.1)


def test_a_lone_mark_meets_the_surface_and_is_as_sure_as_it(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    place = np.array([4.0, 3.0, 1.2])
    mark = click(adjusted, "12.jpg", place)
    assert on_surface(adjusted, mark, Level(1.2)) == pytest.approx(place, abs=1e-3)
    places = placed(adjusted, [MarkedPoint("A", (mark,))], Level(1.2, sigma_m=0.25))
    assert places.local_m[0] == pytest.approx(place, abs=1e-3)
    assert places.sigma_m("A")[2] == pytest.approx(0.25, rel=0.05)


def test_several_marks_need_no_surface(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, truth = flown
    random = np.random.default_rng(1)
    points = []
    for name in ("T1", "T2", "T3"):
        seen = marked(truth, name, random, sigma_px=0.3, sigma_m=None).marks
        marks = tuple(
            Mark(truth.views[view].name, float(px[0]), float(px[1]), 0.3)
            for view, px in zip(seen.view, seen.px, strict=True)
        )
        points.append(MarkedPoint(name, marks))
    places = placed(adjusted, points, Unknown())
    for row, name in enumerate(places.letters):
        off = places.local_m[row] - truth.targets[name]
        assert np.abs(off / places.sigma_m(name)).max() < 4
    asked = [Asked("distance", ("T1", "T2"), "skid mark"), Asked("area", ("T1", "T2", "T3"))]
    found = measure(places, points, asked, evidence=False, verdict="not for evidence: no ground control")
    truly = float(np.linalg.norm(truth.targets["T1"] - truth.targets["T2"]))
    assert abs(found.figures[0].value - truly) <= 2 * found.figures[0].half_width_95
    assert found.figures[0].note == "skid mark"
    assert found.verdict.startswith("not for evidence")


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        (Mark("elsewhere.jpg", 10, 10, 0.5), "has no pose in this scene"),
        (None, "is marked nowhere"),
    ],
)
def test_marks_that_give_no_place_are_refused(
    flown: tuple[Adjusted, Truth], mark: Mark | None, says: str
) -> None:
    point = MarkedPoint("A", () if mark is None else (mark,))
    with pytest.raises(InputError, match=says):
        placed(flown[0], [point], Level())


def test_a_mark_that_looks_up_is_refused(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    view = adjusted.network.views[0]
    up = replace(view, rotation=np.diag([1.0, -1.0, -1.0]) @ view.rotation)
    state = replace(adjusted.state, rotations=np.array([up.rotation, *adjusted.state.rotations[1:]]))
    turned = replace(adjusted, state=state)
    with pytest.raises(InputError, match="does not look down"):
        on_surface(turned, Mark(view.name, 800, 600, 0.5), Level())
