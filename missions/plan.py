"""The one document: what was asked, the route it became, and the checks it passed or failed.

Exports and uploads read a Plan and nothing else. It is immutable; `write_plan` and `read_plan` keep it as
JSON, and reading what was written gives an equal plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.camera import Camera
from missions.geodesy import GeoPoint
from missions.wind import Wind

FORMAT = "droneteam-plan"
VERSION = 2
READS = (1, 2)
"""Versions that are read: what version 1 had not has a default."""


class Severity(StrEnum):
    """How much a finding weighs; only an upload of a plan with blocking findings is refused."""

    INFO = "info"
    CAUTION = "caution"
    BLOCKING = "blocking"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `check` is its short name, `remedy` what the operator can do."""

    check: str
    severity: Severity
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LookAt:
    """What camera and nose point at: a place, metres above the take-off point."""

    place: GeoPoint
    height_relative_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place to fly through, metres above the take-off point.

    `recording` says whether the camera records on the way from here to the next waypoint: True at the start
    of a lane, False at its end and on transits. Speed, heading, gimbal and point of view hold on that way
    too; None leaves cruise speed, the nose along the way, the gimbal as it is, and nothing looked at.
    `height_agl_m` is the height above the terrain where it is known. `hold_s` is waited here; `picture` takes
    one picture here; `trigger_m` is the distance between pictures where it is not the plan's. A waypoint with
    `orbit_radius_m` is the middle of `orbit_turns` circles, flown clockwise where the radius is above 0.
    """

    place: GeoPoint
    height_relative_m: float
    recording: bool = False
    height_agl_m: float | None = None
    speed_m_s: float | None = None
    hold_s: float = 0.0
    heading_deg: float | None = None
    gimbal_pitch_deg: float | None = None
    look_at: LookAt | None = None
    picture: bool = False
    trigger_m: float | None = None
    orbit_turns: float = 0.0
    orbit_radius_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Fence:
    """Where the aircraft must stay, and where it must not come."""

    inclusions: tuple[Part, ...] = ()
    exclusions: tuple[tuple[GeoPoint, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Rally:
    """A place to go to in an emergency, metres above the take-off point."""

    place: GeoPoint
    height_relative_m: float


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the pattern and its figures.

    `overlap_side_pct` and `overlap_front_pct` are shares of the footprint; `height_agl_m` is held above the
    take-off point where no terrain is given. `angle_deg` is None for the best angle. `figures` holds what
    else the pattern was told, with the unit in each name.
    """

    pattern: str
    height_agl_m: float
    overlap_side_pct: float
    overlap_front_pct: float
    angle_deg: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the plan will take: metres, seconds, and per cent of one full battery.

    `footprint_across_m` and `footprint_along_m` are what one nadir picture sees; `person_px` is how many
    pixels wide a person of half a metre is.
    """

    lanes: int
    length_m: float
    duration_s: float
    photos: int
    battery_pct: float
    covered_pct: float
    lane_spacing_m: float
    trigger_distance_m: float
    angle_deg: float
    gsd_m: float
    energy_wh: float = 0.0
    footprint_across_m: float = 0.0
    footprint_along_m: float = 0.0
    person_px: float = 0.0


@dataclass(frozen=True, slots=True)
class NoReturn:
    """The point of no return: the last place from which the aircraft gets home with its reserve.

    It lies `after_m` metres along the sortie's route and is passed `at_s` seconds after take-off, when
    `battery_pct` per cent of a full battery are left.
    """

    place: GeoPoint
    after_m: float
    at_s: float
    battery_pct: float


@dataclass(frozen=True, slots=True)
class Sortie:
    """One flight of a plan that takes several: from a take-off point, a part of the route, and back to it.

    `start_s` is when it takes off, seconds after the plan's start; `battery` counts the batteries of this
    aircraft from 1.
    """

    aircraft: Aircraft
    take_off: GeoPoint
    route: tuple[Waypoint, ...]
    totals: Totals
    start_s: float = 0.0
    vehicle: int = 1
    """Which aircraft of the team flies it, from 1."""
    battery: int = 1
    no_return: NoReturn | None = None
    camera: Camera | None = None
    """None for the plan's."""

    @property
    def ends_s(self) -> float:
        """When it lands, seconds after the plan's start."""
        return self.start_s + self.totals.duration_s


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan, whole.

    `route` is all of it, as one aircraft with an endless battery would fly it. Where it takes several flights
    `sorties` holds them; `missions.sorties.flights(plan)` gives each as a plan of its own, which is what is
    exported and uploaded.
    """

    name: str
    created: str
    """ISO 8601, UTC."""
    request: Request
    aircraft: Aircraft
    camera: Camera
    area: Area
    take_off: GeoPoint
    route: tuple[Waypoint, ...]
    fence: Fence
    rally: tuple[Rally, ...]
    totals: Totals
    findings: tuple[Finding, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    wind: Wind | None = None
    sorties: tuple[Sortie, ...] = ()
    no_fly: tuple[Part, ...] = ()
    no_return: NoReturn | None = None

    @property
    def vehicles(self) -> tuple[int, ...]:
        """The numbers of the aircraft that fly it, rising."""
        return tuple(sorted({sortie.vehicle for sortie in self.sorties})) or (1,)

    @property
    def is_team(self) -> bool:
        """Whether several aircraft fly it."""
        return len(self.vehicles) > 1

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that forbid an upload."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKING)
