"""Where a photo without a place was taken from, by the points that it shares with placed ones."""

from __future__ import annotations

import cv2
import numpy as np

from imaging.lens import Array, Lens

LEAST_POINTS = 12
LEAST_SHARE = 0.3
TRIALS = 500


def resect(points: Array, pixels: Array, lens: Lens, tolerance_px: float) -> tuple[Array, Array] | None:
    """(3, 3) camera from local and (3,) centre from (n, 3) points seen at (n, 2) pixels.

    The pose that most points agree on to within `tolerance_px`, by RANSAC (Fischler and Bolles 1981) with
    SQPnP (Terzakis and Lourakis 2020). None where too few do.
    """
    if len(points) < LEAST_POINTS:
        return None
    middle = points.mean(axis=0)
    plane = np.ascontiguousarray(lens.rays(pixels)[:, :2])
    cv2.setRNGSeed(1)
    try:
        found, turn, shift, agree = cv2.solvePnPRansac(
            np.ascontiguousarray(points - middle), plane, np.eye(3), None,
            iterationsCount=TRIALS, reprojectionError=tolerance_px / lens.focal_px, confidence=0.9999,
            flags=cv2.SOLVEPNP_SQPNP,
        )  # fmt: skip
    except cv2.error:
        return None
    if not found or len(agree) < max(LEAST_POINTS, LEAST_SHARE * len(points)):
        return None
    rotation = np.asarray(cv2.Rodrigues(turn)[0], float)
    return rotation, np.asarray(middle - rotation.T @ np.asarray(shift, float).ravel())
