"""The point that lies closest to several rays: a start value for what is marked in pictures."""

from __future__ import annotations

import numpy as np

from imaging.adjustment.network import Pointings
from imaging.lens import Array, Lens, View


def meeting_point(marks: Pointings, views: tuple[View, ...], lenses: dict[str, Lens]) -> Array:
    """(3,) the place with the least sum of squared distances to the rays of the marks (least squares).

    Rays that are next to parallel leave the depth open: then the place is drawn to their cameras.
    """
    matrix, right = np.zeros((3, 3)), np.zeros(3)
    for number, px in zip(marks.view, marks.px, strict=True):
        view = views[number]
        begin, ray = view.ray(lenses[view.lens], px)
        ray = ray / np.linalg.norm(ray)
        across = np.eye(3) - np.outer(ray, ray)
        matrix += across
        right += across @ begin
    return np.asarray(np.linalg.solve(matrix + 1e-9 * np.eye(3), right))
