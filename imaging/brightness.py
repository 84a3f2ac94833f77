"""What brings the photos' colours together: a gain a photo, and how light falls off across every photo alike.

Where two photos overlap, the medians of the logs of their ratios tell how much brighter one is than the other
there (Brown and Lowe 2007, section 6). Part of that is the photo's exposure, part of it is the place in the
picture: lenses darken towards the corners, and ground looks brighter away from the sun than towards it.
Falloff that is taken for exposure adds up from photo to photo, so both are sought together, with priors: a
plane falloff and gains that grow along the flight explain the same ratios (the ground would be a ramp), and
only what the photos say of their exposure, or that exposures rarely differ much, tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_diag, csr_matrix, diags, eye, kron, vstack
from scipy.sparse.linalg import spsolve

from imaging.footprints import Flags, Floats, Footprint
from imaging.grid import Grid
from imaging.lens import Array, View

EVERY = 3
TILES = 6
LEAST_CELLS = 8
LEAST_SHARED = 200
LEAST_IN_TILE = 12
DARKEST_DN, BRIGHTEST_DN = 20, 240
TILE_SIGMA = 0.1
BRIGHTNESS_SIGMA, COLOUR_SIGMA, FALLOFF_SIGMA = 0.1, 0.04, 0.3
TONE = 1 / 2.2
"""Log of a colour's value over log of the light, as sRGB's curve has it in the mean (IEC 61966-2-1)."""
MOST_LOG = 0.7
CAUCHY = 2.4
ROUNDS = 8
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Light:
    """A photo's colours are multiplied by `gain` (3,) and exp(f0 x + f1 y + f2 r² + f3 r⁴), `falloff` (4,).

    x and y are the tangents right and down of the camera's axis, r² = x² + y².
    """

    gain: Floats
    falloff: Floats

    def factors(self, x: Array, y: Array) -> Floats:
        """(..., 3) what the colours at these tangents are multiplied by."""
        level = np.tensordot(_terms(x, y), self.falloff, axes=1)
        return np.asarray(np.exp(level)[..., None] * self.gain, np.float32)


def find_lights(
    footprints: Sequence[Footprint], grid: Grid, ground_m: Floats, exposures: Sequence[float | None]
) -> list[Light]:
    """Each photo's light, so that photos agree where they overlap; the mean log of the gains is 0.

    `ground_m` (h, w) are the ground's heights on the coarse `grid`: crowns darken otherwise than the ground
    below them, and with their own heights would say how fast. `exposures` is seconds times ISO over the
    f-number squared of each photo, None where unknown. Known of all, they say what gains to expect.
    """
    told = _expected(exposures)
    logs, falloff = np.repeat(told[:, None], 3, axis=1), np.zeros((len(footprints), 4))
    tiles = _overlaps(footprints, grid, ground_m)
    if tiles is not None:
        views = [one.view for one in footprints]
        logs, falloff = _solve(tiles, views, sorted({view.lens for view in views}), told)
    gains = np.exp(np.clip(logs - logs.mean(axis=0), -MOST_LOG, MOST_LOG))
    return [
        Light(gain.astype(np.float32), each.astype(np.float32))
        for gain, each in zip(gains, falloff, strict=True)
    ]


def balanced(
    footprints: Sequence[Footprint], lights: Sequence[Light], grid: Grid, heights_m: Floats
) -> list[Footprint]:
    """The footprints with their colours multiplied by their lights; `heights_m` (h, w) lie on the grid."""
    result = []
    for one, light in zip(footprints, lights, strict=True):
        x, y = _tangents(one.view, grid, heights_m, *one.window)
        colours = np.clip(one.colours * light.factors(x, y) + 0.5, 0, 255).astype(np.uint8)
        result.append(replace(one, colours=colours))
    return result


def _expected(exposures: Sequence[float | None]) -> Array:
    """(n,) logs of the gains that the exposures let expect, 0 where not all are known."""
    known = [each for each in exposures if each is not None and each > 0]
    if len(known) < len(exposures):
        return np.zeros(len(exposures))
    logs = -TONE * np.log(np.array(known, float))
    return np.asarray(logs - logs.mean())


def _terms(x: Array, y: Array) -> Array:
    """(..., 4) what the falloff is made of."""
    square = x * x + y * y
    return np.stack([x, y, square, square * square], axis=-1)


def _tangents(view: View, grid: Grid, heights_m: Floats, rows: slice, columns: slice) -> tuple[Array, Array]:
    """Tangents right and down of the camera's axis of cells of the grid; 0 behind the camera."""
    across = np.arange(columns.start, columns.stop, columns.step or 1) + 0.5
    down = np.arange(rows.start, rows.stop, rows.step or 1) + 0.5
    place = np.dstack([grid.local_from_lattice(across, down), heights_m[rows, columns]])
    seen = (place - view.centre) @ view.rotation.T
    ahead = seen[..., 2] > 1e-6
    depth_m = np.where(ahead, seen[..., 2], 1.0)
    return np.where(ahead, seen[..., 0] / depth_m, 0.0), np.where(ahead, seen[..., 1] / depth_m, 0.0)


@dataclass(frozen=True, slots=True)
class _Tiles:
    """Parts of overlaps: logs of the second photos' colours over the first's (m, 3), their standard
    deviations, and the middles of their places in both, as falloff terms (m, 4).
    """

    first: Integers
    second: Integers
    ratio: Array
    sigma: Array
    first_terms: Array
    second_terms: Array


def _overlaps(footprints: Sequence[Footprint], grid: Grid, heights_m: Floats) -> _Tiles | None:
    """What the photos tell of each other, None where none overlap."""
    rows: list[tuple[int, int, Array, Array, Array, Array]] = []
    for i, first in enumerate(footprints):
        for j in range(i + 1, len(footprints)):
            second = footprints[j]
            top, left = max(first.row, second.row), max(first.column, second.column)
            bottom = min(first.window[0].stop, second.window[0].stop)
            right = min(first.window[1].stop, second.window[1].stop)
            if bottom - top >= LEAST_CELLS and right - left >= LEAST_CELLS:
                shared = slice(top, bottom, EVERY), slice(left, right, EVERY)
                rows += ((i, j, *tile) for tile in _tiles(first, second, grid, heights_m, shared))
    if not rows:
        return None
    firsts, seconds, *values = zip(*rows, strict=True)
    return _Tiles(np.array(firsts), np.array(seconds), *(np.array(each, float) for each in values))


def _tiles(
    first: Footprint, second: Footprint, grid: Grid, heights_m: Floats, shared: tuple[slice, slice]
) -> Iterator[tuple[Array, Array, Array, Array]]:
    """Ratio, its standard deviation and the terms in both photos, of each part of the cells they share."""
    (a, a_seen), (b, b_seen) = _shown(first, shared), _shown(second, shared)
    low, high = np.minimum(a, b).min(axis=-1), np.maximum(a, b).max(axis=-1)
    both = a_seen & b_seen & (low > DARKEST_DN) & (high < BRIGHTEST_DN)
    if np.count_nonzero(both) < LEAST_SHARED:
        return
    ratio = np.log(b[both] / a[both])
    terms = [_terms(*_tangents(one.view, grid, heights_m, *shared))[both] for one in (first, second)]
    rows, columns = np.nonzero(both)
    part = rows * TILES // both.shape[0] * TILES + columns * TILES // both.shape[1]
    order = np.argsort(part, kind="stable")
    for cells in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if len(cells) < LEAST_IN_TILE:
            continue
        middle = np.median(ratio[cells], axis=0)
        spread = 1.4826 * np.median(np.abs(ratio[cells] - middle), axis=0)
        # Neighbours are much alike, so that a quarter of the cells counts; 1.25: a median's efficiency.
        sigma = np.hypot(TILE_SIGMA, 1.25 * spread / np.sqrt(len(cells) / 4))
        yield middle, sigma, terms[0][cells].mean(axis=0), terms[1][cells].mean(axis=0)


def _shown(one: Footprint, shared: tuple[slice, slice]) -> tuple[Floats, Flags]:
    """Colours, at least 1, on some cells of the grid, and whether the photo sees them."""
    rows, columns = shared
    part = (
        slice(rows.start - one.row, rows.stop - one.row, rows.step),
        slice(columns.start - one.column, columns.stop - one.column, columns.step),
    )
    return np.maximum(one.colours[part].astype(np.float32), 1.0), one.seen[part]


def _solve(tiles: _Tiles, views: list[View], lenses: list[str], told: Array) -> tuple[Array, Array]:
    """Logs of the gains (n, 3), and each photo's falloff (n, 4).

    Robust least squares (Cauchy's weights) over the bands together, which have the falloff in common: per
    lens in its picture, and a plane one over the ground, from the sun.
    """
    number, lens_of = len(views), np.array([lenses.index(view.lens) for view in views])
    turned = np.array([view.rotation[:2, :2] for view in views])
    size = 3 * number + 4 * len(lenses) + 2
    design = []
    for band in range(3):
        parts = []
        for sign, photo, terms in (
            (1.0, tiles.first, tiles.first_terms),
            (-1.0, tiles.second, tiles.second_terms),
        ):
            plane = np.einsum("mk,mkj->mj", terms[:, :2], turned[photo])
            values = np.column_stack([np.ones(len(photo)), terms, plane]) * sign
            at = 3 * number + 4 * lens_of[photo][:, None] + np.arange(4)
            sun = np.broadcast_to(np.arange(size - 2, size), plane.shape)
            columns = np.column_stack([3 * photo + band, at, sun])
            lines = np.repeat(np.arange(len(photo)), values.shape[1])
            parts.append(csr_matrix((values.ravel(), (lines, columns.ravel())), (len(photo), size)))
        design.append(parts[0] + parts[1])
    rows, expected = _priors(number, size, told)
    whole = vstack([*design, rows]).tocsr()
    aim = np.concatenate([tiles.ratio.T.ravel(), expected])
    sigma = np.concatenate([tiles.sigma.T.ravel(), np.ones(len(expected))])
    measured = np.arange(len(aim)) < tiles.ratio.size
    weight = sigma**-2
    solution = np.zeros(size)
    for _ in range(ROUNDS):
        weighted = whole.T @ diags(weight)
        solution = spsolve((weighted @ whole).tocsc(), weighted @ aim)
        off = (aim - whole @ solution) / sigma
        weight = np.where(measured, 1 / (1 + (off / CAUCHY) ** 2), 1.0) * sigma**-2
    falloff = solution[3 * number : -2].reshape(-1, 4)[lens_of]
    falloff[:, :2] += turned @ solution[-2:]
    return solution[: 3 * number].reshape(number, 3), falloff


def _priors(number: int, size: int, told: Array) -> tuple[csr_matrix, Array]:
    """Rows, each over its standard deviation, and what they should give: brightness as told, bands alike, a
    small falloff.
    """
    mean = kron(eye(number), np.full((1, 3), 1 / 3))
    apart = kron(eye(number), np.eye(3) - 1 / 3)
    gains = vstack([mean / BRIGHTNESS_SIGMA, apart / COLOUR_SIGMA])
    falloff = eye(size - 3 * number) / FALLOFF_SIGMA
    rows = csr_matrix(block_diag([gains, falloff]))
    return rows, np.concatenate([told / BRIGHTNESS_SIGMA, np.zeros(rows.shape[0] - number)])
