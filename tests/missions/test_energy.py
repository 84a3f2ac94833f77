"""Time and battery: by hand, by invariants, and against wind and weight."""

import dataclasses
import itertools

import numpy as np
import pytest

from missions.aircraft import Aircraft
from missions.catalogue import aircraft
from missions.energy import HEADWAY_M_S, Effort, Track, corner_s, effort, home_wh, turn_s, way_home
from missions.wind import Wind

COPTER = dataclasses.replace(
    aircraft("ardupilot-copter"),
    cruise_speed_m_s=10.0,
    climb_speed_m_s=2.0,
    descent_speed_m_s=1.0,
    hover_power_w=360.0,
    cruise_power_w=180.0,
    climb_power_w=0.0,
    descent_power_w=0.0,
    landing_speed_m_s=0.0,
    landing_s=0.0,
    max_airspeed_m_s=20.0,
    battery_wh=100.0,
)
PLANE = aircraft("ardupilot-plane")
START_AND_STOP_S = 10.0 / 2.5 + 2.5 / 1.0 + 0.3
"""Speed over acceleration, acceleration over jerk, and what the jerk itself takes to rise."""


def track(craft: Aircraft, points: list[list[float]], height_m: float = 50.0, **columns: object) -> Track:
    count = len(points)
    still = np.zeros(count)
    filled = {
        "height_m": np.full(count, height_m),
        "speed_m_s": np.full(count, craft.cruise_speed_m_s),
        "hold_s": still,
        "circles_m": still,
        **columns,
    }
    return Track(np.array(points, float), **filled)  # type: ignore[arg-type]


def flown(craft: Aircraft, points: list[list[float]], height_m: float = 50.0, **columns: object) -> Effort:
    return effort(craft, track(craft, points, height_m, **columns))


def aloft_s(spent: Effort) -> float:
    """From the first place until above the last."""
    return float(spent.at_s[-1] - spent.at_s[0])


def test_a_straight_flight_takes_what_the_figures_say() -> None:
    spent = flown(COPTER, [[0, 0], [1000, 0]], 60.0)
    climb_s = 60 / 2.0 + 2.0 / 1.0 + 1.0 / 1.0 + 0.3
    assert spent.length_m == 1000.0
    assert spent.duration_s == pytest.approx(climb_s + 1000 / 10 + START_AND_STOP_S + 60 / 1.0)
    cruising_s = 100 - START_AND_STOP_S
    least_wh = (360 * (climb_s + 60) + 180 * (cruising_s + 2 * START_AND_STOP_S)) / 3600
    most_wh = (360 * (climb_s + 60 + 2 * START_AND_STOP_S) + 180 * cruising_s) / 3600
    assert least_wh < spent.energy_wh < most_wh
    assert spent.battery_pct == pytest.approx(spent.energy_wh)


def test_a_place_on_a_straight_way_costs_nothing() -> None:
    whole = aloft_s(flown(COPTER, [[0, 0], [1000, 0]]))
    assert aloft_s(flown(COPTER, [[0, 0], [400, 0], [1000, 0]])) == pytest.approx(whole)


def test_the_sharper_a_corner_the_more_it_costs_and_less_than_a_halt() -> None:
    costs = [corner_s(COPTER, angle) for angle in range(0, 181, 5)]
    assert costs[0] == pytest.approx(0)
    assert all(before <= after + 1e-9 for before, after in itertools.pairwise(costs))
    assert 0 < costs[18] < costs[-1] < START_AND_STOP_S
    assert turn_s(COPTER) == costs[-1]
    straight_s = aloft_s(flown(COPTER, [[0, 0], [1000, 0]]))
    bent_s = aloft_s(flown(COPTER, [[0, 0], [500, 0], [500, 500]]))
    assert bent_s - straight_s == pytest.approx(costs[18])


def test_a_corner_passes_within_the_waypoint_radius() -> None:
    """At 90 degrees the place half way through the overlap is root two times the way from rest."""
    overlap_s = START_AND_STOP_S - corner_s(COPTER, 90)
    since_s = overlap_s / 2 - 0.15
    assert np.sqrt(2) * since_s**3 / 6 == pytest.approx(COPTER.corner_m)


def test_a_wait_halts_the_copter_where_it_could_have_flown_on() -> None:
    points = [[0, 0], [500, 0], [1000, 0]]
    waiting = aloft_s(flown(COPTER, points, hold_s=np.array([0, 20.0, 0])))
    assert waiting - aloft_s(flown(COPTER, points)) == pytest.approx(20 + START_AND_STOP_S)


def test_short_legs_never_reach_cruise_and_are_never_faster_than_it() -> None:
    generator = np.random.default_rng(3)
    for _ in range(50):
        points = generator.uniform(0, 10 ** generator.uniform(0.5, 3.0), (12, 2)).tolist()
        spent = flown(COPTER, points)
        assert (np.diff(spent.at_s) > 0).all()
        assert (np.diff(spent.at_wh) > 0).all()
        assert aloft_s(spent) > spent.length_m / COPTER.cruise_speed_m_s
    hops = aloft_s(flown(COPTER, [[10.0 * step, 0] for step in range(11)]))
    assert hops > 2 * 100 / COPTER.cruise_speed_m_s


def test_points_in_one_place_cost_no_corner() -> None:
    twice = flown(COPTER, [[0, 0], [100, 0], [100, 0], [200, 0]])
    once = flown(COPTER, [[0, 0], [100, 0], [200, 0]])
    assert twice.duration_s == pytest.approx(once.duration_s)
    assert twice.energy_wh == pytest.approx(once.energy_wh)


def test_one_place_is_a_climb_and_a_landing() -> None:
    spent = flown(COPTER, [[0, 0]], 30.0)
    assert spent.length_m == 0
    assert spent.duration_s == pytest.approx(30 / 2.0 + 3.3 + 30)
    assert spent.duration_s - spent.landing_s == pytest.approx(float(spent.at_s[-1]))


def test_a_climb_on_the_way_keeps_to_the_climb_speed() -> None:
    steep = aloft_s(flown(COPTER, [[0, 0], [10, 0]], height_m=np.array([10.0, 110.0])))  # type: ignore[arg-type]
    assert steep > 100 / COPTER.climb_speed_m_s


def test_landing_is_slower_near_the_ground_and_has_its_own_wait() -> None:
    careful = dataclasses.replace(COPTER, landing_speed_m_s=0.5, landing_height_m=10.0, landing_s=5.0)
    assert flown(careful, [[0, 0]], 40.0).landing_s == pytest.approx(30 / 1.0 + 10 / 0.5 + 5)


def test_circles_lead_from_their_edge_to_their_edge() -> None:
    radius = np.array([0, 30.0, 0])
    circles = 2 * np.pi * radius * 2
    points = [[0.0, 0], [200, 0], [0, 0]]
    spent = flown(COPTER, points, circles_m=circles, circle_radius_m=radius)
    assert spent.length_m == pytest.approx(2 * 170 + circles.sum())
    half = flown(COPTER, points, circles_m=circles / 4, circle_radius_m=radius)
    assert half.length_m == pytest.approx(170 + 230 + circles.sum() / 4)


def test_small_circles_are_flown_slower() -> None:
    def lap_s(radius_m: float) -> float:
        radius = np.array([0, radius_m])
        lap = flown(COPTER, [[0, 0], [200, 0]], circles_m=2 * np.pi * radius, circle_radius_m=radius)
        return lap.length_m / aloft_s(lap)

    assert lap_s(5) < lap_s(15) < lap_s(60) < COPTER.cruise_speed_m_s


def test_a_plane_does_not_stop_but_flies_its_turns_and_climbs_on_its_way() -> None:
    points = [[0.0, 0], [800, 0], [800, 100], [0, 100]]
    spent = flown(PLANE, points, 30.0, extra_m=200.0)
    assert spent.length_m == 1900.0
    assert spent.duration_s == pytest.approx(1900 / PLANE.cruise_speed_m_s + 30 / PLANE.descent_speed_m_s)
    high = flown(PLANE, points, 100.0, extra_m=200.0)
    circles_s = 100 / PLANE.climb_speed_m_s + np.pi * PLANE.turn_radius_m / PLANE.cruise_speed_m_s
    level_s = 1900 / PLANE.cruise_speed_m_s
    assert high.duration_s == pytest.approx(level_s + circles_s + 100 / PLANE.descent_speed_m_s)
    assert turn_s(PLANE) == corner_s(PLANE, 90) == 0


def test_a_copter_holds_its_ground_speed_in_wind_and_pays_with_power() -> None:
    craft = dataclasses.replace(COPTER, cruise_power_w=370.0)
    out_and_back = track(craft, [[0, 0], [1000, 0], [0, 0]])
    calm, windy = effort(craft, out_and_back), effort(craft, out_and_back, Wind(8, 90))
    assert windy.duration_s == pytest.approx(calm.duration_s)
    assert np.diff(windy.at_wh)[0] > np.diff(calm.at_wh)[0]
    assert windy.energy_wh > calm.energy_wh


def test_a_copter_that_is_not_fast_enough_slows_down() -> None:
    slow = dataclasses.replace(COPTER, max_airspeed_m_s=10.0)
    out = track(slow, [[0, 0], [1000, 0]])
    against = effort(slow, out, Wind(6, 90))
    assert against.against_wind_m == 0
    assert float(against.at_s[1] - against.at_s[0]) == pytest.approx(1000 / 4, rel=0.05)


def test_a_plane_flies_the_wind_triangle() -> None:
    out_and_back = track(PLANE, [[0, 0], [2200, 0], [0, 0]])
    along = effort(PLANE, out_and_back, Wind(11, 270))
    assert np.diff(along.at_s) == pytest.approx([2200 / 33, 2200 / 11])
    across = effort(PLANE, out_and_back, Wind(11, 0))
    assert np.diff(across.at_s) == pytest.approx([2200 / np.sqrt(22**2 - 11**2)] * 2)


@pytest.mark.parametrize(("craft", "wind_m_s"), [(COPTER, 25), (PLANE, 22), (PLANE, 50)])
def test_wind_that_stops_the_aircraft_is_told_and_costs_no_endless_time(
    craft: Aircraft, wind_m_s: float
) -> None:
    spent = effort(craft, track(craft, [[0, 0], [500, 0], [0, 0]]), Wind(wind_m_s, 90))
    assert spent.against_wind_m == 500
    assert 500 / HEADWAY_M_S <= spent.duration_s < 2000
    assert np.isfinite(spent.energy_wh)


def test_nothing_is_against_the_wind_in_calm_air() -> None:
    assert effort(PLANE, track(PLANE, [[0, 0], [500, 0]]), Wind(0)).against_wind_m == 0


def test_an_old_battery_gives_less() -> None:
    route = track(COPTER, [[0, 0], [1000, 0]])
    new, old = effort(COPTER, route), effort(COPTER, route, battery_health_pct=80)
    assert old.energy_wh == new.energy_wh
    assert old.battery_pct == pytest.approx(new.battery_pct / 0.8)
    worn = dataclasses.replace(COPTER, battery_health_pct=80)
    assert effort(worn, route).battery_pct == old.battery_pct


def test_going_home_takes_what_the_rest_of_a_flight_takes() -> None:
    generator = np.random.default_rng(5)
    points = generator.uniform(-800, 800, (40, 2))
    heights = generator.uniform(20, 100, 40)
    for craft in (COPTER, PLANE):
        for wind in (None, Wind(6, 200)):
            found = way_home(craft, points, heights, (0.0, 0.0), wind)
            for row in range(0, 40, 8):
                back = effort(craft, track(craft, [points[row].tolist(), [0, 0]], heights[row]), wind)
                rest_s = back.duration_s - float(back.at_s[0])
                turned_s = START_AND_STOP_S if craft is COPTER else np.pi * 60 / 22
                assert found.time_s[row] == pytest.approx(rest_s + turned_s, rel=0.02, abs=2)
                assert found.energy_wh[row] >= back.energy_wh - float(back.at_wh[0])
            assert (home_wh(craft, points, heights, (0.0, 0.0), wind) == found.energy_wh).all()


def test_there_is_no_way_home_against_too_much_wind() -> None:
    east_and_west = np.array([[-900.0, 0], [900, 0]])
    wh = home_wh(PLANE, east_and_west, np.array([50.0, 50]), (0.0, 0.0), Wind(30, 90))
    assert np.isinf(wh).tolist() == [True, False]
