"""All our vehicles to all TAK destinations, at most once a second each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from missions.geodesy import WGS84
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.messages import decode
from telemetry.state import VehicleState
from telemetry.tak.event import CotEvent
from telemetry.tak.heights import GpsUndulations, geoid_undulation_m
from telemetry.tak.markers import HomePoint, home_event
from telemetry.tak.vehicles import Lens, TakStation, VehicleExtras, camera_view, vehicle_event

RATE_HZ = 1.0
_HOME_EVERY_S = 600.0
_MOVING_M_S = 1.0
_MOVED_M = 0.5


class Destination(Protocol):
    """What takes events, such as a `TakLink`."""

    def offer(self, event: CotEvent) -> None:
        """Have an event sent, without waiting for it."""
        ...


@dataclass
class _Told:
    """What was last sent of one vehicle."""

    at_s: float
    place: tuple[float, float]
    home: tuple[float, float, float] | None = None
    home_s: float = 0.0


class TakFeed:
    """A listener for `Hub.subscribe`: offers each vehicle whose place came anew to all links.

    That is `rate_hz` times a second at most. A vehicle whose place comes no more is not repeated, so that TAK
    sees it grow stale. Its home point is sent when it changes and every ten minutes. The course is that from
    one place sent to the next while it moves, else the heading. A vehicle with one of `lenses`
    shows what its camera sees, once its gimbal speaks. Heights: see `telemetry.tak.heights`.
    """

    def __init__(
        self,
        hub: Hub,
        station: TakStation,
        links: Sequence[Destination],
        *,
        rate_hz: float = RATE_HZ,
        callsigns: Mapping[int, str] | None = None,
        lenses: Mapping[int, Lens] | None = None,
        operator_uid: str | None = None,
    ) -> None:
        self._hub = hub
        self._station = station
        self._links = tuple(links)
        self._period_s = 1 / rate_hz
        self._callsigns = dict(callsigns or {})
        self._lenses = dict(lenses or {})
        self._operator_uid = operator_uid
        self._undulations = GpsUndulations()
        self._told: dict[int, _Told] = {}
        self._placed_s: dict[int, float] = {}

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Offer what is due."""
        self._undulations(frames)
        self._note_places(frames)
        if not self._placed_s:
            return
        now_s, vehicles = self._hub.clock.monotonic_s(), self._hub.vehicles()
        for system, placed_s in list(self._placed_s.items()):
            told, state = self._told.get(system), vehicles.get(system)
            if state is not None and (told is None or now_s - told.at_s >= self._period_s):
                del self._placed_s[system]
                # a heartbeat that came later makes an old place no newer
                self._offer_vehicle(system, replace(state, last_s=placed_s), now_s)

    def send(self, event: CotEvent) -> None:
        """Offer an event of another kind, such as a find, to all links."""
        for link in self._links:
            link.offer(event)

    def _note_places(self, frames: Sequence[Frame]) -> None:
        """Remember whose place came, and when, until it is sent."""
        for frame in frames:
            message = decode(frame)
            if message is not None and message.name == "GLOBAL_POSITION_INT" and (message.lat or message.lon):
                self._placed_s[message.system] = message.time_s

    def _offer_vehicle(self, system: int, state: VehicleState, now_s: float) -> None:
        told, place = self._told.get(system), state.place
        undulation_m = self._undulation_m(system, state)
        extras = VehicleExtras(
            callsign=self._callsigns.get(system),
            course_deg=_course_deg(told.place if told else None, state),
            undulation_m=undulation_m,
            camera=camera_view(state, self._lenses.get(system)),
            operator_uid=self._operator_uid,
        )
        event = vehicle_event(self._station, state, extras)
        if event is None or place is None or state.last_s is None:
            return
        self.send(event)
        new = _Told(now_s, place)
        if told is not None:
            new.home, new.home_s = told.home, told.home_s
        self._told[system] = new
        if state.home is not None and (state.home != new.home or now_s - new.home_s >= _HOME_EVERY_S):
            new.home, new.home_s = state.home, now_s
            self._offer_home(system, event.callsign or "", state.home, undulation_m, state.last_s)

    def _offer_home(
        self,
        system: int,
        callsign: str,
        home: tuple[float, float, float],
        undulation_m: float | None,
        time_s: float,
    ) -> None:
        lat_deg, lon_deg, amsl_m = home
        hae_m = amsl_m + undulation_m if undulation_m is not None else None
        point = HomePoint(system=system, callsign=callsign, lat_deg=lat_deg, lon_deg=lon_deg, hae_m=hae_m)
        self.send(home_event(self._station, point, time_s))

    def _undulation_m(self, system: int, state: VehicleState) -> float | None:
        own = self._undulations.of(system)
        if own is not None or state.lat_deg is None or state.lon_deg is None:
            return own
        return geoid_undulation_m(state.lat_deg, state.lon_deg)


def _course_deg(before: tuple[float, float] | None, state: VehicleState) -> float | None:
    """The course from the place before to that now, or None where it has not moved."""
    if before is None or state.place is None or (state.ground_speed_m_s or 0) < _MOVING_M_S:
        return None
    azimuth_deg, _, distance_m = WGS84.inv(before[1], before[0], state.place[1], state.place[0])
    return azimuth_deg % 360 if distance_m >= _MOVED_M else None
