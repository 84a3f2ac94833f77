"""One route through all legs: their order, and the ways between them inside the area."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from missions.coverage.around import Around
from missions.coverage.inside import Inside
from missions.coverage.lanes import Legs
from missions.coverage.metric import Metric
from missions.coverage.tour import short_tour
from missions.coverage.turning import Turning, turning_costs
from missions.geodesy import Points

_SAME_M = 0.01
_EASY_LEGS = 60
_NEVER_M = 1e7
"""More than any tour costs: what must not be chosen."""


@dataclass(frozen=True, slots=True)
class Route:
    """Every point flown, in order, and whether the camera records on the way from each to the next.

    `legs` are those on which it records, in the order and direction flown. `outside` says for each point
    whether the way from it to the next crosses from one part of the area to another. `approach_m` is the way
    from a start outside to the area, and back again.
    """

    points: Points
    recording: npt.NDArray[np.bool_]
    outside: npt.NDArray[np.bool_]
    legs: Legs
    approach_m: float = 0.0

    @property
    def length_m(self) -> float:
        """The length of the whole route."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


@dataclass(frozen=True, slots=True)
class Links:
    """Legs and what it takes to get from every end of one to every end of another.

    Ends 2k and 2k + 1 belong to leg k; leg 0 is the start, whose two ends are one place.
    """

    ends: Points
    costs: npt.NDArray[np.float64]
    around: Around
    start: npt.NDArray[np.float64] | None
    turn_m: float
    metric: Metric
    free: bool
    """Whether the route may as well be flown backwards."""


def links_between(
    inside: Inside,
    legs: Legs,
    start: npt.NDArray[np.float64] | None,
    turn_m: float,
    turning: Turning,
    enter_near: npt.NDArray[np.float64] | None = None,
) -> Links:
    """The links of legs and a start, which costs nothing to reach where none is given.

    With `enter_near` only the leg's end nearest to it can be flown to first.
    """
    around = Around(inside)
    gate = None if start is None else inside.nearest(start)
    home = np.zeros((2, 2)) if gate is None else np.stack([gate, gate])
    ends = np.concatenate([home, legs.reshape(-1, 2)])
    costs = np.zeros((len(ends), len(ends)))
    first = 2 if gate is None else 0
    costs[first:, first:] = around.distances(ends[first:], turn_m)
    if turning.radius_m > 0:
        costs[2:, 2:] = np.maximum(costs[2:, 2:], turning_costs(legs, turning))
    if enter_near is not None:
        others = np.arange(2, len(ends)) != 2 + int(np.argmin(np.hypot(*(ends[2:] - enter_near).T)))
        # The route leaves its start by end 1 and comes back to it at end 0.
        costs[1, 2:][others] += _NEVER_M
        costs[2:, 1][others] += _NEVER_M
    free = start is None and enter_near is None
    return Links(ends, costs, around, start, turn_m, inside.metric, free)


def ordered(links: Links, shakes: int) -> tuple[list[int], float]:
    """The order and direction of the legs, and what it takes to fly them so, metres with turns counted."""
    tour = short_tour(links.costs, _affordable(shakes, len(links.costs) // 2))
    steps = zip(tour, [*tour[1:], tour[0]], strict=True)
    between_m = sum(float(links.costs[before ^ 1, after]) for before, after in steps)
    legs = links.ends[2:].reshape(-1, 2, 2)
    along_m = float(links.metric.lengths(legs[:, 1] - legs[:, 0]).sum())
    saved_m = 0.0
    if links.start is None and len(tour) > 1:
        saved_m = links.metric.drift(links.ends[tour[-1] ^ 1] - links.ends[tour[1]])
        if links.free and saved_m < 0:
            tour = [0, *(entered ^ 1 for entered in reversed(tour[1:]))]
            saved_m = -saved_m
    return tour, between_m + along_m - saved_m + 2 * links.turn_m * len(legs)


def _affordable(shakes: int, legs: int) -> int:
    """Fewer shakes where each takes longer."""
    return min(shakes, shakes * _EASY_LEGS // max(legs, 1))


def from_start(route: Route, start: npt.NDArray[np.float64] | None) -> Route:
    """The route with the way from a start outside the area to where it begins, and back."""
    approach_m = 0.0 if start is None else float(np.hypot(*(route.points[0] - start)))
    if start is None or approach_m < _SAME_M:
        return route
    return Route(
        points=np.concatenate([start[None], route.points, start[None]]),
        recording=np.concatenate([[False], route.recording, [False]]),
        outside=np.concatenate([[False], route.outside, [False]]),
        legs=route.legs,
        approach_m=approach_m,
    )


def walk(links: Links, tour: list[int]) -> Route:
    """The legs of a tour and the ways between them, from and to where a start enters the area."""
    flown = np.array(tour[1:])
    enters, leaves = links.ends[flown], links.ends[flown ^ 1]
    legs = np.stack([enters, leaves], axis=1)
    if links.start is None:
        befores, afters = leaves[:-1], enters[1:]
    else:
        befores = np.concatenate([links.ends[:1], leaves])
        afters = np.concatenate([enters, links.ends[:1]])
    ways = links.around.ways(befores, afters, links.turn_m)
    pieces = [(leg, True, False) for leg in legs]
    between = [(way, False, crosses) for way, crosses in ways]
    first, second = (pieces, between) if links.start is None else (between, pieces)
    order = [piece for pair in zip_longest(first, second) for piece in pair if piece is not None]
    return _joined(order)


def _joined(pieces: list[tuple[Points, bool, bool]]) -> Route:
    """Pieces that follow on one another; a way between two places that are one is left out."""
    points, recording, outside = [pieces[0][0][0]], [], []
    for way, records, crosses in pieces:
        if not records and len(way) == 2 and np.hypot(*(way[1] - points[-1])) < _SAME_M:
            continue
        begin = [way[0]] if records else []
        if records and points[-1] is not way[0]:
            points[-1:] = begin
        points += list(way[1:])
        recording += [records] * (len(way) - 1)
        outside += [crosses] * (len(way) - 1)
    places = np.array(points)
    begins = np.flatnonzero(recording)
    return Route(
        points=places,
        recording=np.array([*recording, False], dtype=bool),
        outside=np.array([*outside, False], dtype=bool),
        legs=np.stack([places[begins], places[begins + 1]], axis=1),
    )
