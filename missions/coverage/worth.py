"""Short legs that are worth little: what they see is seen by others, or may stay unseen."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from missions.coverage.lanes import Legs, Swath, footprints

_SHORT = 0.75
"""Legs shorter than this share of a lane's width are looked at; ragged borders leave many of them."""


def worthwhile(area: BaseGeometry, legs: Legs, swath: Swath, spare_m2: float) -> Legs:
    """The legs without short ones that alone see no more than `spare_m2` together, the least first."""
    lengths = np.hypot(*(legs[:, 1] - legs[:, 0]).T)
    short = np.flatnonzero(lengths < _SHORT * swath.width_m)
    if not len(short) or len(legs) < 2:
        return legs
    prints = footprints(legs, swath)
    shapely.prepare(area)
    seen = shapely.intersection(prints[short], area)
    near: list[list[int]] = [[] for _ in short]
    for index, other in zip(*STRtree(prints).query(prints[short], predicate="intersects"), strict=True):
        if short[index] != other:
            near[index].append(int(other))
    kept = np.ones(len(legs), dtype=bool)

    def alone_m2(index: int) -> float:
        beside = [prints[other] for other in near[index] if kept[other]]
        return float(shapely.difference(seen[index], shapely.union_all(beside, grid_size=1e-3)).area)

    ranked = sorted((alone_m2(index), index) for index in range(len(short)))
    for first_m2, index in ranked:
        if first_m2 > spare_m2:
            break
        # Since then a neighbour may have gone.
        now_m2 = alone_m2(index)
        if now_m2 <= spare_m2 and kept.sum() > 1:
            kept[short[index]] = False
            spare_m2 -= now_m2
    return legs[kept]
