"""What turning takes of an aircraft that cannot stop, and where it may turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import GeometryCollection
from shapely.geometry.base import BaseGeometry

from missions.coverage.dubins import turning_lengths, word_places, words
from missions.coverage.lanes import Legs

Floats = npt.NDArray[np.float64]
NOTHING: BaseGeometry = GeometryCollection()
_NEAR = 10
_SAMPLES = 24
_LEAVING_COSTS = 6.0
"""A metre too far outside costs as much as six flown: an order that stays closer may be so much longer."""


@dataclass(frozen=True, slots=True)
class Turning:
    """The radius, 0 for what turns on the spot; and how far turns may leave the area, None for anywhere.

    Nothing is flown through `keep_out` where that can be avoided.
    """

    area: BaseGeometry
    radius_m: float
    margin_m: float | None
    keep_out: BaseGeometry = NOTHING

    def crosses(self, places: Floats) -> npt.NDArray[np.bool_]:
        """Whether each curve (n, m, 2) comes into what is kept out, (n,)."""
        if self.keep_out.is_empty:
            return np.zeros(len(places), dtype=bool)
        shapely.prepare(self.keep_out)
        return np.asarray(shapely.intersects(self.keep_out, shapely.linestrings(places)))

    def leaves_m(self, places: Floats) -> Floats:
        """How far each curve (n, m, 2) goes outside the area, (n,)."""
        shapely.prepare(self.area)
        found = np.zeros(places.shape[:2])
        outside = ~shapely.intersects_xy(self.area, places[..., 0], places[..., 1])
        found[outside] = shapely.distance(self.area, shapely.points(places[outside]))
        return np.asarray(found.max(axis=1))

    def too_far_m(self, places: Floats) -> Floats:
        """How much further than it may each curve goes outside, (n,)."""
        if self.margin_m is None:
            return np.zeros(len(places))
        return np.maximum(self.leaves_m(places) - self.margin_m, 0.0)


def turning_costs(legs: Legs, turning: Turning) -> Floats:
    """What the turn from every leg's end to every other's takes, (2n, 2n), symmetric.

    Its length; where turns must not leave the area by more than a margin, the best word's with what it leaves
    it by. Each end is looked at with those that it is turned to soonest.
    """
    lengths = turning_lengths(legs, turning.radius_m)
    if turning.margin_m is None or len(legs) < 2:
        return lengths
    i, j = _near_pairs(lengths)
    ends = legs.reshape(-1, 2)
    away = np.concatenate([legs[:, :1] - legs[:, 1:], legs[:, 1:] - legs[:, :1]], axis=1).reshape(-1, 2)
    heading = np.arctan2(away[:, 1], away[:, 0])
    found, parts = words(ends[i], heading[i], ends[j], heading[j] + np.pi, turning.radius_m)
    costs = found.copy()
    for word in range(len(found)):
        exists = np.flatnonzero(np.isfinite(found[word]))
        places = sampled(ends[i[exists]], heading[i[exists]], word, parts[word][:, exists].T, turning)
        costs[word, exists] += _LEAVING_COSTS * turning.too_far_m(places)
    best = costs.min(axis=0)
    extra = np.full(lengths.shape, np.inf)
    extra[i, j] = extra[j, i] = best - lengths[i, j]
    # Pairs not looked at leave the area at least about as far as each end's best.
    least = extra.min(axis=1)
    rest = (least[:, None] + least[None]) / 2
    return np.asarray(lengths + np.where(np.isfinite(extra), extra, rest))


def sampled(
    a: Floats,
    heading: Floats,
    word: int | npt.NDArray[np.int64],
    parts: Floats,
    turning: Turning,
    count: int = _SAMPLES,
) -> Floats:
    """Places evenly along each curve, (n, count, 2); `parts` (n, 3) in radii."""
    along = parts.sum(axis=1)[:, None] * np.linspace(0.0, 1.0, count)
    which = np.broadcast_to(np.asarray(word), len(a))
    return word_places(a, heading, which, parts, turning.radius_m, along)


def _near_pairs(lengths: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every end with those of other legs that it is turned to soonest, each pair once."""
    count = len(lengths)
    own = np.arange(count)
    ranked = lengths.copy()
    ranked[own, own] = ranked[own, own ^ 1] = np.inf
    near = min(_NEAR, count - 2)
    nearest = np.argsort(ranked, axis=1, kind="stable")[:, :near]
    i, j = np.repeat(own, near), nearest.ravel()
    pairs = np.unique(np.column_stack([np.minimum(i, j), np.maximum(i, j)]), axis=0)
    return pairs[:, 0], pairs[:, 1]
