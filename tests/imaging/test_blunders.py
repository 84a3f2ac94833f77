"""Errors in ground control are found, named and set aside; sound control is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.adjustment import Named, Network, adjust
from imaging.control.blunders import Blunder, sift
from imaging.control.points import Mark, Role, SurveyedPoint
from imaging.control.scene import SceneControl
from imaging.control.snooping import snooped, suspects
from imaging.lens import View
from missions.geodesy import GeoPoint, LocalFrame
from tests.imaging.networks import Truth, block, marked

FRAME = LocalFrame(GeoPoint(52.1, 5.8))
SHIFT_M = np.array([1.5, -2.0, 3.0])


def laid_by_gps(truth: Truth) -> tuple[View, ...]:
    """The true views, as one piece 1 % too large, turned by a degree and metres off, as GPS lays them."""
    turn = Rotation.from_euler("zyx", [1.0, 0.4, -0.3], degrees=True).as_matrix()
    return tuple(
        replace(view, rotation=view.rotation @ turn.T, centre=1.01 * turn @ view.centre + SHIFT_M)
        for view in truth.views
    )


def surveyed(truth: Truth, seed: int = 1) -> SceneControl:
    random = np.random.default_rng(seed)
    marks, points = {}, []
    for name, place in truth.targets.items():
        seen = marked(truth, name, random, sigma_px=0.5, sigma_m=None).marks
        marks[name] = tuple(
            Mark(truth.views[view].name, float(px[0]), float(px[1]), 0.5)
            for view, px in zip(seen.view, seen.px, strict=True)
        )
        points.append(point_at(name, place + random.normal(0, 0.01, 3)))
    return SceneControl(tuple(points), marks)


def point_at(name: str, local_m: np.ndarray) -> SurveyedPoint:
    place = FRAME.point_from_local(float(local_m[0]), float(local_m[1]))
    return SurveyedPoint(name, place.lat_deg, place.lon_deg, float(local_m[2]), "nap", 0.01, 0.015)


def moved(control: SceneControl, truth: Truth, name: str, by_m: list[float]) -> SceneControl:
    wrong = point_at(name, truth.targets[name] + by_m)
    return replace(control, points=tuple(wrong if each.name == name else each for each in control.points))


def found(control: SceneControl, truth: Truth) -> tuple[SceneControl, tuple[Blunder, ...]]:
    return sift(control, laid_by_gps(truth), {"lens": truth.lens}, FRAME)


@pytest.mark.parametrize("seed", range(6))
def test_sound_control_is_left_alone(seed: int) -> None:
    truth = block(seed)[1]
    control = surveyed(truth, seed)
    kept, blunders = found(control, truth)
    assert blunders == ()
    assert kept == control


def test_swapped_names_are_named_as_swapped() -> None:
    truth = block(2)[1]
    control = surveyed(truth)
    places = {"T2": truth.targets["T5"], "T5": truth.targets["T2"]}
    points = tuple(
        point_at(each.name, places[each.name]) if each.name in places else each for each in control.points
    )
    kept, blunders = found(replace(control, points=points), truth)
    assert {each.name for each in blunders} == {"T2", "T5"}
    assert all("the two are swapped" in each.reason for each in blunders)
    assert {each.name for each in kept.points} == {"T1", "T3", "T4", "T6", "T7", "T8"}


def test_one_points_coordinates_given_twice_are_named() -> None:
    truth = block(2)[1]
    control = surveyed(truth)
    twice = tuple(
        point_at("T3", truth.targets["T6"]) if each.name == "T3" else each for each in control.points
    )
    blunders = found(replace(control, points=twice), truth)[1]
    assert [(each.name, each.reason) for each in blunders] == [("T3", "its coordinates are those of T6")]


@pytest.mark.parametrize(
    ("by_m", "says"),
    [
        ([10.0, 0.0, 0.0], "in east: a digit mistyped"),
        ([0.0, -3.0, 0.0], "in north: a digit mistyped"),
        ([0.0, 0.0, 2.0], "above what the others say"),
        ([2.7, 3.3, 0.0], "from where the photos and the other points put it"),
    ],
)
def test_a_wrong_coordinate_is_named(by_m: list[float], says: str) -> None:
    truth = block(3)[1]
    blunders = found(moved(surveyed(truth), truth, "T4", by_m), truth)[1]
    assert [each.name for each in blunders] == ["T4"]
    assert says in blunders[0].reason


def test_a_mark_on_the_wrong_thing_is_set_aside_and_the_rest_is_kept() -> None:
    truth = block(4)[1]
    control = surveyed(truth)
    first, *rest = control.marks["T1"]
    assert len(rest) >= 2
    wrong = replace(first, x_px=first.x_px + 60)
    kept, blunders = found(replace(control, marks={**control.marks, "T1": (wrong, *rest)}), truth)
    assert [(each.name, each.photo) for each in blunders] == [("T1", first.photo)]
    assert "pixels from where the other photos show the point" in blunders[0].reason
    assert kept.marks["T1"] == tuple(rest)


def test_a_mark_under_another_points_name_says_whose_it_is() -> None:
    truth = block(5)[1]
    control = surveyed(truth)
    photos = {mark.photo: mark for mark in control.marks["T2"]}
    first = next(mark for mark in control.marks["T1"] if mark.photo in photos)
    wrong = replace(first, x_px=photos[first.photo].x_px, y_px=photos[first.photo].y_px)
    marks = tuple(wrong if mark == first else mark for mark in control.marks["T1"])
    assert len(marks) >= 3
    blunders = found(replace(control, marks={**control.marks, "T1": marks}), truth)[1]
    assert [each.reason for each in blunders] == ["the mark lies where T2 is seen: names swapped?"]


def test_three_points_that_do_not_fit_at_all_are_not_believed() -> None:
    truth = block(6)[1]
    control = surveyed(truth)
    random = np.random.default_rng(1)
    points = tuple(point_at(each.name, random.uniform(-30, 30, 3)) for each in control.points)
    blunders = found(replace(control, points=points), truth)[1]
    assert len(blunders) == 8
    assert "no three of the points" in blunders[0].reason


def test_checks_neither_vote_nor_are_set_aside() -> None:
    truth = block(6)[1]
    control = surveyed(truth)
    random = np.random.default_rng(1)
    points = tuple(
        each if number < 3 else replace(point_at(each.name, random.uniform(-30, 30, 3)), role=Role.CHECK)
        for number, each in enumerate(control.points)
    )
    sifted, blunders = found(replace(control, points=points), truth)
    assert blunders == ()
    assert sifted.points == points


def with_survey(seed: int, error_m: float, numbers: Sequence[int] = (1, 2, 3, 4, 5, 6)) -> Network:
    network, truth = block(seed, points=150)
    random = np.random.default_rng(seed)
    named: list[Named] = [marked(truth, f"T{i}", random, sigma_px=0.4, sigma_m=0.01) for i in numbers]
    named[2] = replace(named[2], local_m=named[2].local_m + np.array([error_m, 0, 0]))
    return replace(network, named=tuple(named))


def test_an_error_of_a_decimetre_is_found_by_the_adjustment() -> None:
    (worst,) = suspects(adjust(with_survey(1, 0.12)))
    assert worst.name == "T3"
    assert worst.off_m[0] == pytest.approx(0.12, abs=0.05)


def test_sound_points_pass_the_test_of_the_adjustment() -> None:
    ratios = [snooped(adjust(with_survey(seed, 0.0)))[0].ratio for seed in range(8)]
    assert max(ratios) < 1


def test_of_three_points_none_is_called_wrong_alone() -> None:
    network = with_survey(1, 0.2, (1, 2, 3))
    assert network.positions is not None
    by_gps = replace(network.positions, covariance=4.0 * np.eye(len(network.positions.covariance)))
    wrong = suspects(adjust(replace(network, positions=by_gps)))
    assert {each.name for each in wrong} == {"T1", "T2", "T3"}


def test_a_mark_with_no_photo_of_the_scene_is_passed_over() -> None:
    truth = block(4)[1]
    control = surveyed(truth)
    stray = Mark("elsewhere.jpg", 1.0, 1.0, 0.5)
    given = replace(control, marks={**control.marks, "T1": (*control.marks["T1"], stray)})
    assert found(given, truth)[1] == ()
