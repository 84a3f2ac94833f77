"""Photos of a made-up ground: every feature's true place is known, so every pose can be checked."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from imaging.lens import Lens
from imaging.photos import Photo
from imaging.progress import silent
from imaging.quick.comparing import Compared, link
from imaging.quick.features import Features, Search
from imaging.quick.guesses import guesses
from imaging.quick.placing import Placement, place
from imaging.quick.rotations import angle, camera_from_gimbal
from missions.errors import AlignmentError
from missions.geodesy import GeoPoint, LocalFrame

FRAME = LocalFrame(GeoPoint(52.17, 4.44))
WIDTH, HEIGHT, FOCAL = 1000, 750, 800.0
SEARCH = Search(longest_px=1000)
NOISE_PX = 0.3
GROUND_POINTS = 2200


@dataclass
class Flight:
    """Photos, what each shows, and where each truly was."""

    photos: dict[str, Photo]
    features: list[Features]
    centres: np.ndarray
    rotations: np.ndarray

    def changed(self, change, *names: str) -> "Flight":
        """The same with some photos' metadata changed."""
        photos = {n: replace(p, **change) if not names or n in names else p for n, p in self.photos.items()}
        return replace(self, photos=photos)

    def placed(self) -> Placement:
        known, *_ = guesses(self.photos)
        links = link(self.photos, known, self.features, SEARCH, silent, threads=1)
        return place(self.photos, known, Compared(self.features, links), SEARCH)


def flown(
    lanes=3, stops=4, *, height_m=40.0, gps_sigma_m=0.3, yaw_sigma_deg=3.0, seed=1, east_m=0.0
) -> Flight:
    """Lanes there and back over rolling ground with steep things on it."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform([east_m - 60, -60, 0], [east_m + 60, 60, 0], (GROUND_POINTS, 3))
    ground[:, 2] = 2 * np.sin(ground[:, 0] / 20) + np.where(
        rng.random(GROUND_POINTS) < 0.2, rng.uniform(0, 6, GROUND_POINTS), 0
    )
    looks = rng.gamma(0.5, 1, (GROUND_POINTS, 128))
    looks = np.minimum(512 * np.sqrt(looks / looks.sum(axis=1, keepdims=True)), 255).astype(np.uint8)
    photos, features, centres, rotations = {}, [], [], []
    for lane in range(lanes):
        for stop in range(stops):
            forth = lane % 2 == 0
            centre = np.array(
                [lane * 18.0 - 18 + east_m, (stop if forth else stops - 1 - stop) * 12.0 - 18, height_m]
            )
            centre += rng.normal(0, 0.5, 3)
            yaw, pitch, roll = (
                (0 if forth else 180) + rng.normal(0, 2),
                -90 + rng.normal(0, 1),
                rng.normal(0, 1),
            )
            rotation = camera_from_gimbal(yaw, pitch, roll)
            camera = (ground - centre) @ rotation.T
            pixels = FOCAL * camera[:, :2] / camera[:, 2:] + [WIDTH / 2, HEIGHT / 2]
            seen = np.flatnonzero(np.all((pixels > 0) & (pixels < [WIDTH, HEIGHT]), axis=1))
            shown = pixels[seen] + rng.normal(0, NOISE_PX, (len(seen), 2))
            features.append(Features(shown, looks[seen]))
            told = centre + rng.normal(0, gps_sigma_m, 3)
            photos[f"{len(photos):02d}"] = Photo(
                Path("a.jpg"), WIDTH, HEIGHT, str(len(photos)), place=FRAME.point_from_local(*told[:2]),
                height_relative_m=told[2], gimbal_yaw_deg=yaw + rng.normal(0, yaw_sigma_deg),
                gimbal_pitch_deg=-90.0, gimbal_roll_deg=0.0, focal_length_px=FOCAL,
            )  # fmt: skip
            centres.append(centre)
            rotations.append(rotation)
    return Flight(photos, features, np.array(centres), np.array(rotations))


def errors(flight: Flight, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
    """Metres and degrees that each placed view is off, by how the photos' own frame lies to the world's."""
    shift = FRAME.local_from_geo([[placement.frame.origin.lon_deg, placement.frame.origin.lat_deg]])[0]
    members = list(placement.solved.members)
    views = placement.solved.adjusted.views
    centres = np.add([view.centre for view in views], (*shift, 0))
    turned = [
        angle(view.rotation, flight.rotations[member]) for view, member in zip(views, members, strict=True)
    ]
    return np.linalg.norm(centres - flight.centres[members], axis=1), np.degrees(turned)


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
    lost = ("03", "06", "07")
    apart_m, turned_deg = errors(flight, flight.changed({"place": None}, *lost).placed())
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
    apart_m, turned_deg = errors(flight, placement)
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
    assert placement.focal_held
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
    assert not placement.focal_held


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
    assert placement.parts == 2
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
