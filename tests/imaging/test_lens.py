import numpy as np
import pytest

from imaging.lens import Lens, View, json_from_view, view_from_json


def lens(radial=0.0):
    return Lens(4000, 3000, 2400.0, 2000.0, 1500.0, radial, focal_known=True)


@pytest.mark.parametrize("radial", [-0.12, 0.0, 0.05])
def test_rays_go_back_to_their_pixels(radial):
    pixels = np.random.default_rng(1).uniform([0, 0], [4000, 3000], (200, 2))
    rays = lens(radial).rays(pixels)
    assert np.abs(lens(radial).pixels(rays) - pixels).max() < 0.01


def test_the_optical_axis_meets_the_principal_point():
    assert lens(0.1).pixels(np.array([0.0, 0.0, 7.0])).tolist() == [2000.0, 1500.0]


def test_a_point_behind_the_camera_or_past_the_lens_has_no_pixel():
    assert np.isnan(lens().pixels(np.array([0.1, 0.1, -1.0]))).all()
    assert np.isnan(lens(-0.2).pixels(np.array([5.0, 0.0, 1.0]))).all()


def test_a_view_is_read_as_it_was_written():
    view = View("a.jpg", "one", np.eye(3), np.array([1.0, 2.0, 3.0]), 12, 0.4)
    again = view_from_json(json_from_view(view))
    assert json_from_view(again) == json_from_view(view)
    assert again.direction.tolist() == [0.0, 0.0, 1.0]
