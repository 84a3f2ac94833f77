"""How a copter flies a leg: speeding up, cruising, braking, and rounding the corner into the next.

Acceleration is reached at a bounded jerk, which itself is reached within JERK_RISE_S: the S-curves that
ArduPilot flies since 4.1 (ardupilot.org/copter/docs/parameters.html: WPNAV_ACCEL, WPNAV_JERK,
WPNAV_ACCEL_Z). From rest to a speed v it takes

    v / a + a / j + r seconds    and half of v times that in metres,

a the highest acceleration, less where the leg is too short for it, j the jerk, r JERK_RISE_S. Each leg
goes from rest to rest; at a waypoint that is flown through, the next leg starts before the last is over: so
early that half way through the overlap the aircraft is still within `corner_m` of the waypoint, no
faster than the slower leg, its acceleration within CORNER_ACCELERATION of a leg's, and neither leg is
less than half of it to itself. At a corner of angle t (0 straight on) that place is 2 sin(t/2) times the
distance covered since the leg's start, and speed and acceleration follow likewise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.energy.track import Floats

JERK_RISE_S = 0.3
"""Twice ArduPilot Copter's default ATC_INPUT_TC of 0.15 s."""
CORNER_ACCELERATION = 2.0
"""Times the acceleration along a leg; ArduPilot Copter's default WPNAV_ACCEL_C of 0 means that."""
_NEWTON_STEPS = 6


@dataclass(frozen=True, slots=True)
class Legs:
    """n legs: length (m), highest speed, acceleration (both along the leg), jerk."""

    length_m: Floats
    speed_m_s: Floats
    acceleration_m_s2: Floats
    jerk_m_s3: float


def legs_between(aircraft: Aircraft, run_m: Floats, rise_m: Floats, speed_m_s: Floats) -> Legs:
    """Legs that go `run_m` along the ground at this speed and rise or sink by `rise_m`.

    Along a slope neither the level nor the vertical limit is exceeded.
    """
    length = np.hypot(run_m, rise_m)
    safe = np.where(length > 0, length, 1.0)
    level, steep = np.maximum(run_m / safe, 1e-9), np.maximum(np.abs(rise_m) / safe, 1e-9)
    rate = np.where(rise_m >= 0, aircraft.climb_speed_m_s, aircraft.descent_speed_m_s)
    return Legs(
        length_m=length,
        speed_m_s=np.minimum(speed_m_s / level, rate / steep),
        acceleration_m_s2=np.minimum(
            aircraft.acceleration_m_s2 / level, aircraft.vertical_acceleration_m_s2 / steep
        ),
        jerk_m_s3=aircraft.jerk_m_s3,
    )


def ramp_s(speed_m_s: npt.ArrayLike, acceleration_m_s2: npt.ArrayLike, jerk_m_s3: float) -> Floats:
    """Seconds from rest to each speed, at these limits."""
    speed, limit = np.asarray(speed_m_s, float), np.asarray(acceleration_m_s2, float)
    # the acceleration that is just reached: a (a / j + r) = v, or 2 r a = v where the jerk is not reached
    peak = jerk_m_s3 / 2 * (np.sqrt(JERK_RISE_S**2 + 4 * speed / jerk_m_s3) - JERK_RISE_S)
    rise = np.maximum(np.minimum(peak, limit) / jerk_m_s3, JERK_RISE_S) + JERK_RISE_S
    return np.asarray(np.where(peak < limit, 2 * rise, speed / limit + rise))


def top_speed_m_s(legs: Legs) -> Floats:
    """The highest speed that each leg reaches from rest to rest: that times the ramp is its length."""
    length, limit, jerk = legs.length_m, legs.acceleration_m_s2, legs.jerk_m_s3
    rise = limit / jerk + JERK_RISE_S
    full = limit / 2 * (np.sqrt(rise**2 + 4 * length / limit) - rise)
    # a shorter leg never reaches its acceleration: with x = a / j + r it is 2 j (x - r) x^2 long
    x = np.cbrt(length / (2 * jerk)) + JERK_RISE_S
    for _ in range(_NEWTON_STEPS):
        x = x - (x**3 - JERK_RISE_S * x**2 - length / (2 * jerk)) / (3 * x**2 - 2 * JERK_RISE_S * x)
    short = np.minimum(jerk * (x - JERK_RISE_S) * x, length / (4 * JERK_RISE_S))
    return np.asarray(np.minimum(np.where(full >= limit * rise, full, short), legs.speed_m_s))


def rest_to_rest_s(legs: Legs, top_m_s: Floats | None = None) -> Floats:
    """Seconds that each leg takes from standstill to standstill; 0 for one of no length.

    `top_m_s` are the legs' top speeds where they are known already.
    """
    top = top_speed_m_s(legs) if top_m_s is None else top_m_s
    ramp = ramp_s(top, legs.acceleration_m_s2, legs.jerk_m_s3)
    return np.asarray(np.where(legs.length_m > 0, ramp + legs.length_m / np.maximum(top, 1e-9), 0.0))


def overlap_s(aircraft: Aircraft, legs: Legs, turn_rad: Floats, top_m_s: Floats | None = None) -> Floats:
    """Seconds by which each of the n - 1 corners makes two legs shorter than from rest to rest.

    `turn_rad` (n - 1,) is the angle between a leg's direction and the next's, 0 straight on; `top_m_s` are
    the legs' top speeds where they are known already.
    """
    top = top_speed_m_s(legs) if top_m_s is None else top_m_s
    whole = rest_to_rest_s(legs, top)
    slower = np.minimum(top[:-1], top[1:])
    limit = np.minimum(legs.acceleration_m_s2[:-1], legs.acceleration_m_s2[1:])
    most = np.minimum(ramp_s(slower, limit, legs.jerk_m_s3), np.minimum(whole[:-1], whole[1:]) / 2) / 2
    apart = np.maximum(2 * np.sin(turn_rad / 2), 1e-9)
    along = np.maximum(2 * np.cos(turn_rad / 2), 1e-9)
    near = _until_distance_s(aircraft.corner_m / apart, limit, legs.jerk_m_s3)
    slow = _until_speed_s(slower / along, limit, legs.jerk_m_s3)
    pulled = CORNER_ACCELERATION * aircraft.acceleration_m_s2 / apart
    gentle = np.where(pulled >= limit, np.inf, JERK_RISE_S / 2 + pulled / legs.jerk_m_s3)
    return np.asarray(2 * np.minimum(np.minimum(most, near), np.minimum(slow, gentle)))


def _until_distance_s(distance_m: Floats, limit: Floats, jerk_m_s3: float) -> Floats:
    """Seconds from standstill until this distance is covered, while the speed still grows."""
    rising = limit / jerk_m_s3
    covered, speed = jerk_m_s3 * rising**3 / 6, jerk_m_s3 * rising**2 / 2
    early = np.cbrt(6 * distance_m / jerk_m_s3)
    rest = np.maximum(distance_m - covered, 0)
    late = rising + (np.sqrt(speed**2 + 2 * limit * rest) - speed) / limit
    return np.asarray(JERK_RISE_S / 2 + np.where(distance_m <= covered, early, late))


def _until_speed_s(speed_m_s: Floats, limit: Floats, jerk_m_s3: float) -> Floats:
    """Seconds from standstill until this speed."""
    rising = limit / jerk_m_s3
    reached = jerk_m_s3 * rising**2 / 2
    early = np.sqrt(2 * speed_m_s / jerk_m_s3)
    late = rising + (speed_m_s - reached) / limit
    return np.asarray(JERK_RISE_S / 2 + np.where(speed_m_s <= reached, early, late))
