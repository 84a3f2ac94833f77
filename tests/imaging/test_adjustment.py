"""The bundle adjustment finds what made the observations, and knows how sure it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.adjustment import Bar, Directions, LensPrior, Network, adjust, indices
from imaging.adjustment.intersect import intersect_marks, intersected
from imaging.adjustment.normals import tie_projection
from imaging.adjustment.state import layout_of, state_of
from imaging.adjustment.symmetric import Symmetric
from imaging.adjustment.witnesses import Rows, Singles, Together, witness_rows
from imaging.lens import Array
from missions.errors import AlignmentError
from tests.imaging.networks import LENS, Truth, block, marked


def with_control(network: Network, truth: Truth, seed: int, sigma_m: float = 0.01) -> Network:
    random = np.random.default_rng(seed + 1000)
    names = ("T1", "T2", "T3", "T4")
    named = tuple(marked(truth, name, random, sigma_px=0.4, sigma_m=sigma_m) for name in names)
    return replace(network, named=named)


def test_without_errors_the_truth_comes_back() -> None:
    network, truth = block(1, sigma_px=1e-6, gps_m=1e-6)
    adjusted = adjust(network)
    for found, view in zip(adjusted.views, truth.views, strict=True):
        assert found.centre == pytest.approx(view.centre, abs=1e-4)
        assert found.rotation == pytest.approx(view.rotation, abs=1e-6)
    lens = adjusted.lenses["lens"]
    assert lens.focal_px == pytest.approx(LENS.focal_px, abs=0.01)
    assert lens.radial == pytest.approx(LENS.radial, abs=1e-5)
    assert lens.tangential_y == pytest.approx(LENS.tangential_y, abs=1e-6)


def test_a_scene_that_must_turn_and_shrink_at_once_comes_to_the_same_end() -> None:
    """What a step leaves out spoils thousands of ties: damped for it, the scale would stop half way."""
    network, _ = block(3, points=2500, sigma_px=0.05)
    straight = adjust(network)
    turn = Rotation.from_rotvec([0.0, 0.0, 0.02]).as_matrix()
    here = straight.state
    away = replace(
        here,
        rotations=here.rotations @ turn.T,
        centres=1.02 * here.centres @ turn.T,
        points=1.02 * here.points @ turn.T,
    )
    again = adjust(network, away)
    assert again.state.centres == pytest.approx(here.centres, abs=0.005)
    assert again.steps <= 25


def test_derivatives_are_what_differences_give() -> None:
    network, truth = block(2, points=20)
    network = with_control(network, truth, 2)
    network = replace(network, bars=(Bar("T1", "T2", 10.0, 0.01),), velocity_m_s=np.full((12, 3), 2.0))
    network = replace(network, priors={"lens": LensPrior(readout_s=0.01)})
    told = Directions(indices([0, 5]), np.array([[0, 0, -1.0], [0.6, 0, -0.8]]), 0.03)
    network = replace(network, directions=told)
    layout, state = layout_of(network), state_of(network)
    seen = tie_projection(network, layout, state)
    witnesses = witness_rows(network, layout, state, 0.2)
    slopes = np.vstack([whole(each, layout.size) for each in witnesses])
    residual = np.concatenate([each.residual for each in witnesses])
    matrix, right = Symmetric.zeros(layout.size), np.zeros(layout.size)
    for each in witnesses:
        each.add_to(matrix, right, np.arange(layout.size, dtype=np.int32))
    assert matrix.whole() == pytest.approx(slopes.T @ slopes, rel=1e-9, abs=1e-6)
    assert right == pytest.approx(slopes.T @ residual, rel=1e-9, abs=1e-6)
    for unknown in range(layout.size):
        step = np.zeros(layout.size)
        step[unknown] = 1e-6
        ahead = state.moved(layout, step, np.zeros_like(state.points))
        behind = state.moved(layout, -step, np.zeros_like(state.points))
        px = (tie_projection(network, layout, ahead).px - tie_projection(network, layout, behind).px) / 2e-6
        expected = np.zeros_like(px)
        ties = network.ties.view
        for places, by in ((layout.view(ties), seen.by_view), (layout.lens(ties), seen.by_lens)):
            hit = places == unknown
            expected[hit.any(axis=1)] = by.transpose(0, 2, 1)[hit]
        assert px == pytest.approx(expected, rel=1e-4, abs=2e-3)
        after = np.concatenate([each.residual for each in witness_rows(network, layout, ahead, 0.2)])
        before = np.concatenate([each.residual for each in witness_rows(network, layout, behind, 0.2)])
        assert (after - before) / -2e-6 == pytest.approx(slopes[:, unknown], rel=1e-3, abs=1e-2)


def whole(rows: Rows | Singles | Together, size: int) -> Array:
    """The derivatives by all unknowns."""
    by = np.diag(rows.by_unknown) if isinstance(rows, Singles) else rows.by_unknown
    slopes = np.zeros((len(by), size))
    slopes[:, slice(None) if rows.places is None else rows.places] = by
    return slopes


def test_errors_of_poses_are_as_large_as_the_covariance_says() -> None:
    squares = []
    for seed in range(8):
        network, truth = block(seed, points=150)
        network = with_control(network, truth, seed)
        adjusted = adjust(network)
        off = np.array([view.centre for view in adjusted.views]) - [view.centre for view in truth.views]
        places = layout_of(network).centre(np.arange(len(off))).reshape(-1)
        covariance = adjusted.covariance[np.ix_(places, places)]
        squares.append(off.reshape(-1) @ np.linalg.solve(covariance, off.reshape(-1)) / off.size)
    assert 0.7 < np.mean(squares) < 1.3


@pytest.mark.parametrize("scale_from", ["control", "bar", "positions"])
def test_intervals_of_distances_hold_the_truth(scale_from: str) -> None:
    held = []
    for seed in range(12):
        network, truth = block(seed, points=120)
        random = np.random.default_rng(seed + 5000)
        if scale_from == "control":
            network = with_control(network, truth, seed)
        if scale_from == "bar":
            length_m = float(np.linalg.norm(truth.targets["T1"] - truth.targets["T2"]))
            ends = tuple(marked(truth, name, random, sigma_px=0.4, sigma_m=None) for name in ("T1", "T2"))
            bar = Bar("T1", "T2", length_m + random.normal(0, 0.005), 0.005)
            network = replace(network, named=ends, bars=(bar,))
        adjusted = adjust(network)
        marks = [marked(truth, f"T{i}", random, sigma_px=0.5, sigma_m=None) for i in (5, 6, 7, 8)]
        found = intersect_marks(
            adjusted, tuple(each.marks for each in marks), np.array([each.local_m for each in marks])
        )
        for first, second in ((0, 1), (2, 3)):
            apart = found.local_m[second] - found.local_m[first]
            length_m = float(np.linalg.norm(apart))
            gradient = np.zeros(12)
            gradient[3 * first : 3 * first + 3] = -apart / length_m
            gradient[3 * second : 3 * second + 3] = apart / length_m
            sigma_m = float(np.sqrt(gradient @ found.covariance @ gradient))
            truly = np.linalg.norm(truth.targets[f"T{second + 5}"] - truth.targets[f"T{first + 5}"])
            held.append(abs(length_m - truly) < 1.96 * sigma_m)
    assert np.mean(held) >= 0.85


def test_ties_that_are_wrong_do_not_bend_the_scene() -> None:
    network, truth = block(4, spoiled=0.05)
    adjusted = adjust(with_control(network, truth, 4))
    off = np.array([view.centre for view in adjusted.views]) - [view.centre for view in truth.views]
    assert np.sqrt((off**2).mean()) < 0.1


def test_a_rolling_shutter_is_found_where_it_is_asked_for() -> None:
    network, truth = block(6, sigma_px=0.2)
    velocity = np.tile([[6.0, 2.0, 0.0]], (len(network.views), 1)) * ((-1) ** np.arange(12))[:, None]
    layout, state = layout_of(network), state_of(network)
    true = replace(
        state,
        rotations=np.array([view.rotation for view in truth.views]),
        centres=np.array([view.centre for view in truth.views]),
        points=truth.points[: len(state.points)],
    )
    bent = replace(network, velocity_m_s=velocity)
    rolled = true.lenses.copy()
    rolled[:, 7] = 0.03
    shift = (
        tie_projection(bent, layout, replace(true, lenses=rolled)).px - tie_projection(bent, layout, true).px
    )
    assert np.abs(shift).max() > 2
    bent = replace(
        bent,
        ties=replace(network.ties, px=network.ties.px + shift),
        priors={"lens": LensPrior(readout_s=0.02)},
        readout_s={"lens": 0.02},
    )
    adjusted = adjust(with_control(bent, truth, 6))
    assert adjusted.state.lenses[0, 7] == pytest.approx(0.03, abs=0.002)
    held = adjust(with_control(replace(bent, priors={"lens": LensPrior()}, readout_s={}), truth, 6))
    assert held.sigma_px > 1.5 * adjusted.sigma_px


def test_all_ties_intersected_lie_where_the_adjustment_put_the_points() -> None:
    network, truth = block(7)
    adjusted = adjust(with_control(network, truth, 7))
    points, residual_px = intersected(adjusted, network.ties, network.points)
    assert np.percentile(np.abs(points - adjusted.state.points), 99) < 2e-3
    assert np.median(np.abs(residual_px)) == pytest.approx(np.median(np.abs(adjusted.residual_px)), rel=0.02)


def test_a_point_marked_once_or_from_one_place_is_refused() -> None:
    network, truth = block(8)
    adjusted = adjust(network)
    mark = marked(truth, "T1", np.random.default_rng(1), sigma_px=0.5, sigma_m=None)
    once = replace(
        mark.marks, view=mark.marks.view[:1], px=mark.marks.px[:1], sigma_px=mark.marks.sigma_px[:1]
    )
    with pytest.raises(AlignmentError, match="fewer than two photos"):
        intersect_marks(adjusted, (once,), mark.local_m[None, :])


def test_control_holds_the_scene_where_positions_are_metres_off() -> None:
    network, truth = block(9, gps_m=0.3)
    assert network.positions is not None
    moved = replace(
        network.positions,
        local_m=network.positions.local_m + np.array([3.0, -2.0, 5.0]),
        covariance=network.positions.covariance + np.kron(np.ones((12, 12)), np.eye(3) * 25.0),
    )
    adjusted = adjust(with_control(replace(network, positions=moved), truth, 9))
    off = np.array([view.centre for view in adjusted.views]) - [view.centre for view in truth.views]
    places = layout_of(network).centre(np.arange(12)).reshape(-1)
    mean = np.tile(np.eye(3), 12) / 12
    spread = mean @ adjusted.covariance[np.ix_(places, places)] @ mean.T
    assert np.sqrt(np.diag(spread)).max() < 0.15
    assert off.mean(axis=0) @ np.linalg.solve(spread, off.mean(axis=0)) < 16
