import numpy as np
import pytest

from imaging.georeference import utm_epsg
from imaging.grid import grid_over
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))


def test_cells_and_local_metres_go_back_and_forth():
    points = np.random.default_rng(2).uniform(-300, 300, (50, 2))
    grid = grid_over(FRAME, 32631, points, 0.05)
    cells = grid.cells_from_local(points)
    assert np.abs(grid.local_from_cells(cells[:, 0], cells[:, 1]) - points).max() < 1e-5
    assert cells.min() >= 0
    assert (cells <= [grid.width, grid.height]).all()


def test_a_lattice_follows_the_map_projection_within_a_millimetre():
    grid = grid_over(FRAME, 32631, np.array([[-200.0, -200.0], [200.0, 200.0]]), 0.1)
    columns, rows = np.linspace(0, grid.width, 9), np.linspace(0, grid.height, 7)
    x, y = np.meshgrid(columns, rows)
    exact = grid.local_from_cells(x.ravel(), y.ravel()).reshape(7, 9, 2)
    assert np.abs(grid.local_from_lattice(columns, rows) - exact).max() < 1e-3


def test_blocks_cover_the_grid_once():
    grid = grid_over(FRAME, 32631, np.array([[0.0, 0.0], [50.0, 33.0]]), 0.1)
    drawn = np.zeros((grid.height, grid.width), int)
    for column, row, width, height in grid.blocks(128):
        drawn[row : row + height, column : column + width] += 1
    assert (drawn == 1).all()


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "epsg"),
    [(52, 4.4, 32631), (-33, 151, 32756), (0, -180, 32601), (10, 180, 32660), (46.8, -92, 32615)],
)
def test_the_utm_zone_is_that_of_the_place(lat_deg, lon_deg, epsg):
    assert utm_epsg(GeoPoint(lat_deg, lon_deg)) == epsg
