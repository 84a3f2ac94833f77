"""A recording is a link like any other: what watches an aircraft watches its recording too."""

import sys
from pathlib import Path

from sitl.autopilot import SmallVehicle
from sitl.clock import HurriedClock
from telemetry.client import VehicleClient
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.links.base import LinkClosed
from telemetry.recorder import Recorder

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
clock = HurriedClock(10)
with (
    SmallVehicle("copter", speedup=10) as vehicle,
    Recorder(folder / "telemetry", clock) as recorder,
    VehicleClient(open_link(vehicle.address, clock), clock, listener=recorder) as client,
):
    client.connect()
    client.wait_for(lambda: client.state.lat_deg is not None, 60)

hub = Hub(clock)
with open_link(f"tlog:{recorder.segments[0]}@0", clock) as link:
    try:
        while True:
            hub.publish(link.receive(0.1), link.address)
    except LinkClosed:
        pass

for system, state in hub.vehicles().items():
    print(f"system {system}: a {state.kind} in {state.mode} at {state.lat_deg}, {state.lon_deg}")
assert 1 in hub.vehicles()
