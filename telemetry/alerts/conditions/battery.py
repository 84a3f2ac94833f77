"""The battery against what it takes to get home."""

from __future__ import annotations

from missions.energy import usable_wh
from telemetry.alerts.reading import Readings, below
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight

EMPTY_PCT = -100.0
"""What is short at most; the way home may take more than any battery holds."""


def battery_home(sight: Sight, rule: Rule) -> Readings:
    """Per cent of a full battery left over once the aircraft is home and landed with its reserve.

    Without a plan, or where the way home cannot be reckoned, per cent beyond `plain_pct`.
    """
    left_pct = sight.state.battery_pct
    if left_pct is None:
        return None
    aircraft = sight.prepared.aircraft
    if aircraft is None:
        spare_pct = left_pct - rule["plain_pct"]
        text = f"{left_pct:.0f} % left; what it takes to get home is not known"
        return below(spare_pct, rule["limit_pct"], text)
    if sight.home_wh is None:
        return None
    home_pct = 100 * sight.home_wh / usable_wh(aircraft)
    spare_pct = max(left_pct - home_pct - aircraft.reserve_pct, EMPTY_PCT)
    needed = f"{home_pct:.0f} % to get home" if home_pct < -EMPTY_PCT else "more than it holds to get home"
    text = f"{left_pct:.0f} % left, {needed}, {aircraft.reserve_pct:.0f} % in reserve"
    return below(spare_pct, rule["limit_pct"], text)


def battery_low(sight: Sight, rule: Rule) -> Readings:
    """Per cent left, wherever home is."""
    left_pct = sight.state.battery_pct
    return None if left_pct is None else below(left_pct, rule["limit_pct"], f"{left_pct:.0f} % left")
