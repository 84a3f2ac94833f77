"""A real flight: 18 photos 40 m above roads and parked cars, GPS in EXIF, no ground control."""

from pathlib import Path

import pytest
import rasterio
from PIL import Image

from imaging.mosaic import MosaicOptions, mosaic

SMALLER = 4


@pytest.fixture
def small_photos(shared, tmp_path) -> Path:
    """The flight's photos at a quarter of their size, each with all that it says of itself."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(shared("photos/brighton_beach").glob("*.JPG")):
        with Image.open(path) as photo:
            told = {"exif": photo.info["exif"], "xmp": photo.info["xmp"]}
            photo.reduce(SMALLER).save(folder / path.name, quality=92, **told)
    return folder


def test_all_photos_of_a_real_flight_make_one_scene_at_reduced_size(small_photos, tmp_path):
    report = mosaic(small_photos, tmp_path / "scene", options=MosaicOptions(max_image_px=1000, gsd_m=0.2))
    assert len(report.used) == 18
    assert report.left_out == ()
    assert report.epsg == 32615
    assert report.height_reference == "relative"
    assert report.accuracy.gps_rmse_horizontal_m < 0.5
    assert report.accuracy.gps_whole_horizontal_m < 0.8
    assert report.accuracy.reprojection_mean_px < 2.5 / SMALLER
    assert 9_000 < report.covered_m2 < 15_000


@pytest.mark.campaign
def test_all_photos_of_a_real_flight_make_one_scene_at_full_size(shared, tmp_path):
    report = mosaic(shared("photos/brighton_beach"), tmp_path)
    assert len(report.used) == 18
    assert report.accuracy.gps_rmse_horizontal_m < 0.5
    assert report.accuracy.gps_whole_horizontal_m < 0.8
    assert report.accuracy.reprojection_mean_px < 1.0
    assert 0.014 < report.gsd_m < 0.02
    with rasterio.open(report.orthomosaic) as file:
        assert file.overviews(1)
