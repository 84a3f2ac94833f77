"""What the wind makes of a speed: over the ground, and through the air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from missions.aircraft import Aircraft
from missions.energy.track import Floats
from missions.geodesy import Points
from missions.wind import Wind

HEADWAY_M_S = 1.0
"""Slower over the ground counts as no headway."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """Of n ways: over the ground, through the air, and whether the wind lets no headway be made (n,)."""

    ground_m_s: Floats
    air_m_s: Floats
    stuck: np.typing.NDArray[np.bool_]


def fastest_m_s(aircraft: Aircraft) -> float:
    """The highest airspeed that the aircraft can hold."""
    return aircraft.max_airspeed_m_s or aircraft.cruise_speed_m_s + aircraft.max_wind_m_s


def speeds(aircraft: Aircraft, ahead: Points, speed_m_s: Floats, wind: Wind | None) -> Speeds:
    """How fast ways in these directions are flown; `ahead` (n, 2) are unit vectors east and north.

    A copter holds `speed_m_s` over the ground as far as its highest airspeed lets it; a plane holds it
    through the air and points into the wind as far as it must. No ground speed is below HEADWAY_M_S.
    """
    if wind is None or not wind.speed_m_s:
        flown = speed_m_s if aircraft.kind == "plane" else np.minimum(speed_m_s, fastest_m_s(aircraft))
        return Speeds(flown, flown, np.zeros(len(speed_m_s), bool))
    blows = np.array(wind.motion_m_s)
    along = ahead @ blows
    across = ahead[:, 0] * blows[1] - ahead[:, 1] * blows[0]
    if aircraft.kind == "plane":
        air = speed_m_s
    else:
        air = np.minimum(np.hypot(speed_m_s - along, across), fastest_m_s(aircraft))
    reachable = along + np.sqrt(np.maximum(air**2 - across**2, 0))
    ground = reachable if aircraft.kind == "plane" else np.minimum(reachable, speed_m_s)
    stuck = (air < np.abs(across)) | (ground < np.minimum(HEADWAY_M_S, speed_m_s))
    return Speeds(np.where(stuck, np.minimum(HEADWAY_M_S, speed_m_s), ground), air, stuck)
