"""At which differences of their starts two flights come too near each other.

Both are cut into pieces of a few seconds. Two pieces that are too near each other at no matter what time
clash whenever both are flown at the same time, or nearly so: each such pair forbids an interval of
differences. That is on the safe side by the length of a piece.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from missions.fleet.apart import Trail
from missions.sorties.spent import Floats

SLACK_S = 15.0
"""So much earlier or later than planned an aircraft may be where another is."""
_PIECE_S = 4.0


@dataclass(frozen=True, slots=True)
class Keep:
    """What keeps two aircraft apart: metres in plan, or else metres in height; and for how many seconds."""

    distance_m: float
    vertical_m: float
    slack_s: float = SLACK_S


def clashes(a: Trail, b: Trail, keep: Keep) -> Floats:
    """The differences (k, 2), start of `b` less start of `a` in seconds, between which the two clash.

    The intervals rise and do not touch. Both trails start at second 0.
    """
    lines_a, times_a, heights_a = _pieces(a)
    lines_b, times_b, heights_b = _pieces(b)
    tree = shapely.STRtree(lines_b)
    i, j = tree.query(lines_a, predicate="dwithin", distance=keep.distance_m)
    apart_m = np.maximum(heights_a[i, 0] - heights_b[j, 1], heights_b[j, 0] - heights_a[i, 1])
    near = apart_m < keep.vertical_m
    i, j = i[near], j[near]
    begin_s = times_a[i, 0] - times_b[j, 1] - keep.slack_s
    end_s = times_a[i, 1] - times_b[j, 0] + keep.slack_s
    return _merged(begin_s, end_s)


def _pieces(trail: Trail) -> tuple[npt.NDArray[np.object_], Floats, Floats]:
    """Lines, or points where it stays, (n,), and the times and heights (n, 2) between which each is flown."""
    count = max(1, math.ceil((trail.at_s[-1] - trail.at_s[0]) / _PIECE_S))
    times = np.unique(np.concatenate([trail.at_s, np.linspace(trail.at_s[0], trail.at_s[-1], count + 1)]))
    columns = (trail.points_m[:, 0], trail.points_m[:, 1], trail.height_m)
    x, y, height = (np.interp(times, trail.at_s, column) for column in columns)
    places = np.column_stack([x, y])
    lines = np.asarray(shapely.linestrings(np.stack([places[:-1], places[1:]], axis=1)), dtype=object)
    # A tree finds nothing near a line of no length: climbing and waiting are points.
    still = (places[:-1] == places[1:]).all(axis=1)
    lines[still] = shapely.points(places[:-1][still])
    heights = np.sort(np.column_stack([height[:-1], height[1:]]), axis=1)
    return lines, np.column_stack([times[:-1], times[1:]]), heights


def _merged(begin: Floats, end: Floats) -> Floats:
    if not len(begin):
        return np.zeros((0, 2))
    order = np.argsort(begin)
    begin, end = begin[order], np.maximum.accumulate(end[order])
    first = np.append(True, begin[1:] > end[:-1])
    last = np.append(np.flatnonzero(first)[1:] - 1, len(end) - 1)
    return np.column_stack([begin[first], end[last]])
