"""A real flight: 18 photos 40 m above roads and parked cars, GPS in EXIF, no ground control."""

import pytest
import rasterio

from imaging.mosaic import MosaicOptions, mosaic


def test_all_photos_of_a_real_flight_make_one_scene_at_reduced_size(shared, tmp_path):
    report = mosaic(
        shared("photos/brighton_beach"), tmp_path, options=MosaicOptions(max_image_px=1000, gsd_m=0.2)
    )
    assert len(report.used) == 18
    assert report.left_out == ()
    assert report.epsg == 32615
    assert report.height_reference == "relative"
    assert report.accuracy.gps_rmse_horizontal_m < 1.0
    assert report.accuracy.reprojection_mean_px < 2.5
    assert 9_000 < report.covered_m2 < 15_000


@pytest.mark.campaign
def test_all_photos_of_a_real_flight_make_one_scene_at_full_size(shared, tmp_path):
    report = mosaic(shared("photos/brighton_beach"), tmp_path)
    assert len(report.used) == 18
    assert report.accuracy.gps_rmse_horizontal_m < 1.0
    assert report.accuracy.reprojection_mean_px < 1.0
    assert 0.014 < report.gsd_m < 0.02
    with rasterio.open(report.orthomosaic) as file:
        assert file.overviews(1)
