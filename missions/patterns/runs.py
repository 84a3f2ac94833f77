"""Runs: polylines flown with the camera on, the ways between them, and what is seen from them.

A copter flies a run as it is drawn. An aircraft that cannot stop rounds each corner where the legs beside it
are long enough for an arc of its turn radius, and otherwise flies past it and comes round.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from missions.coverage.dubins import turn_points
from missions.coverage.gaps import seen_from
from missions.coverage.lanes import Legs, Swath
from missions.geodesy import Points
from missions.patterns.path import Path, path_of
from missions.patterns.pattern import Shape
from missions.view import View

NADIR_DEG = -90.0
_SAME_M = 0.01
_ARC_DEG = 10.0
_SLIVER = 0.05
"""What a bend's outside misses is let go below this share of half a footprint."""
_GRID_M = 0.001

Way = Callable[[Points, Points], tuple[Points, bool]]


def straight(a: Points, b: Points) -> tuple[Points, bool]:
    """The straight way between two places; it is no crossing of an area."""
    return np.stack([a, b]), False


def path_of_runs(runs: Sequence[Points], view: View, way: Way = straight, *, corners: bool = True) -> Path:
    """The path through all runs in order, the camera straight down and recording on runs only.

    `way` gives the places from one run to the next, and whether they leave the area. With `corners` a
    picture is taken at every corner whose outside the pictures along its legs might not reach.
    """
    points: list[Points] = []
    recording: list[bool] = []
    outside: list[bool] = []
    closing: list[int] = []
    for run in runs:
        if points:
            _join(points, recording, outside, run[0], way)
        else:
            points, recording, outside = [run[0]], [False], [False]
        points.extend(run[1:])
        recording[-1] = True
        recording.extend([True] * (len(run) - 2) + [False])
        outside.extend([False] * (len(run) - 1))
        if _closes_in_corner(run, view):
            closing.append(len(points) - 1)
    places = np.array(points)
    pictures = corner_pictures(places, np.array(recording), view)
    pictures[closing] = True
    return path_of(
        places,
        view.height_agl_m,
        recording=recording,
        outside=outside,
        gimbal_pitch_deg=NADIR_DEG,
        picture=pictures & corners,
    )


def _join(points: list[Points], recording: list[bool], outside: list[bool], to: Points, way: Way) -> None:
    """Add the way from the last place to the next run's first; nothing where it is the same place."""
    if math.dist(points[-1], to) < _SAME_M:
        return
    places, leaves = way(points[-1], to)
    outside[-1] = leaves
    points.extend(places[1:])
    recording.extend([False] * (len(places) - 1))
    outside.extend([leaves] * (len(places) - 2) + [False])


def corner_pictures(points: Points, recording: npt.NDArray[np.bool_], view: View) -> npt.NDArray[np.bool_]:
    """Where the camera records up to a corner and beyond it, and the outside of the turn needs a picture."""
    pictures = np.zeros(len(points), dtype=bool)
    if len(points) < 3:
        return pictures
    pictures[1:-1] = recording[:-2] & recording[1:-1] & _wedges(turning_deg(points), view)
    return pictures


def _wedges(angle_deg: npt.NDArray[np.float64], view: View) -> npt.NDArray[np.bool_]:
    """Whether the strips of two legs leave a wedge unseen on the outside of bends of these angles."""
    half_m = view.footprint_m[0] / 2
    # At the outer edge of a bend the strips of its two legs end this far short of each other's middle.
    missed_m = half_m * np.tan(np.radians(np.minimum(angle_deg, 160.0) / 2)) - view.reach_m
    return np.asarray(missed_m > _SLIVER * half_m)


def _closes_in_corner(run: Points, view: View) -> bool:
    """Whether a run ends where it began, with a wedge unseen outside the corner there."""
    if len(run) < 4 or math.dist(run[0], run[-1]) >= _SAME_M:
        return False
    return bool(_wedges(turning_deg(np.stack([run[-2], run[-1], run[1]])), view)[0])


def turning_deg(points: Points) -> npt.NDArray[np.float64]:
    """How far the course changes at each inner place, 0 to 180 degrees, (n - 2,)."""
    steps = np.diff(points, axis=0)
    course = np.degrees(np.arctan2(steps[:, 0], steps[:, 1]))
    return np.asarray(np.abs((np.diff(course) + 180) % 360 - 180))


def legs_of(points: Points) -> Legs:
    """The legs of a polyline, those without length left out, (n, 2, 2)."""
    legs = np.stack([points[:-1], points[1:]], axis=1)
    return np.asarray(legs[np.hypot(*(legs[:, 1] - legs[:, 0]).T) > _SAME_M])


def recorded_legs(path: Path) -> Legs:
    """The legs of a path on which the camera records, (n, 2, 2)."""
    legs = np.stack([path.points[:-1], path.points[1:]], axis=1)
    kept = path.recording[:-1] & (np.hypot(*(legs[:, 1] - legs[:, 0]).T) > _SAME_M)
    return np.asarray(legs[kept])


def ground_seen(path: Path, view: View, legs: Legs | None = None) -> BaseGeometry:
    """The ground that a path's pictures straight down see; `legs` where others are flown than it draws."""
    across_m, along_m = view.footprint_m
    recorded = recorded_legs(path) if legs is None else legs
    shapes = [seen_from(recorded, Swath(across_m, view.reach_m))] if len(recorded) else []
    steps = np.diff(path.points, axis=0)
    steps = np.concatenate([steps[:1], steps])
    for row in np.flatnonzero(path.picture):
        ahead = steps[row] / max(math.hypot(*steps[row]), _SAME_M) * along_m / 2
        shapes.append(
            seen_from(np.array([[path.points[row] - ahead, path.points[row] + ahead]]), Swath(across_m, 0.0))
        )
    return shapely.union_all(shapes, grid_size=_GRID_M)


def covered_pct(shape: Shape, seen: BaseGeometry) -> float:
    """The share of a shape that is seen, per cent."""
    return 100 * min(1.0, float(shape.intersection(seen).area / shape.area))


@dataclass(frozen=True, slots=True)
class Turning:
    """How an aircraft of one turn radius flies runs.

    `legs` (n, 2, 2) are flown with the camera on, arcs as chords; `tight` counts corners that it must fly
    past and come round to. `extra_m` is what turns add to the path, below 0 where they cut corners;
    `leaves_m` how far the turns go outside the shape.
    """

    legs: Legs
    tight: int
    extra_m: float
    leaves_m: float


def turning(path: Path, shape: Shape, radius_m: float) -> Turning:
    """The turns of a path at one turn radius; none at radius 0."""
    if radius_m <= 0 or len(path) < 2:
        return Turning(recorded_legs(path), 0, 0.0, 0.0)
    runs = _recorded_runs(path)
    legs: list[Legs] = []
    curves: list[Points] = []
    tight, extra_m = 0, 0.0
    for run in runs:
        arcs, loops = _rounded(run, radius_m)
        legs.append(legs_of(arcs))
        curves += [arcs, *loops]
        tight += len(loops)
        extra_m += _length_m(arcs) - _length_m(run) + sum(map(_length_m, loops))
    for before, after in pairwise(runs):
        turn = _between(before, after, radius_m)
        curves.append(turn)
        extra_m += max(0.0, _length_m(turn) - math.dist(before[-1], after[0]))
    shapely.prepare(shape)
    flown = np.concatenate(curves)
    leaves_m = float(shapely.distance(shape, shapely.points(flown)).max())
    return Turning(np.concatenate(legs), tight, extra_m, leaves_m)


def _recorded_runs(path: Path) -> list[Points]:
    """The polylines of a path on which the camera records, places without a step between them once."""
    runs: list[list[Points]] = []
    recording = False
    for row, records in enumerate(path.recording):
        if not recording and records:
            runs.append([path.points[row]])
        elif recording and math.dist(runs[-1][-1], path.points[row]) > _SAME_M:
            runs[-1].append(path.points[row])
        recording = bool(records)
    return [np.array(run) for run in runs if len(run) > 1]


def _rounded(run: Points, radius_m: float) -> tuple[Points, list[Points]]:
    """The run with an arc at each corner that has room for one, and the loops flown at the others."""
    steps = np.diff(run, axis=0)
    lengths = np.hypot(*steps.T)
    ahead = steps / lengths[:, None]
    half = np.radians(turning_deg(run)) / 2
    needed = np.concatenate([[0.0], radius_m * np.tan(np.minimum(half, 1.56)), [0.0]])
    fits = needed[:-1] + needed[1:] <= lengths + 1e-6
    places, loops = [run[:1]], []
    for row in range(1, len(run) - 1):
        if fits[row - 1] and fits[row]:
            places.append(_arc(run[row], ahead[row - 1], ahead[row], needed[row]))
        else:
            places.append(run[row : row + 1])
            loops.append(_turn(run[row], ahead[row - 1], run[row], ahead[row], radius_m))
    return np.concatenate([*places, run[-1:]]), loops


def _arc(corner: Points, before: Points, after: Points, tangent_m: float) -> Points:
    """Places on the arc that touches both legs `tangent_m` from their corner."""
    start, end = corner - before * tangent_m, corner + after * tangent_m
    angle = math.acos(float(np.clip(before @ after, -1, 1)))
    count = max(1, math.ceil(math.degrees(angle) / _ARC_DEG))
    if angle < 1e-6:
        return np.stack([start, end])
    turned = np.linspace(0.0, angle, count + 1)[:, None]
    radius_m = tangent_m / math.tan(angle / 2)
    inward = after - before * (before @ after)
    inward = inward / np.hypot(*inward)
    return np.asarray(
        start + radius_m * (np.sin(turned) * before + (1 - np.cos(turned)) * inward),
    )


def _between(before: Points, after: Points, radius_m: float) -> Points:
    return _turn(before[-1], before[-1] - before[-2], after[0], after[1] - after[0], radius_m)


def _turn(a: Points, leaving: Points, b: Points, entering: Points, radius_m: float) -> Points:
    headings = (math.atan2(vector[1], vector[0]) for vector in (leaving, entering))
    return turn_points(a, next(headings), b, next(headings), radius_m, radius_m / 6)


def _length_m(points: Points) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())
