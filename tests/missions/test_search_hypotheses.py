"""Hypotheses kept apart: mixed, weighed anew, and judged by what a search did not find."""

from __future__ import annotations

import numpy as np
import pytest

from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.grid import SearchGrid
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.probability import ProbabilityMap
from missions.search.spread import nowhere

GRID = SearchGrid(LocalFrame(GeoPoint(52.1, 5.3)), 0.0, 0.0, 10.0, 6, 8)


def chances(seed: int, outside: float = 0.0) -> ProbabilityMap:
    random = np.random.default_rng(seed).uniform(0, 1, GRID.shape)
    return ProbabilityMap.normalised(GRID, random * (1 - outside) / random.sum(), outside)


def three() -> Mixture:
    return Mixture.of(
        Hypothesis("lost walker", 60, chances(1, 0.1)),
        Hypothesis("home by the road", 30, chances(2)),
        Hypothesis("left by car", 10, nowhere(GRID)),
    )


def test_the_whole_map_is_the_sum_of_the_parts_by_weight() -> None:
    mixed = three()
    walker, road, _ = (each.chances for each in mixed.hypotheses)
    assert [each.weight for each in mixed.hypotheses] == pytest.approx([0.6, 0.3, 0.1])
    assert mixed.chances.mass == pytest.approx(0.6 * walker.mass + 0.3 * road.mass)
    assert mixed.chances.outside == pytest.approx(0.6 * 0.1 + 0.1)


def test_the_mix_can_be_changed_later_and_the_rest_keeps_its_proportions() -> None:
    again = three().weighing(**{"left by car": 0.4})
    assert [each.weight for each in again.hypotheses] == pytest.approx([0.4, 0.2, 0.4])
    assert again.hypotheses[0].chances.mass == pytest.approx(three().hypotheses[0].chances.mass)
    with pytest.raises(SettingsError, match="no hypothesis 'car'"):
        three().weighing(car=0.5)
    with pytest.raises(SettingsError, match="no chances"):
        three().weighing(**{"left by car": 1.4})


def test_a_search_that_finds_nothing_is_bayes_rule_for_the_whole_and_for_every_part() -> None:
    mixed = three()
    missed = np.random.default_rng(4).uniform(0, 1, GRID.shape)
    after = mixed.searched(missed)
    whole = ProbabilityMap.normalised(GRID, mixed.chances.mass * missed, mixed.chances.outside)
    assert after.chances.mass == pytest.approx(whole.mass)
    assert after.chances.outside == pytest.approx(whole.outside)
    found = [1 - float((each.chances.mass * (1 - missed)).sum()) for each in mixed.hypotheses]
    weights = np.array([0.6, 0.3, 0.1]) * found
    assert [each.weight for each in after.hypotheses] == pytest.approx(weights / weights.sum())


def test_searching_everything_without_fail_leaves_only_what_is_outside() -> None:
    after = three().searched(np.zeros(GRID.shape))
    assert after.chances.outside == pytest.approx(1)
    assert after.hypotheses[1].weight == 0
    here = Mixture.of(Hypothesis("here", 1, chances(1)))
    with pytest.raises(SettingsError, match="no hypothesis has any weight"):
        here.searched(np.zeros(GRID.shape))


def test_searches_in_either_order_leave_the_same() -> None:
    first, second = (np.random.default_rng(seed).uniform(0.1, 1, GRID.shape) for seed in (5, 6))
    one, other = three().searched(first).searched(second), three().searched(second).searched(first)
    assert one.chances.mass == pytest.approx(other.chances.mass)


def test_what_is_no_mixture_is_refused() -> None:
    elsewhere = SearchGrid(GRID.frame, 5.0, 0.0, 10.0, 6, 8)
    for hypotheses, what in (
        ((), "no hypothesis has"),
        ((Hypothesis("a", 0, chances(1)),), "no hypothesis has"),
        ((Hypothesis("a", 1, chances(1)), Hypothesis("a", 1, chances(2))), "name of their own"),
        ((Hypothesis("a", 1, chances(1)), Hypothesis("b", 1, nowhere(elsewhere))), "different grids"),
        ((Hypothesis("a", 2, chances(1)), Hypothesis("b", -1, chances(2))), "no chance"),
        (tuple(Hypothesis(str(n), 1, chances(1)) for n in range(21)), "21 hypotheses"),
    ):
        with pytest.raises(SettingsError, match=what):
            Mixture.of(*hypotheses)
    for missed in (np.full(GRID.shape, 1.1), np.full(GRID.shape, np.nan), np.ones((6, 7))):
        with pytest.raises(SettingsError, match="no chance for every cell"):
            three().searched(missed)
