"""What a segment says, folded from its events: who was heard, which flights, where they went.

The same bytes give the same rows, however many pieces they came in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from missions.geodesy import GeoPoint, distance_m
from ops.index.cells import cell_of
from ops.index.events import Battery, Event, Events, Heartbeat, Heights, Landed, Position, Senders
from ops.index.scan import Block
from telemetry.dialect import short_name
from telemetry.modes import mode_name, vehicle_kind

LOST_US = 120 * 1_000_000
"""After so long a silence nobody knows whether it is still the same flight."""
RISEN_MM = 2_000
_ARMED = 128
_IN_AIR = (2, 3, 4)
_UNKNOWN_HEADING = 0xFFFF
Row = dict[str, Any]


@dataclass(slots=True)
class Leg:
    """A flight, or what of it lies in this segment. `sure` once a heartbeat said that it is armed."""

    began_us: int
    ended_us: int
    begins_open: bool
    sure: bool
    base_mm: int | None
    ends_open: bool = True
    number: int = 0
    airborne_us: int | None = None
    highest_relative_mm: int | None = None
    highest_amsl_mm: int | None = None
    distance_m: float = 0.0
    battery_begin_pct: int | None = None
    battery_end_pct: int | None = None
    mode: str = ""
    last: GeoPoint | None = None
    from_order: int = 0

    def row(self, vehicle: int) -> Row:
        """As the table has it, but for the segment."""
        return {
            "vehicle": vehicle,
            "number": self.number,
            "began_us": self.began_us,
            "ended_us": self.ended_us,
            "begins_open": self.begins_open,
            "ends_open": self.ends_open,
            "airborne_us": self.airborne_us,
            "highest_relative_mm": self.highest_relative_mm,
            "highest_amsl_mm": self.highest_amsl_mm,
            "distance_m": round(self.distance_m, 3),
            "battery_begin_pct": self.battery_begin_pct,
            "battery_end_pct": self.battery_end_pct,
            "mode": self.mode,
        }

    def rise(self, heights: Heights | None, until: int | None) -> None:
        """Take in the heights of the block from where the leg was last looked at."""
        if heights is None:
            return
        begin = int(heights.order.searchsorted(self.from_order))
        end = len(heights.order) if until is None else int(heights.order.searchsorted(until))
        if begin >= end:
            return
        relative, amsl = int(heights.relative_mm[begin:end].max()), int(heights.amsl_mm[begin:end].max())
        before = self.highest_relative_mm, self.highest_amsl_mm
        self.highest_relative_mm = relative if before[0] is None else max(before[0], relative)
        self.highest_amsl_mm = amsl if before[1] is None else max(before[1], amsl)


@dataclass(slots=True)
class _Vehicle:
    number: int
    kind: str | None = None
    autopilot: str | None = None
    armed: bool | None = None
    mode: str = ""
    battery_pct: int | None = None
    in_air: bool = False
    heard_us: int | None = None
    legs: int = 0
    leg: Leg | None = None
    seen: bool = False


class SegmentFold:
    """Takes the blocks of one segment in order; `points` and `ended` are what is new, for who takes them out.

    `points` are rows of `tracks`, `ended` rows of `legs` that are over; `open_legs` those under way.
    """

    def __init__(self) -> None:
        self.points: list[Row] = []
        self.ended: list[Row] = []
        self._events = Events()
        self._senders = Senders.none()
        self._vehicles: dict[int, _Vehicle] = {}

    def add(self, block: Block) -> None:
        """Take in a block of frames."""
        self._senders.add(block)
        for vehicle in self._vehicles.values():
            if vehicle.leg:
                vehicle.leg.from_order = 0
        for event in self._events.of(block):
            if event.time_us > 0:
                self._take(event)
        for number, vehicle in self._vehicles.items():
            if vehicle.leg:
                vehicle.leg.rise(self._events.heights(number), None)

    def open_legs(self) -> list[Row]:
        """The flights under way, as far as is known."""
        return [
            vehicle.leg.row(number)
            for number, vehicle in sorted(self._vehicles.items())
            if vehicle.leg and vehicle.leg.sure
        ]

    def sightings(self) -> list[Row]:
        """Rows of `sightings`: every vehicle, also one that told its place but sent no heartbeat."""
        return [
            {
                "vehicle": number,
                "system": number >> 8,
                "component": number & 0xFF,
                "kind": vehicle.kind,
                "autopilot": vehicle.autopilot,
                "first_us": int(self._senders.first_us[number]),
                "last_us": int(self._senders.last_us[number]),
                "frames": int(self._senders.frames[number]),
            }
            for number, vehicle in sorted(self._vehicles.items())
            if vehicle.seen
        ]

    def _take(self, event: Event) -> None:
        vehicle = self._vehicles.get(event.vehicle)
        if vehicle is None:
            vehicle = self._vehicles[event.vehicle] = _Vehicle(event.vehicle)
        if isinstance(event, Battery):
            _battery(vehicle, event.left_pct)
        elif isinstance(event, Landed):
            vehicle.in_air = event.state in _IN_AIR
            _see_in_air(vehicle, event.time_us)
        else:
            vehicle.seen = True
            self._hear(vehicle, event)
            if isinstance(event, Heartbeat):
                self._heartbeat(vehicle, event)
            else:
                self._position(vehicle, event)

    def _hear(self, vehicle: _Vehicle, event: Event) -> None:
        """A silence that was too long leaves the flight open and makes nothing known."""
        if vehicle.heard_us is not None and event.time_us - vehicle.heard_us > LOST_US:
            self._end(vehicle, event.order, open_end=True)
            vehicle.armed, vehicle.in_air = None, False
        vehicle.heard_us = event.time_us

    def _heartbeat(self, vehicle: _Vehicle, beat: Heartbeat) -> None:
        vehicle.kind = vehicle_kind(beat.mav_type)
        vehicle.autopilot = short_name("MAV_AUTOPILOT", beat.autopilot)
        vehicle.mode = mode_name(beat.autopilot, vehicle.kind or "", beat.custom_mode)
        armed = bool(beat.base_mode & _ARMED)
        if armed and vehicle.leg is None:
            self._begin(vehicle, beat, begins_open=vehicle.armed is None)
        if vehicle.leg is not None and armed:
            if not vehicle.leg.sure:
                vehicle.legs += 1
                vehicle.leg.sure, vehicle.leg.number = True, vehicle.legs
            vehicle.leg.mode = vehicle.mode
            vehicle.leg.ended_us = max(vehicle.leg.ended_us, beat.time_us)
        elif vehicle.leg is not None:
            vehicle.leg.ended_us = max(vehicle.leg.ended_us, beat.time_us)
            self._end(vehicle, beat.order, open_end=False)
        vehicle.armed = armed

    def _position(self, vehicle: _Vehicle, place: Position) -> None:
        self.points.append(_point(place))
        if vehicle.leg is None and vehicle.armed is None:
            self._begin(vehicle, place, begins_open=True)
        leg = vehicle.leg
        if leg is None:
            return
        here = GeoPoint(place.lat_e7 / 1e7, place.lon_e7 / 1e7)
        if leg.last is not None:
            leg.distance_m += distance_m(leg.last, here)
        leg.last = here
        leg.ended_us = max(leg.ended_us, place.time_us)
        if leg.base_mm is None:
            leg.base_mm = place.relative_mm
        if place.relative_mm - leg.base_mm > RISEN_MM and leg.airborne_us is None:
            leg.airborne_us = place.time_us

    def _begin(self, vehicle: _Vehicle, event: Event, *, begins_open: bool) -> None:
        """Begin a leg, at once or, where nobody said yet that it is armed, for the time being."""
        vehicle.leg = Leg(
            began_us=event.time_us,
            ended_us=event.time_us,
            begins_open=begins_open,
            sure=False,
            base_mm=0 if begins_open else None,
            battery_begin_pct=vehicle.battery_pct,
            battery_end_pct=vehicle.battery_pct,
            from_order=event.order,
        )
        _see_in_air(vehicle, event.time_us)

    def _end(self, vehicle: _Vehicle, order: int, *, open_end: bool) -> None:
        leg, vehicle.leg = vehicle.leg, None
        if leg is None or not leg.sure:
            return
        leg.rise(self._events.heights(vehicle.number), order)
        leg.ends_open = open_end
        self.ended.append(leg.row(vehicle.number))


def _battery(vehicle: _Vehicle, left_pct: int) -> None:
    vehicle.battery_pct = left_pct
    if vehicle.leg is not None:
        if vehicle.leg.battery_begin_pct is None:
            vehicle.leg.battery_begin_pct = left_pct
        vehicle.leg.battery_end_pct = left_pct


def _see_in_air(vehicle: _Vehicle, time_us: int) -> None:
    if vehicle.in_air and vehicle.leg is not None and vehicle.leg.airborne_us is None:
        vehicle.leg.airborne_us = time_us


def _point(place: Position) -> Row:
    return {
        "vehicle": place.vehicle,
        "time_us": place.time_us,
        "at": place.at,
        "lat_e7": place.lat_e7,
        "lon_e7": place.lon_e7,
        "amsl_mm": place.amsl_mm,
        "relative_mm": place.relative_mm,
        "speed_cm_s": round(math.hypot(place.vx_cm_s, place.vy_cm_s)),
        "heading_cdeg": None if place.heading_cdeg == _UNKNOWN_HEADING else place.heading_cdeg,
        "cell": cell_of(place.lat_e7, place.lon_e7),
    }
