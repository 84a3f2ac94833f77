"""Placing pixels on the ground: the conventions, the horizon, and whether the ellipse holds the truth."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.geolocate import (
    CHI2_95_2D,
    Distortion,
    GroundPoint,
    Sigmas,
    Unplaced,
    ellipse95,
    fitted,
    ground_point,
)
from imaging.thermal.placing.errors import SHARED
from imaging.thermal.placing.ground import Level
from imaging.thermal.placing.places import Shot, place
from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.terrain import AnalyticTerrain
from sitl.world.view import Lens, View
from telemetry.pose import Pose

CAMERA = Camera("test", 7.68, 6.144, 9.1, 640, 512, "thermal")
HOME = GeoPoint(52.1, 4.3)
FRAME = LocalFrame(HOME)


def pose(**changes: float | None) -> Pose:
    level = Pose(0.0, HOME, 62.0, 60.0, roll_deg=0.0, pitch_deg=0.0, yaw_deg=0.0)
    return replace(level, **changes)  # type: ignore[arg-type]


def placed(pixel: tuple[float, float], at: Pose, **options: object) -> GroundPoint:
    point = ground_point(pixel, CAMERA, at, **options)  # type: ignore[arg-type]
    assert isinstance(point, GroundPoint), point
    return point


def east_north(point: GroundPoint) -> np.ndarray:
    return FRAME.local_from_geo([[point.place.lon_deg, point.place.lat_deg]])[0]


def test_the_middle_of_a_nadir_frame_lies_below_the_aircraft() -> None:
    assert np.allclose(east_north(placed((320, 256), pose())), [0, 0], atol=1e-6)


@pytest.mark.parametrize("yaw_deg", [0.0, 90.0, 215.0])
def test_the_top_of_a_nadir_frame_lies_ahead(yaw_deg: float) -> None:
    east, north = east_north(placed((320, 0), pose(yaw_deg=yaw_deg)))
    assert math.hypot(east, north) == pytest.approx(256 * CAMERA.gsd_m(60.0), rel=1e-4)
    assert math.degrees(math.atan2(east, north)) % 360 == pytest.approx(yaw_deg, abs=1e-3)


def test_the_right_of_a_nadir_frame_lies_to_the_right() -> None:
    east, north = east_north(placed((640, 256), pose()))
    assert east > 20
    assert north == pytest.approx(0, abs=1e-3)


def test_a_gimbal_that_looks_ahead_sees_ground_ahead_whatever_the_airframe_does() -> None:
    banked = pose(yaw_deg=10, roll_deg=30, pitch_deg=-15, gimbal_pitch_deg=-45, gimbal_yaw_deg=90)
    assert np.allclose(east_north(placed((320, 256), banked)), [60, 0], atol=0.01)


def test_a_camera_bolted_to_a_rolled_airframe_looks_to_the_other_side() -> None:
    east, north = east_north(placed((320, 256), pose(roll_deg=10), mount="fixed"))
    assert east == pytest.approx(-60 * math.tan(math.radians(10)), abs=0.01)
    assert north == pytest.approx(0, abs=0.01)


def test_it_agrees_with_an_independent_camera_model_at_any_angle() -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        at = pose(
            yaw_deg=rng.uniform(0, 360),
            gimbal_yaw_deg=rng.uniform(0, 360),
            gimbal_pitch_deg=rng.uniform(-90, -40),
            gimbal_roll_deg=rng.uniform(-5, 5),
            height_amsl_m=rng.uniform(40, 120),
        )
        ground_m = at.height_amsl_m - at.height_relative_m
        pixel = (rng.uniform(0, 640), rng.uniform(0, 512))
        view = View.of(Lens.of(CAMERA), at, FRAME, ground_m)
        expected = view.back_project([pixel], 0.0)[0, :2]
        assert np.allclose(east_north(placed(pixel, at)), expected, atol=0.01)


def test_lens_distortion_is_taken_out_as_an_independent_lens_puts_it_in() -> None:
    lens = Lens.of(CAMERA, k1=-0.2, k2=0.05)
    for pixel in ((20.0, 30.0), (600.0, 480.0), (320.0, 10.0)):
        view = View.of(lens, pose(), FRAME, 2.0)
        point = placed(pixel, pose(), distortion=Distortion(k1=-0.2, k2=0.05))
        assert np.allclose(east_north(point), view.back_project([pixel], 0.0)[0, :2], atol=0.01)


@pytest.mark.parametrize("pitch_deg", [0.0, 10.0, 30.0])
def test_rays_above_the_horizon_are_not_placed(pitch_deg: float) -> None:
    point = ground_point((320, 255), CAMERA, pose(gimbal_pitch_deg=pitch_deg))
    assert isinstance(point, Unplaced)
    assert "horizon" in point.reason


def test_rays_too_flat_for_the_attitude_are_not_placed_and_say_so() -> None:
    point = ground_point((320, 256), CAMERA, pose(gimbal_pitch_deg=-4))
    assert isinstance(point, Unplaced)
    assert "too flat" in point.reason
    exact = Sigmas(boresight_deg=0.05, tilt_deg=0.05, shake_deg=0.02)
    assert isinstance(ground_point((320, 256), CAMERA, pose(gimbal_pitch_deg=-4), sigmas=exact), GroundPoint)


def test_an_aircraft_below_the_ground_is_not_placed() -> None:
    point = ground_point((320, 256), CAMERA, pose(), ground=100.0)
    assert isinstance(point, Unplaced)
    assert "38 m below the ground" in point.reason


def test_a_height_model_is_met_where_the_ray_meets_the_slope() -> None:
    slope = AnalyticTerrain(lambda east, north: 0.3 * north, HOME)
    at = pose(gimbal_pitch_deg=-45.0, height_amsl_m=60.0)
    point = placed((320, 256), at, ground=slope)
    north = east_north(point)[1]
    assert north == pytest.approx(60 / 1.3, abs=0.01)
    assert point.ground_amsl_m == pytest.approx(0.3 * north, abs=0.01)


def test_a_ray_ends_on_the_hill_in_front_and_not_behind_it() -> None:
    def hill(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return 30.0 * np.exp(-((north - 60.0) ** 2) / 50.0)

    at = pose(gimbal_pitch_deg=-25.0, height_amsl_m=50.0)
    point = placed((320, 256), at, ground=AnalyticTerrain(hill, HOME), sigmas=Sigmas(boresight_deg=0.1))
    north = east_north(point)[1]
    # the ray is level with the hill's flank before its top; on level ground it would end 107 m away
    assert 48 < north < 60
    assert point.ground_amsl_m == pytest.approx(hill(np.zeros(1), np.array([north]))[0], abs=0.05)
    assert 50.0 - north * math.tan(math.radians(25)) == pytest.approx(point.ground_amsl_m, abs=0.02)


def test_a_ray_just_over_a_crest_is_as_uncertain_as_the_ground_behind_it_is_far() -> None:
    def wall(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return np.where((north > 60.0) & (north < 61.0), 21.3, 0.0)

    at = pose(gimbal_pitch_deg=-25.0, height_amsl_m=50.0)
    over = placed((320, 256), at, ground=AnalyticTerrain(wall, HOME, resolution_m=0.5))
    clear = placed((320, 256), at, ground=0.0)
    assert east_north(over)[1] == pytest.approx(east_north(clear)[1], abs=0.1)
    assert over.ellipse95.semi_major_m > 1.5 * clear.ellipse95.semi_major_m


def test_where_the_height_model_has_no_data_nothing_is_placed() -> None:
    def half(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return np.where(north > 20.0, np.nan, 0.0)

    point = ground_point((320, 256), CAMERA, pose(gimbal_pitch_deg=-45.0), ground=AnalyticTerrain(half, HOME))
    assert isinstance(point, Unplaced)
    assert "no ground that is known" in point.reason


def test_a_pixel_that_no_ray_of_the_lens_reaches_is_not_placed() -> None:
    point = ground_point((5, 5), CAMERA, pose(), distortion=Distortion(k1=-1.5))
    assert isinstance(point, Unplaced)
    assert "no ray of this lens" in point.reason


def test_a_scaled_picture_keeps_its_field_of_view_and_another_shape_is_refused() -> None:
    assert fitted(CAMERA, 1280, 1024).focal_length_px == pytest.approx(2 * CAMERA.focal_length_px)
    with pytest.raises(InputError, match="640x480"):
        fitted(CAMERA, 640, 480)


def test_an_ellipse_points_along_its_longer_axis() -> None:
    turn = math.radians(30)
    along = np.array([math.sin(turn), math.cos(turn)])
    across = np.array([along[1], -along[0]])
    ellipse = ellipse95(9 * np.outer(along, along) + 4 * np.outer(across, across))
    assert ellipse.bearing_deg == pytest.approx(30)
    assert ellipse.semi_major_m == pytest.approx(3 * math.sqrt(CHI2_95_2D))
    assert ellipse.semi_minor_m == pytest.approx(2 * math.sqrt(CHI2_95_2D))


def test_error_grows_with_height_and_with_obliquity() -> None:
    def major(**changes: float) -> float:
        return placed((320, 256), pose(**changes)).ellipse95.semi_major_m

    assert major() < major(height_relative_m=120.0, height_amsl_m=122.0)
    assert major() < major(gimbal_pitch_deg=-60.0) < major(gimbal_pitch_deg=-30.0)


def test_time_speed_and_gaps_in_the_track_add_error_that_other_frames_do_not_share() -> None:
    still, fast = placed((320, 256), pose()), placed((320, 256), pose(speed_m_s=15.0))
    sparse = placed((320, 256), pose(gap_s=4.0))
    moved_m = 15.0 * math.hypot(Sigmas().time_s, Sigmas().jitter_s)
    assert np.allclose(fast.covariance - still.covariance, moved_m**2 * np.eye(2), atol=1e-6)
    assert np.allclose(sparse.covariance - still.covariance, 4.0**2 * np.eye(2), atol=1e-6)
    assert np.allclose(fast.placed.shared, still.placed.shared)


def test_a_clocks_error_goes_along_the_flight_where_the_track_tells_it() -> None:
    frame = LocalFrame(HOME)
    north = [pose(place=frame.point_from_local(0, y)) for y in (-2.5, 2.5)]
    shot = Shot(CAMERA, pose(speed_m_s=10.0), before=north[0], after=north[1], apart_s=0.25)
    placed_ = place([(320, 256)], shot, Level(2.0), frame, Sigmas(time_s=0.2))[0]
    assert not isinstance(placed_, str)
    assert np.allclose(placed_.columns[:, SHARED.index("clock")], [0, 2.0], atol=1e-3)


def believed(truth: Pose, sigmas: Sigmas, rng: np.random.Generator) -> Pose:
    """What a track would hold of a true pose: every error drawn, small turns in the earth's frame and in the
    camera's."""
    tilt = np.radians(math.hypot(sigmas.tilt_deg, sigmas.shake_deg)) * rng.standard_normal(2)
    azimuth = np.radians([sigmas.azimuth_deg, sigmas.turn_deg, sigmas.shake_deg]) @ rng.standard_normal(3)
    turn = Rotation.from_rotvec([tilt[0], tilt[1], azimuth])
    yaw = truth.gimbal_yaw_deg if truth.gimbal_yaw_deg is not None else 0.0
    angles = [yaw, truth.gimbal_pitch_deg or 0.0, truth.gimbal_roll_deg or 0.0]
    # a turn about the camera's x is one of the body's pitch, about its y one of the body's yaw
    sight = np.radians(sigmas.boresight_deg) * rng.standard_normal(2)
    seat = Rotation.from_rotvec([0.0, sight[0], sight[1]])
    seen = turn * Rotation.from_euler("ZYX", angles, degrees=True) * seat
    seen_yaw, seen_pitch, seen_roll = seen.as_euler("ZYX", degrees=True)
    east, north = math.hypot(sigmas.horizontal_m, sigmas.drift_m) * rng.standard_normal(2)
    moved = math.hypot(sigmas.time_s, sigmas.jitter_s) * truth.speed_m_s
    along, aside = moved * rng.standard_normal(2)
    height = truth.height_relative_m + math.hypot(sigmas.vertical_m, sigmas.ground_m) * rng.standard_normal()
    return replace(
        truth,
        place=FRAME.point_from_local(east + along, north + aside),
        height_relative_m=height,
        gimbal_yaw_deg=float(seen_yaw),
        gimbal_pitch_deg=float(seen_pitch),
        gimbal_roll_deg=float(seen_roll),
    )


@pytest.mark.parametrize(
    ("pitch_deg", "pixel"), [(-89.0, (500.0, 100.0)), (-60.0, (320, 256)), (-45.0, (100, 300))]
)
def test_the_95_percent_ellipse_holds_the_truth_93_to_97_times_in_100(
    pitch_deg: float, pixel: tuple[float, float]
) -> None:
    rng = np.random.default_rng(11)
    sigmas = Sigmas()
    truth = pose(gimbal_pitch_deg=pitch_deg, gimbal_yaw_deg=35.0, gimbal_roll_deg=2.0, speed_m_s=10.0)
    target = east_north(placed(pixel, truth))
    held, runs = 0, 700
    for _ in range(runs):
        noisy = tuple(np.add(pixel, sigmas.pixel_px * rng.standard_normal(2)))
        lens = replace(
            CAMERA, focal_length_mm=CAMERA.focal_length_mm * math.exp(0.01 * rng.standard_normal())
        )
        point = ground_point(
            (noisy[0], noisy[1]), lens, believed(truth, sigmas, rng), sigmas=sigmas, frame=FRAME
        )
        assert isinstance(point, GroundPoint)
        away = east_north(point) - target
        held += bool(away @ np.linalg.solve(point.covariance, away) <= CHI2_95_2D)
    assert 0.93 <= held / runs <= 0.97
