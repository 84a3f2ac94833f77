"""A mark of control that is a few pixels off is found by the other marks of its point; sound ones stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import Adjusted, Network, adjust
from imaging.control.judging import Judged, judged
from imaging.control.points import Mark, Role
from imaging.control.scene import SceneControl, named_points
from imaging.sheet.shortcomings import reason_in_dutch
from tests.imaging.networks import block
from tests.imaging.test_blunders import FRAME, moved, surveyed


def weighed(network: Network, control: SceneControl) -> Adjusted:
    index = {view.name: number for number, view in enumerate(network.views)}
    return adjust(replace(network, named=named_points(control, FRAME, index, {}, 0.0)))


def settled(network: Network, control: SceneControl) -> tuple[Judged, Adjusted]:
    """Adjusted again and again until nothing is left that contradicts the rest, as a scene is."""
    state = Judged(control, control)
    adjusted = weighed(network, control)
    while (left := judged(adjusted, state)) is not None:
        state = left
        adjusted = weighed(network, state.control)
    return state, adjusted


def with_marks(control: SceneControl, name: str, marks: tuple[Mark, ...]) -> SceneControl:
    return replace(control, marks={**control.marks, name: marks})


def off(mark: Mark, px: float) -> Mark:
    return replace(mark, x_px=mark.x_px + 0.6 * px, y_px=mark.y_px - 0.8 * px)


def test_sound_marks_are_left_alone() -> None:
    for seed in range(6):
        network, truth = block(seed, points=150)
        control = surveyed(truth, seed)
        assert settled(network, control)[0] == Judged(control, control)


def test_a_mark_five_pixels_off_is_named_and_moves_nothing_any_more() -> None:
    network, truth = block(2, points=150)
    control = surveyed(truth)
    name = max(control.marks, key=lambda each: len(control.marks[each]))
    first, *rest = control.marks[name]
    assert len(rest) >= 4
    state, adjusted = settled(network, with_marks(control, name, (off(first, 5.0), *rest)))
    assert [(each.name, each.photo) for each in state.blunders] == [(name, first.photo)]
    assert state.control.marks[name] == tuple(rest)
    assert not state.doubts
    reason = state.blunders[0].reason
    assert float(reason.split()[3]) == pytest.approx(5.0, abs=1.5)
    assert reason_in_dutch(reason).startswith(f"de aanwijzing ligt {reason.split()[3]} pixels van waar")
    without = weighed(network, with_marks(control, name, tuple(rest)))
    assert adjusted.named(name)[0] == pytest.approx(without.named(name)[0], abs=1e-5)


def test_of_three_marks_nothing_tells_which_is_wrong_and_all_count_less() -> None:
    network, truth = block(2, points=150)
    control = surveyed(truth)
    few = tuple(control.marks["T1"][:3])
    state, adjusted = settled(network, with_marks(control, "T1", (off(few[0], 20.0), *few[1:])))
    assert not state.blunders
    assert list(state.doubts) == ["T1"]
    assert state.doubts["T1"].startswith("The marks of T1 miss one another by up to ")
    kept = state.control.marks["T1"]
    assert [mark.photo for mark in kept] == [mark.photo for mark in few]
    assert len({mark.sigma_px for mark in kept}) == 1
    assert kept[0].sigma_px > 2 * few[0].sigma_px
    place, spread = adjusted.named("T1")
    assert (np.abs(place - truth.targets["T1"]) < 3 * np.sqrt(np.diag(spread))).all()


def test_a_coordinate_that_is_wrong_is_not_laid_to_the_marks() -> None:
    network, truth = block(1, points=150)
    state, _ = settled(network, moved(surveyed(truth), truth, "T3", [0.12, 0.0, 0.0]))
    assert [(each.name, each.photo) for each in state.blunders] == [("T3", "")]


def test_a_person_who_clicks_less_surely_than_he_says_does_so_everywhere() -> None:
    random = np.random.default_rng(4)
    network, truth = block(4, points=150)
    control = surveyed(truth)
    marks = {
        name: tuple(
            replace(mark, x_px=mark.x_px + random.normal(0, 1.5), y_px=mark.y_px + random.normal(0, 1.5))
            for mark in marks
        )
        for name, marks in control.marks.items()
    }
    assert settled(network, replace(control, marks=marks))[0].blunders == ()


def test_a_check_is_tested_too_and_a_point_that_nobody_surveyed_is_not() -> None:
    network, truth = block(2, points=150)
    control = surveyed(truth)
    first, *rest = control.marks["T2"]
    given = with_marks(control, "T2", (off(first, 6.0), *rest))
    asked = tuple(replace(each, role=Role.CHECK) if each.name == "T2" else each for each in given.points)
    state, _ = settled(network, replace(given, points=asked))
    assert [(each.name, each.photo) for each in state.blunders] == [("T2", first.photo)]
    others = tuple(each for each in given.points if each.name != "T2")
    assert not settled(network, replace(given, points=others))[0].blunders
