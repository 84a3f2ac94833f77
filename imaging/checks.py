"""Independent checks: surveyed points and measured distances that took no part, against what the scene says.

A check agrees where its difference lies within what the uncertainties of both let one expect 99.9 % of the
time (chi-square with as many degrees of freedom as coordinates were surveyed).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import intersect_marks
from imaging.adjustment.rays import meeting_point
from imaging.adjustment.witnesses import bar_length
from imaging.control.points import Role
from imaging.control.scene import SceneControl, local_of, pointings
from imaging.lens import Array
from missions.geodesy import LocalFrame

CONFIDENCE = 0.999


@dataclass(frozen=True, slots=True)
class Check:
    """One check: scene less survey, metres. A point has east, north and up; a distance only `length_m`.

    `sigma_m` is what both uncertainties let one expect, in the same order; `agrees` is the test's answer.
    """

    name: str
    off_m: tuple[float, ...]
    sigma_m: tuple[float, ...]
    agrees: bool

    @property
    def is_distance(self) -> bool:
        """Whether it is a measured distance rather than a point."""
        return len(self.off_m) == 1


def checked(adjusted: Adjusted, control: SceneControl, frame: LocalFrame) -> tuple[Check, ...]:
    """Every check that is marked in two photos or more."""
    return (*_points(adjusted, control, frame), *_distances(adjusted, control))


def _points(adjusted: Adjusted, control: SceneControl, frame: LocalFrame) -> Iterator[Check]:
    for point in control.points:
        if point.role is not Role.CHECK or not _seen_twice(adjusted, control, point.name):
            continue
        place, covariance = _place(adjusted, control, (point.name,))
        surveyed, spread = local_of(point, frame, float(place[0, 2]))
        axes = 3 if point.height_m is not None else 2
        off = (place[0] - surveyed)[:axes]
        expected = (covariance + spread)[:axes, :axes]
        yield _check(point.name, off, expected)


def _distances(adjusted: Adjusted, control: SceneControl) -> Iterator[Check]:
    for bar in control.bars:
        ends = (bar.first, bar.second)
        if bar.role is not Role.CHECK or not all(_seen_twice(adjusted, control, end) for end in ends):
            continue
        places, covariance = _place(adjusted, control, ends)
        length_m, along = bar_length(places[0], places[1])
        gradient = np.concatenate([-along, along])
        variance = float(gradient @ covariance @ gradient) + bar.sigma_m**2
        yield _check(f"{bar.first}-{bar.second}", np.array([length_m - bar.length_m]), np.array([[variance]]))


def _seen_twice(adjusted: Adjusted, control: SceneControl, name: str) -> bool:
    return len(pointings(control.marks.get(name, ()), adjusted.network.index).view) >= 2


def _place(adjusted: Adjusted, control: SceneControl, names: tuple[str, ...]) -> tuple[Array, Array]:
    marked = tuple(pointings(control.marks[name], adjusted.network.index) for name in names)
    start = np.array([meeting_point(each, adjusted.views, adjusted.lenses) for each in marked])
    found = intersect_marks(adjusted, marked, start)
    return found.local_m, found.covariance


def _check(name: str, off: Array, expected: Array) -> Check:
    square = float(off @ np.linalg.solve(expected, off))
    sigma = np.sqrt(np.diag(expected))
    agrees = square <= float(chdtri(len(off), 1 - CONFIDENCE))
    return Check(name, tuple(off.tolist()), tuple(sigma.tolist()), agrees)
