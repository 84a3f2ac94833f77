"""Random crash scenes: varied, measurable, on a slope, and the same for the same seed."""

import json
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from missions.errors import InputError
from sitl.world import (
    CrashOptions,
    CrashPlan,
    CrashScene,
    Motion,
    PhotoTruth,
    RollingView,
    crash_scene,
    render_crash_scene,
    render_photos,
)
from sitl.world.crash_plan import covers
from sitl.world.raycast import cast

SMALL = CrashOptions(width_px=240, height_agl_m=26.0, readout_s=0.02, ring=2)
SEED = 5


@pytest.fixture(scope="module")
def scene() -> CrashScene:
    return crash_scene(SEED, photos=8, options=SMALL)


@pytest.fixture(scope="module")
def truth(scene: CrashScene, tmp_path_factory: pytest.TempPathFactory) -> PhotoTruth:
    return scene.render(tmp_path_factory.mktemp("crash"))


def layouts(count: int) -> list:
    plan = CrashPlan()
    return [plan(np.random.default_rng(seed), 80.0) for seed in range(count)]


def test_the_same_seed_is_the_same_bytes_and_another_seed_another_scene(
    truth: PhotoTruth, tmp_path: Path
) -> None:
    render_crash_scene(tmp_path, SEED, photos=8, options=SMALL)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 9
    assert all((tmp_path / name).read_bytes() == (truth.folder / name).read_bytes() for name in names)
    other = crash_scene(SEED + 1, photos=8, options=SMALL)
    assert other.lens != truth.lens
    assert other.world.layout != crash_scene(SEED, photos=8, options=SMALL).world.layout


def test_scenes_differ_in_road_slope_and_number_of_vehicles() -> None:
    drawn = layouts(40)
    assert {layout.road.has_side_road for layout in drawn} == {True, False}
    assert {len(layout.vehicles) for layout in drawn} >= set(range(2, 9))
    assert max(len(layout.vehicles) for layout in drawn) <= 12
    assert max(layout.terrain.steepest for layout in drawn) > 0.06
    assert min(len(layout.targets) for layout in drawn) >= 10


def test_what_is_measured_is_not_under_a_vehicle_and_vehicles_do_not_overlap_those_that_came_later() -> None:
    for layout in layouts(20):
        kinds = {mark.kind for mark in layout.marks}
        assert kinds >= {"skid", "wheel", "paint"}
        for place in (*((mark.east_m, mark.north_m) for mark in layout.marks), *layout.targets):
            assert not any(covers(vehicle, place, 0.0) for vehicle in layout.vehicles)
        for vehicle in layout.vehicles[2:]:
            place = (vehicle.east_m, vehicle.north_m)
            assert not any(covers(other, place, 0.5) for other in layout.vehicles if other != vehicle)


def test_the_ground_rises_as_the_terrain_says(scene: CrashScene) -> None:
    world, terrain = scene.world, scene.world.layout.terrain
    assert terrain is not None
    places = np.random.default_rng(2).uniform(-20, 20, (300, 2))
    above = world.ground_height(places) - terrain.height(places[:, 0], places[:, 1])
    assert np.abs(above).max() < 0.8
    assert np.ptp(world.ground_height(places)) > 0.5


def test_rays_end_on_the_sloping_surface_that_they_are_the_first_to_meet(scene: CrashScene) -> None:
    world = scene.world
    for pose in (scene.poses[0], scene.poses[-1]):
        view = world.view(scene.lens, pose)
        pixels = np.random.default_rng(8).uniform((0, 0), (240, 180), (3000, 2))
        hits = cast(world, view.position, view.rays(pixels))
        points = np.stack([hits.east, hits.north, hits.up], axis=-1)
        assert np.abs(view.project(points) - pixels)[~hits.sky].max() < 0.05
        surface = world.heights.nearest(hits.east, hits.north)
        assert np.quantile(np.abs(surface - hits.up)[~hits.wall & ~hits.sky], 0.97) < 0.06
        for share in np.linspace(0.05, 0.95, 30):
            passed = view.position + share * (points - view.position)
            inside = world.heights.nearest(passed[:, 0], passed[:, 1]) > passed[:, 2] + 0.1
            assert np.mean(inside) < 0.003


def test_photos_show_control_and_measure_points_of_which_the_truth_knows_place_and_pixel(
    scene: CrashScene, truth: PhotoTruth
) -> None:
    document = json.loads((truth.folder / "truth.json").read_text())
    places = {point["name"]: point for point in document["measure_points"] + document["control_points"]}
    assert len(document["control_points"]) >= 10
    assert document["readout_s"] == 0.02
    seen = 0
    for photo, pose in zip(document["photos"], scene.poses, strict=True):
        view = scene.world.view(scene.lens, pose)
        for name, pixel in {**photo["control_points"], **photo["measure_points"]}.items():
            place = places[name]
            still = view.project([[place["east_m"], place["north_m"], place["up_m"]]])[0]
            assert np.hypot(*(still - pixel)) < 8
            seen += 1
        assert set(photo["motion"]) == {"velocity_m_s", "turn_rate_deg_s"}
    assert seen > 60
    assert {place["kind"] for place in document["measure_points"]} >= {"skid", "wheel", "paint"}


def test_targets_stand_in_moving_distorted_sloping_pictures_where_the_truth_says(tmp_path: Path) -> None:
    options = CrashOptions(
        plan=CrashPlan(slope=0.08), width_px=640, height_agl_m=18.0, readout_s=0.03, exposure_stops=0.0
    )
    scene = crash_scene(7, photos=4, options=options)
    motions = [Motion((6.0, -3.0, 0.5), (3.0, -2.0, 10.0))] * 4
    truth = render_photos(
        scene.world, tmp_path, scene.camera, scene.poses, lens=scene.lens, readout_s=0.03, motions=motions
    )
    places = {point.name: (point.east_m, point.north_m, point.up_m) for point in truth.control_points}
    errors, shifts = [], []
    for photo in truth.photos:
        grey = np.asarray(Image.open(BytesIO((tmp_path / photo.file).read_bytes())).convert("L"))
        still = scene.world.view(scene.lens, photo.pose)
        for name, pixel in photo.control_points.items():
            if min(*pixel, 640 - pixel[0], 480 - pixel[1]) < 16:
                continue
            guess = np.array([[pixel]], np.float32) - 0.5
            stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 50, 1e-4)
            found = cv2.cornerSubPix(grey, guess, (5, 5), (-1, -1), stop)[0, 0] + 0.5
            errors.append(found - pixel)
            shifts.append(still.project(places[name])[0] - pixel)
    assert len(errors) >= 12
    assert np.sqrt(np.mean(np.square(errors))) < 0.15
    assert np.abs(np.mean(errors, axis=0)).max() < 0.06
    assert np.sqrt(np.mean(np.square(shifts))) > 1.0


def test_movers_come_and_go(scene: CrashScene, truth: PhotoTruth) -> None:
    assert [mover.name for mover in scene.movers] == [
        "walker-0",
        "walker-1",
        "creeping",
        "passing",
        "leaving",
    ]
    seen = [{mover.name for mover in photo.movers} for photo in truth.photos]
    assert all("walker-1" in photo for photo in seen)
    assert sum("passing" in photo for photo in seen) == 1
    leaving = ["leaving" in photo for photo in seen]
    assert any(leaving[:4])
    assert not any(leaving[5:]), "it left half way"


def test_too_few_photos_are_refused() -> None:
    with pytest.raises(InputError):
        crash_scene(1, photos=5, options=CrashOptions(ring=3))


def test_the_ray_of_each_point_that_is_said_to_be_visible_ends_at_it(
    scene: CrashScene, truth: PhotoTruth
) -> None:
    world = scene.world
    places = {p.name: p for p in (*truth.control_points, *truth.measure_points)}
    for photo in truth.photos:
        still = world.view(scene.lens, photo.pose)
        view = RollingView(scene.lens, still.position, still.axes, photo.motion, truth.readout_s)
        named = {**photo.control_points, **photo.measure_points}
        pixels = np.array(list(named.values()))
        hits = cast(world, view.eyes_at(pixels), view.rays(pixels))
        ground = np.array([(places[name].east_m, places[name].north_m) for name in named])
        off_m = np.hypot(hits.east - ground[:, 0], hits.north - ground[:, 1])
        assert off_m.max() < 0.1
        assert np.median(off_m) < 0.005
