"""Stations: how the points are shared among aircraft that are in the air at once.

Either each has points of its own, consecutive ones of a short tour through all, or all fly one walk, evenly
apart. A station is kept by one aircraft after another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from missions.surveillance.walks import (
    Times,
    Walk,
    Wishes,
    Worth,
    best_walk,
    shortest_tour,
    waits_s,
    worth,
)

_ROTATIONS = 12


@dataclass(frozen=True, slots=True)
class Station:
    """What one aircraft at a time flies: a walk, and how many seconds after its begin it joins it."""

    walk: Walk
    ahead_s: float = 0.0


def stations_for(count: int, times: Times, wishes: Wishes) -> tuple[tuple[Station, ...], Worth]:
    """The best way found to keep `count` aircraft in the air at once, and how good it is."""
    everyone = range(len(times.look))
    if count == 1:
        walk = best_walk(everyone, times, wishes)
        return (Station(walk),), worth(walk, times, wishes)
    tour = shortest_tour(everyone, times)
    walks = [best_walk(group, times, wishes) for group in _groups(tour, count, times, wishes)]
    apart = tuple(Station(walk) for walk in walks), _together([worth(walk, times, wishes) for walk in walks])
    lap_s = times.lap_s(tour)
    behind = tuple(Station(tour, number * lap_s / count) for number in range(count))
    return min(apart, (behind, worth(tour, times, wishes, count)), key=lambda choice: choice[1])


def longest_waits_s(stations: Sequence[Station], times: Times) -> list[float]:
    """The longest wait of each point, by the walks alone."""
    found = [0.0] * len(times.look)
    same = len({station.walk for station in stations}) == 1 and len(stations) > 1
    for station in stations[: 1 if same else None]:
        for point, waited in waits_s(station.walk, times, len(stations) if same else 1).items():
            found[point] = max(waited)
    return found


def _together(found: Sequence[Worth]) -> Worth:
    return Worth(max(one.share for one in found), sum(one.age_s for one in found))


def _groups(tour: Walk, count: int, times: Times, wishes: Wishes) -> list[Walk]:
    """The tour cut into pieces so that the piece in the greatest haste has the most time to spare."""
    step = max(1, len(tour) // _ROTATIONS)
    rotations = [tour[first:] + tour[:first] for first in range(0, len(tour), step)]
    cuts = [_cut(order, min(count, len(tour)), times, wishes) for order in rotations]
    return min(cuts, key=lambda cut: cut[0])[1]


def _cut(order: Walk, count: int, times: Times, wishes: Wishes) -> tuple[float, list[Walk]]:
    """The best cut of an order into `count` pieces: its haste, and the pieces (dynamic programming)."""
    size = len(order)
    haste = {(i, j): _haste(order[i:j], times, wishes) for i in range(size) for j in range(i + 1, size + 1)}
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(count):
        before, row = best[-1], {}
        for stop in range(1, size + 1):
            choices = [(max(before[i][0], haste[i, stop]), i) for i in range(stop) if i in before]
            if choices:
                row[stop] = min(choices)
        best.append(row)
    pieces: list[Walk] = []
    stop = size
    for row in reversed(best[1:]):
        begin = row[stop][1]
        pieces.append(order[begin:stop])
        stop = begin
    return best[-1][size][0], pieces[::-1]


def _haste(piece: Walk, times: Times, wishes: Wishes) -> float:
    """A tour through the piece as a share of what its most urgent point may wait; its length where none."""
    lap_s = times.lap_s(piece) if len(piece) > 1 else 0.0
    urgent_s = min(wishes.longest_s[point] + times.look[point] for point in piece)
    return lap_s / urgent_s if math.isfinite(urgent_s) else lap_s * 1e-6
