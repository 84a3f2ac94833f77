"""Shortest ways that stay inside, and tours and turns over them."""

from itertools import permutations, product

import numpy as np
import pytest
import shapely
from shapely import LineString

from missions.coverage.dubins import turning_lengths
from missions.coverage.inside import Inside, safe_margin_m
from missions.coverage.tour import short_tour
from tests.missions.shortest_turn import turn_points

HORSESHOE = shapely.box(0, 0, 300, 200) - shapely.box(100, 50, 200, 200)


def test_a_way_round_a_notch_bends_at_its_two_corners() -> None:
    inside = Inside(HORSESHOE)
    way = inside.way(np.array([50.0, 150.0]), np.array([250.0, 150.0]))
    assert way is not None
    assert len(way) == 4
    assert HORSESHOE.covers(LineString(way))
    expected_m = 2 * np.hypot(50, 100) + 100
    assert LineString(way).length == pytest.approx(expected_m, abs=2.0)


def test_distances_are_the_lengths_of_the_ways() -> None:
    chance = np.random.default_rng(3)
    area = HORSESHOE - shapely.box(20, 20, 60, 60)
    inside = Inside(area)
    points = chance.uniform([0, 0], [300, 200], (60, 2))
    points = points[shapely.contains_xy(inside.inner, points[:, 0], points[:, 1])]
    lengths = inside.distances(points)
    assert np.array_equal(lengths, lengths.T)
    for i, j in [(0, 1), (2, 9), (5, 11), (3, 17), (8, 20)]:
        way = inside.way(points[i], points[j])
        assert way is not None
        assert lengths[i, j] == pytest.approx(LineString(way).length, rel=1e-6)
        assert area.covers(LineString(way))


def test_no_way_leads_to_another_part() -> None:
    apart = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)])
    inside = Inside(apart)
    assert inside.way(np.array([5.0, 5.0]), np.array([25.0, 5.0])) is None
    assert np.isinf(inside.distances(np.array([[5.0, 5.0], [25.0, 5.0]]))[0, 1])


def test_every_bend_is_charged() -> None:
    inside = Inside(HORSESHOE)
    points = np.array([[50.0, 150.0], [250.0, 150.0]])
    free, charged = inside.distances(points)[0, 1], inside.distances(points, turn_m=30.0)[0, 1]
    assert charged == pytest.approx(free + 2 * 30.0, abs=1e-3)


def test_the_margin_shrinks_before_it_tears_an_area() -> None:
    assert safe_margin_m(shapely.box(0, 0, 100, 100)) == 0.25
    neck = shapely.box(0, 0, 10, 10) | shapely.box(9, 5, 21, 5.1) | shapely.box(20, 0, 30, 10)
    assert safe_margin_m(neck) < 0.05


def test_a_tour_is_the_best_one_where_all_can_be_tried() -> None:
    for seed in range(6):
        ends = np.random.default_rng(seed).uniform(0, 100, (12, 2))
        ends[1] = ends[0]
        costs = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))
        best = min(
            tour_cost(costs, [0, *(2 * leg + side for leg, side in zip(order, sides, strict=True))])
            for order in permutations(range(1, 6))
            for sides in product((0, 1), repeat=5)
        )
        assert tour_cost(costs, short_tour(costs, 200)) == pytest.approx(best)


def tour_cost(costs: np.ndarray, tour: list[int]) -> float:
    return sum(float(costs[tour[i - 1] ^ 1, tour[i]]) for i in range(len(tour)))


def test_a_tour_flies_each_leg_once() -> None:
    for count in (1, 2, 3, 5, 40):
        costs = np.random.default_rng(count).uniform(1, 9, (2 * count, 2 * count))
        tour = short_tour(costs + costs.T, 50)
        assert tour[0] == 0
        assert sorted(end >> 1 for end in tour) == list(range(count))


@pytest.mark.parametrize("seed", range(8))
def test_a_turn_arrives_where_and_how_it_should(seed: int) -> None:
    chance = np.random.default_rng(seed)
    a, b = chance.uniform(-100, 100, (2, 2))
    leaving, entering = chance.uniform(-np.pi, np.pi, 2)
    curve = turn_points(a, leaving, b, entering, 30.0, 0.5)
    assert np.allclose(curve[0], a)
    assert np.allclose(curve[-1], b, atol=1e-6)
    steps = np.diff(curve, axis=0)
    headings = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    assert np.cos(headings[0] - leaving) > 0.999
    assert np.cos(headings[-1] - entering) > 0.999
    assert np.abs(np.diff(headings)).max() <= 0.5 / 30.0 + 1e-6


def test_a_turn_to_the_next_lane_has_the_known_length() -> None:
    lanes = np.array([[[0.0, 0], [100, 0]], [[0, 100], [100, 100]]])
    lengths = turning_lengths(lanes, 50.0)
    # From the east end of one lane to the east end of the other: half a circle.
    assert lengths[1, 3] == pytest.approx(np.pi * 50)
    # Closer than twice the radius the turn is a bulb (Jin and Tang 2010): r (3 pi - 4 asin((2r + d) / 4r)).
    near = np.array([[[0.0, 0], [100, 0]], [[0, 40], [100, 40]]])
    bulb_m = 50 * (3 * np.pi - 4 * np.arcsin((2 * 50 + 40) / (4 * 50)))
    assert turning_lengths(near, 50.0)[1, 3] == pytest.approx(bulb_m)
    assert np.allclose(lengths, lengths.T)
