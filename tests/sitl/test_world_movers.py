"""What moves is in the photos where and when the truth says, and leaves the world as it was."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from missions.camera import Camera
from missions.errors import InputError
from sitl.world import CrashPlan, Lens, Mover, World, grid_poses, render_photos
from sitl.world.light import shadow
from sitl.world.movers import staged
from sitl.world.photos import picture_of, standing_at
from sitl.world.raster import halved

CAMERA = Camera("test-wide", 13.2, 9.9, 9.0, 240, 180)


@pytest.fixture(scope="module")
def world() -> World:
    return World(9, size_m=64.0, texel_m=0.1, plan=CrashPlan(vehicles=2, slope=0.06, trees=False))


def driving(world: World) -> Mover:
    """Along the lane to the right, at 2 m/s, from 20 m before the crash."""
    stops = [(0.0, *world.layout.road.place(-20.0, 1.8)), (10.0, *world.layout.road.place(0.0, 1.8))]
    return Mover("driving", tuple(stops), colour=(250, 30, 30))


def test_a_mover_is_between_its_places_faces_where_it_goes_and_is_absent_otherwise() -> None:
    mover = Mover("m", ((2.0, 0, 0), (4.0, 0, 10), (8.0, 0, 10), (10.0, 6, 10)))
    assert mover.at(1.9) is None
    assert mover.at(10.1) is None
    going = mover.at(3.0)
    assert going is not None
    assert (going.east_m, going.north_m, going.heading_deg, going.speed_m_s) == (0, 5, 0, 5)
    standing = mover.at(6.0)
    assert standing is not None
    assert (standing.north_m, standing.heading_deg, standing.speed_m_s) == (10, 90, 0)


@pytest.mark.parametrize("path", [(), ((1.0, 0, 0), (1.0, 1, 1))])
def test_a_path_that_does_not_go_forward_is_refused(path: tuple[tuple[float, float, float], ...]) -> None:
    with pytest.raises(InputError):
        Mover("m", path)


def test_afterwards_the_world_is_as_it_was(world: World) -> None:
    rasters = (world.colours, world.heights, world.materials, world.skyline)
    world.colours.level(0.4)
    before = [level.copy() for raster in rasters for level in raster._levels]
    highest_m = world.highest_m
    standing = standing_at([driving(world), Mover("p", ((0.0, 3, 3), (9.0, 4, 4)), "person")], 5.0)
    with staged(world, standing):
        inside = [level.copy() for raster in rasters for level in raster._levels]
    after = [level for raster in rasters for level in raster._levels]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(before, inside, strict=True))
    assert world.highest_m == highest_m
    with staged(world, standing):
        world.colours.level(0.8)
    finer, made_meanwhile = world.colours._levels[-2:]
    assert len(world.colours._levels) == 4
    assert np.array_equal(made_meanwhile, halved(finer))


def test_it_stands_on_the_slope_and_rises_as_high_as_it_is(world: World) -> None:
    mover = driving(world)
    standing = standing_at([mover], 5.0)
    stand = standing[0][1]
    with staged(world, standing):
        roof_m = float(world.surface_height([[stand.east_m, stand.north_m]])[0])
    ground_m = float(world.ground_height([[stand.east_m, stand.north_m]])[0])
    assert roof_m - ground_m == pytest.approx(mover.size_m[2], abs=0.1)


def test_a_picture_changes_in_its_box_and_in_its_shadow_alone(world: World) -> None:
    pose = grid_poses(world, CAMERA, height_agl_m=25, centre_en_m=(0, 0), width_m=0, length_m=0)[0]
    view = world.view(Lens.of(CAMERA), pose)
    standing = standing_at([driving(world)], 7.0)
    empty = picture_of(world, view)
    with staged(world, standing):
        full = picture_of(world, view)
    rows, columns = np.nonzero(np.abs(full - empty).max(axis=-1) > 15)
    stand = standing[0][1]
    corners = view.project(standing[0][0].corners(stand, 0.0))
    shadow_px = 2.6 / 25 * view.lens.focal_length_px
    assert rows.size > 50
    inside = (columns > corners[:, 0].min() - shadow_px) & (columns < corners[:, 0].max() + shadow_px)
    inside &= (rows > corners[:, 1].min() - shadow_px) & (rows < corners[:, 1].max() + shadow_px)
    assert np.mean(inside) > 0.97


def test_photos_show_each_mover_at_its_time_and_the_orthomosaic_none(world: World, tmp_path: Path) -> None:
    poses = grid_poses(world, CAMERA, height_agl_m=25, centre_en_m=(0, 0), width_m=0, length_m=14)[:4]
    bare = world.truth_orthomosaic(0.1).rgb
    once = Mover("once", tuple((t, *world.layout.road.place(4 * t - 12, -1.8)) for t in (1.5, 2.5)))
    truth = render_photos(world, tmp_path, CAMERA, poses, movers=[driving(world), once], noise_dn=0)
    start, end = (np.array(stop[1:]) for stop in driving(world).path)
    assert np.array_equal(world.truth_orthomosaic(0.1).rgb, bare)
    assert ["once" in [seen.name for seen in photo.movers] for photo in truth.photos] == [
        number == 1 for number in range(len(poses))
    ]
    for photo in truth.photos:
        seen = next(mover for mover in photo.movers if mover.name == "driving")
        share = (photo.pose.time_s - poses[0].time_s) / 10
        assert (seen.east_m, seen.north_m) == pytest.approx(tuple((1 - share) * start + share * end))
        picture = np.asarray(Image.open(BytesIO((tmp_path / photo.file).read_bytes())), float)
        left, top, right, bottom = (max(0, int(edge)) for edge in seen.box)
        box = picture[top:bottom, left:right]
        redness = (box[..., 0] - box[..., 1:].mean(axis=-1)) > 60
        assert not redness.size or redness.mean() > 0.05


def test_a_window_narrower_than_a_shadow_is_lit() -> None:
    """What stands in a strip of a few cells throws its shadow out of it."""
    height = np.zeros((40, 6), np.float32)
    height[20, 3] = 12.0
    for azimuth_rad in (0.0, 1.6, 2.5, 4.4):
        dark = shadow(height, 0.1, azimuth_rad, 0.8)
        assert dark.shape == height.shape
        assert dark.max() <= 1
    assert shadow(height, 0.1, 0.0, 0.8)[22:, 3].max() > 0.5
