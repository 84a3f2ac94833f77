"""When each flight of a team starts, so that no two come too near each other."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence

from missions.fleet.apart import Trail, trail_of
from missions.fleet.clashes import Keep, clashes
from missions.geodesy import LocalFrame
from missions.plan import Sortie
from missions.sorties.spent import Floats
from missions.wind import Wind

_ALL_ORDERS = 4


def started(
    members: Sequence[Sequence[Sortie]], frame: LocalFrame, wind: Wind | None, swap_s: float, keep: Keep
) -> tuple[Sortie, ...]:
    """All sorties with their starts, in whole seconds.

    Aircraft are placed one after another, each flight as soon as nothing placed before is in its way. Of few
    aircraft every order is tried, of many the longest work first and last; the one in which the last lands
    first is kept.
    """
    own = [
        [trail_of(dataclasses.replace(sortie, start_s=0.0), frame, wind) for sortie in sorties]
        for sorties in members
    ]
    timetable = _Timetable(own, swap_s, keep)
    starts = min((timetable.placed(order) for order in _orders(own)), key=timetable.last_s)
    return tuple(
        dataclasses.replace(sortie, start_s=starts[index, number])
        for index, sorties in enumerate(members)
        for number, sortie in enumerate(sorties)
    )


_Flight = tuple[int, int]
"""Which aircraft, and its how manieth flight."""


class _Timetable:
    """Flights of a team, and at which differences of their starts they clash; worked out once a pair."""

    def __init__(self, trails: Sequence[Sequence[Trail]], swap_s: float, keep: Keep) -> None:
        self._trails = trails
        self._swap_s = swap_s
        self._keep = keep
        self._known: dict[tuple[_Flight, _Flight], Floats] = {}

    def placed(self, order: Sequence[int]) -> dict[_Flight, float]:
        """The starts where the aircraft choose in this order."""
        starts: dict[_Flight, float] = {}
        for index in order:
            others = {flight: start_s for flight, start_s in starts.items() if flight[0] != index}
            clock_s = 0.0
            for number, trail in enumerate(self._trails[index]):
                start_s = self._first_free((index, number), others, math.ceil(clock_s))
                starts[index, number] = start_s
                clock_s = start_s + trail.at_s[-1] + self._swap_s
        return starts

    def last_s(self, starts: dict[_Flight, float]) -> tuple[float, float]:
        """When the last lands, then the sum of all landings."""
        ends = [start_s + float(self._trails[i][n].at_s[-1]) for (i, n), start_s in starts.items()]
        return max(ends), sum(ends)

    def _first_free(self, flight: _Flight, others: dict[_Flight, float], clock_s: float) -> float:
        """At the latest when all the others have landed."""
        start_s = clock_s
        while True:
            later_s = max((self._until(flight, start_s, *other) for other in others.items()), default=0.0)
            if later_s <= start_s:
                return start_s
            start_s = math.ceil(later_s)

    def _until(self, flight: _Flight, start_s: float, other: _Flight, other_s: float) -> float:
        """From when on a flight does not clash with another any more; at once where it does not."""
        for begin_s, end_s in self._clashes(other, flight):
            if begin_s < start_s - other_s < end_s:
                return float(other_s + end_s)
        return start_s

    def _clashes(self, one: _Flight, other: _Flight) -> Floats:
        found = self._known.get((one, other))
        if found is None:
            found = clashes(self._trails[one[0]][one[1]], self._trails[other[0]][other[1]], self._keep)
            self._known[one, other] = found
            self._known[other, one] = -found[::-1, ::-1]
        return found


def _orders(trails: Sequence[Sequence[Trail]]) -> Iterator[Sequence[int]]:
    longest = sorted(range(len(trails)), key=lambda index: -sum(float(t.at_s[-1]) for t in trails[index]))
    yield longest
    if len(trails) <= _ALL_ORDERS:
        yield from itertools.permutations(longest)
    else:
        yield longest[::-1]
