"""What came out of flying a plan, and whether that is what was promised."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from missions.fleet.apart import VERTICAL_M

COVER_SHARE = 0.98
"""Of what the plan says that its pictures see."""
WITHIN = 0.1
OUTSIDE_M = 0.005
"""A centimetre outside the fence is outside."""


@dataclass(frozen=True, slots=True)
class Flight:
    """One flight: seconds and watt hours promised and flown, how it went, and what the battery had left.

    `ended` says in words how the flight ended; `astray` counts pictures that do not show the place that they
    were to show.
    """

    vehicle: int
    promised_s: float
    flown_s: float
    promised_wh: float
    flown_wh: float
    outside_m: float
    off_m: float
    completed: bool
    ended: str
    differences: int
    astray: int
    battery_left_pct: float


@dataclass(frozen=True, slots=True)
class Team:
    """Several aircraft at once: seconds until the last landing, and the least distance between two flying."""

    promised_s: float
    flown_s: float
    separation_m: float


@dataclass(frozen=True, slots=True)
class Waited:
    """A place that is watched: seconds without a look, as asked, promised and flown."""

    asked_s: float | None
    promised_s: float
    flown_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One plan, flown.

    `covered_pct` is the share of its area that the pictures truly taken see, None where it takes none, and
    `promised_pct` what the plan says of that.
    """

    name: str
    vehicle: str
    autopilot: str
    pictures: int
    covered_pct: float | None
    promised_pct: float
    flights: tuple[Flight, ...]
    team: Team | None = None
    waits: tuple[Waited, ...] = ()

    @property
    def promised_s(self) -> float:
        """Seconds promised: of all flights, or until the last of several aircraft has landed."""
        return self.team.promised_s if self.team else sum(each.promised_s for each in self.flights)

    @property
    def flown_s(self) -> float:
        """The same as flown."""
        return self.team.flown_s if self.team else sum(each.flown_s for each in self.flights)

    @property
    def promised_wh(self) -> float:
        """Watt hours promised, of all flights."""
        return sum(each.promised_wh for each in self.flights)

    @property
    def flown_wh(self) -> float:
        """Watt hours used, of all flights."""
        return sum(each.flown_wh for each in self.flights)

    @property
    def outside_m(self) -> float:
        """How far any track went outside the fence, or into a hole of it."""
        return max(each.outside_m for each in self.flights)

    @property
    def off_m(self) -> float:
        """How far 95 % of the worst track lie at most from the planned route."""
        return max(each.off_m for each in self.flights)

    @property
    def differences(self) -> int:
        """Items that the autopilots held otherwise than they were sent."""
        return sum(each.differences for each in self.flights)

    @property
    def battery_left_pct(self) -> float:
        """What the emptiest battery had left."""
        return min(each.battery_left_pct for each in self.flights)

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """What is not as promised, a phrase each; empty where everything holds."""
        return tuple(_shortfalls(self))

    @property
    def holds(self) -> bool:
        """Whether everything is as promised."""
        return not self.shortfalls


def _shortfalls(verdict: Verdict) -> Iterator[str]:
    count = len(verdict.flights)
    for number, flight in enumerate(verdict.flights, 1):
        which = f" (flight {number})" if count > 1 else ""
        yield from (what + which for what in _of_flight(flight))
    if verdict.covered_pct is not None:
        least_pct = COVER_SHARE * verdict.promised_pct
        if not verdict.covered_pct >= least_pct:
            yield f"{verdict.covered_pct:.1f} % seen, {least_pct:.1f} % is the least"
    if verdict.team is not None:
        yield from _of_team(verdict.team)
    for number, wait in enumerate(verdict.waits, 1):
        longest_s = (1 + WITHIN) * max(wait.promised_s, wait.asked_s or 0.0)
        if not wait.flown_s <= longest_s:
            yield f"place {number} unseen for {wait.flown_s:.0f} s, {longest_s:.0f} s is the most"


def _of_flight(flight: Flight) -> Iterator[str]:
    if not flight.completed:
        yield f"not flown to its end: {flight.ended}"
    if flight.differences:
        yield f"{flight.differences} items read back otherwise than sent"
    if flight.astray:
        yield f"{flight.astray} pictures do not show what they are of"
    if not flight.outside_m < OUTSIDE_M:
        yield f"{flight.outside_m:.1f} m outside the fence"
    if not _near(flight.flown_s, flight.promised_s):
        yield f"{flight.flown_s:.0f} s flown, {flight.promised_s:.0f} s promised"
    if not _near(flight.flown_wh, flight.promised_wh):
        yield f"{flight.flown_wh:.1f} Wh used, {flight.promised_wh:.1f} Wh promised"


def _of_team(team: Team) -> Iterator[str]:
    if not team.separation_m >= VERTICAL_M:
        yield f"{team.separation_m:.1f} m between two aircraft, {VERTICAL_M:.0f} m is the least"
    if not _near(team.flown_s, team.promised_s):
        yield f"the last landing after {team.flown_s:.0f} s, {team.promised_s:.0f} s promised"


def _near(flown: float, promised: float) -> bool:
    return math.isfinite(flown) and abs(flown - promised) <= WITHIN * promised
