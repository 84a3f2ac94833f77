"""Which grids are worth working out: every bearing and first lane, judged without the order flown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from missions.coverage.bearings import bearings
from missions.coverage.lanes import Grid, Legs, Swath, along, grids, lay_turned, turned
from missions.geodesy import Points

_SAMPLES = 2_000
_MARGIN_M = 0.1
_COARSE = 0.05
"""Judged on a border simplified by this share of a lane."""
GAP_COSTS = 3.0
"""Seeing to what lanes leave unseen takes about three times the flight of a lane over the same ground."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A grid and the metres it is expected to take."""

    grid: Grid
    estimate_m: float


def candidates(area: BaseGeometry, swath: Swath, turn_m: float, bearing_deg: float | None) -> list[Candidate]:
    """Grids, the best expected first; one bearing only where it is given."""
    samples = _samples(area)
    rough = area.simplify(_COARSE * swath.width_m)
    rough_inner = rough.buffer(-_MARGIN_M)
    found: dict[float, Candidate] = {}
    for bearing in bearings(area) if bearing_deg is None else [bearing_deg % 180]:
        whole, allowed = turned(rough, bearing), turned(rough_inner, bearing)
        for grid in grids(whole, bearing, swath.width_m):
            lanes = lay_turned(whole, allowed, grid, swath)
            estimate_m = _estimate_m(whole.area, lanes, grid, swath, turn_m, samples)
            # Two grids with one estimate are the same lanes.
            found.setdefault(round(estimate_m, 3), Candidate(grid, estimate_m))
    return [found[estimate_m] for estimate_m in sorted(found)]


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
    area_m2: float, lanes: Legs, grid: Grid, swath: Swath, turn_m: float, samples: Points
) -> float:
    """Metres to fly: lanes, a step aside and two turns each, and what stays unseen."""
    lengths = lanes[:, 1, 0] - lanes[:, 0, 0]
    unseen_m2 = area_m2 * (1.0 - _seen_share(lanes, grid, swath, samples))
    flown_m = float(lengths.sum()) + len(lanes) * (swath.width_m + 2 * turn_m)
    return flown_m + GAP_COSTS * unseen_m2 / swath.width_m


def _seen_share(lanes: Legs, grid: Grid, swath: Swath, samples: Points) -> float:
    """The share of the sample points that lie in a footprint; the lanes are in the turned frame."""
    if not len(lanes) or not len(samples):
        return 0.0
    east, north = along(grid.bearing_deg)
    across = samples @ np.array([-north, east])
    ahead = samples @ np.array([east, north])
    near = np.abs(across[:, None] - lanes[:, 0, 1]) <= swath.width_m / 2
    after = ahead[:, None] >= lanes[:, 0, 0] - swath.reach_m
    before = ahead[:, None] <= lanes[:, 1, 0] + swath.reach_m
    return float((near & after & before).any(axis=1).mean())
