"""A point is predicted where the rendered photos really show it, as surely as repeated draws say."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.control.predict import WITHIN_95, PoseSigma, Prediction, predict
from imaging.lens import Array, Lens, View

LENS = Lens(1200, 900, 1000.0, 603.0, 447.0, -0.05, True)
LENSES = {"wide": LENS}
EXACT = PoseSigma(0.0, 0.0)
DOWN = np.diag([1.0, -1.0, -1.0])
"""Straight down, the picture's top to the north."""


def view(name: str = "A", centre: tuple[float, float, float] = (0, 0, 30), rotation: Array = DOWN) -> View:
    return View(name, "wide", rotation, np.array(centre, float), 0, 0.0)


def tilted(yaw_deg: float, off_nadir_deg: float) -> Array:
    turn = Rotation.from_euler("zx", [-yaw_deg, off_nadir_deg], degrees=True).inv().as_matrix()
    return np.asarray(DOWN @ turn)


def only(point: tuple[float, float, float], sigma_m: float = 0.0, **options: object) -> Prediction:
    (made,) = predict(np.array(point), sigma_m**2 * np.eye(3), [view()], LENSES, **{"sigma": EXACT} | options)
    return made


def test_a_point_below_lies_in_the_middle_and_north_is_up() -> None:
    assert (only((0, 0, 0)).x_px, only((0, 0, 0)).y_px) == (603.0, 447.0)
    assert only((0, 3, 0)).y_px < 447 - 99
    assert only((3, 0, 0)).x_px > 603 + 99
    assert only((0, 0, 0)).from_above_deg == pytest.approx(0, abs=1e-6)
    assert only((30, 0, 0)).from_above_deg == pytest.approx(45)
    assert only((0, 0, 0)).pixels_per_m == pytest.approx(1000 / 30)


def test_what_is_exactly_known_has_no_ellipse() -> None:
    assert only((2, 3, 0)).ellipse_px == pytest.approx((0, 0), abs=1e-6)


def test_a_point_of_known_sigma_has_the_ellipse_of_the_scale() -> None:
    made = only((0, 0, 0), 0.02)
    assert made.ellipse_px == pytest.approx([WITHIN_95 * 0.02 * 1000 / 30] * 2, rel=1e-4)
    left, top, right, bottom = made.window_px(margin_px=10)
    assert (right - left, bottom - top) == pytest.approx([2 * (made.ellipse_px[0] + 10)] * 2, rel=1e-4)
    assert (left + right) / 2 == pytest.approx(made.x_px)


def test_a_direction_that_is_not_sure_moves_the_pixel_by_the_focal_length() -> None:
    made = only((0, 0, 0), sigma=PoseSigma(0.0, 0.01))
    assert np.sqrt(np.diag(made.covariance_px)) == pytest.approx([10, 10], rel=1e-3)


def test_each_view_may_have_its_own_sigma() -> None:
    views = [view("A"), view("B")]
    made = predict(np.zeros(3), np.zeros((3, 3)), views, LENSES, sigma={"A": PoseSigma(1.0, 0.0), "B": EXACT})
    wide = {one.photo: one.ellipse_px[0] for one in made}
    assert wide["A"] == pytest.approx(WITHIN_95 * 1000 / 30, rel=1e-4)
    assert wide["B"] == pytest.approx(0, abs=1e-6)


def test_the_ellipse_is_that_of_repeated_draws() -> None:
    random = np.random.default_rng(5)
    sigma = PoseSigma(0.03, 0.002)
    for _ in range(6):
        turned = view(rotation=tilted(random.uniform(0, 360), random.uniform(0, 40)))
        ahead = turned.rotation.T @ np.array([random.uniform(-0.4, 0.4), random.uniform(-0.3, 0.3), 1.0])
        point = turned.centre + 30 * ahead
        spread = np.diag(random.uniform(0.005, 0.05, 3)) ** 2
        (made,) = predict(point, spread, [turned], LENSES, sigma=sigma)
        drawn = np.array([_drawn(random, point, spread, turned, sigma) for _ in range(4000)])
        assert drawn.mean(axis=0) == pytest.approx([made.x_px, made.y_px], abs=0.3)
        assert np.cov(drawn.T) == pytest.approx(
            made.covariance_px, rel=0.1, abs=0.06 * np.trace(made.covariance_px)
        )
        off = drawn - [made.x_px, made.y_px]
        turn = math.radians(made.ellipse_deg)
        along = off @ [math.cos(turn), math.sin(turn)] / made.ellipse_px[0]
        across = off @ [-math.sin(turn), math.cos(turn)] / made.ellipse_px[1]
        assert np.mean(along**2 + across**2 <= 1) == pytest.approx(0.95, abs=0.012)


def _drawn(random: np.random.Generator, point: Array, spread: Array, seen: View, sigma: PoseSigma) -> Array:
    moved = point + random.normal(size=3) * np.sqrt(np.diag(spread))
    centre = seen.centre + random.normal(0, sigma.position_m, 3)
    turn = Rotation.from_rotvec(random.normal(0, sigma.direction_rad, 3)).as_matrix()
    return LENS.pixels(turn @ seen.rotation @ (moved - centre))


def test_what_is_behind_the_camera_is_not_predicted() -> None:
    assert predict(np.array([0, 0, 60.0]), np.zeros((3, 3)), [view()], LENSES) == ()
    assert predict(np.array([0, 0, 30.0]), np.zeros((3, 3)), [view()], LENSES) == ()


def test_a_point_past_the_lens_is_not_predicted() -> None:
    bent = {"wide": dataclasses.replace(LENS, radial=-0.3)}
    assert predict(np.array([90.0, 0, 0]), np.zeros((3, 3)), [view()], bent) == ()


def test_the_best_view_comes_first_and_those_outside_last() -> None:
    views = [
        view("outside", (60, 0, 30)),
        view("far", (0, 0, 60)),
        view("near", (0.5, 0, 30)),
        view("at the edge", (17.5, 0, 30)),
        view("aside", (0, -28, 30), tilted(0, 43)),
    ]
    made = predict(np.zeros(3), np.zeros((3, 3)), views, LENSES)
    assert [one.photo for one in made] == ["near", "aside", "far", "at the edge", "outside"]
    assert [one.inside for one in made] == [True, True, True, True, False]
    assert made[-1].border_px < 0 < made[-2].border_px < 90
    assert made[0].quality > made[1].quality > made[2].quality
