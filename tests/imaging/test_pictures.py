from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.photos import read_photo
from imaging.pictures import Pictures
from missions.errors import PhotoError


@pytest.fixture
def photos(tmp_path):
    """Three photos of 400 x 300."""
    for name in "abc":
        Image.new("RGB", (400, 300), (ord(name), 120, 60)).save(tmp_path / f"{name}.png")
    return [read_photo(tmp_path / f"{name}.png") for name in "abc"]


def test_pictures_are_halved_where_enough_is_left(photos):
    for least_px, reduce in ((200, 2), (201, 1)):
        pictures = Pictures(least_px, 10**6)
        assert pictures.reduce(photos[0]) == reduce
        assert pictures.picture(photos[0]).shape == (300 // reduce, 400 // reduce, 3)


def test_what_is_kept_needs_no_file_any_more_and_the_limit_bounds_it(photos):
    pictures = Pictures(200, 2 * 200 * 150 * 3)
    first = [pictures.picture(photo) for photo in photos]
    for photo in photos:
        Path(photo.path).unlink()
    assert all(
        np.array_equal(pictures.picture(photo), kept) for photo, kept in zip(photos[:2], first, strict=False)
    )
    with pytest.raises(PhotoError):
        pictures.picture(photos[2])
    pictures.forget()
    with pytest.raises(PhotoError):
        pictures.picture(photos[0])
