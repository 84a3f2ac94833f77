"""The way that a thing took: places and times, filtered, each with its error, and its speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from imaging.thermal.placing.adjusting import Adjusted
from imaging.thermal.placing.motion import Account, Seen, begun, gone_on, misfits, updated
from imaging.thermal.placing.places import Placed

Array = npt.NDArray[np.float64]
_FIELDS = ("east_north_m", "columns", "own")


@dataclass(frozen=True, slots=True)
class Step:
    """Where a walker was at a time: metres east and north, their covariance, and metres a second.

    `relative` is the covariance that is left of errors which shift the whole path at once.
    """

    time_s: float
    east_north_m: Array
    covariance: Array
    relative: Array
    velocity_m_s: Array


def way(times_s: Sequence[float], placed: Sequence[Placed], known: Adjusted | None = None) -> list[Step]:
    """The filtered path of sightings in order of time; `known` are the shared errors as adjusted."""
    steps: list[Step] = []
    account: Account | None = None
    for number, (time_s, each) in enumerate(zip(times_s, placed, strict=True)):
        one = Seen.of([each if known is None else corrected(each, known, time_s)])
        if account is None:
            account = begun(one, walks=True)
        else:
            account = gone_on(account, np.array([time_s - times_s[number - 1]]))
            account = updated(account, one, np.zeros(1, int))
        steps.append(
            Step(time_s, account.place[0], account.covariance[0], account.relative[0], account.velocity[0])
        )
    return steps


def accounts(
    things: Sequence[tuple[Sequence[float], Sequence[Placed]]], known: Adjusted
) -> list[tuple[float, Account, Account]]:
    """Things followed anew by what is known of the shared errors: how much the logarithm of the likelihood is
    for walking, and the accounts of standing and of walking after the last sighting.

    `things` are times in order and placed sightings. All are followed together, sighting by sighting.
    """
    order = sorted(range(len(things)), key=lambda n: -len(things[n][0]))
    seen = [Seen.of([corrected(p, known, t) for t, p in zip(*things[n], strict=True)]) for n in order]
    count = len(order)
    odds = np.zeros(count)
    both: list[Account] = []
    last = np.array([things[n][0][0] for n in order])
    for step in range(len(things[order[0]][0]) if order else 0):
        going = sum(len(things[n][0]) > step for n in order)
        one = Seen(*(np.array([getattr(s, name)[step] for s in seen[:going]]) for name in _FIELDS))
        if step == 0:
            both = [begun(one, walks=False), begun(one, walks=True)]
            continue
        times = np.array([things[n][0][step] for n in order[:going]])
        passed_s, last[:going] = times - last[:going], times
        for number, sign in ((0, 0.5), (1, -0.5)):
            account = gone_on(both[number][:going], passed_s)
            odds[:going] += sign * misfits(account, one)
            new = updated(account, one, np.arange(going))
            both[number].state[:going], both[number].spread[:going] = new.state, new.spread
    found = {n: (float(odds[k]), both[0][k : k + 1], both[1][k : k + 1]) for k, n in enumerate(order)}
    return [found[n] for n in range(count)]


def corrected(placed: Placed, known: Adjusted, time_s: float) -> Placed:
    """A placed spot with the shared errors taken out as far as they are known."""
    mean, root = known.root_at(time_s)
    return replace(
        placed,
        east_north_m=placed.east_north_m - placed.columns @ mean,
        columns=placed.columns @ root,
    )
