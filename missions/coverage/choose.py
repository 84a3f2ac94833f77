"""Which grids are worth working out: every bearing and first lane, judged without the order flown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from missions.coverage.bearings import bearings
from missions.coverage.lanes import Grid, Swath, grids, turned
from missions.coverage.lay import Laid, laid_on
from missions.coverage.metric import Metric
from missions.coverage.rows import edges_of, rows_of

_ROWS_A_LANE = 10
_APART_M = 1e-3
GAP_COSTS = 3.0
"""Seeing to what lanes leave unseen takes about three times the flight of a lane over the same ground."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A grid and the metres it is expected to take."""

    grid: Grid
    estimate_m: float


def candidates(
    area: BaseGeometry,
    swath: Swath,
    turn_m: float,
    tried_deg: Sequence[float] | None,
    metric: Metric,
    spare_m2: float = 0.0,
) -> list[Candidate]:
    """Grids, the best expected first; of the bearings given, or of all worth trying."""
    found: dict[int, Candidate] = {}
    for bearing in bearings(area) if tried_deg is None else tried_deg:
        whole = turned(area, bearing)
        rows, edges = rows_of(whole, swath.width_m / _ROWS_A_LANE), edges_of(whole)
        ahead, aside = metric.factor(bearing), metric.factor(bearing + 90)
        for grid in grids(whole, bearing, swath.width_m):
            laid = laid_on(rows, edges, whole.bounds[1], grid, swath, spare_m2)
            if not len(laid.level):
                continue
            estimate_m = _estimate_m(laid, grid, swath, turn_m, ahead, aside)
            # Two grids with one estimate are the same lanes.
            found.setdefault(round(estimate_m / _APART_M), Candidate(grid, estimate_m))
    return [found[estimate] for estimate in sorted(found)]


def _estimate_m(laid: Laid, grid: Grid, swath: Swath, turn_m: float, ahead: float, aside: float) -> float:
    """Metres to fly: lanes, a step aside and two turns each, and what stays unseen."""
    flown_m = ahead * float((laid.end - laid.start).sum())
    steps_m = len(laid.level) * (aside * grid.spacing_m + 2 * turn_m)
    return flown_m + steps_m + GAP_COSTS * laid.unseen_m2 / swath.width_m
