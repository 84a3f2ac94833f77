"""The radius of an arc from three marks on it, with bounds from their joint covariance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imaging.lens import Array
from imaging.measure.ranges import NORMAL_95, Range
from missions.errors import SettingsError

STEP = 1e-30


def radius_through(points_m: npt.ArrayLike, covariance_m2: Array, letters: Sequence[str] = ()) -> Range:
    """The radius of the circle through three marks in the horizontal plane: 95 % bounds, metres.

    `points_m` is (3, 2) or (3, 3), east, north (, up); `covariance_m2` their joint covariance in the same
    order, (6, 6) or (9, 9). The bounds are those of the curvature, κ = 4 K / (a b c) with K the triangle's
    area and a, b, c its sides, which is nearly linear in the marks where the radius is not (first order; GUM,
    JCGM 100:2008, 5.2). Raises SettingsError where the curvature cannot be told from zero.
    """
    points = np.asarray(points_m, float)
    if points.shape not in {(3, 2), (3, 3)} or np.shape(covariance_m2) != (points.size, points.size):
        raise SettingsError(
            "an arc is drawn through three marks", remedy="Give three marks and their joint covariance"
        )
    curvature = float(_curvature(points.astype(complex)).real)
    slope = _slope(points) * np.sign(curvature)
    sigma = float(np.sqrt(max(0.0, slope @ covariance_m2 @ slope)))
    low, high = abs(curvature) - NORMAL_95 * sigma, abs(curvature) + NORMAL_95 * sigma
    if not low > 0:
        raise SettingsError(
            "the marks do not tell the arc from a straight line",
            where="-".join(letters),
            remedy="Take marks farther apart along the same curve",
        )
    return Range(1 / high, 1 / low, f"circle through {'-'.join(letters) or 'three marks'}, 95 %")


def _curvature(points: npt.NDArray[np.complex128]) -> np.complex128:
    """Signed curvature of the circle through three points; smooth, so that complex steps differentiate it."""
    first, second, third = points[:, :2]
    a, b, c = second - first, third - second, third - first
    sides = np.sqrt(np.sum(a * a) * np.sum(b * b) * np.sum(c * c))
    return np.complex128(2 * (a[0] * b[1] - a[1] * b[0]) / sides)


def _slope(points: Array) -> Array:
    """Its derivative by each coordinate (complex step; Squire and Trapp 1998)."""
    slope = np.zeros(points.size)
    for index in range(points.size):
        moved = points.astype(complex)
        moved.flat[index] += STEP * 1j
        slope[index] = _curvature(moved).imag / STEP
    return slope
