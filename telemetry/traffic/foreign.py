"""Tracks of what speaks no MAVLink: aircraft of other makers, officers, vehicles.

One report is one JSON object of at most 4096 bytes:

    {"source": "dji", "id": "1581F5BKD23600AB", "name": "M30T Noord", "kind": "copter",
     "time_s": 1772000000.25, "lat_deg": 52.0907, "lon_deg": 5.1214,
     "height_m": 84.2, "height_reference": "amsl", "course_deg": 271.5, "heading_deg": 268,
     "speed_m_s": 7.4, "climb_m_s": -0.2, "battery_pct": 63}

`source`, `id`, `kind`, `time_s`, `lat_deg` and `lon_deg` must be there; the others may be left out or null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

import orjson

from missions.errors import InputError
from telemetry.state import VehicleState

MAX_REPORT_BYTES = 4096
KINDS = ("copter", "plane", "rover", "sub", "person", "vehicle", "boat", "other")
REFERENCES = ("amsl", "ellipsoid", "relative", "agl")
FORGOTTEN_S = 60.0
MOST_TRACKS = 256
_IDENTITY = re.compile(r"[!-~]{1,64}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,64}")
_RANGES = {
    "time_s": (0.0, 1e11),
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "height_m": (-1_000.0, 50_000.0),
    "course_deg": (0.0, 360.0),
    "heading_deg": (0.0, 360.0),
    "speed_m_s": (0.0, 1_000.0),
    "climb_m_s": (-500.0, 500.0),
    "battery_pct": (0.0, 100.0),
}
_NEEDED = ("source", "id", "kind", "time_s", "lat_deg", "lon_deg")
_REMEDY = "See the form of a report in docs/telemetry_tak.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignReport:
    """Where something was at `time_s`, seconds since 1970 UTC, as its source says. None means: not known.

    `source` says who tells ("dji", "tak"), `id` is the thing's name there and never changes, `name` is for
    people. `kind` is one of KINDS. `height_m` is above what `height_reference` says, one of REFERENCES:
    mean sea level, the WGS84 ellipsoid, the take-off place, the ground. Course over ground and heading of
    the nose from true north clockwise. Raises InputError naming the field.
    """

    source: str
    id: str
    kind: str
    time_s: float
    lat_deg: float
    lon_deg: float
    name: str | None = None
    height_m: float | None = None
    height_reference: str | None = None
    course_deg: float | None = None
    heading_deg: float | None = None
    speed_m_s: float | None = None
    climb_m_s: float | None = None
    battery_pct: float | None = None

    def __post_init__(self) -> None:
        for name in _NEEDED:
            if getattr(self, name) is None:
                raise _wrong(name, "is missing")
        _check_text("source", self.source, _SOURCE, "1 to 32 of a-z, 0-9, - and _")
        _check_text("id", self.id, _IDENTITY, "1 to 64 printable ASCII characters without blanks")
        _check_choice("kind", self.kind, KINDS)
        if self.name is not None:
            _check_text("name", self.name, _NAME, "1 to 64 characters on one line")
        for name, (least, most) in _RANGES.items():
            _check_number(name, getattr(self, name), least, most)
        if (self.height_m is None) != (self.height_reference is None):
            raise _wrong(
                "height_reference", "a height and its reference belong together: give both or neither"
            )
        if self.height_reference is not None:
            _check_choice("height_reference", self.height_reference, REFERENCES)

    @property
    def key(self) -> str:
        """What the track is called among all others, always the same: `dji:1581F5BKD23600AB`."""
        return f"{self.source}:{self.id}"

    def as_dict(self) -> dict[str, Any]:
        """All fields, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ForeignTracks:
    """The newest report of each thing, by key."""

    reports: Mapping[str, ForeignReport] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class TrackLimits:
    """How old a report may be, how far ahead of our clock, and how many things are followed at once."""

    past_s: float = FORGOTTEN_S
    future_s: float = 5.0
    most: int = MOST_TRACKS


def track_report_of(data: bytes) -> ForeignReport:
    """The report that a JSON object holds. Raises InputError naming the field."""
    if len(data) > MAX_REPORT_BYTES:
        raise _wrong("the report", f"{len(data)} bytes are more than {MAX_REPORT_BYTES}")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _wrong("the report", f"is no JSON ({error})") from error
    if not isinstance(document, dict):
        raise _wrong("the report", "is no JSON object")
    unknown = sorted(set(document) - _FIELDS)
    if unknown:
        raise _wrong(_shown(unknown[0]), "there is no such field")
    return ForeignReport(**{**dict.fromkeys(_NEEDED), **document})


def vehicle_state_of(report: ForeignReport) -> VehicleState:
    """The report as a vehicle, so that all can be shown alike. It has no system number; use `report.key`.

    A height above the ellipsoid or the ground is none that a VehicleState holds, and is left out; so is the
    course, which is not the heading.
    """
    return VehicleState(
        kind=report.kind,
        lat_deg=report.lat_deg,
        lon_deg=report.lon_deg,
        height_amsl_m=report.height_m if report.height_reference == "amsl" else None,
        height_relative_m=report.height_m if report.height_reference == "relative" else None,
        heading_deg=report.heading_deg,
        ground_speed_m_s=report.speed_m_s,
        climb_m_s=report.climb_m_s,
        battery_pct=report.battery_pct,
        last_s=report.time_s,
    )


def fold_report(
    tracks: ForeignTracks, report: ForeignReport, now_s: float, limits: TrackLimits | None = None
) -> ForeignTracks:
    """The tracks after a report that came at `now_s`. What the report leaves out is not carried over.

    Raises InputError for a report that is too old, that is ahead of our clock, that is not newer than the
    last one of the same thing, and for one thing more than are followed.
    """
    limits = limits or TrackLimits()
    age_s = now_s - report.time_s
    if age_s > limits.past_s:
        raise _late(report, f"is {age_s:.1f} s ago; at most {limits.past_s:.0f} s are taken")
    if age_s < -limits.future_s:
        raise _late(report, f"is {-age_s:.1f} s ahead of this machine's clock")
    known = tracks.reports.get(report.key)
    if known is not None and report.time_s <= known.time_s:
        raise _late(report, "is not after that of the last report")
    if known is None and len(tracks.reports) >= limits.most:
        raise _wrong(report.key, f"{limits.most} things are followed already, and no more at once")
    return replace(tracks, reports=MappingProxyType({**tracks.reports, report.key: report}))


def forget_tracks(tracks: ForeignTracks, now_s: float, *, after_s: float = FORGOTTEN_S) -> ForeignTracks:
    """The tracks without those whose last report is older than `after_s`; the same object where all stay."""
    kept = {key: report for key, report in tracks.reports.items() if now_s - report.time_s <= after_s}
    return tracks if len(kept) == len(tracks.reports) else replace(tracks, reports=MappingProxyType(kept))


_FIELDS = {each.name for each in fields(ForeignReport)}


def _check_text(name: str, value: object, pattern: re.Pattern[str], form: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _wrong(name, f"is {_shown(value)}, not {form}")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise _wrong(name, f"is {_shown(value)}, none of {', '.join(choices)}")


def _check_number(name: str, value: object, least: float, most: float) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not least <= value <= most:  # type: ignore[arg-type, operator]
        raise _wrong(name, f"is {_shown(value)}, no number from {least:.0f} to {most:.0f}")


def _shown(value: object) -> str:
    return repr(value)[:60]


def _late(report: ForeignReport, what: str) -> InputError:
    return InputError(
        f"time_s {what}",
        where=report.key,
        remedy="Send each report once, as it is made, and set both clocks by NTP or GPS",
    )


def _wrong(where: str, what: str) -> InputError:
    return InputError(what, where=where, remedy=_REMEDY)
