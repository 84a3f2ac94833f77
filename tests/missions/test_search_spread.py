"""Laying chance out: quantiles come back, on any grid, in any direction; nothing is lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from scipy.special import ndtr
from scipy.stats import lognorm, vonmises

from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.direction import Direction
from missions.search.distances import Distances
from missions.search.grid import SearchGrid
from missions.search.spread import SIGMA_OF_95, along, around, over

FRAME = LocalFrame(GeoPoint(52.1, 5.3))
FOUR = Distances((0.25, 0.5, 0.75, 0.95), (400.0, 1000.0, 2000.0, 5000.0))
PLACE = (37.0, -13.0)


def grid(cell_m: float, half_m: float = 10_000.0) -> SearchGrid:
    return SearchGrid.around((-half_m, -half_m, half_m, half_m), cell_m, FRAME)


def test_the_curve_runs_through_every_quantile_and_never_turns_back() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        shares = np.sort(random.uniform(0.02, 0.98, 5)) + np.arange(5) * 1e-3
        metres = np.cumsum(random.uniform(1, 900, 5) ** 1.3)
        curve = Distances(tuple(shares / 1.01), tuple(metres))
        assert curve.share_within(metres) == pytest.approx(shares / 1.01)
        assert (np.diff(curve.share_within(np.geomspace(0.01, 1e6, 3000))) >= 0).all()
        assert [curve.within_m(share) for share in curve.shares] == pytest.approx(metres)


def test_two_quantiles_are_a_lognormal() -> None:
    curve = Distances((0.25, 0.75), (500.0, 2000.0))
    sigma = math.log(4) / (2 * 0.6744897501960817)
    metres = np.geomspace(5, 1e5, 40)
    assert curve.share_within(metres) == pytest.approx(lognorm(sigma, scale=1000).cdf(metres), abs=1e-12)


def test_nobody_is_further_than_he_can_have_gone_and_the_rest_keeps_its_proportions() -> None:
    cut = FOUR.cut_at(2000.0)
    assert cut.share_within(np.array([400.0, 1000.0, 2000.0, 9e9])) == pytest.approx([1 / 3, 2 / 3, 1, 1])
    chances = around(grid(100), PLACE, cut)
    assert chances.poa(shapely.Point(PLACE).buffer(2150)) == pytest.approx(1)
    with pytest.raises(SettingsError, match="hardly anybody"):
        FOUR.cut_at(1.0).share_within(1.0)


@pytest.mark.parametrize("direction", [None, Direction(40.0, 2.0), Direction(250.0, 60.0)])
def test_a_ring_holds_its_share_whatever_the_cells(direction: Direction | None) -> None:
    """As far as a cell that the ring cuts can tell: half of it is not half of its chance."""
    for cell_m, error in ((200.0, 0.02), (50.0, 0.002)):
        chances = around(grid(cell_m, 6_000.0), PLACE, FOUR, direction)
        for share, radius in zip(FOUR.shares, FOUR.distances_m, strict=True):
            ring = shapely.Point(PLACE).buffer(radius, quad_segs=300)
            assert chances.poa(ring) == pytest.approx(share, abs=error)


@pytest.mark.parametrize("direction", [None, Direction(40.0, 2.0)])
def test_blocks_of_cells_hold_the_same_chance_on_every_grid(direction: Direction | None) -> None:
    coarse = around(grid(2_000), PLACE, FOUR, direction).mass
    for cell_m in (1_000, 250, 50):
        times = 2_000 // cell_m
        fine = around(grid(cell_m), PLACE, FOUR, direction).mass.reshape(10, times, 10, times)
        assert fine.sum(axis=(1, 3)) == pytest.approx(coarse, abs=1e-9)


def test_a_cell_holds_the_integral_of_the_density_over_it() -> None:
    """Against a plain sum over 400 x 400 points in cells near and far, with a direction."""
    direction, place = Direction(100.0, 1.5), (3.0, 4.0)
    cells = grid(100, 3_000.0)
    chances = around(cells, place, FOUR, direction)
    for row, column in ((30, 30), (29, 33), (12, 50), (55, 3)):
        west, south, east, north = cells.cell_polygon(row, column).bounds
        x = west + (np.arange(400) + 0.5) * (east - west) / 400 - place[0]
        y = south + (np.arange(400) + 0.5) * (north - south) / 400 - place[1]
        across, up = np.meshgrid(x, y)
        away = np.hypot(across, up)
        step = 1e-5 * away
        slope = (FOUR.share_within(away + step) - FOUR.share_within(away - step)) / (2 * step)
        density = slope / away * vonmises(1.5, loc=math.radians(-10)).pdf(np.arctan2(up, across))
        assert chances.mass[row, column] == pytest.approx(density.mean() * 1e4, rel=2e-3)


def test_a_place_known_badly_spreads_every_way_and_loses_nothing() -> None:
    """A person found next to nothing away from a place that is known to 500 m lies where the place lies."""
    near = Distances((0.5, 0.9), (1.0, 2.0))
    chances = around(grid(20, 3_000.0), PLACE, near, within_95_m=500.0)
    assert chances.outside < 1e-6
    for radius in (200.0, 500.0, 800.0):
        share = 1 - math.exp(-0.5 * (radius * SIGMA_OF_95 / 500) ** 2)
        assert chances.poa(shapely.Point(PLACE).buffer(radius, quad_segs=100)) == pytest.approx(
            share, abs=2e-3
        )


def test_what_falls_beside_the_grid_is_outside() -> None:
    west = SearchGrid.around((-4_000, -9_000, 0, 9_000), 40.0, FRAME)
    east = SearchGrid.around((0, -9_000, 4_000, 9_000), 40.0, FRAME)
    both = SearchGrid.around((-4_000, -9_000, 4_000, 9_000), 40.0, FRAME)
    halves = [around(part, PLACE, FOUR, Direction(70, 1.0), 300.0).outside for part in (west, east)]
    whole = around(both, PLACE, FOUR, Direction(70, 1.0), 300.0).outside
    assert 1 - sum(1 - each for each in halves) == pytest.approx(whole, abs=1e-9)


def test_a_dispersion_angle_is_what_holds_its_share() -> None:
    for angle, share in ((20.0, 0.5), (35.0, 0.5), (90.0, 0.8), (60.0, 0.5)):
        direction = Direction.within(0.0, angle, share)
        low, high = math.radians(-angle), math.radians(angle)
        found = vonmises(direction.concentration).cdf(high) - vonmises(direction.concentration).cdf(low)
        assert found == pytest.approx(share, abs=1e-6)
    assert Direction.within(0.0, 120.0, 0.5).concentration == 0


def test_a_direction_turns_the_map_clockwise_from_north() -> None:
    chances = around(grid(25, 5_000.0), (0.0, 0.0), FOUR, Direction.within(90.0, 45.0))
    near = shapely.Point(0, 0).buffer(5_000, quad_segs=100)
    wedge = shapely.Polygon([(0, 0), (10_000, 10_000), (10_000, -10_000)]).intersection(near)
    assert chances.poa(wedge) / chances.poa(near) == pytest.approx(0.5, abs=0.003)
    assert chances.mass[:, 200:].sum() > 3 * chances.mass[:, :200].sum()


def test_half_of_a_route_lies_within_its_offset() -> None:
    line = shapely.LineString([(-20_000, 300), (20_000, 300)])
    chances = along(grid(25, 2_000.0), line, offset_m=100.0)
    assert chances.on_grid == pytest.approx(0.1, abs=1e-4)
    band = shapely.box(-2_000, 200, 2_000, 400)
    assert chances.poa(band) / chances.on_grid == pytest.approx(0.5, abs=0.003)


def test_an_area_is_covered_alike() -> None:
    area = shapely.Point(9_000, 0).buffer(2_000)
    chances = over(grid(50), area)
    on_grid = area.intersection(shapely.box(-10_000, -10_000, 10_000, 10_000)).area / area.area
    assert chances.on_grid == pytest.approx(on_grid)
    full = chances.mass[200, 380]
    assert full == pytest.approx(50**2 / area.area)


@pytest.mark.parametrize(
    ("shares", "metres", "what"),
    [
        ((0.5,), (100.0,), "no curve"),
        ((0.5, 0.25), (100.0, 200.0), "followed by"),
        ((0.25, 0.5), (200.0, 200.0), "followed by"),
        ((0.5, 1.0), (100.0, 200.0), "0 to 100 %"),
        ((0.25, 0.5), (0.0, 200.0), "lies outside"),
        ((0.25, 0.5), (10.0, math.nan), "lies outside"),
    ],
)
def test_figures_that_make_no_curve_are_refused(
    shares: tuple[float, ...], metres: tuple[float, ...], what: str
) -> None:
    with pytest.raises(SettingsError, match=what):
        Distances(shares, metres)


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(SettingsError, match="vague"):
        around(grid(20), PLACE, FOUR, within_95_m=50_000.0)
    with pytest.raises(SettingsError, match="no length"):
        along(grid(20), shapely.LineString([(0, 0), (0, 0)]), 50.0)
    with pytest.raises(SettingsError, match="km long"):
        along(grid(10, 100.0), shapely.LineString([(0, 0), (9_000_000, 0)]), 50.0)
    with pytest.raises(SettingsError, match="offset"):
        along(grid(20), shapely.LineString([(0, 0), (100, 0)]), 0.0)
    with pytest.raises(SettingsError, match="concentration"):
        Direction(0.0, 1e6)


def test_the_probit_of_a_tail_is_straight() -> None:
    far = np.array([8e3, 3e4, 1e5])
    slope = np.diff(FOUR.probit(np.log(far))) / np.diff(np.log(far))
    assert slope == pytest.approx([slope[0]] * 2)
    assert FOUR.share_within(far[-1:]) == pytest.approx(ndtr(FOUR.probit(np.log(far[-1:]))))
