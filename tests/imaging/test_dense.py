"""The parts of the dense surface, each against mathematics that leaves no choice."""

import numpy as np
import pytest

from imaging.dense.fusion import canopy, filled
from imaging.dense.kernels import MISSING, agree, between, nth_nearest
from imaging.dense.pairing import stereo_pairs
from imaging.dense.rectification import Slab, canvas, rectify
from imaging.grid import Grid
from imaging.lens import Lens, View
from imaging.surface import Surface
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))
LENS = Lens(400, 300, 320.0, 203.0, 148.0, -0.04, True)
DOWN = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])
LEVEL = Surface(
    Grid(FRAME, 32631, 586_000.0, 5_800_000.0, 10.0, 60, 60), np.zeros((60, 60)), np.zeros(3), 0.0, ""
)

LEVEL_SLAB = Slab(np.zeros(3), 0.0, 5.0)


def turned(degrees_x, degrees_y, degrees_z):
    """A camera that looks down, turned by these angles."""
    rotation = DOWN
    for axis, degrees in enumerate((degrees_x, degrees_y, degrees_z)):
        angle, i, j = np.radians(degrees), (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = turn @ rotation
    return rotation


def view(name, rotation, centre):
    return View(name, "one", rotation, np.array(centre, float), 0, 0.0)


def photo_of(camera, point):
    """A dark picture with a soft bright spot where the camera sees the point."""
    pixel = LENS.pixels((point - camera.centre) @ camera.rotation.T)
    y, x = np.mgrid[: LENS.height_px, : LENS.width_px] + 0.5
    return (250 * np.exp(-((x - pixel[0]) ** 2 + (y - pixel[1]) ** 2) / 8)).astype(np.uint8)


def middle(spot):
    y, x = np.mgrid[: spot.shape[0], : spot.shape[1]]
    return (x * spot).sum() / spot.sum(), (y * spot).sum() / spot.sum()


@pytest.mark.parametrize("height_m", [0.0, 1.5, 4.0])
def test_on_their_common_plane_both_photos_show_a_point_in_one_row_and_its_disparity_is_its_distance(
    height_m,
):
    first, second = view("a", turned(3, -2, 20), [0, 0, 30]), view("b", turned(-2, 4, 24), [4, 5, 31])
    slope = Slab(np.array([0.05, -0.02, 0.0]), -1.0, 6.0)
    pair = rectify(first, second, {"one": LENS}, slope, 1.0)
    point = np.array([3.0, 1.0, height_m])
    spots = [
        canvas(pair, one, LENS, photo_of(one, point), second=is_second)[0].astype(float)
        for one, is_second in ((first, False), (second, True))
    ]
    (left_x, left_y), (right_x, right_y) = (middle(spot) for spot in spots)
    distance = (pair.rotation @ (point - first.centre))[2]
    assert left_y == pytest.approx(right_y, abs=0.05)
    u, v = left_x + pair.left_px, left_y + pair.top_px
    match = left_x - right_x
    lowest = pair.lowest @ [u - match, v, 1]
    assert match + lowest == pytest.approx(pair.focal_px * pair.base_m / distance, abs=0.05)
    assert 0 <= match < pair.disparities


def test_photos_that_look_away_from_each_other_make_no_plane():
    away = view("b", turned(0, 0, 0), [200, 0, 30])
    assert rectify(view("a", turned(0, 0, 0), [0, 0, 30]), away, {"one": LENS}, LEVEL_SLAB, 1.0) is None


def test_pairs_have_a_useful_base_and_every_photo_of_a_grid_has_partners_on_more_than_one_side():
    views = tuple(view(f"{x} {y}", DOWN, [6.0 * x, 8.0 * y, 30.0]) for x in range(4) for y in range(3))
    pairs = stereo_pairs(views, {"one": LENS}, LEVEL)
    assert all(0.05 <= pair.ratio <= 0.6 and pair.overlap >= 0.25 for pair in pairs)
    for index in range(len(views)):
        sides = {
            tuple(np.sign(views[a + b - index].centre[:2] - views[index].centre[:2]).tolist())
            for a, b in ((pair.first, pair.second) for pair in pairs)
            if index in (a, b)
        }
        assert len(sides) >= 2


def test_photos_from_one_place_make_no_pair():
    views = (view("a", DOWN, [0, 0, 30]), view("b", DOWN, [0.2, 0, 30]), view("c", DOWN, [0, 0.3, 30]))
    assert stereo_pairs(views, {"one": LENS}, LEVEL) == []


def agreed(values, tolerance=200, weights=None):
    stack = np.array(values, np.int16).reshape(-1, 1, 1)
    mean, spread = np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)
    counts = np.zeros((2, 1, 1), np.uint8)
    agree(stack, np.array(weights or [1] * len(values), np.float32), tolerance, mean, spread, counts)
    return mean[0, 0], spread[0, 0], counts[:, 0, 0].tolist()


def test_the_height_that_most_pairs_tell_wins():
    assert agreed([1500, 10, 30, 20, MISSING, -900]) == (20, pytest.approx(np.std([10, 20, 30])), [3, 5])


def test_of_two_heights_told_as_often_the_higher_wins_as_it_hides_the_other_from_above():
    assert agreed([0, 1500, 1510, 5])[0] == 1505


def test_a_surer_pair_counts_for_more():
    assert agreed([0, 1500, 10], weights=[1, 5, 1])[0] == 1500


def test_a_cell_that_no_pair_tells_has_no_count():
    assert agreed([MISSING, MISSING])[2] == [0, 0]


def test_a_hole_beside_something_tall_is_filled_with_the_ground():
    heights = np.zeros((96, 96), np.float32)
    heights[30:60, 30:60] = 2.0
    known = np.ones((96, 96), bool)
    known[28:62, 60:68] = False
    assert np.abs(filled(heights, known)[30:60, 61:67]).max() < 0.1
    assert np.array_equal(filled(heights, known)[known], heights[known])


def test_what_lies_far_from_anything_known_stays_unknown():
    known = np.zeros((256, 256), bool)
    known[:8, :8] = True
    values = filled(np.ones((256, 256), np.float32), known)
    assert np.isnan(values[200:, 200:]).all()
    assert values[:8, :8] == pytest.approx(1.0)


def test_crowns_are_smoothed_and_a_small_island_of_false_height_is_dropped():
    random = np.random.default_rng(6)
    heights = np.zeros((200, 200), np.float32)
    heights[50:120, 50:120] = 8 + random.normal(0, 1, (70, 70))
    heights[160:165, 160:165] = 6
    smooth = canopy(heights, np.zeros_like(heights), 3.0, 0.067)
    assert np.isnan(smooth[160:165, 160:165]).all()
    assert smooth[60:110, 60:110].std() < 0.2
    assert smooth[60:110, 60:110].mean() == pytest.approx(8, abs=0.2)
    assert (smooth[:40] == 0).all()


def test_between_cells_heights_are_bilinear_and_unknown_where_half_of_what_counts_is():
    random = np.random.default_rng(4)
    cells = random.uniform(0, 5, (40, 50)).astype(np.float32)
    cells[random.uniform(size=cells.shape) < 0.3] = np.nan
    found = np.empty((60, 70), np.float32)
    between(cells, np.array([1.3, 2.6]), 0.55, found)
    columns, rows = 1.3 + 0.55 * np.arange(70), 2.6 + 0.55 * np.arange(60)
    across = np.maximum(0, 1 - np.abs(columns[:, None] - np.arange(50)))
    down = np.maximum(0, 1 - np.abs(rows[:, None] - np.arange(40)))
    share = down @ np.isfinite(cells) @ across.T
    expected = down @ np.nan_to_num(cells) @ across.T / np.maximum(share, 1e-9)
    sure = np.abs(share - 0.5) > 1e-4
    assert np.array_equal(np.isnan(found)[sure], (share <= 0.5)[sure])
    np.testing.assert_allclose(found[sure & (share > 0.5)], expected[sure & (share > 0.5)], rtol=1e-4)


def test_the_nth_nearest_is_that_of_sorted_distances_and_unknown_where_a_coordinate_is():
    random = np.random.default_rng(5)
    each, among = (random.normal(size=(count, 5)).astype(np.float32) for count in (50, 30))
    each[7, 3] = np.nan
    expected = np.sort(((each[:, None] - among) ** 2).sum(axis=2), axis=1)[:, 3]
    np.testing.assert_allclose(nth_nearest(each, among, 4), expected, rtol=1e-5)
