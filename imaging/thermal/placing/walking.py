"""The way that a thing took: places and times, filtered, each with its error, and its speed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.thermal.placing.adjusting import Adjusted
from imaging.thermal.placing.motion import Account, Seen, begun, gone_on, misfits, updated
from imaging.thermal.placing.places import Placed

Array = npt.NDArray[np.float64]
Track = tuple[Sequence[float], Sequence[Placed]]
"""When a thing was seen, in order, and where each sighting was placed."""
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


def ways(things: Sequence[Track], known: Adjusted) -> list[list[Step]]:
    """The filtered paths of things, by what is known of the shared errors; all are followed together."""
    found: list[list[Step]] = [[] for _ in things]
    account: Account | None = None
    for numbers, times_s, passed_s, seen in _together(things, known):
        if account is None:
            account = begun(seen, walks=True)
        else:
            account = gone_on(account[: len(numbers)], passed_s)
            account = updated(account, seen, np.arange(len(numbers)))
        # copies: a step must not hold all that was known of all things
        place, covariance, velocity = (
            each.copy() for each in (account.place, account.covariance, account.velocity)
        )
        parts = place, covariance, account.relative, velocity
        for number, time_s, *each in zip(numbers, times_s.tolist(), *parts, strict=True):
            found[number].append(Step(time_s, *each))
    return found


def accounts(things: Sequence[Track], known: Adjusted) -> list[tuple[float, Account, Account]]:
    """Things followed anew by what is known of the shared errors: how much the logarithm of the likelihood is
    for walking, and the accounts of standing and of walking after the last sighting.

    All are followed together, sighting by sighting.
    """
    odds = np.zeros(len(things))
    both: list[Account] = []
    first: list[int] = []
    for numbers, _, passed_s, seen in _together(things, known):
        if not both:
            both, first = [begun(seen, walks=False), begun(seen, walks=True)], numbers
            continue
        going = len(numbers)
        for account, sign in zip(both, (0.5, -0.5), strict=True):
            gone = gone_on(account[:going], passed_s)
            odds[:going] += sign * misfits(gone, seen)
            new = updated(gone, seen, np.arange(going))
            account.state[:going], account.spread[:going] = new.state, new.spread
    found = {n: (float(odds[k]), both[0][k : k + 1], both[1][k : k + 1]) for k, n in enumerate(first)}
    return [found[n] for n in range(len(things))]


def _together(things: Sequence[Track], known: Adjusted) -> Iterator[tuple[list[int], Array, Array, Seen]]:
    """All first sightings, all second ones and so on: numbers of the things (n,) that have one, those with
    most sightings first, the times and the seconds since the last (n,), and what was seen.
    """
    order = sorted(range(len(things)), key=lambda n: -len(things[n][0]))
    all_seen = [corrected(placed, known, times_s) for times_s, placed in (things[n] for n in order)]
    last_s = np.array([things[n][0][0] for n in order])
    for step in range(len(things[order[0]][0]) if order else 0):
        going = sum(len(things[n][0]) > step for n in order)
        seen = Seen(*(np.array([getattr(s, name)[step] for s in all_seen[:going]]) for name in _FIELDS))
        times_s = np.array([things[n][0][step] for n in order[:going]])
        yield order[:going], times_s, times_s - last_s[:going], seen
        last_s = times_s


def corrected(placed: Sequence[Placed], known: Adjusted, times_s: Sequence[float]) -> Seen:
    """Placed spots and when (n,) each was seen, the shared errors taken out as far as they are known."""
    found = Seen.of(placed)
    means, roots = (np.array(each) for each in zip(*map(known.root_at, times_s), strict=True))
    shared = found.columns[:, :, :-1]
    east_north_m = found.east_north_m - (shared @ means[:, :, None])[:, :, 0]
    columns = np.concatenate([shared @ roots, found.columns[:, :, -1:]], axis=2)
    return Seen(east_north_m, columns, found.own)
