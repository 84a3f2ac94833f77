"""What the autopilot says itself."""

from __future__ import annotations

from telemetry.alerts.reading import Reading, Readings
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight
from telemetry.alerts.situation import Said

_SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""MAV_SEVERITY, the gravest first."""
RANKS = {severity: rank for rank, severity in enumerate(_SEVERITIES)}


def autopilot_message(sight: Sight, rule: Rule) -> Readings:
    """Each message of a severity before `limit` (4: error and worse), until `hold_s` after it was said."""
    return tuple(
        _reading(said, wording, rule["limit"])
        for wording, said in sight.memory.said
        if rank_of(said) < rule["limit"] and sight.now_s - said.time_s <= rule["hold_s"]
    )


def rank_of(said: Said) -> int:
    """0 for an emergency; what nobody named counts as an error."""
    return RANKS.get(said.severity, RANKS["error"])


def _reading(said: Said, wording: str, limit: float) -> Reading:
    rank = rank_of(said)
    return Reading(float(rank), limit, rank - limit, f"{said.severity}: {said.text}", wording)
