"""Points into pictures, and how pixels answer to each unknown (collinearity equations; Triggs et al. 2000).

    camera = R (point - centre - velocity · readout · (row / height - ½))
    pixel  = lens(camera) + bend

A turn ω of the camera acts as R' = exp(ω) R. The row is the observed one, so that a lens whose rows are
read one after another needs no iteration here.

The bend is what no lens model knows of one picture, a turn during its readout or warm air: eight small
polynomials over the picture with s and t from -1 to 1 (additional parameters; Ebner 1976, Gruen 1978), each
an observation of zero. Without them a tenth of a pixel that thousands of tie points share would outweigh what
is known of the focal length.

    x: a s + b t + c s² + d st + e t²        y: -a t + b s + f s² + g st + h t²
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.adjustment.network import Indices
from imaging.adjustment.state import Layout, State
from imaging.lens import Array


@dataclass(frozen=True, slots=True)
class Projection:
    """Pixels (k, 2) with derivatives by view (k, 2, 14), lens (k, 2, 8) and point (k, 2, 3).

    `behind` (k,) are points that no camera sees: their rows are zero.
    """

    px: Array
    by_view: Array
    by_lens: Array
    by_point: Array
    behind: Array


@dataclass(frozen=True, slots=True)
class Sight:
    """(k, 3) points in (k,) views: pixels (k, 2) and which of them lie `behind` (k,), and the way there."""

    px: Array
    behind: Array
    rotation: Array
    moved: Array
    camera: Array
    depth: Array
    plane: tuple[Array, Array]
    square: Array
    stretch: Array
    seen: tuple[Array, Array]
    bends: Array
    lens: Array

    def by_point(self) -> Array:
        """(k, 2, 3) derivatives by the point, zero where it lies behind."""
        by_point = self._by_camera() @ self.rotation
        by_point[self.behind] = 0.0
        return np.asarray(by_point)

    def projection(self) -> Projection:
        """With all derivatives."""
        by_camera = self._by_camera()
        by_point = by_camera @ self.rotation
        by_view = np.concatenate([-by_camera @ _cross(self.camera), -by_point, self.bends], axis=-1)
        by_lens = self._by_lens(by_point)
        for derivative in (by_view, by_lens, by_point):
            derivative[self.behind] = 0.0
        return Projection(self.px, by_view, by_lens, by_point, self.behind)

    def moved_px(self, by_point: Array, of_view: Array, of_lens: Array) -> Array:
        """(k, 2) pixels by which a step moves each, to first order: (k, 14) of its view, (k, 8) of its lens.

        The same as the derivatives of `projection` times the step, without holding them; `by_point` is what
        the function of that name gives.
        """
        turned = np.cross(self.camera, of_view[:, :3])
        moved = np.einsum("kai,ki->ka", self._by_camera(), -turned)
        moved -= np.einsum("kai,ki->ka", by_point, of_view[:, 3:6])
        moved += np.einsum("kai,ki->ka", self.bends, of_view[:, 6:])
        moved += np.einsum("kai,ki->ka", self._by_lens(by_point), of_lens)
        moved[self.behind] = 0.0
        return np.asarray(moved)

    def _by_lens(self, by_point: Array) -> Array:
        """(k, 2, 8) derivatives by the lens, those by the point given."""
        x, y = self.plane
        square, focal = self.square, self.lens[:, 0]
        by_lens = np.zeros((len(x), 2, 8))
        by_lens[:, 0, 0], by_lens[:, 1, 0] = self.seen
        by_lens[:, 0, 1] = by_lens[:, 1, 2] = 1.0
        for axis, straight in enumerate((x, y)):
            by_lens[:, axis, 3] = focal * straight * square
            by_lens[:, axis, 4] = focal * straight * square**2
        by_lens[:, 0, 5], by_lens[:, 1, 5] = focal * 2 * x * y, focal * (square + 2 * y * y)
        by_lens[:, 0, 6], by_lens[:, 1, 6] = focal * (square + 2 * x * x), focal * 2 * x * y
        by_lens[:, :, 7] = -np.einsum("kij,kj->ki", by_point, self.moved)
        return by_lens

    def _by_camera(self) -> Array:
        """(k, 2, 3) derivatives by the point in the camera's axes."""
        x, y = self.plane
        focal, k1, k2, p1, p2 = (self.lens[:, place] for place in (0, 3, 4, 5, 6))
        grown = 2 * (k1 + 2 * k2 * self.square)
        by_plane = np.empty((len(x), 2, 2))
        by_plane[:, 0, 0] = self.stretch + x * x * grown + 2 * p1 * y + 6 * p2 * x
        by_plane[:, 0, 1] = by_plane[:, 1, 0] = x * y * grown + 2 * p1 * x + 2 * p2 * y
        by_plane[:, 1, 1] = self.stretch + y * y * grown + 6 * p1 * y + 2 * p2 * x
        by_plane *= focal[:, None, None]
        plane_by_camera = np.zeros((len(x), 2, 3))
        plane_by_camera[:, 0, 0] = plane_by_camera[:, 1, 1] = 1 / self.depth
        plane_by_camera[:, 0, 2], plane_by_camera[:, 1, 2] = -x / self.depth, -y / self.depth
        return np.asarray(by_plane @ plane_by_camera)


def project(
    state: State, layout: Layout, view: Indices, points: Array, spot: Array, velocity: Array
) -> Projection:
    """(k, 3) points in (k,) views. `spot` (k, 2) is the observed pixel over the size, less a half."""
    return sight(state, layout, view, points, spot, velocity).projection()


def sight(state: State, layout: Layout, view: Indices, points: Array, spot: Array, velocity: Array) -> Sight:
    """The same without derivatives, from which they can be had."""
    rotation, lens = state.rotations[view], state.lenses[layout.lens_of_view[view]]
    moved = velocity * spot[:, 1:]
    offset = points - state.centres[view] - moved * lens[:, 7:8]
    camera = np.einsum("kij,kj->ki", rotation, offset)
    behind = camera[:, 2] <= 1e-6
    depth = np.where(behind, 1.0, camera[:, 2])
    x, y = camera[:, 0] / depth, camera[:, 1] / depth
    focal, k1, k2, p1, p2 = lens[:, 0], lens[:, 3], lens[:, 4], lens[:, 5], lens[:, 6]
    square = x * x + y * y
    stretch = 1 + square * (k1 + k2 * square)
    seen_x = x * stretch + 2 * p1 * x * y + p2 * (square + 2 * x * x)
    seen_y = y * stretch + p1 * (square + 2 * y * y) + 2 * p2 * x * y
    bends = _bends(2 * spot[:, 0], 2 * spot[:, 1])
    px = np.stack([focal * seen_x + lens[:, 1], focal * seen_y + lens[:, 2]], axis=-1)
    px += np.einsum("kij,kj->ki", bends, state.bends[view])
    return Sight(
        px, behind, rotation, moved, camera, depth, (x, y), square, stretch, (seen_x, seen_y), bends, lens
    )


def _bends(s: Array, t: Array) -> Array:
    """(k, 2, 8) polynomials at places in the picture."""
    bends = np.zeros((len(s), 2, 8))
    bends[:, 0, 0], bends[:, 1, 0] = s, -t
    bends[:, 0, 1], bends[:, 1, 1] = t, s
    for number, term in enumerate((s * s, s * t, t * t)):
        bends[:, 0, 2 + number] = bends[:, 1, 5 + number] = term
    return bends


def _cross(vectors: Array) -> Array:
    """(k, 3) to the (k, 3, 3) matrices of their cross product."""
    matrix = np.zeros((len(vectors), 3, 3))
    matrix[:, 0, 1], matrix[:, 0, 2] = -vectors[:, 2], vectors[:, 1]
    matrix[:, 1, 0], matrix[:, 1, 2] = vectors[:, 2], -vectors[:, 0]
    matrix[:, 2, 0], matrix[:, 2, 1] = -vectors[:, 1], vectors[:, 0]
    return matrix
