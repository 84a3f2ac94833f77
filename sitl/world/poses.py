"""Where the camera was: grids flown over a scene, and moments along a recorded track."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from missions.camera import Camera
from missions.errors import InputError
from sitl.world.world import World
from telemetry.pose import Pose

ACCIDENT_ALONG_M = 6.0


class TrackLike(Protocol):
    """A recording that knows where the aircraft was."""

    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...

    def pose_at(self, time_s: float) -> Pose | None: ...


def poses_every(track: TrackLike, interval_s: float, *, least_relative_m: float = 0.0) -> tuple[Pose, ...]:
    """The track's pose every `interval_s`, left out where it has none or is lower than `least_relative_m`."""
    if not interval_s > 0:
        raise InputError(f"an interval of {interval_s} s is not possible")
    count = math.floor((track.end_s - track.start_s) / interval_s) + 1
    poses = (track.pose_at(track.start_s + number * interval_s) for number in range(count))
    return tuple(pose for pose in poses if pose is not None and pose.height_relative_m >= least_relative_m)


def grid_poses(
    world: World,
    camera: Camera,
    *,
    height_agl_m: float = 35.0,
    overlap_front_pct: float = 75.0,
    overlap_side_pct: float = 65.0,
    width_m: float = 34.0,
    length_m: float = 36.0,
    centre_en_m: tuple[float, float] | None = None,
    heading_deg: float | None = None,
    wobble_deg: float = 1.5,
    pitch_deg: float = -90.0,
    start_time_s: float = 1_780_300_800.0,
    interval_s: float = 2.0,
) -> tuple[Pose, ...]:
    """Lanes there and back over the accident, or over `centre_en_m`, the camera looking down.

    Pictures' middles cover `length_m` along the lanes by `width_m` across them. Lanes run along the road
    unless `heading_deg` is given. `wobble_deg` is one standard deviation of attitude and, in decimetres, of
    position.
    """
    heading = world.layout.road.bearing_deg if heading_deg is None else heading_deg
    centre_e, centre_n = world.layout.road.place(ACCIDENT_ALONG_M, 0) if centre_en_m is None else centre_en_m
    across_m, along_m = camera.footprint_m(height_agl_m)
    rng = np.random.default_rng([world.seed, 17])
    lanes = _spread(width_m, across_m * (1 - overlap_side_pct / 100))
    stops = _spread(length_m, along_m * (1 - overlap_front_pct / 100))
    turn = math.radians(heading)
    poses: list[Pose] = []
    for number, lane_m in enumerate(lanes):
        forth = number % 2 == 0
        for stop_m in stops if forth else stops[::-1]:
            east_m = centre_e + stop_m * math.sin(turn) + lane_m * math.cos(turn)
            north_m = centre_n + stop_m * math.cos(turn) - lane_m * math.sin(turn)
            jitter = rng.normal(0, wobble_deg, 6)
            yaw = (heading + (0 if forth else 180) + jitter[0]) % 360
            up_m = height_agl_m + 0.1 * jitter[3]
            poses.append(
                Pose(
                    time_s=start_time_s + len(poses) * interval_s,
                    place=world.frame.point_from_local(east_m + 0.1 * jitter[4], north_m + 0.1 * jitter[5]),
                    height_amsl_m=world.ground_amsl_m + up_m,
                    height_relative_m=up_m,
                    roll_deg=float(jitter[1]),
                    pitch_deg=float(jitter[2]),
                    yaw_deg=float(yaw),
                    gimbal_pitch_deg=pitch_deg + 0.3 * float(jitter[1]),
                    gimbal_yaw_deg=float(yaw),
                    gimbal_roll_deg=0.3 * float(jitter[2]),
                )
            )
    return tuple(poses)


def _spread(extent_m: float, spacing_m: float) -> list[float]:
    """Places over an extent around 0, evenly and no further apart than `spacing_m`."""
    count = max(1, math.ceil(extent_m / spacing_m - 1e-9) + 1) if extent_m > 0 else 1
    return [float(place) for place in np.linspace(-extent_m / 2, extent_m / 2, count)] if count > 1 else [0.0]
