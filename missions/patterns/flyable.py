"""The path that an aircraft which cannot stop truly flies, from the path that a pattern drew.

Recorded lines stay, their bends rounded where there is room; between them, and from take-off and back, lie
turns that stay out of no-fly zones and in the area where they can. Every corner of what comes out has room
for an arc of the turn radius, so the line is what the aircraft flies but for those arcs: its corners are the
waypoints. A path that is flyable already comes out as it went in.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiLineString
from shapely.geometry.base import BaseGeometry

from missions.coverage.flown_turn import FlownTurn, flown_turn
from missions.coverage.lanes import Legs
from missions.coverage.turning import NOTHING, Turning
from missions.geodesy import Points
from missions.patterns.bends import Bends, arcs_of, bends
from missions.patterns.circles import Circle, circle_of, leaving
from missions.patterns.path import Path

_SAME_M = 0.01
_ONCE = ("hold_s", "picture", "orbit_turns", "orbit_radius_m")
"""Columns that hold at a place and not on the way from it."""


@dataclass(frozen=True, slots=True)
class Flyable:
    """A path as flown. `leaves_m` is how far its turns go outside the area, `extra_m` what circles add to the
    length that the path shows, `loops` how many corners are flown past, and `legs` (n, 2, 2) what is flown
    with the camera on, arcs as chords. `ways` are the turns themselves, from circles too: where
    one of those is left, the path goes on from its middle. `further_m` are circled beyond whole turns with
    the camera on."""

    path: Path
    leaves_m: float
    extra_m: float
    loops: int
    legs: Legs
    ways: BaseGeometry = NOTHING
    further_m: float = 0.0


@dataclass(frozen=True, slots=True)
class _Node:
    """Something that is flown as it is: rows `first` to `last` of the path.

    `enters` and `leaves` are the places where ways end and begin, with headings in radians, None for any.
    """

    first: int
    last: int
    enters: tuple[Points, float | None]
    leaves: tuple[Points, float | None]
    run: Bends | None = None
    circle: Circle | None = None


class _Rows:
    """Rows of the new path: places, the old row that tells what holds from there on, the old row that each
    is (-1: none), and whether it records."""

    def __init__(self) -> None:
        self.points: list[Points] = []
        self.source: list[int] = []
        self.place: list[int] = []
        self.recording: list[bool] = []

    def add(self, point: Points, source: int, place: int, *, recording: bool = False) -> None:
        self.points.append(point)
        self.source.append(source)
        self.place.append(place)
        self.recording.append(recording)


def flyable(path: Path, turning: Turning, give_m: float = 0.0, *, circles_first: bool = False) -> Flyable:
    """The path as an aircraft of `turning.radius_m` flies it; the same path at radius 0.

    Recorded lines with bends tighter than that are drawn up to `give_m` wider. With `circles_first` it leaves
    the first place from a circle of that radius round it, clockwise.
    """
    if turning.radius_m <= 0 or len(path) < 2:
        return Flyable(path, 0.0, 0.0, 0, recorded_arcs(path, 0.0))
    nodes = _nodes(path, turning, give_m)
    rows, turns = _Rows(), []
    extra_m = 0.0
    for number, node in enumerate(nodes):
        _add(rows, node, path)
        if number + 1 == len(nodes):
            break
        after = nodes[number + 1]
        way = np.concatenate(
            [node.leaves[0][None], path.points[node.last + 1 : after.first], after.enters[0][None]]
        )
        if number == 0 and circles_first and node.run is None and node.circle is None:
            turn = _from_circle(way, after.enters[1], turning)
        else:
            turn = flown_turn(way, node.leaves[1], after.enters[1], turning)
        meant = _meant(path, node, after, turning)
        turns.append((turn, meant))
        corners = turn.corners()
        for corner in corners:
            rows.add(corner, node.last, -1)
        if node.circle is not None:
            extra_m += node.circle.extra_m(corners[0] if len(corners) else after.enters[0])
    loops = [loop for node in nodes if node.run is not None for loop in node.run.loops]
    flown = _path(rows, path)
    return Flyable(
        path=flown,
        leaves_m=max(
            [0.0, *(turn.leaves_m for turn, meant in turns if not meant), *(loop.leaves_m for loop in loops)]
        ),
        extra_m=extra_m,
        loops=len(loops),
        legs=recorded_arcs(flown, turning.radius_m),
        further_m=sum(
            node.circle.further_m for node in nodes if node.circle is not None and path.recording[node.first]
        ),
        ways=MultiLineString([turn.points() for turn, _ in turns if turn.length_m > _SAME_M]),
    )


def _from_circle(way: Points, entering: float | None, turning: Turning) -> FlownTurn:
    """The turn from a circle round the first place of a way, left where it points to the next corner."""
    begin, heading = leaving(way[0], turning.radius_m, 1.0, way[1])
    turn = flown_turn(np.concatenate([begin[None], way[1:]]), heading, entering, turning)
    corners = turn.corners()
    begin, heading = leaving(way[0], turning.radius_m, 1.0, corners[0] if len(corners) else way[-1])
    return flown_turn(np.concatenate([begin[None], way[1:]]), heading, entering, turning)


def flown_legs(path: Path, radius_m: float, give_m: float) -> tuple[Legs, int]:
    """The legs (n, 2, 2) flown with the camera on, and how many corners are flown past."""
    if radius_m <= 0 or len(path) < 2:
        return recorded_arcs(path, 0.0), 0
    turning = Turning(shapely.box(*shapely.total_bounds(shapely.points(path.points))), radius_m, None)
    runs = [bends(path.points[first : last + 1], turning, give_m) for first, last in _runs(path)]
    legs = [_arcs(run.points, run.recording, radius_m) for run in runs]
    return np.concatenate([np.zeros((0, 2, 2)), *legs]), sum(len(run.loops) for run in runs)


def recorded_arcs(path: Path, radius_m: float) -> Legs:
    """The legs (n, 2, 2) of a flyable path on which the camera records, arcs as chords."""
    return _arcs(path.points, path.recording, radius_m)


def _arcs(points: Points, recording: npt.NDArray[np.bool_], radius_m: float) -> Legs:
    legs = [arcs_of(points[first : last + 1], radius_m) for first, last in _spans(recording)]
    return np.concatenate([np.zeros((0, 2, 2)), *legs])


def _spans(recording: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of every unbroken stretch on which the camera records."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], recording, [False]]).astype(int)))
    return [(int(first), min(int(last), len(recording) - 1)) for first, last in edges.reshape(-1, 2)]


def _runs(path: Path) -> list[tuple[int, int]]:
    """First and last row of every recorded line; circles that record are none."""
    found = []
    for first, last in _spans(path.recording):
        circles = (path.orbit_turns[first : last + 1] > 0).any()
        length_m = np.hypot(*np.diff(path.points[first : last + 1], axis=0).T).sum()
        if not circles and length_m > _SAME_M:
            found.append((first, last))
    return found


def _nodes(path: Path, turning: Turning, give_m: float) -> list[_Node]:
    """What is flown as it is, in order; the path's first and last places always."""
    runs = dict(_runs(path))
    nodes: list[_Node] = []
    row = 0
    while row < len(path):
        circle = circle_of(path, row)
        if row in runs:
            node = _run(path, row, runs[row], turning, give_m)
        elif circle is not None:
            node = _Node(row, circle.row, circle.enters, circle.leaves, circle=circle)
        elif row in {0, len(path) - 1} or path.picture[row] or path.hold_s[row] > 0:
            node = _place(path, row)
        else:
            row += 1
            continue
        nodes.append(node)
        row = node.last + 1
    return nodes


def _run(path: Path, first: int, last: int, turning: Turning, give_m: float) -> _Node:
    run = bends(path.points[first : last + 1], turning, give_m)
    begin, end = run.points[1] - run.points[0], run.points[-1] - run.points[-2]
    return _Node(
        first,
        last,
        (run.points[0], math.atan2(begin[1], begin[0])),
        (run.points[-1], math.atan2(end[1], end[0])),
        run=run,
    )


def _place(path: Path, row: int) -> _Node:
    """A place flown over: straight on from the place before to the one after, where it is not waited at."""
    here, heading = path.points[row], None
    if path.picture[row] and 0 < row < len(path) - 1:
        ahead = path.points[row + 1] - path.points[row - 1]
        heading = math.atan2(ahead[1], ahead[0])
    return _Node(row, row, (here, heading), (here, heading))


def _meant(path: Path, before: _Node, after: _Node, turning: Turning) -> bool:
    """Whether a way leaves the area on purpose: between its parts, or from a take-off place outside it."""
    if path.outside[before.last : after.first].any():
        return True
    ends = [path.points[node.first] for node in (before, after) if node.run is None and node.circle is None]
    return any(not turning.area.buffer(_SAME_M).covers(shapely.Point(place)) for place in ends)


def _add(rows: _Rows, node: _Node, path: Path) -> None:
    """The rows of a node."""
    if node.run is not None:
        run = node.run
        placed = [-1] * len(run.points)
        for row, source in enumerate(run.source):
            if (
                math.dist(run.points[row], path.points[node.first + source]) < _SAME_M
                and source not in run.source[:row]
            ):
                placed[row] = node.first + int(source)
        for point, source, place, recording in zip(
            run.points, run.source, placed, run.recording, strict=True
        ):
            rows.add(point, node.first + int(source), place, recording=bool(recording))
        return
    if node.circle is not None:
        circle = node.circle
        if circle.row == node.first:
            rows.add(circle.enters[0], node.first, -1, recording=bool(path.recording[node.first]))
    for row in range(node.first, node.last + 1):
        rows.add(path.points[row], row, row, recording=bool(path.recording[row]))


def _path(rows: _Rows, path: Path) -> Path:
    """The new rows as a path: heights between places that had one are spread along the way."""
    points, source, place = np.array(rows.points), np.array(rows.source), np.array(rows.place)
    taken = path.taken(source)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    kept = np.flatnonzero(place >= 0)
    height = np.interp(along, along[kept], path.height_agl_m[place[kept]])
    height[kept] = path.height_agl_m[place[kept]]
    once = {name: np.where(place >= 0, getattr(path, name)[place], 0) for name in _ONCE}
    once["picture"] = once["picture"].astype(bool)
    return dataclasses.replace(
        taken, points=points, height_agl_m=height, recording=np.array(rows.recording, dtype=bool), **once
    )
