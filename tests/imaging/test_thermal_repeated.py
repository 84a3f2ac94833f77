"""Pictures that come twice, as of a clip faster than its camera or of a copied card, and empty ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imaging.thermal import searching
from imaging.thermal.frame import BLANK, Exposure
from imaging.thermal.searching import Pictures
from missions.geodesy import GeoPoint
from tests.imaging.marked_frames import BEGIN_S, HOME, frame, searched

OWN = Exposure(
    time_s=BEGIN_S,
    place=HOME,
    height_relative_m=60.0,
    yaw_deg=0.0,
    gimbal_pitch_deg=-90.0,
    gimbal_yaw_deg=0.0,
)
ONWARD = GeoPoint(HOME.lat_deg + 1e-4, HOME.lon_deg)


def test_a_picture_that_is_shown_again_from_further_on_is_no_second_sighting() -> None:
    """Where a stream stands still the aircraft flies on: what it shows would walk along."""
    first = frame(0, OWN)
    again = replace(frame(1, replace(OWN, time_s=BEGIN_S + 1, place=ONWARD)), sha256=first.sha256)
    found = searched([first, again])
    (find,) = found.finds
    assert [each.frame for each in find.sightings] == [first.name]
    assert [each.not_placed for each in found.frames] == ["", f"is the very picture of {first.name}"]
    assert [len(each.spots) for each in found.frames] == [1, 1]


def test_a_copy_of_a_file_counts_once_and_a_camera_that_hovers_sees_again() -> None:
    first = frame(0, OWN)
    later = replace(OWN, time_s=BEGIN_S + 1)
    for exposure, seen in ((OWN, 1), (later, 2)):
        again = replace(frame(1, exposure), sha256=first.sha256)
        (find,) = searched([first, again]).finds
        assert len(find.sightings) == seen


def test_more_pictures_than_are_kept_may_come_twice() -> None:
    one = frame(0, OWN)
    spots = searched([one]).frames[0].spots
    pictures = Pictures()
    for _ in range(searching.PICTURES_KEPT + 2):
        pictures.keep(one, spots)
    assert pictures.of(one.sha256, 0).size >= 1


def test_a_frame_of_one_value_is_said_to_show_nothing() -> None:
    """A shutter before the lens, or a link that is lost, is no ground without anybody."""
    rng = np.random.default_rng(1)
    dead = frame(0, OWN)
    alive = frame(1, replace(OWN, time_s=BEGIN_S + 9, place=ONWARD))
    alive = replace(alive, values=rng.normal(10, 1, dead.values.shape).astype(np.float32))
    found = searched([replace(dead, values=np.full_like(dead.values, 7.0)), alive])
    assert f"{BLANK} (1 frames)" in found.notes
    assert not replace(dead, values=np.where(alive.values > 10, np.nan, alive.values)).blank
    assert replace(dead, values=np.full_like(dead.values, np.nan)).blank
