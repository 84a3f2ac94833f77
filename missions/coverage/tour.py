"""The order and direction in which legs are flown: a short tour through their ends.

Legs are cities with two ends, entered at one and left at the other. A greedy tour is improved by 2-opt and
Or-opt moves over near neighbours (Lin 1965; Or 1976), then shaken by double bridges and improved again
(iterated local search; Johnson and McGeoch 1997). The random numbers are seeded: the same legs give the
same tour.
"""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_NEIGHBOURS = 6
_LONGEST_BLOCK = 8
_EPS = 1e-7


def short_tour(costs: Floats, shakes: int, seed: int = 1) -> list[int]:
    """The ends at which legs are entered, in order; leg k has the ends 2k and 2k + 1.

    `costs` is (2n, 2n), symmetric. Leg 0 is where the tour begins and closes: give a start both ends at
    one place, or ends that cost nothing to reach for a tour that may begin anywhere.
    """
    count = len(costs) // 2
    search = _Search(costs)
    tour = search.greedy()
    search.improve(tour, list(range(2 * count)))
    chance = random.Random(seed)
    best, best_cost = tour[:], search.length(tour)
    for _ in range(shakes if count > 4 else 0):
        touched = _double_bridge(tour, chance)
        search.improve(tour, touched)
        cost = search.length(tour)
        if cost < best_cost - _EPS:
            best, best_cost = tour[:], cost
        else:
            tour[:] = best
    return best


def _double_bridge(tour: list[int], chance: random.Random) -> list[int]:
    """Swap two neighbouring blocks in place; the ends whose neighbours changed."""
    count = len(tour)
    start = chance.randrange(1, count - 2)
    reach = min(count, start + 50)
    middle = chance.randrange(start + 1, reach)
    stop = chance.randrange(middle + 1, min(count, middle + 50) + 1)
    tour[start:stop] = tour[middle:stop] + tour[start:middle]
    cut = (start - 1, start, start + stop - middle - 1, start + stop - middle, stop - 1, stop % count)
    return [end for place in cut for end in (tour[place], tour[place] ^ 1)]


class _Search:
    """Local search over tours that start with leg 0."""

    def __init__(self, costs: Floats) -> None:
        self.costs: list[list[float]] = costs.tolist()
        order = np.argsort(costs, axis=1, kind="stable")
        self.near: list[list[int]] = [
            [end for end in row if end >> 1 != index >> 1][:_NEIGHBOURS]
            for index, row in enumerate(order.tolist())
        ]
        self.place = [0] * (len(costs) // 2)

    def greedy(self) -> list[int]:
        """From leg 0 always to the nearest end not yet flown."""
        left = set(range(2, len(self.costs)))
        tour = [0]
        while left:
            row = self.costs[tour[-1] ^ 1]
            end = min(left, key=lambda other: (row[other], other))
            tour.append(end)
            left -= {end, end ^ 1}
        return tour

    def length(self, tour: list[int]) -> float:
        costs = self.costs
        return sum(costs[tour[i - 1] ^ 1][tour[i]] for i in range(len(tour)))

    def improve(self, tour: list[int], queue: list[int]) -> None:
        """Apply moves that shorten the tour, in place, until none near the queued ends is left."""
        self._index(tour, 0, len(tour))
        waiting = set(queue)
        while queue:
            end = queue.pop()
            if end not in waiting:
                continue
            waiting.discard(end)
            touched = self._move(tour, end)
            if touched:
                touched.append(end)
                queue += [other for other in touched if other not in waiting]
                waiting.update(touched)

    def _index(self, tour: list[int], start: int, stop: int) -> None:
        for index in range(start, stop):
            self.place[tour[index] >> 1] = index

    def _move(self, tour: list[int], end: int) -> list[int]:
        """Try to put each near end next to `end`; the ends that a move touched, or nothing."""
        costs, count = self.costs, len(tour)
        here = self.place[end >> 1]
        leaving = tour[here] != end
        beside = tour[(here + 1) % count] if leaving else tour[here - 1] ^ 1
        now = costs[end][beside]
        for other in self.near[end]:
            gain = now - costs[end][other]
            if gain <= _EPS:
                break
            there = self.place[other >> 1]
            touched = self._reverse(tour, here, there, leaving) if (tour[there] != other) == leaving else []
            touched = touched or self._insert(tour, end, other, here, there, leaving, gain)
            if touched:
                return touched
        return []

    def _reverse(self, tour: list[int], here: int, there: int, leaving: bool) -> list[int]:
        """2-opt: turn the block between round, so that two ends left (or two entered) become neighbours."""
        count, costs = len(tour), self.costs
        low, high = min(here, there), max(here, there)
        start, stop = (low + 1, high + 1) if leaving else (low, high)
        if start == 0:
            start, stop = high, count
        if start >= stop:
            return []
        before, first = tour[start - 1] ^ 1, tour[start]
        last, after = tour[stop - 1] ^ 1, tour[stop % count]
        change = costs[before][last] + costs[first][after] - costs[before][first] - costs[last][after]
        if change >= -_EPS:
            return []
        tour[start:stop] = [entered ^ 1 for entered in reversed(tour[start:stop])]
        self._index(tour, start, stop)
        return [before, last, first, after]

    def _insert(
        self, tour: list[int], end: int, other: int, here: int, there: int, leaving: bool, gain: float
    ) -> list[int]:
        """Or-opt: take a block that begins or ends at `other` and put it beside `end`."""
        costs, count = self.costs, len(tour)
        gap = here + 1 if leaving else here or count
        before, after = tour[gap - 1] ^ 1, tour[gap % count]
        far_side = after if leaving else before
        entered = tour[there] == other
        for size in range(1, min(_LONGEST_BLOCK, count - 2) + 1):
            start, stop = (there, there + size) if entered else (there - size + 1, there + 1)
            if start < 1 or stop > count or start < gap < stop:
                break
            if gap in {start, stop}:
                continue
            tail = tour[stop - 1] ^ 1 if entered else tour[start]
            left, right = tour[start - 1] ^ 1, tour[stop % count]
            change = (
                costs[left][right]
                - costs[left][tour[start]]
                - costs[tour[stop - 1] ^ 1][right]
                + costs[tail][far_side]
                - gain
            )
            if change < -_EPS:
                self._shift(tour, start, stop, gap, flipped=entered != leaving)
                return [end, other, tail, far_side, left, right]
        return []

    def _shift(self, tour: list[int], start: int, stop: int, gap: int, *, flipped: bool) -> None:
        block = tour[start:stop]
        if flipped:
            block = [entered ^ 1 for entered in reversed(block)]
        if gap <= start:
            tour[gap:stop] = block + tour[gap:start]
            self._index(tour, gap, stop)
        else:
            tour[start:gap] = tour[stop:gap] + block
            self._index(tour, start, gap)
