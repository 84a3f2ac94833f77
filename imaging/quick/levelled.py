"""How two pictures from above lie to each other: the vertical from the gimbals, the heading from nobody.

Level photos of flat ground leave the essential matrix two answers and, with noise, many between them
(Longuet-Higgins 1986). A gimbal knows the vertical to a degree or two, while the heading of one that looks
straight down can be anything. Laid on level ground by their gimbals, two pictures differ by a similarity: its
turn is the difference in heading, its shift and scale are the way. That is where the search begins; what it
ends with fits the matches by the epipolar constraint, so the ground need not be flat.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from imaging.lens import Array

LEAST_DOWN = 0.7
"""A camera looks down where the cosine between its axis and the vertical exceeds this (45 degrees)."""
LEAST_SLOPE = 0.25
ON_GROUND = 0.06
"""How far apart a point may lie in two levelled pictures, in flying heights: tilts of 2 degrees, relief."""
LEAST_ON_GROUND = 8
LARGEST_SCALE = 3.0
SIGMA_TILT_RAD = 0.035
ROUNDS = 10
STEP = 1e-6
Pose = tuple[Array, Array]


def level_pose(rays: tuple[Array, Array], told: tuple[Array, Array], tolerance: float) -> Pose | None:
    """(3, 3) rotation and (3,) unit baseline, x2 ~ rotation @ x1 + s baseline, None where nothing agrees.

    `rays` (m, 3) with z = 1 of both pictures' matches, `told` (3, 3) camera from local by the gimbals, whose
    headings may be wrong. `tolerance` is how far off its epipolar line a match may lie, in focal lengths.
    """
    if any(rotation[2, 2] > -LEAST_DOWN for rotation in told):
        return None
    ground = [ray @ rotation for ray, rotation in zip(rays, told, strict=True)]
    seen = np.flatnonzero((ground[0][:, 2] < -LEAST_SLOPE) & (ground[1][:, 2] < -LEAST_SLOPE))
    if len(seen) < LEAST_ON_GROUND:
        return None
    first, second = (np.ascontiguousarray(each[seen, :2] / -each[seen, 2:]) for each in ground)
    found, agree = cv2.estimateAffinePartial2D(
        second, first, method=cv2.RANSAC, ransacReprojThreshold=ON_GROUND, maxIters=1000, confidence=0.999
    )
    if np.shape(found) != (2, 3) or np.count_nonzero(agree) < LEAST_ON_GROUND:
        return None
    scale = math.hypot(found[0, 0], found[1, 0])
    way = np.array([*found[:, 2], scale - 1.0])
    length = float(np.linalg.norm(way))
    if not 1 / LARGEST_SCALE < scale < LARGEST_SCALE or length < 1e-6:
        return None
    turn = np.eye(3)
    turn[:2, :2] = found[:, :2] / scale
    second_told = told[1] @ turn.T
    on_ground = seen[agree.ravel().astype(bool)]
    return _fitted(
        (rays[0][on_ground], rays[1][on_ground]),
        (second_told @ told[0].T, -second_told @ way / length),
        told[0][:, :2].T,
        tolerance,
    )


def off_line(rays: tuple[Array, Array], rotation: Array, baseline: Array) -> Array:
    """(..., m) signed distance of matches from their epipolar lines, in focal lengths (Sampson 1982).

    `rotation` (..., 3, 3), `baseline` (..., 3), `rays` (m, 3) with z = 1.
    """
    essential = np.swapaxes(np.cross(baseline[..., None, :], np.swapaxes(rotation, -1, -2)), -1, -2)
    lines = rays[0] @ np.swapaxes(essential, -1, -2)
    back = rays[1] @ essential
    slope = np.sqrt((lines[..., :2] ** 2).sum(axis=-1) + (back[..., :2] ** 2).sum(axis=-1))
    return np.asarray((lines * rays[1]).sum(axis=-1) / np.maximum(slope, 1e-12))


def in_front(rays: tuple[Array, Array], rotation: Array, baseline: Array) -> npt.NDArray[np.bool_]:
    """(m,) whether the point that two rays come nearest to lies in front of both cameras."""
    here, there = rays[0] @ rotation.T, rays[1]
    # depth1 here + baseline = depth2 there, in the least-squares sense; only the signs matter.
    aa, bb, ab = ((x * y).sum(axis=1) for x, y in ((here, here), (there, there), (here, there)))
    a, b = here @ baseline, there @ baseline
    return np.asarray((ab * b - bb * a > 0) & (aa * b - ab * a > 0))


def _fitted(rays: tuple[Array, Array], pose: Pose, level: Array, tolerance: float) -> Pose:
    """The pose that the matches want: Gauss-Newton, matches far off counting less (Cauchy), tilts held.

    `level` (2, 3) are the local east and north in the first camera's frame: turns about them are tilts.
    """
    start, baseline = pose
    rotation = start
    sigma = tolerance / 2
    held = np.hstack([level, np.zeros((2, 2))]) / (math.sqrt(2) * SIGMA_TILT_RAD)
    for number in range(ROUNDS):
        # From what tilts can cause down to what pixels can.
        wide = sigma * max(1.0, 8.0 * 0.5**number)
        across = np.linalg.svd(baseline[None])[2][1:]
        rotations, baselines = _varied(rotation, baseline, across)
        every = off_line(rays, rotations, baselines)
        now, slopes = every[0], (every[1:] - every[0]) / STEP
        weight = 1 / (1 + (now / wide) ** 2) / sigma**2
        tilted = held[:, :3] @ _vector(start.T @ rotation)
        normal = (slopes * weight) @ slopes.T + held.T @ held
        right = (slopes * weight) @ now + held.T @ tilted
        step = -np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(5), right)
        step *= min(1.0, 0.2 / max(1e-12, float(np.linalg.norm(step))))
        rotation = rotation @ cv2.Rodrigues(step[:3])[0]
        baseline = baseline + step[3:] @ across
        baseline = baseline / np.linalg.norm(baseline)
        if np.linalg.norm(step) < 1e-6 and wide == sigma:
            break
    return rotation, baseline


def _varied(rotation: Array, baseline: Array, across: Array) -> tuple[Array, Array]:
    """The pose and five neighbours of it, a step in each of its ways away: (6, 3, 3), (6, 3)."""
    turns = [rotation @ cv2.Rodrigues(STEP * axis)[0] for axis in np.eye(3)]
    rotations = np.array([rotation, *turns, rotation, rotation])
    return rotations, np.array([*[baseline] * 4, *(baseline + STEP * across)])


def _vector(rotation: Array) -> Array:
    return np.asarray(cv2.Rodrigues(rotation)[0], float).reshape(3)
