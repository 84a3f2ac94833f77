"""A bound on how much the edges of an area get in each other's way, before anything is computed with them.

Whether edges cross is found among those whose boxes overlap. In a map each edge meets a few others so; in a
file made to stop a reader each meets all the others, and a few thousand make millions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from missions.errors import AreaError

MAX_PAIRS = 5_000_000
_FEW_EDGES = 3_000
_AT_ONCE = 64


def check_tangle(rings: Sequence[Sequence[tuple[float, float]]], where: str) -> None:
    """Raises AreaError where more than `MAX_PAIRS` pairs of edges have overlapping boxes."""
    if sum(len(ring) for ring in rings) <= _FEW_EDGES:
        return
    closed = [np.asarray([*ring, ring[0]], float) for ring in rings]
    ends = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in closed])
    low, high = ends.min(axis=1), ends.max(axis=1)
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    tree = shapely.STRtree(boxes)
    pairs = 0
    for start in range(0, len(boxes), _AT_ONCE):
        pairs += tree.query(boxes[start : start + _AT_ONCE]).shape[1]
        if pairs > 2 * MAX_PAIRS:
            raise AreaError(
                "is a tangle: its edges lie across each other too often to be a map of a place",
                where=where,
                remedy="Simplify it, or draw it again",
            )
