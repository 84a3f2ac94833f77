"""The lens of the synthetic world is the one that OpenCV and COLMAP mean by k1, k2, p1, p2."""

import cv2
import numpy as np
import pycolmap
import pytest

from sitl.world import Lens

LENS = Lens(1600, 1200, 1100.0, -0.09, 0.02, 4e-4, -7e-4, 8.5, -5.25)
CENTRE = (800 + 8.5, 600 - 5.25)


def points() -> np.ndarray:
    return np.random.default_rng(1).uniform((-0.72, -0.54), (0.72, 0.54), (400, 2))


def test_opencv_puts_a_point_in_the_same_pixel() -> None:
    matrix = np.array([[1100.0, 0, CENTRE[0]], [0, 1100.0, CENTRE[1]], [0, 0, 1]])
    terms = np.array([LENS.k1, LENS.k2, LENS.p1, LENS.p2])
    ahead = np.column_stack([points(), np.ones(400)])
    seen, _ = cv2.projectPoints(ahead, np.zeros(3), np.zeros(3), matrix, terms)
    assert np.allclose(LENS.pixels(points()), seen[:, 0], atol=1e-9)


def test_colmap_puts_a_point_in_the_same_pixel() -> None:
    camera = pycolmap.Camera(
        model="OPENCV",
        width=1600,
        height=1200,
        params=[1100.0, 1100.0, *CENTRE, LENS.k1, LENS.k2, LENS.p1, LENS.p2],
    )
    ahead = np.column_stack([points(), np.ones(400)])
    assert np.allclose(LENS.pixels(points()), camera.img_from_cam(ahead), atol=1e-9)


@pytest.mark.parametrize("lens", [LENS, Lens(1600, 1200, 1100.0, p1=2e-3), Lens(1600, 1200, 900.0, 0.05)])
def test_distortion_is_undone_over_the_whole_picture(lens: Lens) -> None:
    pixels = np.random.default_rng(2).uniform((0, 0), (1600, 1200), (500, 2))
    assert np.allclose(lens.pixels(lens.plane(pixels)), pixels, atol=1e-8)


def test_the_axis_meets_the_picture_in_the_principal_point() -> None:
    assert LENS.principal_point_px == CENTRE
    assert np.allclose(LENS.pixels(np.zeros((1, 2))), CENTRE)
    assert np.allclose(LENS.plane(np.array([CENTRE])), 0)
