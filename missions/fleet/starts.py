"""When each flight of a team starts, so that no two come too near each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from missions.fleet.apart import Trail, nearest, trail_of
from missions.geodesy import LocalFrame
from missions.plan import Sortie
from missions.wind import Wind

_LATER_S = 10.0
_LATEST_S = 7200.0


def started(
    members: Sequence[Sequence[Sortie]],
    frame: LocalFrame,
    wind: Wind | None,
    swap_s: float,
    keep: tuple[float, float],
) -> tuple[Sortie, ...]:
    """All sorties with their starts.

    `keep` is the distance in plan, and the difference in height that makes up for it, metres. Whoever needs
    longest starts first; each of the others starts as soon as nothing begun before is in its way, tried every
    10 s for two hours, and at once where that does not help.
    """
    order = sorted(range(len(members)), key=lambda index: -_takes_s(members[index], swap_s))
    placed: list[tuple[int, Trail]] = []
    found: dict[int, list[Sortie]] = {}
    for index in order:
        clock_s, found[index] = 0.0, []
        others = [trail for owner, trail in placed if owner != index]
        for sortie in members[index]:
            trail = trail_of(dataclasses.replace(sortie, start_s=0.0), frame, wind)
            start_s = _first_free(trail, others, clock_s, keep)
            found[index].append(dataclasses.replace(sortie, start_s=start_s))
            placed.append((index, trail.later(start_s)))
            clock_s = start_s + sortie.totals.duration_s + swap_s
    return tuple(sortie for index in range(len(members)) for sortie in found[index])


def _first_free(trail: Trail, others: Sequence[Trail], clock_s: float, keep: tuple[float, float]) -> float:
    distance_m, vertical_m = keep
    start_s = clock_s
    while start_s <= clock_s + _LATEST_S:
        moved = trail.later(start_s)
        if all(nearest(moved, other, vertical_m)[0] >= distance_m for other in others):
            return start_s
        start_s += _LATER_S
    return clock_s


def _takes_s(sorties: Sequence[Sortie], swap_s: float) -> float:
    return sum(sortie.totals.duration_s + swap_s for sortie in sorties)
