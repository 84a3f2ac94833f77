"""Which spot of a frame is which thing: the assignment that is likeliest as a whole.

A spot is a known thing or a new one. The cost of a pair is minus twice the logarithm of its likelihood, that
of a new thing follows from how thickly warm spots are strewn, and the cheapest assignment is found exactly
(the Hungarian method, `scipy.optimize.linear_sum_assignment`; Bar-Shalom, Willett and Tian, Tracking and Data
Fusion, 2011, chapter 6).

All spots of a frame are off by the same errors. A later pass may lie metres beside the first, further than
two people stand apart, and all things are then beside their spots by the same way. So what one pair shows of
the shared errors is expected of all others: each likely pair is tried as an anchor, the one that explains the
whole frame best is taken, and its companions sharpen it (in the manner of joint compatibility: Neira and
Tardos, IEEE Trans. Robotics and Automation 17(6), 2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from imaging.thermal.placing.motion import Account, Seen, common, distances, innovations

Array = npt.NDArray[np.float64]
GATE = 13.8155
"""The 99.9 % quantile of chi-square, two degrees of freedom: one odd spot must not lose a thing."""
NEW_PER_M2 = 2e-3
"""How thickly warm spots are strewn, each not seen before."""
NEW_COST = -2 * math.log(NEW_PER_M2)
LEAST_SHARE = 0.02
"""An account less likely than this gates nothing."""
_ANCHORS = 12
_SHARED_M2 = 0.5
"""Where spots and things share less than this there is nothing to anchor."""
_NEVER = 1e9


@dataclass(frozen=True, slots=True)
class Candidates:
    """Things (m,) that spots of a frame may be, as they are at its time.

    `walking` (m,) is the probability that each walks; `beside` (n, m) a cost of its own for each pair, of
    size or kind, infinite for a pair that cannot be.
    """

    still: Account
    moving: Account
    walking: Array
    beside: Array


def joined(seen: Seen, things: Candidates) -> list[int | None]:
    """For each spot the number of the thing that it is, None for a new one."""
    if not len(things.walking):
        return [None] * len(seen.own)
    sides = [
        _Side.of(things.still, seen, 1 - things.walking),
        _Side.of(things.moving, seen, things.walking),
    ]
    costs = _costs(sides, things.beside)
    pairs = _assigned(costs)
    if len(seen.own) > 1 and pairs and _strays(things.still, seen, pairs):
        sides = [
            replace(side, common=common(account, seen.columns[:, None]))
            for side, account in zip(sides, (things.still, things.moving), strict=True)
        ]
        anchored = _anchored(sides, things.beside, costs)
        for _ in range(2):
            anchored = _assigned(_costs(sides, things.beside, _told(sides[0], anchored)))
        pairs = anchored
    found: list[int | None] = [None] * len(seen.own)
    for spot, thing in pairs:
        found[spot] = thing
    return found


@dataclass(frozen=True, slots=True)
class _Side:
    """One account of the things against the spots: differences, their covariances, the account's share.

    `common` (n, m, 2, 15) is only asked for where the pairs' shared errors are to be told.
    """

    away: Array
    whole: Array
    share: Array
    common: Array = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def of(account: Account, seen: Seen, share: Array) -> _Side:
        return _Side(*innovations(account, seen), share)


def _costs(sides: list[_Side], beside: Array, told: tuple[Array, Array] | None = None) -> Array:
    """(n, m) of pairs, _NEVER outside the gates; `told` is the mean (15,) and covariance of the shared errors
    where more is known of them than one standard deviation each.
    """
    logs, inside = [], np.zeros(beside.shape, bool)
    for side in sides:
        away, covariance = side.away, side.whole
        if told is not None:
            away = away - side.common @ told[0]
            less = side.common @ (told[1] - np.eye(len(told[0])))
            covariance = covariance + less @ np.swapaxes(side.common, -1, -2)
        squared, cost = distances(away, covariance)
        inside |= (squared <= GATE) & (side.share > LEAST_SHARE)
        logs.append(np.log(np.maximum(side.share, 1e-12)) - cost / 2)
    costs = -2 * np.logaddexp(*logs) + beside
    return np.where(inside & (costs < NEW_COST), costs, _NEVER)


def _assigned(costs: Array) -> list[tuple[int, int]]:
    """Pairs of the cheapest assignment in which every spot may also be new."""
    count, things = costs.shape
    new = np.where(np.eye(count, dtype=bool), NEW_COST, 2 * _NEVER)
    rows, columns = linear_sum_assignment(np.hstack([costs, new]))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if column < things and costs[row, column] < NEW_COST]


def _strays(still: Account, seen: Seen, pairs: list[tuple[int, int]]) -> bool:
    """Whether what spots and things share is large enough to be mistaken for another thing."""
    spots, things = (list(each) for each in zip(*pairs, strict=True))
    shared = common(still[things], seen.columns[spots])
    return bool((np.sum(shared**2, axis=(1, 2)) > _SHARED_M2).any())


def _anchored(sides: list[_Side], beside: Array, costs: Array) -> list[tuple[int, int]]:
    """The assignment that follows from the pair that explains the whole frame best."""
    rows, columns = np.nonzero(costs < _NEVER)
    order = np.argsort(costs[rows, columns], kind="stable")[: 4 * _ANCHORS]
    likely = list(zip(rows[order].tolist(), columns[order].tolist(), strict=True))
    best: tuple[float, list[tuple[int, int]]] = (math.inf, [])
    for pair in likely[:_ANCHORS] + _second_choices(likely[_ANCHORS:]):
        mean, spread = _told(sides[0], [pair])
        under = _costs(sides, beside, (mean, spread))
        pairs = _assigned(under)
        new = NEW_COST * (under.shape[0] - len(pairs))
        whole = float(sum(under[each] for each in pairs) + new + mean @ mean)
        best = min(best, (whole, pairs), key=lambda each: each[0])
    return best[1]


def _second_choices(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """One more pair of each spot, so that no spot's second thing is left untried."""
    return list({spot: (spot, thing) for spot, thing in reversed(pairs)}.values())


def _told(side: _Side, pairs: list[tuple[int, int]]) -> tuple[Array, Array]:
    """Mean and covariance of the shared errors once these pairs are taken for right."""
    count = side.common.shape[-1]
    precision, weighted = np.eye(count), np.zeros(count)
    for pair in pairs:
        columns = side.common[pair]
        solved = np.linalg.solve(side.whole[pair] - columns @ columns.T, columns)
        precision += columns.T @ solved
        weighted += solved.T @ side.away[pair]
    covariance = np.asarray(np.linalg.inv(precision), float)
    return covariance @ weighted, covariance
