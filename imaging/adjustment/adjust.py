"""The bundle adjustment: all that was observed, weighed together, with the covariance of what comes out.

Gauss-Newton on the reduced normal equations, damped (Levenberg-Marquardt) where it goes astray. Tie points
have heavy tails, so their residuals follow Student's t with four degrees of freedom, whose scale is found
with the rest (Lange, Little and Taylor 1989); everything else is weighed by its own standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from imaging.adjustment.network import Bar, LensPrior, Network
from imaging.adjustment.normals import considered_sigmas, held_unknowns, normals, tie_residuals
from imaging.adjustment.state import LENS, POSE, Layout, State, layout_of, lens_from, state_of, views_from
from imaging.adjustment.symmetric import Symmetric
from imaging.adjustment.witnesses import bar_length, witness_rows
from imaging.lens import Array, Lens, View
from missions.errors import AlignmentError

TAIL = 4.0
STEPS = 60
ENOUGH = 0.02
"""The square of a step in its own standard deviations that is no longer worth another one."""
SLACK = 1e-6
LEAST_SIGMA_PX = 0.02
ASTRAY = 10
"""Steps in a row that may fit worse than the best one, each better than the one before it, until that best
one is gone back to and steps are damped.

Where the whole scene turns and grows at once, what a step leaves out (the product of both) spoils the fit of
thousands of ties a little, and the next steps mend it (the watchdog technique; Chamberlain, Powell,
Lemaréchal and Pedersen 1982). Damped, that step would be taken in crumbs, and never to its end.
"""
LEAST_DAMPING, MOST_DAMPING = 1e-6, 1e6
"""Less would still hold back what only positions settle, as where the whole scene lies."""
INFORMATION = (TAIL + 2) / (TAIL + 4)
"""What a pair of coordinates with tails tells, beside one of the normal distribution with the same scale."""


@dataclass(frozen=True)
class Adjusted:
    """What came out.

    `sigma_px` is the scale of a tie point's coordinate, `residual_px` (m, 2) every tie's. `steps` were taken.
    `made_spread` gives the covariance, which most adjustments of a scene are never asked for.
    """

    network: Network
    layout: Layout
    state: State
    sigma_px: float
    residual_px: Array
    steps: int
    made_spread: Callable[[], Symmetric]

    @cached_property
    def spread(self) -> Symmetric:
        """The covariance of the vector that `layout` describes: views, lenses, named points."""
        return self.made_spread()

    @cached_property
    def covariance(self) -> Array:
        """The same as (unknowns, unknowns), twice as large: for those who need all of it at once."""
        return self.spread.whole()

    @property
    def views(self) -> tuple[View, ...]:
        """The views where they were found."""
        error_px = np.nan_to_num(np.linalg.norm(self.residual_px, axis=1))
        count = len(self.network.views)
        seen = np.bincount(self.network.ties.view, minlength=count).astype(float)
        total_px = np.bincount(self.network.ties.view, error_px, count)
        views = views_from(self.state, self.network.views, seen, total_px / np.maximum(seen, 1))
        if self.network.velocity_m_s is None:
            return views
        motion_m = self.network.velocity_m_s * self.state.lenses[self.layout.lens_of_view, 7:]
        return tuple(replace(view, motion_m=each) for view, each in zip(views, motion_m, strict=True))

    @property
    def lenses(self) -> dict[str, Lens]:
        """The lenses as they were found."""
        return {
            name: lens_from(self.state.lenses[number], self.network.lenses[name])
            for number, name in enumerate(self.layout.lens_names)
        }

    def named(self, name: str) -> tuple[Array, Array]:
        """Where a named point is, (3,), and its covariance (3, 3)."""
        number = self.layout.named_names.index(name)
        places = self.layout.named(number)
        return self.state.named[number], self.spread.block(places, places)

    def bar(self, bar: Bar) -> tuple[float, Array]:
        """How long a bar came out, metres, and the gradient by all unknowns."""
        first, second = (self.layout.named_names.index(name) for name in (bar.first, bar.second))
        length_m, along = bar_length(self.state.named[first], self.state.named[second])
        gradient = np.zeros(self.layout.size)
        gradient[self.layout.named(first)], gradient[self.layout.named(second)] = -along, along
        return length_m, gradient


def adjust(network: Network, start: State | None = None) -> Adjusted:
    """Find poses, lenses, named and tie points that fit all observations best, begun at `start` where given.

    Raises AlignmentError where the equations have no solution, which says that something is not determined.
    """
    network = _complete(network)
    layout, state = layout_of(network), start or state_of(network)
    residual_px = tie_residuals(network, layout, state)
    sigma_px = _first_sigma(residual_px)
    free = np.flatnonzero(~held_unknowns(network, layout))
    best = state, residual_px
    damping, steps, astray, strayed = 0.0, 0, 0, np.inf
    previous = _cost(network, layout, state, residual_px, sigma_px)
    while steps < STEPS:
        steps += 1
        weights = _weights(residual_px, sigma_px)
        equations = normals(network, layout, state, weights, sigma_px, free, damping)
        _factor(equations.matrix)
        step = equations.matrix.solve(equations.right)
        small = damping == 0 and float(step @ equations.right) < ENOUGH
        whole = np.zeros(layout.size)
        whole[free] = step
        state = state.moved(layout, whole, equations.points_step(step))
        del equations
        residual_px = tie_residuals(network, layout, state)
        now = _cost(network, layout, state, residual_px, sigma_px)
        if not now < previous + SLACK:
            astray, mending, strayed = astray + 1, now < strayed, now
            if damping == 0 and astray < ASTRAY and mending and not small:
                continue
            (state, residual_px), astray, strayed = best, 0, np.inf
            damping = max(10 * damping, LEAST_DAMPING)
            if small or damping > MOST_DAMPING:
                break
            continue
        best, astray, strayed = (state, residual_px), 0, np.inf
        damping = damping / 10 if damping > LEAST_DAMPING else 0.0
        before_px, sigma_px = sigma_px, _sigma(layout, len(state.points), residual_px, sigma_px)
        previous = _cost(network, layout, state, residual_px, sigma_px)
        if small and abs(sigma_px / before_px - 1) < 1e-3:
            break
    state, residual_px = best
    return _result(network, layout, state, residual_px, sigma_px, steps)


def _complete(network: Network) -> Network:
    priors = {name: network.priors.get(name, LensPrior()) for name in network.lenses}
    return replace(network, priors=priors)


def _result(
    network: Network, layout: Layout, state: State, residual_px: Array, sigma_px: float, steps: int
) -> Adjusted:
    spread = partial(_covariance, network, layout, state, residual_px, sigma_px)
    return Adjusted(network, layout, state, sigma_px, residual_px, steps, spread)


def _covariance(
    network: Network, layout: Layout, state: State, residual_px: Array, sigma_px: float
) -> Symmetric:
    """Of what was found, what stayed as it was told, and both: with N the normal matrix and P the told part's
    covariance, found unknowns move by -N⁻¹ M with it, M being the block of N that joins the two.
    """
    told = considered_sigmas(network, layout)
    held, considered = np.flatnonzero(held_unknowns(network, layout)), np.flatnonzero(told > 0)
    weights = np.where(np.isfinite(residual_px[:, 0]), INFORMATION / sigma_px**2, 0.0)
    matrix = normals(network, layout, state, weights, sigma_px, np.arange(layout.size)).matrix
    joining = matrix.block(np.arange(layout.size), considered)
    joining[held] = 0.0
    # What stands still stands alone from here on: so the rest is solved and inverted where it lies.
    matrix.set_apart(held, 1.0)
    _factor(matrix)
    answer = -matrix.solve(joining) if len(considered) else joining
    answer[considered] = np.eye(len(considered))
    matrix.invert()
    matrix.set_apart(held, 0.0)
    matrix.add_product(answer * told[considered])
    return matrix


def _factor(matrix: Symmetric) -> None:
    try:
        matrix.factor()
    except np.linalg.LinAlgError as error:
        raise AlignmentError(
            "the photos do not settle where they were taken from",
            remedy="Take photos that overlap by 60 % or more, or mark control points in them",
        ) from error


def _square(residual_px: Array, sigma_px: float) -> Array:
    """(m,) squared residuals in standard deviations; a point behind its camera counts as far off."""
    there = np.where(np.isfinite(residual_px), residual_px, 1e3 * sigma_px)
    return np.asarray((there**2).sum(axis=1) / sigma_px**2)


def _weights(residual_px: Array, sigma_px: float) -> Array:
    return np.asarray((TAIL + 2) / (TAIL + _square(residual_px, sigma_px)) / sigma_px**2)


def _cost(network: Network, layout: Layout, state: State, residual_px: Array, sigma_px: float) -> float:
    """Twice the negative logarithm of the likelihood, up to a constant."""
    ties = (TAIL + 2) * float(np.log1p(_square(residual_px, sigma_px) / TAIL).sum())
    witnesses = witness_rows(network, layout, state, network.bend * sigma_px)
    return ties + sum(float(rows.residual @ rows.residual) for rows in witnesses)


def _first_sigma(residual_px: Array) -> float:
    finite = residual_px[np.isfinite(residual_px[:, 0])]
    return max(LEAST_SIGMA_PX, 1.4826 * float(np.median(np.abs(finite)))) if len(finite) else 1.0


def _sigma(layout: Layout, points: int, residual_px: Array, sigma_px: float) -> float:
    """The scale that suits the residuals, with the unknowns that they paid for counted off."""
    count = 2 * len(residual_px)
    if not count:
        return sigma_px
    spare = max(1, count - 3 * points)
    # positions and priors pay for about half of a pose, and for bends and lenses but a few
    free = spare - min(POSE // 2 * layout.views + LENS * len(layout.lens_names), spare // 2)
    for _ in range(10):
        square = _square(residual_px, sigma_px)
        total = float(((TAIL + 2) / (TAIL + square) * square).sum()) * sigma_px**2
        sigma_px = max(LEAST_SIGMA_PX, float(np.sqrt(total / free)))
    return sigma_px
