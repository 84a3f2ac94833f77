"""From an area to the one route that covers it: lanes, gaps, order, ways between.

    bearings x grids (and cells with their own) -> estimates -> the few best -> lanes and gap legs
        -> quick tours -> the very best -> long tours -> the route, and the curve of what cannot stop

Every layout is judged by what it takes to fly: its length in still air (wind counted), and each turn at
`turn_m` metres of flight. All effort is counted, never timed: one area always gives one route.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from missions.coverage.choose import GAP_COSTS
from missions.coverage.gaps import gap_legs, unseen
from missions.coverage.inside import Inside
from missions.coverage.lanes import Grid, Legs, Swath
from missions.coverage.lay import lay
from missions.coverage.layouts import Layout, layouts
from missions.coverage.metric import Metric, metric_in
from missions.coverage.route import Links, Route, from_start, links_between, ordered, walk
from missions.coverage.squeeze import Squeeze, squeezed
from missions.coverage.turning import Turning
from missions.coverage.worth import worthwhile
from missions.errors import AreaError, SettingsError

MAX_LANES = 600
_QUICK_SHAKES = 20
_LAST = 2
_EASY_LEGS = 80
_SPARE = 0.15
"""The share of what may stay unseen that lanes may leave at their tips."""
_OVER = 0.0003
"""Gaps are looked at until this much more than asked is seen: rounding takes some of it again."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to cover: the swath, what a turn costs in metres of flight, the share to see, and the effort.

    `bearing_deg` fixes the lanes; None looks for the best, in cells of their own where `cells` allows it and
    that is flown sooner. `turn_radius_m` is above 0 for what cannot turn on the spot; its turns should
    leave the area by `turn_margin_m` at most, None as far as they like. The wind is the air's motion; it
    costs what holds an airspeed `air_speed_m_s`, and nothing where that is None. `finalists` layouts are
    worked out, and the best ones' order is shaken `shakes` times. `squeeze` has the way from lane to lane
    record too where that spares some flight; not where a bearing was asked for, nor in turns flown as curves.
    """

    swath: Swath
    turn_m: float = 0.0
    turn_radius_m: float = 0.0
    bearing_deg: float | None = None
    wanted: float = 0.995
    finalists: int = 8
    shakes: int = 120
    wind_east_m_s: float = 0.0
    wind_north_m_s: float = 0.0
    air_speed_m_s: float | None = None
    turn_margin_m: float | None = None
    cells: bool = True
    squeeze: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """The route, the grid it came from, and the share of the area that its legs see (0 to 1).

    `grids` has every cell's, the largest cell's first, which is `grid`. `cost_m` is what it takes: metres of
    still air and turns.
    """

    route: Route
    grid: Grid
    seen: float
    grids: tuple[Grid, ...] = ()
    cost_m: float = 0.0


@dataclass(frozen=True, slots=True)
class _Final:
    cost_m: float
    missed_m: float
    links: Links
    layout: Layout


def cover(
    area: Polygon | MultiPolygon,
    settings: Settings,
    start: npt.NDArray[np.float64] | None = None,
    *,
    from_border: bool = False,
    enter_near: npt.NDArray[np.float64] | None = None,
) -> Coverage:
    """Cover an area (east, north in metres) by lanes that never leave it.

    From `start` and back to it; `from_border` starts at the border beside the first lane; else the route
    runs from the best end of a lane to another. `enter_near` has it fly the leg that ends nearest to a place
    first, from that end. Raises AreaError where lanes that narrow would be too many or none fits.
    """
    _check(area, settings)
    metric = metric_in(settings.wind_east_m_s, settings.wind_north_m_s, settings.air_speed_m_s)
    inside = Inside(area, metric=metric)
    finals = []
    for layout in _layouts(area, settings, inside):
        legs = _legs(area, inside, layout, settings)
        if len(legs):
            begin = _begin(inside, legs, start, from_border=from_border, enter_near=enter_near)
            finals.append(_final(area, inside, legs, layout, settings, begin, enter_near))
    if not finals:
        raise AreaError("is too narrow for a lane", remedy="Draw the area wider")
    finals.sort(key=lambda final: final.cost_m)
    best, tour, cost_m = _improved(finals[:_LAST], settings)
    walked = walk(best.links, tour)
    least = _squeezed(walked, area, inside, best, settings)
    cost_m -= _flown_m(walked, metric, settings) - _flown_m(least, metric, settings)
    route = from_start(least, best.links.start)
    seen = 1 - unseen(area, route.legs, settings.swath).area / area.area
    grids = tuple(cell.grid for cell in best.layout.cells)
    return Coverage(route, grids[0], float(seen), grids, cost_m)


def _check(area: Polygon | MultiPolygon, settings: Settings) -> None:
    if area.is_empty or not area.area > 0 or not np.isfinite(area.bounds).all():
        raise AreaError("is empty", remedy="Draw it as a polygon of three or more points")
    if not area.is_valid:
        raise AreaError("crosses or touches itself", remedy="Draw its border without crossings")
    for name in ("turn_m", "turn_radius_m"):
        if not 0 <= getattr(settings, name) < np.inf:
            raise SettingsError(
                f"{name} must be 0 or more metres", remedy="Give 0 for what turns on the spot"
            )
    if not (settings.swath.width_m > 0 and settings.swath.reach_m >= 0):
        raise SettingsError("lanes need a width above 0 metres", remedy="Check the camera and the overlap")
    west, south, east, north = area.bounds
    lanes = max(east - west, north - south) / settings.swath.width_m
    if lanes > MAX_LANES:
        raise AreaError(
            f"would take about {lanes:.0f} lanes {settings.swath.width_m:.0f} m apart",
            remedy="Divide the area, fly higher, or take a camera with a wider view",
        )


def _layouts(area: Polygon | MultiPolygon, settings: Settings, inside: Inside) -> list[Layout]:
    return layouts(
        area,
        settings.swath,
        settings.turn_m,
        settings.bearing_deg,
        inside.metric,
        spare_m2=_spare_m2(area, settings),
        most=_finalists(area, settings),
        cells=settings.cells,
    )


def _finalists(area: Polygon | MultiPolygon, settings: Settings) -> int:
    """Fewer where each takes longer: many lanes, or many corners to go round."""
    lanes = area.area / settings.swath.width_m / max(1.0, np.sqrt(area.area))
    work = 1.0 + (lanes / 60) ** 2 + shapely.get_num_coordinates(area) / 3000
    return max(2, int(settings.finalists / work + 0.5))


def _spare_m2(area: Polygon | MultiPolygon, settings: Settings) -> float:
    return _SPARE * (1 - settings.wanted) * float(area.area)


def _legs(area: Polygon | MultiPolygon, inside: Inside, layout: Layout, settings: Settings) -> Legs:
    lanes = []
    for cell in layout.cells:
        allowed = inside.inner if cell.whole else inside.inner.intersection(cell.shape)
        spare_m2 = _spare_m2(area, settings) * float(cell.shape.area / area.area)
        lanes.append(lay(cell.shape, allowed, cell.grid, settings.swath, spare_m2))
    laid = np.concatenate(lanes)
    wanted = min(1.0, settings.wanted + _OVER)
    unseen_m2 = unseen(area, laid, settings.swath).area
    laid = worthwhile(area, laid, settings.swath, max(1.0, (1 - wanted) * area.area - unseen_m2))
    return np.concatenate([laid, gap_legs(area, inside.inner, laid, settings.swath, wanted)])


def _begin(
    inside: Inside,
    legs: Legs,
    start: npt.NDArray[np.float64] | None,
    *,
    from_border: bool,
    enter_near: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64] | None:
    if start is not None or not from_border:
        return start
    return inside.border_near(legs[0, 0] if enter_near is None else enter_near)


def _final(
    area: Polygon | MultiPolygon,
    inside: Inside,
    legs: Legs,
    layout: Layout,
    settings: Settings,
    begin: npt.NDArray[np.float64] | None,
    enter_near: npt.NDArray[np.float64] | None,
) -> _Final:
    turning = Turning(area, settings.turn_radius_m, settings.turn_margin_m)
    links = links_between(inside, legs, begin, settings.turn_m, turning, enter_near)
    missed_m = _missed_m(area, legs, settings)
    return _Final(ordered(links, _QUICK_SHAKES)[1] + missed_m, missed_m, links, layout)


def _improved(finals: list[_Final], settings: Settings) -> tuple[_Final, list[int], float]:
    """The best of the last few after a long look for each one's order."""
    best: tuple[_Final, list[int], float] | None = None
    for final in finals:
        tour, flown_m = ordered(final.links, settings.shakes)
        cost_m = flown_m + final.missed_m
        if best is None or cost_m < best[2] - 1e-6:
            best = dataclasses.replace(final, cost_m=cost_m), tour, cost_m
    assert best is not None  # noqa: S101
    return best


def _squeezed(
    route: Route, area: Polygon | MultiPolygon, inside: Inside, final: _Final, settings: Settings
) -> Route:
    """The route squeezed, where all of it is flown straight and at one speed over the ground."""
    curved = settings.turn_radius_m > 0 or settings.air_speed_m_s is not None
    if not settings.squeeze or settings.bearing_deg is not None or curved:
        return route
    allowed_m2 = (1 - min(1.0, settings.wanted + _OVER)) * float(area.area)
    bearing_deg = final.layout.cells[0].grid.bearing_deg
    work = Squeeze(area, inside, settings.swath, settings.turn_m, allowed_m2, bearing_deg)
    return squeezed(route, work, fixed_ends=not final.links.free)


def _flown_m(route: Route, metric: Metric, settings: Settings) -> float:
    """What a route takes, its first and last corners left out."""
    return float(metric.lengths(np.diff(route.points, axis=0)).sum()) + settings.turn_m * len(route.points)


def _missed_m(area: Polygon | MultiPolygon, legs: Legs, settings: Settings) -> float:
    """What seeing the rest would take, were there a way to: cover comes before length."""
    missed_m2 = unseen(area, legs, settings.swath).area - (1 - settings.wanted) * area.area
    return GAP_COSTS * max(0.0, missed_m2) / settings.swath.width_m
