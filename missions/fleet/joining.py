"""One plan of a team's work."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely import Polygon

from missions.area import Part
from missions.checks import by_weight
from missions.fence import fence_ring
from missions.fleet.apart import VERTICAL_M, apart
from missions.fleet.clashes import SLACK_S, Keep
from missions.geodesy import distance_m
from missions.local import frame_of, local_from_area, local_from_ring, ring_from_local
from missions.plan import Fence, Finding, Plan, Severity, Sortie, Totals
from missions.sorties.parts import with_sorties

_PADS_M = 5.0


@dataclass(frozen=True, slots=True)
class Share:
    """One member's share: its plan as one flight, its sorties, and for how much ground it counts."""

    plan: Plan
    sorties: tuple[Sortie, ...]
    weight_m2: float
    outside_m: float = 0.0


def joined_plan(
    shares: Sequence[Share], sorties: tuple[Sortie, ...], *, keep: Keep, whole_m2: float | None = None
) -> Plan:
    """The team's plan: every member's route, its sorties as they start, and what the checks say of them.

    Area, name and no-fly zones are those of the first share's plan, and the same for all. `whole_m2` is the
    ground that the shares are of, None for all of theirs.
    """
    plans = [share.plan for share in shares]
    first = plans[0]
    figures = {"aircraft": float(len(shares)), **figures_of(keep)}
    together = dataclasses.replace(
        first,
        request=dataclasses.replace(first.request, figures={**first.request.figures, **figures}),
        route=tuple(row for plan in plans for row in plan.route),
        fence=_fence(plans),
        rally=tuple({rally.place: rally for plan in plans for rally in plan.rally}.values()),
        totals=_totals(shares, sorties, whole_m2 or sum(share.weight_m2 for share in shares)),
        sorties=sorties,
        no_return=None,
    )
    findings = [*_told(shares), *_apart(together, keep), *_pads(shares)]
    together = dataclasses.replace(together, findings=by_weight(findings))
    return with_sorties(together, sorties, sum(share.outside_m for share in shares))


def figures_of(keep: Keep) -> dict[str, float]:
    """What keeps a team apart, as a plan remembers it; without a height where that does not count."""
    figures = {"apart_m": keep.distance_m, "apart_s": keep.slack_s}
    return figures if math.isinf(keep.vertical_m) else {**figures, "apart_vertical_m": keep.vertical_m}


def keep_of(figures: Mapping[str, float]) -> Keep:
    """What keeps a team apart that a plan remembers."""
    if "apart_m" not in figures:
        return Keep(30.0, VERTICAL_M)
    vertical_m = figures.get("apart_vertical_m", math.inf)
    return Keep(figures["apart_m"], vertical_m, figures.get("apart_s", SLACK_S))


def _totals(shares: Sequence[Share], sorties: Sequence[Sortie], whole_m2: float) -> Totals:
    """Sums over the team; the seconds are those until the last landing, the battery the fullest used one."""
    totals = [share.plan.totals for share in shares]
    covered = sum(share.plan.totals.covered_pct * share.weight_m2 for share in shares) / whole_m2
    flown = [sortie.totals for sortie in sorties]
    return dataclasses.replace(
        totals[0],
        lanes=sum(one.lanes for one in totals),
        length_m=round(sum(one.length_m for one in flown), 1),
        duration_s=round(max(one.ends_s for one in sorties), 1),
        photos=sum(one.photos for one in flown),
        battery_pct=max(one.battery_pct for one in flown),
        covered_pct=round(covered, 2),
        energy_wh=round(sum(one.energy_wh for one in flown), 2),
    )


def _fence(plans: Sequence[Plan]) -> Fence:
    """One ring round all the members' fences."""
    frame = frame_of(plans[0].area)
    rings = [Polygon(local_from_ring(part.border, frame)) for plan in plans for part in plan.fence.inclusions]
    ring = fence_ring(shapely.union_all([*rings, local_from_area(plans[0].area, frame)]), 1.0)
    return Fence((Part(ring_from_local(ring, frame)),), plans[0].fence.exclusions)


def _told(shares: Sequence[Share]) -> Iterator[Finding]:
    """What the checks say of the members' patterns: of each check the weightiest, and whom it is about."""
    told: dict[str, list[tuple[int, Finding]]] = {}
    for share in shares:
        for finding in share.plan.findings:
            told.setdefault(finding.check, []).append((share.sorties[0].vehicle, finding))
    for all_of_it in told.values():
        worst = by_weight([finding for _, finding in all_of_it])[0]
        whom = [str(vehicle) for vehicle, finding in all_of_it if finding == worst]
        everyone = len(whom) == len(shares) or worst.severity is Severity.INFO
        text = worst.text if everyone else f"Aircraft {', '.join(whom)}: {worst.text}"
        yield dataclasses.replace(worst, text=text)


def _apart(plan: Plan, keep: Keep) -> Iterator[Finding]:
    found = apart(plan, vertical_m=keep.vertical_m)
    levels = (
        "" if math.isinf(keep.vertical_m) else f" while less than {keep.vertical_m:.0f} m apart in height"
    )
    if found.distance_m < keep.distance_m:
        yield Finding(
            "apart",
            Severity.BLOCKING,
            f"Aircraft {found.vehicles[0]} and {found.vehicles[1]} come within {found.distance_m:.0f} m of"
            f" each other{levels}, {found.at_s / 60:.0f} minutes after the first take-off.",
            "Keep them apart in height, give them take-off points of their own, or fly one after the other.",
        )
        return
    nearest = "never fly" if math.isinf(found.distance_m) else f"stay {found.distance_m:.0f} m apart or more"
    yield Finding(
        "apart",
        Severity.INFO,
        f"The aircraft {nearest}{levels or ' together'} as long as each takes off at its time, and"
        f" {keep.distance_m:.0f} m where one is up to {keep.slack_s:.0f} s early or late.",
    )


def _pads(shares: Sequence[Share]) -> Iterator[Finding]:
    places = [share.plan.take_off for share in shares]
    near = [
        (a, b) for b in range(len(places)) for a in range(b) if distance_m(places[a], places[b]) < _PADS_M
    ]
    if near:
        yield Finding(
            "take-off points",
            Severity.CAUTION,
            f"{len(near) + 1} aircraft take off and land within {_PADS_M:.0f} m of each other.",
            "Put them 10 m apart: one may come down where another stands.",
        )
