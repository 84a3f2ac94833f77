"""The lens: points of the plane Z = 1 to pixels and back, distortion and all.

The camera frame is x right, y down, z forward (OpenCV, COLMAP). Pixels are (x, y) with the top left corner of
the picture at (0, 0), so that the centre of its first pixel is (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from missions.camera import Camera

Array = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]
CLOSE_ENOUGH = 1e-13


@dataclass(frozen=True, slots=True)
class Lens:
    """A pinhole with radial and tangential distortion (Brown 1966; COLMAP's OPENCV, OpenCV's k1 k2 p1 p2).

    A point at (x, y) = (X/Z, Y/Z), r2 = x2 + y2, is seen at

        x (1 + k1 r2 + k2 r2^2) + 2 p1 x y + p2 (r2 + 2 x2)
        y (1 + k1 r2 + k2 r2^2) + 2 p2 x y + p1 (r2 + 2 y2)

    times the focal length, from the principal point, which lies `offset_x_px` right of and `offset_y_px`
    below the middle of the picture.
    """

    width_px: int
    height_px: int
    focal_length_px: float
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    offset_x_px: float = 0.0
    offset_y_px: float = 0.0

    @staticmethod
    def of(camera: Camera, k1: float = 0.0, k2: float = 0.0, p1: float = 0.0, p2: float = 0.0) -> Lens:
        """The lens of a camera, with the distortion given."""
        return Lens(camera.image_width_px, camera.image_height_px, camera.focal_length_px, k1, k2, p1, p2)

    @property
    def principal_point_px(self) -> tuple[float, float]:
        """Where the optical axis meets the picture."""
        return self.width_px / 2 + self.offset_x_px, self.height_px / 2 + self.offset_y_px

    def pixels(self, plane: Array) -> Floats:
        """(n, 2) points of the plane Z = 1 to (n, 2) pixels."""
        plane = np.asarray(plane, float)
        return np.asarray(self._distorted(plane) * self.focal_length_px + np.array(self.principal_point_px))

    def plane(self, pixels: Array) -> Floats:
        """(n, 2) pixels to (n, 2) points of the plane Z = 1, to 1e-12.

        Newton's method on the radius, and after it, for a lens with tangential terms, on both coordinates.
        """
        seen = (np.asarray(pixels, float) - np.array(self.principal_point_px)) / self.focal_length_px
        target = np.hypot(seen[..., 0], seen[..., 1])
        radius = target.copy()
        for _ in range(12):
            r2 = radius**2
            excess = radius * (1 + self.k1 * r2 + self.k2 * r2**2) - target
            step = excess / (1 + 3 * self.k1 * r2 + 5 * self.k2 * r2**2)
            radius -= step
            if np.max(np.abs(step), initial=0.0) < CLOSE_ENOUGH:
                break
        scale = np.divide(radius, target, out=np.ones_like(target), where=target > 0)
        plane = np.asarray(seen * scale[..., None])
        return self._refined(plane, seen) if self.p1 or self.p2 else plane

    def _distorted(self, plane: Array) -> Floats:
        r2 = np.sum(plane**2, axis=-1, keepdims=True)
        seen = plane * (1 + self.k1 * r2 + self.k2 * r2**2)
        if self.p1 or self.p2:
            both = 2 * plane[..., :1] * plane[..., 1:]
            seen = seen + np.array([self.p1, self.p2]) * both
            seen = seen + np.array([self.p2, self.p1]) * (r2 + 2 * plane**2)
        return np.asarray(seen)

    def _refined(self, plane: Floats, seen: Floats) -> Floats:
        for _ in range(8):
            x, y = plane[..., 0], plane[..., 1]
            r2 = x * x + y * y
            radial, slope = 1 + self.k1 * r2 + self.k2 * r2**2, 2 * (self.k1 + 2 * self.k2 * r2)
            xx = radial + slope * x * x + 2 * self.p1 * y + 6 * self.p2 * x
            yy = radial + slope * y * y + 2 * self.p2 * x + 6 * self.p1 * y
            xy = slope * x * y + 2 * self.p1 * x + 2 * self.p2 * y
            excess = self._distorted(plane) - seen
            determinant = xx * yy - xy * xy
            step = np.stack(
                [yy * excess[..., 0] - xy * excess[..., 1], xx * excess[..., 1] - xy * excess[..., 0]],
                axis=-1,
            )
            step /= determinant[..., None]
            plane = plane - step
            if np.max(np.abs(step), initial=0.0) < CLOSE_ENOUGH:
                break
        return plane


def resized(camera: Camera, width_px: int) -> Camera:
    """The same camera with pictures `width_px` wide, for quicker rendering; its field of view stays."""
    height_px = round(camera.image_height_px * width_px / camera.image_width_px)
    return replace(camera, image_width_px=width_px, image_height_px=height_px)


@lru_cache(maxsize=4)
def lens_grid(lens: Lens) -> npt.NDArray[np.float32]:
    """(rows, columns, 2): the point of the plane Z = 1 that each pixel's centre sees."""
    grid = np.empty((lens.height_px, lens.width_px, 2), np.float32)
    columns = np.arange(lens.width_px) + 0.5
    for top in range(0, lens.height_px, 64):
        rows = np.arange(top, min(top + 64, lens.height_px)) + 0.5
        grid[top : top + len(rows)] = lens.plane(np.stack(np.meshgrid(columns, rows), axis=-1))
    return grid
