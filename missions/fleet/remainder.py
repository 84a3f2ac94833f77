"""The rest of a team's plan: what each aircraft left unflown, flown by the same, kept apart as before."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

from missions.errors import InputError
from missions.fleet.joining import Share, joined_plan, keep_of
from missions.fleet.starts import started
from missions.geodesy import GeoPoint
from missions.local import frame_of
from missions.plan import Plan, Sortie
from missions.replan import FlownTrack, Seen, rest, seen
from missions.sorties.dividing import SWAP_S

_WATCH = "surveillance"


def rest_of(
    plan: Plan,
    flown: FlownTrack,
    *,
    created: str = "",
    take_off: GeoPoint | None = None,
    reserve_pct: float | None = None,
    start_pct: float = 100.0,
    swap_s: float = SWAP_S,
) -> Plan | None:
    """As `missions.replan.rest`, for a plan of several aircraft too; None where nothing is left.

    Every aircraft flies what is left of its own work, whoever flew the rest of it, from where it took off:
    `take_off` is for a plan of one aircraft alone. Raises InputError for a watch, and what `rest` raises.
    """
    refuse_watch(plan)
    batteries: dict[str, Any] = {"reserve_pct": reserve_pct, "start_pct": start_pct, "swap_s": swap_s}
    if not plan.is_team:
        return rest(plan, flown, created=created, take_off=take_off, **batteries)
    if take_off is not None:
        raise InputError(
            "several aircraft do not take off from one place",
            where=plan.name,
            remedy="Leave the take-off point out: each starts from its own",
        )
    shares, whole_m2 = [], 0.0
    for vehicle in plan.vehicles:
        own = plan_of(plan, vehicle)
        left = rest(own, flown, created=created, **batteries)
        ground_m2 = seen(own, FlownTrack([])).work_m * own.totals.lane_spacing_m
        whole_m2 += ground_m2
        if left is not None:
            shares.append(Share(left, _sorties(left, vehicle), ground_m2))
    if not shares:
        return None
    keep = keep_of(plan.request.figures)
    sorties = started([share.sorties for share in shares], frame_of(plan.area), plan.wind, swap_s, keep)
    return joined_plan(shares, sorties, keep=keep, whole_m2=whole_m2)


def seen_of(plan: Plan, flown: FlownTrack) -> dict[int, Seen]:
    """How much of each aircraft's work a track left unflown; errors as those of `rest_of`."""
    refuse_watch(plan)
    return {vehicle: seen(own, flown) for vehicle, own in zip(plan.vehicles, plans_of(plan), strict=True)}


def plans_of(plan: Plan) -> list[Plan]:
    """What each aircraft flies, in the order of their numbers, as one plan of one flight each."""
    return [plan_of(plan, vehicle) for vehicle in plan.vehicles] if plan.is_team else [plan]


def plan_of(plan: Plan, vehicle: int) -> Plan:
    """What one aircraft of a team flies, as one plan of one flight: its sorties end to end."""
    own = [sortie for sortie in plan.sorties if sortie.vehicle == vehicle]
    first = own[0]
    totals = dataclasses.replace(
        first.totals,
        lanes=sum(sortie.totals.lanes for sortie in own),
        length_m=sum(sortie.totals.length_m for sortie in own),
        covered_pct=plan.totals.covered_pct,
    )
    return dataclasses.replace(
        plan,
        aircraft=first.aircraft,
        camera=first.camera or plan.camera,
        take_off=first.take_off,
        route=tuple(itertools.chain.from_iterable(sortie.route for sortie in own)),
        totals=totals,
        findings=tuple(one for one in plan.findings if one.check not in {"apart", "take-off points"}),
        sorties=(),
        no_return=None,
    )


def refuse_watch(plan: Plan) -> None:
    """Raise InputError where a plan looks again and again, so that nothing of it is ever left over."""
    if plan.request.pattern == _WATCH:
        raise InputError(
            "a watch has no rest: it looks at the same places again and again",
            where=plan.name,
            remedy="Plan a watch of the time that is left",
        )


def _sorties(left: Plan, vehicle: int) -> tuple[Sortie, ...]:
    """What is left for one aircraft as its sorties, one where a battery does for all of it."""
    whole = Sortie(left.aircraft, left.take_off, left.route, left.totals, no_return=left.no_return)
    own = left.sorties or (whole,)
    return tuple(dataclasses.replace(sortie, vehicle=vehicle, camera=left.camera) for sortie in own)
