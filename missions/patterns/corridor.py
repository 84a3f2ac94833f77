"""Corridor: a road, a dike or a river from a line and a width, flown in passes beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.coverage.gaps import gap_legs
from missions.coverage.lanes import Swath
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.local import local_from_ring
from missions.patterns.bands import band_of, offsets_m, passes_at
from missions.patterns.figures import few_enough, line_in_metres, placed, told, within
from missions.patterns.pattern import Pattern, Shape
from missions.patterns.runs import covered_pct, ground_seen, legs_flown, path_of_runs
from missions.patterns.ways import ways_over
from missions.view import View

NAME = "corridor"
WANTED = 0.995
MAX_PASSES = 60
_ROUNDS = 4
_TOLERANCE = 0.01
"""Lines are simplified by this share of a spacing: nothing that a footprint notices."""


def corridor(
    line: Sequence[GeoPoint],
    view: View,
    *,
    width_m: float,
    aircraft: Aircraft | None = None,
    take_off: GeoPoint | None = None,
) -> Pattern:
    """Passes along a line, back and forth, that see `width_m` of ground with the line in its middle.

    As many passes as the width takes at the view's spacing, evenly apart, from the line's left to its right;
    with `take_off` from the end and the side that are nearest to it. Ground that bends leave unseen gets
    short legs of its own. Raises AreaError for a line that is none, and SettingsError.
    """
    width = within(width_m, "a width", 1.0, 5_000.0)
    frame, points = line_in_metres(line)
    offsets = offsets_m(width, view.spacing_m)
    if take_off is not None:
        points, offsets = _from_nearest(points, offsets, local_from_ring([take_off], frame)[0])
    if len(offsets) > MAX_PASSES:
        raise SettingsError(
            f"a width of {width:.0f} m takes {len(offsets)} passes", remedy="Fly higher, or ask for less"
        )
    few_enough(
        len(offsets) * len(shapely.get_coordinates(LineString(points).simplify(_TOLERANCE * view.spacing_m))),
        "Draw the line with fewer points, or divide it",
    )
    pattern = along_line(NAME, frame, points, view, offsets, width, aircraft)
    return placed(told(pattern, width_m=width, passes=len(offsets)))


def _from_nearest(points: Points, offsets: list[float], start: Points) -> tuple[Points, list[float]]:
    """The line and its offsets so that the first pass begins where it is nearest to a start."""
    found = []
    for line in (points, points[::-1]):
        ahead = (line[1] - line[0]) / math.dist(line[0], line[1])
        right = np.array([ahead[1], -ahead[0]])
        found += [
            (math.dist(line[0] + right * order[0], start), line, order) for order in (offsets, offsets[::-1])
        ]
    _, line, order = min(found, key=lambda one: one[0])
    return line, order


def along_line(
    name: str,
    frame: LocalFrame,
    points: Points,
    view: View,
    offsets: Sequence[float],
    width_m: float,
    aircraft: Aircraft | None,
) -> Pattern:
    """Passes beside a line in the order of `offsets` (metres to its right), back and forth."""
    ground = _shape(band_of(points, width_m / 2))
    runs = _back_and_forth(points, offsets, width_m / 2, _TOLERANCE * view.spacing_m)
    way = ways_over(ground)
    turn_radius_m = 0.0 if aircraft is None else aircraft.turn_radius_m
    path = path_of_runs(runs, view, way, corners=turn_radius_m == 0)
    legs, _ = legs_flown(path, view, turn_radius_m)
    for _ in range(_ROUNDS):
        unseen = _shape(ground.difference(ground_seen(path, view, legs)))
        if unseen.area <= (1 - WANTED) * ground.area:
            break
        runs = _with_gaps(runs, unseen, ground, view)
        path = path_of_runs(runs, view, way, corners=turn_radius_m == 0)
        legs, _ = legs_flown(path, view, turn_radius_m)
    return Pattern(
        name=name,
        frame=frame,
        shape=ground,
        path=path,
        lanes=len(runs),
        spacing_m=_spacing_m(offsets, view),
        trigger_m=view.trigger_m,
        angle_deg=_bearing(points),
        covered_pct=covered_pct(ground, ground_seen(path, view, legs)),
    )


def _back_and_forth(
    points: Points, offsets: Sequence[float], half_m: float, tolerance_m: float
) -> list[Points]:
    runs: list[Points] = []
    forth = True
    for offset in offsets:
        pieces = passes_at(points, offset, half_m, tolerance_m)
        if not pieces:
            continue
        runs += pieces if forth else [piece[::-1] for piece in reversed(pieces)]
        forth = not forth
    return runs


def _with_gaps(runs: list[Points], unseen: Shape, ground: Shape, view: View) -> list[Points]:
    """The runs with a leg for every piece of ground that they leave unseen, flown as side trips."""
    swath = Swath(view.footprint_m[0], view.reach_m)
    allowed = (1 - WANTED) * ground.area / unseen.area
    legs = gap_legs(unseen, ground, np.zeros((0, 2, 2)), swath, max(0.0, 1 - allowed))
    for leg in legs:
        runs = _inserted(runs, leg)
    return runs


def _inserted(runs: list[Points], leg: Points) -> list[Points]:
    """The runs with a leg flown as a side trip from the nearest place at which one of them bends or ends."""
    ends = [
        (
            float(np.hypot(*(run - leg[end]).T).min()),
            number,
            int(np.argmin(np.hypot(*(run - leg[end]).T))),
            end,
        )
        for number, run in enumerate(runs)
        for end in (0, 1)
    ]
    _, number, row, end = min(ends)
    run = runs[number]
    pieces = [run[: row + 1], leg[::-1] if end else leg, run[row:]]
    return [*runs[:number], *(piece for piece in pieces if len(piece) > 1), *runs[number + 1 :]]


def _shape(ground: BaseGeometry) -> Shape:
    parts = [part for part in shapely.get_parts(ground) if isinstance(part, Polygon) and not part.is_empty]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _spacing_m(offsets: Sequence[float], view: View) -> float:
    return abs(offsets[1] - offsets[0]) if len(offsets) > 1 else view.spacing_m


def _bearing(points: Points) -> float:
    """The line's bearing from end to end, degrees; 0 where it ends where it began."""
    east, north = points[-1] - points[0]
    return math.degrees(math.atan2(east, north)) % 360 if math.hypot(east, north) > 1 else 0.0
