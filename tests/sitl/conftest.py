"""What these tests share: a client on each vehicle, and a desk for the small one without its socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from missions.items import MissionItem, MissionType
from sitl.autopilot import DEFAULT_HOME
from sitl.autopilot.motion import Vector
from sitl.autopilot.pilot import GPS_READY_S
from sitl.autopilot.vehicle import STEP_S, Vehicle
from sitl.scenarios import SimulatedVehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.frames import FrameReader
from telemetry.links import open_link
from telemetry.messages import Encoder, Message, decode
from telemetry.transfer.items import fields_from_item

ARM, MODE, START = 400, 176, 300


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


class Desk:
    """A ground station without a socket: what it sends is answered at once, and it moves simulated time."""

    def __init__(self, kind: str, vehicle: Vehicle | None = None) -> None:
        self.vehicle = vehicle or Vehicle(kind, DEFAULT_HOME, system=1, unix_s=1.7e9)
        self.channel = self.vehicle.open_channel()
        self._encoder = Encoder(255, 190)
        self._reader = FrameReader()
        self.now_s = 0.0
        self.heard: list[Message] = []
        self.track: list[Vector] = []

    def send(self, name: str, **fields: Any) -> list[Message]:
        fields = {"target_system": 1, "target_component": 1, **fields}
        for message in self.channel.read(self._encoder.encode(name, **fields), 0):
            self.vehicle.handle(self.channel, message, self.now_s)
        return self.take()

    def take(self) -> list[Message]:
        messages = [decode(frame) for frame in self._reader.feed(self.channel.take(), 0)]
        known = [message for message in messages if message is not None]
        self.heard += known
        return known

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        for _ in range(round(seconds / STEP_S)):
            self.vehicle.step()
            self.track.append(self.vehicle.pilot.motion.place)
            if until():
                self.take()
                return True
        self.take()
        return False

    def command(self, command: int, **fields: float) -> int:
        answers = self.send("COMMAND_LONG", command=command, **fields)
        return int(next(message for message in answers if message.name == "COMMAND_ACK").result)

    def upload(self, items: list[MissionItem], kind: MissionType = MissionType.MISSION) -> int:
        """The answer's MAV_MISSION_RESULT."""
        answers = self.send("MISSION_COUNT", count=len(items), mission_type=int(kind))
        while answers and answers[-1].name == "MISSION_REQUEST_INT":
            sequence = answers[-1].seq
            answers = self.send("MISSION_ITEM_INT", **fields_from_item(items[sequence], sequence, kind))
        return int(answers[-1].type)

    def reached(self) -> list[int]:
        return [message.seq for message in self.heard if message.name == "MISSION_ITEM_REACHED"]

    def said(self) -> list[str]:
        return [message.text for message in self.heard if message.name == "STATUSTEXT"]

    @property
    def mode(self) -> str:
        return self.vehicle.pilot.mode_name

    def set_mode(self, name: str) -> int:
        return self.command(MODE, param1=1, param2=self.vehicle.pilot.modes[name])

    def fly_mission(self, items: list[MissionItem], seconds: float) -> bool:
        """Fly until it is disarmed; whether it was within that time."""
        assert self.upload(items) == 0
        self.run(GPS_READY_S + 1)
        assert self.set_mode("GUIDED") == 0
        assert self.command(ARM, param1=1) == 0
        assert self.command(START) == 0
        return self.run(seconds, lambda: not self.vehicle.pilot.armed)


@pytest.fixture(scope="session")
def open_desk() -> type[Desk]:
    """`open_desk("copter")` gives a desk with a fresh vehicle."""
    return Desk
