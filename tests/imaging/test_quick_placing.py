"""Photos of a made-up ground: every feature's true place is known, so every pose can be checked."""

from dataclasses import replace

import numpy as np
import pytest

from imaging.adjustment import parts_of_views
from imaging.lens import Lens
from imaging.quick.features import Features
from missions.errors import AlignmentError
from tests.imaging.flights import FOCAL, FRAME, HEIGHT, NOISE_PX, WIDTH, Flight, errors, flown


@pytest.fixture(scope="module")
def flight() -> Flight:
    return flown()


def test_every_photo_is_placed_within_what_gps_and_pixels_allow(flight):
    placement = flight.placed()
    apart_m, turned_deg = errors(flight, placement)
    assert placement.left_out == ()
    assert placement.by_gps == ()
    assert len(apart_m) == 12
    assert apart_m.max() < 0.5
    assert turned_deg.max() < 1.0
    assert placement.solved.adjusted.sigma_px < 1.5 * NOISE_PX


def test_photos_without_a_position_are_placed_by_what_they_show(flight):
    lost = flight.changed({"place": None}, "03", "06", "07")
    apart_m, turned_deg = errors(lost, lost.placed())
    assert len(apart_m) == 12
    assert apart_m.max() < 0.6
    assert turned_deg.max() < 1.0


@pytest.mark.parametrize("names", [(), ("01", "05", "07")], ids=["in no photo", "not in some"])
def test_where_the_gimbal_says_nothing_the_pictures_say_how_they_are_turned(flight, names):
    placement = flight.changed({"gimbal_yaw_deg": None, "gimbal_pitch_deg": None}, *names).placed()
    apart_m, turned_deg = errors(flight, placement)
    assert len(apart_m) == 12
    assert apart_m.max() < 0.5
    assert turned_deg.max() < 1.0


def test_a_gimbal_that_lies_and_a_position_that_lies_mislead_nobody(flight):
    liars = flight.changed({"gimbal_yaw_deg": 77.0}, "04").changed(
        {"place": FRAME.point_from_local(60, 40)}, "05"
    )
    placement = liars.placed()
    apart_m, turned_deg = errors(liars, placement)
    assert set(placement.solved.members) - set(placement.solved.gps) == {5}
    assert apart_m.max() < 0.6
    assert turned_deg.max() < 0.6


def test_clocks_play_no_part(flight):
    wrong = replace(
        flight, photos={n: replace(p, time_s=1e9 - 60.0 * int(n) ** 2) for n, p in flight.photos.items()}
    )
    assert errors(wrong, wrong.placed())[0].max() < 0.5


def test_a_single_strip_keeps_its_focal_length_and_its_roll():
    strip = flown(lanes=1, stops=8).changed({"focal_length_px": FOCAL * 1.02})
    placement = strip.placed()
    apart_m, turned_deg = errors(strip, placement)
    (lens,) = placement.solved.adjusted.lenses.values()
    assert lens.focal_px == FOCAL * 1.02
    assert apart_m[:, None].max() < 1.5
    assert turned_deg.max() < 1.5


@pytest.mark.parametrize(("lanes", "stops"), [(3, 4), (1, 8)], ids=["block", "strip"])
def test_a_distorted_lens_tilts_no_camera(lanes, stops):
    """Held as none, this distortion costs 0.03 pixels and tilts cameras by four degrees."""
    flight = flown(lanes=lanes, stops=stops)
    lens = Lens(WIDTH, HEIGHT, FOCAL, WIDTH / 2, HEIGHT / 2, -0.05, focal_known=True)
    straight = [(each.pixels - [WIDTH / 2, HEIGHT / 2]) / FOCAL for each in flight.features]
    flight.features = [
        Features(lens.pixels(np.column_stack([xy, np.ones(len(xy))])), each.descriptors)
        for xy, each in zip(straight, flight.features, strict=True)
    ]
    placement = flight.placed()
    (found,) = placement.solved.adjusted.lenses.values()
    assert found.radial == pytest.approx(-0.05, abs=0.015)
    assert errors(flight, placement)[1].max() < 1.0


def test_a_focal_length_that_no_photo_tells_is_found(flight):
    placement = flight.changed({"focal_length_px": None}).placed()
    (lens,) = placement.solved.adjusted.lenses.values()
    assert lens.focal_px == pytest.approx(FOCAL, rel=0.04)


def test_two_lenses_are_two_lenses(flight):
    """Every second photo by a camera of twice the pixels."""
    names = list(flight.photos)[::2]
    twice = {"width_px": 2 * WIDTH, "height_px": 2 * HEIGHT, "focal_length_px": 2 * FOCAL, "model": "large"}
    features = [
        Features(2 * each.pixels, each.descriptors) if name in names else each
        for name, each in zip(flight.photos, flight.features, strict=True)
    ]
    mixed = replace(flight.changed(twice, *names), features=features)
    placement = mixed.placed()
    assert len(placement.solved.adjusted.lenses) == 2
    assert errors(mixed, placement)[0].max() < 0.5


def both(first: Flight, second: Flight) -> Flight:
    photos = first.photos | {f"b{n}": replace(p, sha256=f"b{n}") for n, p in second.photos.items()}
    return Flight(
        photos,
        first.features + second.features,
        np.vstack([first.centres, second.centres]),
        np.vstack([first.rotations, second.rotations]),
    )


def test_two_parts_that_share_nothing_each_lie_where_their_own_positions_say(flight):
    two = both(flight, flown(lanes=2, stops=3, seed=5, east_m=400))
    placement = two.placed()
    apart_m, _ = errors(two, placement)
    assert parts_of_views(placement.solved.ties, 18).tolist() == [0] * 12 + [1] * 6
    assert len(apart_m) == 18
    assert apart_m.max() < 0.6


def test_a_part_of_two_photos_is_named_and_the_first_of_them_placed_by_gps_alone(flight):
    two = both(flight, flown(lanes=1, stops=2, seed=6, east_m=400))
    placement = two.placed()
    assert [view.name for view in placement.by_gps] == ["b00"]
    assert [(item.name, item.reason) for item in placement.left_out] == [
        ("b01", "it overlaps others, but not three with a position")
    ]


def test_a_picture_of_water_is_named_where_others_show_its_ground_and_placed_by_gps_where_none_does(flight):
    blank = Features(np.zeros((0, 2)), np.zeros((0, 128), np.uint8))
    within = replace(flight, features=[*flight.features[:5], blank, *flight.features[6:]])
    placement = within.placed()
    assert [(item.name, item.reason) for item in placement.left_out] == [
        ("05", "it shows too little detail to fit it to the others")
    ]
    aside = {"place": FRAME.point_from_local(0, 90)}
    placement = within.changed(aside, "05").placed()
    assert [view.name for view in placement.by_gps] == ["05"]
    assert placement.left_out == ()


def test_traffic_that_moves_between_photos_moves_no_camera(flight):
    """A tenth of what each photo shows belongs to vehicles that drive on together."""
    rng = np.random.default_rng(8)
    looks = rng.integers(0, 120, (60, 128), np.uint8)
    features = []
    for number, each in enumerate(flight.features):
        place = [150 + 60 * number % 700, 300]
        vehicles = place + rng.uniform(-100, 100, (60, 2))
        features.append(Features(np.vstack([each.pixels, vehicles]), np.vstack([each.descriptors, looks])))
    busy = replace(flight, features=features)
    assert errors(busy, busy.placed())[0].max() < 0.5


def test_photos_that_share_nothing_are_one_clear_error(flight):
    rng = np.random.default_rng(9)
    strangers = [
        Features(each.pixels, rng.integers(0, 120, each.descriptors.shape, np.uint8))
        for each in flight.features
    ]
    with pytest.raises(AlignmentError, match="fit together"):
        replace(flight, features=strangers).placed()
