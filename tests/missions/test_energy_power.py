"""The power curve: through its points, under weight, and up and down."""

import dataclasses

import numpy as np
import pytest

from missions.aircraft import Aircraft
from missions.catalogue import aircraft, aircraft_names
from missions.energy import power_curve, usable_wh
from missions.energy.power import GRAVITY_M_S2, with_climb_w
from missions.errors import SettingsError

LOADED = dataclasses.replace(
    aircraft("dji-matrice-30t"), hover_power_w=400.0, cruise_power_w=350.0, mass_kg=4.0, max_payload_kg=2.0
)


def bare(name: str) -> Aircraft:
    return dataclasses.replace(aircraft(name), payload_kg=0.0)


@pytest.mark.parametrize("name", aircraft_names())
def test_the_curve_passes_through_hover_and_cruise(name: str) -> None:
    craft = bare(name)
    curve = power_curve(craft)
    assert float(curve.level_w(craft.cruise_speed_m_s)) == pytest.approx(craft.cruise_power_w)
    if craft.kind == "copter":
        assert float(curve.level_w(0.0)) == pytest.approx(craft.hover_power_w)
    assert (curve.level_w(np.linspace(0, 30, 50)) > 0).all()


def test_the_curve_passes_through_any_sensible_pair_of_points() -> None:
    generator = np.random.default_rng(11)
    for _ in range(300):
        hover_w = generator.uniform(50, 2000)
        craft = dataclasses.replace(
            LOADED,
            hover_power_w=hover_w,
            cruise_power_w=hover_w * generator.uniform(0.2, 2.5),
            cruise_speed_m_s=generator.uniform(3, 20),
            profile_share=generator.uniform(0, 1),
            induced_speed_m_s=generator.uniform(2, 12),
        )
        curve = power_curve(craft)
        assert float(curve.level_w(0.0)) == pytest.approx(hover_w)
        assert float(curve.level_w(craft.cruise_speed_m_s)) == pytest.approx(craft.cruise_power_w)


def test_a_rotor_is_cheapest_between_hover_and_fast() -> None:
    watts = power_curve(LOADED).level_w(np.array([0.0, 8.0, 25.0]))
    assert watts[1] < watts[0] < watts[2]


def test_a_plane_is_cheapest_below_cruise_and_dear_when_fast() -> None:
    plane = aircraft("ardupilot-plane")
    watts = power_curve(plane).level_w(np.array([18.0, 22.0, 33.0]))
    assert watts[0] < watts[1] < watts[2]


def test_hover_power_grows_with_the_mass_to_the_power_of_one_and_a_half() -> None:
    heavy = power_curve(dataclasses.replace(LOADED, payload_kg=1.0))
    assert float(heavy.level_w(0.0)) == pytest.approx(400 * 1.25**1.5)


def test_a_payload_too_heavy_or_of_unknown_effect_is_refused() -> None:
    with pytest.raises(SettingsError, match="carries 2 kg, not 3"):
        power_curve(dataclasses.replace(LOADED, payload_kg=3.0))
    with pytest.raises(SettingsError, match="its mass is not known"):
        power_curve(dataclasses.replace(LOADED, payload_kg=1.0, mass_kg=0.0))


def test_climbing_lifts_the_weight_and_costs_nothing_more_where_it_is_not_known() -> None:
    level, rate = np.array([400.0]), np.array([2.0])
    climbing = float(with_climb_w(LOADED, level, rate)[0])
    assert climbing == pytest.approx(400 + 4.0 * GRAVITY_M_S2 * 2 / 0.7)
    assert float(with_climb_w(dataclasses.replace(LOADED, mass_kg=0.0), level, rate)[0]) == 400
    assert float(with_climb_w(LOADED, level, -rate)[0]) == 400


def test_measured_climb_and_descent_power_hold_at_their_rates_and_grow_with_them() -> None:
    craft = dataclasses.replace(LOADED, climb_power_w=520.0, descent_power_w=340.0)
    level = np.full(4, 400.0)
    up, down = craft.climb_speed_m_s, craft.descent_speed_m_s
    watts = with_climb_w(craft, level, np.array([up, up / 2, -down, -down / 2]))
    assert watts == pytest.approx([520, 460, 340, 370])


def test_no_descent_is_free() -> None:
    plane = dataclasses.replace(aircraft("ardupilot-plane"), mass_kg=5.0, descent_power_w=0.0)
    assert float(with_climb_w(plane, np.array([150.0]), np.array([-20.0]))[0]) == 15


def test_age_takes_its_share_of_the_battery() -> None:
    assert usable_wh(dataclasses.replace(LOADED, battery_wh=200.0, battery_health_pct=85.0)) == 170
