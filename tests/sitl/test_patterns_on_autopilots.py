"""Every pattern's plan, fence and rally points, kept by a real autopilot as they were sent."""

from __future__ import annotations

from missions.items import MissionType
from missions.plan import Plan
from missions.plan_items import fence_items, mission_items, rally_items
from sitl.scenarios import SimulatedVehicle
from telemetry import transfer
from telemetry.client import VehicleClient


def test_every_pattern_is_held_as_it_was_sent(
    vehicle: SimulatedVehicle, client: VehicleClient, every_plan: dict[str, Plan]
) -> None:
    own = {
        name: plan
        for name, plan in every_plan.items()
        if plan.aircraft.kind == vehicle.kind and not name.startswith("dji")
    }
    assert len(own) > 8
    for name, plan in own.items():
        lists = {
            MissionType.MISSION: mission_items(plan),
            MissionType.FENCE: fence_items(plan),
            MissionType.RALLY: rally_items(plan),
        }
        for kind, items in lists.items():
            assert transfer.upload_and_verify(client, kind, items) == [], f"{name}, {kind.name}"
