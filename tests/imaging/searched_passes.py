"""Flights of simulated searches: lanes that overlap, one soon after the other, and at times a second sortie.

As flights have them: heights of 40 to 120 m, 3 to 12 m/s, lanes there and back that overlap by 10 to 60 % to
the side and last 20 to 120 s, so that one place is seen again after seconds or after four minutes; one in
three comes back after 10 to 60 minutes at another height, on another course. Only what passes near the origin
is flown: a frame each second or each other one, looking straight down or ahead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.camera import Camera
from missions.search.looks import Viewpoint

Floats = npt.NDArray[np.float64]
SECOND_SORTIE = 0.35
AGAIN_MIN = (10.0, 60.0)
HEIGHT_M, SPEED_M_S, LANE_S, OVERLAP = (40.0, 120.0), (3.0, 12.0), (20.0, 120.0), (0.1, 0.6)
TURN_S = 8.0
BELOW_DEG = (90.0, 90.0, 90.0, 65.0, 45.0)
INTERVAL_S = (1.0, 1.0, 2.0)
_AROUND_M = 15.0
_MOST_ASIDE = 3


@dataclass(frozen=True, slots=True)
class Flown:
    """The frames of a search, `source` of each its sortie, and when each sortie looked right at it (s)."""

    views: tuple[Viewpoint, ...]
    middle_s: tuple[float, ...]


def flown(kind: str, camera: Camera, rng: np.random.Generator) -> Flown:
    """One flight, or two, that go over the origin and what lies around it."""
    views: list[Viewpoint] = []
    middle_s, now_s = [], 0.0
    for sortie in range(1 + int(rng.random() < SECOND_SORTIE)):
        frames, over_s = _sortie(str(sortie), now_s, kind, camera, rng)
        views += frames
        middle_s.append(over_s)
        now_s += 60 * float(rng.uniform(*AGAIN_MIN))
    return Flown(tuple(views), tuple(middle_s))


def _sortie(
    name: str, middle_s: float, kind: str, camera: Camera, rng: np.random.Generator
) -> tuple[list[Viewpoint], float]:
    """The frames, and when the lane that is nearest looks at the origin."""
    height_m, speed = float(rng.uniform(*HEIGHT_M)), float(rng.uniform(*SPEED_M_S))
    below_deg, interval_s = float(rng.choice(BELOW_DEG)), float(rng.choice(INTERVAL_S))
    course, lane_s, part = rng.uniform(0, 2 * np.pi), float(rng.uniform(*LANE_S)), float(rng.random())
    across_m = camera.sensor_width_mm / 2 / camera.focal_length_mm * height_m / math.sin(_rad(below_deg))
    spacing_m = 2 * across_m * (1 - rng.uniform(*OVERLAP))
    first_m = rng.uniform(-0.5, 0.5) * spacing_m
    half_deg = math.degrees(math.atan(camera.sensor_height_mm / 2 / camera.focal_length_mm))
    near_m, far_m = (height_m / math.tan(_rad(below_deg + turn)) for turn in (half_deg, -half_deg))
    aside = np.array([np.cos(course), -np.sin(course)])
    views: list[Viewpoint] = []
    ahead_s = height_m / math.tan(_rad(below_deg)) / speed
    nearest_s = middle_s + part * (lane_s - TURN_S) - ahead_s
    for lane in range(-_MOST_ASIDE, _MOST_ASIDE + 1):
        aside_m = first_m + lane * spacing_m
        if abs(aside_m) > 1.3 * across_m + _AROUND_M:
            continue
        back = lane % 2 == 1
        heading = course + np.pi * back
        over_s = middle_s + lane * lane_s + (1 - part if back else part) * (lane_s - TURN_S)
        step_m = speed * interval_s
        ahead = np.array([np.sin(heading), np.cos(heading)])
        begin_m, end_m = -far_m - _AROUND_M + rng.uniform(0, step_m), _AROUND_M - near_m
        views += [
            Viewpoint(
                name=f"{name}/{lane} {along_m:.1f}",
                time_s=over_s + float(along_m) / speed,
                eye_m=np.array([*(aside * aside_m + ahead * along_m), height_m]),
                ned_from_camera=_looking(heading, _rad(below_deg)),
                camera=camera,
                kind=kind,
                speed_m_s=speed,
                source=name,
            )
            for along_m in np.arange(begin_m, end_m, step_m)
        ]
    return views, nearest_s


def _looking(heading: float, below: float) -> Floats:
    """(3, 3) from a camera's axes, so far below the horizon on a heading, to north, east, down."""
    forward = np.array(
        [np.cos(heading) * np.cos(below), np.sin(heading) * np.cos(below), np.sin(below)], float
    )
    right = np.array([-np.sin(heading), np.cos(heading), 0.0])
    return np.column_stack([right, np.cross(forward, right), forward])


def _rad(degrees: float) -> float:
    return math.radians(degrees)
