"""Circles as waypoints, for formats that know no circle."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

from missions.geodesy import LocalFrame
from missions.plan import Waypoint

POINTS_A_TURN = 24
"""The chords between them lie within 1 % of the radius of the circle."""


def without_circles(route: Sequence[Waypoint]) -> Iterator[tuple[Waypoint, bool]]:
    """The route with each circle as the points on it, and whether each lies on a circle.

    A circle is entered at its point nearest to where the aircraft comes from, and left where its turns end.
    """
    before: Waypoint | None = None
    for waypoint in route:
        if waypoint.orbit_turns <= 0 or waypoint.orbit_radius_m == 0:
            yield waypoint, False
        else:
            for point in _circle(waypoint, before):
                yield point, True
        before = waypoint


def _circle(middle: Waypoint, before: Waypoint | None) -> Iterator[Waypoint]:
    frame = LocalFrame(middle.place)
    came = before.place if before is not None else middle.place
    east, north = frame.local_from_geo([(came.lon_deg, came.lat_deg)])[0]
    start = math.atan2(east, north) if math.hypot(east, north) > 0.01 else 0.0
    radius_m, clockwise = abs(middle.orbit_radius_m), middle.orbit_radius_m > 0
    count = max(2, math.ceil(middle.orbit_turns * POINTS_A_TURN))
    for index in range(count + 1):
        angle = start + (1 if clockwise else -1) * 2 * math.pi * middle.orbit_turns * index / count
        place = frame.point_from_local(radius_m * math.sin(angle), radius_m * math.cos(angle))
        yield dataclasses.replace(
            middle,
            place=place,
            orbit_turns=0.0,
            orbit_radius_m=0.0,
            hold_s=middle.hold_s if index == 0 else 0.0,
            picture=middle.picture and index == 0,
        )
