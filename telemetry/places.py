"""Which of an autopilot's positions are places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MOST_LAT_E7, _MOST_LON_E7 = 900_000_000, 1_800_000_000
_NOWHERE_E7 = 10_000
"""0.001 degrees: ArduPilot without an origin lets its estimate drift some tens of metres round (0, 0)."""


def is_place(lat_e7: int, lon_e7: int) -> bool:
    """Whether an autopilot's latitude and longitude say where the aircraft is; see `are_places`."""
    lat, lon = abs(lat_e7), abs(lon_e7)
    return (lat > _NOWHERE_E7 or lon > _NOWHERE_E7) and lat <= _MOST_LAT_E7 and lon <= _MOST_LON_E7


def are_places(rows: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which of GLOBAL_POSITION_INT's rows (n,) say where the aircraft is, shape (n,).

    (0, 0) and what is within a hundred metres of it is what autopilots send while they know no place.
    """
    lat, lon = abs(rows["lat"].astype(np.int64)), abs(rows["lon"].astype(np.int64))
    somewhere = (lat > _NOWHERE_E7) | (lon > _NOWHERE_E7)
    return np.asarray(somewhere & (lat <= _MOST_LAT_E7) & (lon <= _MOST_LON_E7))
