"""Which volumes of air a vehicle must stay in: those of an operation, as far as they are its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from missions.plan import Plan
from missions.volumes import FlightVolumes, Volumes
from telemetry.state import VehicleState


class VolumesFlown:
    """Tells the volumes of each vehicle; `entered` gives all that there are, the newest last.

    What is said for a vehicle's number counts before what is said for the plan that it flies, and that before
    what is said for all; of several alike the newest.
    """

    def __init__(self, entered: Callable[[], Sequence[FlightVolumes]]) -> None:
        self._entered = entered

    def __call__(self, vehicles: Mapping[int, VehicleState], plans: Mapping[int, Plan]) -> dict[int, Volumes]:
        """By the vehicles' numbers; one that has none is left out."""
        entered = tuple(self._entered())
        found = {number: _of(number, plans.get(number), entered) for number in vehicles}
        return {number: volumes for number, volumes in found.items() if volumes is not None}


def _of(number: int, plan: Plan | None, entered: Sequence[FlightVolumes]) -> Volumes | None:
    own = [each for each in entered if number in each.systems]
    planned = [
        each
        for each in entered
        if not each.systems and plan is not None and each.plan_created == plan.created
    ]
    every = [each for each in entered if not each.systems and each.plan_created is None]
    for some in (own, planned, every):
        if some:
            return some[-1].volumes
    return None
