"""What a whole flight knows better than a frame: shared errors taken out, what was found twice joined."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from imaging.thermal.placing.adjusting import PASS_S, Adjusted, Stood, adjusted
from imaging.thermal.placing.errors import SEAT, Sigmas
from imaging.thermal.placing.motion import gone_on, misfits
from imaging.thermal.placing.places import Placed
from imaging.thermal.placing.walking import Step, accounts, corrected, ways
from imaging.thermal.tracks import NO_PICTURE, ODDS_AT_FIRST, Thing, Tracker, followed, median_size_m

Array = npt.NDArray[np.float64]
_SAME = 9.2103
"""The 99 % quantile of chi-square with two degrees of freedom."""
_REACH_M = 8.0
_LOST_S, _REACH_LOST_M = 60.0, 60.0
"""A walker may be lost for so long and found again so far away."""
_LINK_COST = -2 * math.log(2e-4)
"""New walkers are strewn ten times thinner than new warm spots."""
_ALIKE = 2.5
"""One thing's longer sides in two passes differ by a factor of less than this."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A thing and its place at last: metres east and north, covariance in square metres.

    `way` is its path where it walks, else empty.
    """

    thing: Thing
    east_north_m: Array
    covariance: Array
    way: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """What must be added to the frames' times to give the track's, seconds, and one standard deviation."""

    offset_s: float
    sigma_s: float


def settled(tracker: Tracker, sigmas: Sigmas) -> tuple[list[Settled], Clock | None]:
    """Every thing at its place, and the clock's error where what stood still was seen more than once."""
    things = list(tracker.things)
    known = known_of(things, trusting=True)
    # one thing alone cannot tell its walk from a wrong height or heading; all together can
    things = [part for thing in things for part in _parted(thing, known)]
    things = _linked(told(things, known), known)
    things = _merged(things, known_of(things))
    known = known_of(things)
    body = sigmas.body_m**2 * np.eye(2)
    found = []
    crowd = _crowd(things)
    paths = iter(paths_of([thing for thing in things if thing.walks], known))
    for thing in things:
        if thing.walks:
            steps = next(paths)
            spread = steps[-1].covariance + body + unknown_tilt_m2(thing, known)
            found.append(Settled(thing, steps[-1].east_north_m, spread, steps))
        else:
            place = known.place(_stood(thing, crowd))
            spread = known.covariance_of(place) + body + unknown_tilt_m2(thing, known)
            found.append(Settled(thing, place.east_north_m, spread))
    return found, _clock(things, known, sigmas)


def unknown_tilt_m2(thing: Thing, known: Adjusted) -> Array:
    """(2, 2) square metres to add to a place that rests on a camera only taken to look straight down.

    The adjustment takes its tilt for one of the whole flight, which two passes in opposite directions tell.
    Where no gimbal reports nobody knows that it stayed: of each pass it counts as an error of its own, less
    what the adjustment has left in the place already.
    """
    guessed = [s for s in thing.sightings if s.down_by_guess]
    if not guessed:
        return np.zeros((2, 2))
    times = np.array([s.time_s or 0.0 for s in guessed])
    passes = 1 + np.count_nonzero(np.diff(times) > PASS_S)
    moved = guessed[-1].point.placed.columns[:, SEAT]
    left = np.eye(2) / passes - known.covariance[SEAT, SEAT]
    sizes, axes = np.linalg.eigh(moved @ left @ moved.T)
    return np.asarray((axes * np.maximum(sizes, 0.0)) @ axes.T)


def known_of(things: list[Thing], *, trusting: bool = False) -> Adjusted:
    """The shared errors as these things tell them (`adjusted`)."""
    crowd = _crowd(things)
    return adjusted([_stood(thing, crowd) for thing in things if not thing.walks], trusting=trusting)


def _crowd(things: list[Thing]) -> Counter[str]:
    return Counter(s.frame for thing in things for s in thing.sightings)


def _stood(thing: Thing, crowd: Counter[str]) -> Stood:
    times, placed = _seen(thing)
    return Stood(np.array(times), placed, np.array([crowd[s.frame] for s in thing.sightings], float))


def _seen(thing: Thing) -> tuple[list[float], list[Placed]]:
    return [s.time_s or 0.0 for s in thing.sightings], [s.point.placed for s in thing.sightings]


def paths_of(things: list[Thing], known: Adjusted) -> list[tuple[Step, ...]]:
    """The way that each thing took, by what is known of the shared errors."""
    return [tuple(steps) for steps in ways([_seen(thing) for thing in things], known)]


def told(things: list[Thing], known: Adjusted, most: int | None = None) -> list[Thing]:
    """Things with what all of them together say of whether each walks; by their last `most` sightings."""
    if not things:
        return things
    seen = [_seen(thing) for thing in things]
    anew = accounts(seen if most is None else [(t[-most:], p[-most:]) for t, p in seen], known)
    return [
        replace(thing, odds=ODDS_AT_FIRST + odds, still=still, moving=moving)
        for thing, (odds, still, moving) in zip(things, anew, strict=True)
    ]


def _parted(thing: Thing, known: Adjusted) -> list[Thing]:
    """A thing seen in several passes, pass by pass where it walked in any: who walks is elsewhere later."""
    times = np.array([s.time_s or 0.0 for s in thing.sightings])
    ends = np.flatnonzero(np.diff(times, append=np.inf) > PASS_S) + 1
    if len(ends) < 2:
        return [thing]
    parts = []
    for begin, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        sightings = thing.sightings[begin:end]
        shown = [pair for pair in thing.shown if any(pair[0] is each for each in sightings)]
        parts.append(followed(sightings, shown or [(sightings[0], NO_PICTURE)]))
    walked = any(part.walks for part in told([part for part in parts if len(part.sightings) > 2], known))
    return parts if walked else [thing]


def _together_as_one(things: list[Thing]) -> Thing:
    """Several things taken for one."""
    return followed(
        [s for thing in things for s in thing.sightings], [pair for thing in things for pair in thing.shown]
    )


def _linked(things: list[Thing], known: Adjusted) -> list[Thing]:
    """Things with a walker's that was lost for a while joined to what he is found as later."""
    links = sorted(
        (cost, n, m)
        for n, m in _may_go_on(things)
        if (cost := _link_cost(things[n], things[m], known)) < _LINK_COST
    )
    after: dict[int, int] = {}
    taken: set[int] = set()
    for _, n, m in links:
        if n in after or m in taken:
            continue
        both = told([_together_as_one([things[n], things[m]])], known)[0]
        if both.walks:
            after[n] = m
            taken.add(m)
    chains = []
    for n in range(len(things)):
        if n in taken:
            continue
        chain = [n]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        chains.append([things[k] for k in chain])
    return [c[0] if len(c) == 1 else told([_together_as_one(c)], known)[0] for c in chains]


def _may_go_on(things: list[Thing]) -> list[tuple[int, int]]:
    """Pairs of things of which the second may be the first, a walker, seen again after he was lost."""
    some = [(n, thing) for n, thing in enumerate(things) if _may_walk(thing)]
    walks = np.array([thing.walks for _, thing in some], bool)
    ended, begins = (
        np.array([np.nan if (t := thing.sightings[k].time_s) is None else t for _, thing in some])
        for k in (-1, 0)
    )
    places = np.array([thing.east_north_m for _, thing in some]).reshape(-1, 2)
    pairs = []
    for at, (n, _) in enumerate(some):
        away = np.linalg.norm(places - places[at], axis=1)
        later_s = begins - ended[at]
        may = (walks | walks[at]) & (later_s > 0) & (later_s < _LOST_S) & (away <= _REACH_LOST_M)
        pairs += [(n, some[m][0]) for m in np.flatnonzero(may) if m != at]
    return pairs


def _may_walk(thing: Thing) -> bool:
    """Whether it walks, or was seen too seldom to tell."""
    return thing.walks or (2 <= len(thing.sightings) <= 4 and thing.odds > 0)


def _link_cost(one: Thing, other: Thing, known: Adjusted) -> float:
    """Minus twice the logarithm of the likelihood that the second goes on where the first ended."""
    ended, begins = one.sightings[-1].time_s, other.sightings[0].time_s
    if ended is None or begins is None or one.picture_of.spot.polarity != other.picture_of.spot.polarity:
        return math.inf
    seen = corrected([other.sightings[0].point.placed], known, [begins])
    return float(misfits(gone_on(one.moving, np.array([begins - ended])), seen)[0])


def _clock(things: list[Thing], known: Adjusted, sigmas: Sigmas) -> Clock | None:
    if not any(len(thing.sightings) > 1 and not thing.walks for thing in things):
        return None
    mean, sigma = known.clock
    return Clock(-mean * sigmas.time_s, sigma * sigmas.time_s)


def _merged(things: list[Thing], known: Adjusted) -> list[Thing]:
    """Things with those joined that stand in one place and were never seen in one frame."""
    standing = [thing for thing in things if not thing.walks]
    if len(standing) < 2:
        return things
    crowd = _crowd(things)
    places = [known.place(_stood(thing, crowd)) for thing in standing]
    tree = cKDTree(np.array([place.east_north_m for place in places]))
    sides_m = [max(median_size_m(thing.sightings)[0], 0.05) for thing in standing]
    warm = [thing.picture_of.spot.polarity == "warm" for thing in standing]
    near = sorted(
        (apart, a, b)
        for a, b in tree.query_pairs(_REACH_M)
        if warm[a] == warm[b] and 1 / _ALIKE < sides_m[a] / sides_m[b] < _ALIKE
        if (apart := known.apart(places[a], places[b])) <= _SAME
    )
    of = list(range(len(standing)))
    groups = {number: [number] for number in of}
    for _, a, b in near:
        one, other = of[a], of[b]
        if one == other or _together(standing, groups[one], groups[other]):
            continue
        groups[one] += groups.pop(other)
        for number in groups[one]:
            of[number] = one
    kept = [thing for thing in things if thing.walks]
    return kept + [_joined([standing[n] for n in group]) for group in groups.values()]


def _together(things: list[Thing], one: list[int], other: list[int]) -> bool:
    """Whether a frame shows things of both groups."""
    frames = [{s.frame for n in group for s in things[n].sightings} for group in (one, other)]
    return not frames[0].isdisjoint(frames[1])


def _joined(things: list[Thing]) -> Thing:
    return things[0] if len(things) == 1 else _together_as_one(things)
