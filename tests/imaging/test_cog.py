"""Cloud Optimized GeoTIFFs: what is made small from one shows what the whole does."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from imaging.cog import INTEGERS, PlainPicture, cog_from_tiff, shrunk


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


def half(pixels):
    """Means of what is seen of four pixels, the plain way."""
    height, width = pixels.shape[:2]
    even = np.zeros((height + height % 2, width + width % 2, 4), int)
    even[:height, :width] = pixels
    four = np.stack([even[row::2, column::2] for row in (0, 1) for column in (0, 1)])
    count = (four[..., 3:] > 0).sum(axis=0)
    return (four.sum(axis=0) + count // 2) // np.maximum(count, 1)


@pytest.fixture
def speckled(picture):
    """RGBA of 1400 x 1000 in which every pixel is another, with holes of one pixel and up."""
    chance = np.random.default_rng(5)
    seen = (picture[0][..., 3] > 0) & (chance.random((1000, 1400)) < 0.9)
    pixels = chance.integers(1, 256, (1000, 1400, 4)).astype(np.uint8)
    pixels[..., 3] = 255
    pixels[~seen] = 0
    return pixels


@pytest.mark.parametrize(("width", "height"), [(1400, 1000), (1025, 513), (1301, 777), (300, 200)])
def test_overviews_made_block_by_block_show_the_means_of_what_is_seen(speckled, tmp_path, width, height):
    pixels = speckled[:height, :width]
    _written(tmp_path / "plain.tif", pixels)
    with rasterio.open(tmp_path / "plain.tif.cog") as made:
        assert np.array_equal(np.moveaxis(made.read(), 0, -1), pixels)
        assert made.tags()["GSD_M"] == "0.1"
        count = len(made.overviews(1))
    assert count == sum(max(width, height) >> level > 512 for level in range(9))
    for level in range(count):
        pixels = half(pixels)
        with rasterio.open(tmp_path / "plain.tif.cog", overview_level=level) as made:
            assert np.array_equal(np.moveaxis(made.read(), 0, -1), pixels)


def test_overviews_made_block_by_block_are_those_that_gdal_makes(speckled, tmp_path):
    _written(tmp_path / "plain.tif", speckled)
    alone = tmp_path / "alone.tif"
    alone.write_bytes((tmp_path / "plain.tif").read_bytes())
    cog_from_tiff(alone, tmp_path / "alone.cog", predictor=INTEGERS)
    assert (tmp_path / "plain.tif.cog").read_bytes() == (tmp_path / "alone.cog").read_bytes()


def _written(path, pixels):
    """The picture in blocks of 256 pixels, and as a COG beside it."""
    height, width = pixels.shape[:2]
    place = {"crs": "EPSG:32631", "transform": Affine(0.1, 0, 586_000, 0, -0.1, 5_800_000)}
    with PlainPicture(path, width, height, 256, **place) as file:
        file.tag(GSD_M="0.1")
        for row in range(0, height, 256):
            for column in range(0, width, 256):
                file.write(pixels[row : row + 256, column : column + 256], column, row)
    cog_from_tiff(path, path.with_suffix(".tif.cog"), predictor=INTEGERS)


@pytest.mark.parametrize("most_px", [2000, 1400, 900, 350, 200])
def test_a_small_one_shows_the_means_of_what_is_seen_up_to_its_edge(picture, most_px):
    pixels, path = picture
    (small,) = shrunk(path, most_px)
    height, width = small.shape[:2]
    assert max(width, height) == min(most_px, 1400)
    ramp = (np.arange(width) + 0.5) / width * 200 + 20
    seen = small[..., 3] > 0
    assert np.abs(small[..., 0] - ramp)[seen].max() < 5
    assert np.abs(small[..., 2] - (255.0 - ramp))[seen].max() < 5
    assert np.isclose(small[..., 3].mean(), pixels[..., 3].mean(), atol=1.5)
    assert not small[~seen].any()
