"""Where a point is expected in each photo: an ellipse that holds it, and that shrinks with every mark."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from imaging.adjustment import Adjusted, adjust
from imaging.control.points import Mark
from imaging.lens import Array
from imaging.marking.expected import Expected
from tests.imaging.networks import Truth, block, marked

SURVEY_M = 0.02
WITHIN_95 = 5.991
"""The 95 % quantile of chi-square with two degrees of freedom."""


@cache
def small(seed: int) -> tuple[Adjusted, Truth]:
    """Six photos, adjusted without control."""
    network, truth = block(seed, rows=2, columns=3, points=80)
    return adjust(network), truth


def marks_of(truth: Truth, name: str, seed: int, sigma_px: float = 0.5) -> tuple[Mark, ...]:
    seen = marked(truth, name, np.random.default_rng(seed), sigma_px=sigma_px, sigma_m=None).marks
    return tuple(
        Mark(truth.views[view].name, float(px[0]), float(px[1]), sigma_px)
        for view, px in zip(seen.view, seen.px, strict=True)
    )


def survey(truth: Truth, seed: int) -> dict[str, tuple[Array, Array]]:
    random = np.random.default_rng(seed)
    spread = SURVEY_M**2 * np.eye(3)
    return {name: (place + random.normal(0, SURVEY_M, 3), spread) for name, place in truth.targets.items()}


def apart(adjusted: Adjusted, expected: Expected, name: str, marks: tuple[Mark, ...]) -> list[float]:
    """Squared distances of the true pixels from the expected ones, in the ellipses' own measure."""
    px, covariance = expected.pixels(name)
    index = adjusted.network.index
    return [
        float(off @ np.linalg.solve(covariance[index[mark.photo]], off))
        for mark in marks
        if np.isfinite(off := np.array([mark.x_px, mark.y_px]) - px[index[mark.photo]]).all()
    ]


def semi_axis_px(expected: Expected, name: str) -> float:
    return float(np.median([each.ellipse_px[0] for each in expected.predictions(name) if each.inside]))


def test_an_ellipse_lies_as_its_covariance_says() -> None:
    adjusted, truth = small(1)
    expected = Expected(adjusted, survey(truth, 1), {})
    _, covariance = expected.pixels("T1")
    for each in expected.predictions("T1"):
        turn = np.radians(each.ellipse_deg)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        spread = axes @ covariance[adjusted.network.index[each.photo]] @ axes.T * WITHIN_95
        assert spread == pytest.approx(np.diag(each.ellipse_px) ** 2, rel=1e-3, abs=1e-6 * spread[0, 0])
        assert each.ellipse_px[0] >= each.ellipse_px[1]


@pytest.mark.parametrize("known", [0, 1, 2])
def test_the_ellipses_hold_the_true_places_as_often_as_they_say(known: int) -> None:
    inside = []
    for seed in range(12):
        adjusted, truth = small(seed)
        names = list(truth.targets)
        given = {name: marks_of(truth, name, 100 * seed + n) for n, name in enumerate(names[:known])}
        expected = Expected(adjusted, survey(truth, seed), given)
        for name in names[known:]:
            exact = marks_of(truth, name, 0, 1e-6)
            inside += [each <= WITHIN_95 for each in apart(adjusted, expected, name, exact)]
    assert len(inside) > 100
    assert 0.85 < np.mean(inside) <= 1


def test_the_first_point_marked_twice_takes_out_what_gps_shares() -> None:
    network, truth = block(5)
    adjusted = adjust(network)
    start = survey(truth, 5)
    blind = semi_axis_px(Expected(adjusted, start, {}), "T2")
    told = semi_axis_px(Expected(adjusted, start, {"T1": marks_of(truth, "T1", 1)[:2]}), "T2")
    assert told < blind / 3


def test_a_mark_that_contradicts_the_rest_is_not_believed() -> None:
    network, truth = block(6)
    adjusted = adjust(network)
    start = survey(truth, 6)
    sound = marks_of(truth, "T1", 1)
    wrong = Mark(sound[-1].photo, sound[-1].x_px + 150, sound[-1].y_px, 0.5)
    with_wrong = Expected(adjusted, start, {"T1": (*sound[:-1], wrong)})
    without = Expected(adjusted, start, {"T1": sound[:-1]})
    np.testing.assert_allclose(with_wrong.pixels("T2")[0], without.pixels("T2")[0], atol=1e-6)


def test_a_point_that_nobody_surveyed_is_found_from_its_first_mark() -> None:
    network, truth = block(7)
    adjusted = adjust(network)
    marks = marks_of(truth, "T3", 3)
    place = truth.targets["T3"] + [2.0, -1.0, 0.5]
    start = {"T3": (place, np.diag([100.0, 100.0, 1.0]) ** 2)}
    expected = Expected(adjusted, start, {"T3": marks[:1]})
    assert max(apart(adjusted, expected, "T3", marks[1:])) < 12
    assert not expected.knows("T4")
    assert set(expected.shown_in("T3")) >= {mark.photo for mark in marks}
