"""What a route takes: seconds and watt hours, from take-off to landing, place by place.

Time runs from the moment that the aircraft first rises until its motors stop.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from missions.aircraft import Aircraft
from missions.energy.motion import legs_between, overlap_s, ramp_s, rest_to_rest_s
from missions.energy.power import power_curve, usable_wh, with_climb_w
from missions.energy.track import Effort, Floats, Track
from missions.energy.ways import ways
from missions.wind import Wind

CIRCLE_RATE_DEG_S = 20.0
"""ArduPilot Copter's default CIRCLE_RATE: no circle is flown faster."""
CIRCLE_SHARE = 0.5
"""Of the acceleration, kept for the pull to the middle of a circle (ArduPilot's AC_Circle)."""
CIRCLE_LAG = 0.95
"""Of that speed, reached by ArduPilot 4.5.4 in SITL on circles of 15 and 30 m."""


def effort(
    aircraft: Aircraft,
    track: Track,
    wind: Wind | None = None,
    *,
    payload_kg: float | None = None,
    battery_health_pct: float | None = None,
) -> Effort:
    """What it takes to climb to the first place, fly the track and land from the last.

    `payload_kg` and `battery_health_pct` stand over those of the aircraft. Raises SettingsError for a payload
    that cannot be carried.
    """
    aircraft = _as_flown(aircraft, payload_kg, battery_health_pct)
    flown = ways(aircraft, track, wind)
    rest_w = hover_w(aircraft, wind)
    waited_s = track.hold_s + circles_s(aircraft, track)
    up_s, up_wh = climb(aircraft, float(track.height_m[0]), wind, under_way_s=flown.time_s[:1].sum())
    down_s, down_wh = descent(aircraft, track.height_m[-1:], wind)
    at_s = up_s + np.cumsum(waited_s + np.concatenate([[0.0], flown.time_s]))
    spent_ws = rest_w * track.hold_s + circles_w(aircraft, track, wind) * (waited_s - track.hold_s)
    at_wh = up_wh + np.cumsum(spent_ws + np.concatenate([[0.0], flown.energy_ws])) / 3600
    energy_wh = float(at_wh[-1] + down_wh[0])
    return Effort(
        length_m=float(flown.length_m.sum()) + track.extra_m + float(track.circles_m.sum()),
        duration_s=float(at_s[-1] + down_s[0]),
        energy_wh=energy_wh,
        battery_pct=100 * energy_wh / usable_wh(aircraft),
        at_s=at_s,
        at_wh=at_wh,
        against_wind_m=float(flown.length_m[flown.stuck].sum()),
        landing_s=float(down_s[0]),
        landing_wh=float(down_wh[0]),
    )


def hover_w(aircraft: Aircraft, wind: Wind | None) -> float:
    """Power on the spot, in the wind; what a plane takes for a wait is that of its cruise."""
    speed = aircraft.cruise_speed_m_s if aircraft.kind == "plane" else (wind.speed_m_s if wind else 0.0)
    return float(power_curve(aircraft).level_w(speed))


def climb(
    aircraft: Aircraft, height_m: float, wind: Wind | None, under_way_s: float = 0.0
) -> tuple[float, float]:
    """Seconds and watt hours that getting up to the first leg adds.

    A copter climbs straight up, from rest to rest. A plane that climbs in circles above home flies half a
    circle more, on average, until it points to its first leg. Lower, a plane climbs on its way: what adds to
    the `under_way_s` of its first leg is the rest of the climb, and the power of all of it.
    """
    rest_w = hover_w(aircraft, wind)
    plane = aircraft.kind == "plane"
    if plane:
        rising_s = height_m / aircraft.climb_speed_m_s
    else:
        straight_up = legs_between(aircraft, np.zeros(1), np.array([height_m]), np.ones(1))
        rising_s = float(rest_to_rest_s(straight_up)[0])
    rate = np.array([height_m / rising_s if rising_s > 0 else 0.0])
    rising_w = float(with_climb_w(aircraft, np.array([rest_w]), rate)[0])
    circles = aircraft.circles_up(height_m)
    radius_m = aircraft.ground_radius_m(wind.speed_m_s if wind else 0.0) if circles else 0.0
    shared_s = min(under_way_s, rising_s) if plane and not circles else 0.0
    level_s = aircraft.take_off_s + np.pi * radius_m / aircraft.cruise_speed_m_s - shared_s
    energy_ws = rising_w * rising_s + rest_w * level_s
    return float(rising_s + level_s), float(energy_ws) / 3600 + aircraft.take_off_wh


def descent(aircraft: Aircraft, height_m: Floats, wind: Wind | None) -> tuple[Floats, Floats]:
    """Seconds and watt hours (n,) from above the landing place until the motors stop, from each height."""
    rest_w = hover_w(aircraft, wind)
    slow_m_s = aircraft.landing_speed_m_s or aircraft.descent_speed_m_s
    low_m = np.clip(height_m, 0, aircraft.landing_height_m)
    high_s = (np.maximum(height_m, 0) - low_m) / aircraft.descent_speed_m_s
    low_s = low_m / slow_m_s
    sinking_s = high_s + low_s
    rate = -np.divide(np.maximum(height_m, 0), sinking_s, out=np.zeros_like(sinking_s), where=sinking_s > 0)
    sinking_w = with_climb_w(aircraft, np.full_like(sinking_s, rest_w), rate)
    return sinking_s + aircraft.landing_s, (sinking_w * sinking_s + rest_w * aircraft.landing_s) / 3600


def circles_s(aircraft: Aircraft, track: Track) -> Floats:
    """Seconds flown in circles at each place. A copter's circle is as fast as its radius allows."""
    lag = 1.0 if aircraft.kind == "plane" else CIRCLE_LAG
    return np.asarray(track.circles_m / (lag * _circle_speed_m_s(aircraft, track)))


def circles_w(aircraft: Aircraft, track: Track, wind: Wind | None) -> Floats:
    """Power in the circles at each place, the wind from all sides in turn."""
    speed = _circle_speed_m_s(aircraft, track)
    blown = wind.speed_m_s if wind and aircraft.kind != "plane" else 0.0
    return power_curve(aircraft).level_w(np.hypot(speed, blown))


def _circle_speed_m_s(aircraft: Aircraft, track: Track) -> Floats:
    radius = track.circle_radius_m
    if radius is None or aircraft.kind == "plane":
        return track.speed_m_s
    metres = np.where(radius == 0, np.inf, np.abs(radius))
    pulled = np.sqrt(CIRCLE_SHARE * aircraft.acceleration_m_s2 * metres)
    return np.asarray(np.minimum(track.speed_m_s, np.minimum(pulled, np.radians(CIRCLE_RATE_DEG_S) * metres)))


def turn_s(aircraft: Aircraft) -> float:
    """Seconds that one full turn on the spot costs, out of cruise and back into it."""
    return corner_s(aircraft, 180.0)


def corner_s(aircraft: Aircraft, turn_deg: float) -> float:
    """Seconds that a corner costs a copter between two long legs; 0 for a plane, which flies its turns."""
    if aircraft.kind == "plane":
        return 0.0
    speed = aircraft.cruise_speed_m_s
    legs = legs_between(aircraft, np.full(2, 1e6), np.zeros(2), np.full(2, speed))
    rounded = overlap_s(aircraft, legs, np.radians([turn_deg]))
    return float(ramp_s(speed, aircraft.acceleration_m_s2, aircraft.jerk_m_s3) - rounded[0])


def _as_flown(aircraft: Aircraft, payload_kg: float | None, battery_health_pct: float | None) -> Aircraft:
    if payload_kg is not None:
        aircraft = dataclasses.replace(aircraft, payload_kg=payload_kg)
    if battery_health_pct is not None:
        aircraft = dataclasses.replace(aircraft, battery_health_pct=battery_health_pct)
    return aircraft
