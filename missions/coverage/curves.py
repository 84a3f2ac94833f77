"""The curve that an aircraft which cannot stop flies along a route: its legs, and turns between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.coverage.flown_turn import CHORD_M, flown_turn
from missions.coverage.route import Route
from missions.coverage.turning import Turning
from missions.geodesy import Points

__all__ = ["CHORD_M", "Curve", "curve_of"]


@dataclass(frozen=True, slots=True)
class Curve:
    """Every place flown, chords of at most `CHORD_M`; its length, and how far it leaves the area at most.

    `margin_m` is what it was allowed, None for anything.
    """

    points: Points
    length_m: float
    leaves_m: float
    margin_m: float | None

    @property
    def within(self) -> bool:
        """Whether it stays in the area and its margin."""
        return self.margin_m is None or self.leaves_m <= self.margin_m + CHORD_M


def curve_of(route: Route, turning: Turning) -> Curve:
    """The curve through every leg of a route, from its first point to its last.

    What the route flies outside on purpose (from a start there, between parts) does not count as leaving.
    """
    begins = np.flatnonzero(route.recording)
    headings = np.arctan2(*(route.legs[:, 1] - route.legs[:, 0]).T[::-1])
    pieces: list[Points] = [route.points[:1]]
    leaves_m = 0.0
    for index in range(len(begins) + 1):
        first = 0 if index == 0 else int(begins[index - 1]) + 1
        last = int(begins[index]) if index < len(begins) else len(route.points) - 1
        way = route.points[first : last + 1]
        if len(way) > 1 or 0 < index < len(begins):
            leaving = headings[index - 1] if index else _heading(way[0], way[1])
            entering = headings[index] if index < len(begins) else _heading(way[-2], way[-1])
            turn = flown_turn(way, float(leaving), float(entering), turning)
            meant = bool(route.outside[first:last].any()) or (
                route.approach_m > 0 and index in {0, len(begins)}
            )
            leaves_m = max(leaves_m, 0.0 if meant else turn.leaves_m)
            pieces.append(turn.points()[1:])
        if index < len(begins):
            pieces.append(route.legs[index, 1:])
    points = np.concatenate(pieces)
    return Curve(points, float(np.hypot(*np.diff(points, axis=0).T).sum()), leaves_m, turning.margin_m)


def _heading(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(np.arctan2(b[1] - a[1], b[0] - a[0]))
