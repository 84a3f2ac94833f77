"""Two aircraft that call themselves by one number: seen by their being in two places at once.

A recording cannot tell them apart, nor can an order be meant for one of them, so people must give one of them
another number (SYSID_THISMAV). One aircraft that is heard over two links is in one place over both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from missions.geodesy import GeoPoint, distance_m
from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.messages import decode
from telemetry.places import is_place

APART_M = 100.0
"""More than one aircraft's places differ by over two links, one of them late."""
TOGETHER_S = 2.0
FASTEST_M_S = 60.0
TIMES = 6
"""So often in a row must they be heard apart, so that one wrong place does not raise it."""
_POSITION = BY_NAME["GLOBAL_POSITION_INT"].message_id


@dataclass(frozen=True, slots=True)
class Double:
    """A number that two aircraft use, and over which links they are heard."""

    system: int
    links: tuple[str, str]

    @property
    def text(self) -> str:
        """For people, with what to do."""
        return (
            f"two aircraft call themselves {self.system}, over {self.links[0]} and over {self.links[1]}: "
            "give one of them another number (SYSID_THISMAV)"
        )


class DoubleWatch:
    """Watches a hub for them; `told` is called once for each, in a link's thread. Call `close` to end."""

    def __init__(self, hub: Hub, told: Callable[[Double], None] = lambda _: None) -> None:
        self._told = told
        self._places: dict[int, dict[str, tuple[float, GeoPoint]]] = {}
        self._apart: dict[tuple[int, str, str], int] = {}
        self._found: dict[int, Double] = {}
        self.close = hub.subscribe_by_link(self._hear)

    @property
    def found(self) -> tuple[Double, ...]:
        """Every number that was found used twice."""
        return tuple(self._found.values())

    def _hear(self, frames: Sequence[Frame], link: str) -> None:
        for frame in frames:
            if frame.message_id == _POSITION and frame.system not in self._found:
                self._take(frame, link)

    def _take(self, frame: Frame, link: str) -> None:
        message = decode(frame)
        if message is None or not is_place(message.lat, message.lon):
            return
        here = GeoPoint(message.lat / 1e7, message.lon / 1e7)
        places = self._places.setdefault(frame.system, {})
        places[link] = (message.time_s, here)
        for other, (time_s, there) in places.items():
            age_s = message.time_s - time_s
            if other != link and 0 <= age_s < TOGETHER_S:
                far = distance_m(here, there) > APART_M + FASTEST_M_S * age_s
                self._count(frame.system, other, link, far=far)

    def _count(self, system: int, other: str, link: str, *, far: bool) -> None:
        first, second = sorted((other, link))
        key = (system, first, second)
        self._apart[key] = self._apart.get(key, 0) + 1 if far else 0
        if self._apart[key] >= TIMES and system not in self._found:
            self._found[system] = Double(system, (first, second))
            self._told(self._found[system])
