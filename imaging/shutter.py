"""How long a camera takes to read its picture, row after row.

While it flies, each row of such a picture is seen from a little further on: at 10 m/s and 30 ms a picture
from 30 m is stretched or squeezed along the flight by one in a hundred. Photos tell nothing of it, and their
positions tell the speed between them, not at the exposure: an aircraft that stops for each photo has none
then. So what is found is the time that goes with that speed, near zero where the aircraft stood still.
"""

from __future__ import annotations

import numpy as np

from imaging.lens import Array, View
from imaging.photos import Photo

UNKNOWN_SIGMA_S = 0.03
"""Electronic shutters of drones take 15 to 75 ms, mechanical ones none."""
LEAST_SPEED_M_S = 0.5
MOST_S, SIGMAS = 0.1, 3.0


def readout_sigma_s(speed_m_s: float) -> float:
    """One standard deviation of the readout about zero before it is found, s; 0 where it does not matter."""
    return UNKNOWN_SIGMA_S if speed_m_s >= LEAST_SPEED_M_S else 0.0


def possible(found_s: float, sigma_s: float) -> bool:
    """Whether a readout can be one: else something else bends the pictures."""
    return -SIGMAS * sigma_s <= found_s <= MOST_S


def reading_ways(views: tuple[View, ...], photos: dict[str, Photo]) -> Array:
    """(n,) 1 for each view whose rows are stored as they were read, -1 for one that was turned afterwards.

    A viewer that turns a picture by 180 degrees leaves the gimbal's heading as it was, which then contradicts
    the view's own.
    """
    ways = np.ones(len(views))
    for number, view in enumerate(views):
        yaw_deg = photos[view.name].gimbal_yaw_deg
        top = -view.rotation[1, :2]
        if yaw_deg is not None and float(np.linalg.norm(top)) > 0.5:
            turn = np.radians(yaw_deg)
            ways[number] = 1.0 if top @ [np.sin(turn), np.cos(turn)] >= 0 else -1.0
    return ways
