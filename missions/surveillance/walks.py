"""Walks: the order in which points are looked at, over and over, so that none waits too long.

Where a shortest tour through all points takes longer than some point may wait, that point is looked at
several times a lap. Whether a schedule exists at all is PSPACE-complete (Asghar, Smith, Sundaram 2019,
arXiv:1903.06105), so this searches: tours, laps in which a point comes in every round, every second, every
fourth (the powers of two of pinwheel scheduling, Holte et al. 1989), then a seeded local search that adds,
drops, moves and swaps looks. Every walk is judged by its exact waits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

Walk = tuple[int, ...]
_SEED = 1
_TRIALS = 2000
_IDLE = 400
_STARTS = 2
_MOST_TIMES = 8


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from point to point, from leaving one to reaching the other, and seconds that a look takes."""

    between: list[list[float]]
    look: list[float]

    def lap_s(self, walk: Sequence[int]) -> float:
        """How long the walk takes once round."""
        return sum(
            self.look[point] + self.between[point][walk[(step + 1) % len(walk)]]
            for step, point in enumerate(walk)
        )


@dataclass(frozen=True, slots=True)
class Wishes:
    """How long each point may wait, infinite where nobody said, and how much it counts."""

    longest_s: tuple[float, ...]
    weight: tuple[float, ...]


@dataclass(frozen=True, order=True, slots=True)
class Worth:
    """How good a walk is, the smaller the better: the worst wait as a share of what is allowed, 1 where all
    are kept; then the seconds since the last look, in the mean over time, weighted."""

    share: float
    age_s: float


def waits_s(walk: Sequence[int], times: Times, aircraft: int = 1) -> dict[int, list[float]]:
    """Every wait of every point while the walk goes round and round, flown by so many, evenly apart."""
    seen: dict[int, list[float]] = {}
    now = 0.0
    for step, point in enumerate(walk):
        seen.setdefault(point, []).append(now)
        now += times.look[point] + times.between[point][walk[(step + 1) % len(walk)]]
    if aircraft > 1:
        shifts = [number * now / aircraft for number in range(aircraft)]
        seen = {point: sorted((at + by) % now for at in ats for by in shifts) for point, ats in seen.items()}
    return {
        point: [
            max(0.0, after - at - times.look[point])
            for at, after in zip(ats, [*ats[1:], ats[0] + now], strict=True)
        ]
        for point, ats in seen.items()
    }


def worth(walk: Sequence[int], times: Times, wishes: Wishes, aircraft: int = 1) -> Worth:
    """How good the walk is."""
    share, age_s = 1.0, 0.0
    for point, found in waits_s(walk, times, aircraft).items():
        share = max(share, max(found) / wishes.longest_s[point])
        lap_s = sum(found) + len(found) * times.look[point]
        age_s += wishes.weight[point] * sum(wait * wait for wait in found) / max(2 * lap_s, 1e-9)
    return Worth(round(share, 9), round(age_s, 6))


def best_walk(points: Sequence[int], times: Times, wishes: Wishes, trials: int = _TRIALS) -> Walk:
    """The best walk found through these points, each in it at least once. The same input, the same walk."""
    if len(points) == 1:
        return tuple(points)
    tour = shortest_tour(points, times)
    starts = [tour, *_in_rounds(tour, wishes)]
    chance = random.Random(_SEED)
    ranked = sorted(starts, key=lambda walk: (worth(walk, times, wishes), len(walk)))
    found = [_improved(walk, times, wishes, chance, trials) for walk in ranked[:_STARTS]]
    return min(found, key=lambda walk: (worth(walk, times, wishes), len(walk)))


def shortest_tour(points: Sequence[int], times: Times) -> Walk:
    """A short way round through the points, each once: insertion, then 2-opt and Or-opt until none helps."""
    tour = list(points[:2])
    for point in points[2:]:
        slots = range(1, len(tour) + 1)
        tour = min(([*tour[:slot], point, *tour[slot:]] for slot in slots), key=times.lap_s)
    while len(tour) > 3:
        better = min(_neighbours(tour), key=times.lap_s)
        if times.lap_s(better) > times.lap_s(tour) - 1e-6:
            break
        tour = better
    first = tour.index(min(tour))
    return tuple(tour[first:] + tour[:first])


def _neighbours(tour: list[int]) -> list[list[int]]:
    count = len(tour)
    found = [tour[:i] + tour[i:j][::-1] + tour[j:] for i in range(count - 1) for j in range(i + 2, count + 1)]
    for size in (1, 2, 3):
        for i in range(count - size + 1):
            block, rest = tour[i : i + size], tour[:i] + tour[i + size :]
            found += [rest[:k] + block + rest[k:] for k in range(1, len(rest) + 1) if k != i]
    return found


def _in_rounds(tour: Walk, wishes: Wishes) -> list[Walk]:
    """Laps of 2, 4 and 8 rounds: what may wait so many times as long as the most urgent comes that rarely."""
    shortest_s = min(wishes.longest_s[point] for point in tour)
    if math.isinf(shortest_s):
        return []
    found = []
    for rounds in (2, 4, 8):
        load = [0] * rounds
        when: dict[int, set[int]] = {}
        for point in sorted(tour, key=lambda point: (wishes.longest_s[point], tour.index(point))):
            every = _every(wishes.longest_s[point] / shortest_s, rounds)
            first = min(range(every), key=lambda shift: (sum(load[shift::every]), shift))
            when[point] = set(range(first, rounds, every))
            for number in when[point]:
                load[number] += 1
        walk = [point for number in range(rounds) for point in tour if number in when[point]]
        found.append(_without_repeats(walk))
    return found


def _every(share: float, rounds: int) -> int:
    """The largest power of two within both."""
    return rounds if share >= rounds else 2 ** max(0, math.floor(math.log2(share)))


def _without_repeats(walk: list[int]) -> Walk:
    """Without one look right after another at the same point, and no lap twice."""
    kept = [point for step, point in enumerate(walk) if point != walk[step - 1]] or walk[:1]
    size = next(size for size in range(1, len(kept) + 1) if kept[size:] + kept[:size] == kept)
    return tuple(kept[:size])


def _improved(walk: Walk, times: Times, wishes: Wishes, chance: random.Random, trials: int) -> Walk:
    points = sorted(set(walk))
    best, best_worth = list(walk), worth(walk, times, wishes)
    idle = 0
    for _ in range(trials):
        idle += 1
        if idle > _IDLE:
            break
        other = _changed(best, points, chance)
        if other is None:
            continue
        found = worth(other, times, wishes)
        idle = 0 if found < best_worth else idle
        if found <= best_worth:
            best, best_worth = other, found
    return tuple(best)


def _changed(walk: list[int], points: list[int], chance: random.Random) -> list[int] | None:
    """The walk with one look added, dropped, moved or swapped, or a piece flown the other way round."""
    count = len(walk)
    i, j = sorted((chance.randrange(count), chance.randrange(count)))
    kind = chance.randrange(5)
    if kind == 0 and count < _MOST_TIMES * len(points):
        other = [*walk[:i], chance.choice(points), *walk[i:]]
    elif kind == 1 and walk.count(walk[i]) > 1:
        other = walk[:i] + walk[i + 1 :]
    elif kind == 2:
        rest = walk[:i] + walk[i + 1 :]
        other = [*rest[:j], walk[i], *rest[j:]]
    elif kind == 3:
        other = walk[:]
        other[i], other[j] = other[j], other[i]
    else:
        other = walk[:i] + walk[i : j + 1][::-1] + walk[j + 1 :]
    repeats = len(other) > 1 and any(point == other[step - 1] for step, point in enumerate(other))
    return None if repeats or other == walk else other
