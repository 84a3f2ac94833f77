"""Normal equations with the tie points eliminated (Schur complement; Brown 1958, Triggs et al. 2000).

With U, W, V the blocks of unknowns, both, and points: S = U - W V⁻¹ Wᵀ. Each point's 3 x 3 block is factored
as L Lᵀ, so that W V⁻¹ Wᵀ is a sum of products of narrow blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.adjustment.kernels import answer, blocks_of, gather, reduce
from imaging.adjustment.network import Indices, Network, Ties
from imaging.adjustment.projection import Projection, project
from imaging.adjustment.state import LENS, VIEW, Layout, State, sigmas_of
from imaging.adjustment.witnesses import spots, velocities, witness_rows
from imaging.lens import Array


@dataclass(frozen=True, slots=True)
class Normals:
    """The reduced system S step = right, with nothing held yet, and what gives the points' steps back."""

    matrix: Array
    right: Array
    lower: Array
    points_right: Array
    blocks: Array
    places: Indices
    point: Indices

    def points_step(self, step: Array) -> Array:
        """(p, 3) steps of the points that go with the (unknowns,) step of the rest."""
        rest = self.points_right - answer(self.blocks, self.places, self.point, step, len(self.points_right))
        return np.asarray(np.linalg.solve(np.transpose(self.lower, (0, 2, 1)), rest[..., None])[..., 0])


def tie_residuals(network: Network, layout: Layout, state: State) -> Array:
    """(m, 2) pixels, observed less computed; NaN for a point behind its camera."""
    ties = network.ties
    seen = tie_projection(network, layout, state)
    return np.where(seen.behind[:, None], np.nan, ties.px - seen.px)


def normals(
    network: Network, layout: Layout, state: State, weights: Array, sigma_px: float, damping: float = 0.0
) -> Normals:
    """The equations at `state`. `weights` (m,) are of the ties: one over the variance of a coordinate.

    `sigma_px` is the scale of the ties' residuals, which bends of pictures are measured by.
    """
    ties, points = network.ties, len(state.points)
    seen = tie_projection(network, layout, state)
    root = np.sqrt(np.where(seen.behind, 0.0, weights))
    residual = (ties.px - np.where(seen.behind[:, None], ties.px, seen.px)) * root[:, None]
    by_point = seen.by_point * root[:, None, None]
    lower, points_right = _points(ties, by_point, residual, points, damping)
    whitened = np.transpose(np.linalg.solve(lower[ties.point], np.transpose(by_point, (0, 2, 1))), (0, 2, 1))
    rows = np.concatenate([seen.by_view, seen.by_lens], axis=-1) * root[:, None, None]
    places = np.concatenate([layout.view(ties.view), layout.lens(ties.view)], axis=-1)
    blocks = blocks_of(rows, np.ascontiguousarray(whitened))
    order = np.argsort(ties.point, kind="stable")
    starts = np.searchsorted(ties.point[order], np.arange(points + 1))
    matrix, right = np.zeros((layout.size, layout.size)), np.zeros(layout.size)
    gather(matrix, right, rows, residual, places)
    reduce(matrix, right, blocks, places, order, starts, points_right)
    for witness in witness_rows(network, layout, state, network.bend * sigma_px):
        witness.add_to(matrix, right)
    matrix[np.diag_indices(layout.size)] *= 1 + damping
    return Normals(matrix, right, lower, points_right, blocks, places, ties.point)


def tie_projection(network: Network, layout: Layout, state: State) -> Projection:
    """Where the tie points are seen, in the order of the ties."""
    ties = network.ties
    where = spots(network, ties.view, ties.px)
    return project(state, layout, ties.view, state.points[ties.point], where, velocities(network, ties.view))


def _points(ties: Ties, by_point: Array, residual: Array, count: int, damping: float) -> tuple[Array, Array]:
    """(p, 3, 3) lower factors of V and (p, 3) whitened right sides."""
    blocks, rights = point_blocks(ties, by_point, by_point, residual, count)
    size = np.trace(blocks, axis1=1, axis2=2)
    diagonal = np.einsum("kii->ki", blocks)
    diagonal *= 1 + damping
    diagonal += np.maximum(1e-13 * size, 1e-12)[:, None]
    lower = np.asarray(np.linalg.cholesky(blocks), float)
    return lower, np.asarray(np.linalg.solve(lower, rights[..., None])[..., 0])


def point_blocks(
    ties: Ties, weighed: Array, by_point: Array, residual: Array, count: int
) -> tuple[Array, Array]:
    """(p, 3, 3) normal matrices and (p, 3) right sides of points, from (m, 2, 3) and (m, 2) of their ties."""
    blocks, rights = np.zeros((count, 3, 3)), np.zeros((count, 3))
    products = np.einsum("kai,kaj->kij", weighed, by_point)
    sides = np.einsum("kai,ka->ki", weighed, residual)
    for i in range(3):
        rights[:, i] = np.bincount(ties.point, sides[:, i], count)
        for j in range(3):
            blocks[:, i, j] = np.bincount(ties.point, products[:, i, j], count)
    return blocks, rights


def considered_sigmas(network: Network, layout: Layout) -> Array:
    """(unknowns,) standard deviations of what is considered, 0 for all else."""
    sigma = np.zeros(layout.size)
    for number, name in enumerate(layout.lens_names):
        if name in network.considered:
            begin = VIEW * layout.views + LENS * number
            sigma[begin : begin + LENS] = network.considered[name]
    return sigma


def held_unknowns(network: Network, layout: Layout) -> npt.NDArray[np.bool_]:
    """(unknowns,) bool: those that a prior of zero holds, and those that are considered."""
    held = np.zeros(layout.size, bool)
    if network.bend <= 0:
        held[layout.bend(np.arange(layout.views))] = True
    for number, name in enumerate(layout.lens_names):
        begin = VIEW * layout.views + LENS * number
        held[begin : begin + LENS] = sigmas_of(network.lenses[name], network.priors[name]) <= 0
    return held | (considered_sigmas(network, layout) > 0)
