"""From vehicles to ground stations and, where a station may speak, back to the vehicle that it means.

The rules are those of MAVLink's routing guide (mavlink.io/en/guide/routing.html): nothing goes back to where
it came from; what names a target goes where that system was heard; what names none, or 0, goes everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.messages import target_of
from telemetry.routing.outbox import HELD, Outbox


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What was handed on to one station: frames sent, and dropped as it took them too slowly or was away."""

    address: str
    sent: int
    dropped: int
    problem: str = ""


class Router:
    """Hands what is heard on a hub's links to stations, and what stations say to the vehicles.

    `add_station` names a link that is not a vehicle's; every other link of the hub is. Nobody waits for a
    station: each has an outbox, and so has each way to a vehicle. Call `close` at the end.
    """

    def __init__(self, hub: Hub, *, held: int = HELD) -> None:
        self._held = held
        self._stations: dict[str, Outbox] = {}
        self._vehicles: dict[str, Outbox] = {}
        self._heard: dict[int, str] = {}
        self._unsubscribe = hub.subscribe_by_link(self._hear)

    def add_station(self, address: str, send: Callable[[bytes], None]) -> None:
        """Hand a station all that vehicles say; what it says goes to them, if the hub hears it."""
        self._stations = {**self._stations, address: Outbox(address, send, self._held)}

    def add_vehicles(self, address: str, send: Callable[[bytes], None]) -> None:
        """A link to vehicles that stations may speak to."""
        self._vehicles = {**self._vehicles, address: Outbox(address, send, self._held)}

    def forwarded(self) -> tuple[Forwarded, ...]:
        """What each station was handed so far."""
        return tuple(
            Forwarded(address, box.sent, box.dropped, box.problem) for address, box in self._stations.items()
        )

    def close(self) -> None:
        """Hand on no more."""
        self._unsubscribe()
        for box in (*self._stations.values(), *self._vehicles.values()):
            box.close()

    def _hear(self, frames: Sequence[Frame], link: str) -> None:
        if link in self._stations:
            self._to_vehicles(frames)
            return
        for frame in frames:
            self._heard[frame.system] = link
        raw = [frame.raw for frame in frames]
        for box in self._stations.values():
            box.put(raw)

    def _to_vehicles(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            only = self._heard.get(target_of(frame))
            for address, box in self._vehicles.items():
                if only is None or address == only:
                    box.put([frame.raw])
