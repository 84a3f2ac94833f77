"""The fast alignment on rendered photos, from files to views, against the truth of the world."""

import shutil

import numpy as np
import pytest
from PIL import Image

from imaging.adjustment.network import Ties, indices
from imaging.options import MosaicOptions
from imaging.quick.align import align_quickly, pictures_of
from imaging.quick.triangulation import triangulate, unit_rays
from imaging.scene import open_scene
from imaging.survey import survey
from missions.errors import PhotoError

QUICK = MosaicOptions(quick=True, threads=1)


@pytest.fixture
def folder(rendered, tmp_path):
    """A copy of the rendered photos, to be spoilt."""
    return shutil.copytree(rendered.folder, tmp_path / "photos", ignore=shutil.ignore_patterns("*.json"))


def rewritten(path, pixels=None):
    """The photo saved anew: its pixels alone, or other pixels with all that stands beside them."""
    with Image.open(path) as image:
        kept = {} if pixels is None else {"exif": image.getexif(), "xmp": image.info["xmp"]}
        picture = image.convert("RGB") if pixels is None else Image.fromarray(pixels)
    picture.save(path, quality=92, **kept)


def aligned(folder, scene_folder, heard):
    scene = open_scene(scene_folder)
    pictures = pictures_of(QUICK)
    found = survey(folder, scene, heard, pictures=pictures, unplaced=True)
    return found, align_quickly(found, scene, QUICK, heard, pictures=pictures)


def targets(rendered, alignment):
    """True places of the painted targets and where the rays of their pixels meet, (n, 3) metres each."""
    number = {view.name: index for index, view in enumerate(alignment.views)}
    marks = [
        (number[photo.file], name, pixel)
        for photo in rendered.photos.photos
        if photo.file in number
        for name, pixel in photo.control_points.items()
    ]
    names = sorted({name for _, name, _ in marks})
    ties = Ties(
        indices([view for view, _, _ in marks]),
        indices([names.index(name) for _, name, _ in marks]),
        np.array([pixel for *_, pixel in marks], float),
    )
    rays = unit_rays(ties, alignment.views, alignment.lenses)
    rotations = np.array([view.rotation for view in alignment.views])
    centres = np.array([view.centre for view in alignment.views])
    places, good = triangulate(ties, rays, rotations, centres, len(names))
    known = {
        point.name: (point.east_m, point.north_m, point.up_m) for point in rendered.photos.control_points
    }
    return np.array([known[name] for name in names])[good], places[good]


def in_plan(true, found):
    """Scale of the best similarity in plan, and the rms distance left over in metres."""
    a, b = (true - true.mean(axis=0))[:, :2] @ [1, 1j], (found - found.mean(axis=0))[:, :2] @ [1, 1j]
    factor = np.vdot(a, b) / np.vdot(a, a)
    return abs(factor), np.sqrt(np.mean(abs(b - factor * a) ** 2))


def test_targets_lie_true_to_a_fraction_of_a_pixel_and_the_scale_is_that_of_gps(rendered, tmp_path, heard):
    found, alignment = aligned(rendered.folder, tmp_path / "scene", heard)
    scale, residual_m = in_plan(*targets(rendered, alignment))
    assert len(alignment.views) == len(found.photos) == len(rendered.photos.photos)
    assert np.mean(alignment.observation_px) < 0.3
    assert residual_m < 0.01
    assert scale == pytest.approx(1, abs=0.03)
    assert len(alignment.ties) == len(alignment.observation_px)
    assert alignment.ties.point.max() == len(alignment.points) - 1


def test_the_same_photos_again_take_what_stands_there(rendered, tmp_path, heard, hearing):
    _, first = aligned(rendered.folder, tmp_path / "scene", heard)
    again = hearing()
    _, second = aligned(rendered.folder, tmp_path / "scene", again)
    assert "alignment: kept from before" in again.stages
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.ties.px, second.ties.px)


def test_photos_that_lost_their_metadata_are_placed_among_the_others(rendered, folder, tmp_path, heard):
    """A messenger strips position, angles and focal length: the picture alone must do."""
    names = [photo.file for photo in rendered.photos.photos]
    for name in (names[1], names[4]):
        rewritten(folder / name)
    found, alignment = aligned(folder, tmp_path / "scene", heard)
    assert found.photos[names[4]].place is None
    assert {view.name for view in alignment.views} == set(names)
    assert in_plan(*targets(rendered, alignment))[1] < 0.03


def test_no_position_in_any_photo_is_one_clear_error(folder, tmp_path, heard):
    for path in folder.iterdir():
        rewritten(path)
    with pytest.raises(PhotoError, match="no photo has a GPS position"):
        aligned(folder, tmp_path / "scene", heard)


def test_a_picture_of_water_among_the_others_is_named_and_spoils_nothing(rendered, folder, tmp_path, heard):
    name = rendered.photos.photos[4].file
    camera = rendered.photos.camera
    size = (camera.image_height_px, camera.image_width_px, 3)
    water = np.random.default_rng(1).normal((60, 90, 110), 1.5, size)
    water += np.linspace(0, 20, size[0])[:, None, None]
    rewritten(folder / name, water.clip(0, 255).astype(np.uint8))
    _, alignment = aligned(folder, tmp_path / "scene", heard)
    assert [item.name for item in alignment.left_out] == [name]
    assert len(alignment.views) == len(rendered.photos.photos) - 1
    assert in_plan(*targets(rendered, alignment))[1] < 0.01
