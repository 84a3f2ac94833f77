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

FORMAT = "droneteam-plan"
VERSION = 1


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
class Waypoint:
    """A place to fly through, metres above the take-off point.

    `recording` says whether the camera records on the way from here to the next waypoint: True at the start
    of a lane, False at its end and on transits.
    """

    place: GeoPoint
    height_relative_m: float
    recording: bool = False


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
    take-off point where no terrain is given. `angle_deg` is None for the best angle.
    """

    pattern: str
    height_agl_m: float
    overlap_side_pct: float
    overlap_front_pct: float
    angle_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the plan will take: metres, seconds, and per cent of one full battery."""

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


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan for one aircraft, whole."""

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

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that forbid an upload."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKING)
