"""Where to look next: areas that fit a flight, where a second finds most, better than lanes over all of it.

python tests/bench/bench_search.py next     the table of docs/search.md
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import shapely

from missions import catalogue
from missions.area import Part
from missions.errors import InputError, SettingsError
from missions.local import local_from_area, ring_from_local
from missions.planner import Setup
from missions.search.detection import detection
from missions.search.grid import SearchGrid
from missions.search.next_areas import Situation, bound, propose
from missions.search.probability import ProbabilityMap
from missions.search.sweep import Sweep, best_sweep, sweep_at
from missions.view import View
from tests.missions.search_cases import CATEGORIES, cases, mean_ratio
from tests.missions.search_views import FRAME

NIGHT = detection("thermal-night")
CRAFT, CAMERA = catalogue.aircraft("dji-matrice-30t"), catalogue.camera("dji-m30t-thermal")
GRID = SearchGrid(FRAME, -800.0, 800.0, 40.0, 40, 40)
SETUP = Setup(
    aircraft=CRAFT,
    created="2026-01-01T00:00:00Z",
    take_off=FRAME.point_from_local(0, -800),
    divide=False,
)


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return best_sweep(CRAFT, CAMERA, NIGHT)


def hill(east_m: float, north_m: float, wide_m: float = 150.0) -> ProbabilityMap:
    """A map that is thickest at a place."""
    away = np.hypot(*np.moveaxis(GRID.centres_m - [east_m, north_m], -1, 0))
    return ProbabilityMap.normalised(GRID, np.exp(-0.5 * (away / wide_m) ** 2) + 1e-6, 0.1)


def test_the_first_area_holds_the_thickest_of_the_map_and_fits_the_minutes(sweep: Sweep) -> None:
    proposal = propose(Situation.fresh(hill(300, 200)), sweep, SETUP, 600, count=1)[0]
    assert proposal.shape.contains(shapely.Point(300, 200))
    assert proposal.seconds <= 600 * 1.02
    assert proposal.seconds == proposal.plan.totals.duration_s
    assert proposal.pos == pytest.approx(proposal.poa * proposal.pod)
    assert proposal.density_ratio > 3
    assert local_from_area(proposal.area, FRAME).area == pytest.approx(proposal.shape.area, rel=1e-3)
    assert "not looked at before" in proposal.reason


def test_areas_follow_one_another_as_if_nobody_were_found(sweep: Sweep) -> None:
    first, second, third = propose(Situation.fresh(hill(0, 0, 250)), sweep, SETUP, 600)
    overlap = first.shape.intersection(second.shape).area / second.shape.area
    assert overlap < 0.2
    # as things stand before any of them is flown
    worth = [first.pos_a_minute, (1 - first.pos) * second.pos_a_minute]
    worth.append((1 - first.pos) * (1 - second.pos) * third.pos_a_minute)
    assert worth == sorted(worth, reverse=True)
    assert third.pos > 0


def test_no_flight_finds_more_than_the_bound(sweep: Sweep) -> None:
    now = Situation.fresh(hill(100, 0))
    for seconds in (400, 900, 1500):
        proposal = propose(now, sweep, SETUP, seconds, count=1)[0]
        assert 0.2 * bound(now, sweep, seconds) < proposal.pos < bound(now, sweep, proposal.seconds)


def test_ground_that_was_searched_well_is_left_for_other_ground(sweep: Sweep) -> None:
    """Two equal hills, one of them searched: the other is next."""
    both = ProbabilityMap.normalised(GRID, hill(-400, 0).mass + hill(400, 0).mass, 0.1)
    now = Situation.fresh(both)
    east = np.zeros(GRID.shape)
    east[:, 20:] = 1.0
    after = now.flown(sweep, east)
    proposal = propose(after, sweep, SETUP, 600, count=1)[0]
    assert proposal.shape.centroid.x < 0
    assert after.chances.poa(shapely.box(0, -800, 800, 800)) < now.chances.poa(shapely.box(0, -800, 800, 800))


def test_a_second_pass_promises_less_than_the_first(sweep: Sweep) -> None:
    one = Situation.fresh(hill(0, 0))
    two = one.flown(sweep, np.ones(GRID.shape))
    open_ground = np.zeros(GRID.shape)
    first, second = (sweep.next_pod(open_ground, each.missed).mean() for each in (one, two))
    assert 0.05 < second < first - 0.02
    third = sweep.next_pod(open_ground, two.flown(sweep, np.ones(GRID.shape)).missed).mean()
    assert third < second


def test_where_leaves_hide_him_a_pass_promises_less(sweep: Sweep) -> None:
    cover = np.array([[0.0, 0.3, 0.6, 0.9]])
    pods = sweep.next_pod(cover, np.ones((1, 4)))[0]
    assert list(pods) == sorted(pods, reverse=True)
    assert pods[0] == pytest.approx(sweep.pod)
    assert pods[3] < 0.7 * pods[0]


def test_the_height_is_the_one_with_the_best_sweep_rate(sweep: Sweep) -> None:
    heights = (30.0, 60.0, 90.0)
    rates = {h: sweep_at(View(CAMERA, h, 10.0), CRAFT.cruise_speed_m_s, NIGHT).rate_m2_s for h in heights}
    assert sweep.rate_m2_s >= max(rates.values()) - 1e-9
    assert sweep.pixels >= 4
    with pytest.raises(SettingsError, match="from none of the heights"):
        best_sweep(CRAFT, CAMERA, NIGHT, needed_px=100)


def test_no_fly_zones_are_left_out(sweep: Sweep) -> None:
    zone = shapely.box(-100, -100, 100, 100)
    setup = dataclasses.replace(SETUP, no_fly=(Part(ring_from_local(zone, FRAME)),))
    proposal = propose(Situation.fresh(hill(0, 0, 200)), sweep, setup, 900, count=1)[0]
    assert proposal.shape.intersection(zone).area == pytest.approx(0, abs=1)
    assert not proposal.plan.blocking


def test_what_cannot_be_reached_is_said(sweep: Sweep) -> None:
    with pytest.raises(InputError, match="no part of the map"):
        propose(Situation.fresh(hill(0, 700)), sweep, SETUP, 60)
    with pytest.raises(SettingsError):
        propose(Situation.fresh(hill(0, 0)), sweep, SETUP, 600, count=0)


def test_a_peaked_map_is_searched_sooner_than_by_lanes_over_all_of_it() -> None:
    """A small share of the campaign: one map, people drawn from it and from elsewhere."""
    found = [each for each in cases(1, 120, seed=5, categories=("point",)) if each.findable]
    assert mean_ratio(found) < 0.85


@pytest.mark.campaign
@pytest.mark.timeout(7200)
def test_a_thousand_searches_end_a_quarter_sooner_and_no_category_suffers() -> None:
    """Half the people are drawn from the map, the others from one that is moved or flat; a third walk."""
    found = [each for each in cases(4, 45, seed=2026) if each.findable]
    assert len(found) >= 1000
    assert mean_ratio(found) <= 0.75
    for category in CATEGORIES:
        assert mean_ratio([each for each in found if each.category == category]) <= 1.10, category
