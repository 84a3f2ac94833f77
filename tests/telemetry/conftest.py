"""A vehicle on a link that loses, doubles and shuffles, on a clock that the test moves."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from missions.items import MissionItem, MissionType
from telemetry.clock import ManualClock
from telemetry.frames import Frame, FrameReader
from telemetry.links import Link, LinkClosed
from telemetry.messages import Encoder, Message, decode
from telemetry.transfer.items import fields_from_item, item_from_message

COPTER, ARDUPILOT, ARMED = 2, 3, 128
STEP_S = 0.05
AGAIN_S = 1.0


class FakeVehicle(Link):
    """A copter that answers as ArduPilot does; `loss`, `doubling` and `shuffling` are chances per frame.

    `answers` replaces what it does with a message: name to a function of the message that sends what it will.
    """

    def __init__(
        self, clock: ManualClock, *, loss: float = 0, doubling: float = 0, shuffling: float = 0
    ) -> None:
        self.address = "fake:1"
        self.clock = clock
        self.mode, self.armed, self.autopilot = 0, False, ARDUPILOT
        self.parameters: dict[str, tuple[float, int]] = {"SYSID_THISMAV": (1, 4), "WPNAV_SPEED": (500, 9)}
        self.lists: dict[int, list[MissionItem]] = {0: [], 1: [], 2: []}
        self.answers: dict[str, Callable[[Message], None]] = {}
        self.heard: list[Message] = []
        self.closed = False
        self._random = random.Random(7)
        self._chances = (loss, doubling, shuffling)
        self._encoder = Encoder(1, 1)
        self._inbox, self._reader = FrameReader(), FrameReader()
        self._out: deque[bytes] = deque()
        self._next_heartbeat_s = 0.0
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._receiving: tuple[int, int, list[MissionItem]] | None = None
        self._asked_s = 0.0

    def say(self, name: str, /, **fields: Any) -> None:
        self._deliver(self._encoder.encode(name, **fields))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self._later.append((self.clock.monotonic_s() + seconds, action))

    def receive(self, timeout_s: float) -> list[Frame]:
        if self.closed:
            raise LinkClosed("the vehicle is gone", where=self.address)
        self._pass_time()
        if not self._out:
            self.clock.sleep(min(max(timeout_s, 0.001), STEP_S))
            self._pass_time()
        data = b"".join(self._out)
        self._out.clear()
        return self._reader.feed(data, round(self.clock.now_s() * 1e6))

    def send(self, data: bytes) -> None:
        for frame in self._inbox.feed(data, 0):
            message = decode(frame)
            assert message is not None
            for _ in range(self._copies()):
                self.heard.append(message)
                answer = self.answers.get(message.name) or getattr(self, f"_on_{message.name.lower()}", None)
                if answer:
                    answer(message)

    def close(self) -> None:
        self.closed = True

    def names_heard(self) -> list[str]:
        return [message.name for message in self.heard]

    def acknowledge(self, command: int, result: int) -> None:
        self.say("COMMAND_ACK", command=command, result=result, target_system=255, target_component=190)

    def _copies(self) -> int:
        loss, doubling, _ = self._chances
        return 0 if self._random.random() < loss else 2 if self._random.random() < doubling else 1

    def _deliver(self, data: bytes) -> None:
        for _ in range(self._copies()):
            self._out.append(data)
            if len(self._out) > 1 and self._random.random() < self._chances[2]:
                self._out.appendleft(self._out.pop())

    def _pass_time(self) -> None:
        now_s = self.clock.monotonic_s()
        if now_s >= self._next_heartbeat_s:
            self._next_heartbeat_s = now_s + 1
            base_mode = 81 | (ARMED if self.armed else 0)
            self.say(
                "HEARTBEAT",
                type=COPTER,
                autopilot=self.autopilot,
                base_mode=base_mode,
                custom_mode=self.mode,
                system_status=3,
                mavlink_version=3,
            )
        due = [entry for entry in self._later if entry[0] <= now_s]
        self._later = [entry for entry in self._later if entry[0] > now_s]
        for _, action in due:
            action()
        if self._receiving and now_s - self._asked_s > AGAIN_S:
            self._ask()

    def _on_command_long(self, message: Message) -> None:
        if message.command == 176:
            self.mode = int(message.param2)
        elif message.command == 400:
            self.armed = message.param1 == 1
        self.acknowledge(message.command, 0)

    def _on_param_request_read(self, message: Message) -> None:
        names = sorted(self.parameters)
        index = message.param_index
        name = names[index] if 0 <= index < len(names) else message.param_id
        if name in self.parameters:
            self._parameter(name)

    def _on_param_request_list(self, message: Message) -> None:
        for name in sorted(self.parameters):
            self._parameter(name)

    def _on_param_set(self, message: Message) -> None:
        self.parameters[message.param_id] = (message.param_value, self.parameters[message.param_id][1])
        self._parameter(message.param_id)

    def _parameter(self, name: str) -> None:
        value, kind = self.parameters[name]
        index = sorted(self.parameters).index(name)
        self.say(
            "PARAM_VALUE",
            param_id=name,
            param_value=value,
            param_type=kind,
            param_count=len(self.parameters),
            param_index=index,
        )

    def _on_mission_count(self, message: Message) -> None:
        self._receiving = (message.mission_type, message.count, [])
        self._ask()

    def _ask(self) -> None:
        assert self._receiving
        kind, _, items = self._receiving
        self._asked_s = self.clock.monotonic_s()
        name = self._random.choice(("MISSION_REQUEST", "MISSION_REQUEST_INT"))
        self.say(name, target_system=255, target_component=190, seq=len(items), mission_type=kind)

    def _on_mission_item_int(self, message: Message) -> None:
        if not self._receiving:
            self._mission_ack(message.mission_type, 1)
            return
        kind, count, items = self._receiving
        if message.seq != len(items):
            self._mission_ack(kind, 13)
            return
        items.append(item_from_message(message))
        if len(items) < count:
            self._ask()
            return
        self.lists[kind], self._receiving = items, None
        self._mission_ack(kind, 0)

    def _on_mission_request_list(self, message: Message) -> None:
        count = len(self.lists[message.mission_type])
        self.say(
            "MISSION_COUNT",
            target_system=255,
            target_component=190,
            count=count,
            mission_type=message.mission_type,
        )

    def _on_mission_request_int(self, message: Message) -> None:
        kind = MissionType(message.mission_type)
        fields = fields_from_item(self.lists[kind][message.seq], message.seq, kind)
        self.say("MISSION_ITEM_INT", target_system=255, target_component=190, **fields)

    def _on_mission_clear_all(self, message: Message) -> None:
        self.lists[message.mission_type] = []
        self._mission_ack(message.mission_type, 0)

    def _mission_ack(self, kind: int, result: int) -> None:
        self.say("MISSION_ACK", target_system=255, target_component=190, type=result, mission_type=kind)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def fake_vehicle(clock: ManualClock) -> Callable[..., FakeVehicle]:
    """Makes a FakeVehicle on the test's clock."""

    def make(**chances: float) -> FakeVehicle:
        return FakeVehicle(clock, **chances)

    return make


@pytest.fixture
def frames_of() -> Callable[..., list[Frame]]:
    """Makes frames from (time_s, name, fields), sent by one system and component."""

    def make(
        rows: Sequence[tuple[float, str, dict[str, Any]]], system: int = 1, component: int = 1
    ) -> list[Frame]:
        encoder, reader = Encoder(system, component), FrameReader()
        return [
            frame
            for time_s, name, fields in rows
            for frame in reader.feed(encoder.encode(name, **fields), round(time_s * 1e6))
        ]

    return make
