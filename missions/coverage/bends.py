"""A route as its corners, which are moved and left out one by one while that saves more than it loses.

Corners and the free ground are held in the grid's frame (see `Ground`). Every straight piece records, but for
those that cross from one part of the area to another and those from and to a start: their ends stay where
they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from missions.coverage.ground import Ground, Place, Strip
from missions.coverage.inside import Inside
from missions.coverage.route import Route

_MOST_TRIED = 6_000
_LEAST_M = 0.05
"""What saves less is not worth a change."""
_ROUNDING_M2 = 1e-3
_INSET = 0.5


@dataclass(slots=True)
class _Piece:
    """The way from a corner to the next: whether it was a lane, what is seen from it, None if nothing is
    recorded, and whether it crosses from one part of the area to another."""

    lane: bool
    strip: Strip | None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Corners, those that stay where they are, and the pieces between."""

    places: list[Place]
    fixed: list[bool]
    pieces: list[_Piece]


class Bends:
    """The corners of a route over the ground that it sees."""

    def __init__(
        self, route: Route, ground: Ground, inside: Inside, turn_m: float, *, fixed_ends: bool
    ) -> None:
        self._ground, self._turn_m = ground, turn_m
        self._free = shapely.transform(inside.free, ground.turned)
        shapely.prepare(self._free)
        self._places: list[Place] = [(float(x), float(y)) for x, y in ground.turned(route.points)]
        still = _still(route, fixed_ends=fixed_ends)
        self._fixed = [a or b for a, b in pairwise([fixed_ends, *still, fixed_ends])]
        self._pieces = [
            _Piece(bool(lane), None if stays else self._strip(a, b, lane=bool(lane)), bool(outside))
            for (a, b), lane, stays, outside in zip(
                pairwise(self._places), route.recording, still, route.outside, strict=False
            )
        ]
        for strip in self._strips(self._pieces):
            ground.add(strip)
        self._unseen_m2 = self._most_m2 = ground.unseen_m2()
        self._tried = 0
        self._halted = False
        self._vain: dict[tuple[object, ...], float] = {}

    def state(self) -> State:
        """What `restore` brings back."""
        return State(self._places[:], self._fixed[:], self._pieces[:])

    def restore(self, state: State) -> None:
        """Go back to a state."""
        for strip in self._strips(self._pieces):
            self._ground.drop(strip)
        self._places, self._fixed, self._pieces = state.places[:], state.fixed[:], state.pieces[:]
        for strip in self._strips(self._pieces):
            self._ground.add(strip)

    def improve(self, price: float, step_m: float, spare_m2: float) -> None:
        """Leave corners out and move them by a step, where that saves `price` metres a square metre it loses.

        No more than `spare_m2` is lost in all.
        """
        self._unseen_m2 = self._ground.unseen_m2()
        self._most_m2 = self._unseen_m2 + spare_m2
        index = 0
        while index < len(self._places) and self._tried < _MOST_TRIED:
            if not self._fixed[index] and not self._once(0.0, index, price, self._leave_out):
                self._once(step_m, index, price, self._move)
            index += 1

    def route(self, *, needed_only: bool = False) -> Route:
        """The route now; with `needed_only` ways that see nothing alone do not record."""
        records = [piece.strip is not None for piece in self._pieces]
        if needed_only:
            before = self.state()
            for index, piece in enumerate(self._pieces):
                if piece.strip is not None and not piece.lane:
                    records[index] = self._ground.exchange([piece.strip], [], _ROUNDING_M2) is None
            self._pieces = [
                piece for piece, kept in zip(self._pieces, records, strict=True) if kept or not piece.strip
            ]
            self.restore(before)
        points = self._ground.turned_back(np.array(self._places))
        begins = np.flatnonzero(records)
        return Route(
            points=points,
            recording=np.array([*records, False]),
            outside=np.array([*(piece.outside for piece in self._pieces), False]),
            legs=np.stack([points[begins], points[begins + 1]], axis=1),
        )

    def _once(
        self, step_m: float, index: int, price: float, act: Callable[[int, float, float], bool]
    ) -> bool:
        """Whether an act came off; where it was in vain it is not tried again while the neighbours stand."""
        key = (step_m, *self._places[max(index - 1, 0) : index + 3])
        if self._vain.get(key, math.inf) <= price:
            return False
        self._halted = False
        done = act(index, step_m, price)
        if not done and not self._halted:
            self._vain[key] = price
        return done

    def _leave_out(self, index: int, _: float, price: float) -> bool:
        """Fly from the corner before straight to the corner after this one, or after the next."""
        return any(
            last < len(self._places)
            and len(self._places) - (last + 1 - index) >= 2
            and not any(self._fixed[index : last + 1])
            and self._exchange(index, last, [], price)
            for last in (index, index + 1)
        )

    def _move(self, index: int, step_m: float, price: float) -> bool:
        moved = False
        x, y = self._places[index]
        for dx, dy in self._ways(index):
            if self._exchange(index, index, [(x + dx * step_m, y + dy * step_m)], price):
                moved = True
                x, y = self._places[index]
        return moved

    def _ways(self, index: int) -> list[Place]:
        """Unit vectors to the neighbours, between them, and away from each."""
        x, y = self._places[index]
        beside = [self._places[other] for other in (index - 1, index + 1) if 0 <= other < len(self._places)]
        towards = [_unit(bx - x, by - y) for bx, by in beside if math.dist((x, y), (bx, by)) > _LEAST_M]
        between = (sum(dx for dx, _ in towards), sum(dy for _, dy in towards))
        both = [_unit(*between)] if len(towards) == 2 and math.hypot(*between) > 0.1 else []
        return [*towards, *both, *((-dx, -dy) for dx, dy in towards)]

    def _exchange(self, first: int, last: int, new: list[Place], price: float) -> bool:
        """Put `new` in the place of the corners from first to last, where that is worth it."""
        low, high = max(first - 1, 0), min(last + 1, len(self._places) - 1)
        now = [*self._places[low:first], *new, *self._places[last + 1 : high + 1]]
        saved_m = _length_m(self._places[low : high + 1]) - _length_m(now)
        saved_m += self._turn_m * (last + 1 - first - len(new))
        if not self._worth_a_look(now, saved_m, price):
            return False
        self._tried += 1
        if not self._flyable(now):
            return False
        gone = self._pieces[low:high]
        lanes = [piece.lane for piece in gone]
        lanes = lanes if len(lanes) == len(now) - 1 else [any(lanes)] * (len(now) - 1)
        pieces = [
            _Piece(lane, self._strip(a, b, lane=lane))
            for (a, b), lane in zip(pairwise(now), lanes, strict=True)
        ]
        worth_m2 = (saved_m - _LEAST_M) / price
        spare_m2 = max(self._most_m2 - self._unseen_m2, _ROUNDING_M2)
        lost_m2 = self._ground.exchange(self._strips(gone), self._strips(pieces), min(worth_m2, spare_m2))
        if lost_m2 is None:
            self._halted |= worth_m2 > spare_m2
            return False
        self._unseen_m2 += lost_m2
        self._places[first : last + 1] = new
        self._fixed[first : last + 1] = [False] * len(new)
        self._pieces[low:high] = pieces
        return True

    def _worth_a_look(self, places: list[Place], saved_m: float, price: float) -> bool:
        """Whether what is saved, or what could be seen besides, can be worth a change."""
        if saved_m > 0:
            return True
        if saved_m + price * self._unseen_m2 <= _LEAST_M:
            return False
        return saved_m + price * self._ground.unseen_about_m2(places) > _LEAST_M

    def _flyable(self, places: list[Place]) -> bool:
        lines = [shapely.LineString(pair) for pair in pairwise(places)]
        return bool(shapely.covers(self._free, lines).all())

    def _strip(self, a: Place, b: Place, *, lane: bool) -> Strip:
        """What a piece sees, a way a little less: where it ends lanes one edge would count twice."""
        return self._ground.strip(a, b, 0.0 if lane else _INSET)

    @staticmethod
    def _strips(pieces: list[_Piece]) -> list[Strip]:
        return [piece.strip for piece in pieces if piece.strip is not None]


def _still(route: Route, *, fixed_ends: bool) -> list[bool]:
    """The pieces that stay as they are: across, and with fixed ends the ways before and after all lanes."""
    still = route.outside[:-1].copy()
    lanes = np.flatnonzero(route.recording)
    if fixed_ends:
        still[: lanes[0]] = still[lanes[-1] + 1 :] = True
    return [bool(stays) for stays in still]


def _unit(dx: float, dy: float) -> Place:
    length = math.hypot(dx, dy)
    return dx / length, dy / length


def _length_m(places: list[Place]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(places))
