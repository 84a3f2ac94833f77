"""Sector search (IAMSAR VS): legs through a datum like the spokes of a wheel, for a place known accurately.

With three sectors every leg is as long as the radius and every turn 120 degrees to starboard: out from the
datum, across, back through the datum, across, and so on until the last leg ends at it. A second search turns
all by half a sector, 30 degrees, so that its legs fall midway between those of the first.
"""

from __future__ import annotations

import math

import numpy as np
from shapely import Point

from missions.aircraft import Aircraft
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.patterns.figures import bearing, few_enough, placed, whole, within
from missions.patterns.pattern import Pattern
from missions.patterns.runs import covered_pct, ground_seen, legs_flown, path_of_runs
from missions.view import View

NAME = "sector-search"
IAMSAR_SECTORS = 3
MAX_SECTORS = 99
MAX_SWEEPS = 10


def sector(
    datum: GeoPoint,
    view: View,
    *,
    radius_m: float,
    sweeps: int = 1,
    sectors: int | None = IAMSAR_SECTORS,
    bearing_deg: float = 0.0,
    starboard: bool = True,
    aircraft: Aircraft | None = None,
) -> Pattern:
    """Sectors round a datum out to `radius_m`, the first leg on `bearing_deg` (best down-drift).

    `sweeps` repeats the search, each turned so that its legs fall between those flown before. `sectors` is
    odd; None takes as few as leave no more than one track spacing between legs at the rim. Its ground is the
    circle. Raises SettingsError, also where an aircraft turns too widely for the legs.
    """
    radius = within(radius_m, "a radius", 10.0, 20_000.0)
    count = sectors_for(radius, view.spacing_m) if sectors is None else _odd(sectors)
    rounds = whole(sweeps, "sweeps, a number", 1, MAX_SWEEPS)
    few_enough(3 * count * rounds, "Ask for fewer sectors or sweeps")
    first_deg = bearing(bearing_deg)
    # As many directions as sweeps, spread evenly over the angle between two legs.
    turned = [first_deg + 180 / count * _spread(number) for number in range(rounds)]
    points = np.concatenate([spokes(radius, count, course, starboard) for course in turned])
    keep = np.concatenate([[True], np.hypot(*np.diff(points, axis=0).T) > 1e-6])
    turn_radius_m = 0.0 if aircraft is None else aircraft.turn_radius_m
    path = path_of_runs([points[keep]], view, corners=turn_radius_m == 0)
    ground = Point(0, 0).buffer(radius, quad_segs=32)
    legs, tight = legs_flown(path, view, turn_radius_m)
    if tight:
        raise SettingsError(
            f"legs of {radius:.0f} m are too short for an aircraft that cannot turn on the spot",
            remedy="Fly a copter, or ask for a larger radius and one sweep",
        )
    return placed(
        Pattern(
            name=NAME,
            frame=LocalFrame(datum),
            shape=ground,
            path=path,
            lanes=3 * count * rounds,
            spacing_m=view.spacing_m,
            trigger_m=view.trigger_m,
            angle_deg=first_deg,
            asked_angle_deg=first_deg,
            covered_pct=covered_pct(ground, ground_seen(path, view, legs)),
            figures={
                "radius_m": radius,
                "sectors": float(count),
                "sweeps": float(rounds),
                "bearing_deg": first_deg,
                "starboard": float(starboard),
            },
        )
    )


def sectors_for(radius_m: float, spacing_m: float) -> int:
    """The fewest sectors, an odd number, whose legs at the rim lie at most one track spacing apart.

    Raises SettingsError where they are too many to fly.
    """
    most_deg = 2 * math.degrees(math.asin(min(1.0, spacing_m / (2 * radius_m))))
    count = max(IAMSAR_SECTORS, math.ceil(180 / most_deg - 1e-9))
    count += 1 - count % 2
    few_enough(count if count <= MAX_SECTORS else math.inf, "Ask for a smaller radius, or fly higher")
    return count


def spokes(radius_m: float, sectors: int, bearing_deg: float, starboard: bool = True) -> Points:
    """The ends of every leg, from the datum and back to it, metres, (3 * sectors + 1, 2).

    Leg 3 k comes in to the datum and leg 3 k + 1 goes on beyond it on the same course.
    """
    side = 1 if starboard else -1
    places = [np.zeros(2)]
    for number in range(sectors):
        # Every sector begins on the far side of the one before.
        out_deg = bearing_deg + side * number * (180 + 180 / sectors)
        for course in (out_deg, out_deg + side * 180 / sectors):
            angle = math.radians(course)
            places.append(radius_m * np.array([math.sin(angle), math.cos(angle)]))
        places.append(np.zeros(2))
    return np.array(places)


def _odd(sectors: int) -> int:
    count = whole(sectors, "sectors, a number", IAMSAR_SECTORS, MAX_SECTORS)
    if count % 2 == 0:
        raise SettingsError(
            f"{count} sectors would fly some legs twice and others not at all",
            remedy=f"Give an odd number: {count - 1} or {count + 1}",
        )
    return count


def _spread(number: int) -> float:
    """Shares of a sector, each halfway between those before: 0, 1/2, 1/4, 3/4, 1/8, ...

    >>> [_spread(number) for number in range(5)]
    [0.0, 0.5, 0.25, 0.75, 0.125]
    """
    share, step = 0.0, 0.5
    while number:
        number, bit = divmod(number, 2)
        share += bit * step
        step /= 2
    return share
