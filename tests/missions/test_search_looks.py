"""Which places a frame sees, how large a person is there, and what the ground hides."""

from __future__ import annotations

import numpy as np
import pytest

from missions.errors import InputError, SettingsError
from missions.search.looks import PERSON_HEIGHT_M, looks_of, places_m
from missions.search.seen_ground import SeenGround
from missions.terrain import AnalyticTerrain
from missions.view import PERSON_WIDTH_M
from tests.missions.search_views import CAMERA, FRAME, down_from, grid_of, oblique

LEVEL = SeenGround.level(FRAME, 0.0)


def test_a_frame_straight_down_sees_its_footprint_and_no_more() -> None:
    grid = grid_of()
    looks = looks_of([down_from(0, 0, 80)], grid, LEVEL)
    seen = {tuple(point) for point in places_m(grid, 2, looks.place)}
    half = (80 - PERSON_HEIGHT_M) / 2
    every = places_m(grid, 2, np.arange(400))
    assert seen == {tuple(point) for point in every if np.abs(point).max() <= half}


def test_a_person_has_the_pixels_that_the_height_gives() -> None:
    looks = looks_of([down_from(0, 0, 80)], grid_of(), LEVEL)
    assert looks.pixels == pytest.approx(PERSON_WIDTH_M / CAMERA.gsd_m(80 - PERSON_HEIGHT_M))


def test_the_camera_is_seen_in_its_direction() -> None:
    looks = looks_of([oblique(0, -80, 80, bearing_deg=0, below_deg=45)], grid_of(), LEVEL)
    middle = int(np.argmin(np.abs(looks.off_nadir_deg - 45)))
    assert looks.off_nadir_deg[middle] == pytest.approx(45, abs=3)
    assert min(abs(looks.azimuth_deg - 180)) < 5
    near, far = looks.pixels[looks.off_nadir_deg < 35].mean(), looks.pixels[looks.off_nadir_deg > 55].mean()
    assert near > far


def test_a_frame_that_looks_at_the_sky_sees_nothing() -> None:
    assert len(looks_of([oblique(0, 0, 80, bearing_deg=90, below_deg=-60)], grid_of(), LEVEL)) == 0


def test_a_person_slides_by_speed_and_by_turning() -> None:
    moving = looks_of([down_from(0, 0, 80, speed_m_s=8.0)], grid_of(), LEVEL)
    turning = looks_of([down_from(0, 0, 80, turn_deg_s=10.0)], grid_of(), LEVEL)
    assert moving.slide_px_s == pytest.approx(8.0 / CAMERA.gsd_m(80 - PERSON_HEIGHT_M))
    assert turning.slide_px_s == pytest.approx(np.radians(10) * CAMERA.focal_length_px)


def test_a_ridge_hides_what_lies_behind_it() -> None:
    """A wall of 40 m north of a camera at 60 m hides three times as much as its distance."""
    terrain = AnalyticTerrain(lambda e, n: np.where(np.abs(n - 20) < 2, 40.0, 0.0), FRAME.origin)
    ground = SeenGround.of_terrain(terrain, FRAME, (-120, -120, 120, 120), finest_m=1.0)
    grid = grid_of(12, 12)
    view = oblique(0, -20, 60, bearing_deg=0, below_deg=45)
    behind = places_m(grid, 2, looks_of([view], grid, ground).place)[:, 1]
    level = places_m(grid, 2, looks_of([view], grid, LEVEL).place)[:, 1]
    shadow_ends_m = 22 + (40 - PERSON_HEIGHT_M) * (22 + 20) / (60 - 40)
    assert ((level > 25) & (level < shadow_ends_m - 2)).sum() > 20
    assert not ((behind > 25) & (behind < shadow_ends_m - 2)).any()
    assert (behind < 15).sum() == (level < 15).sum()
    assert (behind > shadow_ends_m + 2).sum() == (level > shadow_ends_m + 2).sum() > 0


def test_smooth_ground_hides_nothing_from_straight_above() -> None:
    terrain = AnalyticTerrain(lambda e, n: 0.3 * e + 5 * np.sin(n / 40), FRAME.origin)
    ground = SeenGround.of_terrain(terrain, FRAME, (-200, -200, 200, 200))
    seen = looks_of([down_from(0, 0, 80)], grid_of(), ground)
    assert (np.unique(seen.place).size) >= 50


def test_gaps_in_the_ground_take_the_nearest_height_and_no_ground_at_all_is_an_error() -> None:
    holed = AnalyticTerrain(lambda e, n: np.where(e > 0, np.nan, 7.0), FRAME.origin)
    assert SeenGround.of_terrain(holed, FRAME, (-50, -50, 50, 50)).lowest_m == 7.0
    nothing = AnalyticTerrain(lambda e, n: np.full(len(e), np.nan), FRAME.origin)
    with pytest.raises(InputError, match="tell nothing"):
        SeenGround.of_terrain(nothing, FRAME, (-50, -50, 50, 50))


def test_every_place_names_its_frames_and_a_frame_counts_once() -> None:
    grid = grid_of()
    first = looks_of([down_from(0, 0, 80, 1.0), down_from(20, 0, 80, 3.0)], grid, LEVEL)
    again = looks_of([down_from(20, 0, 80, 3.0), down_from(60, 0, 80, 5.0)], grid, LEVEL)
    both = first.joined(again)
    assert [frame.name for frame in both.frames] == ["f1", "f3", "f5"]
    alone = looks_of(
        [down_from(0, 0, 80, 1.0), down_from(20, 0, 80, 3.0), down_from(60, 0, 80, 5.0)], grid, LEVEL
    )
    assert np.array_equal(both.place, alone.place)
    assert np.array_equal(both.time_s, alone.time_s)
    row, column = grid.cell_of(np.array([[1.0, 1.0]]))[0]
    assert {both.frames[i].name for i in both.of_cell(row, column).frame} == {"f1", "f3"}


def test_looks_of_another_grid_are_not_joined() -> None:
    with pytest.raises(SettingsError, match="another grid"):
        looks_of([], grid_of(), LEVEL).joined(looks_of([], grid_of(9), LEVEL))


def test_cells_of_no_interest_are_left_out() -> None:
    grid = grid_of()
    within = np.zeros(grid.shape, bool)
    within[4, 5] = True
    looks = looks_of([down_from(0, 0, 80)], grid, LEVEL, within=within)
    assert set(looks.cell) == {45}
