import cv2
import numpy as np
import pytest

from imaging.footprints import Footprint
from imaging.grid import Grid
from imaging.lens import View
from imaging.seams import NODE_CELLS, STEEP_ENOUGH, TALL_COSTS, _cut, find_seams
from missions.geodesy import GeoPoint, LocalFrame

GRID = Grid(LocalFrame(GeoPoint(52.17, 4.44)), 32631, 0.0, 0.0, 0.2, 160, 120)


def footprint(column, row, width, height, colour):
    """A level photo whose camera is over the middle of its window."""
    y, x = np.mgrid[:height, :width]
    slant = np.hypot(x - width / 2, y - height / 2).astype(np.float32) / 100
    colours = np.broadcast_to(np.array(colour, np.uint8), (height, width, 3)).copy()
    view = View(f"{column}-{row}", "one", np.eye(3), np.zeros(3), 0, 0.0)
    return Footprint(view, column, row, slant, colours)


@pytest.fixture
def photos():
    """Four photos that overlap, of different brightness."""
    return [
        footprint(0, 0, 100, 80, (90, 90, 90)),
        footprint(60, 0, 100, 80, (110, 110, 110)),
        footprint(0, 40, 100, 80, (130, 130, 130)),
        footprint(60, 40, 100, 80, (100, 100, 100)),
    ]


def correction(seams, index, photo):
    """(h, w, 3) what is added to a photo, linear between the nodes."""
    nodes = seams.corrections[index].astype(np.float32)
    y, x = np.mgrid[: photo.slant.shape[0], : photo.slant.shape[1]].astype(np.float32) / NODE_CELLS
    return cv2.remap(nodes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def test_every_cell_that_a_photo_sees_is_drawn_from_a_photo_that_sees_it(photos):
    labels = find_seams(photos, GRID).labels
    seen = np.zeros((GRID.height, GRID.width), bool)
    for index, photo in enumerate(photos):
        seen[photo.window] |= photo.seen
        drawn = np.argwhere(labels == index)
        assert len(drawn)
        assert ((drawn >= [photo.row, photo.column]) & (drawn < [photo.row + 80, photo.column + 100])).all()
    assert ((labels >= 0) == seen).all()


def test_no_cell_is_drawn_from_a_photo_that_looks_much_more_aslant_than_another(photos):
    labels = find_seams(photos, GRID).labels
    steepest = np.full(labels.shape, np.inf)
    used = np.full(labels.shape, np.nan)
    for index, photo in enumerate(photos):
        steepest[photo.window] = np.minimum(steepest[photo.window], photo.slant)
        own = labels[photo.window] == index
        used[photo.window][own] = photo.slant[own]
    assert np.nanmax(used - steepest) <= 0.15 + 1e-6


def test_a_step_in_brightness_is_spread_out_over_the_seam(photos):
    seams = find_seams(photos, GRID)
    drawn = np.zeros((GRID.height, GRID.width))
    for index, photo in enumerate(photos):
        own = seams.labels[photo.window] == index
        corrected = photo.colours[..., 0] + correction(seams, index, photo)[..., 0]
        drawn[photo.window][own] = corrected[own]
    steps = np.abs(np.diff(drawn[20]))
    assert steps.max() < 4
    assert drawn[20, 0] < drawn[20, -1]


def test_a_thing_wider_than_where_two_photos_look_down_alike_is_drawn_from_one(photos):
    tall = np.zeros((GRID.height, GRID.width), bool)
    tall[25:45, 66:94] = True
    left, right = photos[0], photos[1]
    steeper = left.slant[:, 60:] + 0.15 < right.slant[:, :40]
    assert steeper[25:45, 6].all(), "by slant alone the thing's ends would go to different photos"
    labels = find_seams([left, right], GRID, tall).labels
    assert len(np.unique(labels[tall])) == 1
    assert set(np.unique(labels[:80, :160])) == {0, 1}


def test_a_crown_that_leans_into_one_photo_leaves_the_colour_beside_it_alone(photos):
    left, right = photos[0], photos[1]
    right.colours[:] = left.colours[0, 0]
    right.colours[20:50, 10:35] = (30, 120, 20)
    seams = find_seams([left, right], GRID)
    beside = correction(seams, 0, left)[15:20, 70:95]
    assert np.abs(beside).max() < 10


def border_cost(labels, stack):
    """How much photos differ on both sides of the borders between them: what a cut costs."""
    total = 0.0
    for here, beside in ((np.s_[:-1, :], np.s_[1:, :]), (np.s_[:, :-1], np.s_[:, 1:])):
        one, other = labels[here], labels[beside]
        border = (one != other) & (one >= 0) & (other >= 0)
        for place in (here, beside):
            y, x = (axis[place][border] for axis in np.indices(labels.shape))
            total += np.nansum(np.linalg.norm(stack[one[border], y, x] - stack[other[border], y, x], axis=-1))
    return total


@pytest.mark.parametrize("seed", range(4))
def test_photos_cut_two_by_two_are_cut_as_well_as_opencv_cuts_all_of_them(photos, seed):
    """Six photos of random colours, some of it tall."""
    random = np.random.default_rng(seed)
    more = [footprint(30, 20, 100, 80, (120, 120, 120)), footprint(10, 30, 90, 70, (100, 110, 90))]
    six, shape = [*photos, *more], (GRID.height, GRID.width)
    stack = np.full((6, *shape, 3), np.nan)
    limit = np.full(shape, np.inf, np.float32)
    tall = np.zeros(shape, bool)
    tall[50:70, 60:90] = True
    for number, photo in enumerate(six):
        noise = random.integers(0, 256, photo.colours.shape).astype(np.uint8)
        photo.colours[:] = cv2.GaussianBlur(noise, (5, 5), 0)
        photo.slant[20:24, 30:34] = np.inf
        stack[number][photo.window] = photo.colours + TALL_COSTS * number * tall[photo.window][..., None]
        np.minimum(limit[photo.window], photo.slant, out=limit[photo.window])
    limit += STEEP_ENOUGH
    masks = [(photo.seen & (photo.slant <= limit[photo.window])).astype(np.uint8) for photo in six]
    cut = cv2.detail.GraphCutSeamFinder("COST_COLOR").find(
        [np.float32(stack[number][photo.window]) for number, photo in enumerate(six)],
        [(photo.column, photo.row) for photo in six],
        [255 * mask for mask in masks],
    )
    whole, ours = np.full(shape, -1), np.full(shape, -1)
    for number, (photo, mask, (part, mine)) in enumerate(zip(six, cut, _cut(six, limit, tall), strict=True)):
        whole[photo.window][(mask.get() if isinstance(mask, cv2.UMat) else mask) > 0] = number
        assert (ours[photo.window][part][mine] == -1).all(), "one photo a cell"
        ours[photo.window][part][mine] = number
    assert ((ours >= 0) == (whole >= 0)).all()
    assert (ours == whole).mean() > 0.97
    assert border_cost(ours, stack) < 1.01 * border_cost(whole, stack)
