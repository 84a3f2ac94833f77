"""The ways of a track: seconds and watt seconds from each place to the next, by a copter or a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.energy.motion import legs_between, overlap_s, ramp_s, rest_to_rest_s, top_speed_m_s
from missions.energy.power import power_curve, with_climb_w
from missions.energy.track import Floats, Track
from missions.energy.wind_triangle import speeds
from missions.geodesy import Points
from missions.wind import Wind

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ways:
    """n - 1 ways between n places: metres in plan, seconds, watt seconds, whether the wind stops it."""

    length_m: Floats
    time_s: Floats
    energy_ws: Floats
    stuck: Bools


def ways(aircraft: Aircraft, track: Track, wind: Wind | None) -> Ways:
    """Every way of the track, its circles and waits not counted."""
    vectors = vectors_of(track)
    if not len(vectors):
        nothing = np.zeros(0)
        return Ways(nothing, nothing, nothing, np.zeros(0, bool))
    fly = _plane_ways if aircraft.kind == "plane" else _copter_ways
    return fly(aircraft, track, vectors, wind)


def vectors_of(track: Track) -> Points:
    """East and north from each place to the next: from where its circles end to where the next ones begin."""
    arrive, leave = track.points_m.astype(float), track.points_m.astype(float)
    radius = track.circle_radius_m
    if radius is None:
        return np.asarray(track.points_m[1:] - track.points_m[:-1])
    for row in np.flatnonzero((radius != 0) & (track.circles_m > 0)):
        middle = track.points_m[row]
        came_from = leave[row - 1] if row else middle
        out = came_from - middle
        away_m = float(np.hypot(*out))
        out = out / away_m if away_m > 1e-6 else np.array([0.0, 1.0])
        turned = -track.circles_m[row] / radius[row]
        cos, sin = np.cos(turned), np.sin(turned)
        arrive[row] = middle + abs(radius[row]) * out
        leave[row] = middle + abs(radius[row]) * np.array(
            [out[0] * cos - out[1] * sin, out[0] * sin + out[1] * cos]
        )
    return np.asarray(arrive[1:] - leave[:-1])


def _copter_ways(aircraft: Aircraft, track: Track, vectors: Points, wind: Wind | None) -> Ways:
    run, rise = np.hypot(vectors[:, 0], vectors[:, 1]), np.diff(track.height_m)
    moved = np.flatnonzero(np.hypot(run, rise) > 0)
    time_s, energy, stuck = np.zeros(len(run)), np.zeros(len(run)), np.zeros(len(run), bool)
    if not moved.size:
        return Ways(run, time_s, energy, stuck)
    ahead = vectors[moved] / np.maximum(run[moved], 1e-9)[:, None]
    flown = speeds(aircraft, ahead, track.speed_m_s[:-1][moved], wind)
    legs = legs_between(aircraft, run[moved], rise[moved], flown.ground_m_s)
    top = top_speed_m_s(legs)
    rounded = overlap_s(aircraft, legs, _turns_rad(vectors[moved], rise[moved]), top)
    rounded[_stops(track, moved)] = 0
    shared = np.concatenate([[0], rounded]) + np.concatenate([rounded, [0]])
    took = rest_to_rest_s(legs, top) - shared / 2
    ramp = ramp_s(top, legs.acceleration_m_s2, legs.jerk_m_s3)
    steady = np.minimum(np.maximum(legs.length_m / np.maximum(top, 1e-9) - ramp, 0), took)
    level = top * run[moved] / legs.length_m
    blows = np.zeros(2) if wind is None else np.array(wind.motion_m_s)
    curve = power_curve(aircraft)
    still, half, full = (
        curve.level_w(np.hypot(*(share * level[:, None] * ahead - blows).T)) for share in (0.0, 0.5, 1.0)
    )
    changing = (still + 4 * half + full) / 6
    mean = (steady * full + (took - steady) * changing) / took
    time_s[moved] = took
    energy[moved] = took * with_climb_w(aircraft, mean, rise[moved] / took)
    stuck[moved] = flown.stuck
    return Ways(run, time_s, energy, stuck)


def _turns_rad(vectors: Points, rise: Floats) -> Floats:
    """The angle in space between each leg and the next."""
    full = np.column_stack([vectors, rise])
    full = full / np.hypot(np.hypot(full[:, 0], full[:, 1]), full[:, 2])[:, None]
    cosines = np.clip(np.einsum("ij,ij->i", full[:-1], full[1:]), -1, 1)
    return np.asarray(np.arccos(cosines))


def _stops(track: Track, moved: npt.NDArray[np.intp]) -> Bools:
    """Whether the aircraft halts between one moved leg and the next: it waits or circles there, or flies to
    a circle next, which ArduPilot starts from rest."""
    circles = track.circles_m > 0
    halts = np.cumsum((track.hold_s > 0) | circles | np.append(circles[1:], False))
    return np.asarray(halts[moved[1:]] > halts[moved[:-1]])


def _plane_ways(aircraft: Aircraft, track: Track, vectors: Points, wind: Wind | None) -> Ways:
    run, rise = np.hypot(vectors[:, 0], vectors[:, 1]), np.diff(track.height_m)
    ahead = vectors / np.maximum(run, 1e-9)[:, None]
    airspeed = track.speed_m_s[:-1]
    flown = speeds(aircraft, ahead, airspeed, wind)
    total_m = float(run.sum())
    # what turns add is spread over the way; in a turn the wind comes from all sides
    turns_m = track.extra_m * run / total_m if total_m > 0 else np.zeros_like(run)
    level_s = run / flown.ground_m_s + turns_m / airspeed
    steep_s = (
        np.maximum(rise, 0) / aircraft.climb_speed_m_s + np.maximum(-rise, 0) / aircraft.descent_speed_m_s
    )
    took = np.maximum(level_s, steep_s)
    rate = np.divide(rise, took, out=np.zeros_like(took), where=took > 0)
    watts = with_climb_w(aircraft, power_curve(aircraft).level_w(airspeed), rate)
    return Ways(run, took, took * watts, flown.stuck)
