"""What it takes to break off and go home."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.energy.effort import descent
from missions.energy.motion import legs_between, ramp_s, rest_to_rest_s, top_speed_m_s
from missions.energy.power import power_curve
from missions.energy.track import Floats
from missions.energy.wind_triangle import speeds
from missions.geodesy import Points
from missions.wind import Wind


@dataclass(frozen=True, slots=True)
class WayHome:
    """From each of n places straight home and landed: seconds, watt hours, and where the wind forbids it."""

    time_s: Floats
    energy_wh: Floats
    stuck: npt.NDArray[np.bool_]


def way_home(
    aircraft: Aircraft,
    points_m: Points,
    height_m: Floats,
    home_m: npt.ArrayLike,
    wind: Wind | None = None,
) -> WayHome:
    """What it takes to go straight home at the height held and land there, landing included.

    `points_m` (n, 2) and `home_m` (2,) are metres east and north, `height_m` (n,) above home. A copter comes
    to a halt first and starts from rest; a plane turns round.
    """
    back = np.asarray(home_m, float) - np.asarray(points_m, float).reshape(-1, 2)
    height = np.broadcast_to(np.asarray(height_m, float), len(back)).astype(float)
    run = np.hypot(back[:, 0], back[:, 1])
    ahead = back / np.maximum(run, 1e-9)[:, None]
    cruise = np.full(len(back), aircraft.cruise_speed_m_s)
    flown = speeds(aircraft, ahead, cruise, wind)
    curve = power_curve(aircraft)
    down_s, down_wh = descent(aircraft, height, wind)
    if aircraft.kind == "plane":
        turned_s = np.pi * aircraft.turn_radius_m / cruise
        flight_s = run / flown.ground_m_s + turned_s
        watts = curve.level_w(cruise)
    else:
        legs = legs_between(aircraft, run, np.zeros_like(run), flown.ground_m_s)
        top = top_speed_m_s(legs)
        braking_s = ramp_s(flown.ground_m_s, legs.acceleration_m_s2, legs.jerk_m_s3)
        flight_s = rest_to_rest_s(legs, top) + braking_s
        blows = np.zeros(2) if wind is None else np.array(wind.motion_m_s)
        airspeeds = (np.hypot(*(share * top[:, None] * ahead - blows).T) for share in (0.0, 1.0))
        watts = np.maximum(*(curve.level_w(speed) for speed in airspeeds))
    return WayHome(flight_s + down_s, flight_s * watts / 3600 + down_wh, flown.stuck)


def home_wh(
    aircraft: Aircraft,
    points_m: Points,
    height_m: Floats,
    home_m: npt.ArrayLike,
    wind: Wind | None = None,
) -> Floats:
    """Watt hours (n,) from each place straight home and landed; infinite where the wind forbids it."""
    found = way_home(aircraft, points_m, height_m, home_m, wind)
    return np.asarray(np.where(found.stuck, np.inf, found.energy_wh))
