"""Points from their pictures with the cameras standing still: forward intersection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from imaging.adjustment.adjust import Adjusted
from imaging.adjustment.network import Pointings, Ties
from imaging.adjustment.normals import point_blocks, point_parts, tie_residuals, tie_sight
from imaging.adjustment.witnesses import mark_rows
from imaging.lens import Array
from missions.errors import AlignmentError

ROUNDS = 8
FURTHEST_STEP = 0.3
WORST_CONDITION = 1e8
LEAST_CHECKED = 1e-3
"""Of a mark's weight: in a direction that the others check less than that nothing is said of it."""

Surface = Callable[[Array], tuple[float, float]]
"""The height at (2,) metres east and north, and its standard deviation."""


def intersected(adjusted: Adjusted, ties: Ties, points: Array) -> tuple[Array, Array]:
    """(p, 3) points that fit their `ties` best, begun from `points`, and the ties' (m, 2) residuals, pixels.

    Weighed as in the adjustment. A residual is NaN where the point lies behind its camera; a point whose rays
    are next to parallel stays where it began.
    """
    network = replace(adjusted.network, ties=ties, points=points)
    height_m = np.maximum(1e-3, np.median(np.abs(adjusted.state.centres[:, 2])) or 1.0)
    parts = list(point_parts(ties, len(points)))
    points = points.copy()
    state = replace(adjusted.state, points=points)
    for _ in range(ROUNDS):
        longest_m = 0.0
        for first, last, which in parts:
            some = ties.part(which)
            seen = tie_sight(network, adjusted.layout, state, some)
            residual = np.where(seen.behind[:, None], 0.0, some.px - seen.px)
            square = (residual**2).sum(axis=1) / adjusted.sigma_px**2
            weight = np.where(seen.behind, 0.0, 6.0 / (4.0 + square))
            own = Ties(some.view, some.point - first, some.px)
            step = _steps(own, seen.by_point(), residual, weight, last - first)
            long = np.linalg.norm(step, axis=1, keepdims=True)
            step *= np.minimum(1.0, FURTHEST_STEP * height_m / np.maximum(long, 1e-12))
            points[first:last] += step
            longest_m = max(longest_m, float(np.abs(step).max(initial=0.0)))
        if longest_m < 1e-4:
            break
    return points, tie_residuals(network, adjusted.layout, state)


def _steps(ties: Ties, by_point: Array, residual: Array, weight: Array, count: int) -> Array:
    blocks, rights = point_blocks(ties, by_point * weight[:, None, None], by_point, residual, count)
    values, vectors = np.linalg.eigh(blocks)
    told = values[:, 0] > values[:, 2] / WORST_CONDITION
    safe = np.where(told[:, None], values, 1.0)
    turned = np.einsum("kji,kj->ki", vectors, rights) / safe
    return np.where(told[:, None], np.einsum("kij,kj->ki", vectors, turned), 0.0)


@dataclass(frozen=True, slots=True)
class Shared:
    """Marks of one point that are wrong together: (k,) which of them, and (3, q) metres by which the place
    that they show moves with each of q independent errors of standard deviation 1.
    """

    which: npt.NDArray[np.bool_]
    spread_m: Array


@dataclass(frozen=True, slots=True)
class Intersection:
    """Several points together: (k, 3) metres, their joint covariance (3k, 3k) m², residuals of the marks."""

    local_m: Array
    covariance: Array
    residual_px: tuple[Array, ...]


def intersect_marks(
    adjusted: Adjusted,
    marked: tuple[Pointings, ...],
    start: Array,
    surfaces: tuple[Surface | None, ...] | None = None,
    shared: tuple[tuple[Shared, ...], ...] | None = None,
) -> Intersection:
    """Places of things marked in pictures, begun at (k, 3) `start`; on its surface where one is given.

    A surface was found with the same cameras and moves with them; its own standard deviation comes on top.
    `shared` tells of each thing which of its marks are wrong together.

    The covariance holds the click and the cameras (their common errors included, so that a distance between
    two marks is no surer than the scale): with J a point's and E the cameras' effect on its marks, and
    A = JᵀJ, x = A⁻¹ Jᵀ (marks - E cameras). Raises AlignmentError for a point marked in fewer than two
    pictures or only from one direction.
    """
    places, answers, own, residuals = [], [], [], []
    on = surfaces or (None,) * len(marked)
    alike = shared or ((),) * len(marked)
    for number, (marks, begun, surface, same) in enumerate(zip(marked, start, on, alike, strict=True)):
        place, by_camera, spread, residual = _intersect(adjusted, marks, begun, number, surface, same)
        places.append(place)
        answers.append(by_camera)
        own.append(spread)
        residuals.append(residual)
    stacked = np.vstack(answers) if answers else np.zeros((0, adjusted.layout.size))
    covariance = adjusted.spread.across(stacked)
    for number, spread in enumerate(own):
        covariance[3 * number : 3 * number + 3, 3 * number : 3 * number + 3] += spread
    return Intersection(np.array(places).reshape(-1, 3), covariance, tuple(residuals))


def misfit(adjusted: Adjusted, marks: Pointings, start: Array) -> tuple[float, int, Array]:
    """How far the marks of one point miss one place: a chi-square, its degrees of freedom, and how far off
    each mark is, (k, 2) pixels.

    With Q the directions in which no place moves the marks, J and E as above and C the covariance of the
    cameras, Qᵀ r has the covariance Qᵀ (I + E C Eᵀ) Q. Raises AlignmentError as `intersect_marks` does.
    """
    _, off, covariance, residual_px = _unexplained(adjusted, marks, start)
    return float(off @ np.linalg.solve(covariance, off)), len(off), residual_px


@dataclass(frozen=True, slots=True)
class MarkTests:
    """Each of k marks of a point against the others: by how much the `whole` chi-square, of `freedom`
    degrees, falls without it, `square` (k,), a chi-square of `free` (k,) degrees; and how far off it seems
    to be, `off_px` (k, 2).
    """

    square: Array
    free: npt.NDArray[np.intp]
    off_px: Array
    whole: float
    freedom: int


def mark_tests(adjusted: Adjusted, marks: Pointings, start: Array) -> MarkTests:
    """Which mark of a point is wrong, if one is (data snooping; Baarda 1968).

    With Qᵀ r and its covariance V as in `misfit` and S the rows of Q of one mark, S errors e of it explain
    eᵀ = (Sᵀ V⁻¹ S)⁻¹ Sᵀ V⁻¹ Qᵀ r, in directions that the others check at all. Raises AlignmentError as
    `intersect_marks` does.
    """
    free, off, covariance, _ = _unexplained(adjusted, marks, start)
    weighed = np.linalg.solve(covariance, off)
    square, count, off_px = [], [], []
    for number, sigma_px in enumerate(marks.sigma_px):
        own = free[2 * number : 2 * number + 2]
        values, vectors = np.linalg.eigh(own @ np.linalg.solve(covariance, own.T))
        told = values > LEAST_CHECKED
        turned = vectors[:, told].T @ (own @ weighed)
        square.append(float((turned**2 / values[told]).sum()))
        count.append(int(told.sum()))
        off_px.append(sigma_px * vectors[:, told] @ (turned / values[told]))
    whole = float(off @ weighed)
    return MarkTests(
        np.array(square), np.array(count, np.intp), np.array(off_px).reshape(-1, 2), whole, len(off)
    )


def _unexplained(adjusted: Adjusted, marks: Pointings, start: Array) -> tuple[Array, Array, Array, Array]:
    """Q (2k, 2k - 3), Qᵀ r, its covariance and r in pixels (k, 2), as `misfit` has them."""
    place, _, _, residual_px = _intersect(adjusted, marks, start, 0, None, ())
    rows = _point_rows(adjusted, marks, place, None, None)
    free = np.linalg.qr(rows.by_point, mode="complete")[0][:, 3:]
    covariance = np.eye(free.shape[1]) + adjusted.spread.across(free.T @ rows.by_camera)
    return free, free.T @ rows.residual, covariance, residual_px


def _intersect(
    adjusted: Adjusted,
    marks: Pointings,
    place: Array,
    number: int,
    surface: Surface | None,
    shared: tuple[Shared, ...],
) -> tuple[Array, Array, Array, Array]:
    if len(set(marks.view.tolist())) < 2 and surface is None:
        raise AlignmentError(
            f"point {number + 1} is marked in fewer than two photos",
            remedy="Mark it in another photo, taken from elsewhere",
        )
    ground = None if surface is None else _ground_by_camera(adjusted, place)
    for _ in range(30):
        rows = _weighed_together(_point_rows(adjusted, marks, place, surface, ground), shared)
        matrix = rows.by_point.T @ rows.by_point
        if np.linalg.cond(matrix) > WORST_CONDITION:
            raise AlignmentError(
                f"point {number + 1} is marked from one direction only",
                remedy="Mark it in a photo taken from further aside",
            )
        step = np.linalg.solve(matrix, rows.by_point.T @ rows.residual)
        place = place + step
        if np.abs(step).max() < 1e-6:
            break
    rows = _point_rows(adjusted, marks, place, surface, ground)
    weighed = _weighed_together(rows, shared)
    inverse = np.asarray(np.linalg.inv(weighed.by_point.T @ weighed.by_point), float)
    by_camera = -inverse @ weighed.by_point.T @ weighed.by_camera
    residual_px = rows.residual[: 2 * len(marks.view)].reshape(-1, 2) * marks.sigma_px[:, None]
    return place, by_camera, inverse, residual_px


@dataclass(frozen=True, slots=True)
class _PointRows:
    residual: Array
    by_point: Array
    by_camera: Array


def _point_rows(
    adjusted: Adjusted, marks: Pointings, place: Array, surface: Surface | None, ground: Array | None
) -> _PointRows:
    rows = mark_rows(adjusted.network, adjusted.layout, adjusted.state, marks, place, None)
    by_point = -_centre_columns(rows.by_unknown, adjusted, marks)
    if surface is None:
        return _PointRows(rows.residual, by_point, rows.by_unknown)
    height_m, sigma_m = surface(place[:2])
    return _PointRows(
        np.append(rows.residual, (height_m - place[2]) / sigma_m),
        np.vstack([by_point, [0.0, 0.0, 1 / sigma_m]]),
        np.vstack([rows.by_unknown, np.zeros(adjusted.layout.size) if ground is None else -ground / sigma_m]),
    )


def _weighed_together(rows: _PointRows, shared: tuple[Shared, ...]) -> _PointRows:
    """The rows times L⁻¹, L Lᵀ = I + G Gᵀ being their covariance and G how the shared errors move them."""
    if not shared:
        return rows
    covariance = np.eye(len(rows.residual))
    for each in shared:
        pairs = np.flatnonzero(np.repeat(each.which, 2))
        moved = np.zeros((len(rows.residual), each.spread_m.shape[1]))
        moved[pairs] = rows.by_point[pairs] @ each.spread_m
        covariance += moved @ moved.T
    lower = np.linalg.cholesky(covariance)
    residual, by_point, by_camera = (
        np.asarray(solve_triangular(lower, part, lower=True))
        for part in (rows.residual, rows.by_point, rows.by_camera)
    )
    return _PointRows(residual, by_point, by_camera)


def _ground_by_camera(adjusted: Adjusted, place: Array) -> Array | None:
    """(unknowns,) how the ground's height at a place moves with the cameras that see it.

    A surface was found with these cameras: where they are wrong together it is wrong with them, and what is
    put on it no further off for that. None where fewer than two see it from different sides.
    """
    lenses = adjusted.lenses
    seen_px = np.array([view.pixels(lenses[view.lens], place[None, :])[0] for view in adjusted.views])
    sizes_px = np.array(
        [(lenses[view.lens].width_px, lenses[view.lens].height_px) for view in adjusted.views]
    )
    with np.errstate(invalid="ignore"):
        there = np.flatnonzero(((seen_px > 0) & (seen_px < sizes_px)).all(axis=1))
    if len(there) < 2:
        return None
    marks = Pointings(there, seen_px[there], np.ones(len(there)))
    rows = mark_rows(adjusted.network, adjusted.layout, adjusted.state, marks, place, None)
    by_point = -_centre_columns(rows.by_unknown, adjusted, marks)
    matrix = by_point.T @ by_point
    if np.linalg.cond(matrix) > WORST_CONDITION:
        return None
    return np.asarray(-np.linalg.solve(matrix, by_point.T @ rows.by_unknown)[2])


def _centre_columns(by_unknown: Array, adjusted: Adjusted, marks: Pointings) -> Array:
    """(2k, 3): a point moves its pixel as its camera would, the other way."""
    places = adjusted.layout.centre(marks.view)
    pair = by_unknown.reshape(len(marks.view), 2, -1)
    return np.take_along_axis(pair, np.repeat(places[:, None, :], 2, axis=1), axis=2).reshape(-1, 3)
