"""Thermal frames of the synthetic world: people show where and how warm the truth says."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from missions.camera import Camera
from missions.geodesy import LocalFrame, distance_m
from sitl.world import Animal, Person, Sighting, ThermalTruth, World, render_thermal
from telemetry.pose import Pose

CAMERA = Camera("test-thermal", 7.68, 6.144, 9.1, 320, 256, "thermal")
HEIGHT_M = 30.0


@pytest.fixture(scope="module")
def world() -> World:
    return World(7, size_m=128.0, texel_m=0.1)


def clear_grass(world: World) -> list[tuple[float, float]]:
    """Places at least 6 m from each other, from the road, and from anything that stands."""
    places: list[tuple[float, float]] = []
    things = [stone[:2] for stone in world.layout.trees] + [
        (s.east_m, s.north_m) for s in world.layout.stones
    ]
    for east, north in np.random.default_rng(1).uniform(-55, 55, (4000, 2)):
        _, across = world.layout.road.along_across(np.array(east), np.array(north))
        near = min(np.hypot(east - x, north - y) for x, y in [*things, *places])
        if near > 6 and float(across) < -26:
            places.append((float(east), float(north)))
    return places


def pose_above(
    world: World, east_m: float, north_m: float, time_s: float = 1_780_000_000.0, **angles: float
) -> Pose:
    place = LocalFrame(world.origin).point_from_local(east_m, north_m)
    given = {"roll_deg": 0.0, "pitch_deg": 0.0, "yaw_deg": 0.0, **angles}
    return Pose(time_s, place, world.ground_amsl_m + HEIGHT_M, HEIGHT_M, **given)


def opened(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def celsius(truth: ThermalTruth, number: int = 0) -> npt.NDArray[np.float64]:
    return np.asarray(opened(truth.folder / truth.frames[number].file), float) / 100 - 273.15


def recorded_contrast_k(picture: npt.NDArray[np.float64], sighting: Sighting) -> float:
    """Difference between the middle of the body's box and the ring around it."""
    left, top, right, bottom = (int(edge) for edge in sighting.box)
    x, y = (int(value) for value in sighting.pixel)
    outer = picture[max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6].copy()
    ring = np.ones_like(outer, bool)
    ring[min(top, 6) - 2 : -4, min(left, 6) - 2 : -4] = False
    return float(picture[y - 1 : y + 2, x - 1 : x + 2].mean() - np.median(outer[ring]))


def person_at(world: World, place: tuple[float, float], **how: object) -> Person:
    return Person(world.frame.point_from_local(*place), **how)  # type: ignore[arg-type]


def sighted(truth: ThermalTruth, name: str) -> Sighting:
    return next(sighting for sighting in truth.frames[0].sightings if sighting.name == name)


@pytest.mark.parametrize("posture", ["standing", "lying", "sitting"])
def test_by_night_a_person_is_warmer_than_the_grass(world: World, tmp_path: Path, posture: str) -> None:
    spot = clear_grass(world)[0]
    somebody = person_at(world, spot, posture=posture, temperature_c=27.0, name="p")
    truth = render_thermal(world, tmp_path, CAMERA, [pose_above(world, spot[0] + 3, spot[1])], [somebody])
    seen = sighted(truth, "p")
    assert seen.kind == f"person {posture}"
    assert seen.visible_share == 1
    assert seen.contrast_k > 10
    assert recorded_contrast_k(celsius(truth), seen) > 6
    place = truth.frames[0].pose.place
    assert distance_m(place, somebody.place) == pytest.approx(3, abs=0.01)


def test_by_day_the_ground_is_warmer_and_a_person_on_the_road_is_colder_than_it(
    world: World, tmp_path: Path
) -> None:
    spot = world.layout.road.place(-45.0, 0.0)
    somebody = person_at(world, spot, posture="lying", temperature_c=27.0, name="p")
    looking = [pose_above(world, *spot)]
    day = render_thermal(world, tmp_path / "day", CAMERA, looking, [somebody], night=False)
    night = render_thermal(world, tmp_path / "night", CAMERA, looking, [somebody], night=True)
    assert np.median(celsius(day)) > np.median(celsius(night)) + 10
    assert sighted(day, "p").contrast_k < -3
    assert recorded_contrast_k(celsius(day), sighted(day, "p")) < -2
    assert recorded_contrast_k(celsius(night), sighted(night, "p")) > 5


def test_the_pixel_leads_back_to_the_person(world: World, tmp_path: Path) -> None:
    people = [
        person_at(world, spot, posture="lying", name=f"p{i}") for i, spot in enumerate(clear_grass(world))
    ]
    middle = clear_grass(world)[0]
    tilted = pose_above(world, *middle, yaw_deg=200.0, gimbal_pitch_deg=-80.0, gimbal_yaw_deg=130.0)
    truth = render_thermal(world, tmp_path, CAMERA, [tilted], people, k1=-0.1)
    view = world.view(truth.lens, tilted)
    places = {body.name: body for body in truth.bodies}
    whole = [
        sighting
        for sighting in truth.frames[0].sightings
        if sighting.kind == "person lying"
        and min(sighting.box[:2]) > 0
        and sighting.box[2] < 320 > sighting.box[3]
    ]
    assert len(whole) >= 2
    for sighting in whole:
        body = places[sighting.name]
        ground = view.back_project([sighting.pixel], body.height_amsl_m - world.ground_amsl_m)[0]
        assert np.hypot(ground[0] - body.east_m, ground[1] - body.north_m) < 0.35


def test_without_a_gimbal_a_person_ahead_shows_above_the_middle(world: World, tmp_path: Path) -> None:
    east, north = clear_grass(world)[0]
    somebody = person_at(world, (east, north), name="p")
    truth = render_thermal(
        world, tmp_path, CAMERA, [pose_above(world, east - 8, north, yaw_deg=90.0, roll_deg=7.0)], [somebody]
    )
    x, y = sighted(truth, "p").pixel
    assert x == pytest.approx(160, abs=2)
    assert y < 128 - 50


def test_a_canopy_hides_its_share_and_moves_over_the_person_as_the_aircraft_passes(
    world: World, tmp_path: Path
) -> None:
    spot = clear_grass(world)[0]
    passing = [
        pose_above(world, spot[0] + step, spot[1], 1_780_000_000.0 + step) for step in range(-10, 11, 2)
    ]
    shares = {}
    for canopy in (0.0, 0.5, 1.0):
        somebody = person_at(world, spot, posture="lying", canopy=canopy, name="p")
        truth = render_thermal(world, tmp_path / str(canopy), CAMERA, passing, [somebody], warm=False)
        shares[canopy] = [sighting.visible_share for frame in truth.frames for sighting in frame.sightings]
    assert shares[0.0] == [1.0] * len(passing)
    assert max(shares[1.0]) < 0.05
    assert 0.3 < np.mean(shares[0.5]) < 0.7
    assert np.std(shares[0.5]) > 0.03


def test_a_tree_hides_a_person_wholly(world: World, tmp_path: Path) -> None:
    tree = max(world.layout.trees, key=lambda tree: tree[2] - 0.1 * np.hypot(tree[0], tree[1]))
    somebody = person_at(world, tree[:2], name="p")
    truth = render_thermal(world, tmp_path, CAMERA, [pose_above(world, *tree[:2])], [somebody])
    assert sighted(truth, "p").visible_share == 0
    assert abs(recorded_contrast_k(celsius(truth), sighted(truth, "p"))) < 2


def test_animals_are_smaller_than_people_and_stones_and_engines_are_told_apart(
    world: World, tmp_path: Path
) -> None:
    spots = clear_grass(world)
    deer = Animal(world.frame.point_from_local(*spots[0]), "deer", name="deer")
    hare = Animal(world.frame.point_from_local(spots[0][0] + 3, spots[0][1]), "hare", name="hare")
    somebody = person_at(world, (spots[0][0], spots[0][1] + 3), posture="lying", name="p")
    truth = render_thermal(
        world, tmp_path, CAMERA, [pose_above(world, *spots[0])], [somebody], animals=[deer, hare]
    )
    assert sighted(truth, "hare").pixels < sighted(truth, "deer").pixels < sighted(truth, "p").pixels
    kinds = {body.kind for body in truth.bodies}
    assert {"stone", "engine", "animal deer", "animal hare", "person lying"} == kinds
    bare = render_thermal(
        world, tmp_path / "bare", CAMERA, [pose_above(world, *spots[0])], [somebody], warm=False
    )
    assert {body.kind for body in bare.bodies} == {"person lying"}


def test_frames_are_centikelvin_with_the_time_in_utc_and_sort_by_it(world: World, tmp_path: Path) -> None:
    poses = [pose_above(world, 0, 0, 1_700_000_000.0 + late) for late in (0.5, 0.0, 1.125)]
    truth = render_thermal(world, tmp_path, CAMERA, poses, [], embed_position=False)
    times = []
    for path in sorted(tmp_path.glob("*.TIFF")):
        frame = opened(path)
        exif = frame.getexif()
        taken = exif.get_ifd(0x8769)
        assert (frame.mode, frame.size) == ("I;16", (320, 256))
        assert (exif[0x010F], exif[0x0110], exif[0x010E]) == (
            "Droneteam",
            "test-thermal",
            "100 counts a kelvin",
        )
        assert taken[0x9011] == "+00:00"
        assert not exif.get_ifd(0x8825)
        times.append(f"{taken[0x9003]}.{taken[0x9291]}")
    assert times == [f"2023:11:14 22:13:{late}" for late in ("20.000", "20.500", "21.125")]
    assert [frame.pose.time_s - 1_700_000_000 for frame in truth.frames] == [0.0, 0.5, 1.125]
    assert -10 < celsius(truth).min() < celsius(truth).max() < 60


def test_the_position_is_written_where_it_is_asked_for(world: World, tmp_path: Path) -> None:
    truth = render_thermal(world, tmp_path, CAMERA, [pose_above(world, 5, 5)], [], embed_position=True)
    gps = opened(tmp_path / truth.frames[0].file).getexif().get_ifd(0x8825)
    lat = sum(float(part) / 60**power for power, part in enumerate(gps[2]))
    assert lat == pytest.approx(truth.frames[0].pose.place.lat_deg, abs=1e-8)


def test_noise_is_as_large_as_asked(world: World, tmp_path: Path) -> None:
    looking = [pose_above(world, *clear_grass(world)[0])]
    quiet, noisy = (
        celsius(render_thermal(world, tmp_path / str(netd), CAMERA, looking, [], netd_k=netd, warm=False))
        for netd in (0.0, 0.2)
    )
    assert np.std(noisy - quiet) == pytest.approx(0.2, rel=0.05)


def test_the_same_world_and_poses_give_the_same_bytes_and_the_truth_is_beside(
    world: World, tmp_path: Path
) -> None:
    spot = clear_grass(world)[0]
    for folder in ("a", "b"):
        somebody = person_at(world, spot, canopy=0.4, name="p")
        truth = render_thermal(world, tmp_path / folder, CAMERA, [pose_above(world, *spot)], [somebody])
    for name in ("DT_00001_T.TIFF", "truth.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    document = json.loads((tmp_path / "a" / "truth.json").read_text())
    assert (document["kind"], document["night"]) == ("thermal", True)
    assert document["frames"][0]["sightings"][0]["pixel"] == list(truth.frames[0].sightings[0].pixel)
