"""Flying plans with ArduPilot: several flights of one aircraft, or several aircraft at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from missions.errors import DroneteamError, SimulatorError
from missions.items import MissionType
from missions.plan import Plan
from missions.plan_items import fence_items, mission_items, rally_items
from sitl.ardupilot import ArduPilot, find, where_looked
from sitl.clock import HurriedClock
from sitl.home import Home
from telemetry.client import VehicleClient
from telemetry.flight import FlightResult, fly
from telemetry.links import open_link
from telemetry.recorder import Recorder
from telemetry.transfer import upload_and_verify

PARAMETERS = {"CAM1_TYPE": 1, "MNT1_TYPE": 1, "FENCE_ENABLE": 1, "FENCE_TYPE": 4}
"""A camera that says where it took each picture, a gimbal, and the plan's fence in force.

Type 4 is polygons alone: by default ArduPilot adds a circle of 300 m and a ceiling of 100 m of its own.
"""
PATIENCE = 4.0
"""A flight may take this many times as long as its plan says before it is given up."""
_POSITION_HZ = 5.0


@dataclass(frozen=True, slots=True)
class Flown:
    """One flight that was made: its plan, how it ended, and its recording."""

    plan: Plan
    result: FlightResult
    recording: Path
    differences: tuple[str, ...]
    """What the autopilot held otherwise than it was sent."""


def fly_in_turn(
    plans: Sequence[Plan],
    folder: Path,
    *,
    speedup: float = 10.0,
    system: int = 1,
    ground_amsl_m: float = 20.0,
    parameters: dict[str, float] | None = None,
) -> tuple[Flown, ...]:
    """Fly single-flight plans with one aircraft, one after another, with a landing between.

    Each flight is recorded in a folder of its own. Raises SimulatorError where there is no ArduPilot, and
    what flying raises.
    """
    first = plans[0]
    binary = find(first.aircraft.kind)
    if binary is None:
        raise SimulatorError(where_looked(first.aircraft.kind))
    home = Home(first.take_off.lat_deg, first.take_off.lon_deg, ground_amsl_m)
    clock = HurriedClock(speedup)
    scratch = folder / f"vehicle{system}"
    scratch.mkdir(parents=True, exist_ok=True)
    with ArduPilot(
        binary,
        scratch,
        home=home,
        speedup=speedup,
        system=system,
        clock=clock,
        parameters={**PARAMETERS, **(parameters or {})},
    ) as vehicle:
        return tuple(
            _one(plan, vehicle.address, clock, folder / f"flight{system}-{number}")
            for number, plan in enumerate(plans, 1)
        )


def fly_together(plans: Sequence[Plan], folder: Path, *, speedup: float = 5.0) -> tuple[Flown, ...]:
    """Fly single-flight plans at once, each with an aircraft of its own. Raises as `fly_in_turn` does."""
    with ThreadPoolExecutor(max_workers=len(plans)) as pool:
        flights = [
            pool.submit(fly_in_turn, [plan], folder, speedup=speedup, system=number)
            for number, plan in enumerate(plans, 1)
        ]
        return tuple(flight.result()[0] for flight in flights)


def _one(plan: Plan, address: str, clock: HurriedClock, folder: Path) -> Flown:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Recorder(folder, clock) as recorder,
        VehicleClient(open_link(address, clock), clock, listener=recorder) as client,
    ):
        client.connect()
        differences = _upload(client, plan)
        client.request_message_rate("GLOBAL_POSITION_INT", _POSITION_HZ)
        client.request_message_rate("BATTERY_STATUS", 1.0)
        result = fly(client, timeout_s=PATIENCE * plan.totals.duration_s + 600)
    if len(recorder.segments) != 1:
        raise DroneteamError(f"{len(recorder.segments)} segments were recorded of one flight")
    return Flown(plan, result, recorder.segments[0], differences)


def _upload(client: VehicleClient, plan: Plan) -> tuple[str, ...]:
    lists = {
        MissionType.MISSION: mission_items(plan),
        MissionType.FENCE: fence_items(plan),
        MissionType.RALLY: rally_items(plan),
    }
    return tuple(
        f"{kind.name.lower()}: {difference}"
        for kind, items in lists.items()
        for difference in upload_and_verify(client, kind, items)
    )
