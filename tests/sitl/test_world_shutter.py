"""A rolling shutter: each row of a picture is what a still camera would have seen at that row's time."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from missions.camera import Camera
from sitl.world import Lens, Motion, RollingView, View, World, grid_poses, motions_of
from sitl.world.developing import smeared
from sitl.world.photos import picture_of
from sitl.world.shutter import smear_px

CAMERA = Camera("test-wide", 13.2, 9.9, 9.0, 200, 150)
LENS = Lens(200, 150, 136.0, -0.05, 0.01, 5e-4, -5e-4, 2.0, -1.5)
READOUT_S = 0.03
MOTION = Motion((9.0, -6.0, 1.5), (12.0, -20.0, 35.0))


@pytest.fixture(scope="module")
def world() -> World:
    return World(3, size_m=64.0, texel_m=0.1)


def rolling(world: World, motion: Motion = MOTION, readout_s: float = READOUT_S) -> RollingView:
    pose = replace(grid_poses(world, CAMERA, height_agl_m=25)[0], gimbal_pitch_deg=-70.0)
    still = world.view(LENS, pose)
    return RollingView(LENS, still.position, still.axes, motion, readout_s)


def still_at(view: RollingView, time_s: float) -> View:
    """The same camera so long after the middle row."""
    turned = Rotation.from_rotvec(np.radians(view.motion.turn_rate_deg_s) * time_s)
    axes = np.array([turned.apply(row) for row in view.axes])
    return View(view.lens, view.position + np.array(view.motion.velocity_m_s) * time_s, axes)


def test_a_point_is_seen_in_the_row_that_is_exposed_as_it_is_there(world: World) -> None:
    view = rolling(world)
    points = np.random.default_rng(4).uniform((-30, -30, 0), (30, 30, 4), (200, 3))
    pixels = view.project(points)
    shown = view.sees(pixels)
    assert shown.sum() > 20
    for point, (x, y) in zip(points[shown], pixels[shown], strict=True):
        then = still_at(view, (y / 150 - 0.5) * READOUT_S)
        assert np.allclose(then.project(point), (x, y), atol=1e-6)
        assert np.allclose(then.position, view.eyes_at(np.array([[x, y]]))[0])


def test_rays_go_back_to_the_points_that_are_seen(world: World) -> None:
    view = rolling(world)
    pixels = np.random.default_rng(5).uniform((0, 0), (200, 150), (100, 2))
    ground = view.back_project(pixels, 0.5)
    assert np.allclose(ground[:, 2], 0.5)
    assert np.allclose(view.project(ground), pixels, atol=1e-6)


def test_each_row_is_what_a_still_camera_sees_at_its_time(world: World) -> None:
    view = rolling(world)
    picture = picture_of(world, view)
    for row in (0, 40, 75, 149):
        then = picture_of(world, still_at(view, ((row + 0.5) / 150 - 0.5) * READOUT_S))
        assert np.quantile(np.abs(picture[row] - then[row]), 0.98) < 1.0
    assert np.abs(picture[0] - picture_of(world, still_at(view, 0))[0]).mean() > 2


def test_without_a_readout_it_is_the_still_camera(world: World) -> None:
    view = rolling(world, readout_s=0.0)
    still = View(view.lens, view.position, view.axes)
    points = np.random.default_rng(6).uniform((-20, -20, 0), (20, 20, 4), (50, 3))
    assert np.allclose(view.project(points), still.project(points), equal_nan=True)
    assert np.array_equal(picture_of(world, view), picture_of(world, still))


def test_a_straight_lane_has_the_speed_of_its_poses_and_its_end_none(world: World) -> None:
    poses = grid_poses(world, CAMERA, height_agl_m=25, wobble_deg=0, width_m=20, length_m=40, heading_deg=90)
    motions = motions_of(poses, world.frame)
    step_m = world.frame.local_from_geo([[p.place.lon_deg, p.place.lat_deg] for p in poses[:2]])
    assert motions[1].velocity_m_s == pytest.approx((np.diff(step_m[:, 0])[0] / 2, 0, 0), abs=1e-3)
    turns = [number for number, (a, b) in enumerate(pairwise(poses)) if a.yaw_deg != b.yaw_deg]
    assert motions[turns[0]].velocity_m_s == pytest.approx((0, 0, 0), abs=1e-3)
    assert motions_of(poses[:1], world.frame) == (Motion(),)


def test_a_yaw_that_grows_turns_negative_about_up(world: World) -> None:
    first = grid_poses(world, CAMERA, wobble_deg=0)[0]
    turning = [
        replace(first, time_s=first.time_s + 2.0 * n, yaw_deg=10.0 * n, gimbal_yaw_deg=10.0 * n)
        for n in range(3)
    ]
    assert motions_of(turning, world.frame)[1].turn_rate_deg_s == pytest.approx((0, 0, -5.0), abs=1e-9)


def test_motion_blur_is_as_long_as_the_ground_moves_and_keeps_its_place() -> None:
    camera = View(LENS, np.array([0.0, 0.0, 20.0]), np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]))
    smear = smear_px(camera, Motion((10.0, 0.0, 0.0)), 0.1, 0.0)
    assert smear == pytest.approx((-LENS.focal_length_px * 1.0 / 20, 0), rel=0.02, abs=0.02)
    picture = np.zeros((21, 41, 1), np.float32)
    picture[10, 20] = 1
    blurred = smeared(picture, smear)[..., 0]
    columns = np.arange(41) @ blurred.sum(axis=0)
    assert blurred.sum() == pytest.approx(1)
    assert columns == pytest.approx(20, abs=1e-3)
    assert np.count_nonzero(blurred.sum(axis=0) > 0.03) == pytest.approx(abs(smear[0]), abs=1.5)
