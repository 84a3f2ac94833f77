"""From a flown flight to an aircraft's figures, how sure each is, and what the flight cannot tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from missions.aircraft import Aircraft
from missions.energy.power import power_curve, usable_wh, with_climb_w
from missions.errors import InputError
from missions.flight_phases import BLOCK_STEPS, STEP_S, Bools, Phases, mean_of, phases_of_all
from missions.flight_samples import FlightSamples
from missions.power_fit import fit_level

LEAST_S = 10.0
"""A figure rests on at least this much steady flight."""
LEAST_CLIMB_S = 5.0
LEAST_PCT = 5.0
GAUGE_PCT = 20.0
_ROUNDING_PCT = 0.41
"""Standard error of a difference of two whole percentages."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: the name of the Aircraft's field, its value, one standard error, and the seconds of steady
    flight that it rests on."""

    field: str
    value: float
    sigma: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a flight tells. `aircraft` is the one given, with the measured figures in it.

    `missing` says in words what the flight cannot tell, `notes` what else was seen. `energy_wh` is what the
    battery gave, `modelled_wh` what the calibrated model says of the same flight moment by moment, and
    `residual_w` their root mean square difference over five seconds; all three are NaN without a measured
    power.
    """

    aircraft: Aircraft
    measured: tuple[Measured, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float
    energy_wh: float
    modelled_wh: float
    residual_w: float


def calibrate(flights: Sequence[FlightSamples], aircraft: Aircraft) -> Calibration:
    """What one or more flights tell about an aircraft. Raises InputError where they are of another kind."""
    for flight in flights:
        if flight.kind != aircraft.kind:
            raise InputError(
                f"the flight is that of a {flight.kind}, and {aircraft.name} is a {aircraft.kind}",
                remedy="Name the aircraft that flew",
            )
    phases = phases_of_all(flights)
    if np.isfinite(phases.watts).mean() < 0.5:
        return _from_percentages(flights, aircraft, phases)
    fit = _plane if aircraft.kind == "plane" else _copter
    measured, missing = fit(phases, aircraft)
    found = with_figures(aircraft, measured)
    watts, modelled = phases.watts, _modelled_w(phases, found)
    known = np.isfinite(watts) & np.isfinite(modelled)
    apart = (watts - modelled)[known]
    blocks = np.array([block.mean() for block in np.array_split(apart, max(len(apart) // BLOCK_STEPS, 1))])
    return Calibration(
        aircraft=found,
        measured=tuple(measured),
        missing=tuple(missing),
        notes=tuple(_notes(flights, aircraft)),
        seconds=_seconds(flights),
        energy_wh=float(watts[known].sum() * STEP_S / 3600),
        modelled_wh=float(modelled[known].sum() * STEP_S / 3600),
        residual_w=float(np.sqrt(np.mean(blocks**2))),
    )


def _copter(phases: Phases, aircraft: Aircraft) -> tuple[list[Measured], list[str]]:
    fitted, missing = fit_level(phases, aircraft, LEAST_S)
    rows = [Measured(*each) for each in fitted]
    for name, mask, sign in (("climb", phases.climb, 1), ("descent", phases.descent, -1)):
        fast = mask & (sign * phases.climb_m_s > 0.9 * _fastest(sign * phases.climb_m_s, mask))
        seconds = float(fast.sum() * STEP_S)
        if seconds < LEAST_CLIMB_S:
            missing.append(f"{name}: {seconds:.1f} s of it were steady, {LEAST_CLIMB_S:.0f} s are needed")
            continue
        rate, rate_sigma = mean_of(sign * phases.climb_m_s[fast])
        power, sigma = mean_of(phases.watts[fast])
        rows.append(Measured(f"{name}_speed_m_s", rate, rate_sigma, seconds))
        rows.append(Measured(f"{name}_power_w", power, sigma, seconds))
    return rows, missing


def with_figures(aircraft: Aircraft, measured: Iterable[Measured]) -> Aircraft:
    """The aircraft with these figures instead of its own."""
    figures: dict[str, Any] = {each.field: each.value for each in measured}
    return dataclasses.replace(aircraft, **figures)


def _fastest(rates: np.typing.NDArray[np.float64], mask: Bools) -> float:
    return float(np.percentile(rates[mask], 90)) if mask.any() else 0.0


def _plane(phases: Phases, aircraft: Aircraft) -> tuple[list[Measured], list[str]]:
    level = phases.level
    seconds = float(level.sum() * STEP_S)
    if seconds < LEAST_S:
        told = f"cruise: {seconds:.0f} s were level and steady, {LEAST_S:.0f} s are needed"
        return [], [told, "climb and descent: they are told against level flight"]
    speed, speed_sigma = mean_of(phases.airspeed_m_s[level])
    power, sigma = mean_of(phases.watts[level])
    rows = [
        Measured("cruise_speed_m_s", speed, speed_sigma, seconds),
        Measured("cruise_power_w", power, sigma, seconds),
        Measured("hover_power_w", power, sigma, seconds),
    ]
    missing: list[str] = []
    for name, mask in (("climb", phases.climb), ("descent", phases.descent)):
        took = float(mask.sum() * STEP_S)
        if took < LEAST_S:
            missing.append(f"{name}: {took:.1f} s of it were steady, {LEAST_S:.0f} s are needed")
            continue
        # watts for each metre a second, carried to the aircraft's own rate
        rate = float(getattr(aircraft, f"{name}_speed_m_s"))
        slope, slope_sigma = mean_of((phases.watts[mask] - power) / np.abs(phases.climb_m_s[mask]))
        value = max(power + slope * rate, 0.1 * power)
        rows.append(Measured(f"{name}_power_w", value, float(np.hypot(sigma, slope_sigma * rate)), took))
    return rows, missing


def _from_percentages(flights: Sequence[FlightSamples], aircraft: Aircraft, phases: Phases) -> Calibration:
    """Without a current sensor: all powers are scaled alike, by what the battery's gauge lost."""
    seconds = _seconds(flights)
    missing = ["power from moment to moment: the recording holds no current, so nothing can be told apart"]
    measured: list[Measured] = []
    lost_pct = sum(map(_lost_pct, flights))
    expected = _modelled_w(phases, aircraft)
    expected_wh = float(np.nansum(expected) * STEP_S / 3600)
    if lost_pct >= LEAST_PCT and expected_wh > 0:
        factor = lost_pct / 100 * usable_wh(aircraft) / expected_wh
        names = ("hover_power_w", "cruise_power_w", "climb_power_w", "descent_power_w")
        values = {name: factor * getattr(aircraft, name) for name in names}
        off = _ROUNDING_PCT / lost_pct
        measured = [Measured(name, value, value * off, seconds) for name, value in values.items() if value]
    else:
        missing.append(f"mean power: the gauge lost {lost_pct:.0f} %, {LEAST_PCT:.0f} % are needed")
    return Calibration(
        aircraft=with_figures(aircraft, measured),
        measured=tuple(measured),
        missing=tuple(missing),
        notes=(f"the battery is taken to hold {usable_wh(aircraft):.0f} Wh",) if measured else (),
        seconds=seconds,
        energy_wh=float("nan"),
        modelled_wh=float("nan"),
        residual_w=float("nan"),
    )


def _lost_pct(samples: FlightSamples) -> float:
    # a gauge at 0 tells nothing more
    left = samples.remaining_pct[samples.remaining_pct > 0]
    return float(left[0] - left[-1]) if left.size else 0.0


def _modelled_w(phases: Phases, aircraft: Aircraft) -> np.typing.NDArray[np.float64]:
    airspeed = phases.airspeed_m_s if not phases.plane else np.maximum(phases.airspeed_m_s, 5.0)
    return with_climb_w(aircraft, power_curve(aircraft).level_w(airspeed), phases.climb_m_s)


def _seconds(flights: Sequence[FlightSamples]) -> float:
    return float(sum(flight.time_s[-1] - flight.time_s[0] for flight in flights))


def _notes(flights: Sequence[FlightSamples], aircraft: Aircraft) -> list[str]:
    notes = []
    if not all(flight.wind_known for flight in flights):
        notes.append("no wind is in the recording: speeds are over the ground, as if it was calm")
    lost_pct = sum(map(_lost_pct, flights))
    if lost_pct >= GAUGE_PCT:
        given_wh = sum(flight.taken(flight.remaining_pct > 0).energy_wh for flight in flights)
        full_wh = 100 * given_wh / lost_pct
        sigma = full_wh * _ROUNDING_PCT * np.sqrt(len(flights)) / lost_pct
        notes.append(
            f"by its own gauge a full battery holds {full_wh:.1f} ± {sigma:.1f} Wh;"
            f" {usable_wh(aircraft):.1f} Wh stand in the catalogue and were kept"
        )
    return notes
