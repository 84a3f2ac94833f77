"""Aircraft: how fast, how long and how tightly they fly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aircraft:
    """One kind of aircraft.

    `kind` is "copter" or "plane". Speeds in m/s, powers in watts, the battery in watt hours of which
    `reserve_pct` per cent stays unused. `turn_radius_m` is 0 for what can stop and turn. `source` says where
    the figures come from.
    """

    name: str
    kind: str
    cruise_speed_m_s: float
    climb_speed_m_s: float
    descent_speed_m_s: float
    hover_power_w: float
    cruise_power_w: float
    battery_wh: float
    reserve_pct: float = 25.0
    turn_radius_m: float = 0.0
    max_wind_m_s: float = 12.0
    source: str = ""
