"""Gains and falloff of photos whose exposure is known, and what a camera says of it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from imaging.brightness import balanced, find_lights
from imaging.footprints import find_footprints
from imaging.georeference import Georeference
from imaging.grid import grid_over
from imaging.lens import Lens, View
from imaging.photos import read_photo
from imaging.progress import silent
from imaging.scene import open_scene
from imaging.surface import find_surface
from imaging.survey import survey
from missions.camera import Camera
from sitl.world import World, grid_poses, render_photos
from sitl.world.view import Lens as TrueLens
from sitl.world.view import View as TrueView

CAMERA = Camera("test-tiny", 6.4, 4.8, 4.5, 240, 180)
VIGNETTE = 0.3


@pytest.fixture(scope="module")
def flight(tmp_path_factory):
    """The footprints of 28 photos in four lanes, all exposed alike by a lens that darkens by 30 % to its
    corners.
    """
    world = World(seed=3, size_m=90, texel_m=0.1)
    poses = grid_poses(
        world, CAMERA, height_agl_m=24, width_m=40, length_m=54, overlap_front_pct=60, overlap_side_pct=50
    )
    folder = tmp_path_factory.mktemp("photos")
    truth = render_photos(
        world, folder, CAMERA, poses, gps_sigma_m=0.1, exposure_sigma=0.0, vignette=VIGNETTE
    )
    lens, views = TrueLens.of(CAMERA), []
    for photo, pose in zip(truth.photos, poses, strict=True):
        true = TrueView.of(lens, pose, world.frame, world.ground_amsl_m)
        views.append(
            View(photo.file, "one", np.array(true.axes, float), np.array(true.position, float), 9, 0.2)
        )
    places = np.random.default_rng(1).uniform(-42, 42, (3000, 2))
    points = np.column_stack([places, world.surface_height(places)])
    placed = Georeference(
        frame=world.frame, epsg=32631, height_reference="relative", views=tuple(views), points=points,
        residuals=(), scale_sigma=0.001, tilt_from="truth", key="truth",
    )  # fmt: skip
    lenses = {"one": Lens(240, 180, lens.focal_length_px, 120.0, 90.0, 0.0, True)}
    alignment = SimpleNamespace(
        views=placed.views, lenses=lenses, point_error_px=np.full(3000, 0.2), point_views=np.full(3000, 4.0)
    )
    scene = open_scene(tmp_path_factory.mktemp("scene"))
    found = survey(folder, scene, silent)
    surface = find_surface(alignment, placed, scene, silent)
    grid = grid_over(world.frame, 32631, np.array([[-45.0, -45.0], [45.0, 45.0]]), 0.4)
    footprints = list(find_footprints(found, placed, lenses, surface, grid, silent))
    ground_m = surface.heights_on(grid, 0, 0, grid.width, grid.height)
    assert len(footprints) >= 18
    return SimpleNamespace(footprints=footprints, grid=grid, ground_m=ground_m)


def lights_of(flight, footprints, exposures=None):
    return find_lights(footprints, flight.grid, flight.ground_m, exposures or [None] * len(footprints))


def gains_of(lights):
    return np.array([light.gain for light in lights])


def times(one, factor):
    """The footprint with its colours multiplied, as another exposure or another sun would."""
    return replace(one, colours=np.clip(one.colours * factor + 0.5, 0, 255).astype(np.uint8))


def varied(flight):
    """Exposures from half to double, one a photo, and the footprints that they would give at sRGB's tone."""
    exposures = np.exp(np.random.default_rng(4).uniform(-0.7, 0.7, len(flight.footprints)))
    factors = (exposures / np.exp(np.log(exposures).mean())) ** (1 / 2.2)
    footprints = [times(one, factor) for one, factor in zip(flight.footprints, factors, strict=True)]
    return exposures, factors, footprints


def steps(flight, footprints):
    """Medians of the logs of the ratios of photos that overlap in much."""
    found = []
    for i, first in enumerate(footprints):
        for second in footprints[i + 1 :]:
            shape = flight.grid.height, flight.grid.width
            a, b = np.full(shape, np.nan), np.full(shape, np.nan)
            for one, level in ((first, a), (second, b)):
                grey = one.colours.mean(axis=-1)
                level[one.window] = np.where(one.seen & (one.colours.max(axis=-1) < 250), grey, np.nan)
            both = np.isfinite(a) & np.isfinite(b)
            if np.count_nonzero(both) > 1000:
                found.append(np.median(np.log(b[both] / a[both])))
    assert len(found) > 20
    return np.abs(found)


def test_a_lens_that_darkens_to_its_corners_is_not_taken_for_exposure(flight):
    lights = lights_of(flight, flight.footprints)
    assert np.abs(gains_of(lights) - 1).max() < 0.05
    corner = np.hypot(3.2, 2.4) / 4.5
    undone = lights[0].factors(np.array([0.0, 0.6 * corner]), np.array([0.0, 0.8 * corner]))[:, 1]
    assert undone[1] / undone[0] == pytest.approx(1 / (1 - VIGNETTE), rel=0.1)


def test_ground_that_is_brighter_away_from_the_sun_does_not_add_up_along_the_flight(flight):
    """Towards the west every photo is darker; a chain of ratios takes that for exposure, photo by photo."""
    footprints = []
    for one in flight.footprints:
        rows, columns = one.window
        places = flight.grid.local_from_lattice(
            np.arange(columns.start, columns.stop) + 0.5, np.arange(rows.start, rows.stop) + 0.5
        )
        east = (places[..., 0] - one.view.centre[0]) / one.view.centre[2]
        footprints.append(times(one, np.exp(0.2 * east)[..., None]))
    lights = lights_of(flight, footprints)
    assert np.abs(gains_of(lights) - 1).max() < 0.05


def test_exposures_that_the_camera_tells_are_undone(flight):
    exposures, factors, footprints = varied(flight)
    gains = gains_of(lights_of(flight, footprints, list(exposures)))
    assert gains * factors[:, None] == pytest.approx(np.ones(gains.shape), abs=0.05)


def test_exposures_that_nobody_tells_are_balanced_where_photos_overlap(flight):
    _, _, footprints = varied(flight)
    lights = lights_of(flight, footprints)
    before, after = (
        steps(flight, each)
        for each in (footprints, balanced(footprints, lights, flight.grid, flight.ground_m))
    )
    assert np.median(before) > 0.1
    assert np.percentile(after, 95) < 0.03


def test_a_cloud_that_the_camera_made_up_for_is_not_taken_for_an_exposure(flight):
    """Under the cloud the camera exposed twice as long, and the photos came out as bright as the others."""
    number = len(flight.footprints)
    lights = lights_of(
        flight, flight.footprints, [2.0 if index < number // 2 else 1.0 for index in range(number)]
    )
    assert steps(flight, balanced(flight.footprints, lights, flight.grid, flight.ground_m)).max() < 0.06


@pytest.mark.parametrize(
    ("tags", "exposure"),
    [
        ({0x829A: 1 / 400, 0x829D: 2.8, 0x8827: 200}, 200 / 400 / 2.8**2),
        ({0x829A: 1 / 400, 0x829D: 2.8}, None),
        ({0x829A: 0, 0x829D: 2.8, 0x8827: 200}, None),
        ({0x829A: 1 / 400, 0x829D: 1000.0, 0x8827: 200}, None),
    ],
)
def test_the_exposure_is_read_where_time_aperture_and_speed_make_sense(tmp_path, tags, exposure):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(tags)
    Image.new("RGB", (80, 80)).save(tmp_path / "a.jpg", exif=exif)
    assert read_photo(tmp_path / "a.jpg").exposure == (exposure and pytest.approx(exposure, rel=1e-4))
