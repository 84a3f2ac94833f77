"""Links between two pictures: the features that both show, checked against one movement of the camera.

The essential matrix by MAGSAC++ (Barath et al. 2020, OpenCV's USAC) with Nistér's five points (2004), so that
level ground, a wood and the walls of houses pass the same check.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from imaging.adjustment.network import Indices
from imaging.lens import Array, Lens

LEAST_MATCHES = 14
LEAST_SHARE = 0.25
CONFIDENCE = 0.9999
TRIALS = 2000


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
) -> Link | None:
    """The link that most matches agree on, None where too few do.

    `rays` are the matches' directions in both, (m, 3) with z = 1; `tolerance_px` is of the full picture.
    """
    if len(features) < LEAST_MATCHES:
        return None
    focal_px = float(np.sqrt(lenses[0].focal_px * lenses[1].focal_px))
    here, there = (np.ascontiguousarray(each[:, :2]) for each in rays)
    try:
        essential, agree = cv2.findEssentialMat(
            here, there, np.eye(3), cv2.USAC_MAGSAC, CONFIDENCE, tolerance_px / focal_px, TRIALS
        )
    except cv2.error:
        return None
    if np.shape(essential) != (3, 3) or np.count_nonzero(agree) < LEAST_MATCHES:
        return None
    _, rotation, baseline, ahead = cv2.recoverPose(essential, here, there, np.eye(3), mask=agree.copy())
    good = ahead.ravel() > 0
    if np.count_nonzero(good) < max(LEAST_MATCHES, LEAST_SHARE * len(features)):
        return None
    return Link(*pair, features[good], np.asarray(rotation, float), np.asarray(baseline, float).ravel())
