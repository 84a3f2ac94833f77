"""Lenses and views: from a point in front of a camera to a pixel.

The lens is a pinhole with Brown's distortion (1971) on normalised coordinates, r² = x² + y²:

    x' = x (1 + k1 r² + k2 r⁴) + 2 p1 x y + p2 (r² + 2 x²)
    y' = y (1 + k1 r² + k2 r⁴) + p1 (r² + 2 y²) + 2 p2 x y

as in OpenCV and COLMAP (OPENCV; with k1 alone SIMPLE_RADIAL). Pixel (0.5, 0.5) is the centre of the first
pixel. The camera's x points right, y down and z forward.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
ROW_TURNS = 3
ARRAYS = ("rotation", "centre", "motion_m")


@dataclass(frozen=True, slots=True)
class Lens:
    """Focal length and principal point in pixels; `radial` (k1), `radial2` (k2) and `tangential` without
    unit.

    `focal_known` says whether the photos told the focal length, which then was held.
    """

    width_px: int
    height_px: int
    focal_px: float
    centre_x_px: float
    centre_y_px: float
    radial: float
    focal_known: bool
    radial2: float = 0.0
    tangential_x: float = 0.0
    tangential_y: float = 0.0

    def pixels(self, camera_xyz: Array) -> Array:
        """(..., 3) points in the camera's frame to (..., 2) pixels; NaN behind or past the lens."""
        depth = camera_xyz[..., 2]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            x, y = camera_xyz[..., 0] / depth, camera_xyz[..., 1] / depth
            square = x * x + y * y
            growing = 1 + square * (3 * self.radial + 5 * self.radial2 * square) > 0
            seen = (depth > 0) & growing
            scale = np.where(seen, self.focal_px, np.nan)
            shift_x, shift_y = self._shift(x, y, square)
        return np.stack(
            [scale * (x + shift_x) + self.centre_x_px, scale * (y + shift_y) + self.centre_y_px], axis=-1
        )

    def rays(self, pixels: Array) -> Array:
        """(n, 2) pixels to (n, 3) directions with z = 1, by fixed-point iteration of the distortion."""
        x, y = ((pixels - [self.centre_x_px, self.centre_y_px]) / self.focal_px).T
        straight_x, straight_y = x, y
        for _ in range(30):
            square = straight_x**2 + straight_y**2
            stretch = 1 + square * (self.radial + self.radial2 * square)
            aside_x, aside_y = self._aside(straight_x, straight_y, square)
            straight_x, straight_y = (x - aside_x) / stretch, (y - aside_y) / stretch
        return np.column_stack([straight_x, straight_y, np.ones(len(straight_x))])

    def _shift(self, x: Array, y: Array, square: Array) -> tuple[Array, Array]:
        stretch = square * (self.radial + self.radial2 * square)
        aside_x, aside_y = self._aside(x, y, square)
        return x * stretch + aside_x, y * stretch + aside_y

    def _aside(self, x: Array, y: Array, square: Array) -> tuple[Array, Array]:
        """What the tangential terms add."""
        p1, p2 = self.tangential_x, self.tangential_y
        return 2 * p1 * x * y + p2 * (square + 2 * x * x), p1 * (square + 2 * y * y) + 2 * p2 * x * y


@dataclass(frozen=True, slots=True)
class View:
    """Where one photo was taken from: pixel = lens(rotation @ (point - centre)).

    `rotation` is (3, 3), camera from world; `centre` (3,) in the world's unit, which is the model's own after
    alignment and metres east, north and up after georeferencing. `points` were seen, with this mean
    reprojection error in pixels. `motion_m` (3,) is how far the camera moved while the picture was read, row
    after row: `centre` is where it was at the middle row.
    """

    name: str
    lens: str
    rotation: Array
    centre: Array
    points: int
    error_px: float
    motion_m: Array = field(default_factory=lambda: np.zeros(3))

    def pixels(self, lens: Lens, places: Array) -> Array:
        """(..., 3) places of the world to (..., 2) pixels; NaN behind the camera.

        Where the camera moved, each row is seen from where it then was: found by iteration, as the row is
        what is looked for.
        """
        offset = places - self.centre
        pixels = lens.pixels(offset @ self.rotation.T)
        for _ in range(ROW_TURNS if self.motion_m.any() else 0):
            late = np.nan_to_num(pixels[..., 1:] / lens.height_px - 0.5)
            moved = offset - np.clip(late, -1.0, 1.0) * self.motion_m
            pixels = lens.pixels(moved @ self.rotation.T)
        return pixels

    def ray(self, lens: Lens, px: Array) -> tuple[Array, Array]:
        """The (3,) place and (3,) direction of the ray of one (2,) pixel."""
        begin = self.centre + (px[1] / lens.height_px - 0.5) * self.motion_m
        return begin, np.asarray(self.rotation.T @ lens.rays(px[None, :])[0])

    @property
    def direction(self) -> Array:
        """Unit vector along the optical axis, in the world."""
        return np.asarray(self.rotation[2])


def json_from_lens(lens: Lens) -> dict[str, Any]:
    """Plain values."""
    return asdict(lens)


def json_from_view(view: View) -> dict[str, Any]:
    """Plain values, arrays as lists."""
    return {
        "name": view.name,
        "lens": view.lens,
        "rotation": view.rotation.tolist(),
        "centre": view.centre.tolist(),
        "points": view.points,
        "error_px": view.error_px,
        "motion_m": view.motion_m.tolist(),
    }


def view_from_json(body: dict[str, Any]) -> View:
    """The view as it was written."""
    arrays = {name: np.array(body[name], float) for name in ARRAYS if name in body}
    return View(**(body | arrays))
