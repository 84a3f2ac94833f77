"""Wind costs what holds its airspeed: seconds are those of the wind triangle, and lanes lie across it."""

import math

import numpy as np
import pytest
import shapely

from missions.coverage import Coverage, Settings, Swath, cover
from missions.coverage.metric import metric_in
from missions.errors import SettingsError

SWATH = Swath(40.0, 20.0)
SQUARE = shapely.box(0, 0, 600, 600)


def flown_s(points: np.ndarray, wind: tuple[float, float], speed_m_s: float) -> float:
    """Seconds along a path by solving the wind triangle for each piece: the slow way round."""
    total_s = 0.0
    for vector in np.diff(points, axis=0):
        ahead = vector / np.hypot(*vector)
        along = wind[0] * ahead[0] + wind[1] * ahead[1]
        across = wind[0] * ahead[1] - wind[1] * ahead[0]
        total_s += np.hypot(*vector) / (along + math.sqrt(speed_m_s**2 - across**2))
    return total_s


@pytest.mark.parametrize("seed", range(5))
def test_costs_over_airspeed_are_the_seconds_flown(seed: int) -> None:
    chance = np.random.default_rng(seed)
    wind, speed_m_s = tuple(chance.uniform(-9, 9, 2)), 18.0
    metric = metric_in(*wind, speed_m_s)
    way = chance.uniform(-500, 500, (12, 2))
    cost_m = metric.lengths(np.diff(way, axis=0)).sum() - metric.drift(way[-1] - way[0])
    assert cost_m / speed_m_s == pytest.approx(flown_s(way, wind, speed_m_s))
    there_and_back = np.vstack([way, way[:1]])
    closed_m = metric.lengths(np.diff(there_and_back, axis=0)).sum()
    assert closed_m / speed_m_s == pytest.approx(flown_s(there_and_back, wind, speed_m_s))


def across(coverage: Coverage, wind_deg: float) -> float:
    return abs(math.remainder(coverage.grid.bearing_deg - wind_deg, 180.0))


@pytest.mark.parametrize(("wind", "wind_deg"), [((12.0, 0.0), 90.0), ((0.0, 12.0), 0.0)])
def test_lanes_lie_across_the_wind_where_lengths_tie(wind: tuple[float, float], wind_deg: float) -> None:
    blowing = Settings(SWATH, turn_m=5.0, wind_east_m_s=wind[0], wind_north_m_s=wind[1], air_speed_m_s=18.0)
    coverage = cover(SQUARE, blowing)
    assert across(coverage, wind_deg) == pytest.approx(90.0)
    along = cover(SQUARE, Settings(**{**as_dict(blowing), "bearing_deg": wind_deg}))
    seconds = [flown_s(found.route.points, wind, 18.0) for found in (coverage, along)]
    assert seconds[0] < 0.95 * seconds[1]


def test_what_holds_its_ground_speed_is_planned_as_without_wind() -> None:
    still = cover(SQUARE, Settings(SWATH, turn_m=5.0))
    blown = cover(SQUARE, Settings(SWATH, turn_m=5.0, wind_east_m_s=8.0))
    assert np.array_equal(still.route.points, blown.route.points)


def test_the_wind_is_used_for_the_way_from_one_side_to_the_other() -> None:
    """A route that may end elsewhere is flown downwind."""
    strip = shapely.box(0, 0, 1000, 40)
    coverage = cover(strip, Settings(SWATH, turn_m=5.0, wind_east_m_s=-10.0, air_speed_m_s=18.0))
    assert coverage.route.points[-1][0] < coverage.route.points[0][0]
    seconds = flown_s(coverage.route.points, (-10.0, 0.0), 18.0)
    turns_s = 2 * len(coverage.route.legs) * 5.0 / 18.0
    assert coverage.cost_m / 18.0 == pytest.approx(seconds + turns_s, rel=1e-6)


def test_a_storm_is_refused() -> None:
    with pytest.raises(SettingsError, match="too much for an airspeed"):
        cover(SQUARE, Settings(SWATH, wind_east_m_s=20.0, air_speed_m_s=18.0))


def as_dict(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
