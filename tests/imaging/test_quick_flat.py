"""Level photos of flat ground, which leave two pictures more than one answer: gimbals, positions decide."""

from dataclasses import replace

import numpy as np
import pytest

from imaging.lens import Lens
from imaging.options import MosaicOptions
from imaging.progress import silent
from imaging.quick.align import pictures_of
from imaging.quick.comparing import Compared, compare, link
from imaging.quick.features import Features, search_of
from imaging.quick.guesses import guesses
from imaging.quick.levelled import level_pose, off_line
from imaging.quick.placing import Placement, place
from imaging.quick.rotations import angle, camera_from_gimbal
from imaging.scene import open_scene
from imaging.survey import survey
from missions.errors import AlignmentError
from tests.imaging.flights import HEIGHT, SEARCH, WIDTH, Flight, errors, flown

SPARSE = {"flat": True, "points": 400, "noise_px": 1.0}
LENS = Lens(1000, 750, 800.0, 500.0, 375.0, 0.0, focal_known=True)
TOLERANCE = 2.0 / LENS.focal_px


def two_pictures(seed: int, tilt_deg: float) -> tuple[tuple[np.ndarray, np.ndarray], tuple, tuple]:
    """Rays of a plane with noise, a third of them strangers; the true pose; gimbals whose headings lie."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0, 40.0], [9.0, 9.0, 40.5]])
    angles = np.array([[40.0, -90.0, 0.0], [218.0, -90.0, 0.0]])
    true = [camera_from_gimbal(*each) for each in angles + rng.normal(0, tilt_deg, (2, 3))]
    told = (camera_from_gimbal(40.0, -90.0, 0.0), camera_from_gimbal(40.0, -90.0, 0.0))
    ground = np.column_stack([rng.uniform(-15, 25, (90, 2)), np.zeros(90)])
    rays = []
    for rotation, centre in zip(true, centres, strict=True):
        camera = (ground - centre) @ rotation.T
        pixels = LENS.pixels(camera) + rng.normal(0, 0.7, (90, 2))
        pixels[60:] = rng.uniform(0, [1000, 750], (30, 2))
        rays.append(LENS.rays(pixels))
    baseline = true[1] @ (centres[0] - centres[1])
    return (rays[0], rays[1]), (true[1] @ true[0].T, baseline / np.linalg.norm(baseline)), told


@pytest.mark.parametrize("seed", range(8))
def test_verticals_alone_tell_how_two_pictures_of_a_plane_lie_to_each_other(seed):
    rays, (true_turn, true_way), told = two_pictures(seed, tilt_deg=1.0)
    rotation, baseline = level_pose(rays, told, TOLERANCE)
    assert np.degrees(angle(rotation, true_turn)) < 4.0
    assert np.degrees(np.arccos(baseline @ true_way)) < 8.0
    assert np.count_nonzero(np.abs(off_line(rays, rotation, baseline)[:60]) < TOLERANCE) >= 54


def test_a_camera_that_looks_aside_is_not_laid_on_the_ground():
    rays, _, (told, _) = two_pictures(0, tilt_deg=0.0)
    assert level_pose(rays, (told, camera_from_gimbal(40.0, -30.0, 0.0)), TOLERANCE) is None


def wrong(flight: Flight, placement: Placement) -> str:
    """What is amiss with a placement of all photos, empty where nothing is."""
    apart_m, turned_deg = errors(flight, placement)
    ties = np.bincount(placement.solved.ties.view, minlength=len(apart_m))
    if len(apart_m) == len(flight.photos) and apart_m.max() < 2 and turned_deg.max() < 4 and ties.min() > 15:
        return ""
    return f"{len(apart_m)} photos, {apart_m.max():.1f} m, {turned_deg.max():.0f} degrees, {ties.min()} ties"


@pytest.mark.parametrize(("lanes", "stops"), [(1, 4), (1, 6), (2, 5), (3, 4)])
@pytest.mark.parametrize("seed", [1, 2, 4])
def test_over_flat_ground_every_photo_is_placed(lanes, stops, seed):
    flight = flown(lanes, stops, seed=seed, **SPARSE)
    assert not wrong(flight, flight.placed())


@pytest.mark.parametrize("lanes", [1, 2])
def test_headings_that_are_all_the_wrong_way_round_mislead_nobody(lanes):
    """As of photos that somebody turned on their screen and saved."""
    flight = flown(lanes, 6, **SPARSE)
    turned = {
        name: replace(photo, gimbal_yaw_deg=photo.gimbal_yaw_deg + 180.0)
        for name, photo in list(flight.photos.items())[-6:]
    }
    flight = replace(flight, photos=flight.photos | turned)
    assert not wrong(flight, flight.placed())


def test_flat_ground_needs_no_gimbal():
    flight = flown(3, 4, **SPARSE).changed({"gimbal_yaw_deg": None, "gimbal_pitch_deg": None})
    assert not wrong(flight, flight.placed())


def test_views_that_no_tie_holds_are_one_clear_error():
    """Every link is good, but all that the photos share lies on parallel rays: nothing has a place."""
    flight = flown(1, 4, **SPARSE)
    known = guesses(flight.photos)
    links = link(flight.photos, known, flight.features, SEARCH, silent, threads=1)
    middle = [
        Features(np.full(each.pixels.shape, [WIDTH / 2, HEIGHT / 2]), each.descriptors)
        for each in flight.features
    ]
    with pytest.raises(AlignmentError, match="fit no places"):
        place(known, Compared(middle, links), SEARCH)


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory):
    """The photos of a real flight over a beach and a wood, and their features, searched once."""
    options = MosaicOptions(quick=True, threads=1)
    scene, pictures = open_scene(tmp_path_factory.mktemp("real")), pictures_of(options)
    found = survey(shared("photos/brighton_beach"), scene, silent, pictures=pictures, unplaced=True)
    known = guesses(found.photos)
    return found.photos, compare(
        found.photos, known, pictures, search_of(options), silent, threads=1
    ).features


@pytest.mark.parametrize(
    ("first", "last"), [(0, 4), (0, 6), (0, 9), (0, 10), (0, 12), (0, 15), (6, 12)], ids=str
)
def test_a_real_flight_that_is_not_all_there_keeps_every_photo(real, first, last):
    """Photos 7 to 12 were turned and saved by a viewer, so their headings are the wrong way round."""
    photos, features = real
    part, features = dict(list(photos.items())[first:last]), features[first:last]
    search = search_of(MosaicOptions(quick=True))
    known = guesses(part)
    links = link(part, known, features, search, silent, threads=1)
    placement = place(known, Compared(features, links), search)
    views = placement.solved.adjusted.views
    assert [view.name for view in views] == list(part)
    assert placement.left_out == ()
    assert np.bincount(placement.solved.ties.view, minlength=len(part)).min() > 40
    apart_m = np.array([view.centre - guess.centre for view, guess in zip(views, known, strict=True)])
    assert np.sqrt((apart_m[:, :2] ** 2).sum(axis=1).mean()) < 1.0
    assert all(view.rotation[2, 2] < np.cos(np.radians(172)) for view in views)
