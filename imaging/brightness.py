"""What brings the photos' colours together: a gain a photo, and how light falls off across every photo alike.

Where two photos overlap, the medians of the logs of their ratios tell how much brighter one is than the other
there (Brown and Lowe 2007, section 6). Part of that is the photo's exposure, part of it is the place in the
picture: lenses darken towards the corners, and ground looks brighter away from the sun than towards it.
Falloff that is taken for exposure adds up from photo to photo, so both are sought together, with priors: a
plane falloff and gains that grow along the flight explain the same ratios (the ground would be a ramp), and
only what the photos say of their exposure, or that exposures rarely differ much, tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.bands import largest, smallest
from imaging.brightness_solving import Ratios, settle
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
TONE = 1 / 2.2
"""Log of a colour's value over log of the light, as sRGB's curve has it in the mean (IEC 61966-2-1)."""
MOST_LOG = 0.7
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
        logs, falloff = settle(tiles, [one.view for one in footprints], told)
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
        result.append(one.with_colours(colours))
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


def _overlaps(footprints: Sequence[Footprint], grid: Grid, heights_m: Floats) -> Ratios | None:
    """What the photos tell of each other, None where none overlap."""
    found: list[Ratios] = []
    for i, one in enumerate(footprints):
        first = one.loaded()
        for j in range(i + 1, len(footprints)):
            second = footprints[j]
            top, left = max(first.row, second.row), max(first.column, second.column)
            bottom = min(first.window[0].stop, second.window[0].stop)
            right = min(first.window[1].stop, second.window[1].stop)
            if bottom - top >= LEAST_CELLS and right - left >= LEAST_CELLS:
                shared = slice(top, bottom, EVERY), slice(left, right, EVERY)
                tiles = _tiles(first, second, grid, heights_m, shared)
                if tiles:
                    found.append(Ratios.of(i, j, *tiles))
    return Ratios.joined(found) if found else None


def _tiles(
    first: Footprint, second: Footprint, grid: Grid, heights_m: Floats, shared: tuple[slice, slice]
) -> list[Array]:
    """Ratio and its standard deviation, (p, 3), and the terms in both photos, (p, 4), of the parts of the
    cells that two photos share; empty where they share too little.
    """
    (a, a_seen), (b, b_seen) = _shown(first, shared), _shown(second, shared)
    low, high = smallest(np.minimum(a, b)), largest(np.maximum(a, b))
    both = a_seen & b_seen & (low > DARKEST_DN) & (high < BRIGHTEST_DN)
    if np.count_nonzero(both) < LEAST_SHARED:
        return []
    rows, columns = np.nonzero(both)
    part = rows * TILES // both.shape[0] * TILES + columns * TILES // both.shape[1]
    count = np.bincount(part, minlength=TILES**2)
    enough = count[part] >= LEAST_IN_TILE
    if not enough.any():
        return []
    # Parts numbered anew, and their cells one part after the other.
    order = np.flatnonzero(enough)[np.argsort(part[enough], kind="stable")]
    size = count[count >= LEAST_IN_TILE]
    number, begin = np.repeat(np.arange(len(size)), size), np.cumsum(size) - size
    ratio = np.log(b[both] / a[both])[order]
    middle = _medians(ratio, number, begin, size)
    spread = 1.4826 * _medians(np.abs(ratio - middle[number]), number, begin, size)
    # Neighbours are much alike, so that a quarter of the cells counts; 1.25: a median's efficiency.
    sigma = np.hypot(TILE_SIGMA, 1.25 * spread / np.sqrt(size / 4)[:, None])
    terms = (
        np.add.reduceat(_terms(*_tangents(one.view, grid, heights_m, *shared))[both][order], begin)
        / size[:, None]
        for one in (first, second)
    )
    return [middle, sigma, *terms]


def _medians(values: Floats, number: Integers, begin: Integers, size: Integers) -> Array:
    """(p, 3) medians of (m, 3) values of p parts, which begin there; `number` (m,) is each value's part."""
    found = np.empty((len(size), 3))
    for band in range(3):
        order = values[np.lexsort((values[:, band], number)), band]
        found[:, band] = (order[begin + (size - 1) // 2] + order[begin + size // 2]) / 2
    return found


def _shown(one: Footprint, shared: tuple[slice, slice]) -> tuple[Floats, Flags]:
    """Colours, at least 1, on some cells of the grid, and whether the photo sees them."""
    rows, columns = shared
    part = (
        slice(rows.start - one.row, rows.stop - one.row, rows.step),
        slice(columns.start - one.column, columns.stop - one.column, columns.step),
    )
    return np.maximum(one.colours[part].astype(np.float32), 1.0), np.isfinite(one.slant[part])
