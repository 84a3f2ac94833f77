"""Slabs of an area, one for each aircraft, such that all are expected to finish at the same time.

An area is swept in one direction. Each aircraft in turn takes as much as it can do in a given time; the least
time in which nothing is left over is found by halving.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.affinity import affine_transform

from missions.coverage.lanes import along, turned
from missions.coverage.rows import rows_of
from missions.fleet.team import Rates
from missions.patterns.pattern import Shape
from missions.sorties.spent import Floats

_ROWS = 400
_HALVINGS = 22
_LEAST_M2 = 1.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """An area as it is swept: what lies below each level `y` of the turned frame, its area and moments."""

    bearing_deg: float
    y: Floats
    below_m2: Floats
    moment_x: Floats
    moment_y: Floats

    def slab(self, low: float, high: float) -> tuple[float, float, float]:
        """Area and middle (x, y, turned) between two levels."""
        area, x, y = (
            float(np.interp(high, self.y, values) - np.interp(low, self.y, values))
            for values in (self.below_m2, self.moment_x, self.moment_y)
        )
        return area, x / max(area, 1e-9), y / max(area, 1e-9)

    def level_of(self, place_m: Floats) -> float:
        """Where a place lies across the slabs."""
        east, north = along(self.bearing_deg)
        return float(place_m[1] * east - place_m[0] * north)


def sweep_of(shape: Shape, bearing_deg: float) -> Sweep:
    """The slabs of a shape whose borders run along a bearing."""
    whole = turned(shape, bearing_deg)
    _, low, _, high = whole.bounds
    rows = rows_of(whole, (high - low) / _ROWS)
    count = len(rows.y)
    area = np.bincount(rows.row, rows.b - rows.a, count) * rows.step_m
    moment_x = np.bincount(rows.row, (rows.b**2 - rows.a**2) / 2, count) * rows.step_m
    levels = np.asarray(low + rows.step_m * np.arange(count + 1), np.float64)
    below, below_x, below_y = (_sums(values) for values in (area, moment_x, area * rows.y))
    return Sweep(bearing_deg, levels, below, below_x, below_y)


def _sums(values: npt.NDArray[np.floating]) -> Floats:
    return np.asarray(np.concatenate([[0.0], np.cumsum(values)]), np.float64)


@dataclass(frozen=True, slots=True)
class Load:
    """What one aircraft is expected to need: its rates, its take-off point, how much longer work takes."""

    rates: Rates
    take_off_m: Floats
    factor: float

    def seconds(self, area_m2: float, middle_m: Floats) -> float:
        """From its first take-off to its last landing."""
        rates = self.rates
        work_s = self.factor * area_m2 / rates.area_m2_s
        travel_s = 2 * math.hypot(*(middle_m - self.take_off_m)) / rates.speed_m_s + rates.vertical_s
        useful_s = rates.airborne_s - travel_s
        if useful_s <= 0:
            return math.inf
        flights = max(1, math.ceil(work_s / useful_s - 1e-9))
        return work_s + flights * travel_s + (flights - 1) * rates.swap_s

    def factor_for(
        self, area_m2: float, middle_m: tuple[float, float], flights: int, takes_s: float
    ) -> float:
        """The factor with which work is expected to take what it took in that many flights."""
        rates = self.rates
        travel_s = (
            2 * math.hypot(*(np.array(middle_m) - self.take_off_m)) / rates.speed_m_s + rates.vertical_s
        )
        work_s = takes_s - flights * travel_s - (flights - 1) * rates.swap_s
        return float(np.clip(work_s * rates.area_m2_s / area_m2, 0.3, 10.0))


@dataclass(frozen=True, slots=True)
class Division:
    """Who takes which slab: `order` names the aircraft from the lowest up, `levels` the borders."""

    sweep: Sweep
    order: tuple[int, ...]
    levels: tuple[float, ...]
    seconds: float


def balanced(sweep: Sweep, loads: Sequence[Load], order: Sequence[int]) -> Division:
    """The slabs that are done soonest, in this order; in infinite `seconds` where no battery reaches all."""
    slow_s, fast_s = _longest_s(sweep, loads), 0.0
    best = _filled(sweep, loads, order, slow_s)
    if best is None:
        equal = np.interp(np.linspace(0, 1, len(order) + 1) * sweep.below_m2[-1], sweep.below_m2, sweep.y)
        return Division(sweep, tuple(order), tuple(equal), math.inf)
    for _ in range(_HALVINGS):
        middle_s = (slow_s + fast_s) / 2
        found = _filled(sweep, loads, order, middle_s)
        if found is None:
            fast_s = middle_s
        else:
            slow_s, best = middle_s, found
    return Division(sweep, tuple(order), tuple(best), slow_s)


def _longest_s(sweep: Sweep, loads: Sequence[Load]) -> float:
    """More than the quickest aircraft alone needs."""
    area, x, y = sweep.slab(sweep.y[0], sweep.y[-1])
    alone = [load.seconds(area, _place(sweep, x, y)) for load in loads]
    finite = [seconds for seconds in alone if math.isfinite(seconds)]
    return 2 * max(finite, default=1e5) + 1.0


def _filled(sweep: Sweep, loads: Sequence[Load], order: Sequence[int], seconds: float) -> list[float] | None:
    """The borders where each takes all it can do in this time; None where some is left over."""
    low, top = float(sweep.y[0]), float(sweep.y[-1])
    levels = [low]
    for index in order:
        low = _furthest(sweep, loads[index], low, top, seconds)
        levels.append(low)
    if top - low > 1e-6 * (top - float(sweep.y[0])):
        return None
    levels[-1] = top
    return levels


def _furthest(sweep: Sweep, load: Load, low: float, top: float, seconds: float) -> float:
    """How far up from `low` an aircraft gets in this time."""

    def needed(high: float) -> float:
        area, x, y = sweep.slab(low, high)
        return 0.0 if area < _LEAST_M2 else load.seconds(area, _place(sweep, x, y))

    if needed(top) <= seconds:
        return top
    reached, beyond = low, top
    for _ in range(_HALVINGS):
        middle = (reached + beyond) / 2
        if needed(middle) <= seconds:
            reached = middle
        else:
            beyond = middle
    return reached


def _place(sweep: Sweep, x: float, y: float) -> Floats:
    """A place of the turned frame in east and north."""
    east, north = along(sweep.bearing_deg)
    return np.array([x * east - y * north, x * north + y * east])


def zones_of(shape: Shape, division: Division) -> dict[int, Shape]:
    """The ground of each aircraft that has any."""
    sweep = division.sweep
    east, north = along(sweep.bearing_deg)
    west, _, far_east, _ = turned(shape, sweep.bearing_deg).bounds
    found: dict[int, Shape] = {}
    for number, index in enumerate(division.order):
        low, high = division.levels[number : number + 2]
        if high - low <= 0:
            continue
        slab = affine_transform(
            shapely.box(west - 1, low, far_east + 1, high), [east, -north, north, east, 0, 0]
        )
        parts = [
            part
            for part in shapely.get_parts(shape.intersection(slab))
            if isinstance(part, Polygon) and part.area > _LEAST_M2
        ]
        if parts:
            found[index] = parts[0] if len(parts) == 1 else MultiPolygon(parts)
    return found
