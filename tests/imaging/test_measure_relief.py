"""How rough a scene's surface is about a place: a step counts, a slope hardly, what is unseen is reckoned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from imaging.grid import grid_over
from imaging.lens import Array
from imaging.measure.opened import UNSEEN_M, Ground
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))
EPSG, SPREAD_M, PATCH_M = 32631, 0.4, 0.3
MIDDLE = np.array([0.0, 0.0])


def ground_of(folder: Path, cell_m: float, shape: str) -> Ground:
    """A surface that slopes by 8 in 100, by `shape` with a kerb of 12 cm in its middle, or with no height."""
    reach = 40 * cell_m
    grid = grid_over(FRAME, EPSG, np.array([[-reach, -reach], [reach, reach]]), cell_m)
    local = grid.local_from_lattice(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    heights_m: Array = 5 + 0.08 * local[..., 0]
    if shape == "kerb":
        heights_m = heights_m + np.where(local[..., 1] > 0, 0.12, 0.0)
    if shape == "nothing":
        heights_m = np.full_like(heights_m, np.nan)
    path = folder / "dsm.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=grid.width, height=grid.height, count=1, dtype="float32",
        crs=f"EPSG:{EPSG}", transform=grid.transform, nodata=np.nan,
    ) as file:  # fmt: skip
        file.write(heights_m.astype(np.float32), 1)
    return Ground(grid, path, None, SPREAD_M)


def test_a_slope_is_hardly_rough(tmp_path: Path) -> None:
    relief_m = ground_of(tmp_path, 0.03, "slope").relief_m(MIDDLE, PATCH_M)
    assert relief_m == pytest.approx(0.08 * PATCH_M / np.sqrt(3), rel=0.1)


def test_a_kerb_in_the_patch_is_rough(tmp_path: Path) -> None:
    relief_m = ground_of(tmp_path, 0.03, "kerb").relief_m(MIDDLE, PATCH_M)
    assert relief_m == pytest.approx(np.hypot(0.12 / 2, 0.08 * PATCH_M / np.sqrt(3)), rel=0.1)


def test_what_large_cells_cannot_tell_is_reckoned_with(tmp_path: Path) -> None:
    assert ground_of(tmp_path, 0.8, "slope").relief_m(MIDDLE, PATCH_M) == pytest.approx(UNSEEN_M, rel=0.01)


def test_where_no_height_is_known_it_is_as_rough_as_the_whole(tmp_path: Path) -> None:
    assert ground_of(tmp_path, 0.03, "nothing").relief_m(MIDDLE, PATCH_M) == SPREAD_M
    assert ground_of(tmp_path, 0.03, "slope").relief_m(np.array([900.0, 900.0]), PATCH_M) == SPREAD_M
