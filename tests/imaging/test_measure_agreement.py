"""Marks by hand that are not of one place are named, and do not move the figures unseen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import Adjusted, adjust
from imaging.control.points import Mark, MarkedPoint
from imaging.measure.measuring import Asked, measure, placed
from missions.errors import InputError
from tests.imaging.networks import block
from tests.imaging.photographed import Level, Unknown, click

PLACE = np.array([2.0, -1.5, 0.0])


@pytest.fixture(scope="module")
def adjusted() -> Adjusted:
    network, _ = block(11, sigma_px=0.05, gps_m=0.05)
    return adjust(network)


def clicks(adjusted: Adjusted, count: int, random: np.random.Generator) -> list[Mark]:
    """Marks in the photos that show the place best, half a pixel off."""
    made = []
    for view in adjusted.views:
        mark, lens = click(adjusted, view.name, PLACE), adjusted.lenses[view.lens]
        off_px = float(np.hypot(mark.x_px - lens.width_px / 2, mark.y_px - lens.height_px / 2))
        made.append((off_px, mark))
    best = [mark for _, mark in sorted(made, key=lambda each: each[0])[:count]]
    return [moved(mark, *random.normal(0, mark.sigma_px, 2)) for mark in best]


def moved(mark: Mark, right_px: float, down_px: float) -> Mark:
    return replace(mark, x_px=mark.x_px + right_px, y_px=mark.y_px + down_px)


def test_one_wrong_mark_of_many_is_left_out_and_named_with_every_figure(adjusted: Adjusted) -> None:
    good = clicks(adjusted, 6, np.random.default_rng(1))
    sound = placed(adjusted, [MarkedPoint("A", tuple(good))], Unknown())
    assert not sound.doubts
    for off_px in (12.0, 60.0):
        wrong = MarkedPoint("A", (moved(good[0], off_px, 0.0), *good[1:]))
        without, other = (
            MarkedPoint("B", tuple(good[1:])),
            MarkedPoint("C", (click(adjusted, "11.jpg", PLACE + 4),)),
        )
        points = (wrong, without, other)
        places = placed(adjusted, points, Level(0.0))
        assert places.local_m[0] == pytest.approx(places.local_m[1], abs=1e-6)
        assert list(places.doubts) == ["A"]
        measured = measure(places, points, [Asked("distance", ("A", "C"))], evidence=True, verdict="")
        for note in (measured.figures[0].note, measured.marks[0].note):
            assert f"marked elsewhere in {good[0].photo}" in note
        assert measured.marks[1].note == ""


def test_photos_from_one_place_do_not_outvote_the_only_one_from_aside(adjusted: Adjusted) -> None:
    """Of marks from one direction alone nothing tells that they fit: they give no place at all."""
    centres = adjusted.state.centres.copy()
    index = adjusted.network.index
    centres[[index["12.jpg"], index["10.jpg"]]] = centres[index["11.jpg"]]
    hovered = replace(adjusted, state=replace(adjusted.state, centres=centres))
    good = [click(hovered, name, PLACE) for name in ("11.jpg", "12.jpg", "10.jpg", "01.jpg")]
    marks = (moved(good[0], 0.0, 40.0), *good[1:])
    places = placed(hovered, [MarkedPoint("A", marks)], Unknown())
    assert places.left_out == {"A": frozenset({"11.jpg"})}
    assert places.local_m[0] == pytest.approx(PLACE, abs=0.02)


def test_where_nothing_tells_which_is_wrong_the_interval_holds_both(adjusted: Adjusted) -> None:
    good = clicks(adjusted, 3, np.random.default_rng(2))
    sound = placed(adjusted, [MarkedPoint("A", tuple(good))], Unknown())
    wrong = placed(adjusted, [MarkedPoint("A", (moved(good[0], 30.0, 30.0), *good[1:]))], Unknown())
    assert "miss one another" in wrong.doubts["A"]
    off_m = np.abs(wrong.local_m[0] - PLACE)
    assert (off_m / sound.sigma_m("A")).max() > 4
    assert (off_m < 1.96 * wrong.sigma_m("A")).all()


def test_two_marks_that_meet_below_the_ground_say_so(adjusted: Adjusted) -> None:
    first, second = (click(adjusted, name, PLACE) for name in ("11.jpg", "12.jpg"))
    points = [MarkedPoint("A", (first, second))]
    assert not placed(adjusted, points, Level(0.0)).doubts
    doubts = placed(adjusted, points, Level(1.5)).doubts
    assert doubts["A"].startswith("its two marks meet 1.50 m below the surface")
    assert not placed(adjusted, points, Level(1.5, relief_m=0.8)).doubts
    assert not placed(adjusted, points, Level(1.5, relief_m=np.nan)).doubts
    assert not placed(adjusted, points, Unknown()).doubts


def test_sound_marks_are_hardly_ever_called_wrong(adjusted: Adjusted) -> None:
    random = np.random.default_rng(3)
    for count in (2, 3, 5, 8):
        for _ in range(15):
            points = [MarkedPoint("A", tuple(clicks(adjusted, count, random)))]
            assert not placed(adjusted, points, Unknown()).doubts


def test_a_mark_outside_its_photo_is_refused(adjusted: Adjusted) -> None:
    mark = click(adjusted, "11.jpg", PLACE)
    with pytest.raises(InputError, match="1600 x 1200 pixels"):
        placed(adjusted, [MarkedPoint("A", (replace(mark, x_px=1700.0),))], Level(0.0))


def test_where_any_of_several_marks_may_be_the_wrong_one_none_is_blamed(adjusted: Adjusted) -> None:
    """With growing error one of four marks is at first as unlikely as another, then plainly wrong."""
    good = clicks(adjusted, 4, np.random.default_rng(3))
    said = []
    for off_px in np.arange(0.0, 30.0, 0.5):
        wrong = MarkedPoint("A", (moved(good[0], float(off_px), 0.0), *good[1:]))
        said.append(placed(adjusted, [wrong], Unknown()).doubts.get("A", ""))
    blamed = [text for text in said if "left out there" in text]
    assert not said[0]
    assert any("less sure" in text for text in said)
    assert f"marked elsewhere in {good[0].photo}" in said[-1]
    assert all(f"marked elsewhere in {good[0].photo}" in text for text in blamed)
