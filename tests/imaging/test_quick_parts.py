"""The parts of the fast alignment, each against what is exactly known."""

import cv2
import numpy as np
import pytest

from imaging.adjustment.network import Ties, indices
from imaging.lens import Lens, View
from imaging.quick.features import Features, Search, find_features
from imaging.quick.links import check
from imaging.quick.matching import match
from imaging.quick.resection import resect
from imaging.quick.rotations import angle, camera_from_gimbal, nearest_rotation
from imaging.quick.tracks import join, only, spread_choice, without_short
from imaging.quick.triangulation import triangulate, unit_rays

LENS = Lens(1000, 750, 800.0, 500.0, 375.0, -0.02, focal_known=True)


def blobs(places, size=(400, 600), sigma=4.0):
    """A grey picture with a bright blob centred on each pixel coordinate (the corner is (0, 0))."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    picture = np.full(size, 60.0)
    for column, row in places:
        picture += 120 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * sigma**2))
    return picture.clip(0, 255).astype(np.uint8)


def test_a_feature_lies_where_its_blob_is_in_pixels_of_the_full_picture():
    rng = np.random.default_rng(1)
    places = np.stack(np.meshgrid(np.arange(60, 560, 80), np.arange(60, 360, 80)), axis=-1).reshape(-1, 2)
    places = places + rng.uniform(-0.5, 0.5, places.shape)
    for reduce in (1, 2):
        found = find_features(blobs(places), reduce, Search(longest_px=600, most=400))
        apart = np.linalg.norm(found.pixels[:, None] / reduce - places[None], axis=2).min(axis=0)
        assert np.median(apart) < 0.05
    small = find_features(blobs(places, sigma=6.0), 1, Search(longest_px=300, most=400))
    offset = [min(small.pixels - place, key=lambda way: abs(way).sum()) for place in places]
    assert np.abs(np.median(offset, axis=0)).max() < 0.15


def test_features_are_spread_and_no_more_than_asked_for():
    """One half is busy and the other nearly plain: both give features."""
    rng = np.random.default_rng(2)
    picture = cv2.GaussianBlur(rng.integers(0, 255, (500, 1000), np.uint8), (0, 0), 2.0)
    picture[:, 500:] = 128 + (picture[:, 500:].astype(int) - 128) * 2 // 3
    found = find_features(picture, 1, Search(longest_px=1000, most=300))
    assert len(found) <= 300
    assert np.count_nonzero(found.pixels[:, 0] > 500) > 90


def test_a_picture_of_nothing_has_no_features():
    assert len(find_features(np.full((300, 400), 90, np.uint8), 1, Search())) == 0


def test_matches_are_mutual_and_clearly_the_nearest():
    rng = np.random.default_rng(3)
    looks = rng.gamma(0.5, 1, (50, 128))
    looks = (400 * np.sqrt(looks / looks.sum(axis=1, keepdims=True))).astype(np.uint8)
    first = Features(np.zeros((50, 2)), looks)
    order = rng.permutation(50)
    second = Features(np.zeros((51, 2)), np.vstack([looks[order], looks[:1]]))
    found = match(first, second, indices(range(50)), indices(range(51)))
    # Feature 0 stands in the second picture twice, so it has no clear match.
    assert set(found[:, 0]) == set(range(1, 50))
    assert np.array_equal(order[found[:, 1]], found[:, 0])
    part = match(first, second, indices(range(10, 20)), indices(range(51)))
    assert set(part[:, 0]) == set(range(10, 20))


def test_tracks_join_matches_and_drop_those_that_see_a_photo_twice():
    features = [
        Features(np.arange(8.0).reshape(4, 2) + 10 * n, np.zeros((4, 128), np.uint8)) for n in range(3)
    ]
    links = [
        (0, 1, np.array([[0, 0], [1, 1]])),
        (1, 2, np.array([[0, 0], [1, 1]])),
        (0, 2, np.array([[0, 0], [2, 1]])),  # says that features 1 and 2 of the first picture are one
    ]
    ties = join(features, links)
    assert ties.view.tolist() == [0, 1, 2]
    assert ties.point.tolist() == [0, 0, 0]
    assert ties.px.tolist() == [[0, 1], [10, 11], [20, 21]]


def test_ties_are_renumbered_when_points_go():
    ties = Ties(indices([0, 1, 0, 1, 2]), indices([0, 0, 1, 3, 3]), np.zeros((5, 2)))
    kept, numbers = without_short(ties)
    assert (numbers.tolist(), kept.point.tolist(), kept.view.tolist()) == ([0, 3], [0, 0, 1, 1], [0, 1, 1, 2])
    kept, numbers = only(ties, indices([3]))
    assert (numbers.tolist(), kept.point.tolist(), kept.view.tolist()) == ([3], [0, 0], [1, 2])


def test_a_choice_of_ties_keeps_every_cell_and_the_longest_tracks():
    rng = np.random.default_rng(4)
    view = np.repeat(np.arange(4), 400)
    ties = Ties(indices(view), indices(np.tile(np.arange(400), 4)), rng.uniform(0, 1000, (1600, 2)))
    chosen = spread_choice(ties, np.full((4, 2), 1000.0), cells=4, each=2)
    assert len(chosen) < len(ties)
    cells = {(v, *cell) for v, cell in zip(chosen.view.tolist(), (chosen.px // 250).tolist(), strict=True)}
    assert len(cells) == 4 * 16


@pytest.fixture
def scene():
    """Three views of 200 points, and the pixels they show without error."""
    rng = np.random.default_rng(5)
    points = rng.uniform([-20, -15, -3], [20, 15, 6], (200, 3))
    views = tuple(
        View(
            str(n), "a", camera_from_gimbal(30 * n, -88 + n, 2 * n), np.array([8.0 * n - 8, n, 40.0]), 0, 0.0
        )
        for n in range(3)
    )
    pixels = [LENS.pixels((points - view.centre) @ view.rotation.T) for view in views]
    return points, views, pixels


def test_rays_meet_where_the_points_are(scene):
    points, views, pixels = scene
    ties = Ties(indices(np.repeat(np.arange(3), 200)), indices(np.tile(np.arange(200), 3)), np.vstack(pixels))
    rays = unit_rays(ties, views, {"a": LENS})
    rotations, centres = (
        np.array([view.rotation for view in views]),
        np.array([view.centre for view in views]),
    )
    found, good = triangulate(ties, rays, rotations, centres, 200)
    assert good.all()
    assert np.abs(found - points).max() < 1e-6


def test_rays_from_one_place_meet_nowhere(scene):
    points, views, _ = scene
    here = [LENS.pixels((points[:5] - views[0].centre) @ view.rotation.T) for view in views[:2]]
    ties = Ties(indices(np.repeat([0, 1], 5)), indices(np.tile(np.arange(5), 2)), np.vstack(here))
    rays = unit_rays(ties, views, {"a": LENS})
    rotations = np.array([view.rotation for view in views])
    _, good = triangulate(ties, rays, rotations, np.array([views[0].centre] * 3), 5)
    assert not good.any()


def test_a_link_tells_the_turn_and_the_way_and_drops_wrong_matches(scene):
    _, views, pixels = scene
    rng = np.random.default_rng(6)
    wrong = rng.choice(200, 60, replace=False)
    there = pixels[1] + rng.normal(0, 0.3, pixels[1].shape)
    there[wrong] = rng.uniform(0, 700, (60, 2))
    pairs = np.column_stack([np.arange(200)] * 2)
    link = check((0, 1), pairs, (LENS.rays(pixels[0]), LENS.rays(there)), (LENS, LENS), 2.0)
    assert link is not None
    assert angle(link.rotation, views[1].rotation @ views[0].rotation.T) < np.radians(0.5)
    way = -views[1].rotation.T @ link.baseline
    apart = views[1].centre - views[0].centre
    assert way @ apart / np.linalg.norm(apart) > np.cos(np.radians(5))
    assert len(set(link.features[:, 0]) & set(wrong)) <= 6
    assert len(link) >= 130


def test_matches_that_agree_on_nothing_are_no_link(scene):
    _, _, pixels = scene
    rng = np.random.default_rng(7)
    pairs = np.column_stack([np.arange(200)] * 2)
    strange = LENS.rays(rng.uniform(0, 700, (200, 2)))
    assert check((0, 1), pairs, (LENS.rays(pixels[0]), strange), (LENS, LENS), 2.0) is None


def test_a_photo_without_a_place_is_set_among_the_points_that_it_shows(scene):
    points, views, pixels = scene
    rng = np.random.default_rng(8)
    seen = pixels[2].copy()
    seen[:60] = rng.uniform(0, 700, (60, 2))
    found = resect(points, seen, LENS, 4.0)
    assert found is not None
    rotation, centre = found
    assert angle(rotation, views[2].rotation) < np.radians(0.05)
    assert np.linalg.norm(centre - views[2].centre) < 0.05
    assert resect(points, rng.uniform(0, 700, (200, 2)), LENS, 4.0) is None
    assert resect(points[:5], pixels[2][:5], LENS, 4.0) is None


@pytest.mark.parametrize(
    ("yaw", "top"), [(0.0, (0, 1)), (90.0, (1, 0)), (-135.0, (-(0.5**0.5), -(0.5**0.5)))]
)
def test_looking_down_the_top_of_the_picture_lies_towards_the_yaw(yaw, top):
    rotation = camera_from_gimbal(yaw, -90.0, 0.0)
    assert -rotation[1] == pytest.approx([*top, 0])
    assert rotation[2] == pytest.approx([0, 0, -1])
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_the_nearest_rotation_of_a_noisy_one_is_near_it():
    rotation = camera_from_gimbal(50, -60, 5)
    noisy = 3 * rotation + np.random.default_rng(9).normal(0, 0.05, (3, 3))
    assert angle(nearest_rotation(noisy), rotation) < 0.05
    assert np.linalg.det(nearest_rotation(-noisy)) == pytest.approx(1)
