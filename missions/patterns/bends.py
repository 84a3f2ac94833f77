"""Recorded lines as an aircraft that cannot stop flies them: round bends, or past a corner and back to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString

from missions.coverage.dubins import word_corners
from missions.coverage.flown_turn import FlownTurn, flown_turn
from missions.coverage.lanes import Legs
from missions.coverage.turning import Turning
from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
_LEFT, _RIGHT = 0, 1
_SAME_M = 0.01
_EASY_M = 1e-6
_GIVES = (0.0, 0.125, 0.25, 0.5, 1.0)
_ARC_DEG = 10.0
_CUT = 1.0
"""A corner is rounded where its arc cuts off no more than this many radii: bends of up to 120 degrees."""


@dataclass(frozen=True, slots=True)
class Bends:
    """A line whose every corner has room for an arc, and the loops flown past corners that had none.

    `points` (n, 2); `recording` (n,) whether the camera records from each to the next; `source` (n,) the row
    of the drawn line that each comes from. `loops` are the turns past tight corners.
    """

    points: Points
    recording: npt.NDArray[np.bool_]
    source: npt.NDArray[np.int64]
    loops: tuple[FlownTurn, ...] = ()


def bends(run: Points, turning: Turning, give_m: float = 0.0) -> Bends:
    """The line (n, 2) as flown. Bends tighter than the radius are drawn wider, up to `give_m` from the line,
    where that spares the aircraft a loop."""
    if turning.radius_m <= 0:
        return _as_drawn(run)
    best: tuple[int, npt.NDArray[np.int64], npt.NDArray[np.bool_]] | None = None
    for share in _GIVES if give_m > 0 else _GIVES[:1]:
        rows = _rows_of(run, share * give_m)
        tight = _tight(run[rows], turning.radius_m)
        if best is None or tight.sum() < best[0]:
            best = int(tight.sum()), rows, tight
        if not tight.any():
            break
    assert best is not None  # noqa: S101
    return _drawn(run, best[1], best[2], turning)


def arcs_of(points: Points, radius_m: float) -> Legs:
    """The legs (n, 2, 2) of a line with an arc, drawn as chords, at every corner."""
    if radius_m <= 0 or len(points) < 3:
        return _legs(points)
    ahead, _ = _steps(points)
    angle = _angles(ahead)
    places = [points[:1]]
    for row in range(1, len(points) - 1):
        tangent_m = radius_m * math.tan(min(angle[row - 1], 3.0) / 2)
        places.append(_arc(points[row], ahead[row - 1], ahead[row], float(angle[row - 1]), tangent_m))
    return _legs(np.concatenate([*places, points[-1:]]))


def tangents_m(points: Points, radius_m: float) -> Floats:
    """How much of the legs beside each place of a line an arc there takes; 0 at both ends. (n,)"""
    ahead, _ = _steps(points)
    half = np.minimum(_angles(ahead), 3.1) / 2
    return np.concatenate([[0.0], radius_m * np.tan(half), [0.0]])


def _as_drawn(run: Points) -> Bends:
    recording = np.ones(len(run), dtype=bool)
    recording[-1] = False
    return Bends(run, recording, np.arange(len(run)))


def _rows_of(run: Points, tolerance_m: float) -> npt.NDArray[np.int64]:
    """The rows that stay where a line is drawn simpler; places that are one are taken once."""
    apart = np.hypot(*np.diff(run, axis=0).T) > _SAME_M
    rows = np.flatnonzero(np.concatenate([[True], apart]))
    if tolerance_m <= 0 or len(rows) < 3:
        return rows
    simple = shapely.get_coordinates(LineString(run[rows]).simplify(tolerance_m))
    kept, at = [], 0
    for place in simple:
        while math.dist(run[rows[at]], place) > _SAME_M / 10:
            at += 1
        kept.append(rows[at])
        at += 1
    return np.array(kept)


def _tight(points: Points, radius_m: float) -> npt.NDArray[np.bool_]:
    """The corners (n,) without room for an arc, the neediest first counted among them."""
    needed = tangents_m(points, radius_m)
    _, lengths = _steps(points)
    cut_m = np.hypot(needed, radius_m) - radius_m
    tight = cut_m > _CUT * radius_m * (1 + 1e-9)
    while True:
        needed = np.where(tight, 0.0, needed)
        short = np.flatnonzero(needed[:-1] + needed[1:] > lengths + _EASY_M)
        if not short.size:
            return np.asarray(tight)
        ends = np.concatenate([short, short + 1])
        tight[ends[np.argmax(needed[ends])]] = True


def _drawn(run: Points, rows: npt.NDArray[np.int64], tight: npt.NDArray[np.bool_], turning: Turning) -> Bends:
    points = run[rows]
    ahead, _ = _steps(points)
    heading = np.arctan2(ahead[:, 1], ahead[:, 0])
    angle = _angles(ahead)
    needed = tangents_m(points, turning.radius_m)
    drawn: list[Floats] = [points[0]]
    recording, source, loops = [True], [int(rows[0])], []
    for row in range(1, len(points) - 1):
        if tight[row]:
            way = points[[row, row]]
            loop = flown_turn(way, float(heading[row - 1]), float(heading[row]), turning)
            round_ = loop.corners()
            drawn += [points[row], *round_, points[row]]
            recording += [False] * (len(round_) + 1) + [True]
            source += [int(rows[row])] * (len(round_) + 2)
            loops.append(loop)
            continue
        corners = _corners(points[row], ahead[row - 1], ahead[row], angle[row - 1], needed[row], turning)
        drawn += list(corners)
        recording += [True] * len(corners)
        before = len(corners) // 2
        source += [int(rows[row - 1])] * before + [int(rows[row])] * (len(corners) - before)
    drawn.append(points[-1])
    return Bends(
        np.array(drawn), np.array([*recording, False]), np.array([*source, int(rows[-1])]), tuple(loops)
    )


def _corners(
    corner: Floats, before: Floats, after: Floats, angle: float, tangent_m: float, turning: Turning
) -> Points:
    """The corners of the line round the arc at one corner; that corner itself where it bends but little."""
    if angle <= math.radians(36.0):
        return corner[None]
    start = corner - before * tangent_m
    pose = np.array([*start, math.atan2(before[1], before[0])])
    left = before[0] * after[1] - before[1] * after[0] > 0
    return word_corners(pose, _LEFT if left else _RIGHT, np.array([angle, 0.0, 0.0]), turning.radius_m)


def _steps(points: Points) -> tuple[Floats, Floats]:
    """Unit vectors along the legs of a line, and their lengths."""
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    return steps / np.maximum(lengths, 1e-12)[:, None], lengths


def _angles(ahead: Floats) -> Floats:
    """How far the course changes between legs, radians."""
    cross = ahead[:-1, 0] * ahead[1:, 1] - ahead[:-1, 1] * ahead[1:, 0]
    return np.asarray(np.abs(np.arctan2(cross, np.einsum("ij,ij->i", ahead[:-1], ahead[1:]))))


def _arc(corner: Points, before: Floats, after: Floats, angle: float, tangent_m: float) -> Points:
    """Places on the arc that touches both legs `tangent_m` from their corner."""
    if angle < 1e-6:
        return corner[None]
    count = max(1, math.ceil(math.degrees(angle) / _ARC_DEG))
    turned = np.linspace(0.0, angle, count + 1)[:, None]
    radius_m = tangent_m / math.tan(angle / 2)
    inward = after - before * (before @ after)
    inward = inward / np.hypot(*inward)
    start = corner - before * tangent_m
    return np.asarray(start + radius_m * (np.sin(turned) * before + (1 - np.cos(turned)) * inward))


def _legs(points: Points) -> Legs:
    legs = np.stack([points[:-1], points[1:]], axis=1)
    return np.asarray(legs[np.hypot(*(legs[:, 1] - legs[:, 0]).T) > _SAME_M])
