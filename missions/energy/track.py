"""A route as energy sees it, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.geodesy import Points

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Track:
    """A route as energy sees it, from take-off place to landing place.

    `points_m` (n, 2) metres east and north; the rest one value a place: `height_m` above the take-off point,
    `speed_m_s` on the way from here on (over the ground for a copter, through the air for a plane), `hold_s`
    waited here, `circles_m` flown in circles here. `extra_m` is what turns add to the whole.
    `circle_radius_m` is that of the circles, above 0 clockwise; None counts them as flown on the spot.
    """

    points_m: Points
    height_m: Floats
    speed_m_s: Floats
    hold_s: Floats
    circles_m: Floats
    extra_m: float = 0.0
    circle_radius_m: Floats | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """What a track takes. `at_s` and `at_wh` (n,) are counted from take-off to leaving each place.

    `battery_pct` is the share of what the battery holds at its age. `against_wind_m` are metres on which the
    wind lets the aircraft make no headway: they are counted at `HEADWAY_M_S`, and nobody should fly them.
    `landing_s` and `landing_wh` are the last part of the whole, from above the landing place until the motors
    stop: a plane whose mission ends in circles above home has not spent them yet.
    """

    length_m: float
    duration_s: float
    energy_wh: float
    battery_pct: float
    at_s: Floats
    at_wh: Floats
    against_wind_m: float = 0.0
    landing_s: float = 0.0
    landing_wh: float = 0.0
