"""The camera's geometry in the synthetic world."""

import math

import numpy as np
import pytest

from imaging.geolocate import rotation_ned_from_camera
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import Lens, View, camera_angles_deg, camera_axes
from telemetry.pose import Pose

ORIGIN = GeoPoint(52.17, 4.44)
LENS = Lens(1600, 1200, 1100.0, k1=-0.06, k2=0.012)


def pose(**changes: float) -> Pose:
    given = {"roll_deg": 0.0, "pitch_deg": 0.0, "yaw_deg": 0.0, **changes}
    return Pose(1_780_000_000.0, ORIGIN, 52.0, 50.0, **given)


def view_of(looking: Pose, lens: Lens = LENS) -> View:
    return View.of(lens, looking, LocalFrame(ORIGIN), ground_amsl_m=2.0)


def test_a_pixel_projected_to_the_ground_comes_back_to_itself() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        yaw, pitch, roll = rng.uniform(-180, 180), rng.uniform(-90, -50), rng.uniform(-8, 8)
        view = view_of(pose(gimbal_yaw_deg=yaw, gimbal_pitch_deg=pitch, gimbal_roll_deg=roll))
        pixels = rng.uniform((0, 0), (1600, 1200), (20, 2))
        ground = view.back_project(pixels, up_m=rng.uniform(-1, 3))
        assert np.allclose(view.project(ground), pixels, atol=1e-6)


def test_distortion_is_undone_over_the_whole_picture() -> None:
    pixels = np.random.default_rng(2).uniform((0, 0), (1600, 1200), (500, 2))
    assert np.allclose(LENS.pixels(LENS.plane(pixels)), pixels, atol=1e-9)
    straight = Lens(1600, 1200, 1100.0)
    assert np.abs(LENS.plane(pixels) - straight.plane(pixels)).max() > 0.01


def test_brown_s_terms_move_a_point_outwards_as_the_formula_says() -> None:
    lens = Lens(1000, 1000, 500.0, k1=0.1, k2=0.02)
    r2 = 0.3**2 + 0.4**2
    scale = 1 + 0.1 * r2 + 0.02 * r2**2
    assert np.allclose(lens.pixels(np.array([[0.3, -0.4]])), [[500 + 150 * scale, 500 - 200 * scale]])


@pytest.mark.parametrize("heading_deg", [0.0, 37.0, 150.0, 268.0])
def test_without_a_gimbal_the_top_of_the_picture_is_the_heading_whatever_the_aircraft_s_tilt(
    heading_deg: float,
) -> None:
    view = view_of(pose(yaw_deg=heading_deg, roll_deg=12.0, pitch_deg=-9.0))
    turn = math.radians(heading_deg)
    ahead = np.array([math.sin(turn), math.cos(turn), 0.0]) * 10
    right = np.array([math.cos(turn), -math.sin(turn), 0.0]) * 10
    below, up, aside = view.project([np.zeros(3), ahead, right])
    assert np.allclose(below, (800, 600))
    assert up[0] == pytest.approx(800)
    assert up[1] < 600 - 200
    assert aside[1] == pytest.approx(600)
    assert aside[0] > 800 + 200


def test_the_gimbal_s_angles_replace_the_aircraft_s() -> None:
    assert camera_angles_deg(pose(yaw_deg=10, pitch_deg=5)) == (10, -90, 0)
    assert camera_angles_deg(pose(yaw_deg=10, gimbal_pitch_deg=-45)) == (10, -45, 0)
    turned = pose(yaw_deg=10, gimbal_pitch_deg=-45, gimbal_yaw_deg=80, gimbal_roll_deg=2)
    assert camera_angles_deg(turned) == (80, -45, 2)


def test_pitch_zero_looks_at_the_horizon_and_roll_lowers_the_right_side() -> None:
    right, down, forward = camera_axes(90, 0, 0)
    assert np.allclose((right, down, forward), ((0, -1, 0), (0, 0, -1), (1, 0, 0)))
    assert camera_axes(90, 0, 10)[0, 2] == pytest.approx(-math.sin(math.radians(10)))


def test_the_axes_are_a_right_handed_rotation() -> None:
    for yaw, pitch, roll in np.random.default_rng(3).uniform(-180, 180, (50, 3)):
        axes = camera_axes(yaw, pitch, roll)
        assert np.allclose(axes @ axes.T, np.eye(3))
        assert np.linalg.det(axes) == pytest.approx(1)


def test_what_lies_behind_the_camera_has_no_pixel_and_the_sky_no_ground() -> None:
    view = view_of(pose(gimbal_pitch_deg=0.0, gimbal_yaw_deg=0.0))
    assert np.isnan(view.project([[0, -10, 50]])).all()
    assert np.isnan(view.back_project([[800, 100]], 0.0)).all()
    assert not view.sees(np.array([[math.nan, math.nan]]))[0]


def test_the_world_and_the_geolocation_agree_on_where_a_camera_looks() -> None:
    enu_from_ned = np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]])
    for yaw, pitch, roll in np.random.default_rng(4).uniform((-180, -95, -10), (180, 10, 10), (30, 3)):
        looking = pose(yaw_deg=3.0, gimbal_yaw_deg=yaw, gimbal_pitch_deg=pitch, gimbal_roll_deg=roll)
        assert np.allclose(
            (enu_from_ned @ rotation_ned_from_camera(looking)).T, camera_axes(yaw, pitch, roll)
        )
    stabilised = pose(yaw_deg=77.0, roll_deg=9.0)
    assert np.allclose((enu_from_ned @ rotation_ned_from_camera(stabilised)).T, camera_axes(77.0, -90.0))
