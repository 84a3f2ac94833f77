"""Height above ground: too high, too low."""

from __future__ import annotations

from telemetry.alerts.reading import Readings, above, below, clear
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight

_BY_ITSELF = frozenset({"AUTO", "GUIDED", "AUTO.MISSION", "OFFBOARD"})
_NEAR_GROUND = frozenset({"takeoff", "landing", "on ground"})


def height_above_ground(sight: Sight, rule: Rule) -> Readings:
    """Metres above the ground below, or above take-off where the ground is not known."""
    height = _height(sight)
    return None if height is None else above(height[0], rule["limit_m"], height[1])


def clearance_low(sight: Sight, rule: Rule) -> Readings:
    """The same, too low, while it flies by itself; not near home, nor where it takes off or lands."""
    height = _height(sight)
    if height is None:
        return None
    if sight.state.mode not in _BY_ITSELF or sight.state.landed in _NEAR_GROUND:
        return clear(height[0], rule["limit_m"], height[1])
    if sight.home_m is not None and sight.home_m < rule["home_m"]:
        return clear(height[0], rule["limit_m"], f"{height[1]}, at home")
    return below(height[0], rule["limit_m"], height[1])


def _height(sight: Sight) -> tuple[float, str] | None:
    relative_m = sight.height_relative_m
    if relative_m is None:
        return None
    if sight.ground_m is None:
        return relative_m, f"{relative_m:.0f} m above take-off; the ground below is not known"
    height_m = relative_m - sight.ground_m
    return height_m, f"{height_m:.0f} m above the ground"
