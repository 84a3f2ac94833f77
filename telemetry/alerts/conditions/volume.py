"""The volumes of air that the flight was planned in."""

from __future__ import annotations

from missions.volumes import Reference
from telemetry.alerts.reading import Readings, below
from telemetry.alerts.region import Air
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight


def flight_geography(sight: Sight, rule: Rule) -> Readings:
    """Metres inside the flight geography, below 0 outside."""
    return _room(sight, rule, sight.prepared.flight_geography, "flight geography")


def contingency_volume(sight: Sight, rule: Rule) -> Readings:
    """Metres inside the contingency volume, below 0 outside."""
    return _room(sight, rule, sight.prepared.contingency, "contingency volume")


def _room(sight: Sight, rule: Rule, air: Air | None, what: str) -> Readings:
    if air is None or sight.place is None:
        return None
    amsl = air.volume.reference is Reference.AMSL
    height_m = sight.height_amsl_m if amsl else sight.height_relative_m
    if height_m is None:
        return None
    room_m = air.room_m(sight.place, height_m)
    side = "inside" if room_m >= 0 else "outside"
    return below(room_m, rule["limit_m"], f"{abs(room_m):.0f} m {side} the {what} {air.volume.name}".rstrip())
