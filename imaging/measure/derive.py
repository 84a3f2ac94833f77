"""From places to figures: distance, path, area, angle and height difference, each with its 95 % interval.

First-order propagation (JCGM 100:2008, 5.1): the variance of f(x) is the gradient times the covariance times
the gradient. A distance that is small beside its uncertainty comes out too long (Rice 1945): the figure's
note then says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from shapely import LinearRing

from imaging.lens import Array
from imaging.measure.figures import Figure, Kind
from imaging.measure.places import Places
from missions.errors import InputError

COVERAGE_95 = 1.96
SMALL = 3.0
Derived = tuple[float, Array]
"""A value and its (n, 3) gradient by the places."""
Unit = Literal["m", "m²", "°"]


def derive(kind: Kind, letters: tuple[str, ...], places: Places) -> Figure:
    """The figure of this kind over these marks, in their order.

    Distances take two marks, a path two or more, an area three or more (the level outline, closed by itself,
    not crossing itself), an angle three: the level angle at the second from the first to the third, clockwise
    as seen from above, 0 to 360 degrees. A height difference is the second's height less the first's. Raises
    InputError for too few or too many marks, a mark named twice, or one that is not there.
    """
    function, least, most, unit = KINDS[kind]
    _check(kind, letters, least, most, places)
    local_m, covariance = places.of(letters)
    if kind == "area" and not LinearRing(local_m[:, :2]).is_simple:
        raise InputError(
            "the outline crosses itself",
            where=f"{kind} {'-'.join(letters)}",
            remedy="Name the marks in their order round the area",
        )
    value, gradient = function(local_m)
    flat = gradient.reshape(-1)
    half = COVERAGE_95 * float(np.sqrt(max(0.0, float(flat @ covariance @ flat))))
    notes = [f"{letter}: {places.doubts[letter]}" for letter in letters if letter in places.doubts]
    if kind in {"distance", "horizontal distance"} and value < SMALL * half / COVERAGE_95:
        notes.insert(0, "small beside its uncertainty: it may be nothing")
    return Figure(kind, letters, value, half, unit, "; ".join(notes))


def _check(kind: Kind, letters: tuple[str, ...], least: int, most: int, places: Places) -> None:
    missing = [letter for letter in letters if letter not in places.letters]
    if missing:
        raise InputError(
            f"there is no mark {', '.join(missing)}",
            where=f"{kind} {'-'.join(letters)}",
            remedy=f"The marks are {', '.join(places.letters) or 'none'}",
        )
    if not least <= len(letters) <= most:
        number = f"{least} marks" if least == most else f"{least} marks or more"
        raise InputError(f"takes {number}, not {len(letters)}", where=f"{kind} {'-'.join(letters)}")
    if len(set(letters)) < len(letters):
        raise InputError(
            "names a mark twice",
            where=f"{kind} {'-'.join(letters)}",
            remedy="Name each once; an area closes by itself",
        )


def _horizontal(places: Array) -> Derived:
    value, gradient = _path(places * [1.0, 1.0, 0.0])
    return value, gradient * [1.0, 1.0, 0.0]


def _path(places: Array) -> Derived:
    apart = np.diff(places, axis=0)
    lengths_m = np.linalg.norm(apart, axis=1)
    along = apart / np.maximum(lengths_m, 1e-9)[:, None]
    gradient = np.zeros_like(places)
    gradient[1:] += along
    gradient[:-1] -= along
    return float(lengths_m.sum()), gradient


def _area(places: Array) -> Derived:
    """Gauss's area formula over the level outline."""
    x, y = (places[:, :2] - places[:, :2].mean(axis=0)).T
    after, before = np.roll(np.arange(len(x)), -1), np.roll(np.arange(len(x)), 1)
    doubled = float((x * y[after] - x[after] * y).sum())
    gradient = np.zeros_like(places)
    gradient[:, 0], gradient[:, 1] = (y[after] - y[before]) / 2, (x[before] - x[after]) / 2
    return abs(doubled) / 2, gradient * np.sign(doubled)


def _angle(places: Array) -> Derived:
    first, third = places[0, :2] - places[1, :2], places[2, :2] - places[1, :2]
    turn = np.arctan2(first[0], first[1]), np.arctan2(third[0], third[1])
    value = float(np.degrees(turn[1] - turn[0]) % 360)
    gradient = np.zeros_like(places)
    for row, leg, sign in ((0, first, -1.0), (2, third, 1.0)):
        square = max(float(leg @ leg), 1e-12)
        gradient[row, :2] = sign * np.array([leg[1], -leg[0]]) / square
    gradient[1] = -gradient[0] - gradient[2]
    return value, np.degrees(gradient)


def _height_difference(places: Array) -> Derived:
    return float(places[1, 2] - places[0, 2]), np.array([[0, 0, -1.0], [0, 0, 1.0]])


MANY = 1000
KINDS: dict[Kind, tuple[Callable[[Array], Derived], int, int, Unit]] = {
    "distance": (_path, 2, 2, "m"),
    "horizontal distance": (_horizontal, 2, 2, "m"),
    "path": (_path, 2, MANY, "m"),
    "area": (_area, 3, MANY, "m²"),
    "angle": (_angle, 3, 3, "°"),
    "height difference": (_height_difference, 2, 2, "m"),
}
