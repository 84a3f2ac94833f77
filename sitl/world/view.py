"""The camera's geometry: rays from pixels, pixels from points, with the lens's distortion.

The world frame is east, north, up in metres. The camera frame is x right, y down, z forward (OpenCV, COLMAP).
Pixels are (x, y) with the top left corner of the picture at (0, 0), so that the centre of the first pixel is
(0.5, 0.5) and the principal point is the middle of the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from missions.camera import Camera
from missions.geodesy import LocalFrame
from telemetry.pose import Pose

Array = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lens:
    """A pinhole with two terms of radial distortion (Brown 1966; COLMAP's RADIAL, OpenCV's k1 and k2).

    A point at (x, y) = (X/Z, Y/Z) is seen at (x, y) (1 + k1 r2 + k2 r2^2), r2 = x2 + y2, times the focal
    length.
    """

    width_px: int
    height_px: int
    focal_length_px: float
    k1: float = 0.0
    k2: float = 0.0

    @staticmethod
    def of(camera: Camera, k1: float = 0.0, k2: float = 0.0) -> Lens:
        """The lens of a camera, with the distortion given."""
        return Lens(camera.image_width_px, camera.image_height_px, camera.focal_length_px, k1, k2)

    def pixels(self, plane: Array) -> Floats:
        """(n, 2) points of the plane Z = 1 to (n, 2) pixels."""
        plane = np.asarray(plane, float)
        r2 = np.sum(plane**2, axis=-1, keepdims=True)
        middle = np.array([self.width_px, self.height_px]) / 2
        return np.asarray(plane * (1 + self.k1 * r2 + self.k2 * r2**2) * self.focal_length_px + middle)

    def plane(self, pixels: Array) -> Floats:
        """(n, 2) pixels to (n, 2) points of the plane Z = 1: Newton's method on the radius, to 1e-12."""
        middle = np.array([self.width_px, self.height_px]) / 2
        seen = (np.asarray(pixels, float) - middle) / self.focal_length_px
        target = np.hypot(seen[..., 0], seen[..., 1])
        radius = target.copy()
        for _ in range(12):
            r2 = radius**2
            excess = radius * (1 + self.k1 * r2 + self.k2 * r2**2) - target
            radius -= excess / (1 + 3 * self.k1 * r2 + 5 * self.k2 * r2**2)
        scale = np.divide(radius, target, out=np.ones_like(target), where=target > 0)
        return np.asarray(seen * scale[..., None])


def resized(camera: Camera, width_px: int) -> Camera:
    """The same camera with pictures `width_px` wide, for quicker rendering; its field of view stays."""
    height_px = round(camera.image_height_px * width_px / camera.image_width_px)
    return replace(camera, image_width_px=width_px, image_height_px=height_px)


@lru_cache(maxsize=4)
def lens_grid(lens: Lens) -> npt.NDArray[np.float32]:
    """(rows, columns, 2): the point of the plane Z = 1 that each pixel's centre sees."""
    pixels = np.stack(np.meshgrid(np.arange(lens.width_px) + 0.5, np.arange(lens.height_px) + 0.5), axis=-1)
    return lens.plane(pixels).astype(np.float32)


def camera_angles_deg(pose: Pose) -> tuple[float, float, float]:
    """Yaw, pitch and roll of the camera in the earth frame, degrees.

    The gimbal's angles where the pose has a gimbal pitch; else a stabilised camera that looks straight down
    with the top of its picture towards the aircraft's heading.
    """
    if pose.gimbal_pitch_deg is None:
        return pose.yaw_deg, -90.0, 0.0
    yaw_deg = pose.yaw_deg if pose.gimbal_yaw_deg is None else pose.gimbal_yaw_deg
    return yaw_deg, pose.gimbal_pitch_deg, pose.gimbal_roll_deg or 0.0


def camera_axes(yaw_deg: float, pitch_deg: float, roll_deg: float = 0.0) -> Floats:
    """(3, 3): the camera's right, down and forward as rows of east, north, up.

    Yaw clockwise from north, pitch up, roll right side down. It takes a vector of the world to the camera
    frame.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    forward = np.array(
        [math.cos(pitch) * math.sin(yaw), math.cos(pitch) * math.cos(yaw), math.sin(pitch)], float
    )
    level_right = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    level_down = np.cross(forward, level_right)
    right = math.cos(roll) * level_right + math.sin(roll) * level_down
    return np.stack([right, np.cross(forward, right), forward])


@dataclass(frozen=True)
class View:
    """A lens at `position` (3,), metres east, north, up; `axes` (3, 3) as in camera_axes."""

    lens: Lens
    position: Floats
    axes: Floats

    @staticmethod
    def of(lens: Lens, pose: Pose, frame: LocalFrame, ground_amsl_m: float) -> View:
        """The view from a pose; up is counted from `ground_amsl_m`. The camera sits where the pose is."""
        east, north = frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg]])[0]
        position = np.array([east, north, pose.height_amsl_m - ground_amsl_m])
        return View(lens, position, camera_axes(*camera_angles_deg(pose)))

    def project(self, points: npt.ArrayLike) -> Floats:
        """(n, 3) points east, north, up to (n, 2) pixels; NaN for what lies behind the camera."""
        seen = (np.asarray(points, float).reshape(-1, 3) - self.position) @ self.axes.T
        depth = np.where(seen[:, 2] > 1e-6, seen[:, 2], np.nan)
        return self.lens.pixels(seen[:, :2] / depth[:, None])

    def rays(self, pixels: npt.ArrayLike) -> Floats:
        """(n, 2) pixels to (n, 3) directions east, north, up, one unit deep along the optical axis."""
        plane = self.lens.plane(np.asarray(pixels, float).reshape(-1, 2))
        return np.asarray(plane @ self.axes[:2] + self.axes[2])

    def row_rays(self, top: int, bottom: int) -> npt.NDArray[np.float32]:
        """(n, 3) directions as in rays, of the pixels' centres in the rows from `top` to before `bottom`."""
        plane = lens_grid(self.lens)[top:bottom].reshape(-1, 2)
        right, down, forward = self.axes.astype(np.float32)
        return np.asarray(plane[:, :1] * right + plane[:, 1:] * down + forward)

    def back_project(self, pixels: npt.ArrayLike, up_m: float) -> Floats:
        """(n, 2) pixels to the (n, 3) points where their rays meet the level `up_m`, else NaN."""
        rays = self.rays(pixels)
        depth = np.divide(
            up_m - self.position[2], rays[:, 2], out=np.full(len(rays), np.nan), where=rays[:, 2] != 0
        )
        depth = np.where(depth > 0, depth, np.nan)
        return np.asarray(self.position + rays * depth[:, None])

    def sees(self, pixels: Array) -> npt.NDArray[np.bool_]:
        """(n,) whether each of the (n, 2) pixels lies within the picture."""
        size = np.array([self.lens.width_px, self.lens.height_px])
        with np.errstate(invalid="ignore"):
            return np.asarray(np.all((pixels >= 0) & (pixels <= size), axis=-1))
