"""One route through all legs: their order, and the ways between them inside the area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.coverage.around import Around
from missions.coverage.dubins import turning_lengths
from missions.coverage.inside import Inside
from missions.coverage.lanes import Legs
from missions.coverage.tour import short_tour
from missions.geodesy import Points

_SAME_M = 0.01
_EASY_LEGS = 60


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


def links_between(
    inside: Inside, legs: Legs, start: npt.NDArray[np.float64] | None, turn_m: float, turn_radius_m: float
) -> Links:
    """The links of legs and a start, which costs nothing to reach where none is given."""
    around = Around(inside)
    gate = None if start is None else inside.nearest(start)
    home = np.zeros((2, 2)) if gate is None else np.stack([gate, gate])
    ends = np.concatenate([home, legs.reshape(-1, 2)])
    costs = np.zeros((len(ends), len(ends)))
    first = 2 if gate is None else 0
    costs[first:, first:] = around.distances(ends[first:], turn_m)
    if turn_radius_m > 0:
        costs[2:, 2:] = np.maximum(costs[2:, 2:], turning_lengths(legs, turn_radius_m))
    return Links(ends, costs, around, start, turn_m)


def ordered(links: Links, shakes: int) -> tuple[list[int], float]:
    """The order and direction of the legs, and what it takes to fly them so, metres with turns counted."""
    tour = short_tour(links.costs, _affordable(shakes, len(links.costs) // 2))
    steps = zip(tour, [*tour[1:], tour[0]], strict=True)
    between_m = sum(float(links.costs[before ^ 1, after]) for before, after in steps)
    legs = links.ends[2:].reshape(-1, 2, 2)
    along_m = float(np.hypot(*(legs[:, 1] - legs[:, 0]).T).sum())
    return tour, between_m + along_m + 2 * links.turn_m * len(legs)


def route_through(links: Links, tour: list[int]) -> Route:
    """The route through all legs in their order, from the start and back where there is one."""
    route = _walk(links, tour)
    return route if links.start is None else _from(route, links.start)


def _affordable(shakes: int, legs: int) -> int:
    """Fewer shakes where each takes longer."""
    return min(shakes, shakes * _EASY_LEGS // max(legs, 1))


def _from(route: Route, start: npt.NDArray[np.float64]) -> Route:
    """The route with the way from a start outside the area to where it begins, and back."""
    approach_m = float(np.hypot(*(route.points[0] - start)))
    if approach_m < _SAME_M:
        return route
    return Route(
        points=np.concatenate([start[None], route.points, start[None]]),
        recording=np.concatenate([[False], route.recording, [False]]),
        outside=np.concatenate([[False], route.outside, [False]]),
        legs=route.legs,
        approach_m=approach_m,
    )


def _walk(links: Links, tour: list[int]) -> Route:
    """The points of a tour, with the ways between legs."""
    ends, open_ended = links.ends, links.start is None
    points: list[npt.NDArray[np.float64]] = [] if open_ended else [ends[0]]
    recording: list[bool] = []
    outside: list[bool] = []
    flown = tour[1:]
    for entered in flown:
        if points:
            _transit(links.around, points, recording, outside, ends[entered])
        else:
            points.append(ends[entered])
        points.append(ends[entered ^ 1])
        recording.append(True)
        outside.append(False)
    if not open_ended:
        _transit(links.around, points, recording, outside, ends[0])
    places = np.array(points)
    begins = np.flatnonzero(recording)
    return Route(
        points=places,
        recording=np.array([*recording, False]),
        outside=np.array([*outside, False]),
        legs=np.stack([places[begins], places[begins + 1]], axis=1),
    )


def _transit(
    around: Around,
    points: list[npt.NDArray[np.float64]],
    recording: list[bool],
    outside: list[bool],
    to: npt.NDArray[np.float64],
) -> None:
    """Add the way from the last point to `to`; nothing where it is the same place."""
    if np.hypot(*(points[-1] - to)) < _SAME_M:
        return
    way, crosses = around.way(points[-1], to)
    for point in way[1:]:
        points.append(point)
        recording.append(False)
        outside.append(crosses)
