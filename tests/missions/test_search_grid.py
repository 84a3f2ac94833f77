"""Cells of a search: where they lie, how many may be, and what of them lies in a shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from missions.area import Area, Part
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.search.grid import MAX_CELLS, SearchGrid
from missions.search.probability import ProbabilityMap

FRAME = LocalFrame(GeoPoint(52.1, 5.3))
GRID = SearchGrid(FRAME, west_m=-100.0, north_m=60.0, cell_m=10.0, rows=12, columns=20)


def test_row_0_is_the_northernmost_and_column_0_the_westernmost() -> None:
    assert GRID.centres_m.shape == (12, 20, 2)
    assert GRID.centres_m[0, 0].tolist() == [-95.0, 55.0]
    assert GRID.centres_m[-1, -1].tolist() == [95.0, -55.0]
    assert GRID.cell_polygon(0, 0).bounds == (-100.0, 50.0, -90.0, 60.0)


def test_every_middle_lies_in_its_own_cell_and_nothing_beside_the_grid_in_any() -> None:
    rows, columns = np.divmod(np.arange(12 * 20), 20)
    assert (GRID.cell_of(GRID.centres_m.reshape(-1, 2)) == np.column_stack([rows, columns])).all()
    beside = np.array([[-100.1, 0.0], [100.0, 0.0], [0.0, 60.1], [0.0, -60.1], [math.nan, 0.0]])
    assert (GRID.cell_of(beside) == -1).all()


def test_the_grid_over_an_area_holds_it_with_less_than_a_cell_to_spare() -> None:
    corners = [(52.100, 5.300), (52.100, 5.314), (52.109, 5.309)]
    area = Area("field", (Part(tuple(GeoPoint(*corner) for corner in corners)),))
    grid = SearchGrid.over(area, 25.0)
    places = grid.frame.local_from_geo([(lon, lat) for lat, lon in corners])
    assert (grid.cell_of(places) >= 0).all()
    west, south, east, north = grid.bounds_m
    wide = distance_m(GeoPoint(52.1, 5.3), GeoPoint(52.1, 5.314))
    assert wide <= east - west < wide + 25.1
    assert (north - south) % 25 == pytest.approx(0, abs=1e-6)


def test_the_share_of_cells_in_any_shape_adds_up_to_its_area() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        corners = random.uniform(-60, 60, (7, 2))
        shape = shapely.MultiPoint(corners).convex_hull.difference(
            shapely.Point(random.uniform(-20, 20, 2)).buffer(9)
        )
        share = GRID.share_inside(shape)
        on_grid = shape.intersection(shapely.box(*GRID.bounds_m))
        assert share.sum() * 100 == pytest.approx(on_grid.area, rel=1e-9)
        row, column = random.integers(0, 12), random.integers(0, 20)
        own = GRID.cell_polygon(int(row), int(column)).intersection(shape).area / 100
        assert share[row, column] == pytest.approx(own, abs=1e-12)


def test_an_intricate_shape_is_divided_and_still_exact() -> None:
    angles = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    radii = 45 + 10 * np.sin(40 * angles)
    star = shapely.Polygon(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))
    grid = SearchGrid.around((-60, -60, 60, 60), 1.0, FRAME)
    assert grid.share_inside(star).sum() == pytest.approx(star.area, rel=1e-9)


def test_too_many_cells_are_refused_with_a_size_that_fits() -> None:
    with pytest.raises(SettingsError, match="more than 4000000") as refused:
        SearchGrid(FRAME, 0.0, 0.0, 10.0, 3000, 3000)
    size = float(refused.value.remedy.split()[-2])
    assert (30_000 / size) ** 2 <= MAX_CELLS


@pytest.mark.parametrize(
    ("cell_m", "rows", "west_m"), [(0.0, 5, 0.0), (math.nan, 5, 0.0), (10.0, 0, 0.0), (10.0, 5, math.inf)]
)
def test_cells_that_make_no_grid_are_refused(cell_m: float, rows: int, west_m: float) -> None:
    with pytest.raises(SettingsError):
        SearchGrid(FRAME, west_m, 0.0, cell_m, rows, 5)


def test_there_is_no_cell_beyond_the_last() -> None:
    with pytest.raises(SettingsError, match="no cell 12, 0"):
        GRID.cell_polygon(12, 0)


def uneven() -> ProbabilityMap:
    mass = np.random.default_rng(1).uniform(0, 1, GRID.shape)
    return ProbabilityMap.normalised(GRID, mass, 30.0)


def test_chances_of_disjoint_shapes_add_up() -> None:
    chances = uneven()
    west, south, east, north = GRID.bounds_m
    middle = 13.7
    left, right = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
    assert chances.poa(left) + chances.poa(right) == pytest.approx(chances.on_grid)
    assert chances.on_grid + chances.outside == pytest.approx(1)


def test_the_likeliest_cells_are_the_fewest_that_hold_the_share() -> None:
    chances = uneven()
    chosen = chances.likeliest(0.4)
    assert chances.mass[chosen].sum() >= 0.4 > chances.mass[chosen].sum() - chances.mass[chosen].min()
    assert chances.mass[chosen].min() >= chances.mass[~chosen].max()
    assert chances.likeliest(1.0).all()


def test_cells_that_are_alike_are_taken_or_left_together() -> None:
    mass = np.ones(GRID.shape)
    mass[:, 10:] = 2
    chances = ProbabilityMap.normalised(GRID, mass)
    assert (chances.likeliest(0.3) == (mass == 2)).all()
    assert chances.likeliest(0.7).all()


def test_a_map_cannot_be_written_to_or_changed_from_outside() -> None:
    mass = np.full(GRID.shape, 1 / 240)
    chances = ProbabilityMap(GRID, mass)
    mass[0, 0] = 5
    assert chances.mass[0, 0] == 1 / 240
    with pytest.raises(ValueError, match="read-only"):
        chances.mass[0, 0] = 1


@pytest.mark.parametrize(
    ("mass", "outside", "what"),
    [
        (np.full((12, 20), 1 / 240), 0.1, "together, not 1"),
        (np.full((12, 20), -1 / 240), 2.0, "negative"),
        (np.full((12, 20), np.nan), 0.0, "no number"),
        (np.full((12, 21), 1 / 252), 0.0, "do not fit"),
    ],
)
def test_what_is_no_chance_is_refused(mass: np.ndarray, outside: float, what: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(SettingsError, match=what):
        ProbabilityMap(GRID, mass, outside)


def test_a_map_without_any_chance_is_refused() -> None:
    with pytest.raises(SettingsError, match="no chance is left"):
        ProbabilityMap.normalised(GRID, np.zeros(GRID.shape))
