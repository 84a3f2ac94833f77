"""What a camera found, and nobody has looked at yet."""

from __future__ import annotations

from telemetry.alerts.reading import Reading, Readings
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight


def find(sight: Sight, rule: Rule) -> Readings:
    """One alarm for each find that calls alone and was seen in more frames than the limit.

    What was decided is not among them.
    """
    if sight.finds is None:
        return None
    limit = rule["limit"]
    return tuple(
        Reading(float(each.sightings), limit, limit - each.sightings, each.text, each.name)
        for each in sight.finds
        if each.alone
    )


def warm_things(sight: Sight, rule: Rule) -> Readings:
    """One alarm for all finds that do not call alone; of those the newest, which is the last, is named."""
    if sight.finds is None:
        return None
    limit = rule["limit"]
    some = [each for each in sight.finds if not each.alone and each.sightings > limit]
    most = float(max((each.sightings for each in sight.finds if not each.alone), default=0))
    things = "1 thing" if len(some) == 1 else f"{len(some)} things"
    text = f"{things} that may be a person; the newest is {some[-1].text}" if some else ""
    return (Reading(most, limit, limit - most, text),)
