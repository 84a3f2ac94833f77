"""Where the rays of a tie point pass each other most closely."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Ties
from imaging.adjustment.normals import parts_of
from imaging.lens import Array, Lens, View

LEAST_ANGLE_DEG = 1.0


def unit_rays(ties: Ties, views: tuple[View, ...], lenses: dict[str, Lens]) -> Array:
    """(m, 3) unit directions of the ties in their cameras' frames."""
    rays = np.empty((len(ties), 3))
    for key, lens in lenses.items():
        mine = np.isin(ties.view, [number for number, view in enumerate(views) if view.lens == key])
        rays[mine] = lens.rays(ties.px[mine])
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))


def triangulate(
    ties: Ties, rays: Array, rotations: Array, centres: Array, count: int
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """(count, 3) points nearest to their rays in the least-squares sense, and which of them are well placed.

    `rays` (m, 3) unit directions in the cameras' frames, `rotations` (n, 3, 3) camera from world, `centres`
    (n, 3). Minimises the squared distance to the rays: sum (I - d dᵀ)(X - c) = 0. Well placed are points in
    front of every camera whose rays meet at a degree or more.
    """
    direction, centre = np.empty((len(ties), 3)), centres[ties.view]
    for part in parts_of(len(ties)):
        direction[part] = np.einsum("kij,ki->kj", rotations[ties.view[part]], rays[part])
    along = np.einsum("kj,kj->k", direction, centre)
    normal, right = np.empty((count, 3, 3)), np.empty((count, 3))
    # A sum at a time: a matrix a tie would weigh more than all that is known of it.
    for i in range(3):
        right[:, i] = np.bincount(ties.point, centre[:, i] - direction[:, i] * along, count)
        for j in range(i, 3):
            across = (i == j) - direction[:, i] * direction[:, j]
            normal[:, i, j] = normal[:, j, i] = np.bincount(ties.point, across, count)
    # Of n rays within a small angle the smallest eigenvalue is about n sin²(angle) / 4 or more.
    spread = np.linalg.eigvalsh(normal)[:, 0]
    seen = np.maximum(np.bincount(ties.point, minlength=count), 1)
    good = spread / seen > np.sin(np.radians(LEAST_ANGLE_DEG)) ** 2 / 4
    points = np.zeros((count, 3))
    points[good] = np.linalg.solve(normal[good], right[good][..., None])[..., 0]
    ahead = np.einsum("kj,kj->k", points[ties.point] - centre, direction) > 0
    good &= np.bincount(ties.point, weights=~ahead, minlength=count) == 0
    return points, good
