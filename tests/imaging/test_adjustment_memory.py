"""An adjustment holds little more than what it is given, and what it makes in parts is the whole."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import adjust
from imaging.adjustment.intersect import intersected
from imaging.adjustment.network import Network
from imaging.adjustment.normals import (
    TIES_AT_ONCE,
    held_unknowns,
    normals,
    tie_residuals,
    tie_sight,
)
from imaging.adjustment.record import adjusted_from_record, record_from_adjusted
from imaging.adjustment.state import layout_of, state_of
from imaging.npz import write_npz
from tests.imaging.networks import block


@pytest.fixture(scope="module")
def large() -> Network:
    """Some 60,000 ties: several parts."""
    network, _ = block(5, points=12_000)
    assert len(network.ties) > 3 * TIES_AT_ONCE
    return network


def test_residuals_and_points_of_many_ties_hold_little_more_than_what_comes_out(large: Network) -> None:
    layout, state = layout_of(large), state_of(large)
    few, _ = block(5, points=300)
    adjusted = replace(adjust(few), network=large, layout=layout, state=state)
    for work, most in (
        (lambda: tie_residuals(large, layout, state), 40_000_000),
        (lambda: intersected(adjusted, large.ties, large.points), 60_000_000),
    ):
        work()
        tracemalloc.start()
        work()
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # All derivatives at once were a kilobyte a tie: 60 MB and more.
        assert peak_bytes < most


def test_residuals_made_part_by_part_are_those_made_at_once(large: Network) -> None:
    layout, state = layout_of(large), state_of(large)
    seen = tie_sight(large, layout, state, large.ties)
    assert not seen.behind.any()
    assert np.array_equal(tie_residuals(large, layout, state), large.ties.px - seen.px)


def test_equations_made_part_by_part_are_those_made_at_once_and_hold_less(
    large: Network, monkeypatch
) -> None:
    layout, state, weights = layout_of(large), state_of(large), np.ones(len(large.ties))
    unknowns = np.flatnonzero(~held_unknowns(large, layout))
    found, peaks = [], []
    for at_once in (TIES_AT_ONCE, len(large.ties)):
        monkeypatch.setattr("imaging.adjustment.normals.TIES_AT_ONCE", at_once)
        tracemalloc.start()
        found.append(normals(large, layout, state, weights, 0.4, unknowns))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    part, whole = found
    matrix = whole.matrix.whole()
    assert part.matrix.whole() == pytest.approx(matrix, rel=1e-9, abs=1e-9 * np.abs(matrix).max())
    assert part.right == pytest.approx(whole.right, rel=1e-6, abs=1e-9 * np.abs(whole.right).max())
    step = np.random.default_rng(3).normal(0, 1e-3, len(unknowns))
    assert part.points_step(step) == pytest.approx(whole.points_step(step), abs=1e-9)
    # Of each tie next to nothing, of each point its own equations; of a part at a time some 2 kilobytes.
    assert peaks[0] < 20 * len(large.ties) + 120 * len(large.points) + 2500 * TIES_AT_ONCE < 0.2 * peaks[1]


def test_the_equations_of_some_unknowns_are_a_part_of_those_of_all() -> None:
    network, _ = block(6, points=400)
    network = replace(network, bend=0.3)
    layout, state = layout_of(network), state_of(network)
    weights = np.ones(len(network.ties))
    everything = np.arange(layout.size)
    whole = normals(network, layout, state, weights, 0.4, everything)
    some = np.random.default_rng(6).permutation(everything)[: layout.size // 2]
    part = normals(network, layout, state, weights, 0.4, some)
    assert np.array_equal(part.matrix.whole(), whole.matrix.block(some, some))
    assert np.array_equal(part.right, whole.right[some])
    step = np.zeros(layout.size)
    step[some] = 1e-3
    assert part.points_step(step[some]) == pytest.approx(whole.points_step(step), abs=1e-12)


def test_a_covariance_read_when_it_is_asked_for_is_the_one_that_was_kept(tmp_path) -> None:
    network, _ = block(7)
    adjusted = adjust(network)
    plain, arrays = record_from_adjusted(adjusted)
    write_npz(tmp_path / "kept.npz", arrays)
    for later in (False, True):
        again = adjusted_from_record(plain, tmp_path / "kept.npz", later=later)
        assert np.array_equal(again.covariance, adjusted.covariance)
    assert np.array_equal(adjusted.covariance, adjusted.covariance.T)
