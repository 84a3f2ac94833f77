"""A frames' clock that is seconds off, found where passes in opposite directions saw the same warm things.

A frame that is placed by where the aircraft was a little later lies a little further along the flight. Flown
the other way it lies off to the other side. At the right offset what both passes saw falls on one place:
every offset is tried, and the one at which most things of one pass meet one of another is taken if it stands
out and explains far more than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Array = npt.NDArray[np.float64]
REACH_S, STEP_S = 3.0, 0.1
_TOGETHER_M = 1.5
_OPPOSITE = -0.5
"""Cosine between two courses from which on they count as opposite."""
_LEAST_SPEED_M_S = 1.5
_LEAST_THINGS, _LEAST_SHARE = 5.0, 0.35
_BETTER, _NEAR_S = 1.5, 0.35
"""An offset must explain this many times more than those near zero do."""
_STANDS_OUT = 5.0
_AXES = 36
"""Directions that are tried for the one along which the passes lie, over half a turn."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A thing as one pass saw it: metres east and north, and by how many metres a second its place moves with
    the frames' time.
    """

    east_north_m: Array
    speed_m_s: Array


def clock_offset_s(things: Sequence[Passed]) -> float | None:
    """What must be added to the frames' times, up to 3 s either way; None where no offset stands out."""
    speeds = np.array([thing.speed_m_s for thing in things]).reshape(-1, 2)
    fast = np.linalg.norm(speeds, axis=1) > _LEAST_SPEED_M_S
    places = np.array([thing.east_north_m for thing in things]).reshape(-1, 2)[fast]
    speeds = speeds[fast]
    if len(places) < 2 * _LEAST_THINGS:
        return None
    one, other = _opposite_passes(speeds)
    few = min(int(one.sum()), int(other.sum()))
    if few < _LEAST_THINGS:
        return None
    offsets = np.round(np.arange(-REACH_S, REACH_S + STEP_S / 2, STEP_S), 6)
    scores = np.array([_met(places + by * speeds, one, other) for by in offsets])
    best = int(np.argmax(scores))
    usual = float(np.median(scores))
    near = float(scores[np.abs(offsets) <= _NEAR_S].max())
    enough = max(_LEAST_THINGS, _LEAST_SHARE * few, usual + _STANDS_OUT * np.sqrt(max(usual, 1.0)))
    if scores[best] < enough or (abs(offsets[best]) > _NEAR_S and scores[best] < _BETTER * near):
        return None
    return float(offsets[best])


def _opposite_passes(speeds: Array) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which things were passed one way, and which the other: along the direction that has most of both.

    Not along the fastest: what stands beside an aircraft that turns sweeps past faster than any, and any way.
    """
    angles = np.arange(_AXES) * np.pi / _AXES
    axes = np.stack([np.cos(angles), np.sin(angles)])
    along = speeds @ axes / np.linalg.norm(speeds, axis=1)[:, None]
    one, other = np.where(along > -_OPPOSITE, along, 0), np.where(along < _OPPOSITE, -along, 0)
    best = int(np.argmax(np.minimum(one.sum(axis=0), other.sum(axis=0))))
    return one[:, best] > 0, other[:, best] > 0


def _met(places: Array, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """How many things of the one direction meet one of the other, the nearer the more."""
    away, _ = cKDTree(places[other]).query(places[one], distance_upper_bound=4 * _TOGETHER_M)
    return float(np.exp(-(away**2) / (2 * _TOGETHER_M**2)).sum())
