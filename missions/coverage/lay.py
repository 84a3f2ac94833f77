"""Laying the lanes of a grid on an area: clipped to it, each as long as its strip of ground needs.

A lane ends where the footprint at its end reaches the far edge of the strip, so a camera that looks `reach_m`
ahead needs to fly that much less. A tip of a strip that is worth less ground than `spare_m2` is not flown to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from missions.coverage.lanes import SHORTEST_LEG_M, Grid, Legs, Swath, turned, turned_back
from missions.coverage.rows import Floats, Indices, Rows, edges_of, rows_of, stretches

_FINE = 32
"""Rows a lane, where lanes are laid to be flown."""
_BLUNT = 4.0
"""A tip is left out where it is at least this many times as long as if it were as wide as the lane."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Lanes in the turned frame: each leg's level, start and end, and the ground that they leave unseen."""

    level: Floats
    start: Floats
    end: Floats
    unseen_m2: float


def lay(area: BaseGeometry, inner: BaseGeometry, grid: Grid, swath: Swath, spare_m2: float = 0.0) -> Legs:
    """The lanes of a grid: inside `inner`, each as long as its strip of `area` needs. (n, 2, 2)"""
    whole = turned(area, grid.bearing_deg)
    rows = rows_of(whole, swath.width_m / _FINE)
    edges = edges_of(turned(inner, grid.bearing_deg))
    laid = laid_on(rows, edges, whole.bounds[1], grid, swath, spare_m2)
    starts, ends = np.column_stack([laid.start, laid.level]), np.column_stack([laid.end, laid.level])
    return turned_back(np.stack([starts, ends], axis=1), grid.bearing_deg)


def laid_on(rows: Rows, edges: Floats, low: float, grid: Grid, swath: Swath, spare_m2: float = 0.0) -> Laid:
    """The lanes of a grid on rows of the area and the edges that they must stay within, in the turned frame.

    `low` is the area's south edge.
    """
    lane = np.floor((rows.y - low - grid.first_m) / grid.spacing_m + 0.5).astype(np.int64)[rows.row]
    within = (lane >= 0) & (lane < grid.count)
    missed_m = float((rows.b - rows.a)[~within].sum())
    lane, a, b = lane[within], rows.a[within], rows.b[within]
    order = np.lexsort((a, lane))
    lane, a, b = lane[order], a[order], b[order]
    levels = np.asarray(low + grid.first_m + grid.spacing_m * np.arange(grid.count), dtype=np.float64)
    track, enter, leave = stretches(edges, levels)
    solid = leave > enter
    track, enter, leave = track[solid], enter[solid], leave[solid]
    if not len(a) or not len(track):
        empty = np.zeros(0)
        return Laid(empty, empty, empty, (missed_m + float((b - a).sum())) * rows.step_m)
    piece, apart = _pieces(lane, a, b)
    home = _home(piece, apart, lane, a, track, (enter + leave) / 2)
    tip_m2 = spare_m2 / (2 * grid.count)
    west, east = _tips(piece, a, b, tip_m2 / rows.step_m, tip_m2 / swath.width_m)
    start, end = _trimmed(enter, leave, west[home], east[home], swath.reach_m)
    seen = _seen(piece, a, b, home, start - swath.reach_m, end + swath.reach_m)
    missed_m += float((b - a - seen).sum())
    return Laid(levels[track], start, end, missed_m * rows.step_m)


def _pieces(lane: Indices, a: Floats, b: Floats) -> tuple[Indices, float]:
    """Stretches of a lane whose shadows on the track overlap make a piece: its number; and how far apart
    lanes must be laid on one axis so that none reaches over to the next."""
    apart = 2 * float(b.max() - a.min()) + 1.0
    reached = np.maximum.accumulate(b + apart * lane)
    begins = np.concatenate([[True], (a + apart * lane)[1:] > reached[:-1]])
    return np.cumsum(begins) - 1, apart


def _home(piece: Indices, apart: float, lane: Indices, a: Floats, track: Indices, middle: Floats) -> Indices:
    """The piece that each track runs through."""
    firsts = np.flatnonzero(np.diff(piece, prepend=-1))
    found = np.searchsorted((a + apart * lane)[firsts], middle + apart * track, side="right") - 1
    return np.maximum(found, 0)


def _tips(piece: Indices, a: Floats, b: Floats, spare_m: float, blunt_m: float) -> tuple[Floats, Floats]:
    """From where to where each piece is worth seeing."""
    west = _tip(piece, a, spare_m, blunt_m)
    order = np.lexsort((-b, piece))
    return west, -_tip(piece, -b[order], spare_m, blunt_m)


def _tip(piece: Indices, a: Floats, spare_m: float, blunt_m: float) -> Floats:
    """How far from its west end `spare_m` metres of a piece's stretches lie; `a` rises within each piece."""
    firsts = np.flatnonzero(np.diff(piece, prepend=-1))
    ends = a[firsts]
    if spare_m <= 0:
        return ends
    before = a - ends[piece]
    number = np.arange(len(a)) - firsts[piece]
    total = np.cumsum(before)
    sums = total - (total - before)[firsts][piece]
    # Up to stretch k, all together are k * a(k) - (a(1) + ... + a(k)) long.
    within = (number + 1) * before - sums <= spare_m
    counted = np.add.reduceat(within.astype(np.int64), firsts)
    last = firsts + counted - 1
    tip_m = (spare_m + sums[last]) / counted
    return np.where(tip_m >= _BLUNT * blunt_m, ends + tip_m, ends)


def _trimmed(a: Floats, b: Floats, low: Floats, high: Floats, reach_m: float) -> tuple[Floats, Floats]:
    """As `lanes.trimmed`, of many tracks at once."""
    start, end = np.maximum(a, low + reach_m), np.minimum(b, high - reach_m)
    short = end - start < SHORTEST_LEG_M
    half = np.minimum(SHORTEST_LEG_M, b - a) / 2
    middle = np.clip(np.clip((low + high) / 2, a, b), a + half, b - half)
    return np.where(short, middle - half, start), np.where(short, middle + half, end)


def _seen(piece: Indices, a: Floats, b: Floats, home: Indices, start: Floats, end: Floats) -> Floats:
    """The length of every stretch `a`-`b` that the legs over its own piece see."""
    first = np.searchsorted(home, piece)
    legs = np.searchsorted(home, piece, side="right") - first
    stretch = np.repeat(np.arange(len(piece)), legs)
    leg = np.arange(len(stretch)) - np.repeat(np.cumsum(legs) - legs, legs) + first[stretch]
    overlap = np.minimum(b[stretch], end[leg]) - np.maximum(a[stretch], start[leg])
    total = np.bincount(stretch, np.maximum(overlap, 0.0), len(piece))
    return np.asarray(np.minimum(total, b - a))
