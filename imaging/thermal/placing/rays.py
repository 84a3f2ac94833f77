"""Pixels to directions: the camera, its lens and how the gimbal turns it.

Frames: the camera's x points right, y down and z forward; a picture's top left corner is pixel (0, 0), the
centre of its first pixel (0.5, 0.5) and its axis passes through the middle unless the lens is decentred.
Angles turn the camera as yaw, then pitch, then roll (z-y-x) from north-east-down, so at pitch -90 the top of
the picture points along the yaw. The gimbal's angles are those of the earth frame. Where no gimbal reported,
the camera is taken to hang level and look straight down with its top along the aircraft's heading
("stabilised"); a camera bolted to the airframe ("fixed") looks down along the airframe's own vertical.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from missions.camera import Camera
from telemetry.pose import Pose

Array = npt.NDArray[np.float64]
Mount = Literal["stabilised", "fixed"]
_CLOSE = 1e-12
_NOTHING = np.zeros((1, 1))


@dataclass(frozen=True, slots=True)
class Distortion:
    """Brown's lens distortion (1971): radial k1, k2, k3 and decentring p1, p2, on normalised coordinates.

    The axis passes `offset_x_px` right of and `offset_y_px` below the picture's middle.
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    offset_x_px: float = 0.0
    offset_y_px: float = 0.0


def rays_camera(pixels: npt.ArrayLike, camera: Camera, distortion: Distortion | None = None) -> Array:
    """(n, 3) unit directions in the camera's frame of (n, 2) pixels (column, row).

    NaN for a pixel that no ray of the lens reaches.
    """
    return np.asarray(rays_changed(np.asarray(pixels, float).reshape(1, -1, 2), camera, distortion)[0])


def rays_changed(
    pixels: Array,
    camera: Camera,
    distortion: Distortion | None,
    log_focal: Array = _NOTHING,
    decentring: tuple[Array, Array] = (_NOTHING, _NOTHING),
) -> Array:
    """The same of (k, n, 2) pixels in k cases: (k, n, 3).

    In each case `log_focal` (k, 1) is added to the logarithm of the focal length and `decentring`, (k, 1)
    each, to the lens's p1 and p2.
    """
    lens = distortion or Distortion()
    centre = np.array(
        [camera.image_width_px / 2 + lens.offset_x_px, camera.image_height_px / 2 + lens.offset_y_px]
    )
    xy = (pixels - centre) / (camera.focal_length_px * np.exp(log_focal))[..., None]
    if distortion is not None or any(each.any() for each in decentring):
        xy = _undistorted(xy, lens, lens.p1 + decentring[0], lens.p2 + decentring[1])
    rays = np.concatenate([xy, np.ones((*xy.shape[:-1], 1))], axis=-1)
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def _undistorted(xy: Array, lens: Distortion, p1: Array, p2: Array) -> Array:
    """Normalised coordinates (k, n, 2) without distortion, `p1` and `p2` (k, 1) for the lens's, by
    fixed-point iteration; NaN where it does not settle.
    """
    given = np.ascontiguousarray(np.moveaxis(xy, -1, 0))
    out, moved = given.copy(), np.zeros_like(given)
    with np.errstate(all="ignore"):
        for _ in range(60):
            x, y = out
            xx, yy, xy2 = x * x, y * y, 2 * x * y
            r2 = xx + yy
            radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3))
            bent = given - (p1 * xy2 + p2 * (r2 + 2 * xx), p1 * (r2 + 2 * yy) + p2 * xy2)
            bent /= radial
            moved, out = np.abs(bent - out), bent
            if not (moved >= _CLOSE).any():
                break
        settled = moved.max(axis=0) < 1e-6
    return np.moveaxis(np.where(settled, out, np.nan), 0, -1)


def rotation_ned_from_camera(pose: Pose, mount: Mount = "stabilised") -> Array:
    """3x3: a direction in the camera's frame to north, east, down."""
    if pose.gimbal_pitch_deg is not None:
        yaw = pose.yaw_deg if pose.gimbal_yaw_deg is None else pose.gimbal_yaw_deg
        body = _euler(yaw, pose.gimbal_pitch_deg, pose.gimbal_roll_deg or 0.0)
    elif mount == "fixed":
        body = _euler(pose.yaw_deg, pose.pitch_deg, pose.roll_deg) @ _euler(0.0, -90.0, 0.0)
    else:
        body = _euler(pose.yaw_deg, -90.0, 0.0)
    body_from_camera = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    rotation: Array = body @ body_from_camera
    return rotation


def rotation_enu_from_camera(pose: Pose, mount: Mount = "stabilised") -> Array:
    """3x3: a direction in the camera's frame to east, north, up."""
    enu_from_ned = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    return np.asarray(enu_from_ned @ rotation_ned_from_camera(pose, mount))


def turned(angle_rad: float, axis: int) -> Array:
    """3x3: a turn by a small angle about one axis (0, 1, 2)."""
    a, b = ((1, 2), (2, 0), (0, 1))[axis]
    turn = np.eye(3)
    turn[a, a] = turn[b, b] = math.cos(angle_rad)
    turn[b, a], turn[a, b] = math.sin(angle_rad), -math.sin(angle_rad)
    return turn


def _euler(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """North-east-down from forward-right-down by yaw, pitch, roll (z-y-x)."""
    (cy, cp, cr), (sy, sp, sr) = (fn(np.radians([yaw_deg, pitch_deg, roll_deg])) for fn in (np.cos, np.sin))
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )
