"""What a route takes: seconds and watt hours, from take-off to landing, place by place.

Power is the aircraft's average in cruise, and its hover power for climbing, descending, waiting and turning
on the spot; energy is power times time. A corner costs a copter the time to brake and speed up again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.geodesy import Points
from missions.wind import Wind

ACCELERATION_M_S2 = 2.5
"""ArduPilot Copter's default WPNAV_ACCEL, 250 cm/s/s."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Track:
    """A route as energy sees it, from take-off place to landing place.

    `points_m` (n, 2) metres east and north; the rest one value a place: `height_m` above the take-off point,
    `speed_m_s` on the way from here on, `hold_s` waited here, `circles_m` flown in circles here. `extra_m`
    is what turns add to the whole.
    """

    points_m: Points
    height_m: Floats
    speed_m_s: Floats
    hold_s: Floats
    circles_m: Floats
    extra_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Effort:
    """What a track takes. `at_s` and `at_wh` (n,) are counted from take-off to leaving each place."""

    length_m: float
    duration_s: float
    energy_wh: float
    battery_pct: float
    at_s: Floats
    at_wh: Floats


def effort(aircraft: Aircraft, track: Track, wind: Wind | None = None) -> Effort:
    """What it takes to climb to the first place, fly the track and land from the last."""
    del wind
    vectors = np.diff(track.points_m, axis=0)
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    total_m = float(lengths.sum())
    # What turns add is spread over the way.
    stretched = lengths * (1 + track.extra_m / total_m) if total_m > 0 else lengths
    cruise_s = stretched / track.speed_m_s[:-1]
    rises = np.diff(track.height_m)
    vertical_s = (
        np.maximum(rises, 0) / aircraft.climb_speed_m_s - np.minimum(rises, 0) / aircraft.descent_speed_m_s
    )
    cruise_s = np.maximum(cruise_s, vertical_s)
    still_s = track.hold_s + corners_s(aircraft, vectors)
    circles_s = track.circles_m / track.speed_m_s
    up_s = track.height_m[0] / aircraft.climb_speed_m_s
    down_s = track.height_m[-1] / aircraft.descent_speed_m_s
    hover_w, cruise_w = aircraft.hover_power_w, aircraft.cruise_power_w
    at_s = up_s + np.cumsum(still_s + circles_s + np.concatenate([[0.0], cruise_s]))
    ways_ws = hover_w * still_s + cruise_w * (circles_s + np.concatenate([[0.0], cruise_s]))
    at_wh = (hover_w * up_s + np.cumsum(ways_ws)) / 3600
    energy_wh = float(at_wh[-1]) + hover_w * down_s / 3600
    return Effort(
        length_m=total_m + track.extra_m + float(track.circles_m.sum()),
        duration_s=float(at_s[-1]) + down_s,
        energy_wh=energy_wh,
        battery_pct=100 * energy_wh / aircraft.battery_wh,
        at_s=at_s,
        at_wh=at_wh,
    )


def corners_s(aircraft: Aircraft, vectors: Points) -> Floats:
    """Seconds lost at each of n + 1 places, the ends of n vectors: braking from cruise and speeding up again.

    A full reversal loses v / a, less of a corner (1 - cos angle) / 2 of that; start and end half each.
    """
    lost = np.zeros(len(vectors) + 1)
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    flown = np.flatnonzero(lengths > 0)
    if not flown.size:
        return lost
    ahead = vectors[flown] / lengths[flown][:, None]
    cosines = np.einsum("ij,ij->i", ahead[:-1], ahead[1:])
    lost[flown[0]] += 0.5
    lost[flown[-1] + 1] += 0.5
    lost[flown[1:]] += (1 - cosines) / 2
    return turn_s(aircraft) * lost


def turn_s(aircraft: Aircraft) -> float:
    """Seconds that one full turn on the spot costs."""
    return 0.0 if aircraft.kind == "plane" else aircraft.cruise_speed_m_s / ACCELERATION_M_S2
