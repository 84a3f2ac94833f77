"""How a camera moves, and what that does to a picture whose rows are exposed one after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from missions.geodesy import LocalFrame
from sitl.world.lens import Array, Floats, lens_grid
from sitl.world.view import View, camera_angles_deg, camera_axes
from telemetry.pose import Pose

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Motion:
    """Of the camera at its pose: metres a second east, north and up; degrees a second about the same axes.

    The turn is the world's rotation vector: about "up" anticlockwise seen from above, so that a growing yaw
    turns negative.
    """

    velocity_m_s: Vector = (0.0, 0.0, 0.0)
    turn_rate_deg_s: Vector = (0.0, 0.0, 0.0)


STILL = Motion()


def _vector(values: Floats) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])


def motions_of(poses: Sequence[Pose], frame: LocalFrame) -> tuple[Motion, ...]:
    """The motion at each pose as its neighbours in time tell it.

    Of the rates from the pose before and to the pose after, the smaller where they agree in direction, else
    none: an aircraft that goes straight on keeps its speed, and one that turns back stands for a moment.
    """
    if len(poses) < 2:
        return (STILL,) * len(poses)
    lonlat = [[pose.place.lon_deg, pose.place.lat_deg] for pose in poses]
    up = np.array([pose.height_amsl_m for pose in poses])
    positions = np.column_stack([frame.local_from_geo(lonlat), up])
    turns = Rotation.from_matrix([camera_axes(*camera_angles_deg(pose)).T for pose in poses])
    moved = np.column_stack([np.diff(positions, axis=0), (turns[1:] * turns[:-1].inv()).as_rotvec()])
    taken_s = np.diff([pose.time_s for pose in poses])
    rates = np.where(taken_s[:, None] > 0, moved / np.where(taken_s > 0, taken_s, 1)[:, None], 0.0)
    before, after = rates[[0, *range(len(rates))]], rates[[*range(len(rates)), -1]]
    least = np.where(before * after > 0, np.sign(before) * np.minimum(np.abs(before), np.abs(after)), 0.0)
    return tuple(Motion(_vector(rate[:3]), _vector(np.degrees(rate[3:]))) for rate in least)


@dataclass(frozen=True)
class RollingView(View):
    """A view whose row y (0 at the top edge) is exposed (y / height - 1/2) `readout_s` after the pose's time.

    Position and attitude change with `motion` in between: `position` and `axes` are those of the middle row.
    """

    motion: Motion = STILL
    readout_s: float = 0.0

    def times_s(self, rows: Array) -> Floats:
        """(n,) seconds after the middle row at which the heights (n,) in the picture are exposed."""
        return np.asarray((rows / self.lens.height_px - 0.5) * self.readout_s)

    def eyes(self, top: int, bottom: int) -> Floats:
        """(rows, 3) where the camera is as each row is exposed."""
        return self._positions(self.times_s(np.arange(top, bottom) + 0.5))

    def row_rays(self, top: int, bottom: int) -> npt.NDArray[np.float32]:
        """(n, 3) directions of the pixels' centres, each row with its own attitude."""
        plane = lens_grid(self.lens)[top:bottom]
        axes = self._axes(self.times_s(np.arange(top, bottom) + 0.5)).astype(np.float32)
        rays = plane[..., :1] * axes[:, None, 0] + plane[..., 1:] * axes[:, None, 1] + axes[:, None, 2]
        return np.asarray(rays.reshape(-1, 3))

    def project(self, points: npt.ArrayLike) -> Floats:
        """(n, 3) points to (n, 2) pixels, NaN behind the camera: the row's time is found by iteration."""
        where = np.asarray(points, float).reshape(-1, 3)
        times_s = np.zeros(len(where))
        for _ in range(20):
            seen = np.einsum("nij,nj->ni", self._axes(times_s), where - self._positions(times_s))
            depth = np.where(seen[:, 2] > 1e-6, seen[:, 2], np.nan)
            pixels = self.lens.pixels(seen[:, :2] / depth[:, None])
            rows = np.clip(np.nan_to_num(pixels[:, 1], nan=0.0), -2e4, 2e4)
            moved_s, times_s = np.abs(self.times_s(rows) - times_s), self.times_s(rows)
            if np.max(moved_s, initial=0.0) < 1e-12:
                break
        return pixels

    def rays(self, pixels: npt.ArrayLike) -> Floats:
        """(n, 2) pixels to (n, 3) directions, from `eyes_at` of the same pixels."""
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        plane = np.column_stack([self.lens.plane(pixels), np.ones(len(pixels))])
        return np.asarray(np.einsum("nij,ni->nj", self._axes(self.times_s(pixels[:, 1])), plane))

    def eyes_at(self, pixels: Floats) -> Floats:
        """(n, 3) where the camera is as each of the (n, 2) pixels is exposed."""
        return self._positions(self.times_s(pixels[:, 1]))

    def still_at(self, time_s: float) -> View:
        """The camera as it is so long after the middle row."""
        moment = np.array([time_s])
        return View(self.lens, self._positions(moment)[0], self._axes(moment)[0])

    def back_project(self, pixels: npt.ArrayLike, up_m: float) -> Floats:
        """(n, 2) pixels to the (n, 3) points where their rays meet the level `up_m`, else NaN."""
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        rays, eyes = self.rays(pixels), self.eyes_at(pixels)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (up_m - eyes[:, 2]) / rays[:, 2]
        return np.asarray(eyes + rays * np.where(depth > 0, depth, np.nan)[:, None])

    def _positions(self, times_s: Floats) -> Floats:
        return np.asarray(self.position + times_s[:, None] * np.array(self.motion.velocity_m_s))

    def _axes(self, times_s: Floats) -> Floats:
        """(n, 3, 3) as camera_axes, turned by the rotation vector times the time (Rodrigues)."""
        turn = np.radians(self.motion.turn_rate_deg_s)
        rate = math.sqrt(float(turn @ turn))
        if rate == 0:
            return np.broadcast_to(self.axes, (len(times_s), 3, 3))
        x, y, z = turn / rate
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        angle = (rate * times_s)[:, None, None]
        turned = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
        return np.asarray(self.axes @ np.swapaxes(turned, 1, 2))


def smear_px(view: View, motion: Motion, exposure_s: float, up_m: float) -> Floats:
    """(2,) how far, in pixels, the ground in the middle of the picture moves through it in that time."""
    middle = np.array([[view.lens.width_px, view.lens.height_px]]) / 2
    ground = view.back_project(middle, up_m)
    moving = RollingView(view.lens, view.position, view.axes, motion)
    ends = [moving.still_at(sign * exposure_s / 2).project(ground)[0] for sign in (-1, 1)]
    return np.asarray(np.nan_to_num(ends[1] - ends[0]))
