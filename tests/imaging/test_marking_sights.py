"""A place is seen where the photos really show it, the best view first."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.lens import Array, Lens, View
from imaging.marking.sights import Sight, sights

LENS = Lens(1200, 900, 1000.0, 603.0, 447.0, -0.05, True)
LENSES = {"wide": LENS}
DOWN = np.diag([1.0, -1.0, -1.0])
"""Straight down, the picture's top to the north."""


def view(name: str = "A", centre: tuple[float, float, float] = (0, 0, 30), rotation: Array = DOWN) -> View:
    return View(name, "wide", rotation, np.array(centre, float), 0, 0.0)


def tilted(yaw_deg: float, off_nadir_deg: float) -> Array:
    turn = Rotation.from_euler("zx", [-yaw_deg, off_nadir_deg], degrees=True).inv().as_matrix()
    return np.asarray(DOWN @ turn)


def only(point: tuple[float, float, float]) -> Sight:
    (made,) = sights(np.array(point), [view()], LENSES)
    return made


def test_a_point_below_lies_in_the_middle_and_north_is_up() -> None:
    assert (only((0, 0, 0)).x_px, only((0, 0, 0)).y_px) == (603.0, 447.0)
    assert only((0, 3, 0)).y_px < 447 - 99
    assert only((3, 0, 0)).x_px > 603 + 99
    assert only((0, 0, 0)).from_above_deg == pytest.approx(0, abs=1e-6)
    assert only((30, 0, 0)).from_above_deg == pytest.approx(45)
    assert only((0, 0, 0)).pixels_per_m == pytest.approx(1000 / 30)


def test_what_is_behind_the_camera_is_not_seen() -> None:
    assert sights(np.array([0, 0, 60.0]), [view()], LENSES) == ()
    assert sights(np.array([0, 0, 30.0]), [view()], LENSES) == ()


def test_a_point_past_the_lens_is_not_seen() -> None:
    bent = {"wide": dataclasses.replace(LENS, radial=-0.3)}
    assert sights(np.array([90.0, 0, 0]), [view()], bent) == ()


def test_the_best_view_comes_first_and_those_outside_last() -> None:
    views = [
        view("outside", (60, 0, 30)),
        view("far", (0, 0, 60)),
        view("near", (0.5, 0, 30)),
        view("at the edge", (17.5, 0, 30)),
        view("aside", (0, -28, 30), tilted(0, 43)),
    ]
    made = sights(np.zeros(3), views, LENSES)
    assert [one.photo for one in made] == ["near", "aside", "far", "at the edge", "outside"]
    assert [one.inside for one in made] == [True, True, True, True, False]
    assert made[-1].border_px < 0 < made[-2].border_px < 90
    assert made[0].quality > made[1].quality > made[2].quality
