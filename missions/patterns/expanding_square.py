"""Expanding square search (IAMSAR SS): out from a datum in squares, for a place that is known closely.

The search commences at the datum; the first two legs are one track spacing long and every second leg one
spacing longer than the two before; all turns are 90 degrees, to starboard. The first leg is best flown into
the wind, and a second search of the same place 45 degrees further round.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely.affinity import rotate

from missions.aircraft import Aircraft
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.patterns.figures import bearing, placed, whole, within
from missions.patterns.pattern import Pattern, Shape
from missions.patterns.runs import covered_pct, ground_seen, legs_flown, path_of_runs
from missions.view import View

NAME = "expanding-square"
DEFAULT_LEGS = 13
MAX_LEGS = 400


def expanding_square(
    datum: GeoPoint,
    view: View,
    *,
    legs: int | None = None,
    radius_m: float | None = None,
    bearing_deg: float = 0.0,
    starboard: bool = True,
    aircraft: Aircraft | None = None,
) -> Pattern:
    """Squares round a datum, the first leg on `bearing_deg`.

    `legs` says how many, or `radius_m` how far out from the datum the ground must be seen on every side; the
    last leg then ends with its square, as it does where neither is told (13 legs). Its ground is the largest
    square all round the datum that is wholly flown. Raises SettingsError, also where an aircraft turns too
    widely for the first legs.
    """
    spacing_m = view.spacing_m
    first_deg = bearing(bearing_deg)
    count, closed = _legs(legs, radius_m, spacing_m)
    points = corners(count, spacing_m, first_deg, starboard, closed)
    turn_radius_m = 0.0 if aircraft is None else aircraft.turn_radius_m
    path = path_of_runs([points], view, corners=turn_radius_m == 0)
    # What lies half a spacing behind the datum, and beyond the last leg's end, belongs to the ground too.
    path.picture[[0, -1]] = True
    ground = _ground(count, spacing_m, first_deg)
    flown, tight = legs_flown(path, view, turn_radius_m)
    if tight:
        raise SettingsError(
            f"first legs of {spacing_m:.0f} m are too short for an aircraft that cannot turn on the spot",
            remedy="Fly a copter, fly higher, or fly a parallel track search",
        )
    seen = ground_seen(path, view, flown)
    figures = {"legs": float(count), "bearing_deg": first_deg, "starboard": float(starboard)}
    return placed(
        Pattern(
            name=NAME,
            frame=LocalFrame(datum),
            shape=ground,
            path=path,
            lanes=count,
            spacing_m=spacing_m,
            trigger_m=view.trigger_m,
            angle_deg=first_deg,
            asked_angle_deg=first_deg,
            covered_pct=covered_pct(ground, seen),
            figures=figures if radius_m is None else {**figures, "radius_m": float(radius_m)},
        )
    )


def corners(
    count: int, spacing_m: float, bearing_deg: float, starboard: bool = True, closed: bool = False
) -> Points:
    """The datum and the end of each leg, metres from the datum, (count + 1, 2).

    With `closed` the last leg is as long as the one before, which ends it with its square.
    """
    lengths = spacing_m * np.ceil(np.arange(1, count + 1) / 2)
    if closed:
        lengths[-1] -= spacing_m
    turn = math.pi / 2 if starboard else -math.pi / 2
    course = math.radians(bearing_deg) + turn * np.arange(count)
    steps = lengths[:, None] * np.column_stack([np.sin(course), np.cos(course)])
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


def _legs(legs: int | None, radius_m: float | None, spacing_m: float) -> tuple[int, bool]:
    """How many legs, and whether the last ends with its square."""
    if radius_m is None:
        return (DEFAULT_LEGS, True) if legs is None else (whole(legs, "legs, a number", 2, MAX_LEGS), False)
    if legs is not None:
        raise SettingsError("legs and a radius were both given", remedy="Give one of them")
    rings = math.ceil(within(radius_m, "a radius", 1.0, 20_000.0) / spacing_m - 0.5 - 1e-9)
    if rings > MAX_LEGS // 4:
        raise SettingsError(
            f"a radius of {radius_m:.0f} m takes {4 * rings + 1} legs",
            remedy=f"Fly higher, or ask for {(MAX_LEGS // 4 + 0.5) * spacing_m:.0f} m at most",
        )
    return 4 * max(rings, 1) + 1, True


def _ground(count: int, spacing_m: float, bearing_deg: float) -> Shape:
    """The square of whole rings round the datum: ring k is flown after 4 k legs and most of the next."""
    rings = (count - 1) // 4
    half_m = (rings + 0.5) * spacing_m
    if not rings:
        half_m = spacing_m / 2
    return rotate(shapely.box(-half_m, -half_m, half_m, half_m), -bearing_deg, origin=(0, 0))
