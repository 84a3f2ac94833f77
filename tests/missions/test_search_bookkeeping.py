"""What nobody found says: Bayes, whatever the order, and some chance is always left."""

from __future__ import annotations

import numpy as np
import pytest

from missions.errors import SettingsError
from missions.search.bookkeeping import Score, kept_share, score_of
from missions.search.grid import Cells
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.probability import ProbabilityMap
from tests.missions.search_views import grid_of


def map_of(seed: int = 0, outside: float = 0.2) -> ProbabilityMap:
    grid = grid_of(6, 5)
    weights = np.random.default_rng(seed).random(grid.shape)
    return ProbabilityMap(grid, weights / weights.sum() * (1 - outside), outside)


def after_search(
    before: ProbabilityMap, missed: Cells, earlier: Cells | None = None, *, cumulative_pos: float = 0.0
) -> tuple[ProbabilityMap, Score]:
    """One pass over a map of one hypothesis."""
    kept = kept_share(missed, earlier)
    after = Mixture.of(Hypothesis("one", 1.0, before)).searched(kept)
    return after.chances, score_of(before, kept, cumulative_pos)


def test_one_cell_searched_by_hand() -> None:
    """Chance 0.5 here, 0.5 there; looked here with POD 0.8: 0.1 to 0.5 is left."""
    grid = grid_of(1, 2)
    after, score = after_search(ProbabilityMap(grid, np.array([[0.5, 0.5]])), np.array([[0.2, 1.0]]))
    assert after.mass[0] == pytest.approx([1 / 6, 5 / 6])
    assert score.pos == pytest.approx(0.4)
    assert score.left == pytest.approx(0.6)
    assert score.mean_pod == pytest.approx(0.8)


def test_independent_searches_in_any_order_give_one_map() -> None:
    before, rng = map_of(), np.random.default_rng(1)
    first, second = rng.random((2, 6, 5))
    one, s1 = after_search(before, first)
    both, s12 = after_search(one, first * second, first, cumulative_pos=s1.cumulative_pos)
    two, s2 = after_search(before, second)
    other, s21 = after_search(two, first * second, second, cumulative_pos=s2.cumulative_pos)
    whole, once = after_search(before, first * second)
    for result in (other, whole):
        assert result.mass == pytest.approx(both.mass)
        assert result.outside == pytest.approx(both.outside)
    assert s12.cumulative_pos == pytest.approx(s21.cumulative_pos)
    assert s12.cumulative_pos == pytest.approx(once.pos)


def test_what_is_left_outside_grows_with_every_search() -> None:
    before = map_of()
    after, score = after_search(before, np.full((6, 5), 0.3))
    assert after.outside > before.outside
    assert score.on_map + score.outside == pytest.approx(1)
    assert 0 < score.left < 1


def test_a_search_that_saw_nothing_changes_nothing() -> None:
    before = map_of()
    after, score = after_search(before, np.ones((6, 5)))
    assert score.pos == 0
    assert score.mean_pod == 0
    assert after.mass == pytest.approx(before.mass)


def test_the_figures_agree_with_ten_thousand_people() -> None:
    """People drawn from the map, each missed with the chance of his cell: what is left is the map after."""
    before, rng = map_of(2), np.random.default_rng(5)
    missed = rng.random((6, 5))
    chances = np.append(before.mass.ravel(), before.outside)
    where = rng.choice(31, size=200_000, p=chances / chances.sum())
    not_found = rng.random(200_000) < np.append(missed.ravel(), 1.0)[where]
    after, score = after_search(before, missed)
    assert 1 - not_found.mean() == pytest.approx(score.pos, abs=0.005)
    left = np.bincount(where[not_found], minlength=31) / not_found.sum()
    assert left[:30].reshape(6, 5) == pytest.approx(after.mass, abs=0.005)
    assert left[30] == pytest.approx(after.outside, abs=0.005)


def test_the_score_of_a_mixture_is_that_of_its_parts() -> None:
    here, there = map_of(3), map_of(4, outside=0.5)
    both = Mixture.of(Hypothesis("here", 0.25, here), Hypothesis("there", 0.75, there))
    missed = np.random.default_rng(6).random((6, 5))
    whole = score_of(both.chances, missed)
    assert whole.pos == pytest.approx(0.25 * score_of(here, missed).pos + 0.75 * score_of(there, missed).pos)
    assert both.searched(missed).chances.outside == pytest.approx(whole.outside)


@pytest.mark.parametrize("bad", [np.full((6, 5), 1.5), np.full((6, 5), np.nan), np.ones((5, 6))])
def test_what_is_no_chance_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(SettingsError):
        after_search(map_of(), bad)
