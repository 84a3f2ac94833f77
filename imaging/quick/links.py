"""Links between two pictures: the features that both show, checked against one movement of the camera.

The essential matrix by MAGSAC++ (Barath et al. 2020, OpenCV's USAC) with Nistér's five points (2004), so that
level ground, a wood and the walls of houses pass the same check. Level ground leaves it two answers and more:
where both cameras look down, that which begins with their verticals is taken unless it explains far less.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Indices
from imaging.lens import Array, Lens
from imaging.quick.levelled import Pose, in_front, level_pose, off_line

LEAST_MATCHES = 14
LEAST_SHARE = 0.25
CONFIDENCE = 0.9999
TRIALS = 2000
MORE = 1.25
"""The free essential matrix is taken where it explains more matches than the level pose by this factor."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two pictures by number, the (m, 2) features that they share, and how the second lies to the first.

    A point x in the first camera's frame is at rotation @ x + s baseline in the second's; s > 0 is not known.
    """

    first: int
    second: int
    features: Indices
    rotation: Array
    baseline: Array

    def __len__(self) -> int:
        return len(self.features)


def check(
    pair: tuple[int, int],
    features: Indices,
    rays: tuple[Array, Array],
    lenses: tuple[Lens, Lens],
    tolerance_px: float,
    told: tuple[Array | None, Array | None] = (None, None),
) -> Link | None:
    """The link that most matches agree on, None where too few do.

    `rays` are the matches' directions in both, (m, 3) with z = 1; `tolerance_px` is of the full picture.
    `told` are the (3, 3) cameras from local by the gimbals; their headings do not count.
    """
    if len(features) < LEAST_MATCHES:
        return None
    tolerance = tolerance_px / float(np.sqrt(lenses[0].focal_px * lenses[1].focal_px))
    first, second = told
    level = None if first is None or second is None else level_pose(rays, (first, second), tolerance)
    found = _supported(rays, level, tolerance)
    explained = 0 if found is None else np.count_nonzero(found[1])
    if MORE * explained < len(features):
        free = _supported(rays, _free_pose(rays, tolerance), tolerance)
        if free is not None and np.count_nonzero(free[1]) > MORE * explained:
            found = free
    if found is None or np.count_nonzero(found[1]) < max(LEAST_MATCHES, LEAST_SHARE * len(features)):
        return None
    (rotation, baseline), good = found
    return Link(*pair, features[good], rotation, baseline)


def _free_pose(rays: tuple[Array, Array], tolerance: float) -> Pose | None:
    """The pose of the essential matrix that most matches agree on, nothing else asked."""
    here, there = (np.ascontiguousarray(each[:, :2]) for each in rays)
    try:
        essential, agree = cv2.findEssentialMat(
            here, there, np.eye(3), cv2.USAC_MAGSAC, CONFIDENCE, tolerance, TRIALS
        )
    except cv2.error:
        return None
    if np.shape(essential) != (3, 3) or np.count_nonzero(agree) < LEAST_MATCHES:
        return None
    _, rotation, baseline, _ = cv2.recoverPose(essential, here, there, np.eye(3), mask=agree.copy())
    return np.asarray(rotation, float), np.asarray(baseline, float).ravel()


def _supported(
    rays: tuple[Array, Array], pose: Pose | None, tolerance: float
) -> tuple[Pose, npt.NDArray[np.bool_]] | None:
    """The pose and which matches it explains, None without one."""
    if pose is None:
        return None
    return pose, (np.abs(off_line(rays, *pose)) <= tolerance) & in_front(rays, *pose)
