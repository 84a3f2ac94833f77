"""The camera's geometry: rays from pixels, pixels from points.

The world frame is east, north, up in metres; camera frame and pixels are those of the lens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.geodesy import LocalFrame
from sitl.world.lens import Array, Floats, Lens, lens_grid
from telemetry.pose import Pose


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

    def eyes(self, top: int, bottom: int) -> Floats:
        """(1, 3): where the rows from `top` to before `bottom` are seen from: one place for all of them."""
        del top, bottom
        return self.position[None]

    def eyes_at(self, pixels: Floats) -> Floats:
        """(n, 3) where the camera is as each of the (n, 2) pixels is exposed."""
        return np.broadcast_to(self.position, (len(pixels), 3))

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
