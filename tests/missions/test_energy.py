"""Time and battery, by hand."""

import dataclasses

import numpy as np
import pytest

from missions.aircraft import Aircraft
from missions.catalogue import aircraft
from missions.energy import ACCELERATION_M_S2, Effort, Track, corners_s, effort

COPTER = dataclasses.replace(
    aircraft("ardupilot-copter"),
    cruise_speed_m_s=10.0,
    climb_speed_m_s=2.0,
    descent_speed_m_s=1.0,
    hover_power_w=360.0,
    cruise_power_w=180.0,
    battery_wh=100.0,
)


def flown(craft: Aircraft, points: list[list[float]], height_m: float, extra_m: float = 0.0) -> Effort:
    count = len(points)
    full = np.full
    track = Track(
        np.array(points),
        full(count, height_m),
        full(count, craft.cruise_speed_m_s),
        np.zeros(count),
        np.zeros(count),
        extra_m,
    )
    return effort(craft, track)


def test_a_straight_flight_takes_what_the_figures_say() -> None:
    spent = flown(COPTER, [[0.0, 0.0], [1000.0, 0.0]], 60.0)
    start_and_stop_s = 10.0 / ACCELERATION_M_S2
    assert spent.length_m == 1000.0
    assert spent.duration_s == pytest.approx(100 + 30 + 60 + start_and_stop_s)
    watt_hours = (180 * 100 + 360 * (90 + start_and_stop_s)) / 3600
    assert spent.battery_pct == pytest.approx(watt_hours)


def test_a_reversal_costs_a_full_stop_and_a_right_angle_half_of_it() -> None:
    full_s = 10.0 / ACCELERATION_M_S2
    straight_s = corners_s(COPTER, np.array([[1.0, 0], [1, 0]])).sum()
    assert corners_s(COPTER, np.array([[1.0, 0], [-1, 0]])).sum() - straight_s == pytest.approx(full_s)
    assert corners_s(COPTER, np.array([[1.0, 0], [0, 1]])).sum() - straight_s == pytest.approx(full_s / 2)


def test_a_plane_does_not_stop_but_flies_its_turns() -> None:
    plane = aircraft("ardupilot-plane")
    points = [[0.0, 0], [500, 0], [500, 100], [0, 100]]
    spent = flown(plane, points, 100.0, extra_m=200.0)
    assert spent.length_m == 1300.0
    vertical_s = 100 / plane.climb_speed_m_s + 100 / plane.descent_speed_m_s
    assert spent.duration_s == pytest.approx(1300 / plane.cruise_speed_m_s + vertical_s)


def test_points_in_one_place_cost_no_corner() -> None:
    twice = flown(COPTER, [[0.0, 0], [100, 0], [100, 0], [200, 0]], 50.0)
    once = flown(COPTER, [[0.0, 0], [100, 0], [200, 0]], 50.0)
    assert (twice.duration_s, twice.energy_wh) == (once.duration_s, once.energy_wh)
