"""Heights and picture of a rendered accident from the true poses, against the truth."""

import shutil
import zipfile
from dataclasses import dataclass, replace
from types import SimpleNamespace

import cv2
import laspy
import numpy as np
import pytest
import rasterio
from defusedxml import ElementTree
from PIL import Image
from rasterio.warp import transform

from imaging.dense.cloud import write_cloud
from imaging.dense.model import DenseSurface
from imaging.dense.stage import find_dense
from imaging.footprints import FINE, find_footprints
from imaging.georeference import Georeference
from imaging.grid import Grid
from imaging.lens import Lens, View
from imaging.options import MosaicOptions
from imaging.orthomosaic import Orthomosaic, draw
from imaging.overlay import write_overlay
from imaging.progress import silent
from imaging.scene import Scene, open_scene
from imaging.surface import find_surface
from imaging.survey import survey
from missions.camera import Camera
from sitl.world import World, grid_poses, render_photos
from sitl.world.canvas import Material
from sitl.world.movers import Mover
from sitl.world.view import Lens as TrueLens
from sitl.world.view import View as TrueView

CAMERA = Camera("test-wide", 6.4, 4.8, 4.5, 720, 540)
ZONE_M = 14.0


@dataclass(frozen=True)
class Dense:
    """A world, and what was made of its photos."""

    world: World
    scene: Scene
    surface: DenseSurface
    drawn: Orthomosaic
    again: tuple[SimpleNamespace, Georeference, DenseSurface]


def placed(world, poses, names):
    """The views as they truly were, and tie points of the true surface."""
    lens = TrueLens.of(CAMERA)
    views = []
    for name, pose in zip(names, poses, strict=True):
        true = TrueView.of(lens, pose, world.frame, world.ground_amsl_m)
        views.append(View(name, "one", np.array(true.axes, float), np.array(true.position, float), 99, 0.2))
    random = np.random.default_rng(1)
    places = random.uniform(-35, 35, (3000, 2))
    points = np.column_stack([places, world.surface_height(places) + random.normal(0, 0.03, 3000)])
    alignment = SimpleNamespace(
        views=tuple(views),
        lenses={"one": Lens(720, 540, lens.focal_length_px, 360.0, 270.0, 0.0, True)},
        point_error_px=np.full(3000, 0.2),
        point_views=np.full(3000, 4.0),
    )
    return alignment, Georeference(
        frame=world.frame, epsg=32631, height_reference="relative", views=tuple(views), points=points,
        residuals=(), scale_sigma=0.001, tilt_from="truth", key="truth",
    )  # fmt: skip


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """Fifteen photos 24 m up, two seconds apart, while a yellow car drives by at a walking pace; a red thing
    1.6 m wide has been pasted into one of them.
    """
    world = World(seed=3, size_m=70, texel_m=0.04)
    poses = grid_poses(
        world, CAMERA, height_agl_m=24, width_m=18, length_m=20, overlap_front_pct=76, overlap_side_pct=72
    )
    folder = tmp_path_factory.mktemp("photos")
    start, end = world.layout.road.place(-18.0, 2.6), world.layout.road.place(18.0, 2.6)
    car = Mover("passing", ((0.0, *start), (45.0, *end)), colour=(235, 200, 20))
    truth = render_photos(world, folder, CAMERA, poses, gps_sigma_m=0.2, movers=[car])
    alignment, views = placed(world, poses, [photo.file for photo in truth.photos])
    put_passer(world, folder, views, alignment.lenses["one"])
    scene = open_scene(tmp_path_factory.mktemp("scene"))
    found = survey(folder, scene, silent)
    ground = find_surface(alignment, views, scene, silent)
    options = MosaicOptions()
    surface = find_dense(found, alignment.lenses, views, ground, scene, options, silent)
    drawn = draw(found, alignment, views, surface, scene, options, "a test", silent)
    return Dense(world, scene, surface, drawn, (alignment, views, found))


def passer_place(world):
    east_m, north_m = world.layout.road.place(-4.0, 1.0)
    return np.array([east_m, north_m, 0.0])


def put_passer(world, folder, placed, lens):
    """Paste a red square into the photo that looks down on the place most steeply: the one drawn there."""
    place = passer_place(world)
    view = min(placed.views, key=lambda one: np.hypot(*(one.centre[:2] - place[:2])))
    corners = place + np.array([[-0.8, -0.8, 0], [0.8, -0.8, 0], [0.8, 0.8, 0], [-0.8, 0.8, 0]])
    pixels = lens.pixels((corners - view.centre) @ view.rotation.T)
    with Image.open(folder / view.name) as image:
        pixels_now = np.array(image)
        cv2.fillConvexPoly(pixels_now, np.round(pixels - 0.5).astype(np.int32), (220, 20, 20))
        Image.fromarray(pixels_now).save(folder / view.name, quality=95, exif=image.getexif())


def lattice(grid):
    """(h, w, 2) local metres of the centres of the grid's cells."""
    return grid.local_from_lattice(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)


def on_vehicle(world, places):
    kind = world.materials.nearest(places[..., 0].astype(np.float32), places[..., 1].astype(np.float32))
    return np.isin(kind.reshape(places.shape[:2]), (Material.METAL, Material.GLASS))


@pytest.fixture(scope="module")
def heights(dense):
    """Errors and standard deviations of the heights, where they are, and what stands there."""
    with rasterio.open(dense.surface.path) as file:
        found = file.read(1)
    with rasterio.open(dense.surface.uncertainty_path) as file:
        sigma = file.read(1)
    places = lattice(dense.surface.grid)
    true = dense.world.surface_height(places.reshape(-1, 2)).reshape(found.shape)
    _, across = dense.world.layout.road.along_across(places[..., 0], places[..., 1])
    zone = np.hypot(places[..., 0], places[..., 1]) < ZONE_M
    vehicle = on_vehicle(dense.world, places)
    near = cv2.dilate(vehicle.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return SimpleNamespace(
        error=np.abs(found - true), sigma=sigma, zone=zone, road=zone & (np.abs(across) < 3) & ~near,
        roof=zone & (cv2.erode(vehicle.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0),
    )  # fmt: skip


def test_the_road_is_found_within_two_centimetres_and_roofs_within_a_few(heights):
    assert np.isfinite(heights.error[heights.zone]).mean() > 0.99
    assert np.nanmedian(heights.error[heights.road]) < 0.01
    assert np.nanpercentile(heights.error[heights.road], 95) < 0.03
    assert np.nanmedian(heights.error[heights.roof]) < 0.06


def test_the_stated_uncertainty_covers_the_errors(heights):
    within = heights.error <= 2 * heights.sigma
    assert within[heights.zone & np.isfinite(heights.error)].mean() > 0.9
    assert np.nanmedian(heights.sigma[heights.road]) < 0.03


@pytest.fixture(scope="module")
def pictures(dense):
    """The drawn picture and the true one on its grid, and the places of its pixels."""
    with rasterio.open(dense.scene.orthomosaic) as file:
        drawn = np.moveaxis(file.read(), 0, -1)
    places = lattice(dense.drawn.grid)
    truth = dense.world.truth_orthomosaic(dense.drawn.grid.cell_m)
    u = ((places[..., 0] - truth.west_m) / truth.gsd_m - 0.5).astype(np.float32)
    v = ((truth.north_m - places[..., 1]) / truth.gsd_m - 0.5).astype(np.float32)
    true = cv2.remap(truth.rgb, u, v, cv2.INTER_LINEAR)
    return SimpleNamespace(drawn=drawn, true=true, places=places)


def test_vehicles_stand_over_their_feet_within_two_pixels(dense, pictures):
    drawn = cv2.cvtColor(np.ascontiguousarray(pictures.drawn[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    true = cv2.cvtColor(pictures.true, cv2.COLOR_RGB2GRAY).astype(np.float32)
    shifts = []
    for vehicle in dense.world.layout.vehicles:
        if np.hypot(vehicle.east_m, vehicle.north_m) > ZONE_M:
            continue
        turn = np.radians(vehicle.heading_deg)
        ahead, aside = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
        length_m, width_m, _ = vehicle.size_m
        for normal, along, half_m, span_m in (
            (aside, ahead, width_m / 2, 0.35 * length_m),
            (-aside, ahead, width_m / 2, 0.35 * length_m),
            (ahead, aside, length_m / 2, 0.3 * width_m),
            (-ahead, aside, length_m / 2, 0.3 * width_m),
        ):
            middle = np.array([vehicle.east_m, vehicle.north_m])
            shifts.append(edge_shift_px(dense.drawn.grid, drawn, true, middle, normal, along, half_m, span_m))
    shifts = np.abs([shift for shift in shifts if np.isfinite(shift)])
    assert len(shifts) >= 8
    assert np.median(shifts) <= 0.5
    assert np.percentile(shifts, 90) <= 2


def edge_shift_px(grid: Grid, drawn, true, middle, normal, along, half_m, span_m):
    """How far the drawn edge of a side lies outwards of the true one, pixels; NaN where neither shows an
    edge.

    Median over nine profiles across the edge of the shift with the best correlation.
    """
    offsets_m = np.arange(-0.6, 0.6, grid.cell_m / 2)
    found = []
    for step_m in np.linspace(-span_m, span_m, 9):
        places = middle + normal * (half_m + offsets_m[:, None]) + along * step_m
        cells = (grid.cells_from_local(places) - 0.5).astype(np.float32)
        a, b = (
            cv2.remap(one, cells[None, :, 0], cells[None, :, 1], cv2.INTER_LINEAR)[0] for one in (drawn, true)
        )
        most = int(0.4 / (grid.cell_m / 2))
        scores = [
            correlation(a[max(0, k) : len(a) + min(0, k)], b[max(0, -k) : len(b) + min(0, -k)])
            for k in range(-most, most + 1)
        ]
        if max(scores) > 0.6:
            found.append((int(np.argmax(scores)) - most) / 2)
    return float(np.median(found)) if found else np.nan


def correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-6))


def test_what_stood_in_one_photo_only_is_not_in_the_picture(dense, pictures):
    near = np.hypot(*np.moveaxis(pictures.places - passer_place(dense.world)[:2], -1, 0)) < 0.7
    red = pictures.drawn[near][:, 0].astype(float) - pictures.drawn[near][:, 1]
    assert np.percentile(red, 98) < 40
    assert dense.drawn.passers_m2 > 1


def test_a_car_that_drove_by_is_not_in_the_picture(dense, pictures):
    along, across = dense.world.layout.road.along_across(pictures.places[..., 0], pictures.places[..., 1])
    lane = (np.abs(across - 2.6) < 1.2) & (np.abs(along) < 12) & (pictures.drawn[..., 3] > 0)
    yellow = np.minimum(pictures.drawn[..., 0], pictures.drawn[..., 1]).astype(float) - pictures.drawn[..., 2]
    yellow_truth = (
        np.minimum(pictures.true[..., 0], pictures.true[..., 1]).astype(float) - pictures.true[..., 2]
    )
    assert np.count_nonzero(yellow[lane] > 60) <= np.count_nonzero(yellow_truth[lane] > 60) + 5


def test_the_middle_has_no_holes_and_the_true_colours(pictures):
    zone = np.hypot(pictures.places[..., 0], pictures.places[..., 1]) < ZONE_M
    assert (pictures.drawn[zone][:, 3] == 255).mean() > 0.999
    difference = pictures.drawn[zone][:, :3].astype(float) - pictures.true[zone]
    assert np.median(np.abs(difference - np.median(difference, axis=0))) < 6


def drawn_pixels(dense, surface, scene):
    """(h, w, 4) the picture on another surface."""
    alignment, views, found = dense.again
    drawn = draw(found, alignment, views, surface, scene, MosaicOptions(), "a test", silent)
    with rasterio.open(scene.orthomosaic) as file:
        return drawn, np.moveaxis(file.read(), 0, -1)


def test_what_any_photo_sees_is_drawn(dense, pictures):
    alignment, views, found = dense.again
    grid = dense.drawn.grid
    coarse = replace(grid, cell_m=grid.cell_m * 8, width=grid.width // 8, height=grid.height // 8)
    seen = np.zeros((coarse.height * FINE, coarse.width * FINE), bool)
    for one in find_footprints(found, views, alignment.lenses, dense.surface, coarse, silent):
        rows, columns = (slice(part.start * FINE, part.stop * FINE) for part in one.window)
        whole = slice(0, one.slant.shape[0]), slice(0, one.slant.shape[1])
        seen[rows, columns] |= one.parts(*whole, one.open)
    # Half a pixel of the border is a matter of rounding.
    inside = cv2.erode(seen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    pixels = np.repeat(np.repeat(inside, 8 // FINE, axis=0), 8 // FINE, axis=1)
    assert np.count_nonzero(pixels) > 500_000
    assert (pictures.drawn[pixels][:, 3] == 255).all()


def test_a_pit_that_no_photo_could_have_measured_is_no_hole_in_the_picture(dense, pictures, tmp_path):
    """A roof that mirrors the sky is not matched, and what fills the gap may be far too low."""
    feet = np.array([view.centre[:2] for view in dense.again[1].views])
    standing = [(one.east_m, one.north_m) for one in dense.world.layout.vehicles]
    within = [one for one in standing if np.hypot(*one) < ZONE_M]
    place = np.array(max(within, key=lambda one: np.hypot(*(feet - one).T).min()))
    grid = dense.surface.grid
    middle = grid.cells_from_local(place[None])[0]
    with rasterio.open(dense.surface.path) as file:
        heights_m, profile = file.read(1), file.profile
    rows, columns = np.mgrid[: grid.height, : grid.width] + 0.5
    pit = np.hypot(columns - middle[0], rows - middle[1]) * grid.cell_m < 0.35
    heights_m[pit] -= 10.0
    dug = tmp_path / "dsm.tif"
    with rasterio.open(dug, "w", **{**profile, "driver": "GTiff"}) as file:
        file.write(heights_m, 1)
    surface = replace(dense.surface, path=dug, key="a pit")
    drawn, pixels = drawn_pixels(dense, surface, open_scene(tmp_path / "scene"))
    near = np.hypot(*np.moveaxis(pictures.places - place, -1, 0)) < 0.5
    assert (pixels[near][:, 3] == 255).all()
    assert drawn.filled_m2 > dense.drawn.filled_m2 + 0.2
    difference = pixels[near][:, :3].astype(float) - pictures.drawn[near][:, :3]
    assert (np.abs(difference).max(axis=-1) < 25).mean() > 0.8


def test_a_second_run_takes_what_stands_there(dense, heard):
    alignment, views, found = dense.again
    surface = find_dense(
        found, alignment.lenses, views, dense.surface.ground, dense.scene, MosaicOptions(), heard
    )
    assert heard.stages == ["dense: kept from before"]
    assert surface == dense.surface


def test_the_surface_is_read_where_it_is_known_and_the_ground_elsewhere(dense):
    vehicle, grid = dense.world.layout.vehicles[0], dense.surface.grid
    column, row = np.floor(grid.cells_from_local(np.array([[vehicle.east_m, vehicle.north_m]]))[0]).astype(
        int
    )
    for window, rise_m in (((column, row, 2, 2), 0.7), ((-90, -90, 2, 2), 0.0)):
        heights_m = dense.surface.heights_on(grid, *window)
        ground_m = dense.surface.ground.heights_on(grid, *window)
        assert (heights_m > ground_m + rise_m).all() if rise_m else (heights_m == ground_m).all()
        assert dense.surface.known_on(grid, *window).all() == bool(rise_m)


def test_the_cloud_holds_the_surface_in_colour_to_the_millimetre(dense, tmp_path):
    scene = open_scene(shutil.copytree(dense.scene.folder, tmp_path / "scene"))
    record = write_cloud(dense.surface, dense.drawn, scene, silent)
    with laspy.open(scene.folder / "cloud.laz") as file:
        cloud = file.read()
    assert len(cloud.x) == record["points"] > 50_000
    assert cloud.header.parse_crs().to_epsg() == 32631
    assert cloud.header.scales.tolist() == [0.001] * 3
    grid = dense.surface.grid
    columns = ((np.asarray(cloud.x) - grid.west_m) / grid.cell_m).astype(int)
    rows = ((grid.north_m - np.asarray(cloud.y)) / grid.cell_m).astype(int)
    with rasterio.open(dense.surface.path) as file:
        assert np.abs(file.read(1)[rows, columns] - np.asarray(cloud.z)).max() < 0.0011
    assert cloud.red.max() > 40_000
    assert "cloud.laz" in record["files"]


def test_the_overlay_is_kml_with_the_picture_in_its_place(dense, tmp_path):
    scene = open_scene(shutil.copytree(dense.scene.folder, tmp_path / "scene"))
    files = write_overlay(dense.drawn, scene, "A4 <north>", "a verdict & more", silent)
    first = (scene.folder / "overlay.kmz").read_bytes()
    assert set(files) == {"overlay.kmz"}
    with zipfile.ZipFile(scene.folder / "overlay.kmz") as archive:
        assert archive.namelist() == ["doc.kml", "files/orthomosaic.png"]
        root = ElementTree.fromstring(archive.read("doc.kml"))
        with archive.open("files/orthomosaic.png") as png, Image.open(png) as picture:
            assert picture.mode == "RGBA"
            assert max(picture.size) <= 2048
            shown = np.asarray(picture)
    names = [element.tag.split("}")[1] for element in root[0]]
    assert names == ["name", "description", "Icon", "LatLonBox"]
    north, south, east, west = (float(element.text) for element in root[0][3])
    origin = dense.world.origin
    assert south < origin.lat_deg < north
    assert west < origin.lon_deg < east
    assert (north - south) * 111_000 == pytest.approx(
        dense.drawn.grid.height * dense.drawn.grid.cell_m, rel=0.1
    )
    with rasterio.open(scene.orthomosaic) as file:
        whole = file.read()
        for row, column in np.argwhere(whole[3] > 0)[::40_001]:
            x, y = file.xy(row, column)
            (lon_deg,), (lat_deg,) = transform(file.crs, "EPSG:4326", [x], [y])
            across, down = (lon_deg - west) / (east - west), (north - lat_deg) / (north - south)
            there = shown[int(down * len(shown)), int(across * shown.shape[1])].astype(int)
            near = whole[:, max(0, row - 3) : row + 4, max(0, column - 3) : column + 4].reshape(4, -1)
            assert np.all((there >= near.min(axis=1)) & (there <= near.max(axis=1)))
    (scene.stages / "overlay.json").unlink()
    write_overlay(dense.drawn, scene, "A4 <north>", "a verdict & more", silent)
    assert (scene.folder / "overlay.kmz").read_bytes() == first
