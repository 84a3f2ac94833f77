"""Where each photo sees the surface, on a coarse grid: how steeply, with what colours, and what is hidden
from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging.dense.model import AnySurface
from imaging.georeference import Georeference
from imaging.grid import Grid, grid_over
from imaging.hiding import hide
from imaging.lens import Array, Lens, View
from imaging.photos import Pixels, decode
from imaging.pictures import Decoded
from imaging.progress import Progress
from imaging.sampling import Patch, border_px, coarse_colours, lay
from imaging.surface import STEEPEST, Surface
from imaging.survey import Survey
from imaging.threads import in_order

FINE = 4
HIDDEN_COSTS = 0.5
TOLERANCE_M = 0.10
MARGIN_CELLS = 2
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Footprint:
    """A photo on a window of the coarse grid that begins at (`column`, `row`).

    `slant` (h, w) is the tangent of the angle off the vertical, more where part of the cell is hidden,
    infinite where the photo does not see it; `colours` (h, w, 3) is what it shows there. As bits, by the
    `FINE` x `FINE` parts of each cell: `clear` is what it sees well away from anything in the way, `open`
    what it sees at all, `inside` what lies in the picture, hidden or not (None where nothing hides anything).
    """

    view: View
    column: int
    row: int
    slant: Floats
    colours: Pixels
    clear: npt.NDArray[np.uint8] | None = None
    open: npt.NDArray[np.uint8] | None = None
    inside: npt.NDArray[np.uint8] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        rows, columns = self.slant.shape
        return rows, columns

    @property
    def window(self) -> tuple[slice, slice]:
        """The window as slices of the coarse grid."""
        rows, columns = self.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)

    @property
    def seen(self) -> Flags:
        """(h, w) whether the photo sees the cell."""
        return np.isfinite(self.slant)

    def parts(self, rows: slice, columns: slice, bits: npt.NDArray[np.uint8] | None) -> Flags:
        """(`FINE` r, `FINE` c) one of the bit fields on these cells of the window."""
        if bits is None:
            return np.repeat(np.repeat(np.isfinite(self.slant[rows, columns]), FINE, axis=0), FINE, axis=1)
        count = FINE * self.shape[1]
        part = np.unpackbits(bits[FINE * rows.start : FINE * rows.stop], axis=1, count=count)
        return np.asarray(part[:, FINE * columns.start : FINE * columns.stop] > 0)

    def loaded(self) -> Footprint:
        """The same in memory, where it is kept elsewhere."""
        return self

    def with_slant(self, slant: Floats) -> Footprint:
        """The footprint with another slant."""
        return replace(self, slant=slant)

    def with_colours(self, colours: Pixels) -> Footprint:
        """The footprint with other colours."""
        return replace(self, colours=colours)


def ground_corners(view: View, lens: Lens, ground_m: float) -> Array:
    """(n, 2) local points where the photo's border meets level ground, rays held within the limit."""
    rays = lens.rays(border_px(lens, 17)) @ view.rotation
    flat, down = np.linalg.norm(rays[:, :2], axis=1), -rays[:, 2]
    height_m = max(0.0, float(view.centre[2]) - ground_m)
    slant = np.where(down > 0, flat / np.maximum(down, 1e-9), np.inf)
    reach_m = height_m * np.minimum(slant, STEEPEST)
    return np.asarray(view.centre[:2] + rays[:, :2] / np.maximum(flat, 1e-9)[:, None] * reach_m[:, None])


def corners_of_views(placed: Georeference, lenses: dict[str, Lens], surface: Surface) -> list[Array]:
    """Where each photo's border meets the ground, (n, 2) local metres each."""
    return [
        ground_corners(view, lenses[view.lens], float(surface.height_m(view.centre[:2])))
        for view in placed.views
    ]


def grid_of_views(placed: Georeference, lenses: dict[str, Lens], surface: Surface, cell_m: float) -> Grid:
    """The grid that covers what the photos see of the ground."""
    corners = corners_of_views(placed, lenses, surface)
    return grid_over(placed.frame, placed.epsg, np.vstack(corners), cell_m)


def native_gsd_m(placed: Georeference, lenses: dict[str, Lens], surface: Surface) -> float:
    """Metres of ground a pixel in the middle of the median photo, to three digits.

    GSD = distance / focal length (Wolf, Dewitt and Wilkinson, Elements of Photogrammetry, 4th ed., 6-2).
    """
    sizes = [
        (view.centre[2] - surface.height_m(view.centre[:2])) / lenses[view.lens].focal_px
        for view in placed.views
    ]
    return float(f"{max(float(np.median(sizes)), 1e-4):.3g}")


def project(view: View, lens: Lens, local: Array) -> tuple[Array, Array]:
    """(..., 3) local points to (..., 2) pixels and the tangent (...) of their angle off the vertical."""
    offset = local - view.centre
    pixels = view.pixels(lens, local)
    below = np.maximum(-offset[..., 2], 1e-6)
    slant = np.hypot(offset[..., 0], offset[..., 1]) / below
    return pixels, np.where(offset[..., 2] < 0, slant, np.inf)


def find_footprints(
    found: Survey,
    placed: Georeference,
    lenses: dict[str, Lens],
    surface: AnySurface,
    grid: Grid,
    progress: Progress,
    threads: int = 1,
    decoded: Decoded | None = None,
) -> Iterator[Footprint]:
    """Every photo's footprint on the coarse `grid`; photos that see none of it are passed over.

    What they show is taken from `decoded` where that is given.
    """

    def work(view: View) -> Footprint | None:
        return _footprint(found, view, lenses[view.lens], surface, grid, decoded)

    for footprint in in_order(work, placed.views, threads):
        progress.advance()
        if footprint is not None:
            yield footprint


def patch_of(grid: Grid, column: int, row: int, width: int, height: int) -> Patch:
    """Where a window of the grid lies. UTM bends against the local frame by less than 0.1 mm over 200 m."""
    columns, rows = np.array([column + 0.5, column + width - 0.5]), np.array([row + 0.5, row + height - 0.5])
    corner = grid.local_from_lattice(columns, rows)
    across, along = max(width - 1, 1), max(height - 1, 1)
    right, down = (corner[0, 1] - corner[0, 0]) / across, (corner[1, 0] - corner[0, 0]) / along
    return Patch(corner[0, 0], right, down)


def _footprint(
    found: Survey, view: View, lens: Lens, surface: AnySurface, grid: Grid, decoded: Decoded | None
) -> Footprint | None:
    ground_m = float(surface.ground.height_m(view.centre[:2]))
    corners = grid.cells_from_local(ground_corners(view, lens, ground_m))
    margin = 0.1 * np.ptp(corners, axis=0) + 2
    first = np.clip(np.floor(corners.min(axis=0) - margin), 0, [grid.width, grid.height]).astype(int)
    last = np.clip(np.ceil(corners.max(axis=0) + margin), 0, [grid.width, grid.height]).astype(int)
    if np.any(last - first < 2):
        return None
    width, height = (last - first).tolist()
    fine = replace(grid, cell_m=grid.cell_m / FINE, width=grid.width * FINE, height=grid.height * FINE)
    window = int(first[0]) * FINE, int(first[1]) * FINE, width * FINE, height * FINE
    heights_m = surface.heights_on(fine, *window)
    patch = patch_of(fine, *window)
    cell_px = lens.focal_px * fine.cell_m / max(1.0, float(view.centre[2]) - ground_m)
    shown, inside = _shown(found, view, lens, patch, heights_m, cell_px, decoded)
    opened = inside.copy()
    if surface.hides:
        hidden = np.zeros_like(inside)
        camera = fine.cells_from_local(view.centre[None, :2])[0] - window[:2]
        hide(heights_m, float(camera[0]), float(camera[1]), float(view.centre[2]), TOLERANCE_M, hidden)
        opened &= ~hidden
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MARGIN_CELLS + 1, 2 * MARGIN_CELLS + 1))
    clear = cv2.erode(opened.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    if not clear.any():
        return None
    colours, share = coarse_colours(shown, clear, FINE)
    slant = _slant(view, patch, _coarse(heights_m)) + HIDDEN_COSTS * (1 - share)
    seen = (share > 0) & (slant <= STEEPEST)
    return Footprint(
        view, int(first[0]), int(first[1]), np.where(seen, slant, np.inf).astype(np.float32), colours,
        np.packbits(clear, axis=1), np.packbits(opened, axis=1), np.packbits(inside, axis=1),
    )  # fmt: skip


def _coarse(values: Floats) -> Floats:
    """Means of `FINE` x `FINE` cells."""
    size = (values.shape[1] // FINE, values.shape[0] // FINE)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _slant(view: View, patch: Patch, heights_m: Floats) -> Floats:
    """(h, w) tangent of the angle off the vertical at the middles of the coarse cells."""
    rows, columns = (np.arange(size) * FINE + (FINE - 1) / 2 for size in heights_m.shape)
    place = patch.origin + columns[None, :, None] * patch.right + rows[:, None, None] * patch.down
    below_m = view.centre[2] - heights_m
    flat_m = np.hypot(place[..., 0] - view.centre[0], place[..., 1] - view.centre[1])
    return np.asarray(np.where(below_m > 0, flat_m / np.maximum(below_m, 1e-6), np.inf), np.float32)


def _shown(
    found: Survey,
    view: View,
    lens: Lens,
    patch: Patch,
    heights_m: Floats,
    cell_px: float,
    decoded: Decoded | None,
) -> tuple[Floats, Flags]:
    """The photo averaged to about one pixel a fine cell, laid on the surface, and where it lies."""
    if decoded is not None:
        reduce, picture = decoded.reduce, decoded.picture(view.name)
    else:
        reduce = next((step for step in (8, 4, 2) if step <= cell_px * 1.1), 1)
        picture = decode(found.photos[view.name].path, reduce)
    shrink = cell_px / reduce
    if shrink > 1.3:
        size = (max(2, round(picture.shape[1] / shrink)), max(2, round(picture.shape[0] / shrink)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    total, share = np.zeros((*heights_m.shape, 3), np.float32), np.zeros(heights_m.shape, np.float32)
    lay(
        picture, view, lens, patch, heights_m, np.ones_like(heights_m), np.ones(3, np.float32),
        np.zeros((1, 1, 3), np.float32), (0.0, 0.0), 1.0, total, share,
    )  # fmt: skip
    return total, share > 0
