"""A copter's power curve from steady flight: hover, cruise, and the shape between where speeds differed."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from missions.aircraft import Aircraft
from missions.energy.power import blade_factor, lift_factor
from missions.energy.track import Floats
from missions.flight_phases import STEP_S, Bools, Phases, mean_of

APART_M_S = 3.0
"""Two airspeeds tell nothing about the shape between them unless they differ by this."""
BIN_M_S = 1.0
LEAST_BIN_S = 5.0
MOST_SCATTER = 0.025
INDUCED_M_S = np.arange(2.0, 12.1, 0.5)
_Row = tuple[str, float, float, float]


def fit_level(phases: Phases, aircraft: Aircraft, least_s: float) -> tuple[list[_Row], list[str]]:
    """Rows of field, value, standard error and seconds; and what is missing, in words."""
    rows: list[_Row] = []
    missing: list[str] = []
    hover, level = phases.hover, phases.level
    hover_s, level_s = (float(mask.sum() * STEP_S) for mask in (hover, level))
    if hover_s >= least_s:
        rows.append(("hover_power_w", *mean_of(phases.watts[hover]), hover_s))
    else:
        missing.append(f"hover: {hover_s:.1f} s were still and steady, {least_s:.0f} s are needed")
    if level_s < least_s:
        missing.append(f"cruise: {level_s:.1f} s were level and steady, {least_s:.0f} s are needed")
        return rows, missing
    speeds, watts, weights = _bins(phases, hover | level)
    apart = speeds[None, :] - speeds[:, None]
    if not rows or len(speeds) < 3 or np.abs(apart).max() < 2 * APART_M_S:
        missing.append("the shape of the power curve: too few airspeeds were flown steadily")
        return [*rows, *_one_speed(phases, level)], missing
    if (scatter := _scatter(phases, hover | level)) > MOST_SCATTER:
        missing.append(
            f"the shape of the power curve: at one speed the power differs by {100 * scatter:.0f} %; was"
            " there wind that the recording does not know?"
        )
        return [*rows, *_one_speed(phases, level)], missing
    return [*rows, *_curve(phases, aircraft, (speeds, watts, weights), level_s)], missing


def _one_speed(phases: Phases, level: Bools) -> list[_Row]:
    """The speed flown most, and the power at it."""
    airspeed = phases.airspeed_m_s
    counts, edges = np.histogram(airspeed[level], bins=np.arange(0, airspeed[level].max() + 2, BIN_M_S))
    middle = edges[int(np.argmax(counts))] + BIN_M_S / 2
    near = level & (np.abs(airspeed - middle) <= BIN_M_S)
    seconds = float(near.sum() * STEP_S)
    return [
        ("cruise_speed_m_s", *mean_of(airspeed[near]), seconds),
        ("cruise_power_w", *mean_of(phases.watts[near]), seconds),
    ]


def _scatter(phases: Phases, mask: Bools) -> float:
    """How much steady power differs at one airspeed, as a share of its mean: root mean square."""
    numbers = np.floor(phases.airspeed_m_s / BIN_M_S + 0.5)
    watts = phases.watts
    apart = [watts[mask & (numbers == one)] for one in np.unique(numbers[mask])]
    squares = np.concatenate([np.square(part - part.mean()) for part in apart])
    return float(np.sqrt(squares.mean()) / watts[mask].mean())


def _bins(phases: Phases, mask: Bools) -> tuple[Floats, Floats, Floats]:
    """Mean airspeed, power and seconds of every metre a second that was flown long enough."""
    numbers = np.floor(phases.airspeed_m_s / BIN_M_S + 0.5)
    rows = []
    for number in np.unique(numbers[mask]):
        inside = mask & (numbers == number)
        if inside.sum() * STEP_S >= LEAST_BIN_S:
            rows.append((phases.airspeed_m_s[inside].mean(), phases.watts[inside].mean(), inside.sum()))
    table = np.array(rows, float).reshape(-1, 3)
    return table[:, 0], table[:, 1], np.sqrt(table[:, 2])


def _curve(
    phases: Phases, aircraft: Aircraft, bins: tuple[Floats, Floats, Floats], level_s: float
) -> list[_Row]:
    """Blades, lift and drag, none below zero, with the induced speed that fits best."""
    speeds, watts, weights = bins

    def columns(airspeed: Floats, induced_m_s: float) -> Floats:
        return np.column_stack(
            [blade_factor(airspeed), lift_factor(airspeed, induced_m_s), np.asarray(airspeed) ** 3]
        )

    def fitted(induced_m_s: float) -> tuple[Floats, float]:
        parts, apart = nnls(columns(speeds, induced_m_s) * weights[:, None], watts * weights)
        return parts, float(apart)

    # where two fit alike the one nearer to the aircraft's own is taken
    tried = sorted(INDUCED_M_S, key=lambda one: abs(one - aircraft.induced_speed_m_s))
    induced_m_s = min(tried, key=lambda one: round(fitted(one)[1], 6))
    parts, _ = fitted(induced_m_s)
    level = phases.level
    cruise = aircraft.cruise_speed_m_s
    if not speeds.min() - 1 <= cruise <= speeds.max() + 1:
        cruise = float(np.median(phases.airspeed_m_s[level]))
    at_cruise = float((columns(np.array([cruise]), induced_m_s) @ parts)[0])
    left = phases.watts[level] - columns(phases.airspeed_m_s[level], induced_m_s) @ parts
    _, sigma = mean_of(left)
    share = float(parts[0] / (parts[0] + parts[1]))
    return [
        ("cruise_speed_m_s", cruise, 0.0, level_s),
        ("cruise_power_w", at_cruise, sigma, level_s),
        ("profile_share", share, float("nan"), level_s),
        ("induced_speed_m_s", float(induced_m_s), float("nan"), level_s),
    ]
