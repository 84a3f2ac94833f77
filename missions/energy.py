"""What a route takes: seconds, and per cent of a battery.

Power is the aircraft's average in cruise, and its hover power for climbing, descending and turning on the
spot; energy is power times time. A corner costs a copter the time to brake and speed up again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.geodesy import Points

ACCELERATION_M_S2 = 2.5
"""ArduPilot Copter's default WPNAV_ACCEL, 250 cm/s/s."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Metres flown, seconds from take-off to landing, and per cent of one full battery."""

    length_m: float
    duration_s: float
    battery_pct: float


def effort(aircraft: Aircraft, points_m: Points, height_m: float, extra_m: float = 0.0) -> Effort:
    """What it takes to climb to `height_m`, fly through the points (n, 2 metres) and land.

    `extra_m` is what turns add to the length: only an aircraft that cannot turn on the spot has them.
    """
    vectors = np.diff(points_m, axis=0)
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    length_m = float(lengths.sum()) + extra_m
    cruise_s = length_m / aircraft.cruise_speed_m_s
    turning_s = 0.0 if aircraft.kind == "plane" else corners_s(aircraft, vectors[lengths > 0])
    vertical_s = height_m / aircraft.climb_speed_m_s + height_m / aircraft.descent_speed_m_s
    energy_ws = aircraft.cruise_power_w * cruise_s + aircraft.hover_power_w * (turning_s + vertical_s)
    return Effort(length_m, cruise_s + turning_s + vertical_s, energy_ws / (aircraft.battery_wh * 36))


def corners_s(aircraft: Aircraft, vectors: npt.NDArray[np.float64]) -> float:
    """Seconds lost at corners: braking from cruise and speeding up loses v / a at a full reversal.

    Less of a corner loses (1 - cos angle) / 2 of that; start and stop of the route lose half each.
    """
    if not len(vectors):
        return 0.0
    ahead = vectors / np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    cosines = np.einsum("ij,ij->i", ahead[:-1], ahead[1:])
    return turn_s(aircraft) * (1.0 + float(np.sum((1 - cosines) / 2)))


def turn_s(aircraft: Aircraft) -> float:
    """Seconds that one full turn on the spot costs."""
    return 0.0 if aircraft.kind == "plane" else aircraft.cruise_speed_m_s / ACCELERATION_M_S2
