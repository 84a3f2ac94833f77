"""What a place rests on: every error with its size, how it is shared, and for how long it lasts.

Three kinds of error are told apart, since only some of them average out:

    of the flight   the receiver's and the barometer's offset, how the camera sits in its gimbal, the
                    compass, the focal length, the clock: the same in every frame
    drifting        the receiver's slow wander, the horizon and the heading of the gimbal: alike within a
                    pass and different minutes later, a first-order Gauss-Markov process (Brown and Hwang,
                    Introduction to Random Signals and Applied Kalman Filtering)
    of a frame      the rest, which averages out

An error that lies in the camera's frame turns with the aircraft, and the clock's goes with its velocity: two
passes in opposite directions show them, and their mean is free of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telemetry.pose import Pose

Array = npt.NDArray[np.float64]

SHARED = (
    "east", "north", "up", "boresight_x", "boresight_y", "azimuth", "focal", "lens_x", "lens_y", "clock",
    "drift_east", "drift_north", "tilt_east", "tilt_north", "drift_azimuth",
)  # fmt: skip
"""The errors that sightings share, in the order of a placed spot's columns."""
CLOCK = SHARED.index("clock")
SEAT = slice(SHARED.index("boresight_x"), SHARED.index("boresight_y") + 1)
"""Those by how the camera sits in its gimbal."""
DRIFTING = slice(10, 15)
"""Those of `SHARED` that drift."""
DRIFT_TIME_S = np.array([60.0, 60.0, 60.0, 60.0, 60.0])
"""Time in which each of them forgets itself to 1/e."""
MOVES = (
    "east", "north", "up", "tilt_east", "tilt_north", "azimuth", "boresight_x", "boresight_y", "focal",
    "lens_x", "lens_y", "column", "row",
)  # fmt: skip
"""What is changed one by one to see how far the place moves."""
_MOVED = [
    MOVES.index(name)
    for name in (
        "east", "north", "up", "boresight_x", "boresight_y", "azimuth", "focal", "lens_x", "lens_y",
        "east", "north", "tilt_east", "tilt_north", "azimuth",
    )
]  # fmt: skip
"""Which of `MOVES` each of `SHARED` but the clock moves by."""
_OF_A_MOVE = [number for number in range(len(SHARED)) if number != CLOCK]


@dataclass(frozen=True, slots=True)
class Sigmas:
    """One standard deviation of all that a placing rests on; a pose's own `sigma_*` go before the first two.

    Of the flight: `horizontal_m` of the receiver in each direction, `vertical_m` of the height,
    `boresight_deg` of the camera in its gimbal, `azimuth_deg` of the heading, `focal_pct` of the focal
    length, `decentring` of what the lens bends unknown to us (Brown's p1 and p2), `time_s` of the frames'
    clock against the track's. Drifting: `drift_m` of the receiver, `tilt_deg`
    of the vertical (about each level axis), `turn_deg` of the heading. Of a frame: `shake_deg` of its angles,
    `jitter_s` of its time, `pixel_px` of a coordinate, and `manoeuvre_m_s2`, by which an aircraft may leave
    the straight line between two records. Of a thing: `ground_m` of the ground's height there, and `body_m`
    of the warm part that shows against its middle, in each direction.
    """

    horizontal_m: float = 2.5
    vertical_m: float = 3.0
    boresight_deg: float = 0.6
    azimuth_deg: float = 2.5
    focal_pct: float = 1.0
    decentring: float = 0.008
    time_s: float = 0.1
    drift_m: float = 0.5
    tilt_deg: float = 0.5
    turn_deg: float = 1.0
    shake_deg: float = 0.2
    jitter_s: float = 0.02
    pixel_px: float = 1.5
    manoeuvre_m_s2: float = 2.0
    ground_m: float = 2.0
    body_m: float = 0.3

    @property
    def vertical_deg(self) -> float:
        """The camera's direction against the vertical, all its parts together."""
        return math.sqrt(self.boresight_deg**2 + self.tilt_deg**2 + self.shake_deg**2)

    def moves(self, pose: Pose) -> Array:
        """(13,) by how much each of `MOVES` is changed: metres, radians, of the logarithm, pixels."""
        horizontal = self.horizontal_m if pose.sigma_horizontal_m is None else pose.sigma_horizontal_m
        vertical = self.vertical_m if pose.sigma_vertical_m is None else pose.sigma_vertical_m
        tilt, turn, sight = (
            math.radians(each) for each in (self.tilt_deg, self.azimuth_deg, self.boresight_deg)
        )
        steps = [horizontal, horizontal, vertical, tilt, tilt, turn, sight, sight]
        steps += [self.focal_pct / 100, self.decentring, self.decentring, self.pixel_px, self.pixel_px]
        return np.asarray(np.maximum(steps, [1e-3] * 3 + [1e-5] * 8 + [1e-3] * 2))


def shared_columns(moved: Array, clock: Array, steps: Array, pose: Pose, sigmas: Sigmas) -> Array:
    """(n, 2, 15) metres east and north by one standard deviation of each of `SHARED`.

    `moved` (n, 2, 13) are metres by the `steps` (13,) of `MOVES`, `clock` (n, 2) metres a second.
    """
    horizontal = sigmas.horizontal_m if pose.sigma_horizontal_m is None else pose.sigma_horizontal_m
    vertical = sigmas.vertical_m if pose.sigma_vertical_m is None else pose.sigma_vertical_m
    sight, tilt = math.radians(sigmas.boresight_deg), math.radians(sigmas.tilt_deg)
    by = np.array(
        [
            horizontal, horizontal, vertical, sight, sight, math.radians(sigmas.azimuth_deg),
            sigmas.focal_pct / 100, sigmas.decentring, sigmas.decentring, sigmas.time_s,
            sigmas.drift_m, sigmas.drift_m, tilt, tilt, math.radians(sigmas.turn_deg),
        ]
    )  # fmt: skip
    rate = np.empty((*moved.shape[:-1], len(SHARED)))
    rate[..., _OF_A_MOVE] = (moved / steps)[..., _MOVED]
    rate[..., CLOCK] = clock
    return np.asarray(rate * by)


def shaken_covariance(
    moved: Array, clock: Array, steps: Array, pose: Pose, sigmas: Sigmas, jitter_s: float
) -> Array:
    """(n, 2, 2) square metres of a frame's own error, which all its spots share.

    `moved` and `clock` as in `shared_columns`; where `clock` is NaN the velocity is not known by direction,
    and the clock's whole error counts here.
    """
    shake = (moved / steps)[..., 3:6] * math.radians(sigmas.shake_deg)
    # the farthest a path of bounded acceleration strays from its chord
    strayed_m = sigmas.manoeuvre_m_s2 * pose.gap_s**2 / 8
    own = shake @ np.swapaxes(shake, -1, -2) + strayed_m**2 * np.eye(2)
    any_way = (math.hypot(jitter_s, sigmas.time_s) * pose.speed_m_s) ** 2 * np.eye(2)
    along = jitter_s**2 * clock[..., :, None] * clock[..., None, :]
    return np.asarray(own + np.where(np.isfinite(along), along, any_way))


def pixel_covariance(moved: Array, steps: Array, sigmas: Sigmas) -> Array:
    """(n, 2, 2) square metres of a spot's own error, that of its middle in the picture."""
    pixel = (moved / steps)[..., 11:13] * sigmas.pixel_px
    return np.asarray(pixel @ np.swapaxes(pixel, -1, -2))
