"""The roster: which aircraft flies when, on which battery and at which height, until the watch is over.

Flights are dealt out in the order in which they must take off. An aircraft is free again once it has landed
and its battery is changed. Where none is free in time the flight starts late, and the points wait.
"""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

from missions.errors import SettingsError
from missions.surveillance.reliefs import MOST_LOOKS, Air, Flight, flight_along, flight_until
from missions.surveillance.stations import Station
from missions.surveillance.walks import Walk

MOST_FLIGHTS = 400
STARTS_APART_S = 40.0
APART_S = 60.0
"""A layer of air stays empty so long before another aircraft takes it, at least."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One flight of the roster; seconds after the plan's start."""

    flight: Flight
    walk: Walk
    start_s: float
    vehicle: int
    battery: int
    layer: int
    late_s: float = 0.0

    @property
    def lands_s(self) -> float:
        """When its motors stop."""
        return self.start_s + self.flight.effort.duration_s


@dataclass(frozen=True, slots=True)
class Roster:
    """All flights, in the order of their start. The watch begins at `begins_s`."""

    duties: tuple[Duty, ...]
    begins_s: float

    @property
    def vehicles(self) -> int:
        """How many aircraft take part."""
        return max(duty.vehicle for duty in self.duties)

    @property
    def layers(self) -> int:
        """How many layers of air are flown in."""
        return 1 + max(duty.layer for duty in self.duties)

    def batteries(self, charge_s: float) -> int:
        """How many batteries are in use or on the charger at the most."""
        events = [(duty.start_s, 1) for duty in self.duties]
        events += [(duty.lands_s + charge_s, -1) for duty in self.duties]
        most = now = 0
        for _, change in sorted(events):
            now += change
            most = max(most, now)
        return most


def roster_for(
    air: Air, stations: Sequence[Station], duration_s: float, swap_s: float, vehicles: int | None
) -> Roster:
    """Every flight until the watch is over; `vehicles` None for as many as it takes."""
    openings = [_opening(air, station, number, len(stations)) for number, station in enumerate(stations)]
    # Stations of one walk keep their distance; others take off one by one.
    pause_s = 0.0 if len({station.walk for station in stations}) == 1 else STARTS_APART_S
    there_s = [flight.there_s + air.overlap_s for flight in openings]
    begins_s = max(at + number * pause_s for number, at in enumerate(there_s))
    over_s = begins_s + duration_s
    # When a flight should be there, the station, and the look at which it takes over.
    waiting = [
        (begins_s - there_s[number] - number * pause_s, number, flight.begin)
        for number, flight in enumerate(openings)
    ]
    ends = {number: flight.end for number, flight in enumerate(openings)}
    heapq.heapify(waiting)
    dealt: list[Duty] = []
    while waiting:
        wanted_s, number, begin = heapq.heappop(waiting)
        most = ends.pop(number, begin + MOST_LOOKS)
        duty = _dealt(air, stations[number], dealt, (wanted_s, begin, most), swap_s, vehicles, over_s)
        dealt.append(duty)
        if len(dealt) > MOST_FLIGHTS:
            raise SettingsError(
                f"the watch takes more than {MOST_FLIGHTS} flights", remedy="Watch for a shorter time"
            )
        last_s = duty.start_s + duty.flight.last_s
        if duty.start_s + duty.flight.left_s[-1] < over_s:
            relief = flight_along(air, stations[number].walk, duty.flight.end, 0)
            heapq.heappush(waiting, (last_s - air.overlap_s - relief.there_s, number, duty.flight.end))
    return Roster(tuple(sorted(dealt, key=lambda duty: (duty.start_s, duty.vehicle))), begins_s)


def _opening(air: Air, station: Station, number: int, stations: int) -> Flight:
    """The first flight of a station, from the look that its share of the lap has come to.

    Each station's first flight is shorter than the next one's, so that reliefs come one after another and
    share fewer aircraft.
    """
    begin, now = 0, 0.0
    looks = flight_until(air, station.walk, 0, len(station.walk), 0).left_s
    steps = looks[1:] - looks[:-1]
    while now + steps[begin] / 2 < station.ahead_s and begin + 1 < len(steps):
        now += float(steps[begin])
        begin += 1
    longest = flight_along(air, station.walk, begin, 0)
    share = (number + 1) / stations
    end = begin + max(1, math.ceil(share * (longest.end - begin)))
    return dataclasses.replace(longest, end=end)


def _dealt(
    air: Air,
    station: Station,
    dealt: Sequence[Duty],
    wanted: tuple[float, int, int],
    swap_s: float,
    vehicles: int | None,
    over_s: float,
) -> Duty:
    """A flight to take over the look `begin` of a station, no further than the look `most`."""
    wanted_s, begin, most = wanted
    vehicle, free_s, battery = _free_vehicle(dealt, wanted_s, swap_s, vehicles)
    start_s = max(wanted_s, free_s)
    layer = _free_layer(dealt, start_s)
    flight = flight_along(air, station.walk, begin, layer)
    if layer:
        # Up to a higher layer it takes a little longer: it starts that much sooner.
        low = flight_along(air, station.walk, begin, 0)
        start_s = max(start_s - flight.there_s + low.there_s, free_s)
    flight = _cut_short(air, station, flight, layer, most, over_s - start_s)
    return Duty(flight, station.walk, start_s, vehicle, battery, layer, max(0.0, free_s - wanted_s))


def _cut_short(air: Air, station: Station, flight: Flight, layer: int, most: int, left_s: float) -> Flight:
    """The flight no further than the look `most`, or the one at which the watch is over."""
    over = next((flight.begin + index for index, at in enumerate(flight.left_s) if at >= left_s), flight.end)
    end = max(flight.begin + 1, min(most, over))
    return flight if end >= flight.end else flight_until(air, station.walk, flight.begin, end, layer)


def _free_vehicle(
    dealt: Sequence[Duty], wanted_s: float, swap_s: float, vehicles: int | None
) -> tuple[int, float, int]:
    """An aircraft, when it is free, and its battery: the one longest on the ground that is free in time."""
    free: dict[int, float] = {}
    flown: dict[int, int] = {}
    for duty in dealt:
        free[duty.vehicle] = max(free.get(duty.vehicle, 0.0), duty.lands_s + swap_s)
        flown[duty.vehicle] = flown.get(duty.vehicle, 0) + 1
    in_time = [vehicle for vehicle, at in free.items() if at <= wanted_s]
    if not in_time and (vehicles is None or len(free) < vehicles):
        return len(free) + 1, -1e9, 1
    vehicle = min(in_time or free, key=lambda vehicle: (free[vehicle], vehicle))
    return vehicle, free[vehicle], flown[vehicle] + 1


def _free_layer(dealt: Sequence[Duty], start_s: float) -> int:
    taken = {duty.layer for duty in dealt if duty.lands_s + APART_S > start_s}
    return next(layer for layer in range(len(dealt) + 1) if layer not in taken)
