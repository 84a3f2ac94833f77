"""Sightings joined over frames and passes: one thing seen often stays one, and one that walks has a path.

`placing.joining` says which spot is which thing and `placing.motion` follows each, both on the way. At the
end `settled` estimates the errors that all sightings share (`placing.adjusting`), joins what then turns out
to be one thing, and places everything anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from imaging.geolocate import GroundPoint
from imaging.thermal.frame import Values
from imaging.thermal.placing.adjusting import PASS_S
from imaging.thermal.placing.joining import Candidates, joined
from imaging.thermal.placing.motion import Account, Seen, begun, gone_on, misfits, updated
from imaging.thermal.placing.spot import Spot
from missions.geodesy import GeoPoint, LocalFrame

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
After = tuple[Account, Account, float]
"""Both accounts of a thing after one more sighting, and what that adds to the logarithm of the odds."""

WALKING_AT_FIRST = 0.05
"""Probability that a thing walks before anything is known of its motion."""
WALKS_FROM = 0.99
"""From this probability on a thing is said to walk."""
ODDS_AT_FIRST = math.log(WALKING_AT_FIRST / (1 - WALKING_AT_FIRST))
"""The logarithm of the odds that go with it."""
_ODDS_BETWEEN = (-4.0, 40.0)
_REACH_M = 60.0
_SIZE_SPREAD, _SIZE_COST = 0.5, 8.0
_OTHER_KIND_COST = 8.0
_UNLIKE = ("person", "vehicle")
_LEAST_WALK_M = 2.0
_NEAR_EDGE_COUNTS = 0.5
NO_PICTURE: Values = np.zeros((1, 1), np.float32)
"""What stands for a picture that was not kept."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One spot in one frame and where it lies. `size_m` is its longer and shorter side on the ground.

    `down_by_guess`: nothing told where the camera looked, and it was taken to look straight down.
    `near_edge`: the frame ends within the picture that is kept around it.
    """

    frame: str
    sha256: str
    time_s: float | None
    spot: Spot
    point: GroundPoint
    size_m: tuple[float, float]
    pose_source: str
    down_by_guess: bool = False
    near_edge: bool = False


@dataclass
class Thing:
    """What a run of sightings shares, in the tracker's frame.

    `still` and `moving` are its two accounts (of one thing each), `odds` the logarithm of how much likelier
    the second is. `shown` is the clearest sighting of each pass, with the piece of its frame around it.
    `way_m` is how far from its first place it was seen.
    """

    sightings: list[Sighting]
    still: Account
    moving: Account
    shown: list[tuple[Sighting, Values]]
    odds: float = ODDS_AT_FIRST
    way_m: float = 0.0

    @property
    def score(self) -> float:
        """The mean of the surer half of its sightings' scores: one look may err, and one that hardly shows it
        says little. A sighting that a frame's edge cuts counts where there is no other.
        """
        whole = [s.spot.score for s in self.sightings if not s.spot.touches_edge]
        scores = sorted(whole or (s.spot.score for s in self.sightings), reverse=True)
        return math.fsum(scores[: (len(scores) + 1) // 2]) / ((len(scores) + 1) // 2)

    @property
    def picture_of(self) -> Sighting:
        """The clearest sighting."""
        return self._clearest[0]

    @property
    def picture(self) -> Values:
        """The piece of its frame around it."""
        return self._clearest[1]

    @property
    def _clearest(self) -> tuple[Sighting, Values]:
        return max(self.shown, key=lambda pair: clearness(pair[0]))

    @property
    def last_s(self) -> float | None:
        """When it was seen last."""
        return self.sightings[-1].time_s

    @property
    def walking(self) -> float:
        """The probability that it walks."""
        return 1 / (1 + math.exp(-self.odds))

    @property
    def walks(self) -> bool:
        """Whether it is said to walk: likelier by far, and over a way that its error does not explain."""
        return self.walking >= WALKS_FROM and len(self.sightings) > 2 and self.way_m >= _LEAST_WALK_M

    @property
    def account(self) -> Account:
        """The account that holds."""
        return self.moving if self.walks else self.still

    @property
    def east_north_m(self) -> Array:
        """Where it is, or was last."""
        return np.asarray(self.account.place[0])

    @property
    def covariance(self) -> Array:
        """(2, 2) the place's whole error, what the flight shares included."""
        return np.asarray(self.account.covariance[0])

    def take(self, sighting: Sighting, picture: Values, after: After) -> None:
        """One more sighting, with what is known after it."""
        self.still, self.moving, odds = after
        self.odds = min(max(self.odds + odds, _ODDS_BETWEEN[0]), _ODDS_BETWEEN[1])
        passed_s = _passed_s(sighting.time_s, self)
        first, here = (each.point.placed.east_north_m for each in (self.sightings[0], sighting))
        self.way_m = max(self.way_m, math.hypot(*(here - first)))
        self.sightings.append(sighting)
        if passed_s > PASS_S:
            self.shown.append((sighting, picture))
        elif clearness(sighting) > clearness(self.shown[-1][0]):
            self.shown[-1] = (sighting, picture)


@dataclass
class Tracker:
    """Joins sightings, frame after frame in order of time."""

    frame: LocalFrame
    things: list[Thing] = field(default_factory=list)
    _places: Array = field(default_factory=lambda: np.zeros((256, 2)), repr=False)
    """Where the things lie; rows beyond their number mean nothing."""
    _warm: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(256, bool), repr=False)

    def add(self, sightings: Sequence[tuple[Sighting, Values]]) -> list[Thing]:
        """The sightings of one frame, each with the piece of picture around it; gives the things they are."""
        changed: list[Thing] = []
        for polarity in ("warm", "cold"):
            pairs = [pair for pair in sightings if pair[0].spot.polarity == polarity]
            if pairs:
                changed += self._join(pairs, polarity)
        return changed

    def keep(self, things: Sequence[Thing]) -> None:
        """Forget all things but these."""
        self.things = list(things)
        for number in range(len(self.things)):
            self._lies(number)

    def place_of(self, thing: Thing) -> GeoPoint:
        """Where a thing lies, or was last."""
        east, north = thing.east_north_m
        return self.frame.point_from_local(float(east), float(north))

    def _join(self, pairs: list[tuple[Sighting, Values]], polarity: str) -> list[Thing]:
        seen = Seen.of([sighting.point.placed for sighting, _ in pairs])
        time_s = pairs[0][0].time_s
        numbers = self._near(seen, polarity)
        near = [self.things[number] for number in numbers]
        passed_s = np.array([_passed_s(time_s, t) for t in near])
        still = _stacked([t.still for t in near], passed_s)
        moving = _stacked([t.moving for t in near], passed_s)
        # where a walker is after long is too wide a guess for one frame: that is for `settling`
        walking = np.where(passed_s > PASS_S, 0.0, [t.walking for t in near])
        beside = _beside([sighting for sighting, _ in pairs], [t.picture_of for t in near])
        found = joined(seen, Candidates(still, moving, walking, beside)) if near else [None] * len(pairs)
        known = [(n, k) for n, k in enumerate(found) if k is not None]
        self._take(pairs, seen, [(n, near[k]) for n, k in known], still, moving, [k for _, k in known])
        things = []
        for n, (number, (sighting, picture)) in enumerate(zip(found, pairs, strict=True)):
            if number is None:
                one = seen[n : n + 1]
                thing = Thing(
                    [sighting], begun(one, walks=False), begun(one, walks=True), [(sighting, picture)]
                )
                self.things.append(thing)
                self._lies(len(self.things) - 1)
            else:
                thing = near[number]
                self._lies(numbers[number])
            things.append(thing)
        return things

    def _take(
        self,
        pairs: list[tuple[Sighting, Values]],
        seen: Seen,
        which: list[tuple[int, Thing]],
        still: Account,
        moving: Account,
        numbers: list[int],
    ) -> None:
        """The things that spots of the frame were taken for, after it; accounts are those of its time."""
        if not which:
            return
        after = _after(still[numbers], moving[numbers], seen[[n for n, _ in which]])
        for (n, thing), each in zip(which, after, strict=True):
            thing.take(*pairs[n], each)

    def _lies(self, number: int) -> None:
        """Keep where a thing lies now."""
        if number >= len(self._places):
            self._places = np.concatenate([self._places, np.zeros_like(self._places)])
            self._warm = np.concatenate([self._warm, np.zeros_like(self._warm)])
        thing = self.things[number]
        self._places[number] = thing.east_north_m
        self._warm[number] = thing.picture_of.spot.polarity == "warm"

    def _near(self, seen: Seen, polarity: str) -> list[int]:
        """Numbers of the things that a spot of the frame may be."""
        low, high = seen.east_north_m.min(axis=0) - _REACH_M, seen.east_north_m.max(axis=0) + _REACH_M
        places, warm = self._places[: len(self.things)], self._warm[: len(self.things)]
        inside = ((places >= low) & (places <= high)).all(axis=1)
        return np.flatnonzero(inside & (warm == (polarity == "warm"))).tolist()


def followed(sightings: Sequence[Sighting], shown: list[tuple[Sighting, Values]]) -> Thing:
    """Sightings taken for one thing, followed anew in order of time."""
    ordered = sorted(sightings, key=lambda s: s.time_s or 0.0)
    first = Seen.of([ordered[0].point.placed])
    thing = Thing(
        [ordered[0]], begun(first, walks=False), begun(first, walks=True), [(ordered[0], NO_PICTURE)]
    )
    for sighting in ordered[1:]:
        passed_s = np.array([_passed_s(sighting.time_s, thing)])
        before = gone_on(thing.still, passed_s), gone_on(thing.moving, passed_s)
        thing.take(sighting, NO_PICTURE, _after(*before, Seen.of([sighting.point.placed]))[0])
    thing.shown = list(shown)
    return thing


def clearness(sighting: Sighting) -> tuple[bool, float]:
    """What makes a sighting show more than another: it is whole, and its score is higher.

    Near a frame's edge the score counts less: what a box ends just before may be half of somebody.
    """
    counts = _NEAR_EDGE_COUNTS if sighting.near_edge else 1.0
    return not sighting.spot.touches_edge, counts * sighting.spot.score


def _after(still: Account, moving: Account, seen: Seen) -> list[After]:
    """Both accounts of each thing after its spot, and how much likelier that is if it walks."""
    odds = (misfits(still, seen) - misfits(moving, seen)) / 2
    each = np.arange(len(odds))
    stood, moved = updated(still, seen, each), updated(moving, seen, each)
    return [(stood[n : n + 1], moved[n : n + 1], float(odds[n])) for n in each]


def _stacked(accounts: list[Account], passed_s: Array) -> Account:
    """Accounts of one thing each as one of all, gone on to the frame's time."""
    if not accounts:
        return Account(np.zeros((0, 2)), np.zeros((0, 2, 2)))
    whole = Account(np.concatenate([a.state for a in accounts]), np.concatenate([a.spread for a in accounts]))
    return gone_on(whole, passed_s)


def _passed_s(time_s: float | None, thing: Thing) -> float:
    return 0.0 if time_s is None or thing.last_s is None else abs(time_s - thing.last_s)


def _beside(sightings: list[Sighting], others: list[Sighting]) -> Array:
    """What speaks against each pair apart from its place, (n, m): another size, another kind."""
    sizes, whole, kinds = zip(*(_looks(each) for each in (sightings, others)), strict=True)
    off = (sizes[0][:, None] - sizes[1]) / _SIZE_SPREAD
    cost = np.where(whole[0][:, None] & whole[1], np.minimum(off**2, _SIZE_COST), 0.0)
    person, vehicle = ([kind[:, n] for kind in kinds] for n in (0, 1))
    unlike = (person[0][:, None] & vehicle[1]) | (vehicle[0][:, None] & person[1])
    return np.asarray(cost + _OTHER_KIND_COST * unlike)


def _looks(sightings: list[Sighting]) -> tuple[Array, Flags, Flags]:
    """Logarithms of the longer sides (n,), whether each is whole (n,), and taken for which kind (n, 2)."""
    kinds = [[s.spot.category == kind for kind in _UNLIKE] for s in sightings]
    return (
        np.array([math.log(max(s.size_m[0], 0.05)) for s in sightings]),
        np.array([not s.spot.touches_edge for s in sightings], bool),
        np.array(kinds, bool).reshape(-1, 2),
    )


def median_size_m(sightings: Sequence[Sighting]) -> tuple[float, float]:
    """Longer and shorter side in the middle sighting, of those that no frame's edge cut if there are any."""
    whole = [s.size_m for s in sightings if not s.spot.touches_edge] or [s.size_m for s in sightings]
    return float(np.median([size[0] for size in whole])), float(np.median([size[1] for size in whole]))
