"""Walks keep their waits, tours are short, and points are shared so that none is in a hurry."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.patterns.surveillance import surveillance
from missions.planner import Setup, plan_pattern
from missions.surveillance.points import WatchPoint
from missions.surveillance.stations import Station, longest_waits_s, stations_for
from missions.surveillance.walks import Times, Wishes, best_walk, shortest_tour, waits_s, worth
from missions.view import View


def times_of(seed: int, count: int, look_s: float = 5.0) -> Times:
    places = np.random.default_rng(seed).uniform(0, 100, (count, 2))
    between = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    return Times(between.tolist(), [look_s] * count)


def wishes_of(*longest_s: float) -> Wishes:
    return Wishes(longest_s, (1.0,) * len(longest_s))


def flown_waits(walk: tuple[int, ...], times: Times, laps: int = 4) -> dict[int, float]:
    """The longest wait of each point once every point was seen, second by second."""
    now, left, longest = 0.0, {}, dict.fromkeys(walk, 0.0)
    for point, following in itertools.pairwise([*walk * laps, walk[0]]):
        if point in left:
            longest[point] = max(longest[point], now - left[point])
        now += times.look[point]
        left[point] = now
        now += times.between[point][following]
    return longest


@pytest.mark.parametrize("seed", range(8))
def test_waits_are_those_of_a_walk_flown_over_and_over(seed: int) -> None:
    chance = np.random.default_rng(seed)
    times = times_of(seed, 5)
    walk = tuple(int(point) for point in [*range(5), *chance.integers(0, 5, 6)])
    walk = tuple(point for step, point in enumerate(walk) if point != walk[step - 1])
    found = {point: max(waited) for point, waited in waits_s(walk, times).items()}
    assert found == pytest.approx(flown_waits(walk, times))


@pytest.mark.parametrize(("seed", "count"), [(1, 7), (2, 8), (3, 8)])
def test_a_tour_is_the_shortest_of_all(seed: int, count: int) -> None:
    times = times_of(seed, count)
    every = ((0, *rest) for rest in itertools.permutations(range(1, count)))
    shortest_s = min(times.lap_s(walk) for walk in every)
    assert times.lap_s(shortest_tour(range(count), times)) <= 1.02 * shortest_s


@pytest.mark.parametrize("count", [20, 40])
def test_a_tour_is_about_as_short_as_that_of_or_tools(count: int) -> None:
    routing = pytest.importorskip("ortools.constraint_solver.pywrapcp", exc_type=ImportError)
    times = times_of(4, count)
    cost = np.rint(100 * np.array(times.between)).astype(int)
    manager = routing.RoutingIndexManager(count, 1, 0)
    model = routing.RoutingModel(manager)
    transit = model.RegisterTransitCallback(
        lambda a, b: int(cost[manager.IndexToNode(a)][manager.IndexToNode(b)])
    )
    model.SetArcCostEvaluatorOfAllVehicles(transit)
    search: Any = routing.DefaultRoutingSearchParameters()
    solved = model.SolveWithParameters(search)
    peer_s = solved.ObjectiveValue() / 100 + sum(times.look)
    assert times.lap_s(shortest_tour(range(count), times)) <= 1.05 * peer_s


def test_an_urgent_point_is_looked_at_several_times_a_lap() -> None:
    times = times_of(5, 8)
    tour = shortest_tour(range(8), times)
    lap_s = times.lap_s(tour)
    # Just enough to go to the farthest point and back.
    urgent_s = 1.02 * (2 * max(times.between[0]) + times.look[0])
    wishes = wishes_of(urgent_s, *[3 * lap_s] * 7)
    assert worth(tour, times, wishes).share > 1.5
    walk = best_walk(range(8), times, wishes)
    assert worth(walk, times, wishes).share == 1
    assert walk.count(0) >= 2
    assert set(walk) == set(range(8))
    assert flown_waits(walk, times)[0] <= urgent_s


@pytest.mark.parametrize("seed", range(6))
def test_a_walk_is_never_worse_than_the_tour(seed: int) -> None:
    times = times_of(seed, 9)
    lap_s = times.lap_s(shortest_tour(range(9), times))
    shares = np.random.default_rng(seed).uniform(0.3, 3.0, 9)
    wishes = wishes_of(*(lap_s * shares).tolist())
    walk = best_walk(range(9), times, wishes)
    assert set(walk) == set(range(9))
    assert all(point != walk[step - 1] for step, point in enumerate(walk))
    assert worth(walk, times, wishes) <= worth(shortest_tour(range(9), times), times, wishes)


def test_points_in_no_different_haste_are_looked_at_once_a_lap() -> None:
    times = times_of(7, 6)
    walk = best_walk(range(6), times, wishes_of(*[2 * times.lap_s(range(6))] * 6))
    assert sorted(walk) == list(range(6))


def test_weight_shortens_a_wait_where_nobody_is_in_a_hurry() -> None:
    times = times_of(6, 6)
    free = (math.inf,) * 6
    heavy = waits_s(best_walk(range(6), times, Wishes(free, (50.0, 1, 1, 1, 1, 1))), times)
    light = waits_s(best_walk(range(6), times, Wishes(free, (0.02, 1, 1, 1, 1, 1))), times)
    assert np.mean(heavy[0]) < np.mean(light[0])


@pytest.mark.parametrize("seed", range(4))
def test_more_stations_keep_shorter_waits(seed: int) -> None:
    times = times_of(seed, 10)
    wishes = wishes_of(*[40.0] * 10)
    shares = []
    for count in (1, 2, 3, 5):
        stations, found = stations_for(count, times, wishes)
        assert len(stations) <= count
        assert {point for station in stations for point in station.walk} == set(range(10))
        shares.append(found.share)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_aircraft_on_one_walk_share_its_waits() -> None:
    times = Times([[0, 10, 20], [10, 0, 10], [20, 10, 0]], [0.0, 0.0, 0.0])
    walk = (0, 1, 2)
    alone, both = waits_s(walk, times), waits_s(walk, times, 2)
    assert {point: max(waited) for point, waited in alone.items()} == {0: 40, 1: 40, 2: 40}
    assert {point: max(waited) for point, waited in both.items()} == {0: 20, 1: 20, 2: 20}
    assert longest_waits_s([Station(walk), Station(walk, 20.0)], times) == [20, 20, 20]


@pytest.mark.parametrize("kind", ["ardupilot-copter", "ardupilot-plane"])
def test_a_lap_is_a_pattern_that_is_planned_like_any_other(kind: str) -> None:
    frame = LocalFrame(GeoPoint(52.0, 4.35))
    places = np.random.default_rng(3).uniform(-250, 250, (6, 2)).tolist()
    points = [WatchPoint(frame.point_from_local(*at), 300.0) for at in places]
    view = View(camera("demo-wide"), 60.0)
    pattern = surveillance(points, aircraft(kind), view)
    plan = plan_pattern(pattern, view, Setup(aircraft(kind), "2026-03-01T10:00:00Z"))
    assert not plan.blocking
    assert pattern.figures["worst_wait_share"] == 1
    assert all(0 < pattern.figures[f"point_{number}_wait_s"] <= 300 for number in range(1, 7))
    # Climb and landing come to the lap, the way from its end to its begin is not flown.
    assert plan.totals.duration_s == pytest.approx(pattern.figures["lap_s"], rel=0.1, abs=120)
