"""What a way costs in a wind, in metres of still air: airspeed times the time it takes.

An aircraft that holds its airspeed v flies a displacement d in a wind w in

    t = (sqrt(v^2 |d|^2 - (w x d)^2) - w . d) / (v^2 - w^2)

(the wind triangle, solved for the time). The second part adds up to nothing on a way that ends where it
began, whatever its order, and to the same on any two ways between the same ends. What is left is the length
of d after the map is stretched along the wind by v / sqrt(v^2 - w^2), so shortest ways and tours of least
time are those of a stretched map. What holds its ground speed has no such cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.errors import SettingsError
from missions.geodesy import Points

Floats = npt.NDArray[np.float64]
_MOST = 0.9
"""A wind of more than this share of the airspeed leaves too little to plan with."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Lengths in metres of still air. Without a wind they are plain metres."""

    wind_east: float = 0.0
    wind_north: float = 0.0
    """The air's motion as a share of the airspeed."""

    def lengths(self, vectors: Points) -> Floats:
        """What each displacement (n, 2) costs, the drift to one side or back left out."""
        east, north = vectors[:, 0], vectors[:, 1]
        if not (self.wind_east or self.wind_north):
            return np.asarray(np.hypot(east, north))
        cross = self.wind_east * north - self.wind_north * east
        rest = 1 - self.wind_east**2 - self.wind_north**2
        return np.asarray(np.sqrt(np.maximum(east**2 + north**2 - cross**2, 0.0)) / rest)

    def factor(self, bearing_deg: float) -> float:
        """What a metre on this bearing and a metre back cost, each on average."""
        bearing = math.radians(bearing_deg)
        return float(self.lengths(np.array([[math.sin(bearing), math.cos(bearing)]]))[0])

    def drift(self, vector: npt.NDArray[np.float64]) -> float:
        """What the wind saves on the whole of a way that ends `vector` from its begin; negative: it costs."""
        rest = 1 - self.wind_east**2 - self.wind_north**2
        return float(self.wind_east * vector[0] + self.wind_north * vector[1]) / rest


def metric_in(wind_east_m_s: float, wind_north_m_s: float, air_speed_m_s: float | None) -> Metric:
    """The metric of a wind (the air's motion) for what holds an airspeed; None for what holds its ground
    speed.

    Raises SettingsError where the wind leaves too little of the airspeed.
    """
    wind_m_s = math.hypot(wind_east_m_s, wind_north_m_s)
    if not math.isfinite(wind_m_s):
        raise SettingsError("a wind without a figure is none", remedy="Give metres a second east and north")
    if air_speed_m_s is None or wind_m_s == 0:
        return Metric()
    if not (math.isfinite(air_speed_m_s) and wind_m_s <= _MOST * air_speed_m_s):
        raise SettingsError(
            f"a wind of {wind_m_s:.0f} m/s is too much for an airspeed of {air_speed_m_s:.0f} m/s",
            remedy="Wait for less wind, or fly faster",
        )
    return Metric(wind_east_m_s / air_speed_m_s, wind_north_m_s / air_speed_m_s)
