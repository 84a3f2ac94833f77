"""Which tie points an adjustment rests on."""

from __future__ import annotations

import numpy as np

from imaging.adjustment import Ties, indices
from imaging.adjustment.thinning import even_ground, thinned

SIZES_PX = indices([(1000, 800)] * 3)


def ground(random: np.random.Generator, slope: float = 0.2) -> np.ndarray:
    """(3000, 3) points on a slope of 60 x 60 m; the last 300 make a crown of 8 m on it."""
    level = random.uniform(0, 60, (2700, 2)), random.uniform(20, 26, (300, 2))
    places = np.concatenate(level)
    heights = slope * places[:, 0] + random.normal(0, 0.05, len(places))
    heights[2700:] += random.uniform(1, 8, 300)
    return np.column_stack([places, heights])


def test_a_slope_is_even_and_a_crown_on_it_is_not() -> None:
    for slope in (0.0, 0.5):
        points = ground(np.random.default_rng(1), slope)
        even = even_ground(points, 40.0)
        away = np.abs(points[:, :2] - 23).max(axis=1) > 6
        assert even[away].mean() > 0.99
        assert even[2700:].mean() < 0.02


def test_a_few_points_or_points_in_one_place_are_told_too() -> None:
    assert even_ground(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), 30.0).all()
    assert even_ground(np.zeros((40, 3)), 30.0).all()
    assert even_ground(np.zeros((1, 3)), 30.0).all()
    assert even_ground(np.zeros((0, 3)), 30.0).shape == (0,)


def test_points_on_uneven_ground_come_last_and_fill_a_cell_to_a_quarter() -> None:
    random = np.random.default_rng(2)
    count = 4000
    px = random.uniform(0, 1, (count, 2)) * (1000, 800)
    even = px[:, 0] < 550
    even[random.random(count) < 0.1] = True
    ties = Ties(np.repeat(np.arange(3), count), np.tile(np.arange(count), 3), np.tile(px, (3, 1)))
    kept = thinned(ties, count, SIZES_PX, 800, even=even)
    cell = (px // (100, 80)).astype(int)
    assert not np.isin(kept, thinned(ties, count, SIZES_PX, 800)).all()
    for column in range(10):
        for row in range(10):
            here = np.flatnonzero((cell == (column, row)).all(axis=1))
            mine = np.isin(here, kept)
            of_even, others = even[here].sum(), (~even[here]).sum()
            assert mine[even[here]].sum() == min(8, of_even)
            assert mine[~even[here]].sum() == min(others, max(0, 2 - min(8, of_even)))


def test_without_a_word_on_the_ground_all_points_are_alike() -> None:
    random = np.random.default_rng(3)
    px = random.uniform(0, 1, (900, 2)) * (1000, 800)
    ties = Ties(np.repeat(np.arange(3), 900), np.tile(np.arange(900), 3), np.tile(px, (3, 1)))
    plain = thinned(ties, 900, SIZES_PX, 800)
    assert np.array_equal(plain, thinned(ties, 900, SIZES_PX, 800, even=np.ones(900, bool)))
    assert len(plain) > 700
