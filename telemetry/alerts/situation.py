"""What a desk is told beside the vehicles' own states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from missions.errors import InputError
from missions.geodesy import GeoPoint
from missions.plan import Plan
from missions.terrain import Terrain
from missions.volumes import Volumes
from telemetry.health import Loss

MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class Said:
    """One message of an autopilot (STATUSTEXT); `severity` as MAV_SEVERITY names it."""

    time_s: float
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """Another aircraft in the air, not one of ours. None: not known. Raises InputError for what is none.

    `name` tells it from all others: its address (ICAO 24 bit) or registration.

    `height_amsl_m` as the source gives it: that of ADS-B is often of the standard atmosphere, tens of metres
    off. `course_deg` is where it goes, from true north clockwise. `heard_s`: when it was there.
    """

    name: str
    lat_deg: float
    lon_deg: float
    heard_s: float
    height_amsl_m: float | None = None
    ground_speed_m_s: float | None = None
    course_deg: float | None = None
    climb_m_s: float | None = None

    def __post_init__(self) -> None:
        if not (0 < len(self.name) <= MAX_NAME and self.name.isprintable()):
            raise InputError(
                f"{self.name[:MAX_NAME]!r} is no name of an aircraft",
                where="traffic",
                remedy=f"Give its address or registration, at most {MAX_NAME} characters",
            )
        GeoPoint(self.lat_deg, self.lon_deg)
        figures = (self.heard_s, self.height_amsl_m, self.ground_speed_m_s, self.course_deg, self.climb_m_s)
        if not all(figure is None or math.isfinite(figure) for figure in figures):
            raise InputError(
                "a figure is no number",
                where=f"traffic {self.name}",
                remedy="Give None for what is not known",
            )


@dataclass(frozen=True, slots=True)
class SeenFind:
    """Something warm that a vehicle's camera found and that nobody has decided on yet.

    `name` tells it from all others, `text` says what it may be and where, `sightings` in how many frames it
    was seen. One that may well be a person calls `alone`; the others call together.
    """

    vehicle: int
    name: str
    text: str
    sightings: int
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a look takes into account beside the vehicles' states. Mappings are by system number.

    `plans` gives what each vehicle flies, one flight each; `losses` the frames received from it and lost
    since the start; `messages` what it said since the last look, where that is collected (else the last text
    of its state counts); `finds` what cameras found, None where nobody looks. Hand in the same plan, volume
    and terrain objects at each look: what is worked out of them is kept as long as they are the same.
    """

    plans: Mapping[int, Plan] = field(default_factory=lambda: MappingProxyType({}))
    volumes: Mapping[int, Volumes] = field(default_factory=lambda: MappingProxyType({}))
    terrain: Terrain | None = None
    traffic: tuple[Traffic, ...] = ()
    losses: Mapping[int, Loss] = field(default_factory=lambda: MappingProxyType({}))
    messages: Mapping[int, Sequence[Said]] | None = None
    finds: tuple[SeenFind, ...] | None = None
