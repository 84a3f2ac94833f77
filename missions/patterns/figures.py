"""Figures that patterns are told, held within bounds; and places that a flat frame can hold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from missions.errors import AreaError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.local import local_from_ring, places_from_local
from missions.patterns.pattern import Pattern

MAX_ROWS = 5_000
"""More places than any autopilot or operator takes in one pattern."""
MAX_LINE_M = 200_000.0
MAX_LINE_POINTS = 100_000
SHORTEST_LINE_M = 5.0
_SAME_M = 0.01


def within(value: float, what: str, low: float, high: float, unit: str = "metres") -> float:
    """The value itself. Raises SettingsError where it is not a number from `low` to `high`."""
    if not (math.isfinite(value) and low <= value <= high):
        raise SettingsError(f"{what} of {value} {unit} makes no pattern", remedy=f"Give {low:g} to {high:g}")
    return float(value)


def whole(value: int, what: str, low: int, high: int) -> int:
    """The count itself. Raises SettingsError where it is not a whole number from `low` to `high`."""
    if isinstance(value, bool) or value != value or int(within(value, what, low, high, "")) != value:
        raise SettingsError(f"{what} of {value} is no count", remedy=f"Give a whole number {low} to {high}")
    return int(value)


def bearing(value: float) -> float:
    """The bearing within 0 to 360 degrees. Raises SettingsError for what is no number."""
    if not math.isfinite(value):
        raise SettingsError(
            f"a bearing of {value} degrees is none", remedy="Give 0 to 360, from north clockwise"
        )
    return float(value) % 360


def few_enough(count: float, remedy: str) -> None:
    """Raises SettingsError where a pattern would take more places than are flown."""
    if not count <= MAX_ROWS:
        raise SettingsError(f"the pattern would take {count:.0f} places, more than {MAX_ROWS}", remedy=remedy)


def line_in_metres(line: Sequence[GeoPoint]) -> tuple[LocalFrame, Points]:
    """A frame in the middle of a line, and the line in it without repeated points, (n, 2).

    Raises AreaError for less than two different places, for a line across the antimeridian and for one that
    is too short or too long.
    """
    if not 2 <= len(line) <= MAX_LINE_POINTS:
        raise AreaError(
            f"the line has {len(line)} points", remedy=f"Draw it with 2 to {MAX_LINE_POINTS} points"
        )
    lats, lons = [place.lat_deg for place in line], [place.lon_deg for place in line]
    if any(abs(lon - before) > 180 for before, lon in pairwise(lons)):
        raise AreaError(
            "the line crosses the antimeridian (longitude 180)", remedy="Draw a line on each side of it"
        )
    frame = LocalFrame(GeoPoint((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2))
    points = local_from_ring(line, frame)
    apart = np.hypot(*np.diff(points, axis=0).T)
    if not float(apart.sum()) <= MAX_LINE_M:
        raise AreaError(
            f"the line is {apart.sum() / 1000:.0f} km long, more than {MAX_LINE_M / 1000:.0f}",
            remedy="Is it the right line? Draw the part to fly",
        )
    if apart.sum() < SHORTEST_LINE_M:
        raise AreaError(
            f"the line is {apart.sum():.1f} m long",
            remedy="Draw it longer, or fly a pattern round a point",
        )
    points = points[np.concatenate([[True], apart > _SAME_M])]
    return frame, points


def placed(pattern: Pattern) -> Pattern:
    """The pattern itself. Raises SettingsError where it has too many places or lies across longitude 180.

    Maps, fences and files hold no ring across the antimeridian or round a pole.
    """
    few_enough(len(pattern.path), "Ask for a smaller pattern, or fly higher")
    west, south, east, north = pattern.shape.bounds
    corners = np.array([[west, south], [west, north], [east, south], [east, north], [0.0, 0.0]])
    places = places_from_local(np.concatenate([pattern.path.points, corners]), pattern.frame)
    lons = [place.lon_deg for place in places]
    if max(lons) - min(lons) > 180:
        raise SettingsError(
            "the pattern lies across the antimeridian (longitude 180) or round a pole",
            remedy="Plan a pattern on each side of it",
        )
    return pattern


def told(pattern: Pattern, **figures: float) -> Pattern:
    """The pattern with more figures that it was told."""
    known = {name: float(value) for name, value in figures.items()}
    return dataclasses.replace(pattern, figures={**pattern.figures, **known})
