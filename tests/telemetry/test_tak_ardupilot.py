"""A real ArduPilot is seen by a TAK server where it is, and no height of it is made up."""

from __future__ import annotations

import socket
import threading

import pytest

from sitl.clock import HurriedClock
from sitl.pytest_plugin import SPEEDUP
from sitl.scenarios import SimulatedVehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.tak import CotEvent, CotStream, TakFeed, TakLink, TakStation, geoid_undulation_m

pytestmark = pytest.mark.sitl


def test_a_real_ardupilot_reaches_a_tak_server(ardupilot_copter: SimulatedVehicle) -> None:
    """The receiver that ArduPilot simulates knows no geoid: it sends one height twice, and that is seen."""
    clock = HurriedClock(SPEEDUP)
    hub = Hub(SystemClock())
    heard: list[CotEvent] = []

    def listen(server: socket.socket) -> None:
        stream = CotStream()
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(65_536):
                heard.extend(stream.feed(data))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        thread = threading.Thread(target=listen, args=(server,), daemon=True)
        thread.start()
        with TakLink(f"tak+tcp://127.0.0.1:{server.getsockname()[1]}", SystemClock()) as link:
            hub.subscribe(TakFeed(hub, TakStation("sitl"), [link], rate_hz=20))
            vehicle = open_link(ardupilot_copter.address, clock)
            with VehicleClient(vehicle, clock, listener=hub.publish) as client:
                client.connect()
                assert client.wait_for(lambda: any(event.ce_m for event in heard), 60.0 * SPEEDUP)
                state = hub.vehicles()[client.system or 1]
        thread.join(30)
    last = [event for event in heard if ".vehicle." in event.uid][-1]
    assert last.type == "a-f-A-M-H-Q"
    assert state.place == pytest.approx((last.lat_deg, last.lon_deg), abs=1e-4)
    assert {"contact", "remarks", "status", "track"} <= {item.name for item in last.detail}
    if geoid_undulation_m(last.lat_deg, last.lon_deg) is None:
        assert (last.hae_m, last.le_m) == (None, None)
