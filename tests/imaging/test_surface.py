import numpy as np
import pytest

from imaging.grid import grid_over
from imaging.surface import Surface, fit_plane
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))


def test_the_plane_is_the_ground_though_a_third_of_the_points_are_trees():
    random = np.random.default_rng(4)
    points = np.column_stack([random.uniform(-60, 60, (900, 2)), np.zeros(900)])
    points[:, 2] = 0.03 * points[:, 0] - 0.01 * points[:, 1] + 5 + random.normal(0, 0.05, 900)
    points[:300, 2] += random.uniform(3, 12, 300)
    assert fit_plane(points) == pytest.approx([0.03, -0.01, 5], abs=0.15)


def test_heights_between_cells_are_linear_and_held_at_the_border():
    grid = grid_over(FRAME, 32631, np.array([[-20.0, -20.0], [20.0, 20.0]]), 2.0)
    columns, rows = np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5
    local = grid.local_from_lattice(columns, rows)
    surface = Surface(grid, 0.1 * local[..., 0] + 0.2 * local[..., 1], np.zeros(3), 0.0, "")
    inside = np.random.default_rng(1).uniform(-15, 15, (40, 2))
    assert np.abs(surface.height_m(inside) - inside @ [0.1, 0.2]).max() < 1e-3
    assert np.isfinite(surface.height_m(np.array([[1e4, -1e4]]))).all()


def test_a_lattice_in_utm_gives_the_heights_of_its_places():
    grid = grid_over(FRAME, 32631, np.array([[-20.0, -20.0], [20.0, 20.0]]), 2.0)
    heights_m = np.random.default_rng(2).normal(0, 1, (grid.height, grid.width))
    surface = Surface(grid, heights_m, np.zeros(3), 0.0, "")
    columns, rows = np.array([3.2, 7.9, 11.0]), np.array([2.1, 9.4])
    on_utm = surface.height_on_utm(grid.west_m + columns * 2.0, grid.north_m - rows * 2.0)
    x, y = np.meshgrid(columns, rows)
    places = grid.local_from_cells(x.ravel(), y.ravel()).reshape(2, 3, 2)
    assert np.abs(on_utm - surface.height_m(places)).max() < 1e-6
