"""The similarity that lays a model on the map: scale, rotation and shift, with outliers set aside.

Least squares after Umeyama (1991, IEEE PAMI 13(4)), begun from random samples (RANSAC, Fischler and Bolles
1981) and weighted again by residual (Huber 1964). Positions along one line leave the rotation about that line
open; the directions that the cameras looked in close it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.lens import Array

SIGMA_POSITION_M = 2.0
SIGMA_DIRECTION_RAD = 0.035
TRIALS = 300
TURNS, STILL = 10, 1e-12
OUTLIER_M = 6.0


@dataclass(frozen=True, slots=True)
class Similarity:
    """local = scale * rotation @ model + shift."""

    scale: float
    rotation: Array
    shift: Array

    def local_from_model(self, points: Array) -> Array:
        """(n, 3) model points to (n, 3) local metres."""
        return np.asarray(self.scale * points @ self.rotation.T + self.shift)


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is known in both frames: positions (n, 3), and unit directions (m, 3), m may be 0."""

    model: Array
    local: Array
    model_directions: Array
    local_directions: Array


@dataclass(frozen=True, slots=True)
class Fit:
    """The similarity, and which positions it rests on, (n,) bool."""

    similarity: Similarity
    inliers: npt.NDArray[np.bool_]


def fit_robustly(pairs: Pairs, *, seed: int = 1) -> Fit:
    """The similarity that most positions agree on. Needs three positions or more."""
    inliers = _consensus(pairs, np.random.default_rng(seed))
    weights = inliers.astype(float)
    for _ in range(20):
        similarity = fit(pairs, weights)
        residuals_m = np.linalg.norm(similarity.local_from_model(pairs.model) - pairs.local, axis=1)
        spread_m = max(0.1, 1.4826 * float(np.median(residuals_m[inliers])))
        inliers = residuals_m <= max(3 * spread_m, 1.0)
        weights = np.where(inliers, np.minimum(1.0, 1.345 * spread_m / np.maximum(residuals_m, 1e-9)), 0.0)
    return Fit(similarity, inliers)


def _consensus(pairs: Pairs, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    count = len(pairs.model)
    best, best_cost = np.ones(count, bool), np.inf
    for trial in range(TRIALS):
        weights = np.ones(count) if trial == 0 else np.zeros(count)
        weights[random.choice(count, 3, replace=False)] = 1.0
        guess = fit(pairs, weights)
        residuals_m = np.linalg.norm(guess.local_from_model(pairs.model) - pairs.local, axis=1)
        cost = float(np.minimum(residuals_m, OUTLIER_M).sum())
        if cost < best_cost and np.count_nonzero(residuals_m < OUTLIER_M) >= 3:
            best, best_cost = residuals_m < OUTLIER_M, cost
    return best


def fit(pairs: Pairs, weights: Array) -> Similarity:
    """The weighted least-squares similarity; scale and rotation in turns, as the directions carry no scale.

    The directions share one mounting error, so all of them together weigh as one.
    """
    total = weights.sum()
    model_mean, local_mean = weights @ pairs.model / total, weights @ pairs.local / total
    model, local = pairs.model - model_mean, pairs.local - local_mean
    weight = weights[:, None] / SIGMA_POSITION_M**2
    model_square = float((weights[:, None] * model**2).sum())
    scale = float(np.sqrt((weights[:, None] * local**2).sum() / max(model_square, 1e-12)))
    turned = (pairs.local_directions.T @ pairs.model_directions) / max(1, len(pairs.model_directions))
    for _ in range(TURNS):
        correlation = (weight * local).T @ model * scale + turned / SIGMA_DIRECTION_RAD**2
        rotation = _nearest_rotation(correlation)
        dot = float((weights[:, None] * local * (model @ rotation.T)).sum())
        before, scale = scale, max(dot / max(model_square, 1e-12), 1e-9)
        if abs(scale - before) <= STILL * scale:
            break
    return Similarity(scale, rotation, local_mean - scale * rotation @ model_mean)


def _nearest_rotation(correlation: Array) -> Array:
    u, _, vt = np.linalg.svd(correlation)
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    return np.asarray(u @ mirror @ vt)
