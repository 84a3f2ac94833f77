"""Lenses and views: from a point in front of a camera to a pixel.

The lens is a pinhole with one radial term, r' = r (1 + k r²) on normalised coordinates (Brown 1971, first
term; COLMAP's SIMPLE_RADIAL). Pixel (0.5, 0.5) is the centre of the first pixel. The camera's x points right,
y down and z forward.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lens:
    """Focal length and principal point in pixels, `radial` without unit.

    `focal_known` says whether the photos told the focal length, which then was held.
    """

    width_px: int
    height_px: int
    focal_px: float
    centre_x_px: float
    centre_y_px: float
    radial: float
    focal_known: bool

    def pixels(self, camera_xyz: Array) -> Array:
        """(..., 3) points in the camera's frame to (..., 2) pixels; NaN behind or past the lens."""
        depth = camera_xyz[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = camera_xyz[..., 0] / depth, camera_xyz[..., 1] / depth
            square = x * x + y * y
            stretch = 1 + self.radial * square
            seen = (depth > 0) & (1 + 3 * self.radial * square > 0)
        scale = np.where(seen, self.focal_px * stretch, np.nan)
        return np.stack([scale * x + self.centre_x_px, scale * y + self.centre_y_px], axis=-1)

    def rays(self, pixels: Array) -> Array:
        """(n, 2) pixels to (n, 3) directions with z = 1, by fixed-point iteration of the radial term."""
        centred = (pixels - [self.centre_x_px, self.centre_y_px]) / self.focal_px
        straight = centred
        for _ in range(30):
            straight = centred / (1 + self.radial * np.sum(straight**2, axis=1, keepdims=True))
        return np.column_stack([straight, np.ones(len(straight))])


@dataclass(frozen=True, slots=True)
class View:
    """Where one photo was taken from: pixel = lens(rotation @ (point - centre)).

    `rotation` is (3, 3), camera from world; `centre` (3,) in the world's unit, which is the model's own after
    alignment and metres east, north and up after georeferencing. `points` were seen, with this mean
    reprojection error in pixels.
    """

    name: str
    lens: str
    rotation: Array
    centre: Array
    points: int
    error_px: float

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
    }


def view_from_json(body: dict[str, Any]) -> View:
    """The view as it was written."""
    return View(
        **{**body, "rotation": np.array(body["rotation"], float), "centre": np.array(body["centre"], float)}
    )
