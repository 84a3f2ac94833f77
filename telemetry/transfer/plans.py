"""A plan onto a vehicle: mission, fence and rally points, each read back and compared item by item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from missions.errors import PlanRefused
from missions.items import MissionItem, MissionType
from missions.plan import Plan
from missions.plan_items import Difference, fence_items, mission_items, rally_items
from telemetry.client import VehicleClient
from telemetry.transfer.driver import upload_and_verify


@dataclass(frozen=True, slots=True)
class Held:
    """One list as the vehicle holds it now: how many items were sent, and what is held otherwise."""

    kind: MissionType
    items: int
    differences: tuple[Difference, ...]


def refuse_blocked(plan: Plan) -> None:
    """Raise PlanRefused where the plan has blocking findings: those no operator may fly past."""
    if plan.blocking:
        first = plan.blocking[0]
        more = f" (and {len(plan.blocking) - 1} more)" if len(plan.blocking) > 1 else ""
        raise PlanRefused(
            f"the plan may not be flown: {first.text}{more}",
            where=plan.name,
            remedy=first.remedy or "Plan again",
        )


def lists_of(plan: Plan) -> dict[MissionType, tuple[MissionItem, ...]]:
    """The three lists that a plan becomes."""
    return {
        MissionType.MISSION: mission_items(plan),
        MissionType.FENCE: fence_items(plan),
        MissionType.RALLY: rally_items(plan),
    }


def upload_plan(
    client: VehicleClient, plan: Plan, on_list: Callable[[MissionType, int], None] = lambda *_: None
) -> tuple[Held, ...]:
    """Upload all three lists, read each back and compare. `on_list` hears of each before it goes.

    Raises PlanRefused before anything is sent; Refused and NoAnswer as the vehicle has it.
    """
    refuse_blocked(plan)
    held = []
    for kind, items in lists_of(plan).items():
        on_list(kind, len(items))
        held.append(Held(kind, len(items), tuple(upload_and_verify(client, kind, items))))
    return tuple(held)
