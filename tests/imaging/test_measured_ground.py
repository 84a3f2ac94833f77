"""What frames tell of the ground's heat is kept with the looks, and makes them looks of another kind."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from imaging.searched.look_file import read_looks, write_looks
from imaging.searched.measured_ground import LEAST_SPREAD_K, TILE_PX, ground_heat_of
from imaging.searched.viewpoints import Looking, views_of_frames
from imaging.thermal.frame import Exposure, ThermalFrame
from missions import catalogue
from missions.errors import InputError
from missions.search.detection import detections, tells_of_measured, toml_of
from missions.search.ground_heat import MEASURED, GroundHeat
from missions.search.looks import Viewpoint, looks_of
from missions.search.missed import missed_cells
from sitl.world import World, grid_poses, render_thermal
from tests.imaging.posed_track import Poses
from tests.imaging.searched_passes import flown
from tests.imaging.searched_world import CAMERA, GROUND
from tests.missions.search_views import grid_of

THERMAL = catalogue.camera("demo-thermal")


def frame_of(values: np.ndarray, unit: str = "degC") -> ThermalFrame:
    return ThermalFrame(Path("a.tiff"), values.astype(np.float32), unit, Exposure(), "")  # type: ignore[arg-type]


def test_a_tile_tells_its_own_spread_and_how_far_it_lies_above_the_frames_middle() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(20.0, 0.5, (256, 320))
    values[:80, :80] = rng.normal(32.0, 3.0, (80, 80))
    heat = ground_heat_of(frame_of(values), CAMERA)
    assert heat is not None
    assert heat.spread_k.shape == (256 // TILE_PX, 320 // TILE_PX)
    assert heat.spread_k[0, 0] == pytest.approx(3.0, rel=0.2)
    assert heat.above_k[0, 0] == pytest.approx(12.0, abs=0.6)
    assert heat.spread_k[-1, -1] == pytest.approx(0.5, rel=0.2)
    assert heat.above_k[-1, -1] == pytest.approx(0.0, abs=0.2)
    reach = np.array(heat.reach)
    spread, above = heat.at(reach[:1] * [-0.95], reach[1:] * [-0.95])
    assert (spread[0], above[0]) == (heat.spread_k[0, 0], heat.above_k[0, 0])


def test_a_person_in_a_tile_hardly_changes_it() -> None:
    values = np.random.default_rng(3).normal(20.0, 0.5, (256, 320))
    alone = ground_heat_of(frame_of(values), CAMERA)
    values[100:117, 100:105] = 34.0  # 1.7 x 0.5 m in pixels of a decimetre
    shown = ground_heat_of(frame_of(values), CAMERA)
    assert alone is not None
    assert shown is not None
    assert shown.spread_k == pytest.approx(alone.spread_k, rel=0.1)
    assert shown.above_k == pytest.approx(alone.above_k, abs=0.1)


def test_what_tells_no_temperatures_tells_nothing_of_the_ground() -> None:
    values = np.full((256, 320), 20.0)
    assert ground_heat_of(frame_of(values, "grey"), CAMERA) is None
    assert ground_heat_of(frame_of(values[:20]), CAMERA) is None
    even = ground_heat_of(frame_of(values), CAMERA)
    assert even is not None
    assert even.spread_k == pytest.approx(LEAST_SPREAD_K)
    values[7, 8] = np.nan
    assert ground_heat_of(frame_of(values[::1]), CAMERA) is not None, "not a pixel that is looked at"
    values[8, 8] = np.nan
    assert ground_heat_of(frame_of(values), CAMERA) is None


def measured(view: Viewpoint) -> Viewpoint:
    heat = GroundHeat(np.array([[0.5, 2.0]]), np.array([[0.0, 4.0]]), (0.211, 0.169))
    return dataclasses.replace(view, ground=heat, kind=view.kind + MEASURED)


def test_looks_keep_the_ground_at_their_place_through_a_file(tmp_path: Path) -> None:
    views = flown("thermal-day", CAMERA, np.random.default_rng(1)).views
    mixed = [measured(view) if number % 2 else view for number, view in enumerate(views)]
    looks = looks_of(mixed, grid_of(), GROUND)
    told = ~np.isnan(looks.spread_k)
    assert 0 < told.sum() < len(looks)
    assert set(looks.spread_k[told]) == {0.5, 2.0}
    assert set(looks.above_k[told]) == {0.0, 4.0}
    assert all(mixed[int(n)].ground is not None for n in np.unique(looks.frame[told]))
    again = read_looks(tmp_path / "a.parquet", looks.grid, write_looks(looks, tmp_path / "a.parquet"))
    np.testing.assert_array_equal(again.spread_k, looks.spread_k)
    np.testing.assert_array_equal(again.above_k, looks.above_k)
    both = missed_cells(again, detections())
    np.testing.assert_allclose(both, missed_cells(looks, detections()), rtol=1e-5)
    assert both.min() < 1


def test_a_kind_that_asks_for_the_ground_is_refused_for_frames_that_tell_nothing() -> None:
    views = flown("thermal-day" + MEASURED, CAMERA, np.random.default_rng(1)).views
    looks = looks_of(views, grid_of(), GROUND)
    with pytest.raises(InputError, match="tell nothing of the ground"):
        missed_cells(looks, detections())


def test_a_file_of_looks_from_before_opens_as_it_did(tmp_path: Path) -> None:
    views = flown("thermal-day", CAMERA, np.random.default_rng(1)).views
    looks = looks_of(views, grid_of(), GROUND)
    write_looks(looks, tmp_path / "a.parquet")
    pq.write_table(
        pq.read_table(tmp_path / "a.parquet").drop_columns(["spread_k", "above_k"]), tmp_path / "b.parquet"
    )
    before = read_looks(tmp_path / "b.parquet", looks.grid)
    assert len(before) == len(looks)
    assert np.isnan(before.spread_k).all()
    assert missed_cells(before, detections()) == pytest.approx(missed_cells(looks, detections()), abs=1e-5)


@pytest.mark.parametrize("measure", [True, False])
def test_pictures_that_tell_temperatures_are_looks_of_the_measured_kind(
    tmp_path: Path, measure: bool
) -> None:
    """A team that has fitted figures of its own to other frames leaves it out."""
    world = World(3, size_m=60.0, texel_m=0.25)
    poses = grid_poses(world, THERMAL, height_agl_m=50.0, width_m=20.0, length_m=20.0, overlap_front_pct=30.0)
    truth = render_thermal(world, tmp_path, THERMAL, poses, [], night=False)
    looking = Looking(THERMAL, kind="thermal-day", straight_down=True, measure=measure)
    made = views_of_frames(truth.folder, Poses(poses), looking, world.frame)
    assert len(made.views) == len(truth.frames) > 1
    assert {view.kind for view in made.views} == {"thermal-day" + MEASURED * measure}
    grounds = [view.ground for view in made.views if view.ground is not None]
    assert len(grounds) == len(made.views) * measure
    for heat in grounds:
        assert 0.3 < np.median(heat.spread_k) < 5.0


def test_a_teams_own_figures_are_asked_whether_they_know_such_frames(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    night = detections()["thermal-night"]
    own.write_text(toml_of([night]))
    assert tells_of_measured(None)
    assert not tells_of_measured(own)
    own.write_text(toml_of([night, detections()["thermal-night" + MEASURED]]))
    assert tells_of_measured(own)
    assert detections(own)["thermal-night" + MEASURED].contrast_weight > 0
