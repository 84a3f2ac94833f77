"""Figures measured from flights whose truth is known."""

import dataclasses

import numpy as np
import pytest

from missions.aircraft import Aircraft
from missions.calibrate import Calibration, calibrate
from missions.catalogue import aircraft
from missions.energy.power import power_curve, with_climb_w
from missions.errors import InputError
from missions.flight_samples import FlightSamples

TRUTH = dataclasses.replace(
    aircraft("ardupilot-copter"),
    hover_power_w=300.0,
    cruise_power_w=260.0,
    climb_speed_m_s=3.0,
    climb_power_w=380.0,
    descent_speed_m_s=2.0,
    descent_power_w=270.0,
    profile_share=0.4,
    induced_speed_m_s=5.0,
)
GUESS = dataclasses.replace(aircraft("ardupilot-copter"), induced_speed_m_s=6.0)
PLANE = aircraft("ardupilot-plane")
HOVER, OUT, UP, DOWN = (0.0, 0.0), (10.0, 0.0), (0.0, 3.0), (0.0, -2.0)
WHOLE = [(UP, 30.0), (HOVER, 40), (OUT, 60), ((4.0, 0.0), 60), ((14.0, 0.0), 60), (DOWN, 40)]
Parts = list[tuple[tuple[float, float], float]]


def flight(
    parts: Parts,
    truth: Aircraft = TRUTH,
    *,
    noise_w: float = 8.0,
    wind_m_s: tuple[float, float] | None = (0.0, 0.0),
    battery_wh: float = 100.0,
    current: bool = True,
    gauge: bool = True,
    seed: int = 1,
) -> FlightSamples:
    """A flight at 5 Hz of parts: speed east, speed up, and seconds of each; a wind of None is not known."""
    step_s = 0.2
    speed = np.concatenate([np.tile(part, (round(seconds / step_s), 1)) for part, seconds in parts])
    count = len(speed)
    blowing = np.array(wind_m_s if wind_m_s is not None else (0.0, 0.0))
    airspeed = np.hypot(speed[:, 0] - blowing[0], blowing[1])
    watts = with_climb_w(truth, power_curve(truth).level_w(airspeed), speed[:, 1])
    watts = watts + np.random.default_rng(seed).normal(0, noise_w, count)
    used_wh = np.cumsum(watts) * step_s / 3600
    unknown = np.full(count, np.nan)
    return FlightSamples(
        kind=truth.kind,
        time_s=np.arange(count) * step_s,
        lonlat_deg=np.zeros((count, 2)),
        height_relative_m=20 + np.cumsum(speed[:, 1]) * step_s,
        velocity_m_s=np.column_stack([speed[:, 0], np.zeros(count), speed[:, 1]]),
        volts=np.full(count, 20.0),
        amps=watts / 20.0 if current else unknown,
        remaining_pct=np.ceil(np.maximum(100 - 100 * used_wh / battery_wh, 0)) if gauge else unknown,
        wind_m_s=np.tile(blowing, (count, 1)) if wind_m_s is not None else np.full((count, 2), np.nan),
    )


def found(calibration: Calibration, field: str) -> tuple[float, float]:
    each = next(one for one in calibration.measured if one.field == field)
    return each.value, each.sigma


def test_a_whole_flight_gives_every_figure_within_its_uncertainty() -> None:
    told = calibrate([flight(WHOLE)], GUESS)
    assert told.missing == ()
    for field in ("hover_power_w", "cruise_power_w", "climb_power_w", "descent_power_w"):
        value, sigma = found(told, field)
        assert 0 < sigma < 5, field
        assert value == pytest.approx(getattr(TRUTH, field), abs=4 * sigma + 1), field
    assert found(told, "climb_speed_m_s")[0] == pytest.approx(3.0, rel=0.03)
    assert told.aircraft.cruise_speed_m_s == 10.0
    assert told.modelled_wh == pytest.approx(told.energy_wh, rel=0.02)


def test_the_shape_of_the_curve_is_found_between_the_speeds_flown() -> None:
    told = calibrate([flight(WHOLE, noise_w=1.0)], GUESS)
    between = np.array([6.0, 8.0, 12.0])
    want = power_curve(TRUTH).level_w(between)
    assert power_curve(told.aircraft).level_w(between) == pytest.approx(want, rel=0.03)


def test_more_flights_are_surer() -> None:
    one = calibrate([flight(WHOLE)], GUESS)
    four = calibrate([flight(WHOLE, seed=seed) for seed in range(4)], GUESS)
    assert found(four, "hover_power_w")[1] < found(one, "hover_power_w")[1]
    assert four.seconds == pytest.approx(4 * one.seconds, rel=0.01)


def test_what_was_not_flown_is_said_and_kept_as_it_was() -> None:
    told = calibrate([flight([(UP, 30), (OUT, 90)])], GUESS)
    assert [text.split(":")[0] for text in told.missing] == [
        "hover",
        "the shape of the power curve",
        "descent",
    ]
    assert told.aircraft.hover_power_w == GUESS.hover_power_w
    assert told.aircraft.descent_power_w == GUESS.descent_power_w
    assert found(told, "cruise_power_w")[0] == pytest.approx(260, abs=5)


def test_a_known_wind_is_taken_out_of_the_speeds() -> None:
    drifting: Parts = [((-5.0, 0.0), 40), (HOVER, 40), (OUT, 60), ((-15.0, 0.0), 60)]
    told = calibrate([flight(drifting, wind_m_s=(-5.0, 0.0), noise_w=2.0)], GUESS)
    assert found(told, "hover_power_w")[0] == pytest.approx(300, abs=3)
    airspeeds = np.array([5.0, 10.0, 15.0])
    want = power_curve(TRUTH).level_w(airspeeds)
    assert power_curve(told.aircraft).level_w(airspeeds) == pytest.approx(want, rel=0.03)


def test_a_wind_that_nobody_knew_is_suspected_and_no_shape_is_made_of_it() -> None:
    windy = flight([(HOVER, 40), (OUT, 60), ((-10.0, 0.0), 60), ((4.0, 0.0), 60)], wind_m_s=(-8.0, 0.0))
    unknown = dataclasses.replace(windy, wind_m_s=np.full_like(windy.wind_m_s, np.nan))
    told = calibrate([unknown], GUESS)
    assert any("was there wind" in text for text in told.missing)
    assert any("as if it was calm" in note for note in told.notes)
    assert told.aircraft.profile_share == GUESS.profile_share


def test_without_a_current_sensor_all_powers_are_scaled_by_the_gauge() -> None:
    truth = dataclasses.replace(
        GUESS, **{name: 1.5 * getattr(GUESS, name) for name in ("hover_power_w", "cruise_power_w")}
    )
    truth = dataclasses.replace(
        truth, climb_power_w=1.5 * GUESS.climb_power_w, descent_power_w=1.5 * GUESS.descent_power_w
    )
    told = calibrate([flight(WHOLE, truth, battery_wh=GUESS.battery_wh, current=False)], GUESS)
    value, sigma = found(told, "hover_power_w")
    assert value == pytest.approx(1.5 * GUESS.hover_power_w, abs=4 * sigma + 5)
    assert "no current" in told.missing[0]
    assert np.isnan(told.energy_wh)


def test_without_battery_reports_nothing_is_measured_and_that_is_said() -> None:
    told = calibrate([flight(WHOLE, current=False, gauge=False)], GUESS)
    assert told.measured == ()
    assert told.aircraft == GUESS
    assert len(told.missing) == 2


def test_the_gauge_tells_what_a_full_battery_holds() -> None:
    told = calibrate([flight(WHOLE, battery_wh=60.0)], GUESS)
    note = next(note for note in told.notes if "by its own gauge" in note)
    held = float(note.split("holds ")[1].split(" ")[0])
    assert held == pytest.approx(60, rel=0.04)


def test_a_gap_in_the_recording_counts_for_nothing() -> None:
    whole = flight(WHOLE)
    kept = (whole.time_s < 75) | (whole.time_s > 95)
    told = calibrate([whole.taken(kept)], GUESS)
    full = calibrate([whole], GUESS)
    seconds = {one.field: one.seconds for one in full.measured}
    short = {one.field: one.seconds for one in told.measured}
    assert short["cruise_power_w"] <= seconds["cruise_power_w"] - 18


def test_a_plane_is_measured_level_and_on_its_slopes() -> None:
    truth = dataclasses.replace(PLANE, cruise_power_w=180.0, hover_power_w=180.0, climb_power_w=320.0)
    slopes: Parts = [((22.0, 2.0), 60.0), ((22.0, 0.0), 90), ((22.0, -1.5), 60)]
    told = calibrate([flight(slopes, truth)], PLANE)
    assert told.missing == ()
    assert found(told, "cruise_power_w")[0] == pytest.approx(180, abs=3)
    assert found(told, "cruise_speed_m_s")[0] == pytest.approx(22)
    assert found(told, "climb_power_w")[0] == pytest.approx(320, abs=10)
    assert found(told, "descent_power_w")[0] == pytest.approx(truth.descent_power_w, abs=10)


def test_a_flight_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="is a plane"):
        calibrate([flight(WHOLE)], PLANE)


def test_a_clock_that_makes_no_sense_is_refused() -> None:
    whole = flight(WHOLE)
    later = dataclasses.replace(whole, time_s=np.append(whole.time_s[:-1], 1e12))
    with pytest.raises(InputError, match="hours by its own clock"):
        calibrate([later], GUESS)
