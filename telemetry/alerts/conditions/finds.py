"""What a camera found, and nobody has looked at yet."""

from __future__ import annotations

from telemetry.alerts.reading import Reading, Readings
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight


def find(sight: Sight, rule: Rule) -> Readings:
    """One alarm for each find seen in more frames than the limit; what was decided is not among them."""
    if sight.finds is None:
        return None
    limit = rule["limit"]
    return tuple(
        Reading(float(each.sightings), limit, limit - each.sightings, each.text, each.name)
        for each in sight.finds
    )
