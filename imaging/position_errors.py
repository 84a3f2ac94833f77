"""How much of the positions' errors drifts and how much is each photo's own: the positions themselves tell.

What drifts hardly shows in how well neighbours agree and moves the scale all the same; what is new in each
photo shows, and averages out. `imaging.positions` assumes so much of both. Here each part is multiplied by a
factor of its own, in plan and in height apart, and what drifts is forgotten in one of several times. Each of
these cases is weighed by its restricted likelihood (Patterson and Thompson 1971, Biometrika 58): that of what
is left of the positions after a similarity, with offset, lag and lever arm of each flight integrated out,
times what is known of such factors beforehand. The covariance is the mean over all cases by these weights, so
that an error of any fixed linear estimate, the scale among them, has the variance that it has on average over
what the positions leave open. Few photos leave the factors nearly as they are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.adjustment.network import Indices
from imaging.lens import Array
from imaging.positions import DRIFT_TIME_S, Witness

TIMES_S = (20.0, 60.0, 200.0, 600.0, 2000.0)
"""In which what drifts is forgotten; equally likely beforehand.

Drifts of one factor change at one pace within seconds, whatever their time: their variance grows with it.
"""
OWN = 2.0 ** np.arange(-2.0, 6.125, 0.25)
DRIFT = 2.0 ** np.arange(-3.0, 4.25, 0.5)
"""Factors of standard deviations that are considered."""
OWN_OCTAVES, DRIFT_OCTAVES = 2.0, 1.0
"""One standard deviation of a factor's logarithm to base 2 about 0 beforehand."""
MOST_FLIGHTS = 8
"""Of the most photos; more tell little and cost much."""
FEWEST = 3
NOTHING_TOLD_M = 50.0
LOOSE = (1.0, 1.0, 1.0, 1.0, 100.0, 100.0, 100.0)
"""One standard deviation of scale, three turns and three metres of the similarity: next to nothing known."""
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Share:
    """By what variances of one kind of coordinate are multiplied: `drift` for each of TIMES_S, and `own`."""

    drift: tuple[float, ...]
    own: float


@dataclass(frozen=True, slots=True)
class Split:
    """What the positions tell of their errors, in plan and in height."""

    plan: Share
    up: Share

    def spread(self, witness: Witness) -> Array:
        """(3k, 3k) covariance of all positions without what a flight shares, m²."""
        count = len(witness.own_m)
        spread = np.zeros((count, 3, count, 3))
        for axes, share in (((0, 1), self.plan), ((2,), self.up)):
            near = sum(
                each * witness.near(time_s) for each, time_s in zip(share.drift, TIMES_S, strict=True) if each
            )
            for axis in axes:
                drift_m = witness.drift_m[:, axis]
                spread[:, axis, :, axis] = near * np.outer(drift_m, drift_m)
                spread[:, axis, :, axis] += np.diag(share.own * witness.own_m[:, axis] ** 2)
        return spread.reshape(3 * count, 3 * count)

    def told(self, witness: Witness, rows: Indices) -> dict[str, float]:
        """Medians over the photos of `rows`, metres, one standard deviation of a coordinate.

        What is each one's own, and by how much what drifts changes within a minute.
        """
        figures = {}
        for name, axis, share in (("plan", 0, self.plan), ("up", 2, self.up)):
            changes = sum(
                2 * each * (1 - np.exp(-MINUTE_S / time_s))
                for each, time_s in zip(share.drift, TIMES_S, strict=True)
            )
            own_m, drift_m = (float(np.median(told[rows, axis])) for told in (witness.own_m, witness.drift_m))
            figures[f"gps_own_{name}_m"] = own_m * float(np.sqrt(share.own))
            figures[f"gps_drift_{name}_m"] = drift_m * float(np.sqrt(changes))
        return figures


_AS_TOLD = Share(tuple(float(time_s == DRIFT_TIME_S) for time_s in TIMES_S), 1.0)
ASSUMED = Split(_AS_TOLD, _AS_TOLD)
"""As `imaging.positions` has it."""


def split_errors(witness: Witness, rows: Indices, apart_m: Array, centres: Array) -> Split:
    """What the positions of the photos `rows` tell of their errors.

    `apart_m` (k, 3) are positions less cameras, `centres` (k, 3) the cameras, in metres, of all photos. It
    does not matter which similarity laid the cameras there, nor with what weights. As assumed where fewer
    than three photos tell a position of their own.
    """
    chosen = _telling(witness, rows)
    if len(chosen) < FEWEST:
        return ASSUMED
    laid = _similarity(centres[chosen])
    common = _by_flight(witness, chosen)
    plan, up = (
        _share(witness, chosen, axes, apart_m, np.concatenate([laid, common], axis=2))
        for axes in ([0, 1], [2])
    )
    return Split(plan, up)


def _telling(witness: Witness, rows: Indices) -> Indices:
    """Those of `rows` that tell a position of their own, of the flights with the most photos."""
    rows = rows[witness.own_m[rows, 0] < NOTHING_TOLD_M]
    flights, counts = np.unique(witness.flights[rows], return_counts=True)
    kept = flights[np.argsort(-counts, kind="stable")[:MOST_FLIGHTS]]
    return rows[np.isin(witness.flights[rows], kept)]


def _similarity(centres: Array) -> Array:
    """(n, 3, 7) by how much each part of a similarity moves each camera: one loose standard deviation."""
    offset_m = centres - centres.mean(axis=0)
    by = np.zeros((len(centres), 3, 7))
    by[:, :, 0] = offset_m
    for axis in range(3):
        by[:, :, 1 + axis] = np.cross(np.eye(3)[axis], offset_m)
    by[:, :, 4:] = np.eye(3)
    return np.asarray(by * np.array(LOOSE))


def _by_flight(witness: Witness, chosen: Indices) -> Array:
    """(n, 3, 6 f) what each of f flights shares, columns of one standard deviation."""
    flights = witness.flights[chosen]
    return np.concatenate(
        [witness.common[chosen] * (flights == flight)[:, None, None] for flight in np.unique(flights)], axis=2
    )


def _share(witness: Witness, chosen: Indices, axes: list[int], apart_m: Array, columns: Array) -> Share:
    """The mean factors of variance in coordinates whose trust is the same on each of `axes`."""
    own_m, drift_m = witness.own_m[chosen, axes[0]], witness.drift_m[chosen, axes[0]]
    columns = columns[:, axes] / own_m[:, None, None]
    columns = columns[:, :, np.abs(columns).max(axis=(0, 1)) > 0]
    residual = apart_m[chosen][:, axes] / own_m[:, None]
    known = -0.5 * (np.log2(DRIFT)[:, None] / DRIFT_OCTAVES) ** 2 - 0.5 * (np.log2(OWN) / OWN_OCTAVES) ** 2
    cases = []
    for time_s in TIMES_S:
        ratio = drift_m * np.sqrt(time_s / DRIFT_TIME_S) / own_m
        correlation = witness.near(time_s, chosen) * np.outer(ratio, ratio)
        cases.append(_likelihoods(residual, columns, correlation) + known)
    logarithms = np.array(cases)
    weights = np.exp(logarithms - logarithms.max())
    weights /= weights.sum()
    grown = np.array(TIMES_S) / DRIFT_TIME_S
    drift = grown * (weights.sum(axis=2) @ DRIFT**2)
    return Share(tuple(drift.tolist()), float(weights.sum(axis=(0, 1)) @ OWN**2))


def _likelihoods(residual: Array, columns: Array, correlation: Array) -> Array:
    """(d, o) logarithms of the likelihood of (n, a) residuals, up to a constant, by DRIFT and by OWN.

    Their covariance is drift² correlation + own² I on each of the a axes, and columns columnsᵀ besides.
    With the (n, n) correlation's eigenvectors the first two are diagonal, and the determinant lemma and
    Woodbury's identity (Golub and Van Loan, Matrix Computations, 2.1.4) leave a matrix as small as the
    (n, a, c) columns are many.
    """
    values, vectors = np.linalg.eigh(correlation)
    axes = residual.shape[1]
    turned = np.tensordot(vectors.T, residual, 1).reshape(-1)
    columns = np.tensordot(vectors.T, columns, 1).reshape(len(turned), -1)
    values = np.repeat(np.maximum(values, 0.0), axes)
    count = columns.shape[1]
    products = (columns[:, :, None] * columns[:, None, :]).reshape(len(turned), -1)
    found = np.empty((len(DRIFT), len(OWN)))
    for number, drift in enumerate(DRIFT):
        variance = drift**2 * values + OWN[:, None] ** 2
        weight = 1 / variance
        matrix = (weight @ products).reshape(-1, count, count) + np.eye(count)
        lower = np.linalg.cholesky(matrix)
        told = np.linalg.solve(lower, (weight @ (columns * turned[:, None]))[..., None])[..., 0]
        determinant = np.log(variance).sum(axis=1) + 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(
            axis=1
        )
        found[number] = -0.5 * (determinant + weight @ turned**2 - (told**2).sum(axis=1))
    return found
