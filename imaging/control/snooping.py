"""Small errors in control, found by what all the rest says of each point (data snooping, Baarda 1968).

For a surveyed point with covariance S, adjusted covariance C and residual r = surveyed less adjusted, the
adjustment without it would put the point S (S - C)⁻¹ r away, and rᵀ (S - C)⁻¹ r is a sum of as many squares
as the point has surveyed coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from imaging.adjustment import Adjusted
from imaging.control.blunders import Blunder
from imaging.lens import Array

RISK = 0.001
"""The chance that any sound point of a scene is called wrong."""
ALIKE = 0.9
"""Tests that come so close to the worst do not tell which of them is wrong: of three points alone every one
stands out as much as the wrong one."""


@dataclass(frozen=True, slots=True)
class Snooped:
    """One point or bar against all the rest: how far off it lies (m), what was allowed, and the test's ratio.

    `off_m` (3,) for a point, (1,) for a bar; `ratio` above 1 is an error.
    """

    name: str
    off_m: Array
    ratio: float


def snooped(adjusted: Adjusted) -> tuple[Snooped, ...]:
    """Every surveyed point and every bar that shaped the adjustment, as the rest sees it, the worst first."""
    network = adjusted.network
    surveyed = [(each, each.covariance) for each in network.named if each.covariance is not None]
    count = len(surveyed) + len(network.bars)
    found = []
    for each, covariance in surveyed:
        place, spread = adjusted.named(each.name)
        found.append(_tested(each.name, each.local_m - place, covariance, spread, count))
    for bar in network.bars:
        apart, gradient = adjusted.bar(bar)
        spread = adjusted.spread.across(gradient[None])
        off = np.array([bar.length_m - apart])
        found.append(_tested(f"{bar.first}-{bar.second}", off, np.array([[bar.sigma_m**2]]), spread, count))
    return tuple(sorted(found, key=lambda each: -each.ratio))


def suspects(adjusted: Adjusted) -> tuple[Snooped, ...]:
    """The worst error, and whatever cannot be told from it; nothing where all agree."""
    found = snooped(adjusted)
    return tuple(each for each in found if each.ratio > max(1.0, ALIKE * found[0].ratio))


def blunders_of(wrong: tuple[Snooped, ...]) -> tuple[Blunder, ...]:
    """Points and bars that are set aside, and why.

    Several are those of which one is wrong and nothing tells which.
    """
    found = []
    for each in wrong:
        off = ", ".join(f"{value:+.3f}" for value in each.off_m)
        axes = "east, north, up" if len(each.off_m) == 3 else "length"
        reason = f"it lies {off} m ({axes}) from what all the rest says: too far to be chance"
        others = ", ".join(other.name for other in wrong if other is not each)
        reason += f"; it or one of {others} is wrong, and nothing tells which" if others else ""
        found.append(Blunder(each.name, "", reason))
    return tuple(found)


def _tested(name: str, residual: Array, given: Array, adjusted: Array, count: int) -> Snooped:
    """The test in the directions that the rest checks at all; elsewhere nothing can be said."""
    values, vectors = np.linalg.eigh(_whitened(given, given - adjusted))
    checked = values > 1e-3
    lower = np.linalg.cholesky(given)
    turned = vectors.T @ np.linalg.solve(lower, residual)
    if not checked.any():
        return Snooped(name, np.zeros(len(residual)), 0.0)
    square = float((turned[checked] ** 2 / values[checked]).sum())
    allowed = float(chdtri(int(checked.sum()), RISK / max(1, count)))
    off = lower @ vectors[:, checked] @ (turned[checked] / values[checked])
    return Snooped(name, np.asarray(off), square / allowed)


def _whitened(given: Array, matrix: Array) -> Array:
    lower = np.linalg.cholesky(given)
    half = np.linalg.solve(lower, matrix)
    return np.asarray(np.linalg.solve(lower, half.T))
