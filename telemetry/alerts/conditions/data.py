"""What is not known, and so not watched: silence of a sensor must not look like a quiet flight."""

from __future__ import annotations

from telemetry.alerts.reading import Readings, above
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight


def missing_data(sight: Sight, rule: Rule) -> Readings:
    """How many of the things that are watched are not known; none of a vehicle that is not heard at all."""
    state = sight.state
    missing = [
        name
        for name, absent in (
            ("position", sight.place is None and not sight.silent),
            ("battery", state.battery_pct is None),
            ("GPS", state.fix is None),
            ("position filter", state.ekf_healthy is None),
            ("plan's fence", sight.prepared.course is not None and sight.prepared.fence is None),
            *((rule_name, True) for rule_name in sight.failed),
        )
        if absent
    ]
    text = f"not known: {', '.join(missing)}" if missing else "all is known"
    return above(float(len(missing)), rule["limit"], text)
