"""Which plan a vehicle flies, told by where it stands and by how many items its mission has.

A vehicle does not say which plan it was given. So a plan must fit: made for this kind of vehicle, with a
take-off place within reach of where the vehicle took off. Where some of those have as many items as the
vehicle's mission, they alone count; of these the newest plan. Where several flights of it are left the
vehicle flies none that we know: a wrong fence is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from missions.errors import InputError
from missions.geodesy import GeoPoint, distance_m
from missions.plan import Plan
from missions.plan_items import mission_items
from telemetry.state import VehicleState

REACH_M = 100.0
"""From a plan's take-off place: more than a team moves to find a flat spot, less than to the next site."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A plan of one flight, with what it takes to know it again."""

    plan: Plan
    items: int


class PlansFlown:
    """Tells what each vehicle flies; `flights` gives every flight that there is, one `Plan` each.

    The same objects must come from `flights` as long as the plans are the same.
    """

    def __init__(self, flights: Callable[[], Sequence[Plan]]) -> None:
        self._flights = flights
        self._known: dict[int, _Flight] = {}
        self._stood: dict[int, GeoPoint] = {}

    def __call__(self, vehicles: Mapping[int, VehicleState]) -> dict[int, Plan]:
        """The plans by the vehicles' numbers; a vehicle of which it is not known is left out."""
        there = [self._flight(plan) for plan in self._flights()]
        self._known = {id(flight.plan): flight for flight in there}
        found = {number: self._of(number, state, there) for number, state in sorted(vehicles.items())}
        return {number: plan for number, plan in found.items() if plan is not None}

    def _flight(self, plan: Plan) -> _Flight:
        known = self._known.get(id(plan))
        if known is not None and known.plan is plan:
            return known
        return _Flight(plan, len(mission_items(plan)))

    def _of(self, number: int, state: VehicleState, there: Sequence[_Flight]) -> Plan | None:
        start = self._start(number, state)
        if start is None:
            return None
        fits = [each for each in there if _fits(each.plan, state, start)]
        # home is item 0 of a mission, and ArduPilot leaves it out of the count (MISSION_CURRENT)
        exact = [each for each in fits if state.mission_count in (each.items, each.items - 1)]
        fits = exact or fits
        newest = max((each.plan.created for each in fits), default="")
        left = [each.plan for each in fits if each.plan.created == newest]
        return left[0] if len(left) == 1 else None

    def _start(self, number: int, state: VehicleState) -> GeoPoint | None:
        """Home, or where it was last heard standing with its motors off."""
        if state.armed is False and (here := _place(state.place)) is not None:
            self._stood[number] = here
        return _place(state.home) or self._stood.get(number)


def _fits(plan: Plan, state: VehicleState, start: GeoPoint) -> bool:
    kind = state.kind is None or plan.aircraft.kind == state.kind
    return kind and distance_m(plan.take_off, start) <= REACH_M


def _place(degrees: tuple[float, ...] | None) -> GeoPoint | None:
    """The place; None for what is none, which a vehicle can send as well."""
    if degrees is None:
        return None
    with suppress(InputError):
        return GeoPoint(degrees[0], degrees[1])
    return None
