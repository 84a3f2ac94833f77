"""The synthetic world: its ground, its things, and the poses from which it is seen."""

from dataclasses import replace

import numpy as np
import pytest

from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, distance_m
from sitl.world import Lens, World, grid_poses, poses_every, resized
from sitl.world.raster import Raster
from sitl.world.raycast import cast
from telemetry.pose import Pose

CAMERA = Camera("test-wide", 13.2, 9.9, 9.0, 400, 300)


@pytest.fixture(scope="module")
def world() -> World:
    return World(3, GeoPoint(52.17, 4.44), ground_amsl_m=2.0, size_m=64.0, texel_m=0.05)


def test_the_same_seed_is_the_same_world_and_another_seed_another() -> None:
    first, again, other = (World(seed, size_m=40, texel_m=0.1) for seed in (5, 5, 6))
    assert np.array_equal(first.truth_orthomosaic(0.1).rgb, again.truth_orthomosaic(0.1).rgb)
    assert np.array_equal(first.heights.planes, again.heights.planes)
    assert first.control_points == again.control_points
    assert not np.array_equal(first.truth_orthomosaic(0.1).rgb, other.truth_orthomosaic(0.1).rgb)


def test_a_roof_is_above_the_ground_and_a_bonnet_between(world: World) -> None:
    police = next(vehicle for vehicle in world.layout.vehicles if vehicle.name == "police")
    roof = [[police.east_m, police.north_m]]
    ground_m = float(world.ground_height(roof)[0])
    assert abs(ground_m) < 0.3
    assert 1.2 < float(world.surface_height(roof)[0]) - ground_m < 1.8
    assert 0.5 < float(world.surface_height([police.engine_en_m])[0]) - ground_m < 1.1


def test_the_orthomosaic_shows_each_target_where_it_is(world: World) -> None:
    mosaic = world.truth_orthomosaic(0.05)
    assert len(world.control_points) >= 5
    for point in world.control_points:
        row = (mosaic.north_m - point.north_m) / mosaic.gsd_m
        column = (point.east_m - mosaic.west_m) / mosaic.gsd_m
        plate = mosaic.rgb[int(row) - 4 : int(row) + 5, int(column) - 4 : int(column) + 5].mean(axis=-1)
        assert plate.max() > 3 * plate.min() + 20
        assert np.abs(plate - plate[::-1, ::-1]).mean() < 0.35 * np.ptp(plate)


def test_control_points_lie_on_the_surface_at_their_coordinates(world: World) -> None:
    for point in world.control_points:
        assert point.height_amsl_m == pytest.approx(world.ground_amsl_m + point.up_m)
        assert point.up_m == pytest.approx(float(world.surface_height([[point.east_m, point.north_m]])[0]))
        assert distance_m(world.origin, point.place) == pytest.approx(
            np.hypot(point.east_m, point.north_m), abs=1e-4
        )


def test_a_van_hides_what_stands_behind_it_but_not_from_above() -> None:
    world = World(3, size_m=100.0, texel_m=0.1)
    van = next(vehicle for vehicle in world.layout.vehicles if vehicle.name == "van")
    side = np.radians(van.heading_deg + 90)
    across = np.array([np.sin(side), np.cos(side), 0.0])
    middle = np.array([van.east_m, van.north_m, 0.0])
    behind = middle + 1.6 * across + np.array([0, 0, 0.3])
    assert not world.line_of_sight(middle - 12 * across + np.array([0, 0, 3.0]), behind)
    assert world.line_of_sight(behind + np.array([0, 0, 30.0]), behind)


def test_rays_end_on_the_surface_that_they_are_the_first_to_meet(world: World) -> None:
    pose = grid_poses(world, CAMERA, height_agl_m=25)[0]
    view = world.view(Lens.of(CAMERA), replace(pose, gimbal_pitch_deg=-60.0))
    pixels = np.random.default_rng(8).uniform((0, 0), (400, 300), (4000, 2))
    rays = view.rays(pixels)
    hits = cast(world, view.position, rays)
    points = np.stack([hits.east, hits.north, hits.up], axis=-1)
    assert np.abs(view.project(points) - pixels)[~hits.sky].max() < 0.05
    on_top = ~hits.wall & ~hits.sky
    surface = world.heights.nearest(hits.east, hits.north)
    assert np.quantile(np.abs(surface - hits.up)[on_top], 0.98) < 0.05
    for share in np.linspace(0.05, 0.9, 40):
        passed = view.position + share * (points - view.position)
        inside = world.heights.nearest(passed[:, 0], passed[:, 1]) > passed[:, 2] + 0.1
        assert np.mean(inside) < 0.002


def test_a_ray_through_a_roof_s_pixel_ends_on_the_roof(world: World) -> None:
    pose = grid_poses(world, CAMERA, height_agl_m=30, wobble_deg=0)[0]
    view = world.view(Lens.of(CAMERA), pose)
    for vehicle in world.layout.vehicles:
        roof = np.array([vehicle.east_m, vehicle.north_m, 0.0])
        roof[2] = float(world.surface_height(roof[None, :2])[0])
        pixel = view.project(roof)
        if not view.sees(pixel)[0]:
            continue
        hits = cast(world, view.position, view.rays(pixel))
        assert np.allclose((hits.east[0], hits.north[0], hits.up[0]), roof, atol=0.12)


def test_coarser_levels_keep_the_place_of_what_they_show() -> None:
    metres = (np.arange(256) + 0.5) * 0.1 - 12.8
    raster = Raster((10 + metres[None, :] - 2 * metres[::-1, None])[None].astype(np.float32), 0.1)
    places = np.random.default_rng(9).uniform(-10, 10, (2, 100)).astype(np.float32)
    for gsd_m in (0.0, 0.25, 0.5, 0.9):
        assert np.allclose(raster.read(*places, gsd_m)[0], 10 + places[0] - 2 * places[1], atol=1e-3)


@pytest.mark.parametrize(
    "size", [{"size_m": 0.0}, {"size_m": 50.0, "texel_m": 0.0001}, {"size_m": float("nan")}]
)
def test_a_world_that_makes_no_sense_is_refused(size: dict[str, float]) -> None:
    with pytest.raises(InputError):
        World(1, **size)


def test_a_grid_overlaps_as_asked_and_stays_near_the_accident(world: World) -> None:
    poses = grid_poses(
        world, CAMERA, height_agl_m=30, overlap_front_pct=70, wobble_deg=0, width_m=0, length_m=30
    )
    step_m = distance_m(poses[0].place, poses[1].place)
    assert 0 < step_m <= 0.3 * CAMERA.footprint_m(30)[1] + 1e-6
    assert [pose.time_s for pose in poses] == sorted(pose.time_s for pose in poses)
    assert all(distance_m(pose.place, world.origin) < 30 for pose in poses)


def test_poses_along_a_track_leave_out_gaps_and_the_ground(world: World) -> None:
    class Climb:
        start_s, end_s = 100.0, 110.0

        def pose_at(self, time_s: float) -> Pose | None:
            if 104 <= time_s <= 106:
                return None
            return Pose(time_s, world.origin, 2 + 5 * (time_s - 100), 5 * (time_s - 100), 0, 0, 0)

    poses = poses_every(Climb(), 1.0, least_relative_m=5.0)
    assert [pose.time_s for pose in poses] == [101, 102, 103, 107, 108, 109, 110]
    with pytest.raises(InputError):
        poses_every(Climb(), 0.0)


def test_a_resized_camera_sees_the_same_ground() -> None:
    small = resized(CAMERA, 200)
    assert (small.image_width_px, small.image_height_px) == (200, 150)
    assert small.footprint_m(30) == CAMERA.footprint_m(30)
