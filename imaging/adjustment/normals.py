"""Normal equations with the tie points eliminated (Schur complement; Brown 1958, Triggs et al. 2000).

With U, W, V the blocks of unknowns, both, and points: S = U - W V⁻¹ Wᵀ. Each point's 3 x 3 block is factored
as L Lᵀ, so that W V⁻¹ Wᵀ is a sum of products of narrow blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.adjustment.kernels import blocks_of, gather, reduce
from imaging.adjustment.network import Indices, Network, Ties
from imaging.adjustment.projection import Projection, Sight, sight
from imaging.adjustment.state import LENS, VIEW, Layout, State, sigmas_of
from imaging.adjustment.symmetric import Symmetric
from imaging.adjustment.witnesses import spots, velocities, witness_rows
from imaging.lens import Array

TIES_AT_ONCE = 4_096
"""Their derivatives and what leads to them take two kilobytes each: only so many are held at a time."""


@dataclass(frozen=True, slots=True)
class Normals:
    """The reduced system S step = right of the `unknowns` asked for, and what gives the points' steps back.

    Of each point `lower` (p, 3, 3), the factor of its own equations, and their right side, `points_right`
    (p, 3). What moves with the unknowns is found anew from the ties at `state`: kept, it would be 400 bytes a
    tie.
    """

    matrix: Symmetric
    right: Array
    unknowns: Indices
    lower: Array
    points_right: Array
    network: Network
    layout: Layout
    state: State
    weights: Array

    def points_step(self, step: Array) -> Array:
        """(p, 3) steps of the points that go with the step of the unknowns."""
        layout, ties, count = self.layout, self.network.ties, len(self.points_right)
        whole, moved = np.zeros(layout.size), np.empty((count, 3))
        whole[self.unknowns] = step
        views = whole[: VIEW * layout.views].reshape(-1, VIEW)
        lenses = whole[VIEW * layout.views : layout.named_begin].reshape(-1, LENS)
        for first, last, which in point_parts(ties, count):
            some = ties.part(which)
            seen = tie_sight(self.network, layout, self.state, some)
            by_point = seen.by_point()
            px = seen.moved_px(by_point, views[some.view], lenses[layout.lens_of_view[some.view]])
            px *= self.weights[which, None]
            for axis in range(3):
                each = np.einsum("ka,ka->k", by_point[:, :, axis], px)
                moved[first:last, axis] = np.bincount(some.point - first, each, last - first)
        rest = self.points_right - np.linalg.solve(self.lower, moved[..., None])[..., 0]
        return np.asarray(np.linalg.solve(np.transpose(self.lower, (0, 2, 1)), rest[..., None])[..., 0])


def parts_of(count: int) -> Iterator[slice]:
    """So many ties, a part at a time."""
    return (slice(first, first + TIES_AT_ONCE) for first in range(0, count, TIES_AT_ONCE))


def point_parts(ties: Ties, count: int) -> Iterator[tuple[int, int, Indices]]:
    """First and last of `count` points in parts that hold about so many ties, and where these stand."""
    order = np.argsort(ties.point, kind="stable")
    ends = np.cumsum(np.bincount(ties.point, minlength=count))
    first = begin = 0
    while first < count:
        last = max(first + 1, int(np.searchsorted(ends, begin + TIES_AT_ONCE, side="right")))
        end = int(ends[last - 1])
        yield first, last, order[begin:end]
        first, begin = last, end


def tie_residuals(network: Network, layout: Layout, state: State) -> Array:
    """(m, 2) pixels, observed less computed; NaN for a point behind its camera."""
    ties, residual_px = network.ties, np.empty((len(network.ties), 2))
    for part in parts_of(len(ties)):
        seen = tie_sight(network, layout, state, ties.part(part))
        residual_px[part] = np.where(seen.behind[:, None], np.nan, ties.px[part] - seen.px)
    return residual_px


def normals(
    network: Network,
    layout: Layout,
    state: State,
    weights: Array,
    sigma_px: float,
    unknowns: Indices,
    damping: float = 0.0,
) -> Normals:
    """The equations at `state` of the `unknowns`, all others standing still.

    `weights` (m,) are of the ties: one over the variance of a coordinate. `sigma_px` is the scale of the
    ties' residuals, which bends of pictures are measured by.
    """
    ties, count = network.ties, len(state.points)
    number = np.full(layout.size, -1, np.int32)
    number[unknowns] = np.arange(len(unknowns), dtype=np.int32)
    matrix, right = Symmetric.zeros(len(unknowns)), np.zeros(len(unknowns))
    lower, points_right = np.empty((count, 3, 3)), np.empty((count, 3))
    # Points stand alone once the unknowns are known, so a part of them is taken out at a time.
    for first, last, which in point_parts(ties, count):
        some = ties.part(which)
        own = Ties(some.view, some.point - first, some.px)
        seen = tie_sight(network, layout, state, some).projection()
        root = np.sqrt(np.where(seen.behind, 0.0, weights[which]))
        residual = (some.px - np.where(seen.behind[:, None], some.px, seen.px)) * root[:, None]
        by_point, rows = seen.by_point * root[:, None, None], np.empty((len(which), 2, VIEW + LENS))
        rows[:, :, :VIEW] = seen.by_view * root[:, None, None]
        rows[:, :, VIEW:] = seen.by_lens * root[:, None, None]
        places = number[np.hstack([layout.view(some.view), layout.lens(some.view)])]
        lower[first:last], points_right[first:last] = _points(own, by_point, residual, last - first, damping)
        gather(matrix.packed, right, rows, residual, places)
        whitened = np.linalg.solve(lower[some.point], np.transpose(by_point, (0, 2, 1)))
        blocks = np.empty((len(which), VIEW + LENS, 3))
        blocks_of(rows, np.ascontiguousarray(np.transpose(whitened, (0, 2, 1))), blocks)
        starts = np.searchsorted(own.point, np.arange(last - first + 1))
        reduce(matrix.packed, right, blocks, places, np.arange(len(which)), starts, points_right[first:last])
    for witness in witness_rows(network, layout, state, network.bend * sigma_px):
        witness.add_to(matrix, right, number)
    if damping:
        matrix.grow_diagonal(1 + damping)
    return Normals(matrix, right, unknowns, lower, points_right, network, layout, state, weights)


def tie_sight(network: Network, layout: Layout, state: State, ties: Ties) -> Sight:
    """Where some of the tie points are seen, in the order of the ties."""
    where = spots(network, ties.view, ties.px)
    return sight(state, layout, ties.view, state.points[ties.point], where, velocities(network, ties.view))


def tie_projection(network: Network, layout: Layout, state: State) -> Projection:
    """Where all of them are seen, with the derivatives."""
    return tie_sight(network, layout, state, network.ties).projection()


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
    for i in range(3):
        rights[:, i] = np.bincount(ties.point, np.einsum("ka,ka->k", weighed[:, :, i], residual), count)
        for j in range(3):
            blocks[:, i, j] = np.bincount(
                ties.point, np.einsum("ka,ka->k", weighed[:, :, i], by_point[:, :, j]), count
            )
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
