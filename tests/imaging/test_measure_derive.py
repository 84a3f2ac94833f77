"""Figures from places: known values, gradients against differences, intervals against repeated draws."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.measure.derive import KINDS, derive
from imaging.measure.figures import Kind
from imaging.measure.places import Places
from missions.errors import InputError

SQUARE = np.array([[0.0, 0, 1], [10, 0, 1], [10, 10, 3], [0, 10, 1]])


def places_of(local_m: np.ndarray, covariance: np.ndarray | None = None) -> Places:
    letters = tuple("ABCDEFGH"[: len(local_m)])
    return Places(letters, local_m, np.zeros((3 * len(local_m),) * 2) if covariance is None else covariance)


@pytest.mark.parametrize(
    ("kind", "letters", "value"),
    [
        ("distance", "AB", 10.0),
        ("distance", "AC", np.sqrt(204)),
        ("horizontal distance", "AC", np.sqrt(200)),
        ("path", "ABCD", 10 + 2 * np.sqrt(104)),
        ("area", "ABCD", 100.0),
        ("area", "DCBA", 100.0),
        ("angle", "DAB", 90.0),
        ("angle", "BAD", 270.0),
        ("height difference", "AC", 2.0),
        ("height difference", "CA", -2.0),
    ],
)
def test_figures_of_a_square_are_known(kind: Kind, letters: str, value: float) -> None:
    figure = derive(kind, tuple(letters), places_of(SQUARE))
    assert figure.value == pytest.approx(value)
    assert figure.half_width_95 == 0.0


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_gradient_is_what_differences_give(kind: Kind) -> None:
    random = np.random.default_rng(3)
    function, least, most, _ = KINDS[kind]
    local_m = random.normal(0, 10, (min(most, least + 2), 3))
    gradient = function(local_m)[1]
    for row in range(len(local_m)):
        for axis in range(3):
            step = np.zeros_like(local_m)
            step[row, axis] = 1e-6
            apart = function(local_m + step)[0] - function(local_m - step)[0]
            assert apart / 2e-6 == pytest.approx(gradient[row, axis], abs=1e-5)


@pytest.mark.parametrize("kind", list(KINDS))
def test_intervals_hold_the_truth_19_times_in_20(kind: Kind) -> None:
    random = np.random.default_rng(5)
    _, least, most, _ = KINDS[kind]
    truth = SQUARE[: min(most, 4)] if least < 4 else SQUARE
    lower = 0.03 * np.tril(random.normal(0, 1, (3 * len(truth),) * 2))
    covariance = lower @ lower.T
    letters = tuple("ABCD"[: len(truth)])
    right = derive(kind, letters, places_of(truth)).value
    held = 0
    for _ in range(2000):
        drawn = truth + (lower @ random.normal(0, 1, truth.size)).reshape(truth.shape)
        figure = derive(kind, letters, places_of(drawn, covariance))
        apart = (figure.value - right + 180) % 360 - 180 if kind == "angle" else figure.value - right
        held += abs(apart) <= figure.half_width_95
    assert 0.93 < held / 2000 < 0.97


def test_what_all_marks_share_does_not_widen_a_distance() -> None:
    shared = np.tile(np.eye(3), (2, 2)) * 4.0
    assert derive("distance", ("A", "B"), places_of(SQUARE[:2], shared)).half_width_95 == pytest.approx(0)


def test_a_distance_small_beside_its_uncertainty_says_so() -> None:
    figure = derive("distance", ("A", "B"), places_of(SQUARE[:2] / 100, np.eye(6)))
    assert "may be nothing" in figure.note


@pytest.mark.parametrize(
    ("kind", "letters", "says"),
    [
        ("distance", "AZ", "there is no mark Z"),
        ("distance", "ABC", "takes 2 marks, not 3"),
        ("area", "AB", "takes 3 marks or more, not 2"),
        ("area", "ABCA", "names a mark twice"),
    ],
)
def test_marks_that_make_no_figure_are_refused(kind: Kind, letters: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        derive(kind, tuple(letters), places_of(SQUARE))
