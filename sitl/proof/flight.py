"""Flying plans with ArduPilot: the flights of one aircraft in turn, several aircraft at once.

Each flight has a process of its own, started where the aircraft landed before: as with a real one, changing
its battery switches it off and on. All waiting is done in the simulators' own time, so that a machine too
busy for the speed asked for delays nobody against anybody: the plan's clock is zero once all are ready.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from missions.errors import DroneteamError, SimulatorError
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.plan import Plan
from missions.sorties import flights
from sitl.ardupilot import ArduPilot, Binary, find, where_looked
from sitl.clock import HurriedClock
from sitl.home import Home
from sitl.proof.parameters import parameters_of
from sitl.proof.sky import Sky, Watch
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.flight import FlightProgress, FlightResult, fly
from telemetry.links import open_link
from telemetry.recorder import Recorder
from telemetry.transfer import upload_plan

PATIENCE = 4.0
"""A flight may take this many times as long as it should at the speed asked for before it is given up."""
RATES_HZ = {
    "GLOBAL_POSITION_INT": 5.0,
    "BATTERY_STATUS": 2.0,
    "GIMBAL_DEVICE_ATTITUDE_STATUS": 10.0,
}
GROUND_AMSL_M = 20.0
READY_S = 180.0
"""How long, in real seconds, an autopilot may take to know its place."""
SWAP_S = 30.0
"""How long an aircraft is off while its battery is changed."""
_BESIDE_M = 5.0

Tell = Callable[[int, int, FlightProgress], None]
"""Called with the aircraft's number, that of its flight, and how far it is."""


@dataclass(frozen=True, slots=True)
class Flown:
    """One flight that was made: its plan, how it ended, and its recording.

    `vehicle` is the aircraft's number, `start_s` when the plan had it take off, and `zero_s` the autopilot's
    own time at the zero of the plan's clock. `differences` is what it held otherwise than it was sent.
    """

    plan: Plan
    result: FlightResult
    recording: Path
    differences: tuple[str, ...]
    autopilot: str
    vehicle: int = 1
    start_s: float = 0.0
    zero_s: float = 0.0


def fly_plan(
    plan: Plan, folder: Path, *, speedup: float = 10.0, tell: Tell | None = None
) -> tuple[Flown, ...]:
    """Fly every flight of a plan: each aircraft's one after another, several aircraft at once.

    Each flight is recorded in a folder of its own. What one aircraft does not get done stops all. Raises
    SimulatorError where there is no ArduPilot, and what flying raises.
    """
    teams = _by_vehicle(plan)
    sky = Sky(len(teams))
    pads = _pads([each[0][1].take_off for each in teams.values()])
    crews = [
        _Crew(number, each, _binary(each[0][1]), pad, folder, speedup, sky, tell)
        for (number, each), pad in zip(teams.items(), pads, strict=True)
    ]
    with ThreadPoolExecutor(max_workers=len(crews)) as pool:
        tasks = [pool.submit(crew.fly) for crew in crews]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            if not all(_well(task) for task in tasks):
                sky.stop()
    failed = [error for task in tasks if (error := task.exception()) is not None]
    if failed:
        raise min(failed, key=lambda error: isinstance(error, SimulatorError))
    return tuple(flown for task in tasks for flown in task.result())


def _well(task: Future[list[Flown]]) -> bool:
    return task.done() and task.exception() is None


def in_order(plan: Plan) -> list[tuple[int, float, Plan]]:
    """The plan's flights as they are flown, each aircraft's in turn: its number, when it starts, and what."""
    clock = [(sortie.vehicle, sortie.start_s) for sortie in plan.sorties] or [(1, 0.0)]
    timed = [(*at, flight) for at, flight in zip(clock, flights(plan), strict=True)]
    return sorted(timed, key=lambda one: one[:2])


def _by_vehicle(plan: Plan) -> dict[int, list[tuple[float, Plan]]]:
    """Each aircraft's flights in order, with when they start."""
    found: dict[int, list[tuple[float, Plan]]] = {}
    for vehicle, start_s, flight in in_order(plan):
        found.setdefault(vehicle, []).append((start_s, flight))
    return found


def _pads(take_offs: Sequence[GeoPoint]) -> list[Home]:
    """Where each aircraft stands: at its take-off point, or beside those that stand there already."""
    pads = []
    for number, place in enumerate(take_offs):
        there = sum(distance_m(place, other) < _BESIDE_M for other in take_offs[:number])
        pad = LocalFrame(place).point_from_local(_BESIDE_M * there, 0.0) if there else place
        pads.append(Home(pad.lat_deg, pad.lon_deg, GROUND_AMSL_M))
    return pads


def _binary(plan: Plan) -> Binary:
    binary = find(plan.aircraft.kind)
    if binary is None:
        raise SimulatorError(where_looked(plan.aircraft.kind))
    return binary


@dataclass(frozen=True, slots=True)
class _Crew:
    """One aircraft and all that it is to fly."""

    vehicle: int
    flights: Sequence[tuple[float, Plan]]
    binary: Binary
    pad: Home
    folder: Path
    speedup: float
    sky: Sky
    tell: Tell | None

    def fly(self) -> list[Flown]:
        """All its flights in turn, each started where the one before landed."""
        done: list[Flown] = []
        home, off_s = self.pad, 0.0
        for number, (start_s, plan) in enumerate(self.flights, 1):
            flown, home, landed_s = self._one(number, plan, start_s, home, off_s)
            done.append(flown)
            off_s = landed_s + SWAP_S
        return done

    def _one(
        self, number: int, plan: Plan, start_s: float, home: Home, off_s: float
    ) -> tuple[Flown, Home, float]:
        """One flight, where it landed and when on the plan's clock; `off_s` is when it is switched on."""
        scratch = self.folder / f"vehicle{self.vehicle}"
        scratch.mkdir(parents=True, exist_ok=True)
        clock = HurriedClock(self.speedup)
        with (
            ArduPilot(
                self.binary,
                scratch,
                home=home,
                speedup=self.speedup,
                system=self.vehicle,
                parameters=parameters_of(plan),
            ) as autopilot,
            Recorder(self.folder / f"flight{self.vehicle}-{number}", clock, sync_s=self.speedup) as recorder,
            VehicleClient(
                open_link(autopilot.address, clock), SystemClock(), listener=(watch := Watch(recorder))
            ) as client,
        ):
            client.connect()
            differences = _upload(client, plan)
            for name, rate_hz in RATES_HZ.items():
                client.request_message_rate(name, rate_hz)
            zero_s = self._wait(client, watch, start_s, -off_s if number > 1 else None)
            result = self._fly(client, number, plan)
            landed_s = watch.boot_s - zero_s
            state = client.state
        flown = Flown(
            plan=plan,
            result=result,
            recording=_only(recorder),
            differences=differences,
            autopilot=f"{self.binary.kind} {self.binary.version}",
            vehicle=self.vehicle,
            start_s=start_s,
            zero_s=zero_s,
        )
        lat_deg, lon_deg = state.place or (home.lat_deg, home.lon_deg)
        return flown, Home(lat_deg, lon_deg, GROUND_AMSL_M), landed_s

    def _wait(self, client: VehicleClient, watch: Watch, start_s: float, zero_s: float | None) -> float:
        """Until it may take off: the autopilot's own time at the zero of the plan's clock.

        `zero_s` is that time where it is known: for a flight that is not the aircraft's first.
        """
        ready = client.wait_for(lambda: self.sky.stopped or _ready(client, watch), READY_S)
        self.sky.check()
        if not ready:
            said = "; ".join(client.texts) or "nothing"
            raise SimulatorError(
                f"the autopilot was not ready to fly within {READY_S:.0f} s; it said: {said}",
                where=client.link.address,
            )
        if zero_s is None:
            self.sky.ready(self.vehicle)
            client.wait_for(lambda: self.sky.stopped or self.sky.all_ready, READY_S)
            zero_s = watch.boot_s
        if self.sky.shared:
            due_s = zero_s + start_s
            client.wait_for(lambda: self.sky.stopped or watch.boot_s >= due_s, READY_S + start_s)
        self.sky.check()
        return zero_s

    def _fly(self, client: VehicleClient, number: int, plan: Plan) -> FlightResult:
        def told(progress: FlightProgress) -> None:
            self.sky.check()
            if self.tell is not None:
                self.tell(self.vehicle, number, progress)

        patience_s = PATIENCE * plan.totals.duration_s / self.speedup + 120
        return fly(client, timeout_s=patience_s, on_progress=told)


def _ready(client: VehicleClient, watch: Watch) -> bool:
    return client.state.home is not None and client.state.ekf_healthy is True and watch.may_arm


def _only(recorder: Recorder) -> Path:
    if len(recorder.segments) != 1 or recorder.dropped:
        raise DroneteamError(
            f"{len(recorder.segments)} segments were recorded of one flight, {recorder.dropped} frames lost",
            where=str(recorder.folder),
        )
    return recorder.segments[0]


def _upload(client: VehicleClient, plan: Plan) -> tuple[str, ...]:
    return tuple(
        f"{held.kind.name.lower()}: {difference}"
        for held in upload_plan(client, plan)
        for difference in held.differences
    )
