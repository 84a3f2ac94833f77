"""A real ArduPilot that was given a key signs what it says, and obeys who signs."""

from __future__ import annotations

import secrets

import pytest

from missions.errors import NoAnswer
from sitl.clock import HurriedClock
from sitl.pytest_plugin import SPEEDUP
from sitl.scenarios import SimulatedVehicle
from telemetry.client import VehicleClient
from telemetry.links import open_link
from telemetry.signing import Checker, SignedLink, Signer, StreamTimes, Verdict
from telemetry.signing.checking import signing_time

pytestmark = pytest.mark.sitl
KEY = secrets.token_bytes(32)


def test_a_vehicle_with_a_key_is_believed_and_obeys_who_signs(
    ardupilot_copter: SimulatedVehicle,
) -> None:
    clock = HurriedClock(SPEEDUP)
    with VehicleClient(open_link(ardupilot_copter.address, clock), clock) as client:
        client.connect()
        client.send(
            "SETUP_SIGNING",
            target_system=client.system,
            target_component=client.component,
            secret_key=list(KEY),
            initial_timestamp=signing_time(clock.now_s()),
        )
        system = client.system or 1
        client.wait_for(lambda: False, 2.0 * SPEEDUP)
    checker = Checker({system: KEY}, StreamTimes(), clock)
    guarded = SignedLink(
        open_link(ardupilot_copter.second_address, clock),
        checker,
        Signer({system: KEY}, StreamTimes(), clock),
    )
    with VehicleClient(guarded, clock, system=system) as client:
        client.connect()
        assert client.parameter("SYSID_THISMAV") == system
        assert client.wait_for(lambda: checker.counts[Verdict.SIGNED] > 50, 20.0 * SPEEDUP)
        assert checker.counts[Verdict.WRONG] == checker.counts[Verdict.REPLAYED] == 0
    stranger = Checker({system: secrets.token_bytes(32)}, StreamTimes(), clock)
    refusing = SignedLink(open_link(ardupilot_copter.second_address, clock), stranger)
    with VehicleClient(refusing, clock, system=system) as client, pytest.raises(NoAnswer):
        client.connect(timeout_s=3.0 * SPEEDUP)
    assert stranger.counts[Verdict.WRONG] > 0
    silent = SignedLink(
        open_link(ardupilot_copter.second_address, clock), Checker({system: KEY}, StreamTimes(), clock)
    )
    with VehicleClient(silent, clock, system=system) as client:
        client.connect()
        with pytest.raises(NoAnswer):
            client.parameter("SYSID_THISMAV", timeout_s=2.0 * SPEEDUP)
