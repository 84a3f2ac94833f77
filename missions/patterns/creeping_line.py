"""Creeping line search (IAMSAR CS): legs across an area, from the end where the object likely is.

As a parallel track search, but its legs lie along the short side of the area and it advances along the long
side: the end where it begins is searched first, whatever another order would save.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely

from missions.aircraft import Aircraft
from missions.coverage.gaps import gap_legs
from missions.coverage.inside import Inside
from missions.coverage.lanes import Grid, Legs, Swath, along, grids, turned, turned_back
from missions.coverage.lay import lay
from missions.errors import AreaError, SettingsError
from missions.geodesy import LocalFrame, Points
from missions.patterns.figures import bearing, placed
from missions.patterns.pattern import Pattern, Shape
from missions.patterns.runs import covered_pct, ground_seen, legs_flown, path_of_runs
from missions.patterns.ways import led_from, ways_through
from missions.view import View

NAME = "creeping-line"
SIDES = {"n": 0.0, "e": 90.0, "s": 180.0, "w": 270.0}
WANTED = 0.995
MAX_LANES = 600


def creeping_line(
    shape: Shape,
    frame: LocalFrame,
    aircraft: Aircraft,
    view: View,
    *,
    angle_deg: float | None = None,
    from_side: str | float = "",
    start_m: npt.NDArray[np.float64] | None = None,
    where: str = "",
) -> Pattern:
    """Legs flown strictly in the order of advance, every way between them inside the area.

    `angle_deg` is the legs' bearing; None lays them along the short side of the smallest box round the area.
    `from_side` is where the search begins: "n", "e", "s", "w" for that one of the two ends which lies most
    that way, or a bearing in degrees, which the legs then lie across where no angle is given. Without it the
    search begins at the end nearest to `start_m` (the take-off point in the frame), else at the south or
    west. Raises AreaError and SettingsError.
    """
    side_deg = _side(from_side)
    lanes_deg = _lanes_deg(shape, angle_deg, None if from_side in SIDES else side_deg)
    inside = Inside(shape)
    legs, grid = _legs(shape, inside, view, lanes_deg, where)
    runs = _in_order(legs, lanes_deg, _advance(shape, lanes_deg, side_deg, start_m), start_m)
    search = path_of_runs(runs, view, ways_through(inside), corners=False)
    path = led_from(search, inside, start_m)
    legs, _ = legs_flown(path, view, aircraft.turn_radius_m)
    seen = covered_pct(shape, ground_seen(path, view, legs))
    figures = {} if side_deg is None else {"from_side_deg": side_deg}
    return placed(
        Pattern(
            name=NAME,
            frame=frame,
            shape=shape,
            path=path,
            lanes=len(runs),
            spacing_m=grid.spacing_m,
            trigger_m=view.trigger_m,
            angle_deg=lanes_deg,
            asked_angle_deg=None if angle_deg is None else lanes_deg,
            covered_pct=seen,
            from_take_off=True,
            figures=figures,
        )
    )


def short_side_deg(shape: Shape) -> float:
    """The bearing of the short side of the smallest box round a shape, 0 to 180 degrees."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))
    sides = np.diff(corners, axis=0)[:2]
    east, north = sides[int(np.argmin(np.hypot(*sides.T)))]
    return math.degrees(math.atan2(east, north)) % 180


def _side(from_side: str | float) -> float | None:
    if isinstance(from_side, str):
        if from_side in SIDES:
            return SIDES[from_side]
        if not from_side:
            return None
        raise SettingsError(
            f"{from_side[:20]!r} is no side", remedy="Give n, e, s, w, or a bearing in degrees"
        )
    return bearing(from_side)


def _lanes_deg(shape: Shape, angle_deg: float | None, from_deg: float | None) -> float:
    if angle_deg is not None:
        return bearing(angle_deg) % 180
    return short_side_deg(shape) if from_deg is None else (from_deg + 90) % 180


def _legs(shape: Shape, inside: Inside, view: View, lanes_deg: float, where: str) -> tuple[Legs, Grid]:
    """The legs of the first grid: as wide apart as the view allows, half of that from the first side."""
    west, south, east, north = shape.bounds
    most = math.hypot(east - west, north - south) / view.spacing_m
    if not most <= MAX_LANES:
        raise AreaError(
            f"the area would take about {most:.0f} lanes {view.spacing_m:.0f} m apart",
            where=where,
            remedy="Divide the area, fly higher, or take a camera with a wider view",
        )
    swath = Swath(view.spacing_m, view.reach_m)
    grid = grids(turned(shape, lanes_deg), lanes_deg, view.spacing_m)[0]
    lanes = lay(shape, inside.inner, grid, swath)
    legs = np.concatenate([lanes, gap_legs(shape, inside.inner, lanes, swath, WANTED)])
    if not len(legs):
        raise AreaError(
            "the area is too narrow for a lane", where=where, remedy="Draw the area wider, or fly lower"
        )
    return legs, grid


def _advance(
    shape: Shape, lanes_deg: float, side_deg: float | None, start_m: npt.NDArray[np.float64] | None
) -> float:
    """1 where the search advances to the left of the legs' bearing, -1 to the right."""
    left = np.array(along(lanes_deg - 90))
    low, high = np.array(shape.bounds[:2]), np.array(shape.bounds[2:])
    if side_deg is not None:
        towards = np.array(along(side_deg))
    elif start_m is not None:
        towards = np.asarray(start_m) - (low + high) / 2
    else:
        towards = np.array(along(225.0))
    return 1.0 if float(left @ towards) <= 1e-9 else -1.0


def _in_order(
    legs: Legs, lanes_deg: float, advance: float, start_m: npt.NDArray[np.float64] | None
) -> list[Points]:
    """The legs by their advance, those of one lane one after another, each lane from its nearer end."""
    flat = _flat(legs, lanes_deg)
    level = advance * flat[:, :, 1].mean(axis=1)
    rows = np.round(level, 3)
    here = None if start_m is None else _flat(np.asarray(start_m), lanes_deg)
    found: list[Points] = []
    for row in np.unique(rows):
        lane = sorted(
            (leg if leg[0, 0] <= leg[1, 0] else leg[::-1] for leg in flat[rows == row]),
            key=lambda leg: float(leg[0, 0]),
        )
        back = here is not None and math.dist(here, lane[-1][1]) < math.dist(here, lane[0][0])
        lane = [leg[::-1] for leg in reversed(lane)] if back else lane
        found += lane
        here = lane[-1][1]
    return list(turned_back(np.array(found), lanes_deg))


def _flat(places: Points, bearing_deg: float) -> Points:
    """Places turned so that lanes of this bearing run along x."""
    east, north = along(bearing_deg)
    return np.asarray(places @ np.array([[east, -north], [north, east]]))
