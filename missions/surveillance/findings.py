"""What an operator must know of a watch: who waits too long, how many aircraft it takes, who meets whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from missions.checks import EU_HEIGHT_LIMIT_M
from missions.plan import Finding, Severity
from missions.surveillance.points import WatchPoint
from missions.surveillance.roster import Roster
from missions.surveillance.waits import Wait

PAD_S = 30.0


def findings_of(
    points: Sequence[WatchPoint],
    found: Sequence[Wait],
    roster: Roster,
    vehicles: int | None,
    needed: int | None,
    highest_m: float,
) -> list[Finding]:
    """All of them; `needed` is the smallest team found that keeps every wait, None where none was found."""
    return [
        *_waits(points, found, needed),
        *_team(roster, vehicles),
        *_late(roster),
        *_pad(roster),
        *_height(highest_m),
    ]


def _waits(points: Sequence[WatchPoint], found: Sequence[Wait], needed: int | None) -> Iterator[Finding]:
    missed = [number for number, wait in enumerate(found) if not wait.kept]
    if not missed:
        longest_s = max(wait.longest_s for wait in found)
        yield Finding(
            "waits",
            Severity.INFO,
            f"No point waits longer than asked; the longest wait is {longest_s:.0f} s.",
        )
        return
    worst = max(missed, key=lambda number: found[number].longest_s / (found[number].asked_s or 1.0))
    name = points[worst].name or f"Point {worst + 1}"
    team = (
        f"The smallest team found that keeps every wait has {needed} aircraft."
        if needed
        else "No team was found that keeps every wait: allow longer ones, shorten looks, watch fewer points."
    )
    yield Finding(
        "waits",
        Severity.CAUTION,
        f"{len(missed)} of {len(found)} points wait longer than asked; at worst {name} waits"
        f" {found[worst].longest_s:.0f} s where {found[worst].asked_s:.0f} s were asked.",
        team,
    )


def _team(roster: Roster, vehicles: int | None) -> Iterator[Finding]:
    told = f"The watch takes {roster.vehicles} aircraft and {len(roster.duties)} flights"
    given = f" of the {vehicles} given" if vehicles else ""
    yield Finding("team", Severity.INFO, f"{told}{given}.")


def _late(roster: Roster) -> Iterator[Finding]:
    late = [duty for duty in roster.duties if duty.late_s > 1.0]
    if late:
        longest_s = max(duty.late_s for duty in late)
        yield Finding(
            "relief",
            Severity.CAUTION,
            f"{len(late)} of {len(roster.duties)} flights start late, by up to {longest_s:.0f} s: no"
            " aircraft is ready, and nobody is at their station until then.",
            "Take more aircraft, or change batteries faster.",
        )


def _pad(roster: Roster) -> Iterator[Finding]:
    """Starts and landings at one place within half a minute of each other."""
    times = sorted([duty.start_s for duty in roster.duties] + [duty.lands_s for duty in roster.duties])
    close = sum(after - before < PAD_S for before, after in pairwise(times))
    if close:
        yield Finding(
            "take-off place",
            Severity.CAUTION,
            f"{close} times two aircraft take off or land within {PAD_S:.0f} s of each other at one place.",
            "Give each aircraft its own spot, 10 m apart or more.",
        )


def _height(highest_m: float) -> Iterator[Finding]:
    if highest_m > EU_HEIGHT_LIMIT_M:
        yield Finding(
            "height",
            Severity.CAUTION,
            f"Aircraft kept apart in height fly up to {highest_m:.0f} m, above the 120 m limit of the open"
            " category (EU 2019/947, UAS.OPEN.010).",
            "Fly lower, or keep them less far apart.",
        )
