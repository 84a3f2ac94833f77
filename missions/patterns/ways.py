"""Ways from one place of a pattern to the next that stay over its ground."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from missions.coverage.around import Around
from missions.coverage.inside import Inside
from missions.geodesy import Points
from missions.patterns.path import Path, joined, path_of
from missions.patterns.runs import NADIR_DEG, Way

_OUT_M = 1.0
_SAME_M = 0.01


def ways_through(inside: Inside) -> Way:
    """Ways inside an area, between its parts straight or round its holes; and whether they leave it."""
    around = Around(inside)

    def way(a: Points, b: Points) -> tuple[Points, bool]:
        return around.ways(a[None], b[None])[0]

    return way


def ways_over(ground: BaseGeometry) -> Way:
    """Ways over ground whose edge may itself be flown along; straight where it has no room for a way."""
    inside = ways_through(Inside(ground.buffer(_OUT_M), 0.1))

    def way(a: Points, b: Points) -> tuple[Points, bool]:
        places, leaves = inside(a, b)
        # The ends as they were asked for, to the last digit.
        return np.concatenate([a[None], places[1:-1], b[None]]), leaves

    return way


def led_from(search: Path, inside: Inside, start_m: npt.NDArray[np.float64] | None) -> Path:
    """A search inside an area with the way to it from a start and back, as far as can be inside too.

    Without a start it begins and ends at the border beside where the search begins.
    """
    way = ways_through(inside)
    first, last = search.points[0], search.points[-1]
    gate = inside.border_near(first) if start_m is None else inside.nearest(np.asarray(start_m))
    to, leaves = way(gate, inside.nearest(first))
    home, leaves_again = way(inside.nearest(last), gate)
    begin, end = (float(search.height_agl_m[row]) for row in (0, -1))
    outside = np.concatenate([search.outside[:-1], [leaves_again]])
    pieces = [dataclasses.replace(search, outside=outside)]
    if math.dist(gate, first) >= _SAME_M:
        pieces.insert(0, _transit(to[:-1], leaves, begin))
    if math.dist(last, gate) >= _SAME_M:
        pieces.append(_transit(home[1:], leaves_again, end))
    if start_m is not None and math.dist(gate, start_m) >= _SAME_M:
        beside = np.asarray(start_m).reshape(1, 2)
        pieces = [_transit(beside, False, begin), *pieces, _transit(beside, False, end)]
    return joined(pieces)


def _transit(points: Points, leaves: bool, height_agl_m: float) -> Path:
    return path_of(points, height_agl_m, outside=leaves, gimbal_pitch_deg=NADIR_DEG)
