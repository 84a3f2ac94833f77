"""Runs: polylines flown with the camera on, the ways between them, and what is seen from them.

A copter flies a run as it is drawn; `flyable` makes of it what an aircraft that cannot stop flies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from missions.coverage.gaps import seen_from
from missions.coverage.lanes import Legs, Swath
from missions.geodesy import Points
from missions.patterns.flyable import flown_legs
from missions.patterns.path import Path, path_of
from missions.patterns.pattern import Shape
from missions.view import View

NADIR_DEG = -90.0
_SAME_M = 0.01
_SLIVER = 0.05
"""What a bend's outside misses is let go below this share of half a footprint."""
_GRID_M = 0.001

_GIVE = 0.125
"""Tight bends may be flown wider by this share of a footprint across: less than what overlaps."""

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


def give_m(view: View) -> float:
    """How much wider than drawn a bend may be flown that is too tight."""
    return _GIVE * view.footprint_m[0]


def legs_flown(path: Path, view: View, turn_radius_m: float) -> tuple[Legs, int]:
    """The legs (n, 2, 2) flown with the camera on, and how many corners are flown past and come back to."""
    return flown_legs(path, turn_radius_m, give_m(view))
