"""A click is found again where it is or not at all: beside tall things, among its likes, in motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import Adjusted, adjust
from imaging.adjustment.state import READOUT
from imaging.control.points import MarkedPoint
from imaging.lens import Array
from imaging.measure.derive import derive
from imaging.measure.measuring import Completed, completed, placed
from imaging.measure.missed import ALIKE, BESIDE, EDGE, FLAT, Missed, told
from imaging.measure.places import Places
from tests.imaging.networks import block
from tests.imaging.photographed import Level, Plate, click, gravel, painted, photos_of

CLICKED, PLACE = "11.jpg", np.array([2.0, -1.5, 0.0])
SURE_PX = 1.0


@pytest.fixture(scope="module")
def flown() -> Adjusted:
    return adjust(block(11, sigma_px=0.05, gps_m=0.05)[0])


def off_px(adjusted: Adjusted, found: Completed, place: Array = PLACE) -> list[float]:
    """How far each match lies from where its photo truly shows the place."""
    true = {mark.photo: click(adjusted, mark.photo, place) for mark in found.point.marks[1:]}
    return [
        float(np.hypot(mark.x_px - true[mark.photo].x_px, mark.y_px - true[mark.photo].y_px))
        for mark in found.point.marks[1:]
    ]


def beside_a_roof(adjusted: Adjusted, apart_m: float) -> tuple[MarkedPoint, Completed, Places]:
    """A chalk cross so far from the edge of a roof 1.2 m above it, clicked once, and what comes of it."""
    ground = gravel(4, contrast=1.5)
    for half_m in ((0.11, 0.03), (0.03, 0.11)):
        painted(ground, PLACE, half_m, 165)
    low = PLACE[:2] + np.array([-1.0, apart_m])
    roof = Plate(1.2, low, low + np.array([2.0, 1.5]), gravel(5, contrast=25.0))
    point, surface = MarkedPoint("A", (click(adjusted, CLICKED, PLACE),)), Level(sigma_m=0.15)
    (found,) = completed(adjusted, [point], surface, photos_of(adjusted, ground, PLACE, roof, 1.0))
    return point, found, placed(adjusted, [found.point], surface)


def test_a_mark_beside_a_car_is_not_found_where_the_car_s_roof_is(flown: Adjusted) -> None:
    point, found, _ = beside_a_roof(flown, 0.16)
    assert found.point == point
    assert BESIDE in {each.reason for each in found.missed}


def test_a_mark_is_found_by_its_nearest_surroundings_where_a_roof_fills_the_rest(flown: Adjusted) -> None:
    _, found, places = beside_a_roof(flown, 0.25)
    assert len(found.point.marks) >= 4
    assert max(off_px(flown, found)) < SURE_PX
    assert places.local_m[0] == pytest.approx(PLACE, abs=0.02)


def test_a_roof_that_all_but_covers_a_mark_is_doubted_and_its_interval_holds_the_mark(
    flown: Adjusted,
) -> None:
    _, found, places = beside_a_roof(flown, 0.12)
    assert max(off_px(flown, found)) > 10, "these matches are of the roof"
    assert np.abs((places.local_m[0] - PLACE) / places.sigma_m("A")).max() < 1.96
    seen = tuple(click(flown, photo, np.array([-3.0, 4.0, 0.0])) for photo in ("11.jpg", "12.jpg"))
    both = placed(flown, [found.point, MarkedPoint("B", seen)], Level(sigma_m=0.15))
    assert "above the surface" in derive("height difference", ("B", "A"), both).note


@pytest.mark.parametrize(("along", "same"), [(0, {"12.jpg", "13.jpg"}), (1, {"01.jpg", "21.jpg"})])
def test_one_of_a_row_of_equal_studs_is_found_but_in_photos_from_further_along_the_row(
    flown: Adjusted, along: int, same: set[str]
) -> None:
    # these see all of the row on the line on which the click can lie: nothing tells which stud it is
    ground = np.full_like(gravel(4), 110)
    step = np.zeros(3)
    step[along] = 0.3
    for number in range(-30, 31):
        painted(ground, PLACE + number * step, (0.05, 0.05), 200)
    point = MarkedPoint("A", (click(flown, CLICKED, PLACE),))
    (found,) = completed(flown, [point], Level(0.4, sigma_m=0.4), photos_of(flown, ground, PLACE, noise=2.0))
    assert {each.photo for each in found.missed if each.reason == ALIKE} == same
    assert len(found.point.marks) >= 6
    assert max(off_px(flown, found)) < SURE_PX


def test_a_click_is_found_again_by_cameras_that_moved_while_they_were_read(flown: Adjusted) -> None:
    lenses = flown.state.lenses.copy()
    lenses[:, READOUT] = 0.03
    speed = np.tile([8.0, 3.0, 0.0], (len(flown.views), 1))
    speed[::2] *= -1
    moving = replace(
        flown,
        network=replace(flown.network, velocity_m_s=speed),
        state=replace(flown.state, lenses=lenses),
    )
    place = np.array([2.0, 5.0, 0.0])
    point = MarkedPoint("A", (click(moving, CLICKED, place),))
    (found,) = completed(moving, [point], Level(), photos_of(moving, gravel(4), place))
    assert len(found.point.marks) >= 4
    assert max(off_px(moving, found, place)) < 0.3


def test_what_cannot_be_told_from_its_surroundings_or_lies_at_the_edge_says_so(flown: Adjusted) -> None:
    lens = flown.lenses["lens"]
    plain = np.full((lens.height_px, lens.width_px, 3), 120, np.uint8)
    alone = MarkedPoint("A", (click(flown, CLICKED, PLACE),))
    edge = MarkedPoint("B", (replace(alone.marks[0], x_px=3.0),))
    flat, cut = completed(flown, [alone, edge], Level(), lambda name: plain)
    assert (flat.point, cut.point) == (alone, edge)
    assert {each.reason for each in flat.missed} == {FLAT}
    assert {each.reason for each in cut.missed} == {EDGE}


def test_photos_of_one_reason_are_told_together() -> None:
    missed = [Missed("1.jpg", ALIKE), Missed("2.jpg", BESIDE), Missed("3.jpg", ALIKE)]
    assert told(missed) == f"1.jpg, 3.jpg: {ALIKE}; 2.jpg: {BESIDE}"
    assert told(()) == ""
