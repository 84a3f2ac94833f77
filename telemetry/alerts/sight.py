"""One vehicle as conditions see it at one time: its state, its past, and the world round it."""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.alerts.memory import NEW, Fix, Memory
from telemetry.alerts.prepared import NOTHING, Prepared
from telemetry.alerts.region import Place
from telemetry.alerts.situation import SeenFind
from telemetry.state import VehicleState

LEAST_MOTION_S = 0.5
Motion = tuple[float, float, float]
"""Metres a second east, north and up."""


@dataclass(frozen=True, slots=True)
class Flyer:
    """Something in the air: a vehicle of ours or traffic. None: not known.

    `place` is metres east and north in the desk's frame, `height_m` above mean sea level.
    """

    name: str
    place: Place | None
    height_m: float | None
    motion: Motion | None


@dataclass(frozen=True, slots=True)
class Sight:
    """All that a condition may look at. None: not known now.

    `place` is None also where the position is too old. `age_s` is how long ago the vehicle was heard;
    `silent` says that this is too long for anything of its state to be believed. `ground_m` is how much
    higher the ground lies below the vehicle than at its take-off place, None without terrain or where it has
    no data. `home` is where it would return to, `home_m` how far that is, `home_wh` what it takes to get
    there and land. `others` are our aircraft with a higher system number that fly. `failed` names the rules
    whose condition could not be worked out at the last look. `finds` are its camera's, None where
    nobody looks.
    """

    now_s: float
    vehicle: int
    state: VehicleState
    memory: Memory = NEW
    prepared: Prepared = NOTHING
    age_s: float = 0.0
    silent: bool = False
    place: Place | None = None
    motion: Motion | None = None
    ground_m: float | None = None
    home: Place | None = None
    home_m: float | None = None
    home_wh: float | None = None
    others: tuple[Flyer, ...] = ()
    traffic: tuple[Flyer, ...] = ()
    failed: tuple[str, ...] = ()
    finds: tuple[SeenFind, ...] | None = None

    @property
    def height_relative_m(self) -> float | None:
        """Above home, None where it is too old."""
        return None if self.place is None else self.state.height_relative_m

    @property
    def height_amsl_m(self) -> float | None:
        """Above mean sea level, None where it is too old."""
        return None if self.place is None else self.state.height_amsl_m

    @property
    def flies_mission(self) -> bool:
        """Whether the autopilot flies its mission by itself."""
        return flies_mission(self.state)


def flies_mission(state: VehicleState) -> bool:
    """Whether the mode is the one of missions: ArduPilot's AUTO, PX4's AUTO.MISSION."""
    return state.armed is not False and state.mode in ("AUTO", "AUTO.MISSION")


def motion_of(fixes: tuple[Fix, ...]) -> Motion | None:
    """How it moves, over the last seconds; None where positions are too few or too near in time."""
    if len(fixes) < 2:
        return None
    first, last = fixes[0], fixes[-1]
    seconds = last.time_s - first.time_s
    if seconds < LEAST_MOTION_S:
        return None
    return (
        (last.place[0] - first.place[0]) / seconds,
        (last.place[1] - first.place[1]) / seconds,
        (last.height_m - first.height_m) / seconds,
    )
