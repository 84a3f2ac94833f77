"""A ground station's client on each of the vehicles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sitl.scenarios import SimulatedVehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link


@pytest.fixture(scope="module")
def client(vehicle: SimulatedVehicle) -> Iterator[VehicleClient]:
    """Connected to the vehicle, which knows its place and has finished its start."""
    clock = SystemClock()
    with VehicleClient(open_link(vehicle.address, clock), clock) as opened:
        opened.connect()
        ready = opened.wait_for(
            lambda: opened.state.home is not None and opened.state.ekf_healthy is True, 90
        )
        assert ready, f"{vehicle.description} never knew its place: {list(opened.texts)}"
        yield opened
