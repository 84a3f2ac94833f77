"""A hole beside a box is lifted where the photos show the box, and left where they show ground."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from imaging.dense.doubts import Doubt, standing
from imaging.footprints import patch_of
from imaging.grid import Grid
from imaging.hiding import graze
from imaging.lens import Lens, View
from missions.geodesy import GeoPoint, LocalFrame

GRID = Grid(LocalFrame(GeoPoint(52.17, 4.44)), 32631, 586_000.0, 5_800_000.0, 0.1, 120, 120)
LENS = Lens(600, 450, 480.0, 300.0, 225.0, -0.03, True)
DOWN = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])
BOX_M, HEIGHT_M = 1.5, 1.4
RED, GREY = (180, 30, 30), (110, 110, 105)


@dataclass
class Photos:
    """What each view shows of a red box on grey ground."""

    pictures: dict[str, np.ndarray]

    def picture(self, name):
        return self.pictures[name]


@pytest.fixture(scope="module")
def middle():
    return GRID.local_from_lattice(np.array([60.0]), np.array([60.0]))[0, 0]


@pytest.fixture(scope="module")
def scene(middle):
    """Four views from all sides, 20 m up, and what they show: each ray ends on the box or on the ground."""
    views, pictures = [], {}
    for number, offset in enumerate(([7, 0], [-7, 1], [0, 6], [1, -6])):
        view = View(str(number), "one", DOWN, np.array([*(middle + offset), 20.0]), 0, 0.0)
        x, y = np.meshgrid(np.arange(600) + 0.5, np.arange(450) + 0.5)
        rays = LENS.rays(np.column_stack([x.ravel(), y.ravel()])) @ view.rotation
        hit = np.zeros(len(rays), bool)
        for up_m in np.arange(0, HEIGHT_M + 0.01, 0.1):
            at = view.centre + rays * ((up_m - 20.0) / rays[:, 2:])
            hit |= (np.abs(at[:, :2] - middle) < BOX_M).all(axis=1)
        noise = np.random.default_rng(number).normal(0, 4, (len(rays), 3))
        colours = np.where(hit[:, None], RED, GREY) + noise
        pictures[view.name] = np.clip(colours, 0, 255).astype(np.uint8).reshape(450, 600, 3)
        views.append(view)
    return SimpleNamespace(views=tuple(views), lenses={"one": LENS}), Photos(pictures)


def box(middle):
    places = GRID.local_from_lattice(np.arange(120) + 0.5, np.arange(120) + 0.5)
    return (np.abs(places - middle) < BOX_M).all(axis=-1)


def asked(scene, middle, hole):
    """Which cells of a hole are lifted, and how high."""
    truth_m = np.where(box(middle), HEIGHT_M, 0).astype(np.float32)
    low_m, high_m = np.where(hole, 0, truth_m), np.where(hole, HEIGHT_M, truth_m)
    doubt = Doubt(hole, ~hole, low_m.astype(np.float32), high_m.astype(np.float32), np.zeros_like(truth_m))
    return standing(doubt, *scene, patch_of(GRID, 0, 0, 120, 120), GRID.cell_m)


def test_a_corner_of_a_box_that_was_not_matched_is_lifted_and_the_ground_around_it_is_not(scene, middle):
    hole = np.zeros((120, 120), bool)
    hole[66:82, 66:82] = True
    risen_m = asked(scene, middle, hole)
    up, true = np.isfinite(risen_m)[hole], box(middle)[hole]
    # 9 x 9 of its 16 x 16 cells belong to the box; at its rim a cell is a matter of half a pixel.
    assert np.count_nonzero(true) == 81
    assert np.count_nonzero(up & true) >= 64
    assert np.count_nonzero(up & ~true) <= 16
    assert np.nanmedian(risen_m) == pytest.approx(HEIGHT_M)


def test_a_hole_in_the_ground_beside_a_box_stays_ground(scene, middle):
    hole = np.zeros((120, 120), bool)
    hole[40:80, 77:90] = True
    assert np.count_nonzero(np.isfinite(asked(scene, middle, hole))) <= 40, "a column of cells at the rim"


def test_cells_that_one_photo_alone_shows_are_left_as_they_are(scene, middle):
    work, photos = scene
    alone = SimpleNamespace(views=work.views[:1], lenses=work.lenses)
    hole = np.zeros((120, 120), bool)
    hole[66:82, 66:82] = True
    assert np.isnan(asked((alone, photos), middle, hole)).all()


def test_a_hole_of_any_size_can_be_asked_about(scene, middle):
    work, photos = scene
    fine = replace(GRID, cell_m=0.02, width=600, height=600)
    places = fine.local_from_lattice(np.arange(600) + 0.5, np.arange(600) + 0.5)
    on_box = (np.abs(places - middle) < BOX_M).all(axis=-1)
    hole = np.zeros((600, 600), bool)
    hole[340:560, 340:560] = True
    truth_m = np.where(on_box, HEIGHT_M, 0).astype(np.float32)
    low_m, high_m = (np.where(hole, each, truth_m).astype(np.float32) for each in (0, HEIGHT_M))
    doubt = Doubt(hole, ~hole, low_m, high_m, np.zeros_like(truth_m))
    risen_m = standing(doubt, work, photos, patch_of(fine, 0, 0, 600, 600), fine.cell_m)
    assert np.isfinite(risen_m)[hole & on_box].mean() > 0.7
    assert np.isfinite(risen_m)[hole & ~on_box].mean() < 0.05


def test_what_a_wall_hides_is_drawn_at_the_height_where_the_camera_sees_past_the_wall():
    heights = np.zeros((40, 100), np.float32)
    heights[:, 50] = 2.0
    which = np.zeros((40, 100), bool)
    which[20, 51:56] = True
    least = np.full((40, 100), -9.0, np.float32)
    graze(heights, which, 10.5, 20.5, 20.0, 30.0, 0.0, least)
    # the wall is 40 cells off and 18 below the camera: the ray falls 18 / 40 of a cell for every cell
    assert least[20, 51:56] == pytest.approx(20 - 18 / 40 * np.arange(41, 46), abs=1e-5)
    assert (least[~which] == -9).all()
    higher = least.copy()
    graze(heights, which, 10.5, 20.5, 20.0, 30.0, 2.0, higher)
    assert (higher[which] > least[which]).all()
