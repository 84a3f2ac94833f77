"""The fewest straight pieces through a tube of heights.

A shortest path over a set of places (the corners of the route, and where the tube bends) and a few heights
at each, where two are joined if the straight line between them stays in the tube: Imai and Iri 1986, with
heights as well as places to choose. Fewer pieces first, then nearness to the height asked.
"""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from missions.terrain.limits import Indices
from missions.terrain.surface import Heights
from missions.terrain.tube import Slopes, Tube

_SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_LOOSE_M = 1e-6
_PIECE = 1e6
"""What a piece costs, in metres away from the height asked: more than any route is away in all."""
_LOOK_AHEAD = 256


class _Heights:
    """The heights to choose from at a sample, and the cheapest way known to each."""

    __slots__ = ("cost", "height_m", "source")

    def __init__(self, height_m: Heights) -> None:
        self.height_m = height_m
        self.cost = np.full(len(height_m), np.inf)
        self.source: list[tuple[int, int]] = [(-1, -1)] * len(height_m)


def fewest_pieces(
    along_m: Heights,
    between: Tube,
    wanted_m: Heights,
    corners: Indices,
    slopes: Slopes,
    max_spacing_m: float | None = None,
    easy: Slopes | None = None,
) -> tuple[Indices, Heights]:
    """The samples to place waypoints at, every corner among them, and their heights.

    `wanted_m` (m,) is the height asked. No piece passes a corner, is longer than `max_spacing_m` or steeper
    than `slopes`; of pieces equally few those no steeper than `easy` are better, being flown faster.
    """
    search = _Search(along_m, between, wanted_m, corners, slopes, max_spacing_m, easy or slopes)
    return search.run()


class _Search:
    def __init__(
        self,
        along_m: Heights,
        between: Tube,
        wanted_m: Heights,
        corners: Indices,
        slopes: Slopes,
        max_spacing_m: float | None,
        easy: Slopes,
    ) -> None:
        self.along_m, self.between, self.corners, self.slopes = along_m, between, corners, slopes
        self.easy = easy
        self.wanted_m = np.clip(wanted_m, between.low, between.high)
        self.max_spacing_m = max_spacing_m
        self.bends = _bends(along_m, between, corners)
        self.known: dict[int, _Heights] = {}
        self.queue: list[int] = []

    def run(self) -> tuple[Indices, Heights]:
        first, last = int(self.corners[0]), int(self.corners[-1])
        start = self._at(first)
        start.cost[:] = np.abs(start.height_m - self.wanted_m[first])
        while self.queue:
            place = heapq.heappop(self.queue)
            if place != last:
                self._onward(place)
        return self._back(last)

    def _at(self, place: int) -> _Heights:
        if place not in self.known:
            self.known[place] = _Heights(self._choices(np.array([place]))[:, 0])
            heapq.heappush(self.queue, place)
        return self.known[place]

    def _choices(self, places: Indices) -> npt.NDArray[np.float64]:
        """(k, p) heights to choose from at places."""
        low, high = self.between.low[places], self.between.high[places]
        return np.vstack([low + _SHARES[:, None] * (high - low), self.wanted_m[places]])

    def _onward(self, place: int) -> None:
        """Every place ahead that a straight piece reaches."""
        here = self.known[place]
        alive = np.flatnonzero(np.isfinite(here.cost))
        corner = int(self.corners[np.searchsorted(self.corners, place, side="right")])
        ahead, lowest, highest = self._seen(place, here.height_m[alive], corner)
        first, end = np.searchsorted(self.bends, [place, ahead[-1]], side="right")
        targets = self.bends[first:end]
        if not self._join(place, alive, targets, lowest, highest):
            self._join_farthest(place, alive, ahead, lowest, highest)

    def _seen(
        self, place: int, height_m: Heights, corner: int
    ) -> tuple[Indices, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Samples ahead, and (k, samples) the slopes that stay in the tube up to each."""
        end = corner
        if self.max_spacing_m is not None:
            farthest_m = self.along_m[place] + self.max_spacing_m
            end = max(place + 1, min(corner, int(np.searchsorted(self.along_m, farthest_m, "right")) - 1))
        count = _LOOK_AHEAD
        while True:
            ahead = np.arange(place + 1, min(place + count, end) + 1)
            run_m = self.along_m[ahead] - self.along_m[place]
            low = (self.between.low[ahead] - _LOOSE_M - height_m[:, None]) / run_m
            high = (self.between.high[ahead] + _LOOSE_M - height_m[:, None]) / run_m
            rise, fall = self.slopes.rise[place], self.slopes.fall[place]
            lowest = np.maximum(np.maximum.accumulate(low, axis=1), -fall - _LOOSE_M)
            highest = np.minimum(np.minimum.accumulate(high, axis=1), rise + _LOOSE_M)
            open_to = lowest <= highest
            if ahead[-1] == end or not open_to[:, -1].any():
                usable = max(1, int(np.count_nonzero(open_to.any(axis=0))))
                return ahead[:usable], lowest[:, :usable], highest[:, :usable]
            count *= 4

    def _join(
        self,
        place: int,
        alive: Indices,
        targets: Indices,
        lowest: npt.NDArray[np.float64],
        highest: npt.NDArray[np.float64],
    ) -> bool:
        """Relax every piece from here to the targets; whether there was one."""
        if len(targets) == 0:
            return False
        here = self.known[place]
        choices = self._choices(targets)
        run_m = self.along_m[targets] - self.along_m[place]
        slope = (choices[None] - here.height_m[alive][:, None, None]) / run_m
        column = targets - place - 1
        fits = (slope >= lowest[:, None, column]) & (slope <= highest[:, None, column])
        away_m = np.abs(choices - self.wanted_m[targets])
        steeper = np.maximum(slope / self.easy.rise[place], -slope / self.easy.fall[place]) - 1
        slower_m = run_m * np.clip(steeper, 0.0, None)
        cost = np.where(fits, here.cost[alive][:, None, None] + _PIECE + away_m + slower_m, np.inf)
        best = cost.argmin(axis=0)
        cheapest = np.take_along_axis(cost, best[None], axis=0)[0]
        for at in np.flatnonzero(np.isfinite(cheapest).any(axis=0)):
            there = self._at(int(targets[at]))
            for level in np.flatnonzero(cheapest[:, at] < there.cost):
                there.cost[level] = cheapest[level, at]
                there.source[level] = (place, int(alive[best[level, at]]))
        return bool(np.isfinite(cheapest).any())

    def _join_farthest(
        self,
        place: int,
        alive: Indices,
        ahead: Indices,
        lowest: npt.NDArray[np.float64],
        highest: npt.NDArray[np.float64],
    ) -> None:
        """Where no bend can be reached: a place of our own, as far ahead as can be."""
        choices = self._choices(ahead)
        height_m = self.known[place].height_m[alive]
        slope = (choices[None] - height_m[:, None, None]) / (self.along_m[ahead] - self.along_m[place])
        fits = (slope >= lowest[:, None]) & (slope <= highest[:, None])
        reached = np.flatnonzero(fits.any(axis=(0, 1)))
        self._join(place, alive, ahead[reached[-1:]], lowest, highest)

    def _back(self, last: int) -> tuple[Indices, Heights]:
        places, heights = [last], []
        level = int(self.known[last].cost.argmin())
        while True:
            here = self.known[places[-1]]
            heights.append(float(here.height_m[level]))
            before, level = here.source[level]
            if before < 0:
                return np.array(places[::-1]), np.array(heights[::-1])
            places.append(before)


def _bends(along_m: Heights, between: Tube, corners: Indices) -> Indices:
    """The corners, and the samples where the middle of the tube bends by a quarter of its width."""
    middle = (between.low + between.high) / 2
    width_m = float(np.median(between.high - between.low))
    finest_m = max(width_m / 4, 0.05)
    kept = {int(corner) for corner in corners}
    spans = [(int(a), int(b)) for a, b in pairwise(corners)]
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        chord = np.interp(along_m[a : b + 1], along_m[[a, b]], middle[[a, b]])
        away = np.abs(middle[a : b + 1] - chord)
        farthest = int(away.argmax())
        if away[farthest] > finest_m:
            kept.add(a + farthest)
            spans += [(a, a + farthest), (a + farthest, b)]
    return np.array(sorted(kept))
