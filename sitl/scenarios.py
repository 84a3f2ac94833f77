"""A simulated vehicle for whoever needs one: ArduPilot where it is installed, the small vehicle where not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from missions.errors import SimulatorError
from sitl.ardupilot import ArduPilot, find, where_looked
from sitl.autopilot import SmallVehicle
from sitl.home import DEFAULT_HOME, Home
from telemetry.clock import Clock

Preference = Literal["ardupilot", "small"]


@dataclass(frozen=True, slots=True)
class SimulatedVehicle:
    """A running vehicle: where to connect, and in plain words what it is. `real`: it is ArduPilot."""

    kind: str
    address: str
    description: str
    real: bool
    home: Home
    vehicle: ArduPilot | SmallVehicle

    @property
    def second_address(self) -> str:
        """Where a second client may connect, once the first has."""
        return self.vehicle.second_address


@contextmanager
def open_vehicle(
    kind: str = "copter",
    home: Home = DEFAULT_HOME,
    speedup: float = 1.0,
    folder: Path | None = None,
    prefer: Preference | None = None,
    *,
    system: int = 1,
    instance: int | None = None,
    clock: Clock | None = None,
) -> Iterator[SimulatedVehicle]:
    """Run a vehicle for as long as the block lasts.

    `prefer` None takes ArduPilot if it is installed and else the small vehicle. ArduPilot runs in `folder`,
    which it then needs. Raises SimulatorError where what is asked for is missing or does not start.
    """
    binary = find(kind) if prefer != "small" else None
    if binary is None and prefer == "ardupilot":
        raise SimulatorError(where_looked(kind))
    if binary is not None:
        if folder is None:
            raise SimulatorError("ArduPilot needs a folder to run in", remedy="Give it one of its own")
        with ArduPilot(
            binary, folder, home=home, instance=instance, speedup=speedup, system=system, clock=clock
        ) as real:
            yield SimulatedVehicle(kind, real.address, real.description, True, home, real)
        return
    with SmallVehicle(kind, home=home, system=system, speedup=speedup, clock=clock) as small:
        reason = "asked for" if prefer == "small" else "no ArduPilot found"
        yield SimulatedVehicle(
            kind, small.address, f"small MAVLink {kind} of droneteam; {reason}", False, home, small
        )
