"""How near two aircraft come within a time, if both go on as they do."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pass:
    """The closest they come: in how many seconds, metres apart, metres higher (the other one).

    `scaled_m` is the greater of the horizontal distance and the vertical one times `limit / vertical limit`:
    it is below the limit just where both distances are below theirs.
    """

    in_s: float
    horizontal_m: float
    higher_m: float
    scaled_m: float


Vector = tuple[float, float, float]


def closest_pass(
    offset_m: Vector, motion_m_s: Vector, limit_m: float, vertical_m: float, ahead_s: float
) -> Pass:
    """The pass with the least `scaled_m` from now until `ahead_s`.

    `offset_m` and `motion_m_s` are the other's place and motion less ours: east, north, up. Horizontal and
    vertical distance are convex in time, and so is the greater of the two: its least value lies at an end,
    where one of them is least, or where they are equal.
    """
    ratio = limit_m / vertical_m
    times = (min(max(time, 0.0), ahead_s) for time in _candidates(offset_m, motion_m_s, ratio, ahead_s))
    return min((_at(offset_m, motion_m_s, ratio, time) for time in times), key=lambda one: one.scaled_m)


def _at(offset_m: Vector, motion_m_s: Vector, ratio: float, time_s: float) -> Pass:
    east = offset_m[0] + motion_m_s[0] * time_s
    north = offset_m[1] + motion_m_s[1] * time_s
    up = offset_m[2] + motion_m_s[2] * time_s
    horizontal_m = math.hypot(east, north)
    return Pass(time_s, horizontal_m, up, max(horizontal_m, abs(up) * ratio))


def _candidates(offset: Vector, motion: Vector, ratio: float, ahead_s: float) -> list[float]:
    times = [0.0, ahead_s]
    speed_2 = motion[0] ** 2 + motion[1] ** 2
    dot = offset[0] * motion[0] + offset[1] * motion[1]
    if speed_2 > 0:
        times.append(-dot / speed_2)
    if motion[2]:
        times.append(-offset[2] / motion[2])
    # horizontal^2 = (ratio * vertical)^2
    a = speed_2 - (ratio * motion[2]) ** 2
    half_b = dot - ratio**2 * offset[2] * motion[2]
    c = offset[0] ** 2 + offset[1] ** 2 - (ratio * offset[2]) ** 2
    if a == 0:
        return [*times, -c / (2 * half_b)] if half_b else times
    root = half_b**2 - a * c
    if root < 0:
        return times
    return [*times, (-half_b - math.sqrt(root)) / a, (-half_b + math.sqrt(root)) / a]
