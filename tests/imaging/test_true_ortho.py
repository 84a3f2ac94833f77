"""What a photo sees of a surface, and how it is laid on it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import rasterio

from imaging import consistency
from imaging.cog import INTEGERS, cog_from_tiff
from imaging.consistency import without_passers
from imaging.footprints import Footprint, project
from imaging.grid import Grid
from imaging.hiding import hide
from imaging.lens import Lens, View
from imaging.sampling import Patch, coarse_colours, lay
from imaging.threads import in_order
from missions.geodesy import GeoPoint, LocalFrame

GRID = Grid(LocalFrame(GeoPoint(52.17, 4.44)), 32631, 0.0, 0.0, 0.2, 120, 120)
LENS = Lens(400, 300, 320.0, 203.0, 148.0, -0.06, True)
DOWN = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])


def test_behind_a_box_a_strip_is_hidden_as_long_as_its_height_times_the_slant():
    heights_m = np.zeros((200, 200), np.float32)
    heights_m[90:110, 120:130] = 2.0
    hidden = np.zeros((200, 200), bool)
    hide(heights_m, 20.0, 100.0, 30.0, 0.0, hidden)
    # The far edge of the roof lies 110 cells (11 m) off, 28 m below the camera: 11 / 28 x 2 m = 0.79 m.
    row = np.flatnonzero(hidden[100])
    assert row[0] == 130
    assert len(row) == pytest.approx(7.9 * 10 / 10 * 1.0, abs=1.5)
    assert not hidden[:85].any()
    assert not hidden[:, :119].any()


@pytest.mark.parametrize(("share", "hides"), [(1.0, True), (0.25, False)])
def test_a_roof_that_ends_along_the_ray_is_hidden_there_and_one_that_falls_a_quarter_as_fast_is_not(
    share, hides
):
    # The ray that passes its edge, 100 cells from the camera's foot, falls by 28 m in as many.
    heights_m = np.zeros((41, 200), np.float32)
    heights_m[:, 60:120] = 2.0
    ramp = np.arange(1, 1 + int(2 / (share * 0.28)))
    heights_m[:, 120 + ramp - 1] = 2 - share * 0.28 * ramp
    hidden = np.zeros(heights_m.shape, bool)
    hide(heights_m, 20.0, 20.5, 30.0, 0.1, hidden)
    assert np.all(hidden[20, 121 : 120 + len(ramp)] == hides)
    assert not hidden[20, 62:119].any()


def test_level_ground_hides_nothing_and_noise_below_the_tolerance_neither():
    noisy = np.random.default_rng(3).uniform(0, 0.1, (150, 150)).astype(np.float32)
    hidden = np.zeros((150, 150), bool)
    hide(noisy, 75.0, 75.0, 30.0, 0.1, hidden)
    assert not hidden.any()


def test_a_photo_is_laid_where_its_lens_and_pose_say():
    random = np.random.default_rng(2)
    picture = cv2.GaussianBlur(random.integers(0, 255, (300, 400, 3), np.uint8), (0, 0), 3)
    view = View("a", "one", DOWN, np.array([1.0, -2.0, 30.0]), 0, 0.0)
    heights_m = random.uniform(0, 3, (60, 80)).astype(np.float32)
    patch = Patch(np.array([-4.0, 3.0]), np.array([0.1, 0.001]), np.array([0.001, -0.1]))
    total, share = np.zeros((60, 80, 3), np.float32), np.zeros((60, 80), np.float32)
    gain, shift = np.array([1.1, 1.0, 0.9], np.float32), np.full((1, 1, 3), 2.0, np.float32)
    lay(
        picture,
        view,
        LENS,
        patch,
        heights_m,
        np.full((60, 80), 0.5, np.float32),
        gain,
        shift,
        (0, 0),
        1.0,
        total,
        share,
    )
    row, column = np.mgrid[:60, :80]
    place = patch.origin + column[..., None] * patch.right + row[..., None] * patch.down
    pixels, _ = project(view, LENS, np.dstack([place, heights_m]))
    true = cv2.remap(picture.astype(np.float32), (pixels - 0.5).astype(np.float32), None, cv2.INTER_LINEAR)
    assert np.abs(total / 0.5 - (true * gain + 2)).max() < 2
    assert (share == 0.5).all()


def test_cells_outside_the_picture_get_nothing():
    view = View("a", "one", DOWN, np.array([0.0, 0.0, 30.0]), 0, 0.0)
    patch = Patch(np.array([100.0, 100.0]), np.array([0.1, 0.0]), np.array([0.0, -0.1]))
    total, share = np.zeros((9, 9, 3), np.float32), np.zeros((9, 9), np.float32)
    ones = np.ones((9, 9), np.float32)
    lay(
        np.full((300, 400, 3), 99, np.uint8), view, LENS, patch, 0 * ones, ones, np.ones(3, np.float32),
        np.zeros((1, 1, 3), np.float32), (0, 0), 1.0, total, share,
    )  # fmt: skip
    assert not total.any()
    assert not share.any()


def footprint(name, colours):
    view = View(name, "one", np.eye(3), np.zeros(3), 0, 0.0)
    return Footprint(view, 0, 0, np.full(colours.shape[:2], 0.1, np.float32), colours.astype(np.uint8))


def ground():
    return cv2.GaussianBlur(
        np.random.default_rng(8).integers(60, 160, (120, 120, 3)).astype(np.float32), (0, 0), 2
    )


def test_what_stands_in_one_photo_of_four_is_not_drawn_from_that_one():
    street = ground()
    passed = street.copy()
    passed[50:60, 40:52] = (230, 20, 20)
    photos, cells = without_passers(
        [footprint("a", street), footprint("b", street), footprint("c", passed), footprint("d", street)], GRID
    )
    assert not photos[2].seen[50:60, 40:52].any()
    assert 120 <= cells <= 14 * 16
    assert all(photos[index].seen.all() for index in (0, 1, 3))


def test_of_two_photos_that_differ_neither_is_left_out():
    street = ground()
    passed = street.copy()
    passed[50:60, 40:52] = (230, 20, 20)
    photos, cells = without_passers([footprint("a", street), footprint("b", passed)], GRID)
    assert cells == 0
    assert all(one.seen.all() for one in photos)


def test_a_cloud_optimized_tiff_has_its_directories_first_and_its_small_levels_before_the_large(
    tmp_path, caplog
):
    pixels = np.random.default_rng(1).integers(0, 255, (3, 1500, 1300), np.uint8)
    plain, cog = tmp_path / "plain.tif", tmp_path / "cog.tif"
    with rasterio.open(
        plain, "w", driver="GTiff", width=1300, height=1500, count=3, dtype="uint8", crs="EPSG:32631",
        transform=GRID.transform, tiled=True,
    ) as file:  # fmt: skip
        file.write(pixels)
        file.update_tags(TIFFTAG_SOFTWARE="Droneteam")
    cog_from_tiff(plain, cog, predictor=INTEGERS)
    assert_cloud_optimized(cog)
    with rasterio.open(cog) as file:
        assert np.array_equal(file.read(), pixels)
        assert file.tags()["TIFFTAG_SOFTWARE"] == "Droneteam"
    assert caplog.messages == [], "GDAL knows every option"


def assert_cloud_optimized(path):
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        levels = file.overviews(1)
        assert levels == [2**n for n in range(1, len(levels) + 1)]
        assert file.block_shapes[0] == (512, 512)
        directories = [int(file.get_tag_item("IFD_OFFSET", "TIFF", bidx=1))]
        first_tile = [int(file.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))]
        for level in range(len(levels)):
            directories.append(int(file.get_tag_item("IFD_OFFSET", "TIFF", bidx=1, ovr=level)))
            first_tile.append(int(file.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1, ovr=level)))
    assert directories == sorted(directories)
    assert first_tile == sorted(first_tile, reverse=True)
    assert max(directories) < min(first_tile)


def test_results_come_in_order_and_an_error_passes():
    assert list(in_order(lambda n: n * n, range(50), 3)) == [n * n for n in range(50)]

    def fails(n):
        if n == 7:
            raise ValueError("seven")
        return n

    with pytest.raises(ValueError, match="seven"):
        list(in_order(fails, range(50), 2))


def test_who_stands_alone_does_not_depend_on_the_tiles_that_are_compared(monkeypatch):
    random = np.random.default_rng(6)
    street, (y, x) = ground(), np.mgrid[:120, :120]
    photos = []
    for number, tilt in enumerate((-0.5, -0.2, 0.1, 0.3, 0.6)):
        shaded = street * np.exp(tilt * ((x if number % 2 else y)[..., None] / 120 - 0.5))
        for _ in range(6):
            row, column = random.integers(0, 110, 2)
            shaded[row : row + 9, column : column + 7] = random.integers(0, 255, 3)
        top, left = random.integers(0, 12, 2)
        whole = footprint(str(number), np.clip(shaded, 0, 255)[top:, left:])
        photos.append(replace(whole, row=int(top), column=int(left)))
    found = []
    for tile, cells in ((200, 10**9), (128, 10**9), (64, 10**9), (31, 10**9), (200, 10_000)):
        monkeypatch.setattr(consistency, "TILE_CELLS", tile)
        monkeypatch.setattr(consistency, "PHOTO_CELLS", cells)
        left_out, _ = without_passers(photos, GRID)
        found.append([one.seen for one in left_out])
    assert any(not one.all() for one in found[0])
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_a_coarse_cell_shows_the_mean_of_what_is_clear_in_it():
    random = np.random.default_rng(6)
    shown, clear = random.uniform(0, 255, (12, 20, 3)).astype(np.float32), random.uniform(size=(12, 20)) < 0.4
    clear[4:8, 8:12] = False
    colours, share = coarse_colours(shown, clear, 4)
    parts = clear.reshape(3, 4, 5, 4)
    count = parts.sum(axis=(1, 3))
    total = np.where(parts[..., None], shown.reshape(3, 4, 5, 4, 3), 0).sum(axis=(1, 3))
    assert np.allclose(share, count / 16)
    assert np.array_equal(colours, np.floor(total / np.maximum(count, 1)[..., None] + 0.5).astype(np.uint8))
