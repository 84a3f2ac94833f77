"""Cloud Optimized GeoTIFFs: what is made small from one shows what the whole does."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from imaging.cog import INTEGERS, cog_from_tiff, shrunk


@pytest.fixture
def picture(tmp_path):
    """RGBA of 1400 x 1000, a ramp to the right, nothing outside a slanted edge; and the same as a file."""
    rows, columns = np.mgrid[0:1000, 0:1400]
    ramp = (columns * 200 / 1399 + 20).astype(np.uint8)
    pixels = np.dstack([ramp, ramp // 2, 255 - ramp, np.full_like(ramp, 255)])
    pixels[columns + rows // 3 < 301] = 0
    with rasterio.open(
        tmp_path / "plain.tif", "w", driver="GTiff", width=1400, height=1000, count=4, dtype="uint8",
        crs="EPSG:32631", transform=Affine(0.1, 0, 586_000, 0, -0.1, 5_800_000), tiled=True,
        photometric="RGB", alpha="NON-PREMULTIPLIED",
    ) as file:  # fmt: skip
        file.write(np.moveaxis(pixels, -1, 0))
    cog_from_tiff(tmp_path / "plain.tif", tmp_path / "picture.tif", predictor=INTEGERS)
    return pixels, tmp_path / "picture.tif"


@pytest.mark.parametrize("most_px", [2000, 1400, 900, 350, 200])
def test_a_small_one_shows_the_means_of_what_is_seen_up_to_its_edge(picture, most_px):
    pixels, path = picture
    small = shrunk(path, most_px)
    height, width = small.shape[:2]
    assert max(width, height) == min(most_px, 1400)
    ramp = (np.arange(width) + 0.5) / width * 200 + 20
    seen = small[..., 3] > 0
    assert np.abs(small[..., 0] - ramp)[seen].max() < 5
    assert np.abs(small[..., 2] - (255.0 - ramp))[seen].max() < 5
    assert np.isclose(small[..., 3].mean(), pixels[..., 3].mean(), atol=1.5)
    assert not small[~seen].any()
