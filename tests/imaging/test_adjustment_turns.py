"""A camera that turns while its picture is read: the intervals allow for what that bends."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy.spatial.transform import Rotation

from imaging.adjustment import Adjusted, Indices, LensPrior, Network, adjust, indices
from imaging.control.points import Mark, MarkedPoint
from imaging.lens import Array
from imaging.measure.derive import COVERAGE_95, derive
from imaging.measure.measuring import placed
from tests.imaging.networks import LENS, Truth, block

READ_S, BEND = 0.03, 0.4
TURNING_RAD_S = np.radians(2.0)
MARK_PX = 0.1


class NoSurface:
    """Every point is marked twice or more, so that none is asked."""

    def __call__(self, east_north: Array) -> tuple[float, float]:
        return 0.0, 1.0

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        return 0.0


def turned(px: Array, view: Indices, rate_rad_s: Array) -> Array:
    """Where the pixels lie in pictures whose camera turns about its axis while they are read."""
    after_s = (px[:, 1] / LENS.height_px - 0.5) * READ_S
    turns = Rotation.from_rotvec(np.outer(rate_rad_s[view] * after_s, [0.0, 0.0, 1.0]))
    return LENS.pixels(turns.apply(LENS.rays(px)))


def flown(seed: int) -> tuple[Network, Truth, list[MarkedPoint]]:
    """A block flown at 5 m/s whose camera turns with the aircraft, and marks of its targets."""
    network, truth = block(seed, sigma_px=0.1, gps_m=0.02)
    random = np.random.default_rng(seed)
    rate_rad_s = random.normal(0, TURNING_RAD_S, len(truth.views))
    ties = network.ties
    network = replace(
        network,
        ties=replace(ties, px=turned(ties.px, ties.view, rate_rad_s)),
        bend=BEND,
        velocity_m_s=np.array([5.0 * view.rotation.T @ [0.0, -1.0, 0.0] for view in truth.views]),
        priors={"lens": LensPrior(focal=0.02, readout_s=READ_S)},
    )
    points = []
    for name, place in truth.targets.items():
        marks = []
        for number, view in enumerate(truth.views):
            px = LENS.pixels((place - view.centre)[None, :] @ view.rotation.T)
            if np.all((px > 8) & (px < [LENS.width_px - 8, LENS.height_px - 8])):
                x_px, y_px = turned(px, indices([number]), rate_rad_s)[0] + random.normal(0, MARK_PX, 2)
                marks.append(Mark(view.name, float(x_px), float(y_px), MARK_PX))
        points.append(MarkedPoint(name, tuple(marks)))
    return network, truth, points


def off_sigmas(adjusted: Adjusted, truth: Truth, points: list[MarkedPoint]) -> list[float]:
    """How far off distances and heights between all targets are, in their own standard deviations."""
    places = placed(adjusted, points, NoSurface())
    true = replace(places, local_m=np.array([truth.targets[name] for name in places.letters]))
    off = []
    for pair in combinations(places.letters, 2):
        for kind in ("distance", "height difference"):
            figure = derive(kind, pair, places)
            off.append((figure.value - derive(kind, pair, true).value) / figure.half_width_95)
    return [COVERAGE_95 * each for each in off]


def test_intervals_hold_where_the_camera_turned_and_only_by_allowing_for_it() -> None:
    rigid, allowing = [], []
    for seed in range(6):
        network, truth, points = flown(seed)
        rigid += off_sigmas(adjust(network), truth, points)
        allowing += off_sigmas(adjust(replace(network, turning_rad_s=TURNING_RAD_S)), truth, points)
    held = [float(np.mean(np.abs(off) <= COVERAGE_95)) for off in (rigid, allowing)]
    assert held[0] < 0.85
    assert held[1] >= 0.93
