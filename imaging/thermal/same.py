"""Which finds of two searches of the same frames are the same thing: those that rest on the same spots."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

Spot = tuple[str, float, float]
"""A frame's SHA-256, and column and row in it."""
SAME_SHARE = 0.5
"""Of the spots of the find that has fewer; from here on the two are one thing."""
_SAME_PX = 4.0


def shares(old: Sequence[Sequence[Spot]], new: Sequence[Sequence[Spot]]) -> list[tuple[float, int, int]]:
    """Of each two finds with a spot in common: the share of the smaller one, numbers of the old and the new.

    Finds are given as their spots.
    """
    of_frame: defaultdict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for n, spots in enumerate(new):
        for sha256, col, row in spots:
            of_frame[sha256].append((col, row, n))
    found = []
    for k, spots in enumerate(old):
        common: Counter[int] = Counter()
        for sha256, col, row in spots:
            near = {n for c, r, n in of_frame.get(sha256, ()) if math.hypot(col - c, row - r) <= _SAME_PX}
            common.update(near)
        found += [(count / min(len(spots), len(new[n])), k, n) for n, count in common.items()]
    return found
