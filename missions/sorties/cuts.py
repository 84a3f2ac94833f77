"""Where to cut a course: as few flights as the battery allows, and of those the quickest.

Every row of work may end a flight. The best way to reach each of them is found once, in their order, from
the best ways to reach those before it: a shortest path through cuts (dynamic programming, Bellman 1957).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from missions.sorties.course import Bools, Course, Indices
from missions.sorties.spent import Floats

_A_FLIGHT_S = 1e7
"""One flight more outweighs any time."""
_CUT_A_LANE_S = 15.0
"""A cut inside a lane must save this much: lane ends are easier to find again."""
_UNEVEN_S = 10.0
"""Weight of the squared share of a battery: of equal plans the balanced one."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where a course may be cut, (n,) each, from before its first work to after its last.

    The flight before cut k ends at row `end`; the one after it begins `share` of the way from row `begin` to
    the next. `begin_wh`, `end_wh` and seconds likewise are counted along the course.
    """

    end: Indices
    begin: Indices
    share: Floats
    inside: Bools
    begin_s: Floats
    begin_wh: Floats
    end_s: Floats
    end_wh: Floats


@dataclass(frozen=True, slots=True)
class Reach:
    """What it takes from the take-off points to each cut and back, (take-offs, cuts) each."""

    out_s: Floats
    out_wh: Floats
    home_s: Floats
    home_wh: Floats


def cuts_of(course: Course, back_m: float) -> Cuts:
    """Every place to cut. The camera resumes `back_m` before a cut inside a lane."""
    busy = course.works | course.stays
    arrives = np.concatenate([[False], course.works[:-1]])
    ends = np.flatnonzero(arrives | course.stays)
    first = int(np.flatnonzero(busy)[0])
    found = [(-1, first, 0.0, False)]
    for row in ends:
        following = np.flatnonzero(busy[row + (0 if course.works[row] else 1) :])
        if not len(following):
            found.append((int(row), -1, 0.0, False))
            break
        if course.works[row]:
            begin, share = _back(course, int(row), back_m)
            found.append((int(row), begin, share, bool(course.between[row])))
        else:
            found.append((int(row), int(row) + 1 + int(following[0]), 0.0, False))
    end, begins, shares, inside = (np.array(column) for column in zip(*found, strict=True))
    begin_s, begin_wh = _at_begin(course, begins, shares)
    return Cuts(end, begins, shares, inside, begin_s, begin_wh, course.at_s[end], course.at_wh[end])


def _back(course: Course, row: int, back_m: float) -> tuple[int, float]:
    """The row and share that lie `back_m` before a row inside a recorded lane, at most its begin."""
    if not (course.between[row] and course.rows[row].recording):
        return row, 0.0
    same = np.flatnonzero(course.source[: row + 1] == course.source[row])
    lane = same[course.works[same]]
    at_m = max(course.along_m[lane[0]], course.along_m[row] - back_m)
    begin = int(lane[np.searchsorted(course.along_m[lane], at_m, side="right") - 1])
    length_m = course.along_m[begin + 1] - course.along_m[begin]
    return begin, float((at_m - course.along_m[begin]) / length_m)


def _at_begin(course: Course, begin: Indices, share: Floats) -> tuple[Floats, Floats]:
    """Seconds and watt hours along the course where flights begin: before what is done at the place."""
    after = np.minimum(begin + 1, len(course) - 1)
    found = []
    for at, before in ((course.at_s, course.before_s), (course.at_wh, course.before_wh)):
        along = at[begin] + share * (before[after] - at[begin])
        found.append(np.where(course.stays[begin], before[begin], along))
    return found[0], found[1]


def best_cuts(cuts: Cuts, reach: Reach, usable_wh: float) -> tuple[list[tuple[int, int, int]], int | None]:
    """The flights, in order: the cut each begins at, the cut it ends at, and its take-off point.

    Where there are none, the first cut that no battery reaches and comes back from.
    """
    count = len(cuts.end)
    best = np.full(count, np.inf)
    best[0] = 0.0
    before = np.zeros((count, 2), dtype=np.int64)
    for cut in range(1, count):
        seconds = reach.out_s[:, :cut] + (cuts.end_s[cut] - cuts.begin_s[:cut]) + reach.home_s[:, cut, None]
        needed = needed_wh(cuts, reach, cut)
        cost = best[:cut] + _A_FLIGHT_S + seconds + _UNEVEN_S * (needed / max(usable_wh, 1e-9)) ** 2
        cost = np.where(needed <= usable_wh, cost, np.inf)
        take_off, begin = divmod(int(np.argmin(cost)), cut)
        best[cut] = cost[take_off, begin] + _CUT_A_LANE_S * cuts.inside[cut]
        before[cut] = begin, take_off
    if not np.isfinite(best[-1]):
        return [], int(np.flatnonzero(~np.isfinite(best))[0])
    flights: list[tuple[int, int, int]] = []
    cut = count - 1
    while cut > 0:
        begin, take_off = (int(value) for value in before[cut])
        flights.append((begin, cut, take_off))
        cut = begin
    return flights[::-1], None


def needed_wh(cuts: Cuts, reach: Reach, cut: int) -> Floats:
    """What the flights that end at a cut need, (take-offs, cuts before it)."""
    along = cuts.end_wh[cut] - cuts.begin_wh[:cut]
    return np.asarray(reach.out_wh[:, :cut] + along + reach.home_wh[:, cut, None])
