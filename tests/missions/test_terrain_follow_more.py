"""Following the ground: gaps, limits, the fewest waypoints, real hills."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from missions.errors import InputError, SettingsError
from missions.plan import Severity
from missions.terrain import (
    Limits,
    Source,
    follow,
    open_terrain,
    profile,
    terrain_findings,
)
from missions.terrain.fewest import fewest_pieces
from missions.terrain.tube import Slopes, Tube, tube
from tests.missions.followed_ground import (
    FRAME,
    Array,
    between,
    cliff,
    dike,
    flat,
    flown,
    flown_at,
    hills,
    over,
)

SPARE = 1e-6


def test_a_gap_at_the_end_or_everywhere_is_never_bridged() -> None:
    shore = over(lambda east, north: np.where(east > 590, np.nan, 50.0))
    followed, _ = flown_at(shore, 50.0, bridge_m=1000)
    assert len(followed.missing) == 1
    assert np.isnan(followed.height_agl_m[-1])
    sea = over(lambda east, north: np.full_like(east, np.nan))
    followed, limits = flown_at(sea, 0.0, bridge_m=1000)
    assert followed.missing[0].length_m == pytest.approx(600, abs=1)
    assert np.isnan(followed.lowest_clearance_m)
    assert [f.severity for f in terrain_findings(followed, limits, ())] == [Severity.BLOCKING]


def test_ground_missing_only_beside_the_route_is_missing_too() -> None:
    quay = over(lambda east, north: np.where((north > 3) & (east > 200) & (east < 300), np.nan, 5.0))
    followed, _ = flown_at(quay, 5.0)
    assert len(followed.missing) == 1
    assert followed.missing[0].length_m == pytest.approx(100, abs=2)


def test_no_two_waypoints_lie_further_apart_than_asked() -> None:
    followed, _ = flown(over(flat), [[0, 0], [1000, 0]], max_spacing_m=150)
    apart = np.diff(FRAME.local_from_geo(followed.points_lonlat)[:, 0])
    assert apart.max() <= 150 + 1e-6
    assert len(apart) == 7


def test_height_limits_above_ground_and_mixed_datums_are_told() -> None:
    followed, limits = flown(over(cliff), [[0, 0], [600, 0]], 100.0)
    sources = (Source("a.tif", "EPSG:28992", "NAP", 0.5), Source("N52E005.hgt", "EPSG:4326", "EGM96", 57.0))
    findings = {finding.check: finding for finding in terrain_findings(followed, limits, sources)}
    assert findings["height above ground"].severity is Severity.CAUTION
    assert findings["vertical datum"].severity is Severity.CAUTION
    assert "EGM96, NAP" in findings["vertical datum"].text
    assert findings["terrain detail"].severity is Severity.CAUTION
    assert "a.tif, N52E005.hgt" in findings["terrain"].text
    fine = {finding.check for finding in terrain_findings(followed, limits, sources[:1])}
    assert "vertical datum" not in fine
    assert "terrain detail" not in fine


def brute_force(along: Array, tube_of: Tube, rise: float, fall: float, levels: int = 15) -> int:
    """The fewest pieces over every sample and a fine grid of heights."""
    heights = tube_of.low[:, None] + np.linspace(0, 1, levels) * (tube_of.high - tube_of.low)[:, None]
    fewest = np.full(heights.shape, 99)
    fewest[0] = 0
    for i in range(len(along) - 1):
        for a in np.flatnonzero(fewest[i] < 99):
            low, high = -fall - 1e-6, rise + 1e-6
            for j in range(i + 1, len(along)):
                run = along[j] - along[i]
                low = max(low, (tube_of.low[j] - 1e-6 - heights[i, a]) / run)
                high = min(high, (tube_of.high[j] + 1e-6 - heights[i, a]) / run)
                if low > high:
                    break
                slope = (heights[j] - heights[i, a]) / run
                fits = (slope >= low) & (slope <= high)
                fewest[j, fits] = np.minimum(fewest[j, fits], fewest[i, a] + 1)
    return int(fewest[-1].min())


def test_waypoints_are_as_few_as_an_exhaustive_search_finds_but_for_one_in_ten() -> None:
    ours = best = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        along = np.arange(22) * 10.0
        ground = np.cumsum(rng.normal(0, rng.choice([0.5, 1.5, 3, 6]), 22))
        slopes = Slopes(np.full(21, 0.4), np.full(21, 0.25))
        space = tube(along, ground - 5, ground + 5, slopes)
        places, _ = fewest_pieces(along, space, ground, np.array([0, 21]), slopes)
        least = brute_force(along, space, 0.4, 0.25)
        assert least <= len(places) - 1 <= least + 2
        ours, best = ours + len(places) - 1, best + least
    assert ours <= 1.1 * best


def test_the_tube_is_the_tightest_that_can_be_flown() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        along = np.cumsum(rng.uniform(1, 10, 40))
        floor = rng.normal(0, 6, 40)
        slopes = Slopes(rng.uniform(0.1, 0.6, 39), rng.uniform(0.1, 0.6, 39))
        space = tube(along, floor, floor + 8, slopes)
        run = np.diff(along)
        for side in (space.low, space.high):
            assert (np.diff(side) <= slopes.rise * run + SPARE).all()
            assert (np.diff(side) >= -slopes.fall * run - SPARE).all()
        assert (space.low >= floor - SPARE).all()
        climbed = np.concatenate([[0], np.cumsum(slopes.rise * run)])
        sunk = np.concatenate([[0], np.cumsum(slopes.fall * run)])
        needed = [
            max(floor[j] - (climbed[j] - climbed[i] if j >= i else sunk[i] - sunk[j]) for j in range(40))
            for i in range(40)
        ]
        assert space.low == pytest.approx(needed)


def test_rough_random_ground_is_followed_without_one_failure() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        waves = rng.uniform(15, 400, 6), rng.uniform(0, 2 * np.pi, 6), rng.uniform(0.5, 12, 6)

        def ground(east: Array, north: Array, waves: Any = waves) -> Array:
            total = np.zeros_like(east)
            for length, turn, high in zip(*waves, strict=True):
                total += high * np.sin((east * np.cos(turn) + north * np.sin(turn)) * 2 * np.pi / length)
            return total

        corners = rng.uniform(-300, 300, (8, 2))
        terrain = over(ground, 1.0)
        followed, limits = flown(terrain, corners, 35.0, clearance_m=22, tolerance_m=4)
        _, height, below = between(followed, terrain)
        assert (height - below).min() >= limits.clearance_m
        assert (height - below).min() >= 35 - 4 - 0.1
        assert followed.missing == ()


def test_half_a_metre_over_ten_kilometres_takes_a_second(tmp_path: Path) -> None:
    import time

    terrain = over(hills)
    points = FRAME.geo_from_local([[0, 0], [5000, 0], [5000, 60], [0, 60]])
    began = time.process_time()
    followed = follow(points, 60.0, 15.0, terrain, Limits())
    took_s = time.process_time() - began
    assert took_s < 4, "about 1 s on a quiet core, and half of that with a GeoTIFF"
    assert len(followed.points_lonlat) < 150


def test_a_profile_runs_along_the_route() -> None:
    drawn = profile(FRAME.geo_from_local([[0, 0], [400, 0]]), over(dike))
    assert drawn.distance_m[[0, -1]] == pytest.approx([0, 400])
    assert drawn.ground_m == pytest.approx(dike(drawn.distance_m, drawn.distance_m), abs=1e-3)
    assert np.diff(drawn.distance_m).max() <= 0.5


def test_real_hills_are_followed(shared: Callable[[str], Path]) -> None:
    terrain = open_terrain([shared("terrain/N00E010.hgt")], vertical_datum="EGM96")
    points = np.array([[10.30, 0.50], [10.36, 0.53], [10.30, 0.56]])
    home = float(terrain.heights_amsl_m(points[:1])[0])
    limits = Limits(tolerance_m=10, clearance_m=40, climb_m_s=6, descent_m_s=5)
    followed = follow(points, 80.0, home, terrain, limits)
    assert followed.missing == ()
    assert followed.added.sum() > 3
    assert followed.lowest_clearance_m >= 40
    checks = {
        finding.check: finding.severity for finding in terrain_findings(followed, limits, terrain.sources)
    }
    assert checks["terrain detail"] is Severity.CAUTION
    assert Severity.BLOCKING not in checks.values()


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance_m": 0},
        {"tolerance_m": 0.01},
        {"clearance_m": -1},
        {"climb_m_s": 0},
        {"speed_m_s": float("nan")},
        {"slowest_m_s": 20},
        {"max_spacing_m": 0},
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        Limits(**wrong)


def test_routes_that_cannot_be_followed_are_refused() -> None:
    terrain = over(flat)
    two = FRAME.geo_from_local([[0, 0], [100, 0]])
    with pytest.raises(InputError, match="two points"):
        follow(two[:1], 60.0, 12.0, terrain, Limits())
    with pytest.raises(InputError, match="take-off"):
        follow(two, 60.0, float("nan"), terrain, Limits())
    with pytest.raises(InputError, match="not a number"):
        follow(two, float("nan"), 12.0, terrain, Limits())
    with pytest.raises(SettingsError, match="Divide the route"):
        follow(
            np.array([[4.0, 52.0], [6.0, 53.0], [4.0, 52.0], [6.0, 53.0], [4.0, 52.0]]),
            60.0,
            12.0,
            terrain,
            Limits(),
        )
