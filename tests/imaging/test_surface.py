from dataclasses import replace

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


def test_a_window_of_another_grid_has_the_heights_of_its_places():
    grid = grid_over(FRAME, 32631, np.array([[-20.0, -20.0], [20.0, 20.0]]), 2.0)
    heights_m = np.random.default_rng(2).normal(0, 1, (grid.height, grid.width))
    surface = Surface(grid, heights_m, np.zeros(3), 0.0, "")
    finer = replace(
        grid, cell_m=0.5, west_m=grid.west_m + 1.7, north_m=grid.north_m - 3.1, width=60, height=60
    )
    places = finer.local_from_lattice(np.arange(4, 34) + 0.5, np.arange(2, 42) + 0.5)
    found_m = surface.heights_on(finer, 4, 2, 30, 40)
    # OpenCV places what it reads between cells to a 32nd of a cell.
    assert np.abs(found_m - surface.height_m(places)).max() < 0.1
    assert np.abs(found_m - surface.height_m(places)).mean() < 0.02
