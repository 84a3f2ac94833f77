"""dronekit, a client of its own making, reads back from each vehicle what we uploaded."""

import importlib.util

import pytest

from missions.items import Command, MissionItem, MissionType
from sitl.scenarios import SimulatedVehicle
from telemetry import dronekit_link
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from telemetry.transfer import upload

needs_dronekit = pytest.mark.skipif(
    importlib.util.find_spec("dronekit") is None, reason="the extra droneteam[dronekit] is not installed"
)


@needs_dronekit
def test_dronekit_reads_back_what_we_uploaded(
    vehicle: SimulatedVehicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVLINK20", "1")  # dronekit_link sets it; so it is put back
    clock, home = SystemClock(), vehicle.home
    items = [
        MissionItem(Command.WAYPOINT, 0, x=home.lat_deg, y=home.lon_deg),
        MissionItem(Command.TAKEOFF, p1=15 if vehicle.kind == "plane" else 0, z=40),
        *(
            MissionItem(Command.WAYPOINT, x=home.lat_deg + 0.001 * n, y=home.lon_deg + 0.002, z=40.0 + n)
            for n in range(1, 6)
        ),
        MissionItem(Command.RETURN_TO_LAUNCH),
    ]
    with VehicleClient(open_link(vehicle.address, clock), clock) as client:
        client.connect()
        upload(client, MissionType.MISSION, items)
    dronekit = dronekit_link.connect(vehicle.address, wait_ready=False, timeout_s=60)
    try:
        dronekit.commands.download()
        dronekit.commands.wait_ready(timeout=60)
        held = list(dronekit.commands)
    finally:
        dronekit.close()
    assert [item.command for item in held] == [item.command for item in items[1:]]
    for ours, theirs in zip(items[2:-1], held[1:-1], strict=True):
        # dronekit asks for places as 32-bit floats
        assert (theirs.x, theirs.y, theirs.z) == pytest.approx((ours.x, ours.y, ours.z), abs=5e-6)
