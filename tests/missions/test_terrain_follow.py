"""A route over the ground keeps its height, clearance and climb limits, and admits what it cannot."""

import itertools

import numpy as np
import pytest

from missions.plan import Severity
from missions.terrain import (
    Limits,
    Missing,
    follow,
    terrain_findings,
)
from tests.missions.followed_ground import (
    FRAME,
    HOME,
    Array,
    Ground,
    between,
    cliff,
    dike,
    flat,
    flown,
    flown_at,
    hills,
    over,
)

CLOSE = 0.02


def tower(east: Array, north: Array) -> Array:
    """A chimney of 4 by 4 m and 60 m high, 4 m beside the route."""
    return np.where((np.abs(east - 250) < 2) & (np.abs(north - 4) < 2), 60.0, 0.0)


ROUTE = [[0, 0], [600, 0], [600, 80], [0, 80], [0, 160], [600, 160]]


@pytest.mark.parametrize("ground", [flat, hills, dike, cliff, tower])
@pytest.mark.parametrize("resolution_m", [0.5, 5.0])
def test_no_metre_of_any_leg_comes_nearer_to_the_ground_than_asked(
    ground: Ground, resolution_m: float
) -> None:
    terrain = over(ground, resolution_m)
    followed, limits = flown(terrain, ROUTE, 30.0, tolerance_m=8, clearance_m=25)
    for side_m in (-5.0, -2.0, 0.0, 2.0, 5.0):
        _, height, below = between(followed, terrain, side_m)
        # between the samples of a step or a steep slope the ground may lie a little higher
        slack = 0.0 if resolution_m < 1 or ground in (flat, tower) else 0.6
        assert (height - below).min() >= limits.clearance_m - slack
    assert followed.lowest_clearance_m >= limits.clearance_m


@pytest.mark.parametrize("ground", [flat, dike, hills])
def test_height_above_ground_stays_in_tolerance_where_the_aircraft_can_follow(ground: Ground) -> None:
    terrain = over(ground)
    followed, limits = flown(terrain, ROUTE, 60.0, climb_m_s=8, descent_m_s=8, tolerance_m=3)
    _, height, below = between(followed, terrain)
    assert np.abs(height - below - 60).max() <= limits.tolerance_m + CLOSE
    assert max(followed.worst_above_m, followed.worst_below_m) <= limits.tolerance_m + CLOSE
    assert terrain_findings(followed, limits, ())[:1] == ()


def test_every_point_asked_stays_and_the_others_lie_on_their_legs() -> None:
    terrain = over(hills)
    followed, _ = flown(terrain, ROUTE)
    asked = FRAME.geo_from_local(ROUTE)
    assert followed.points_lonlat[~followed.added] == pytest.approx(asked, abs=1e-12)
    assert followed.source_index[~followed.added].tolist() == list(range(len(ROUTE)))
    assert (np.diff(followed.source_index) >= 0).all()
    local = FRAME.local_from_geo(followed.points_lonlat)
    for index in np.flatnonzero(followed.added):
        a, b = (
            np.array(ROUTE[followed.source_index[index]]),
            np.array(ROUTE[followed.source_index[index] + 1]),
        )
        lengths = np.hypot(*(local[index] - a)) + np.hypot(*(b - local[index]))
        assert lengths == pytest.approx(np.hypot(*(b - a)), abs=1e-3)
    ground = terrain.heights_amsl_m(followed.points_lonlat)
    home = float(terrain.heights_amsl_m([[HOME.lon_deg, HOME.lat_deg]])[0])
    assert followed.height_agl_m == pytest.approx(followed.height_relative_m + home - ground)


def test_flat_ground_adds_no_waypoint_and_an_even_slope_none_either() -> None:
    followed, _ = flown(over(flat), ROUTE)
    assert not followed.added.any()
    assert followed.height_relative_m == pytest.approx(np.full(len(ROUTE), 60.0))
    followed, _ = flown(over(lambda east, north: 0.1 * east - 0.05 * north), ROUTE)
    assert not followed.added.any()


def test_a_dike_is_crossed_with_no_more_waypoints_than_it_needs() -> None:
    followed, _ = flown(
        over(dike), [[0, 0], [400, 0]], 20.0, tolerance_m=1, clearance_m=10, climb_m_s=5, descent_m_s=5
    )
    assert followed.added.sum() == 4


def test_between_heights_the_height_asked_runs_straight() -> None:
    followed, _ = flown(over(flat), [[0, 0], [400, 0], [800, 0]], [40.0, 80.0, 50.0])
    assert not followed.added.any()
    assert followed.height_agl_m == pytest.approx([40, 80, 50])


def test_slopes_never_exceed_what_the_aircraft_climbs_and_descends() -> None:
    for ground, slowest in itertools.product((hills, cliff, tower), (None, 3.0)):
        followed, limits = flown(over(ground), ROUTE, slowest_m_s=slowest)
        local = FRAME.local_from_geo(followed.points_lonlat)
        run = np.hypot(*np.diff(local, axis=0).T)
        rise = np.diff(followed.height_relative_m)
        speed = followed.speed_m_s[:-1]
        assert (rise <= run * limits.climb_m_s / speed + 1e-3).all()
        assert (-rise <= run * limits.descent_m_s / speed + 1e-3).all()


def test_before_a_cliff_it_climbs_early_and_behind_one_it_descends_late() -> None:
    followed, limits = flown(over(cliff), [[0, 0], [800, 0], [0, 0]], climb_m_s=2, descent_m_s=1)
    points, height, below = between(followed, over(cliff))
    there = len(points) // 2
    rising = points[:there][(height - below)[:there] > 60 + limits.tolerance_m + CLOSE]
    sinking = points[there:][(height - below)[there:] > 60 + limits.tolerance_m + CLOSE]
    # 35 m must be gained at 0.2 m a metre and lost at 0.1, in front of the edge and behind it
    assert rising[:, 0].min() == pytest.approx(300 - (40 - 5 - 5) / 0.2, abs=8)
    assert sinking[:, 0].min() == pytest.approx(300 - (40 - 5 - 5) / 0.1, abs=8)
    assert followed.worst_above_m == pytest.approx(35, abs=1)
    findings = {finding.check: finding for finding in terrain_findings(followed, limits, ())}
    assert findings["terrain tolerance"].severity is Severity.CAUTION
    assert "35 m" in findings["terrain tolerance"].text


def test_a_steep_stretch_may_be_flown_slower_instead() -> None:
    steep = over(lambda east, north: 30 * np.sin(np.clip(east, 0, 600) / 60))
    fast, _ = flown(steep, [[0, 0], [600, 0], [900, 0]])
    slow, limits = flown(steep, [[0, 0], [600, 0], [900, 0]], slowest_m_s=2)
    assert not fast.slower.any()
    assert fast.worst_above_m > 10
    assert slow.worst_above_m < 5 + CLOSE
    assert slow.slower[slow.source_index == 0].any()
    assert slow.speed_m_s.min() >= 2
    assert slow.speed_m_s[slow.source_index == 1].tolist() == [limits.speed_m_s]
    run = np.hypot(*np.diff(FRAME.local_from_geo(slow.points_lonlat), axis=0).T)
    rise = np.diff(slow.height_relative_m) / run * slow.speed_m_s[:-1]
    assert rise.max() <= limits.climb_m_s + 1e-3
    assert -rise.min() <= limits.descent_m_s + 1e-3
    assert "terrain speed" in {finding.check for finding in terrain_findings(slow, limits, ())}
    gentle, _ = flown(over(dike), [[0, 0], [400, 0]], slowest_m_s=2)
    assert not gentle.slower.any()


def test_a_climb_on_the_spot_needs_no_way() -> None:
    followed, _ = flown(over(flat), [[0, 0], [0, 0], [100, 0], [100, 0]], [25.0, 100.0, 100.0, 30.0])
    assert followed.height_relative_m == pytest.approx([25, 100, 100, 30])


def test_what_stands_beside_the_route_counts_for_clearance() -> None:
    followed, limits = flown(over(tower), [[0, 0], [500, 0]], 40.0, side_m=5)
    points, height, _ = between(followed, over(tower))
    beside = np.abs(points[:, 0] - 250) < 2
    assert height[beside].min() >= 60 + limits.clearance_m
    blind, _ = flown(over(tower), [[0, 0], [500, 0]], 40.0, side_m=0)
    assert blind.height_relative_m.max() == pytest.approx(40)


def test_what_stands_within_a_circle_counts_at_its_middle() -> None:
    terrain = over(tower)
    points = FRAME.geo_from_local([[0, 0], [240, 20], [500, 0]])
    level = follow(points, 40.0, 0.0, terrain, Limits())
    circled = follow(points, 40.0, 0.0, terrain, Limits(), around_m=[0, 30, 0])
    assert level.height_relative_m.max() == pytest.approx(40)
    at = np.flatnonzero(circled.source_index == 1)[0]
    assert circled.height_relative_m[at] >= 80


def test_trees_of_a_surface_model_count_for_clearance_but_not_for_height() -> None:
    trees = over(lambda east, north: np.where(np.abs(east - 300) < 50, 37.0, 12.0))
    points = FRAME.geo_from_local([[0, 0], [600, 0]])
    above = follow(points, 40.0, 12.0, over(flat), Limits(clearance_m=18), obstacles=trees)
    assert 43 <= above.height_relative_m.max() <= 45 + CLOSE
    assert 18 <= above.lowest_clearance_m <= 20 + CLOSE
    assert follow(points, 40.0, 12.0, over(flat), Limits()).lowest_clearance_m == pytest.approx(40)


@pytest.mark.parametrize("bridge_m", [0.0, 30.0])
def test_a_gap_in_the_data_is_a_finding_and_never_zero(bridge_m: float) -> None:
    pond = over(lambda east, north: np.where(np.abs(east - 300) < 10, np.nan, 50.0))
    followed, limits = flown_at(pond, 50.0, bridge_m=bridge_m)
    findings = {finding.check: finding for finding in terrain_findings(followed, limits, ())}
    assert followed.height_relative_m == pytest.approx(60.0 * np.ones(len(followed.height_relative_m)))
    if bridge_m:
        assert followed.missing == ()
        assert 20 <= followed.bridged_m <= 22
        assert findings["terrain gaps"].severity is Severity.CAUTION
        assert "terrain data" not in findings
        return
    assert len(followed.missing) == 1
    assert isinstance(followed.missing[0], Missing)
    assert 20 <= followed.missing[0].length_m <= 22
    assert FRAME.local_from_geo(
        [[followed.missing[0].place.lon_deg, followed.missing[0].place.lat_deg]]
    ) == pytest.approx(np.array([[290, 0]]), abs=1)
    assert findings["terrain data"].severity is Severity.BLOCKING
    assert "terrain gaps" not in findings
