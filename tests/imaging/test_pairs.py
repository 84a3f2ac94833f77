from pathlib import Path

import numpy as np

from imaging.pairs import frame_of, on_a_line, overlapping_pairs, positions_m
from imaging.photos import Photo
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))


def photo_at(east_m, north_m, **more):
    return Photo(Path("a.jpg"), 4000, 3000, "0", place=FRAME.point_from_local(east_m, north_m), **more)


def row(count, spacing_m, **more):
    return {f"{i:02d}": photo_at(i * spacing_m, 0, **more) for i in range(count)}


def test_photos_that_cannot_overlap_are_not_compared():
    photos = row(10, 100, height_relative_m=40.0, focal_length_px=2400.0)
    assert {int(b) - int(a) for a, b in overlapping_pairs(photos)} == {1}


def test_without_height_or_with_an_oblique_camera_the_nearest_are_compared():
    for more in ({}, {"height_relative_m": 40.0, "focal_length_px": 2400.0, "gimbal_pitch_deg": -45.0}):
        pairs = overlapping_pairs(row(10, 100, **more), neighbours=2)
        assert len(pairs) >= 9
        assert max(int(b) - int(a) for a, b in pairs) <= 2


def test_pairs_grow_with_the_photos_and_not_with_their_square():
    photos = row(200, 1, height_relative_m=40.0, focal_length_px=2400.0)
    assert len(overlapping_pairs(photos)) <= 200 * 20


def test_each_pair_is_named_once():
    pairs = overlapping_pairs(row(30, 10, height_relative_m=40.0, focal_length_px=2400.0))
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    assert all(a != b for a, b in pairs)


def test_a_photo_without_a_place_is_compared_with_all_and_lies_nowhere():
    photos = row(10, 100, height_relative_m=40.0, focal_length_px=2400.0)
    photos["lost"] = Photo(Path("a.jpg"), 4000, 3000, "0")
    pairs = overlapping_pairs(photos)
    assert {a for a, b in pairs if b == "lost"} == {f"{i:02d}" for i in range(10)}
    assert {int(b) - int(a) for a, b in pairs if b != "lost"} == {1}
    positions, reference = positions_m(photos, frame_of(photos))
    assert reference == "relative"
    assert np.isnan(positions[-1]).all()
    assert np.isfinite(positions[:-1]).all()


def test_heights_come_from_what_every_photo_tells():
    both = {"a": photo_at(0, 0, height_relative_m=40.0, height_amsl_m=90.0)}
    amsl = {"b": photo_at(9, 0, height_amsl_m=91.0)}
    none = {"c": photo_at(18, 0)}
    for photos, reference, height_m in (
        (both, "relative", 40),
        ({**both, **amsl}, "amsl", 90),
        ({**both, **none}, "unknown", 0),
    ):
        positions, told = positions_m(photos, frame_of(photos))
        assert (told, positions[0, 2]) == (reference, height_m)


def test_one_photo_without_a_height_does_not_turn_the_heights_of_all_into_others():
    told = row(4, 10, height_relative_m=40.0, height_amsl_m=90.0)
    other = {"amsl": photo_at(50, 0, height_amsl_m=93.0), "none": photo_at(60, 0)}
    positions, reference = positions_m({**told, **other}, frame_of(told))
    assert reference == "relative"
    assert positions[:, 2].tolist() == [40.0, 40.0, 40.0, 40.0, 43.0, 40.0]


def test_a_strip_is_a_line_whatever_photos_without_a_place_there_are():
    strip = {**row(5, 10), "lost": Photo(Path("a.jpg"), 4000, 3000, "0")}
    block = {**strip, "aside": photo_at(20, 15)}
    assert on_a_line(positions_m(strip, frame_of(strip))[0])
    assert not on_a_line(positions_m(block, frame_of(block))[0])


def test_lanes_are_compared_with_each_other_however_close_their_photos_lie():
    told = {"height_relative_m": 40.0, "focal_length_px": 2400.0}
    photos = {
        f"{lane}-{stop:02d}": photo_at(20.0 * lane, 1.5 * stop, **told)
        for lane in range(3)
        for stop in range(30)
    }
    pairs = overlapping_pairs(photos, neighbours=9)
    for lane in range(2):
        across = [pair for pair in pairs if {pair[0][0], pair[1][0]} == {str(lane), str(lane + 1)}]
        assert len(across) >= 30
    assert len(pairs) <= 12 * len(photos)
