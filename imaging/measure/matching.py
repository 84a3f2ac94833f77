"""A thing clicked in one photo, found in the others by what it looks like.

Round the click a level patch of ground is cut out of both photos (so that height, heading and zoom do not
matter), and the patch of the click is slid over the other one: normalised cross-correlation (Lewis 1995), its
peak refined by a parabola in each axis. A match that is weak, at the border of the search or far from what
the other matches say is not taken, nor one where the patch and its core disagree, as where a tall thing
covers part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.adjustment import Adjusted
from imaging.control.points import Mark
from imaging.lens import Array, Lens, View
from imaging.photos import Pixels

MATCHED = "matching"
SIGMA_PX = 0.3
PATCH_CELLS, CORE_CELLS, SEARCH_CELLS = 15, 7, 24
SAME_CELLS = 0.7
"""The whole patch and its core alone must lie on the same place: beside a tall thing they do not."""
LEAST_PHOTOS = 3
LEAST_CORRELATION = 0.8
MOST_PHOTOS = 8
LEAST_DEVIATION = 3.0
"""Grey values: a patch flatter than this shows nothing to hold on to."""

Pictures = Callable[[str], Pixels]


@dataclass(frozen=True, slots=True)
class _Eye:
    """One photo's camera."""

    view: View
    lens: Lens

    def pixels(self, points: Array) -> Array:
        return self.view.pixels(self.lens, points)

    def ray(self, px: Array) -> Array:
        ray = self.view.rotation.T @ self.lens.rays(px[None, :])[0]
        return np.asarray(ray / np.linalg.norm(ray))


def matched(adjusted: Adjusted, mark: Mark, place: Array, pictures: Pictures) -> tuple[Mark, ...]:
    """The same thing in the other photos that show it best, `place` (3,) being about where it is.

    `pictures` gives a photo's pixels by name. The marks have `marked_by` "matching".
    """
    lenses = adjusted.lenses
    eyes = {view.name: _Eye(view, lenses[view.lens]) for view in adjusted.views}
    own = eyes[mark.photo]
    click = np.array([mark.x_px, mark.y_px])
    cell_m = float(np.linalg.norm(place - own.view.centre)) / own.lens.focal_px
    template = _patch(_grey(pictures(mark.photo)), own, _on_level(own, click, place), cell_m, PATCH_CELLS)
    if template is None or float(template.std()) < LEAST_DEVIATION:
        return ()
    found: list[Mark] = []
    for name in _best(eyes, own, place):
        px = _find(template, _grey(pictures(name)), eyes[name], _on_level(own, click, place), cell_m)
        if px is not None:
            found.append(Mark(name, float(px[0]), float(px[1]), SIGMA_PX, MATCHED, mark.marked_at))
    return tuple(found)


def _best(eyes: dict[str, _Eye], own: _Eye, place: Array) -> list[str]:
    """Photos that show the place well inside, those nearest to it first, at most eight."""
    shown: list[tuple[float, str]] = []
    for name, eye in eyes.items():
        px = eye.pixels(place[None, :])[0]
        margin = 2.0 * SEARCH_CELLS
        inside = margin < px[0] < eye.lens.width_px - margin and margin < px[1] < eye.lens.height_px - margin
        if eye is not own and inside:
            shown.append((float(np.linalg.norm(eye.view.centre[:2] - place[:2])), name))
    return [name for _, name in sorted(shown)[:MOST_PHOTOS]]


def _on_level(eye: _Eye, px: Array, place: Array) -> Array:
    """Where the ray of a pixel meets the level through a place."""
    ray = eye.ray(px)
    return np.asarray(eye.view.centre + ray * (place[2] - eye.view.centre[2]) / min(ray[2], -1e-3))


def _grey(picture: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _patch(picture: Pixels, eye: _Eye, middle: Array, cell_m: float, reach: int) -> Array | None:
    """The level ground about `middle`, (2 reach + 1) cells a side, north up; None where the photo ends."""
    steps = np.arange(-reach, reach + 1) * cell_m
    east, north = np.meshgrid(steps, -steps)
    points = middle + np.stack([east, north, np.zeros_like(east)], axis=-1)
    px = eye.pixels(points)
    if not np.isfinite(px).all() or px.min() < 0 or (px > [picture.shape[1], picture.shape[0]]).any():
        return None
    where = (px - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(picture, where[..., 0], where[..., 1], cv2.INTER_LINEAR), float)


def _find(template: Array, picture: Pixels, eye: _Eye, middle: Array, cell_m: float) -> Array | None:
    """The pixel at which the template's middle lies in the picture."""
    field = _patch(picture, eye, middle, cell_m, PATCH_CELLS + SEARCH_CELLS)
    if field is None:
        return None
    whole = _slid(field, template)
    edge = PATCH_CELLS - CORE_CELLS
    core = _slid(field[edge:-edge, edge:-edge], template[edge:-edge, edge:-edge])
    if whole is None or core is None or np.abs(whole - core).max() > SAME_CELLS:
        return None
    place = middle + cell_m * np.array([whole[0], -whole[1], 0.0])
    return np.asarray(eye.pixels(place[None, :])[0])


def _slid(field: Array, template: Array) -> Array | None:
    """(2,) cells east and south from the middle of the field to where the template fits it best."""
    correlated = cv2.matchTemplate(
        field.astype(np.float32), template.astype(np.float32), cv2.TM_CCOEFF_NORMED
    )
    score = np.asarray(correlated, float)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    inside = 0 < row < score.shape[0] - 1 and 0 < column < score.shape[1] - 1
    if not inside or score[row, column] < LEAST_CORRELATION:
        return None
    east = column + _summit(score[row, column - 1 : column + 2]) - (score.shape[1] - 1) / 2
    south = row + _summit(score[row - 1 : row + 2, column]) - (score.shape[0] - 1) / 2
    return np.array([east, south])


def _summit(three: Array) -> float:
    """Where a parabola through three equidistant values has its summit, from the middle one."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return float(three[0] - three[2]) / (2 * bend) if bend < 0 else 0.0
