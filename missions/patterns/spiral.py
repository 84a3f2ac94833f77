"""Spiral search: round and round a datum, one track spacing further out each time.

An Archimedean spiral, r = spacing x angle / 2 pi, flown as straight chords. At half a spacing inside the
radius it closes with one whole circle, so that the ground is seen alike on all sides. IAMSAR knows no
spiral; its expanding square is the same search with corners.
"""

from __future__ import annotations

import math

import numpy as np
from shapely import Point

from missions.aircraft import Aircraft
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.patterns.figures import bearing, few_enough, placed, within
from missions.patterns.pattern import Pattern
from missions.patterns.runs import covered_pct, ground_seen, legs_flown, path_of_runs
from missions.view import View

NAME = "spiral"
DEFAULT_CHORD_ERROR_M = 1.0
_INNER = 1.1
"""Of the turn radius: a spiral bends a little more than the circle that it passes through."""
_FINEST_RAD = math.radians(1.0)
_WIDEST_RAD = math.radians(30.0)


def spiral(
    datum: GeoPoint,
    view: View,
    *,
    radius_m: float,
    bearing_deg: float = 0.0,
    starboard: bool = True,
    inwards: bool = False,
    chord_error_m: float = DEFAULT_CHORD_ERROR_M,
    aircraft: Aircraft | None = None,
) -> Pattern:
    """A spiral from the datum until the circle of `radius_m` is seen; `inwards` flies it the other way.

    It leaves the datum on `bearing_deg`. No chord lies further than `chord_error_m` from the curve. An
    aircraft that cannot turn on the spot begins with a whole circle of about its turn radius, which must
    still see the datum. Raises SettingsError.
    """
    radius = within(radius_m, "a radius", 5.0, 20_000.0)
    error_m = within(chord_error_m, "a chord error", 0.05, 50.0)
    first_deg = bearing(bearing_deg)
    turn_radius_m = 0.0 if aircraft is None else aircraft.turn_radius_m
    inner_m, outer_m = _bounds(radius, view, turn_radius_m)
    points = curve(inner_m, outer_m, view.spacing_m, error_m)
    if turn_radius_m > 0:
        points = np.concatenate([_circle(points[0], error_m), points])
    turned = math.radians(first_deg)
    side = 1.0 if starboard else -1.0
    east, north = side * points[:, 0], points[:, 1]
    points = np.column_stack(
        [
            east * math.cos(turned) + north * math.sin(turned),
            north * math.cos(turned) - east * math.sin(turned),
        ]
    )
    path = path_of_runs([points[::-1] if inwards else points], view, corners=turn_radius_m == 0)
    ground = Point(0, 0).buffer(radius, quad_segs=32)
    legs, _ = legs_flown(path, view, turn_radius_m)
    return placed(
        Pattern(
            name=NAME,
            frame=LocalFrame(datum),
            shape=ground,
            path=path,
            lanes=1,
            spacing_m=view.spacing_m,
            trigger_m=view.trigger_m,
            angle_deg=first_deg,
            asked_angle_deg=first_deg,
            covered_pct=covered_pct(ground, ground_seen(path, view, legs)),
            figures={
                "radius_m": radius,
                "bearing_deg": first_deg,
                "starboard": float(starboard),
                "inwards": float(inwards),
                "chord_error_m": error_m,
            },
        )
    )


def curve(inner_m: float, outer_m: float, spacing_m: float, chord_error_m: float) -> Points:
    """Places on the spiral between two radii and then once round the outer one, metres, (n, 2).

    It leaves the middle northwards and turns to starboard. Raises SettingsError for too many places.
    """
    a = spacing_m / (2 * math.pi)
    few_enough(
        (outer_m / spacing_m + 1) * 2 * math.pi / max(_step(outer_m, a, chord_error_m), _FINEST_RAD),
        "Fly higher, or ask for a smaller radius or a larger chord error",
    )
    angles = [inner_m / a]
    end = outer_m / a
    while angles[-1] < end - 1e-9:
        # The step is judged where it begins, where the spiral curves most.
        angles.append(min(end, angles[-1] + _step(a * angles[-1], a, chord_error_m)))
    count = math.ceil(2 * math.pi / _step(outer_m, a, chord_error_m))
    angle = np.concatenate([angles, end + 2 * math.pi * np.arange(1, count + 1) / count])
    reach = np.minimum(a * angle, outer_m)
    return np.column_stack([reach * np.sin(angle), reach * np.cos(angle)])


def _circle(end: Points, chord_error_m: float) -> Points:
    """Places once round the middle until just before `end`, to starboard, (n, 2)."""
    radius_m = float(np.hypot(*end))
    count = math.ceil(2 * math.pi / _step(radius_m, 0.0, chord_error_m))
    angle = math.atan2(end[0], end[1]) + 2 * math.pi * np.arange(count) / count
    return radius_m * np.column_stack([np.sin(angle), np.cos(angle)])


def _step(r_m: float, a_m: float, chord_error_m: float) -> float:
    """The angle of a chord whose middle lies `chord_error_m` inside the curve, radians."""
    bend_m = math.hypot(r_m, a_m) ** 3 / (r_m**2 + 2 * a_m**2)
    along = 2 * math.acos(max(0.0, 1 - chord_error_m / bend_m)) * bend_m
    return min(max(along / math.hypot(r_m, a_m), _FINEST_RAD), _WIDEST_RAD)


def _bounds(radius_m: float, view: View, turn_radius_m: float) -> tuple[float, float]:
    """The radii between which the spiral runs."""
    inner_m = turn_radius_m * _INNER
    if inner_m > view.footprint_m[0] / 2:
        raise SettingsError(
            f"a circle of {inner_m:.0f} m, the tightest that is flown, does not see the datum"
            f" ({view.footprint_m[0] / 2:.0f} m to each side)",
            remedy="Fly a copter, fly higher, or fly a parallel track search",
        )
    outer_m = max(radius_m - view.spacing_m / 2, inner_m)
    if outer_m <= 0:
        raise SettingsError(
            f"one picture from the datum sees more than {radius_m:.0f} m",
            remedy=f"Ask for more than {view.spacing_m / 2:.0f} m, or fly lower",
        )
    return inner_m, outer_m
