"""What marks share: the click that matching repeats, and the cameras with which a surface was found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import Adjusted, adjust
from imaging.control.points import Mark, MarkedPoint
from imaging.lens import Array
from imaging.measure.derive import derive
from imaging.measure.matching import MATCHED, SIGMA_PX
from imaging.measure.measuring import placed
from tests.imaging.networks import Truth, block

CLICKED_AT, LATER, AGAIN = (f"2026-11-27T10:0{minute}:00+00:00" for minute in range(3))
PLACE = np.array([2.0, -1.5, 0.0])
PHOTOS = ("01.jpg", "02.jpg", "11.jpg", "12.jpg")
GSD_M = 30 / 1200


class Level:
    """The level at height 0, without any doubt."""

    def __call__(self, east_north: Array) -> tuple[float, float]:
        return 0.0, 1e-4

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        return 0.0


@pytest.fixture(scope="module")
def flown() -> tuple[Adjusted, Truth]:
    network, truth = block(11, sigma_px=0.05, gps_m=0.02)
    return adjust(network), truth


def seen(adjusted: Adjusted, place: Array, photo: str, sigma_px: float, by: str | None, at: str) -> Mark:
    view = adjusted.views[adjusted.network.index[photo]]
    px = adjusted.lenses[view.lens].pixels((place - view.centre)[None, :] @ view.rotation.T)[0]
    return Mark(photo, float(px[0]), float(px[1]), sigma_px, by, at)


def found_again(adjusted: Adjusted, place: Array = PLACE, at: str = CLICKED_AT) -> tuple[Mark, ...]:
    """A click of two pixels and its matches."""
    click = seen(adjusted, place, PHOTOS[0], 2.0, "A. de Vries", at)
    return (click, *(seen(adjusted, place, photo, SIGMA_PX, MATCHED, at) for photo in PHOTOS[1:]))


def sigma_m(adjusted: Adjusted, marks: tuple[Mark, ...]) -> Array:
    """What the marks add to what the cameras leave open."""
    sure = tuple(seen(adjusted, PLACE, photo, 1e-3, None, LATER) for photo in PHOTOS)
    whole, cameras = (
        placed(adjusted, [MarkedPoint("A", each)], Level()).sigma_m("A") for each in (marks, sure)
    )
    return np.asarray(np.sqrt(whole**2 - cameras**2))


def test_a_match_put_right_by_hand_does_not_make_the_first_click_count_four_times(
    flown: tuple[Adjusted, Truth],
) -> None:
    adjusted, _ = flown
    once = found_again(adjusted)
    mine = seen(adjusted, PLACE, PHOTOS[1], 2.0, "A. de Vries", LATER)
    assert sigma_m(adjusted, once)[0] == pytest.approx(2.0 * GSD_M, rel=0.1)
    touched = (once[0], mine, *once[2:])
    assert sigma_m(adjusted, touched)[0] == pytest.approx(2.0 * GSD_M / np.sqrt(2), rel=0.1)


def test_intervals_of_clicks_among_matches_are_as_wide_as_the_places_scatter(
    flown: tuple[Adjusted, Truth],
) -> None:
    adjusted, _ = flown
    random = np.random.default_rng(5)
    places: list[Array] = []
    for _ in range(150):
        wrong = PLACE + np.append(random.normal(0, 2.0 * GSD_M, 2), 0.0)
        marks = [
            replace(mark, x_px=mark.x_px + dx, y_px=mark.y_px + dy)
            for mark, (dx, dy) in zip(
                found_again(adjusted, wrong), random.normal(0, SIGMA_PX, (len(PHOTOS), 2)), strict=True
            )
        ]
        off = random.normal(0, 1.0, 2)
        mine = seen(adjusted, PLACE, PHOTOS[1], 1.0, None, LATER)
        marks[1] = replace(mine, x_px=mine.x_px + off[0], y_px=mine.y_px + off[1])
        places.append(placed(adjusted, [MarkedPoint("A", tuple(marks))], Level()).local_m[0])
        told = sigma_m(adjusted, tuple(marks))
    assert np.std(places, axis=0)[:2] == pytest.approx(told[:2], rel=0.2)


def test_two_clicks_and_the_matches_of_each_count_as_two_clicks(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    first, other = found_again(adjusted), found_again(adjusted, at=AGAIN)
    mine = seen(adjusted, PLACE, PHOTOS[1], 2.0, None, AGAIN)
    marks = (first[0], first[2], mine, other[3])
    assert sigma_m(adjusted, marks)[0] == pytest.approx(2.0 * GSD_M / np.sqrt(2), rel=0.1)


def test_matches_whose_click_nothing_tells_are_left_out_beside_several(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    clicks = tuple(seen(adjusted, PLACE, photo, 2.0, None, CLICKED_AT) for photo in PHOTOS[:2])
    matches = tuple(seen(adjusted, PLACE, photo, SIGMA_PX, MATCHED, CLICKED_AT) for photo in PHOTOS[2:])
    assert sigma_m(adjusted, (*clicks, *matches)) == pytest.approx(sigma_m(adjusted, clicks))


def test_matches_of_something_else_than_what_two_clicks_show_are_left_out(
    flown: tuple[Adjusted, Truth],
) -> None:
    adjusted, _ = flown
    click, _, *others = found_again(adjusted)
    mine = seen(adjusted, PLACE, PHOTOS[1], 2.0, None, LATER)
    beside = PLACE + np.array([0.0, 0.4, 0.9])
    strays = tuple(seen(adjusted, beside, mark.photo, SIGMA_PX, MATCHED, CLICKED_AT) for mark in others)
    places = placed(adjusted, [MarkedPoint("A", (click, mine, *strays))], Level())
    by_hand = placed(adjusted, [MarkedPoint("A", (click, mine))], Level())
    assert places.local_m == pytest.approx(by_hand.local_m)
    assert "px from where the marks by hand meet" in places.doubts["A"]
    right = placed(adjusted, [MarkedPoint("A", (click, mine, *others))], Level())
    assert not right.doubts


def test_matches_whose_click_was_moved_are_as_wrong_as_a_click(flown: tuple[Adjusted, Truth]) -> None:
    adjusted, _ = flown
    moved = (seen(adjusted, PLACE, PHOTOS[0], 2.0, None, LATER), *found_again(adjusted)[1:])
    assert sigma_m(adjusted, moved)[0] == pytest.approx(2.0 * GSD_M / np.sqrt(2), rel=0.1)


def test_a_distance_between_lone_marks_knows_that_the_surface_moves_with_the_cameras() -> None:
    # three metres wrong together, which is no matter for a distance
    network, truth = block(11, sigma_px=0.05, gps_m=0.02)
    assert network.positions is not None
    together = np.kron(np.ones((len(truth.views),) * 2), 9.0 * np.eye(3))
    positions = replace(network.positions, covariance=network.positions.covariance + together)
    adjusted = adjust(replace(network, positions=positions))
    ends = {"A": np.array([6.0, 4.0, 0.0]), "B": np.array([-5.0, -3.0, 0.0])}
    alone = [
        MarkedPoint(name, (seen(adjusted, place, "11.jpg", 0.01, None, LATER),))
        for name, place in ends.items()
    ]
    many = [
        MarkedPoint(name, tuple(seen(adjusted, place, photo, 0.01, None, LATER) for photo in PHOTOS))
        for name, place in ends.items()
    ]
    lonely, sure = (placed(adjusted, points, Level()) for points in (alone, many))
    assert lonely.sigma_m("A")[2] == pytest.approx(3.0, rel=0.05)
    widths_m = [derive("distance", ("A", "B"), places).half_width_95 for places in (lonely, sure)]
    assert widths_m[0] == pytest.approx(widths_m[1], rel=0.3)
