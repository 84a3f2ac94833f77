"""Where a point will be seen in each photo, and how surely: what a marking page zooms to.

The pixel's covariance is J C Jᵀ, with J by central differences of the projection and C the covariance of the
point, of the camera's position and of its direction, taken as independent (JCGM 100:2008, 5.1.2). Nothing is
known here of what stands in the way: a point behind a car is predicted all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from imaging.lens import Array, Lens, View

WITHIN_95 = 2.4477
"""Semi-axes of an ellipse that holds 95 % of a normal distribution in the plane, in standard deviations:
the root of -2 ln 0.05."""
_CLEAR_SHARE = 0.1
_STEP_M, _STEP_RAD = 1e-3, 1e-5


@dataclass(frozen=True, slots=True)
class PoseSigma:
    """One standard deviation of a camera's position and direction, each about each axis."""

    position_m: float = 0.5
    direction_rad: float = 0.01


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where one photo sees the point. Pixels as everywhere: (0.5, 0.5) is the centre of the first one.

    `covariance_px` is (2, 2). The ellipse holds 95 %: semi-axes in pixels, the longer one turned
    `ellipse_deg` from x towards y (clockwise as seen). `border_px` is the distance to the picture's edge,
    negative outside. `from_above_deg` is 0 straight down. `pixels_per_m` is across the line of sight.
    `quality` orders the views: pixels a metre of level ground, less within a tenth of the picture's edge.
    """

    photo: str
    x_px: float
    y_px: float
    covariance_px: Array
    ellipse_px: tuple[float, float]
    ellipse_deg: float
    inside: bool
    border_px: float
    from_above_deg: float
    distance_m: float
    pixels_per_m: float
    quality: float

    def window_px(self, margin_px: float = 20.0) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the box that holds the ellipse and a margin."""
        half_x, half_y = WITHIN_95 * np.sqrt(np.diag(self.covariance_px)) + margin_px
        return (
            float(self.x_px - half_x),
            float(self.y_px - half_y),
            float(self.x_px + half_x),
            float(self.y_px + half_y),
        )


def predict(
    local_m: Array,
    covariance_m2: Array,
    views: Iterable[View],
    lenses: Mapping[str, Lens],
    *,
    sigma: PoseSigma | Mapping[str, PoseSigma] = PoseSigma(),
) -> tuple[Prediction, ...]:
    """The point at (3,) east, north, up in every view that has it before its lens, the best seen first.

    `covariance_m2` is the point's (3, 3). `sigma` is all views' or one each, by name. Views that see it
    outside their picture come last.
    """
    made = []
    for view in views:
        of_view = sigma if isinstance(sigma, PoseSigma) else sigma.get(view.name, PoseSigma())
        one = _prediction(np.asarray(local_m, float), covariance_m2, view, lenses[view.lens], of_view)
        if one is not None:
            made.append(one)
    return tuple(sorted(made, key=lambda one: (not one.inside, -one.quality, -one.border_px, one.photo)))


def _prediction(
    local_m: Array, covariance_m2: Array, view: View, lens: Lens, sigma: PoseSigma
) -> Prediction | None:
    pixel = _pixel(local_m, view, lens, np.zeros(3))
    by_place = _derivative(lambda step: _pixel(local_m + step, view, lens, np.zeros(3)), _STEP_M)
    by_turn = _derivative(lambda step: _pixel(local_m, view, lens, step), _STEP_RAD)
    # The pixel depends on point - centre: both shift it alike.
    place = np.asarray(covariance_m2, float) + sigma.position_m**2 * np.eye(3)
    covariance = by_place @ place @ by_place.T + sigma.direction_rad**2 * by_turn @ by_turn.T
    if not (np.isfinite(pixel).all() and np.isfinite(covariance).all()):
        return None
    values, vectors = np.linalg.eigh(covariance)
    minor, major = WITHIN_95 * np.sqrt(np.maximum(values, 0))
    line = local_m - view.centre
    distance_m = float(np.linalg.norm(line))
    from_above_deg = math.degrees(math.acos(float(np.clip(-line[2] / distance_m, -1, 1))))
    border_px = float(min(pixel[0], pixel[1], lens.width_px - pixel[0], lens.height_px - pixel[1]))
    clear = np.clip(border_px / (_CLEAR_SHARE * min(lens.width_px, lens.height_px)), 0, 1)
    pixels_per_m = lens.focal_px / distance_m
    # A mark on level ground is as sharp as the ground's pixels: fewer from afar, and flattened from aside.
    quality = float(clear) * pixels_per_m * max(0.0, math.cos(math.radians(from_above_deg)))
    return Prediction(
        view.name,
        float(pixel[0]),
        float(pixel[1]),
        covariance,
        (float(major), float(minor)),
        math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])) % 180,
        border_px >= 0,
        border_px,
        from_above_deg,
        distance_m,
        pixels_per_m,
        quality,
    )


def _pixel(local_m: Array, view: View, lens: Lens, turn_rad: Array) -> Array:
    """(2,) pixel, with the camera turned by (3,) about its own axes; NaN where the lens does not see it."""
    camera = Rotation.from_rotvec(turn_rad).apply(view.rotation @ (local_m - view.centre))
    return lens.pixels(np.asarray(camera, float))


def _derivative(of: Callable[[Array], Array], step: float) -> Array:
    """(2, 3) by central differences about zero."""
    return np.column_stack([(of(axis * step) - of(-axis * step)) / (2 * step) for axis in np.eye(3)])
