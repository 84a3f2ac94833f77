"""The errors that a flight's frames share, estimated together with the places of all that stood still.

Least squares by normal equations: each sighting says that a spot lies where its thing does, moved by the
shared errors and the ground's height there. Every error starts with its own standard deviation, those that
drift as a Gauss-Markov process with a node every so often; things are eliminated one by one (Schur
complement), so many cost little. Odd sightings count less (Huber's weights, Annals of Mathematical Statistics
35(1), 1964).

What passes in opposite directions tell apart comes out of it: the clock's latency and the camera's seat in
its gimbal both move a place along the flight, and only different speeds or heights tell the one from the
other. The covariance says how far that went.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from imaging.thermal.placing.errors import CLOCK, DRIFT_TIME_S, DRIFTING, SHARED
from imaging.thermal.placing.places import Placed

Array = npt.NDArray[np.float64]
_FLIGHT = DRIFTING.start
_DRIFTS = len(SHARED) - _FLIGHT
_NODE_S = 15.0
_MOST_NODES = 60
_MOST_SIGHTINGS = 60
_HUBER = 2.0
PASS_S = 8.0
"""Not seen for longer: the next sighting is of another pass."""
_ROUNDS = 6
_WIDENED = 9.0
"""A spot's middle wanders over its thing as it is seen from elsewhere, which no covariance here knows: with
three times the standard deviation the clock's stated error held on rendered flights."""


@dataclass(frozen=True, slots=True)
class Stood:
    """A thing that stood still: when (n,) it was seen and where each sighting was placed.

    `crowd` (n,) counts the things in each sighting's frame: they shake together, so that each tells only its
    share of the shared errors. Likewise a spot's middle is off alike in all sightings of one pass.
    """

    times_s: Array
    placed: Sequence[Placed]
    crowd: Array

    def covariances(self, *, crowded: bool) -> Array:
        """(n, 2, 2) of each sighting's own error, widened: together they tell no more than they know.

        `crowded`: the other things of the frames tell of the same errors as well.
        """
        passes = np.cumsum(np.diff(self.times_s, prepend=self.times_s[:1]) > PASS_S)
        alike = np.bincount(passes)[passes]
        crowd = self.crowd if crowded else np.ones_like(self.crowd)
        shaken = np.array([p.shaken for p in self.placed]) * crowd[:, None, None]
        return np.asarray(shaken + np.array([p.spotted for p in self.placed]) * alike[:, None, None])


@dataclass(frozen=True, slots=True)
class Place:
    """East and north (2,), the covariance (2, 2) of the thing's own error, and its lever (2, t): how far each
    shared error moves it.
    """

    east_north_m: Array
    own: Array
    lever: Array


@dataclass(frozen=True)
class Adjusted:
    """Shared errors in multiples of their standard deviation: `mean` (t,) and `covariance` (t, t).

    The first ten are those of the flight, then five of each node; `nodes_s` (k,) are the nodes' times.
    """

    mean: Array
    covariance: Array
    nodes_s: Array
    _roots: dict[float, tuple[Array, Array]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def clock(self) -> tuple[float, float]:
        """The clock's error and its standard deviation, in multiples of the one first assumed."""
        return float(self.mean[CLOCK]), float(math.sqrt(self.covariance[CLOCK, CLOCK]))

    def at(self, time_s: float) -> tuple[Array, Array]:
        """Mean (15,) and covariance (15, 15) of `errors.SHARED` at a time."""
        pick = self._pick(np.array([time_s]))[0]
        return np.asarray(pick @ self.mean), np.asarray(pick @ self.covariance @ pick.T)

    def root_at(self, time_s: float) -> tuple[Array, Array]:
        """Mean (15,) and a root (15, 15) of the covariance at a time; kept, for a frame shows many things."""
        if time_s not in self._roots:
            mean, covariance = self.at(time_s)
            root: Array = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance))).astype(float)
            self._roots[time_s] = mean, root
        return self._roots[time_s]

    def place(self, thing: Stood) -> Place:
        """Where a thing lies, one of those adjusted."""
        block = _Block.of(thing, self, alone=True)
        own, crossed, right = block.eliminated(block.robust(self.mean))
        inverse: Array = np.linalg.inv(own).astype(float)
        found = inverse @ (right - crossed @ self.mean)
        return Place(found[:2], inverse[:2, :2], (inverse @ crossed)[:2])

    def covariance_of(self, place: Place) -> Array:
        """The whole 2x2 covariance of a place."""
        spread = place.own + place.lever @ self.covariance @ place.lever.T
        return np.asarray((spread + spread.T) / 2)

    def apart(self, one: Place, other: Place) -> float:
        """The squared Mahalanobis distance of two places, whose errors are alike in what they share."""
        lever = one.lever - other.lever
        spread = one.own + other.own + lever @ self.covariance @ lever.T
        away = one.east_north_m - other.east_north_m
        return float(away @ np.linalg.solve(spread, away))

    def _pick(self, times_s: Array) -> Array:
        """(n, 15, t): from all shared errors those at these times, between two nodes the straight line."""
        count = len(self.nodes_s)
        picked = np.zeros((len(times_s), len(SHARED), _FLIGHT + _DRIFTS * count))
        picked[:, np.arange(_FLIGHT), np.arange(_FLIGHT)] = 1
        before = np.clip(np.searchsorted(self.nodes_s, times_s, side="right") - 1, 0, max(count - 2, 0))
        after = np.minimum(before + 1, count - 1)
        wide = self.nodes_s[after] - self.nodes_s[before]
        share = np.clip((times_s - self.nodes_s[before]) / np.where(wide > 0, wide, 1), 0, 1)
        rows = np.arange(len(times_s))
        for drift in range(_DRIFTS):
            picked[rows, _FLIGHT + drift, _FLIGHT + _DRIFTS * before + drift] += 1 - share
            picked[rows, _FLIGHT + drift, _FLIGHT + _DRIFTS * after + drift] += share
        return picked


@dataclass(frozen=True)
class _Block:
    """What one thing says: n sightings of its place and its ground's height (3 unknowns), and of the rest."""

    seen: Array
    own: Array
    shared: Array
    inverse: Array

    @staticmethod
    def of(thing: Stood, frame: Adjusted, *, alone: bool, widened: float = 1.0) -> _Block:
        chosen = np.arange(len(thing.placed))
        if len(chosen) > _MOST_SIGHTINGS:
            chosen = np.unique(np.linspace(0, len(chosen) - 1, _MOST_SIGHTINGS).round().astype(int))
        placed = [thing.placed[int(n)] for n in chosen]
        columns = np.array([p.columns for p in placed])
        own_m2 = widened * thing.covariances(crowded=not alone)
        own = np.array([np.column_stack([np.eye(2), p.ground]) for p in placed])
        seen = np.array([p.east_north_m for p in placed])
        inverse: Array = np.linalg.inv(own_m2[chosen] + 1e-6 * np.eye(2)).astype(float)
        return _Block(seen, own, columns @ frame._pick(thing.times_s[chosen]), inverse)

    def eliminated(self, weights: Array) -> tuple[Array, Array, Array]:
        """Normal equations of the thing: (3, 3), its (3, t) with the shared errors, and the right side."""
        weighted = self.inverse * weights[:, None, None]
        left = np.einsum("nij,nik,nkl->jl", self.own, weighted, self.own)
        left[2, 2] += 1  # the ground's height is known to one standard deviation
        crossed = np.einsum("nij,nik,nkl->jl", self.own, weighted, self.shared)
        right = np.einsum("nij,nik,nk->j", self.own, weighted, self.seen)
        return left, crossed, right

    def reduced(self, weights: Array) -> tuple[Array, Array]:
        """What it says of the shared errors alone: (t, t) and (t,)."""
        left, crossed, right = self.eliminated(weights)
        weighted = self.inverse * weights[:, None, None]
        whole = np.einsum("nij,nik->njk", self.shared, weighted)
        matrix = np.tensordot(whole, self.shared, ((0, 2), (0, 1)))
        vector = np.einsum("njk,nk->j", whole, self.seen)
        solved = np.linalg.solve(left, np.column_stack([crossed, right]))
        return matrix - crossed.T @ solved[:, :-1], vector - crossed.T @ solved[:, -1]

    def robust(self, mean: Array) -> Array:
        """Huber's weights (n,) under these shared errors."""
        weights = np.ones(len(self.seen))
        if len(weights) < 3:
            return weights
        for _ in range(2):
            left, crossed, right = self.eliminated(weights)
            found = np.linalg.solve(left, right - crossed @ mean)
            off = self.seen - self.own @ found - self.shared @ mean
            distance = np.sqrt(np.einsum("ni,nij,nj->n", off, self.inverse, off))
            weights = np.minimum(1.0, _HUBER / np.maximum(distance, 1e-9))
        return weights


def adjusted(things: Sequence[Stood], *, trusting: bool = False) -> Adjusted:
    """The shared errors as things that stood still tell them; as first assumed where there are none.

    `trusting` takes spots at their word, to tell who walks; places and the clock need the wider errors.
    """
    widened = 1.0 if trusting else _WIDENED
    times = np.concatenate([thing.times_s for thing in things]) if things else np.zeros(1)
    begin_s, end_s = float(times.min()), float(times.max())
    count = min(_MOST_NODES, math.ceil((end_s - begin_s) / _NODE_S) + 1)
    nodes = np.linspace(begin_s, end_s, count)
    prior = _prior(nodes)
    found = Adjusted(np.zeros(len(prior)), np.asarray(np.linalg.inv(prior), dtype=np.float64), nodes)
    blocks = [
        _Block.of(thing, found, alone=False, widened=widened) for thing in things if len(thing.placed) > 1
    ]
    for _ in range(_ROUNDS if blocks else 0):
        matrix, vector = prior.copy(), np.zeros(len(prior))
        for block in blocks:
            more, right = block.reduced(block.robust(found.mean))
            matrix += more
            vector += right
        covariance: Array = np.linalg.inv(matrix).astype(float)
        level: Array = np.asarray((covariance + covariance.T) / 2, dtype=np.float64)
        mean: Array = np.asarray(covariance @ vector, dtype=np.float64)
        before, found = found, Adjusted(mean, level, nodes)
        if float(np.max(np.abs(found.mean - before.mean))) < 1e-3:
            break
    return found


def _prior(nodes_s: Array) -> Array:
    """The information (t, t) that the errors start with: of one standard deviation each, drifts linked."""
    count = len(nodes_s)
    matrix = np.eye(_FLIGHT + _DRIFTS * count)
    for number in range(count - 1):
        kept = np.exp(-(nodes_s[number + 1] - nodes_s[number]) / DRIFT_TIME_S)
        for drift in range(_DRIFTS):
            here, there = _FLIGHT + _DRIFTS * number + drift, _FLIGHT + _DRIFTS * (number + 1) + drift
            loose = 1 / max(1 - float(kept[drift]) ** 2, 1e-9)
            matrix[here, here] += float(kept[drift]) ** 2 * loose
            matrix[here, there] -= float(kept[drift]) * loose
            matrix[there, here] -= float(kept[drift]) * loose
            matrix[there, there] += loose - 1
    return matrix
