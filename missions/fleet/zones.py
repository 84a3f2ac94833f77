"""Slabs of an area, one for each aircraft, such that all are expected to finish at the same time.

An area is swept in one direction. Each aircraft in turn takes as much as it can do in a given time; the least
time in which nothing is left over is found by halving.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from missions.coverage.lanes import along, turned
from missions.coverage.rows import rows_of
from missions.fleet.team import Rates
from missions.geodesy import Points
from missions.patterns.pattern import Shape
from missions.sorties.spent import Floats

_ROWS = 600
_HALVINGS = 22
_LEAST_M2 = 1.0
_CRUMB = 0.08
"""A piece smaller than this share of an aircraft's ground."""
_BESIDE_M = 0.5


@dataclass(frozen=True, slots=True)
class Slabs:
    """Slabs of an area: area (n,), middle (n, 2) in east and north, and how wide they are (n,), metres."""

    area_m2: Floats
    middle_m: Points
    wide_m: Floats


@dataclass(frozen=True, slots=True)
class Sweep:
    """An area as it is swept: what lies below each level `y` of the turned frame, its area and moments."""

    shape: Shape
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

    def ground(self, low: float, high: float) -> BaseGeometry:
        """The ground between two levels."""
        east, north = along(self.bearing_deg)
        west, _, far_east, _ = turned(self.shape, self.bearing_deg).bounds
        slab = shapely.box(west - 1, low, far_east + 1, high)
        return self.shape.intersection(affine_transform(slab, [east, -north, north, east, 0, 0]))


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
    return Sweep(shape, bearing_deg, levels, below, below_x, below_y)


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


class Cut(Protocol):
    """A way to cut an area at levels: `y` rise, and `below_m2` is the ground below each."""

    @property
    def y(self) -> Floats: ...
    @property
    def below_m2(self) -> Floats: ...
    def slabs(self, low: float, high: Floats) -> Slabs:
        """The slabs between one level and others."""
        ...

    def level_of(self, place_m: Floats) -> float:
        """The level of a place."""
        ...

    def ground(self, low: float, high: float) -> BaseGeometry:
        """The ground between two levels."""
        ...


@dataclass(frozen=True, slots=True)
class Division:
    """Who takes which slab: `order` names the aircraft from the lowest up, `levels` the borders."""

    sweep: Cut
    order: tuple[int, ...]
    levels: tuple[float, ...]
    seconds: float


def balanced(sweep: Cut, loads: Sequence[Load], order: Sequence[int]) -> Division:
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


def _longest_s(sweep: Cut, loads: Sequence[Load]) -> float:
    """More than the quickest aircraft alone needs."""
    whole = sweep.slabs(float(sweep.y[0]), sweep.y[-1:])
    alone = [float(load.seconds(whole)[0]) for load in loads]
    finite = [seconds for seconds in alone if math.isfinite(seconds)]
    return 2 * max(finite, default=1e5) + 1.0


def _filled(sweep: Cut, loads: Sequence[Load], order: Sequence[int], seconds: float) -> list[float] | None:
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


def _furthest(sweep: Cut, load: Load, low: float, top: float, seconds: float) -> float:
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


def wide_of(division: Division, index: int) -> float:
    """How wide an aircraft's slab is."""
    number = division.order.index(index)
    low, high = division.levels[number : number + 2]
    return float(division.sweep.slabs(low, np.array([high])).wide_m[0])


def zones_of(division: Division) -> dict[int, Shape]:
    """The ground of each aircraft that has any; crumbs go to whoever works beside them."""
    parts: list[tuple[int, Polygon]] = []
    for number, index in enumerate(division.order):
        low, high = division.levels[number : number + 2]
        if high - low > 0:
            own = shapely.get_parts(division.sweep.ground(low, high))
            parts += [(index, part) for part in own if isinstance(part, Polygon) and part.area > _LEAST_M2]
    owners = _with_crumbs([index for index, _ in parts], [part for _, part in parts])
    found: dict[int, Shape] = {}
    for index in sorted(set(owners)):
        whole = shapely.union_all(
            [part for owner, (_, part) in zip(owners, parts, strict=True) if owner == index]
        )
        solid = [part for part in shapely.get_parts(whole) if isinstance(part, Polygon)]
        found[index] = solid[0] if len(solid) == 1 else MultiPolygon(solid)
    return found


def _with_crumbs(owners: list[int], parts: Sequence[Polygon]) -> list[int]:
    """Whose each part is once small pieces lying apart from the rest have gone to their neighbours."""
    areas = np.array([part.area for part in parts])
    given = list(owners)
    for crumb in np.argsort(areas):
        own = areas[[owner == owners[crumb] for owner in owners]]
        if areas[crumb] > _CRUMB * own.sum() or areas[crumb] == own.max():
            continue
        edge = parts[crumb].buffer(_BESIDE_M)
        beside = np.array(
            [0.0 if n == crumb else edge.intersection(part).area for n, part in enumerate(parts)]
        )
        if beside.max() > 0:
            given[crumb] = given[int(np.argmax(beside))]
    return given
