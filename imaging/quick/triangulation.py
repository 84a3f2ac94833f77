"""Where the rays of a tie point pass each other most closely."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Indices, Ties
from imaging.adjustment.normals import parts_of, point_parts
from imaging.lens import Array, Lens, View

LEAST_ANGLE_DEG = 1.0


def unit_rays(ties: Ties, views: tuple[View, ...], lenses: dict[str, Lens]) -> Array:
    """(m, 3) unit directions of the ties in their cameras' frames."""
    rays, names = np.empty((len(ties), 3)), list(lenses)
    lens_of_view = np.array([names.index(view.lens) for view in views])
    for part in parts_of(len(ties)):
        here, px, mine = rays[part], ties.px[part], lens_of_view[ties.view[part]]
        for number in np.unique(mine):
            here[mine == number] = lenses[names[number]].rays(px[mine == number])
        here /= np.linalg.norm(here, axis=1, keepdims=True)
    return rays


def triangulate(
    ties: Ties, rays: Array, rotations: Array, centres: Array, count: int
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """(count, 3) points nearest to their rays in the least-squares sense, and which of them are well placed.

    `rays` (m, 3) unit directions in the cameras' frames, `rotations` (n, 3, 3) camera from world, `centres`
    (n, 3). Minimises the squared distance to the rays: sum (I - d dᵀ)(X - c) = 0. Well placed are points in
    front of every camera whose rays meet at a degree or more.
    """
    normal, right = np.empty((count, 3, 3)), np.empty((count, 3))
    # Part by part, and a sum at a time: a matrix a tie would weigh more than all that is known of it.
    for first, last, point, direction, centre in _parts(ties, rays, rotations, centres, count):
        along = np.einsum("kj,kj->k", direction, centre)
        for i in range(3):
            right[first:last, i] = np.bincount(point, centre[:, i] - direction[:, i] * along, last - first)
            for j in range(i, 3):
                across = np.bincount(point, (i == j) - direction[:, i] * direction[:, j], last - first)
                normal[first:last, i, j] = normal[first:last, j, i] = across
    # Of n rays within a small angle the smallest eigenvalue is about n sin²(angle) / 4 or more.
    spread = np.linalg.eigvalsh(normal)[:, 0]
    seen = np.maximum(np.bincount(ties.point, minlength=count), 1)
    good = spread / seen > np.sin(np.radians(LEAST_ANGLE_DEG)) ** 2 / 4
    points = np.zeros((count, 3))
    points[good] = np.linalg.solve(normal[good], right[good][..., None])[..., 0]
    for first, last, point, direction, centre in _parts(ties, rays, rotations, centres, count):
        ahead = np.einsum("kj,kj->k", points[first:last][point] - centre, direction) > 0
        good[first:last] &= np.bincount(point, weights=~ahead, minlength=last - first) == 0
    return points, good


def _parts(
    ties: Ties, rays: Array, rotations: Array, centres: Array, count: int
) -> Iterator[tuple[int, int, Indices, Array, Array]]:
    """First and last point of a part, and of its ties the point, the direction and where it begins."""
    for first, last, which in point_parts(ties, count):
        view = ties.view[which]
        direction = np.einsum("kij,ki->kj", rotations[view], rays[which])
        yield first, last, ties.point[which] - first, direction, centres[view]
