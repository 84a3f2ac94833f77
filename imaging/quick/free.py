"""How photos lie to each other where none tells its position: a model without scale or place.

With known rotations every tie point's ray from its camera has a known direction d, and places of cameras c
and points X that fit make the sum of |(I - d dᵀ)(X - c)|² small: a quadratic form whose points are eliminated
and whose fourth smallest eigenvector is the cameras' places, the first three being shifts (structure from
known rotations; the form is that of `imaging.quick.triangulation` with the cameras unknown as well). Wrong
ties are weighed down by their angles (Cauchy).
"""

from __future__ import annotations

import numpy as np

from imaging.adjustment.network import Indices, Ties, indices
from imaging.lens import Array, View
from imaging.quick.comparing import Compared
from imaging.quick.guesses import Guess
from imaging.quick.placing import LEAST_IN_PART, parts_of
from imaging.quick.rotations import believed_gimbals, rotations
from imaging.quick.solving import CELLS, EACH
from imaging.quick.tracks import join, spread_choice, without_short
from imaging.quick.triangulation import unit_rays
from missions.errors import AlignmentError

TURNS = 6
SOFT_RAD = 0.01


def free_views(known: list[Guess], compared: Compared) -> dict[int, View]:
    """The largest group of photos that hang together, by number, in a frame of no known scale or place.

    Gimbal angles turn it to the map where photos tell them. Raises AlignmentError where there is no group of
    three.
    """
    part = parts_of(len(known), compared.links)[0] if known else []
    links = [link for link in compared.links if link.first in set(part)]
    if len(part) < LEAST_IN_PART:
        raise AlignmentError(
            f"fewer than {LEAST_IN_PART} of {len(known)} photos fit together",
            remedy="Take photos that overlap by 60 % or more, of ground that shows detail",
        )
    told = {number: rotation for number in part if (rotation := known[number].rotation) is not None}
    turned = rotations(part, links, believed_gimbals(told, links, {}), {})
    joined = join(compared.features, [(link.first, link.second, link.features) for link in links])
    views = tuple(
        View(known[n].name, known[n].lens_name, turned[n], np.zeros(3), points=0, error_px=0.0)
        for n in sorted(part)
    )
    ties = Ties(indices(np.searchsorted(sorted(part), joined.view)), joined.point, joined.px)
    lenses = {known[n].lens_name: known[n].lens for n in part}
    sizes = np.array([(lenses[view.lens].width_px, lenses[view.lens].height_px) for view in views])
    ties, tracks = without_short(spread_choice(ties, sizes, cells=CELLS, each=EACH))
    rays = unit_rays(ties, views, lenses)
    centres = _centres(ties, rays, np.array([view.rotation for view in views]), len(tracks))
    return {
        n: View(view.name, view.lens, view.rotation, centre, points=0, error_px=0.0)
        for n, view, centre in zip(sorted(part), views, centres, strict=True)
    }


def _centres(ties: Ties, rays: Array, rotations_: Array, count: int) -> Array:
    """(n, 3) places of the cameras, their mean at zero and their mean square distance from it at one."""
    direction = np.einsum("kij,ki->kj", rotations_[ties.view], rays)
    across = np.eye(3) - direction[:, :, None] * direction[:, None, :]
    weights = np.ones(len(ties))
    views = len(rotations_)
    centres = np.zeros((views, 3))
    for _ in range(TURNS):
        weighed = weights[:, None, None] * across
        centres, points = _shape(ties, weighed, views, count)
        offset = points[ties.point] - centres[ties.view]
        if float((offset * direction).sum(axis=1) @ weights) < 0:
            centres, points, offset = -centres, -points, -offset
        length = np.linalg.norm(offset, axis=1)
        angle = np.linalg.norm(np.einsum("kij,kj->ki", across, offset), axis=1) / np.maximum(length, 1e-9)
        far = np.median(length) / np.maximum(length, 1e-9)
        weights = np.minimum(far, 3.0) ** 2 / (1 + (angle / SOFT_RAD) ** 2)
    return centres


def _shape(ties: Ties, weighed: Array, views: int, count: int) -> tuple[Array, Array]:
    """(views, 3) cameras and (count, 3) points of the least sum of squares, one scale of many."""
    own = _summed(weighed, ties.view, views)
    held = np.linalg.inv(_summed(weighed, ties.point, count) + 1e-9 * np.eye(3))
    form = np.zeros((views, 3, views, 3))
    form[np.arange(views), :, np.arange(views), :] = own
    axes = np.arange(3)
    order = np.argsort(ties.point, kind="stable")
    begins = np.searchsorted(ties.point[order], np.arange(count + 1))
    for point in range(count):
        mine = order[begins[point] : begins[point + 1]]
        shared = np.einsum("aij,jk,bkl->aibl", weighed[mine], held[point], weighed[mine])
        form[np.ix_(ties.view[mine], axes, ties.view[mine], axes)] -= shared
    _, vectors = np.linalg.eigh(form.reshape(3 * views, 3 * views))
    # The shifts are exactly flat; the shape is the flattest beside them.
    flat = np.tile(np.eye(3), (views, 1)) / np.sqrt(views)
    beside = vectors[:, :4] - flat @ (flat.T @ vectors[:, :4])
    shape = np.linalg.svd(beside, full_matrices=False)[0][:, 0]
    centres = shape.reshape(views, 3) * np.sqrt(views)
    pulled = np.zeros((count, 3))
    np.add.at(pulled, ties.point, np.einsum("kij,kj->ki", weighed, centres[ties.view]))
    return centres, np.einsum("kij,kj->ki", held, pulled)


def _summed(blocks: Array, group: Indices, count: int) -> Array:
    """(count, 3, 3)"""
    total = np.zeros((count, 3, 3))
    np.add.at(total, group, blocks)
    return total
