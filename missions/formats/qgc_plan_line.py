"""The line that a corridor's lanes were laid along, found again from the lanes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from shapely import LineString

from missions.errors import FormatError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.local import local_from_ring, places_from_local
from missions.plan import Waypoint

_POINTS = 200
_TOLERANCE_M = 0.5


def middle_line(route: Sequence[Waypoint]) -> tuple[GeoPoint, ...]:
    """The line in the middle of lanes flown beside each other, within half a metre on straight lanes.

    Each lane is walked at the same shares of its length and the places at each share are averaged. Raises
    FormatError where the route has no lanes.
    """
    lanes = [lane for lane in _lanes(route) if len(lane) > 1]
    if not lanes:
        raise FormatError("the corridor has no lanes", remedy="Export it as plan")
    frame = LocalFrame(lanes[0][0])
    local = [local_from_ring(lane, frame) for lane in lanes]
    longest_m = max(LineString(lane).length for lane in local)
    whole = [lane for lane in local if LineString(lane).length > longest_m / 2]
    middle = np.mean([_walked(_along(lane, whole[0])) for lane in whole], axis=0)
    line = LineString(middle).simplify(_TOLERANCE_M)
    return places_from_local(np.asarray(line.coords), frame)


def _lanes(route: Sequence[Waypoint]) -> list[list[GeoPoint]]:
    """Runs of waypoints between which pictures are taken."""
    lanes: list[list[GeoPoint]] = [[]]
    for waypoint in route:
        lanes[-1].append(waypoint.place)
        if not waypoint.recording:
            lanes.append([])
    return lanes


def _along(lane: Points, first: Points) -> Points:
    """The lane, turned round where it was flown the other way."""
    same = np.hypot(*(lane[0] - first[0])) + np.hypot(*(lane[-1] - first[-1]))
    other = np.hypot(*(lane[0] - first[-1])) + np.hypot(*(lane[-1] - first[0]))
    return lane if same <= other else lane[::-1]


def _walked(lane: Points) -> Points:
    line = LineString(lane)
    shares = np.linspace(0.0, 1.0, _POINTS)
    return np.array([line.interpolate(share, normalized=True).coords[0] for share in shares])
