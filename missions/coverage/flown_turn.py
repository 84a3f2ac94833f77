"""The turn that an aircraft which cannot stop flies from one heading to another.

The shortest of Dubins' words that stays within the area and its margin, and out of what is kept out. Where
none does, the leg is flown on beyond its end or joined before its begin, the way round is taken bend by
bend, or the aircraft loops over some place inside; where nothing stays within, what leaves least is taken.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from missions.coverage.dubins import word_corners, word_points, words
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
_HEADINGS = 24
_TRIED = 80
_SAMPLES = 64
_DENSE_M = 2.0


@dataclass(frozen=True, slots=True)
class FlownTurn:
    """Words one after another: poses (m, 3) that they join, each word (m - 1,) and its parts in radii.

    `leaves_m` is how far it goes outside the area, `crosses` whether it comes into what is kept out.
    """

    poses: Floats
    word: Indices
    parts: Floats
    radius_m: float
    leaves_m: float = 0.0
    crosses: bool = False

    def points(self) -> Points:
        """Every place flown, by chords of at most `CHORD_M`, both ends included."""
        step_m = float(np.sqrt(8 * self.radius_m * CHORD_M))
        pieces = [self.poses[:1, :2]]
        for pose, word, parts in zip(self.poses, self.word, self.parts, strict=False):
            pieces.append(word_points(pose[:2], float(pose[2]), int(word), parts, self.radius_m, step_m)[1:])
        return np.concatenate(pieces)

    def corners(self) -> Points:
        """The corners of the line whose arcs are flown, without both ends."""
        return np.concatenate(
            [
                word_corners(pose, int(word), parts, self.radius_m)
                for pose, word, parts in zip(self.poses, self.word, self.parts, strict=False)
            ]
        )

    @property
    def length_m(self) -> float:
        """Metres flown."""
        return float(self.parts.sum() * self.radius_m)


def flown_turn(way: Points, leaving: float | None, entering: float | None, turning: Turning) -> FlownTurn:
    """The turn from the first place of a way (n, 2) to its last.

    Headings in radians from east, anticlockwise; None for any.
    """
    starts = _poses(way[0], leaving, way[-1], entering, turning.radius_m)
    ends = _poses(way[-1], entering, way[0], leaving, turning.radius_m)
    if entering is None:
        ends[:, 2] += np.pi
    if leaving is None and entering is None:
        starts, ends = starts[-1:], ends[-1:]
    best: FlownTurn | None = None
    for family in (_direct, _flown_on, _bend_by_bend, _loops):
        chains = family(way, starts, ends, turning)
        if chains is None:
            continue
        found = _best(chains, turning)
        if best is None or _badness(found) < _badness(best):
            best = found
        if not best.crosses and (turning.margin_m is None or best.leaves_m <= turning.margin_m):
            break
    assert best is not None  # noqa: S101
    return best


def _badness(turn: FlownTurn) -> tuple[bool, float]:
    """What makes a turn of a later, longer kind worth it: staying out, then leaving at least a chord less."""
    return turn.crosses, float(np.ceil(turn.leaves_m / CHORD_M))


def _poses(
    place: Points, heading: float | None, other: Points, other_heading: float | None, radius_m: float
) -> Floats:
    """The pose (1, 3); where any heading will do, poses all round, last the one straight along the way.

    Among them are those that touch the circles on which the aircraft turns at the other end.
    """
    if heading is not None:
        return np.array([[*place, heading]])
    straight = _heading(place, other)
    found = [*(np.arange(_HEADINGS) * 2 * np.pi / _HEADINGS), straight]
    if other_heading is not None:
        aside = radius_m * np.array([-np.sin(other_heading), np.cos(other_heading)])
        for middle in (other + aside, other - aside):
            away_m = float(np.hypot(*(middle - place)))
            if away_m > radius_m:
                half = np.arcsin(radius_m / away_m)
                found[-1:-1] = [_heading(place, middle) + half, _heading(place, middle) - half]
    return np.column_stack([np.broadcast_to(place, (len(found), 2)), found])


def _heading(a: Points, b: Points) -> float:
    return float(np.arctan2(b[1] - a[1], b[0] - a[0]))


@dataclass(frozen=True, slots=True)
class _Chains:
    """Chains of turns, the shortest first: poses (k, m, 3), each turn's word (k, m - 1) and its parts in
    radii."""

    poses: Floats
    word: Indices
    parts: Floats


def _direct(_way: Points, starts: Floats, ends: Floats, turning: Turning) -> _Chains:
    """Every word that joins two poses; of several poses the best word of each."""
    if len(starts) == len(ends) == 1:
        return _words_of(starts[0], ends[0], turning.radius_m)
    return _shortest(_paired(starts, ends), turning.radius_m)


def _paired(starts: Floats, ends: Floats) -> Floats:
    """Each start with each end, (k, 2, 3)."""
    i, j = (index.ravel() for index in np.indices((len(starts), len(ends))))
    return np.stack([starts[i], ends[j]], axis=1)


def _flown_on(_way: Points, starts: Floats, ends: Floats, turning: Turning) -> _Chains | None:
    """On past the end of the leg, round, and straight into the next before its begin."""
    poses = []
    for after in _ON if len(starts) == 1 else (0.0,):
        for before in _ON if len(ends) == 1 else (0.0,):
            if after + before == 0:
                continue
            for a, b in _paired(starts, ends):
                ahead_a, ahead_b = (np.array([np.cos(pose[2]), np.sin(pose[2]), 0.0]) for pose in (a, b))
                on, short = after * turning.radius_m * ahead_a, before * turning.radius_m * ahead_b
                poses.append([a, a + on, b - short, b])
    return _shortest(np.array(poses), turning.radius_m) if poses else None


def _bend_by_bend(way: Points, starts: Floats, ends: Floats, turning: Turning) -> _Chains | None:
    """Along a way that bends: over the middle of each of its pieces."""
    if len(way) < 3:
        return None
    steps = np.diff(way, axis=0)
    middles = np.column_stack([(way[1:] + way[:-1]) / 2, np.arctan2(steps[:, 1], steps[:, 0])])
    chains = [np.concatenate([a[None], middles, b[None]]) for a, b in _paired(starts, ends)]
    return _shortest(np.array(chains), turning.radius_m)


def _loops(way: Points, starts: Floats, ends: Floats, turning: Turning) -> _Chains | None:
    """Over places inside, round about where the turn is flown."""
    bearings = np.arange(_LOOP_BEARINGS) * 2 * np.pi / _LOOP_BEARINGS
    round_about = np.column_stack([np.cos(bearings), np.sin(bearings)])
    middle = (way[0] + way[-1]) / 2
    places = np.concatenate([middle + share * turning.radius_m * round_about for share in _LOOPS_M])
    places = places[shapely.intersects_xy(turning.area, places[:, 0], places[:, 1])]
    poses = [
        [a, [*place, heading], b]
        for place in places
        for a, b in _paired(starts[:1], ends[:1])
        for heading in bearings + a[2]
    ]
    return _shortest(np.array(poses, float), turning.radius_m) if poses else None


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


def _best(chains: _Chains, turning: Turning) -> FlownTurn:
    """The shortest chain that stays within, else that which leaves the area least."""
    left_m, crosses = np.zeros(len(chains.poses)), np.zeros(len(chains.poses), dtype=bool)
    for turn in range(chains.word.shape[1]):
        pose = chains.poses[:, turn]
        word, parts = chains.word[:, turn], chains.parts[:, turn]
        places = sampled(pose[:, :2], pose[:, 2], word, parts, turning, _SAMPLES)
        left_m = np.maximum(left_m, turning.leaves_m(places))
        crosses |= turning.crosses(places)
    within = np.flatnonzero(~crosses & (left_m <= (np.inf if turning.margin_m is None else turning.margin_m)))
    best = int(within[0]) if len(within) else int(np.lexsort([np.round(left_m, 1), crosses])[0])
    chosen = FlownTurn(chains.poses[best], chains.word[best], chains.parts[best], turning.radius_m)
    dense = chosen.points()
    if chosen.length_m > _DENSE_M:
        dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(dense), _DENSE_M))
    return dataclasses.replace(
        chosen,
        leaves_m=float(turning.leaves_m(dense[None])[0]),
        crosses=bool(turning.crosses(dense[None])[0]),
    )
