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
from missions.geodesy import Points
from missions.patterns.pattern import Shape
from missions.sorties.spent import Floats

_ROWS = 600
_HALVINGS = 22
_LEAST_M2 = 1.0


@dataclass(frozen=True, slots=True)
class Slabs:
    """Slabs of an area: area (n,), middle (n, 2) in east and north, and how wide they are (n,), metres."""

    area_m2: Floats
    middle_m: Points
    wide_m: Floats


@dataclass(frozen=True, slots=True)
class Sweep:
    """An area as it is swept: what lies below each level `y` of the turned frame, its area and moments."""

    bearing_deg: float
    y: Floats
    below_m2: Floats
    moment_x: Floats
    moment_y: Floats

    def slabs(self, low: float, high: Floats) -> Slabs:
        """The slabs between one level and others."""
        area, x, y = (
            np.interp(high, self.y, values) - np.interp(low, self.y, values)
            for values in (self.below_m2, self.moment_x, self.moment_y)
        )
        east, north = along(self.bearing_deg)
        x, y = (moment / np.maximum(area, 1e-9) for moment in (x, y))
        middle = np.column_stack([x * east - y * north, x * north + y * east])
        return Slabs(area, middle, np.asarray(high - low, np.float64))

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

    def seconds(self, slabs: Slabs) -> Floats:
        """From first take-off to last landing, for each slab; infinite where no battery reaches it."""
        rates = self.rates
        travel_s = self._travel_s(slabs)
        work_s = self.factor * self._work_s(slabs)
        useful_s = rates.airborne_s - travel_s
        reached = useful_s > 0
        flights = np.maximum(1, np.ceil(work_s / np.where(reached, useful_s, 1.0) - 1e-9))
        needed_s = work_s + flights * travel_s + (flights - 1) * rates.swap_s
        return np.where(slabs.area_m2 < _LEAST_M2, 0.0, np.where(reached, needed_s, math.inf))

    def factor_for(self, slabs: Slabs, flights: int, takes_s: float) -> float:
        """The factor with which one slab is expected to take what it took in that many flights."""
        work_s = takes_s - flights * self._travel_s(slabs)[0] - (flights - 1) * self.rates.swap_s
        return float(np.clip(work_s / self._work_s(slabs)[0], 0.3, 10.0))

    def _travel_s(self, slabs: Slabs) -> Floats:
        away_m = np.hypot(*(slabs.middle_m - self.take_off_m).T)
        return np.asarray(2 * away_m / self.rates.speed_m_s + self.rates.vertical_s)

    def _work_s(self, slabs: Slabs) -> Floats:
        """Lanes along the longer way, and a turn after each."""
        rates = self.rates
        across_m = np.minimum(slabs.wide_m, slabs.area_m2 / np.maximum(slabs.wide_m, 1e-9))
        return np.asarray(slabs.area_m2 / rates.area_m2_s + across_m / rates.spacing_m * rates.turn_s)


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
    whole = sweep.slabs(float(sweep.y[0]), sweep.y[-1:])
    alone = [float(load.seconds(whole)[0]) for load in loads]
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
    levels = np.append(sweep.y[(sweep.y > low) & (sweep.y < top)], top)
    needed_s = load.seconds(sweep.slabs(low, levels))
    late = np.flatnonzero(needed_s > seconds)
    if not len(late):
        return top
    first = int(late[0])
    before, before_s = (levels[first - 1], needed_s[first - 1]) if first else (low, 0.0)
    step_s = needed_s[first] - before_s
    if not (first and math.isfinite(step_s) and step_s > 0):
        return float(before)
    return float(before + (seconds - before_s) / step_s * (levels[first] - before))


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
