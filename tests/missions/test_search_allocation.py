"""Search time goes where a second finds most, and no other sharing finds more."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from missions.errors import SettingsError
from missions.search.allocation import best_seconds, most_found


def found(mass: np.ndarray, rate: np.ndarray, spent: np.ndarray) -> float:
    return float((mass * (1 - np.exp(-rate * spent))).sum())


def test_two_cells_by_hand() -> None:
    """Chances 0.8 and 0.2 at one rate: all to the first until ln 4, then half each."""
    mass, rate = np.array([[0.8, 0.2]]), np.ones((1, 2))
    assert best_seconds(mass, rate, 1.0) == pytest.approx(np.array([[1.0, 0.0]]))
    assert best_seconds(mass, rate, 3.0) == pytest.approx(
        np.array([[1.5 + np.log(4) / 2, 1.5 - np.log(4) / 2]])
    )


def test_all_the_time_is_spent_and_what_a_second_finds_is_even() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        mass, rate = rng.dirichlet(np.ones(30)).reshape(5, 6), rng.uniform(0.01, 1, (5, 6))
        seconds = float(rng.uniform(1, 300))
        spent = best_seconds(mass, rate, seconds)
        worth = mass * rate * np.exp(-rate * spent)
        assert spent.sum() == pytest.approx(seconds)
        assert worth[spent > 1e-9] == pytest.approx(worth[spent > 1e-9].max())
        assert (worth[spent <= 1e-9] <= worth[spent > 1e-9].max() + 1e-12).all()


def test_a_general_optimiser_finds_no_better_sharing() -> None:
    rng = np.random.default_rng(2)
    mass, rate = rng.dirichlet(np.ones(6)), rng.uniform(0.1, 1, 6)
    ours = most_found(mass[None], rate[None], 12.0)
    best = minimize(
        lambda z: -found(mass, rate, z),
        np.full(6, 2.0),
        bounds=[(0, 12)] * 6,
        constraints={"type": "eq", "fun": lambda z: z.sum() - 12},
    )
    assert -best.fun <= ours + 1e-9
    assert ours == pytest.approx(-best.fun, abs=1e-3)


def test_more_time_never_takes_from_a_cell() -> None:
    """Uniformly optimal: the best for ten minutes begins with the best for five."""
    rng = np.random.default_rng(3)
    mass, rate = rng.dirichlet(np.ones(20)).reshape(4, 5), rng.uniform(0.1, 1, (4, 5))
    before = np.zeros((4, 5))
    for seconds in (1.0, 5.0, 20.0, 80.0):
        spent = best_seconds(mass, rate, seconds)
        assert (spent >= before - 1e-9).all()
        before = spent


def test_ground_that_cannot_be_searched_gets_no_time() -> None:
    spent = best_seconds(np.array([[0.9, 0.1]]), np.array([[0.0, 1.0]]), 5.0)
    assert spent == pytest.approx(np.array([[0.0, 5.0]]))
    assert best_seconds(np.zeros((1, 2)), np.ones((1, 2)), 5.0).sum() == 0
    with pytest.raises(SettingsError):
        best_seconds(np.ones((1, 1)), np.ones((1, 1)), -1.0)
