"""What an index answers with: plain frozen values in seconds, metres and degrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Segment:
    """A recording, or the log of alerts. Times are seconds since 1970 UTC, None where nothing is in it."""

    name: str
    bytes: int
    watermark: int
    sha256: str
    first_s: float | None
    last_s: float | None
    frames: int
    bad_bytes: int
    problem: str


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Who was heard. `kind` and `autopilot` are None for one that told its place and sent no heartbeat."""

    system: int
    component: int
    kind: str | None
    autopilot: str | None
    first_s: float
    last_s: float
    frames: int


@dataclass(frozen=True, slots=True)
class Flight:
    """From arming to disarming.

    `begin_known` and `end_known` are False where the vehicle was armed already when it was first heard, or
    still when it was last. `airborne_s` is when it was first seen in the air, None for never. Heights are the
    highest it told, `relative` above home. `distance_m` is the way over ground, by a position a second.
    """

    system: int
    component: int
    begin_s: float
    end_s: float
    begin_known: bool
    end_known: bool
    airborne_s: float | None
    highest_relative_m: float | None
    highest_amsl_m: float | None
    distance_m: float
    battery_begin_pct: int | None
    battery_end_pct: int | None
    mode: str
    first_segment: str
    last_segment: str

    @property
    def end_state(self) -> str:
        """ "disarmed", or "armed" where no more was heard."""
        return "disarmed" if self.end_known else "armed"

    @property
    def battery_used_pct(self) -> int | None:
        """What the flight took from the battery; None where that is not known."""
        if self.battery_begin_pct is None or self.battery_end_pct is None:
            return None
        return self.battery_begin_pct - self.battery_end_pct


@dataclass(frozen=True, slots=True)
class Alert:
    """An alarm changed its state; see `telemetry.alerts`. `vehicle` is a system number."""

    number: int
    time_s: float
    vehicle: int
    rule: str
    subject: str
    priority: str
    before: str
    after: str
    text: str
    value: float | None
    limit: float | None
    unit: str
    who: str
    why: str
    until_s: float | None
    quiet: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """One vehicle in a box within one segment: its first and last point there, and how many."""

    system: int
    component: int
    first_s: float
    last_s: float
    points: int
    segment: str


def flight_of(row: dict[str, Any]) -> Flight:
    """A flight from a row of `flights`."""
    return Flight(
        system=row["vehicle"] >> 8,
        component=row["vehicle"] & 0xFF,
        begin_s=row["began_us"] / 1e6,
        end_s=row["ended_us"] / 1e6,
        begin_known=not row["begins_open"],
        end_known=not row["ends_open"],
        airborne_s=seconds(row["airborne_us"]),
        highest_relative_m=metres(row["highest_relative_mm"]),
        highest_amsl_m=metres(row["highest_amsl_mm"]),
        distance_m=float(row["distance_m"]),
        battery_begin_pct=row["battery_begin_pct"],
        battery_end_pct=row["battery_end_pct"],
        mode=row["mode"],
        first_segment=row["first_segment"],
        last_segment=row["last_segment"],
    )


def seconds(time_us: int | None) -> float | None:
    """On the scale of a person."""
    return None if time_us is None else time_us / 1e6


def metres(height_mm: int | None) -> float | None:
    """On the scale of a person."""
    return None if height_mm is None else height_mm / 1e3
