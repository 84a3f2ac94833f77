"""The curve that an aircraft which cannot stop flies along a route: its legs, and turns between them.

Each turn is the shortest of Dubins' words that stays within the area and its margin. Where none does, the leg
is flown on beyond its end or joined before its begin, the way round is taken bend by bend, or the aircraft
loops over some place inside; where nothing stays within, what leaves the area least is taken, and the curve
says how far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from missions.coverage.dubins import word_points, words
from missions.coverage.route import Route
from missions.coverage.turning import Turning, sampled
from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
CHORD_M = 0.25
"""Arcs are drawn by chords that lie no further from them than this."""
_ON = (0.0, 0.5, 1.0, 2.0)
"""How far a leg may be flown on, in radii."""
_LOOPS_M = (1.5, 2.5, 4.0)
_LOOP_BEARINGS = 8
_TRIED = 80
_SAMPLES = 64
_DENSE_M = 2.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Every place flown, chords of at most `CHORD_M`; its length, and how far it leaves the area at most.

    `margin_m` is what it was allowed, None for anything.
    """

    points: Points
    length_m: float
    leaves_m: float
    margin_m: float | None

    @property
    def within(self) -> bool:
        """Whether it stays in the area and its margin."""
        return self.margin_m is None or self.leaves_m <= self.margin_m + CHORD_M


def curve_of(route: Route, turning: Turning) -> Curve:
    """The curve through every leg of a route, from its first point to its last.

    What the route flies outside on purpose (from a start there, between parts) does not count as leaving.
    """
    begins = np.flatnonzero(route.recording)
    headings = np.arctan2(*(route.legs[:, 1] - route.legs[:, 0]).T[::-1])
    pieces: list[Points] = [route.points[:1]]
    leaves_m = 0.0
    for index in range(len(begins) + 1):
        first = 0 if index == 0 else int(begins[index - 1]) + 1
        last = int(begins[index]) if index < len(begins) else len(route.points) - 1
        way = route.points[first : last + 1]
        if len(way) > 1 or 0 < index < len(begins):
            leaving = headings[index - 1] if index else _heading(way[0], way[1])
            entering = headings[index] if index < len(begins) else _heading(way[-2], way[-1])
            curve, left_m = _turn(way, float(leaving), float(entering), turning)
            meant = bool(route.outside[first:last].any()) or (
                route.approach_m > 0 and index in {0, len(begins)}
            )
            leaves_m = max(leaves_m, 0.0 if meant else left_m)
            pieces.append(curve[1:])
        if index < len(begins):
            pieces.append(route.legs[index, 1:])
    points = np.concatenate(pieces)
    return Curve(points, float(np.hypot(*np.diff(points, axis=0).T).sum()), leaves_m, turning.margin_m)


def _heading(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(np.arctan2(b[1] - a[1], b[0] - a[0]))


def _turn(way: Points, leaving: float, entering: float, turning: Turning) -> tuple[Points, float]:
    """The curve from the first place of a way to its last, and how far it leaves the area."""
    a, b = np.array([*way[0], leaving]), np.array([*way[-1], entering])
    best, least_m = _best(_words_of(a, b, turning.radius_m), turning)
    for chains in (_flown_on(a, b, turning.radius_m), _bend_by_bend(way, a, b), _loops(way, a, b, turning)):
        if turning.margin_m is None or least_m <= turning.margin_m:
            break
        if len(chains):
            other, other_m = _best(_shortest(chains, turning.radius_m), turning)
            if other_m < least_m - CHORD_M:
                best, least_m = other, other_m
    return best, least_m


def _flown_on(a: Floats, b: Floats, radius_m: float) -> Floats:
    """Poses (k, 4, 3): on past the end of the leg, round, and straight into the next before its begin."""
    ahead_a, ahead_b = (np.array([np.cos(pose[2]), np.sin(pose[2]), 0.0]) for pose in (a, b))
    return np.array(
        [
            [a, a + after * radius_m * ahead_a, b - before * radius_m * ahead_b, b]
            for after in _ON
            for before in _ON
            if after + before > 0
        ]
    )


def _bend_by_bend(way: Points, a: Floats, b: Floats) -> Floats:
    """Poses (1, k, 3) along a way that bends: halfway along each of its pieces."""
    if len(way) < 3:
        return np.zeros((0, 2, 3))
    steps = np.diff(way, axis=0)
    middles = np.column_stack([(way[1:] + way[:-1]) / 2, np.arctan2(steps[:, 1], steps[:, 0])])
    return np.concatenate([a[None], middles, b[None]])[None]


def _loops(way: Points, a: Floats, b: Floats, turning: Turning) -> Floats:
    """Poses (k, 3, 3) over places inside, round about where the turn is flown."""
    bearings = np.arange(_LOOP_BEARINGS) * 2 * np.pi / _LOOP_BEARINGS
    round_about = np.column_stack([np.cos(bearings), np.sin(bearings)])
    middle = (way[0] + way[-1]) / 2
    places = np.concatenate([middle + share * turning.radius_m * round_about for share in _LOOPS_M])
    places = places[shapely.intersects_xy(turning.area, places[:, 0], places[:, 1])]
    return np.array(
        [[a, [*place, heading], b] for place in places for heading in bearings + a[2]], float
    ).reshape(-1, 3, 3)


@dataclass(frozen=True, slots=True)
class _Chains:
    """Chains of turns, the shortest first: poses (k, m, 3), each turn's word (k, m - 1) and its parts in
    radii."""

    poses: Floats
    word: Indices
    parts: Floats


def _words_of(a: Floats, b: Floats, radius_m: float) -> _Chains:
    """Every word that joins two poses."""
    lengths, parts = words(a[None, :2], a[2:], b[None, :2], b[2:], radius_m)
    order = np.argsort(lengths[:, 0], kind="stable")
    order = order[np.isfinite(lengths[order, 0])]
    poses = np.broadcast_to(np.stack([a, b]), (len(order), 2, 3))
    return _Chains(poses, order[:, None], parts[order].transpose(0, 2, 1))


def _shortest(poses: Floats, radius_m: float) -> _Chains:
    """The shortest word between each two poses of each chain; the shortest chains."""
    count, turns = len(poses), poses.shape[1] - 1
    a, b = poses[:, :-1].reshape(-1, 3), poses[:, 1:].reshape(-1, 3)
    lengths, parts = words(a[:, :2], a[:, 2], b[:, :2], b[:, 2], radius_m)
    word = lengths.argmin(axis=0)
    own = parts[word, :, np.arange(len(word))].reshape(count, turns, 3)
    order = np.argsort(lengths.min(axis=0).reshape(count, turns).sum(axis=1), kind="stable")[:_TRIED]
    return _Chains(poses[order], word.reshape(count, turns)[order], own[order])


def _best(chains: _Chains, turning: Turning) -> tuple[Points, float]:
    """The shortest chain that stays within, else that which leaves the area least; and how far it does."""
    left_m = np.zeros(len(chains.poses))
    for turn in range(chains.word.shape[1]):
        pose = chains.poses[:, turn]
        word, parts = chains.word[:, turn], chains.parts[:, turn]
        places = sampled(pose[:, :2], pose[:, 2], word, parts, turning, _SAMPLES)
        left_m = np.maximum(left_m, turning.leaves_m(places))
    within = np.flatnonzero(left_m <= (np.inf if turning.margin_m is None else turning.margin_m))
    best = int(within[0]) if len(within) else int(np.argmin(np.round(left_m, 1)))
    curve = _drawn(chains, best, turning.radius_m)
    dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(curve), _DENSE_M))
    return curve, float(turning.leaves_m(dense[None])[0])


def _drawn(chains: _Chains, index: int, radius_m: float) -> Points:
    step_m = float(np.sqrt(8 * radius_m * CHORD_M))
    pieces = [chains.poses[index, :1, :2]]
    for pose, word, parts in zip(chains.poses[index], chains.word[index], chains.parts[index], strict=False):
        pieces.append(word_points(pose[:2], float(pose[2]), int(word), parts, radius_m, step_m)[1:])
    return np.concatenate(pieces)
