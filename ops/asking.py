"""Ask the vehicles on a hub for what a picture of them needs, as a ground station does.

An autopilot on a fresh link says little but its heartbeat until it is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from missions.errors import LinkError
from telemetry.client import DEFAULT_RATES_HZ, GROUND_STATION, MISSION_PLANNER
from telemetry.dialect import BY_NAME
from telemetry.hub import Hub
from telemetry.messages import Encoder
from telemetry.reader import LinkReader

SET_MESSAGE_INTERVAL = 511
HEARTBEAT_EACH_S = 1.0
ASK_EACH_S = 10.0
ROUND_TRIP_EACH_S = 2.0
LOOK_EACH_S = 0.25


class Asking:
    """Sends over every link that can be sent over; call `tick` again and again."""

    def __init__(self, hub: Hub, readers: Sequence[LinkReader]) -> None:
        self._hub = hub
        self._readers = readers
        self._encoder = Encoder(GROUND_STATION, MISSION_PLANNER)
        self._heartbeat_s = hub.clock.monotonic_s()
        self._round_trip_s = self._heartbeat_s
        self._ask_s: dict[int, float] = {}

    def tick(self) -> None:
        """What is due: our heartbeat, how far away they are, requests to who is new or without a place."""
        now_s = self._hub.clock.monotonic_s()
        if now_s >= self._heartbeat_s:
            self._heartbeat_s = now_s + HEARTBEAT_EACH_S
            self._send("HEARTBEAT", type=6, autopilot=8, base_mode=0, system_status=4, mavlink_version=3)
        if now_s >= self._round_trip_s:
            self._round_trip_s = now_s + ROUND_TRIP_EACH_S
            for reader in self._readers:
                with suppress(LinkError):
                    reader.ask_round_trip(self._encoder)
        for system, state in self._hub.vehicles().items():
            if system not in self._ask_s or (state.place is None and now_s >= self._ask_s[system]):
                self._ask_s[system] = now_s + ASK_EACH_S
                self._ask(system, state.component or 1)

    def _ask(self, system: int, component: int) -> None:
        for name, rate_hz in DEFAULT_RATES_HZ.items():
            self._send(
                "COMMAND_LONG",
                target_system=system,
                target_component=component,
                command=SET_MESSAGE_INTERVAL,
                param1=BY_NAME[name].message_id,
                param2=1e6 / rate_hz,
            )

    def _send(self, name: str, **fields: float) -> None:
        data = self._encoder.encode(name, **fields)
        for reader in self._readers:
            with suppress(LinkError):
                reader.send(data)


@contextmanager
def asking(hub: Hub, readers: Sequence[LinkReader]) -> Iterator[None]:
    """Ask in a thread of its own while the block runs, so that a link that is stuck holds up nobody."""
    over = threading.Event()
    asks = Asking(hub, readers)

    def run() -> None:
        while not over.wait(LOOK_EACH_S):
            asks.tick()

    thread = threading.Thread(target=run, name="asking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
