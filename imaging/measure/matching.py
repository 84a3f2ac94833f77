"""A thing clicked in one photo, found in the others by what it looks like.

Round the click a level patch of ground is cut out of both photos (so that height, heading and zoom do not
matter), and the patch of the click is slid over the other one, along the line on which the poses let it lie:
normalised cross-correlation (Lewis 1995), its peak refined by a parabola in each axis. A match is taken where

- the patch, its core and the few cells that were clicked lie on the same place: beside a tall thing they do
  not, since that fills most of the patch and is seen elsewhere beside the ground than in the other photo;
- no second place on the line looks nearly as much like it (the ratio of Lowe 2004, 7.1);
- it is neither weak nor at the border of the search.

Where the whole patch does not do, or its photo ends within it, its core alone is tried. Photos in which
nothing was found say why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.adjustment import Adjusted
from imaging.control.points import Mark
from imaging.lens import Array, Lens, View
from imaging.measure.missed import ALIKE, BESIDE, EDGE, ELSEWHERE, FLAT, OTHERWISE, Missed
from imaging.photos import Pixels

MATCHED = "matching"
SIGMA_PX = 0.3
PATCH_CELLS, CORE_CELLS, CENTRE_CELLS, SEARCH_CELLS = 15, 7, 3, 24
SAME_CELLS = 0.7
"""The patch, its core and its centre alone must lie on the same place."""
NEAR_CELLS = 3
"""How far about the patch's place its centre is looked for."""
BAND_CELLS = 4
"""How far beside the line that the poses give a match is looked for."""
RIVAL_CELLS = 3
"""From here on a place along the line is another one."""
LOWE_RATIO = 0.8
"""The most that the distance of the best match may be of that of the next (Lowe 2004, 7.1), the distance of
two patches of equal brightness and contrast being the root of 2 - 2 times their correlation."""
LEAST_PHOTOS = 3
LEAST_CORRELATION, LEAST_CENTRE_CORRELATION = 0.8, 0.7
MOST_PHOTOS = 8
LEAST_DEVIATION, LEAST_CENTRE_DEVIATION = 3.0, 5.0
"""Grey values: a patch flatter than this shows nothing to hold on to; a flatter centre reaches further."""

Pictures = Callable[[str], Pixels]


@dataclass(frozen=True, slots=True)
class Matches:
    """The thing in other photos, and where it was looked for in vain."""

    marks: tuple[Mark, ...] = ()
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Eye:
    """One photo's camera."""

    view: View
    lens: Lens

    def pixels(self, points: Array) -> Array:
        return self.view.pixels(self.lens, points)

    def on_level(self, px: Array, height_m: float) -> Array:
        """(3,) where the ray of a (2,) pixel meets a level."""
        begin, ray = self.view.ray(self.lens, px)
        return np.asarray(begin + ray * (height_m - begin[2]) / min(ray[2], -1e-3))


def matched(adjusted: Adjusted, mark: Mark, place: Array, pictures: Pictures) -> Matches:
    """The same thing in the other photos that show it best, `place` (3,) being about where it is.

    `pictures` gives a photo's pixels by name. The marks have `marked_by` "matching".
    """
    lenses = adjusted.lenses
    eyes = {view.name: _Eye(view, lenses[view.lens]) for view in adjusted.views}
    own = eyes[mark.photo]
    middle = own.on_level(np.array([mark.x_px, mark.y_px]), float(place[2]))
    cell_m = float(np.linalg.norm(place - own.view.centre)) / own.lens.focal_px
    clicked = _grey(pictures(mark.photo))
    sizes = (_patch(clicked, own, middle, cell_m, reach) for reach in (PATCH_CELLS, CORE_CELLS))
    template = next((each for each in sizes if each is not None), None)
    names = _best(eyes, own, place)
    if template is None or float(template.std()) < LEAST_DEVIATION:
        reason = EDGE if template is None else FLAT
        return Matches(missed=tuple(Missed(name, reason) for name in names))
    found: list[Mark] = []
    missed: list[Missed] = []
    for name in names:
        eye = eyes[name]
        field = _patch(_grey(pictures(name)), eye, middle, cell_m, template.shape[0] // 2 + SEARCH_CELLS)
        if field is None:
            missed.append(Missed(name, EDGE))
            continue
        cells = _find(template, field, _line(own, eye, middle))
        if isinstance(cells, str):
            missed.append(Missed(name, cells))
            continue
        px = eye.pixels((middle + cell_m * np.array([cells[0], -cells[1], 0.0]))[None, :])[0]
        found.append(Mark(name, float(px[0]), float(px[1]), SIGMA_PX, MATCHED, mark.marked_at))
    return Matches(tuple(found), tuple(missed))


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


def _line(own: _Eye, eye: _Eye, middle: Array) -> Array:
    """(2,) east and south: how the click's ray runs on the level through `middle`, as `eye` sees it."""
    sight = middle + (own.view.centre - middle) / np.linalg.norm(own.view.centre - middle)
    ray = sight - eye.view.centre
    moved = eye.view.centre + ray * (middle[2] - eye.view.centre[2]) / min(ray[2], -1e-3) - middle
    length_m = float(np.linalg.norm(moved[:2]))
    return np.array([moved[0], -moved[1]]) / length_m if length_m > 1e-9 else np.array([1.0, 0.0])


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


def _find(template: Array, field: Array, line: Array) -> Array | str:
    """(2,) cells east and south from the field's middle to where the template lies, or why it does not."""
    whole = _placed(template, field, line)
    edge = template.shape[0] // 2 - CORE_CELLS
    core_of = _within(template, edge)
    shows = edge > 0 and float(core_of.std()) >= LEAST_CENTRE_DEVIATION
    if not shows or not isinstance(whole, str) or whole == ALIKE:
        return whole
    core = _placed(core_of, _within(field, edge), line)
    return whole if isinstance(core, str) and core != ALIKE else core


def _placed(template: Array, field: Array, line: Array) -> Array | str:
    """The same by one size of the template."""
    reach = template.shape[0] // 2
    score = _correlated(field, template)
    whole = _slid(score, line)
    if isinstance(whole, str):
        return whole
    inner = [_centre(template, field, whole)]
    if reach > CORE_CELLS:
        edge = reach - CORE_CELLS
        inner.append(_slid(_correlated(_within(field, edge), _within(template, edge)), line))
    if any(isinstance(each, str) or np.abs(whole - each).max() > SAME_CELLS for each in inner):
        return BESIDE
    return ALIKE if _has_rival(score, whole, line) else whole


def _within(cells: Array, edge: int) -> Array:
    """Without so many cells at each edge."""
    return cells[edge : cells.shape[0] - edge, edge : cells.shape[1] - edge]


def _correlated(field: Array, template: Array) -> Array:
    """The template's correlation at each place of the field where it lies whole."""
    found = cv2.matchTemplate(field.astype(np.float32), template.astype(np.float32), cv2.TM_CCOEFF_NORMED)
    return np.asarray(found, float)


def _aside(score: Array, line: Array) -> tuple[Array, Array]:
    """How far each place lies from the middle along the line, and across it, cells."""
    reach = (score.shape[0] - 1) // 2
    east, south = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    return east * line[0] + south * line[1], south * line[0] - east * line[1]


def _slid(score: Array, line: Array) -> Array | str:
    """(2,) cells east and south from the middle to the best place near the line, or why there is none."""
    near = np.where(np.abs(_aside(score, line)[1]) <= BAND_CELLS, score, -1.0)
    row, column = _best_of(near)
    if score[row, column] < LEAST_CORRELATION:
        return OTHERWISE
    summit = _summit(score, row, column)
    return ELSEWHERE if summit is None else summit - (score.shape[0] - 1) / 2


def _centre(template: Array, field: Array, whole: Array) -> Array | str:
    """(2,) cells from the field's middle to where the middle of the template fits best, looked for near the
    whole one's place, or why it fits nowhere. The middle is as small as what it shows lets it be.
    """
    half = template.shape[0] // 2
    reach = CENTRE_CELLS
    while reach < CORE_CELLS and float(_within(template, half - reach).std()) < LEAST_CENTRE_DEVIATION:
        reach += 1
    east, south = (round(float(each)) for each in whole)
    top, left = (field.shape[0] // 2 + each - reach - NEAR_CELLS for each in (south, east))
    side = 2 * (reach + NEAR_CELLS) + 1
    score = _correlated(field[top : top + side, left : left + side], _within(template, half - reach))
    row, column = _best_of(score)
    if score[row, column] < LEAST_CENTRE_CORRELATION:
        return BESIDE
    summit = _summit(score, row, column)
    return BESIDE if summit is None else summit - NEAR_CELLS + [east, south]


def _has_rival(score: Array, whole: Array, line: Array) -> bool:
    """Whether another place near the line looks nearly as much like the template as the best one."""
    along, across = _aside(score, line)
    others = score[(np.abs(across) <= BAND_CELLS) & (np.abs(along - whole @ line) > RIVAL_CELLS)]
    half = score.shape[0] // 2
    best = float(score[half + round(float(whole[1])), half + round(float(whole[0]))])
    next_best = float(others.max(initial=-1.0))
    return 1 - best > LOWE_RATIO**2 * (1 - next_best)


def _best_of(score: Array) -> tuple[int, int]:
    """Row and column of the highest value."""
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    return int(row), int(column)


def _summit(score: Array, row: int, column: int) -> Array | None:
    """(2,) column and row of a summit that no neighbour tops; None at the border or where one does."""
    block = score[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    if block.shape != (3, 3) or block[1, 1] < block.max():
        return None
    return np.array([column + _vertex(block[1]), row + _vertex(block[:, 1])])


def _vertex(three: Array) -> float:
    """Where a parabola through three equidistant values has its summit, from the middle one."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return float(three[0] - three[2]) / (2 * bend) if bend < 0 else 0.0
