"""Heights from one pair: semi-global matching on its common plane, each match laid into the grid's cells.

Semi-global matching (Hirschmüller 2008) with three paths, OpenCV's implementation; a match must hold in both
directions, and small islands are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.dense.kernels import MISSING, splat
from imaging.dense.rectification import Rectified
from imaging.grid import Grid
from imaging.lens import Array

RIM_PX = 6
ISLAND_STEP_PX = 2
MATCH_SIGMA_PX = 0.3
NOWHERE = -16
Heights = npt.NDArray[np.int16]
Grey = npt.NDArray[np.uint8]
Side = tuple[Grey, npt.NDArray[np.bool_]]
"""A grey picture, and where it shows anything."""


@dataclass(frozen=True, slots=True)
class Depths:
    """What one pair tells: heights on a window of the grid that begins at (`column`, `row`).

    `heights` (h, w) counts `Scale.step_m` from `Scale.low_m`, `MISSING` where nothing was matched; `sigma_m`
    is one standard deviation that the base and the match leave.
    """

    column: int
    row: int
    heights: Heights
    sigma_m: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Heights as whole numbers: `low_m` + number x `step_m`."""

    low_m: float
    step_m: float

    @staticmethod
    def over(low_m: float, high_m: float) -> Scale:
        """Millimetres, or as fine as 60,000 steps allow."""
        return Scale((low_m + high_m) / 2, max(0.001, (high_m - low_m) / 60_000))


@dataclass(frozen=True, slots=True)
class Manner:
    """How pairs are matched: the block compared, how much better (per cent) the best match must be than
    others, by how many pixels both directions may differ, and below how many pixels an island is dropped.
    """

    block_px: int
    unique_pct: int
    differ_px: int
    island_px: int


FINELY, ROUGHLY = Manner(3, 4, 1, 120), Manner(7, 0, 2, 60)
"""Leaves look different from every side: only larger blocks, with less asked of them, find trees."""


def disparity(
    pair: Rectified,
    first: Side,
    second: Side,
    manner: Manner = FINELY,
) -> Heights:
    """(height, width) sixteenths of a pixel, `NOWHERE` where no match is sure; the photos must show something
    there.
    """
    grey, seen = first
    other = _as_bright(second[0], second[1], grey, seen)
    area = manner.block_px**2
    matcher = cv2.StereoSGBM.create(
        minDisparity=0, numDisparities=pair.disparities, blockSize=manner.block_px, P1=8 * area, P2=40 * area,
        disp12MaxDiff=manner.differ_px, preFilterCap=31, uniquenessRatio=manner.unique_pct,
        speckleWindowSize=0, speckleRange=0, mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )  # fmt: skip
    found = np.asarray(matcher.compute(grey, other), np.int16)
    found[~(_well_inside(seen) & _met(found, _well_inside(second[1])))] = NOWHERE
    cv2.filterSpeckles(found, NOWHERE, manner.island_px, ISLAND_STEP_PX * 16)
    return found


def _well_inside(seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where the whole surroundings that a match rests on lie in the picture."""
    side = 2 * RIM_PX + 1
    return cv2.erode(seen.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def _met(found: Heights, seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether the match of each pixel lies where the second photo shows something."""
    columns = np.arange(found.shape[1], dtype=np.int32) - (found.astype(np.int32) + 8) // 16
    return np.take_along_axis(seen, np.clip(columns, 0, found.shape[1] - 1), axis=1)


def _as_bright(
    picture: Grey, inside: npt.NDArray[np.bool_], like: Grey, like_inside: npt.NDArray[np.bool_]
) -> Grey:
    """The second photo with the first one's mean and spread of grey."""
    there, here = picture[inside], like[like_inside]
    if not (len(there) and len(here)):
        return picture
    gain = float(np.clip(here.std() / max(float(there.std()), 1.0), 0.5, 2.0))
    table = (np.arange(256) - there.mean()) * gain + here.mean()
    return np.asarray(cv2.LUT(picture, np.clip(table, 0, 255).astype(np.uint8)), np.uint8)


def depths(pair: Rectified, found: Heights, grid: Grid, scale: Scale, ground_m: float) -> Depths | None:
    """The matches as heights in the grid's cells; the higher where two fall into one. None where there are
    none.
    """
    first, last = _window(pair, grid, ground_m)
    if np.any(last - first < 2):
        return None
    affine = _cells_from_local(grid, pair.centre[:2])
    heights = np.full((last[1] - first[1], last[0] - first[0]), MISSING, np.int16)
    splat(
        found, np.int16(0), pair.rotation, pair.centre, pair.focal_px, pair.base_m,
        np.array([pair.left_px, pair.top_px, *pair.lowest]), affine, first.astype(np.int64),
        np.array([scale.low_m, scale.step_m, 0.2]), heights,
    )  # fmt: skip
    if not np.any(heights != MISSING):
        return None
    distance_m = float(pair.centre[2] - ground_m)
    sigma_m = MATCH_SIGMA_PX * distance_m**2 / (pair.focal_px * pair.base_m)
    return Depths(int(first[0]), int(first[1]), heights, sigma_m)


def _window(
    pair: Rectified, grid: Grid, ground_m: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last column and row that the first canvas covers on level ground, with a margin."""
    x = (np.array([pair.disparities, pair.width]) + pair.left_px) / pair.focal_px
    y = (np.array([0, pair.height]) + pair.top_px) / pair.focal_px
    rays = np.array([[a, b, 1.0] for a in x for b in y]) @ pair.rotation
    reach = (pair.centre[2] - ground_m) / np.maximum(-rays[:, 2], 0.2)
    cells = grid.cells_from_local(pair.centre[:2] + rays[:, :2] * reach[:, None])
    margin = 0.05 * np.ptp(cells, axis=0) + 2
    size = [grid.width, grid.height]
    first = np.clip(np.floor(cells.min(axis=0) - margin), 0, size)
    last = np.clip(np.ceil(cells.max(axis=0) + margin), 0, size)
    return first.astype(np.int64), last.astype(np.int64)


def _cells_from_local(grid: Grid, about: Array) -> Array:
    """(2, 3) column, row = affine (east, north, 1), exact to a fraction of a millimetre around a photo."""
    corners = about + np.array([[-50.0, -50.0], [50.0, -50.0], [-50.0, 50.0], [50.0, 50.0]])
    cells = grid.cells_from_local(corners)
    return np.asarray(np.linalg.lstsq(np.column_stack([corners, np.ones(4)]), cells, rcond=None)[0].T)
