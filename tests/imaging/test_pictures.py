from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.photos import read_photo
from imaging.pictures import Decoded, Pictures
from missions.errors import PhotoError


@pytest.fixture
def photos(tmp_path):
    """Three photos of 400 x 300."""
    for name in "abc":
        Image.new("RGB", (400, 300), (ord(name), 120, 60)).save(tmp_path / f"{name}.png")
    return [read_photo(tmp_path / f"{name}.png") for name in "abc"]


def test_pictures_are_halved_where_enough_is_left_and_more_where_much_is(photos):
    for least_px, reduce in ((200, 2), (201, 1), (50, 4), (51, 2), (25, 8)):
        pictures = Pictures(least_px, 10**6)
        assert pictures.reduce(photos[0]) == reduce
        assert pictures.picture(photos[0]).shape == (-(-300 // reduce), 400 // reduce)


def test_in_colour_a_picture_is_half_as_large_and_decoded_once_with_the_grey_one(photos):
    pictures = Pictures(200, 10**6, colours=True)
    assert pictures.picture(photos[1]).shape == (150, 200)
    photos[1].path.unlink()
    assert pictures.coloured(photos[1]).shape == (75, 100, 3)
    assert pictures.coloured(photos[1])[0, 0].tolist() == [ord("b"), 120, 60]
    assert pictures.colours_at(photos[1]) == 4
    assert Pictures(300, 10**6, colours=True).colours_at(photos[1]) is None


def test_what_is_too_much_for_memory_lies_in_files_until_it_is_forgotten(photos, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    pictures = Pictures(200, 200 * 150, scratch)
    first = [pictures.picture(photo) for photo in photos]
    assert len(list(scratch.iterdir())) == 2
    for photo in photos:
        photo.path.unlink()
    assert all(
        np.array_equal(pictures.picture(photo), kept) for photo, kept in zip(photos, first, strict=True)
    )
    pictures.forget()
    assert list(scratch.iterdir()) == []
    with pytest.raises(PhotoError):
        pictures.picture(photos[2])


def test_without_room_for_files_pictures_are_decoded_anew(photos, tmp_path):
    pictures = Pictures(200, 0, tmp_path / "missing")
    first = pictures.picture(photos[0])
    assert np.array_equal(pictures.picture(photos[0]), first)
    photos[0].path.unlink()
    with pytest.raises(PhotoError):
        pictures.picture(photos[0])


def test_what_is_kept_needs_no_file_any_more_and_the_limit_bounds_it(photos):
    pictures = Pictures(200, 2 * 200 * 150)
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


def test_what_was_set_aside_lies_in_files_and_serves_whoever_draws_in_grey_at_that_size(photos, tmp_path):
    pictures = Pictures(200, 10**6, tmp_path)
    first = [pictures.picture(photo) for photo in photos]
    pictures.set_aside()
    assert len(list(tmp_path.glob("*.npy"))) == 3
    for photo in photos:
        photo.path.unlink()
    half = Decoded({photo.path.name: photo for photo in photos}, 2, 10**6, pictures, grey=True)
    for photo, kept in zip(photos, first, strict=True):
        assert np.array_equal(half.picture(photo.path.name), kept)
    quarter = Decoded({photo.path.name: photo for photo in photos}, 4, 10**6, pictures, grey=True)
    with pytest.raises(PhotoError):
        quarter.picture(photos[0].path.name)
