"""A shutter that rolls: each row is seen from where the camera was, in finding, measuring and drawing."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from imaging.lens import Array, Lens, View
from imaging.photos import Photo
from imaging.sampling import Patch, lay
from imaging.shutter import possible, reading_ways, readout_sigma_s
from sitl.world import CrashOptions, Motion, RollingView
from sitl.world import Lens as WorldLens
from tests.imaging.calibration import measure_scene

DOWN = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])
LENS = Lens(640, 480, 450.0, 323.0, 238.0, -0.05, focal_known=True, radial2=0.01, tangential_x=3e-4)
VELOCITY_M_S, READOUT_S = (2.0, 9.0, -0.5), 0.04


def moving(rotation: Array = DOWN) -> View:
    motion_m = READOUT_S * np.array(VELOCITY_M_S)
    return View("a.jpg", "lens", rotation, np.array([3.0, 4.0, 30.0]), 0, 0.0, motion_m)


def test_pixels_are_those_of_the_world_and_rays_lead_back() -> None:
    rng = np.random.default_rng(1)
    turn = cv2.Rodrigues(np.array([0.06, -0.04, 0.5]))[0]
    view = moving(turn @ DOWN)
    world = RollingView(
        WorldLens(640, 480, 450.0, -0.05, 0.01, 3e-4, 0.0, 3.0, -2.0), view.centre, view.rotation,
        Motion(VELOCITY_M_S), READOUT_S,
    )  # fmt: skip
    places = np.column_stack([rng.uniform(-8, 14, 300), rng.uniform(-6, 14, 300), rng.uniform(-1, 3, 300)])
    pixels = view.pixels(LENS, places)
    inside = np.all((pixels > 0) & (pixels < (640, 480)), axis=1)
    assert np.count_nonzero(inside) > 100
    assert pixels[inside] == pytest.approx(world.project(places[inside]), abs=1e-3)
    for place, pixel in zip(places[inside][:20], pixels[inside][:20], strict=True):
        begin, ray = view.ray(LENS, pixel)
        reach = (place[2] - begin[2]) / ray[2]
        assert begin + reach * ray == pytest.approx(place, abs=1e-3)


def test_a_moving_camera_is_drawn_where_its_rows_saw_the_ground() -> None:
    x, y = np.meshgrid(np.arange(640), np.arange(480))
    pattern = 120 + 60 * np.sin(x / 25.0) + 60 * np.sin(y / 18.0)
    picture = np.repeat(pattern[..., None], 3, axis=2).astype(np.uint8)
    patch = Patch(np.array([-5.0, 10.0]), np.array([0.1, 0.0]), np.array([0.0, -0.1]))
    heights_m = np.fromfunction(lambda row, column: 0.02 * column, (120, 160)).astype(np.float32)
    total, share = np.zeros((120, 160, 3), np.float32), np.zeros((120, 160), np.float32)
    view = moving()
    lay(
        picture, view, LENS, patch, heights_m, np.ones_like(heights_m), np.ones(3, np.float32),
        np.zeros((1, 1, 3), np.float32), (0.0, 0.0), 1.0, total, share,
    )  # fmt: skip
    rows, columns = np.mgrid[0:120, 0:160]
    places = np.dstack([-5.0 + 0.1 * columns, 10.0 - 0.1 * rows, heights_m])
    where = (view.pixels(LENS, places) - 0.5).astype(np.float32)
    expected = cv2.remap(picture, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
    assert share.all()
    assert np.abs(total - expected).max() <= 2.0
    still = View("a.jpg", "lens", DOWN, view.centre, 0, 0.0)
    elsewhere = (still.pixels(LENS, places) - 0.5).astype(np.float32)
    assert np.abs(elsewhere - where).max() > 1.0


def test_a_picture_that_was_turned_afterwards_is_read_the_other_way() -> None:
    photos = {
        name: Photo(Path(name), 640, 480, "0", gimbal_yaw_deg=yaw_deg)
        for name, yaw_deg in (("a.jpg", 2.0), ("b.jpg", 181.0), ("c.jpg", None))
    }
    views = tuple(View(name, "lens", DOWN, np.zeros(3), 0, 0.0) for name in photos)
    assert reading_ways(views, photos).tolist() == [1.0, -1.0, 1.0]


def test_what_cannot_be_a_readout_is_none() -> None:
    assert possible(0.03, 0.002)
    assert possible(-0.004, 0.002)
    assert not possible(-0.02, 0.002)
    assert not possible(0.2, 0.002)
    assert readout_sigma_s(0.1) == 0
    assert readout_sigma_s(4.0) > 0


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in (3, 6, 9))])
def test_the_readout_is_found_and_the_ground_lies_where_it_does_without(seed, tmp_path) -> None:
    outcome = measure_scene(
        seed, tmp_path, source="control", options=CrashOptions(width_px=640, readout_s=0.03)
    )
    assert outcome.readout_s == pytest.approx(0.03, abs=0.004)
    assert outcome.check_plan_m is not None
    assert outcome.check_plan_m < 1.2 * outcome.gsd_m
    assert sum(figure.holds for figure in outcome.figures) >= 0.85 * len(outcome.figures)
