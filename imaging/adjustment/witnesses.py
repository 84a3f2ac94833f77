"""Everything but the tie points: rows of the least-squares problem that touch few unknowns each.

Each function gives residuals (observed less computed), already divided by their standard deviations, and
their derivatives by those unknowns that they touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotri

from imaging.adjustment.network import (
    Bar,
    Directions,
    Indices,
    LensPrior,
    Network,
    Pointings,
    Positions,
)
from imaging.adjustment.projection import project
from imaging.adjustment.state import FREE, LENS, VIEW, Layout, State, sigmas_of, state_of
from imaging.adjustment.symmetric import Symmetric
from imaging.lens import Array

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Rows:
    """(r,) residuals and the (r, u) derivatives of what is computed, both without unit.

    `places` (u,) are those of the unknowns in the vector, None for all of them.
    """

    residual: Array
    by_unknown: Array
    places: Indices | None = None

    def add_to(self, matrix: Symmetric, right: Array, number: Numbers) -> None:
        """Their part of the equations of the unknowns that have a `number` (unknowns,) of 0 or more."""
        at, by_unknown = number if self.places is None else number[self.places], self.by_unknown
        # Of all unknowns those that are touched: their product is as large as the matrix else.
        kept = at >= 0 if self.places is not None else (at >= 0) & by_unknown.any(axis=0)
        if not kept.all():
            at, by_unknown = at[kept], by_unknown[:, kept]
        matrix.add(at, by_unknown.T @ by_unknown)
        right[at] += by_unknown.T @ self.residual


@dataclass(frozen=True, slots=True)
class Singles:
    """Rows that touch one unknown each: (r,) residuals, derivatives, and places, no two alike."""

    residual: Array
    by_unknown: Array
    places: Indices

    def add_to(self, matrix: Symmetric, right: Array, number: Numbers) -> None:
        """Their part of the equations of the unknowns that have a `number` (unknowns,) of 0 or more."""
        at = number[self.places]
        free = at >= 0
        matrix.add_to_diagonal(at[free], self.by_unknown[free] ** 2)
        right[at[free]] += self.by_unknown[free] * self.residual[free]


@dataclass(frozen=True, slots=True)
class Together:
    """(k,) observations of as many unknowns at `places`, off by `apart`, with the covariance lower lowerᵀ."""

    apart: Array
    lower: Array
    places: Indices

    @property
    def residual(self) -> Array:
        """(k,) without unit."""
        return np.asarray(solve_triangular(self.lower, self.apart, lower=True))

    @property
    def by_unknown(self) -> Array:
        """(k, k) derivatives."""
        return np.asarray(solve_triangular(self.lower, np.eye(len(self.apart)), lower=True))

    def add_to(self, matrix: Symmetric, right: Array, number: Numbers) -> None:
        """Their part of the equations of the unknowns that have a `number` (unknowns,) of 0 or more."""
        weight, _ = dpotri(self.lower, lower=1)
        for row in range(len(weight)):
            weight[row, row + 1 :] = weight[row + 1 :, row]
        at = number[self.places]
        free = at >= 0
        right[at[free]] += (weight @ self.apart)[free]
        matrix.add(at[free], weight if free.all() else weight[np.ix_(free, free)])


def witness_rows(
    network: Network, layout: Layout, state: State, bend_px: float
) -> list[Rows | Singles | Together]:
    """Rows of positions, directions, lens priors, bends of `bend_px`, named points, their marks, and bars."""
    rows: list[Rows | Singles | Together] = [
        *_lens_rows(network, layout, state),
        *_named_rows(network, layout, state),
    ]
    if network.positions is not None:
        rows.append(_position_rows(network.positions, layout, state))
    if network.directions is not None:
        rows += _direction_rows(network.directions, layout, state)
    rows += [_bar_rows(bar, layout, state) for bar in network.bars]
    if bend_px > 0:
        rows.append(_bend_rows(network, layout, state, bend_px))
    rows.append(_weak_rows(network, layout, state))
    return rows


def spots(network: Network, view: np.ndarray, px: Array) -> Array:
    """(k, 2) where in the picture each pixel lies: over its width and height, less a half."""
    lenses = [network.lenses[each.lens] for each in network.views]
    sizes_px = np.array([(lens.width_px, lens.height_px) for lens in lenses], float)
    return np.asarray(px / sizes_px[view] - 0.5)


def velocities(network: Network, view: np.ndarray) -> Array:
    """(k, 3) metres a second of each view."""
    if network.velocity_m_s is None:
        return np.zeros((len(view), 3))
    return np.asarray(network.velocity_m_s[view])


def bar_length(first: Array, second: Array) -> tuple[float, Array]:
    """The distance of two (3,) places, and the unit vector from the first to the second."""
    apart = second - first
    length_m = float(np.linalg.norm(apart))
    return length_m, apart / max(length_m, 1e-12)


def _lens_rows(network: Network, layout: Layout, state: State) -> Iterator[Singles]:
    start = state_of(network).lenses
    for number, name in enumerate(layout.lens_names):
        sigma = sigmas_of(network.lenses[name], network.priors[name])
        free = np.flatnonzero(sigma > 0)
        places = VIEW * layout.views + LENS * number + free
        yield Singles((start[number] - state.lenses[number])[free] / sigma[free], 1 / sigma[free], places)


def _position_rows(positions: Positions, layout: Layout, state: State) -> Together:
    apart = (positions.local_m - state.centres[positions.view]).reshape(-1)
    lower = np.asarray(np.linalg.cholesky(positions.covariance), float)
    return Together(apart, lower, layout.centre(positions.view).reshape(-1))


def _direction_rows(told: Directions, layout: Layout, state: State) -> Iterator[Rows]:
    sigma = told.sigma_rad * np.sqrt(len(told.view))
    rotation = state.rotations[told.view]
    turned = np.transpose(rotation, (0, 2, 1)) @ np.array([[0, -1.0, 0], [1.0, 0, 0], [0, 0, 0]])
    residual = (told.local - rotation[:, 2]) / sigma
    # One by one: a matrix of all of them would be as large as that of the positions, and empty.
    for off, by, places in zip(residual, turned / sigma, layout.view(told.view)[:, :3], strict=True):
        yield Rows(off, by, places)


def _named_rows(network: Network, layout: Layout, state: State) -> Iterator[Rows]:
    for number, each in enumerate(network.named):
        places = layout.named(number)
        if each.covariance is not None:
            lower = np.linalg.cholesky(each.covariance)
            apart = each.local_m - state.named[number]
            yield Rows(np.linalg.solve(lower, apart), np.linalg.inv(lower), places)
        if len(each.marks.view):
            yield mark_rows(network, layout, state, each.marks, state.named[number], places)


def mark_rows(
    network: Network, layout: Layout, state: State, marks: Pointings, point: Array, places: np.ndarray | None
) -> Rows:
    """Rows of one point's marks; `places` are those of the point's unknowns, None for one outside them."""
    count = len(marks.view)
    seen = project(
        state,
        layout,
        marks.view,
        np.broadcast_to(point, (count, 3)),
        spots(network, marks.view, marks.px),
        velocities(network, marks.view),
    )
    by = np.zeros((count, 2, layout.size))
    rows, pair = np.arange(count)[:, None, None], np.arange(2)[None, :, None]
    by[rows, pair, layout.view(marks.view)[:, None, :]] = seen.by_view
    by[rows, pair, layout.lens(marks.view)[:, None, :]] = seen.by_lens
    if places is not None:
        by[:, :, places] = seen.by_point
    sigma = marks.sigma_px[:, None]
    by /= sigma[..., None]
    return Rows(((marks.px - seen.px) / sigma).reshape(-1), by.reshape(-1, layout.size))


def _bar_rows(bar: Bar, layout: Layout, state: State) -> Rows:
    first, second = (layout.named_names.index(name) for name in (bar.first, bar.second))
    length_m, along = bar_length(state.named[first], state.named[second])
    by = np.concatenate([-along, along])[None, :] / bar.sigma_m
    places = np.concatenate([layout.named(first), layout.named(second)])
    return Rows(np.array([(bar.length_m - length_m) / bar.sigma_m]), by, places)


def _bend_rows(network: Network, layout: Layout, state: State, bend_px: float) -> Singles:
    places = layout.bend(np.arange(layout.views)).reshape(-1)
    sigma_px = np.hypot(bend_px, _turned_px(network)).reshape(-1)
    return Singles(-state.bends.reshape(-1) / sigma_px, 1 / sigma_px, places)


def _turned_px(network: Network) -> Array:
    """(n, 8) pixels by which a turn while a picture is read bends it: one standard deviation of each term.

    To first order a turn about the camera's x axis moves y by f turn t / 2, one about y moves x so, and one
    about the optical axis moves x by height turn t² / 4 and y by width turn s t / 4. Half of the first two
    is a change of scale or of heading, which the pose takes.
    """
    turned = np.zeros((len(network.views), 8))
    for number, view in enumerate(network.views):
        lens, prior = network.lenses[view.lens], network.priors.get(view.lens, LensPrior())
        turned[number, [0, 1]] = lens.focal_px * network.nodding_rad_s * prior.readout_s / 4
        sizes_px = np.array([lens.height_px, lens.width_px])
        turned[number, [4, 6]] = sizes_px * network.turning_rad_s * prior.readout_s / 4
    return turned


def _weak_rows(network: Network, layout: Layout, state: State) -> Singles:
    """Next to nothing is known of every unknown, so that what nobody observed stays where it began."""
    start = state_of(network)
    apart = np.zeros(layout.size)
    apart[layout.centre(np.arange(layout.views))] = start.centres - state.centres
    apart[layout.named_begin :] = (start.named - state.named).reshape(-1)
    return Singles(apart / FREE, np.full(layout.size, 1 / FREE), np.arange(layout.size))
