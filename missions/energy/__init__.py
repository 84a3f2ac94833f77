"""What a route takes: seconds and watt hours, from take-off to landing, place by place.

    track -> ways (motion, wind) -> power -> effort          any place -> way_home

The model, its sources and how well it meets flights of ArduPilot: docs/missions_energy.md.
"""

from missions.energy.effort import corner_s, effort, turn_s
from missions.energy.home import WayHome, home_wh, way_home
from missions.energy.power import PowerCurve, power_curve, usable_wh
from missions.energy.track import Effort, Track
from missions.energy.wind_triangle import HEADWAY_M_S

__all__ = [
    "HEADWAY_M_S",
    "Effort",
    "PowerCurve",
    "Track",
    "WayHome",
    "corner_s",
    "effort",
    "home_wh",
    "power_curve",
    "turn_s",
    "usable_wh",
    "way_home",
]
