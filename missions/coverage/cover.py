"""From an area to the one route that covers it: lanes, gaps, order, ways between.

    bearings x grids -> estimates -> the few best -> lanes and gap legs -> quick tours -> the best, improved

Every candidate is judged by what it takes to fly: its length, and each turn at `turn_m` metres of flight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Polygon

from missions.coverage.choose import GAP_COSTS, candidates
from missions.coverage.gaps import gap_legs, unseen
from missions.coverage.inside import Inside
from missions.coverage.lanes import Grid, Legs, Swath, lay
from missions.coverage.route import Links, Route, links_between, ordered, route_through
from missions.errors import AreaError

MAX_LANES = 600
_QUICK_SHAKES = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """How to cover: the swath, what a turn costs in metres of flight, the share to see, and the effort.

    `bearing_deg` fixes the lanes; None looks for the best. `turn_radius_m` is above 0 for what cannot turn
    on the spot. `finalists` grids are worked out, and the best one's order is shaken `shakes` times.
    """

    swath: Swath
    turn_m: float = 0.0
    turn_radius_m: float = 0.0
    bearing_deg: float | None = None
    wanted: float = 0.995
    finalists: int = 6
    shakes: int = 400


@dataclass(frozen=True, slots=True)
class Coverage:
    """The route, the grid it came from, and the share of the area that its legs see (0 to 1)."""

    route: Route
    grid: Grid
    seen: float


def cover(
    area: Polygon | MultiPolygon,
    settings: Settings,
    start: npt.NDArray[np.float64] | None = None,
    *,
    from_border: bool = False,
) -> Coverage:
    """Cover an area (east, north in metres) by lanes that never leave it.

    From `start` and back to it; `from_border` starts at the border beside the first lane; else the route
    runs from the best end of a lane to another. Raises AreaError where lanes that narrow would be too many.
    """
    _check_size(area, settings.swath.width_m)
    inside = Inside(area)
    best: tuple[float, Links, Grid] | None = None
    ranked = candidates(area, settings.swath, settings.turn_m, settings.bearing_deg)
    for candidate in ranked[: settings.finalists]:
        legs = _legs(area, inside, candidate.grid, settings)
        if not len(legs):
            continue
        begin = inside.border_near(legs[0, 0]) if from_border and start is None else start
        links = links_between(inside, legs, begin, settings.turn_m, settings.turn_radius_m)
        cost_m = ordered(links, _QUICK_SHAKES)[1] + _missed_m(area, legs, settings)
        if best is None or cost_m < best[0] - 1e-6:
            best = cost_m, links, candidate.grid
    if best is None:
        raise AreaError("is too narrow for a lane", remedy="Draw the area wider")
    _, links, grid = best
    route = route_through(links, ordered(links, settings.shakes)[0])
    seen = 1 - unseen(area, route.legs, settings.swath).area / area.area
    return Coverage(route, grid, float(seen))


def _check_size(area: Polygon | MultiPolygon, width_m: float) -> None:
    west, south, east, north = area.bounds
    lanes = max(east - west, north - south) / width_m
    if lanes > MAX_LANES:
        raise AreaError(
            f"would take about {lanes:.0f} lanes {width_m:.0f} m apart",
            remedy="Divide the area, fly higher, or take a camera with a wider view",
        )


def _missed_m(area: Polygon | MultiPolygon, legs: Legs, settings: Settings) -> float:
    """What seeing the rest would take, were there a way to: cover comes before length."""
    missed_m2 = unseen(area, legs, settings.swath).area - (1 - settings.wanted) * area.area
    return GAP_COSTS * max(0.0, missed_m2) / settings.swath.width_m


def _legs(area: Polygon | MultiPolygon, inside: Inside, grid: Grid, settings: Settings) -> Legs:
    lanes = lay(area, inside.inner, grid, settings.swath)
    return np.concatenate([lanes, gap_legs(area, inside.inner, lanes, settings.swath, settings.wanted)])
