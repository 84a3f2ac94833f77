"""Every command that a plan becomes, kept by every autopilot as it was sent."""

from __future__ import annotations

import dataclasses
import random

import pytest

from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.errors import Refused
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command, MissionItem, MissionType
from missions.plan import LookAt, Plan, Waypoint
from missions.plan_items import fence_items, mission_items, rally_items
from missions.search_plan import plan_search
from sitl.home import DEFAULT_HOME
from sitl.scenarios import SimulatedVehicle
from telemetry import transfer
from telemetry.client import VehicleClient

FRAME = LocalFrame(DEFAULT_HOME.place)


def searched(kind: str) -> Plan:
    """A plan of a square with a hole, with a fence of its own for the hole."""

    def ring(size_m: float, east_m: float) -> tuple[object, ...]:
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        return tuple(
            FRAME.point_from_local(east_m + size_m * east, size_m * north) for east, north in corners
        )

    area = Area("Square", (Part(ring(150, 200), (ring(30, 200),)),))  # type: ignore[arg-type]
    return plan_search(
        area,
        aircraft(f"ardupilot-{kind}"),
        camera("demo-wide"),
        created="2026-03-01T10:00:00Z",
        take_off=DEFAULT_HOME.place,
        fence_holes=True,
    )


def with_everything(plan: Plan, seed: int) -> Plan:
    """The plan with a route that uses every field of a waypoint, in odd amounts."""
    chance = random.Random(seed)

    def maybe(value: float) -> float | None:
        return value if chance.random() < 0.5 else None

    def place() -> GeoPoint:
        return FRAME.point_from_local(chance.uniform(-900, 900), chance.uniform(-900, 900))

    route = [
        Waypoint(
            place(),
            round(chance.uniform(20, 110), 3),
            recording=chance.random() < 0.5,
            speed_m_s=maybe(round(chance.uniform(2, 20), 2)),
            hold_s=chance.choice([0.0, 0.0, 3.4, 900.0]),
            heading_deg=maybe(chance.uniform(-180, 360)),
            gimbal_pitch_deg=maybe(chance.uniform(-90, 20)),
            look_at=LookAt(place(), chance.uniform(0, 40)) if chance.random() < 0.4 else None,
            picture=chance.random() < 0.4,
            trigger_m=maybe(chance.uniform(1, 90)),
            orbit_turns=chance.choice([0.0, 0.0, 0.25, 1.0, 2.7, 300.0]),
            orbit_radius_m=chance.choice([-1, 1]) * chance.choice([0.4, 12.6, 255.0, 256.0, 333.0, 1999.0]),
        )
        for _ in range(40)
    ]
    return dataclasses.replace(plan, route=tuple(route))


def test_a_search_is_held_as_it_was_sent(vehicle: SimulatedVehicle, client: VehicleClient) -> None:
    plan = searched(vehicle.kind)
    assert transfer.upload_and_verify(client, MissionType.MISSION, mission_items(plan)) == []
    assert transfer.upload_and_verify(client, MissionType.FENCE, fence_items(plan)) == []
    assert transfer.upload_and_verify(client, MissionType.RALLY, rally_items(plan)) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_command_is_held_as_it_was_sent(
    vehicle: SimulatedVehicle, client: VehicleClient, seed: int
) -> None:
    items = mission_items(with_everything(searched(vehicle.kind), seed))
    assert transfer.upload_and_verify(client, MissionType.MISSION, items) == []
    used = {item.command for item in items}
    expected = {
        Command.WAYPOINT,
        Command.LOITER_TURNS,
        Command.DO_CHANGE_SPEED,
        Command.DO_SET_ROI,
        Command.DO_GIMBAL_MANAGER_PITCHYAW,
        Command.DO_DIGICAM_CONTROL,
        Command.DO_SET_CAM_TRIGG_DIST,
        Command.LOITER_TIME if vehicle.kind == "plane" else Command.CONDITION_YAW,
    }
    assert expected <= used


@pytest.mark.parametrize("newer", [Command.DO_SET_ROI_LOCATION, Command.DO_SET_ROI_NONE])
def test_the_newer_commands_for_a_place_looked_at_are_refused(
    vehicle: SimulatedVehicle, client: VehicleClient, newer: Command
) -> None:
    items = mission_items(searched(vehicle.kind))
    look = MissionItem(newer, x=items[0].x, y=items[0].y, z=10.0)
    with pytest.raises(Refused):
        transfer.upload(client, MissionType.MISSION, (*items[:3], look, *items[3:]))
