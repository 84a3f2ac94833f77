"""Which grids are worth working out: every bearing and first lane, judged without the order flown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from missions.coverage.bearings import bearings
from missions.coverage.lanes import SHORTEST_LEG_M, Grid, Swath, along, grids, tracks
from missions.geodesy import Points

_SAMPLES = 3_000
_GAP_COSTS = 3.0
"""Seeing to what lanes leave unseen takes about three times the flight of a lane over the same ground."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A grid and the metres it is expected to take."""

    grid: Grid
    estimate_m: float


def candidates(
    area: BaseGeometry, inner: BaseGeometry, swath: Swath, turn_m: float, bearing_deg: float | None
) -> list[Candidate]:
    """Every grid, the best expected first; one bearing only where it is given."""
    samples = _samples(area)
    looked = bearings(area) if bearing_deg is None else [bearing_deg % 180]
    found = [
        Candidate(grid, _estimate_m(area, inner, grid, swath, turn_m, samples))
        for bearing in looked
        for grid in grids(inner, bearing, swath.width_m)
    ]
    return sorted(found, key=lambda one: one.estimate_m)


def _samples(area: BaseGeometry) -> Points:
    """Points spread evenly over the area, by the R2 sequence (Roberts 2018)."""
    west, south, east, north = area.bounds
    boxes = (east - west) * (north - south) / area.area
    steps = np.arange(1, int(_SAMPLES * min(boxes, 50.0)))
    golden = 1.32471795724474602596
    spread = np.column_stack([steps / golden % 1, steps / golden**2 % 1])
    points = np.array([west, south]) + spread * np.array([east - west, north - south])
    shapely.prepare(area)
    return np.asarray(points[shapely.intersects_xy(area, points[:, 0], points[:, 1])])


def _estimate_m(
    area: BaseGeometry, inner: BaseGeometry, grid: Grid, swath: Swath, turn_m: float, samples: Points
) -> float:
    """Metres to fly: lanes, a step aside and two turns each, and what stays unseen."""
    starts, ends = tracks(inner, grid)
    lengths = np.maximum(ends[:, 0] - starts[:, 0] - 2 * swath.reach_m, SHORTEST_LEG_M)
    unseen_m2 = area.area * (1.0 - _seen_share(starts, ends, grid, swath, samples))
    flown_m = float(lengths.sum()) + len(lengths) * (swath.width_m + 2 * turn_m)
    return flown_m + _GAP_COSTS * unseen_m2 / swath.width_m


def _seen_share(starts: Points, ends: Points, grid: Grid, swath: Swath, samples: Points) -> float:
    """The share of the sample points that lie in a footprint."""
    if not len(starts) or not len(samples):
        return 0.0
    east, north = along(grid.bearing_deg)
    across = samples @ np.array([-north, east])
    ahead = samples @ np.array([east, north])
    near = np.abs(across[:, None] - starts[None, :, 1]) <= swath.width_m / 2
    within = (ahead[:, None] >= starts[:, 0] - swath.reach_m) & (ahead[:, None] <= ends[:, 0] + swath.reach_m)
    seen: npt.NDArray[np.bool_] = (near & within).any(axis=1)
    return float(seen.mean())
