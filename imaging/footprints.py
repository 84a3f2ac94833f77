"""Where each photo sees the ground, on a coarse grid: how steeply, and with what colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.georeference import Georeference
from imaging.grid import Grid
from imaging.lens import Array, Lens, View
from imaging.photos import Pixels, decode
from imaging.progress import Progress
from imaging.surface import STEEPEST, Surface
from imaging.survey import Survey

BORDER_CELLS = 2.0
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Footprint:
    """A photo on a window of the coarse grid that begins at (`column`, `row`).

    `slant` (h, w) is the tangent of the angle off the vertical, infinite where the photo does not see the
    cell; `colours` (h, w, 3) is what it shows there.
    """

    view: View
    column: int
    row: int
    slant: Floats
    colours: Pixels

    @property
    def window(self) -> tuple[slice, slice]:
        """The window as slices of the coarse grid."""
        rows, columns = self.slant.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """(h, w) whether the photo sees the cell."""
        return np.isfinite(self.slant)


def ground_corners(view: View, lens: Lens, ground_m: float) -> Array:
    """(n, 2) local points where the photo's border meets level ground, rays held within the limit."""
    steps = np.linspace(0.0, 1.0, 17)
    x, y = steps * lens.width_px, steps * lens.height_px
    zero = np.zeros_like(steps)
    border = np.vstack(
        [
            np.column_stack([x, zero]),
            np.column_stack([x, zero + lens.height_px]),
            np.column_stack([zero, y]),
            np.column_stack([zero + lens.width_px, y]),
        ]
    )
    rays = lens.rays(border) @ view.rotation
    flat, down = np.linalg.norm(rays[:, :2], axis=1), -rays[:, 2]
    height_m = max(0.0, float(view.centre[2]) - ground_m)
    slant = np.where(down > 0, flat / np.maximum(down, 1e-9), np.inf)
    reach_m = height_m * np.minimum(slant, STEEPEST)
    return np.asarray(view.centre[:2] + rays[:, :2] / np.maximum(flat, 1e-9)[:, None] * reach_m[:, None])


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
    pixels = lens.pixels(offset @ view.rotation.T)
    below = np.maximum(-offset[..., 2], 1e-6)
    slant = np.hypot(offset[..., 0], offset[..., 1]) / below
    return pixels, np.where(offset[..., 2] < 0, slant, np.inf)


def find_footprints(
    found: Survey,
    placed: Georeference,
    lenses: dict[str, Lens],
    surface: Surface,
    grid: Grid,
    progress: Progress,
) -> Iterator[Footprint]:
    """Every photo's footprint on the coarse `grid`; photos that see none of it are passed over."""
    for view in placed.views:
        footprint = _footprint(found, view, lenses[view.lens], surface, grid)
        progress.advance()
        if footprint is not None:
            yield footprint


def _footprint(found: Survey, view: View, lens: Lens, surface: Surface, grid: Grid) -> Footprint | None:
    corners = grid.cells_from_local(ground_corners(view, lens, float(surface.height_m(view.centre[:2]))))
    margin = 0.1 * np.ptp(corners, axis=0) + 2
    first = np.clip(np.floor(corners.min(axis=0) - margin), 0, [grid.width, grid.height]).astype(int)
    last = np.clip(np.ceil(corners.max(axis=0) + margin), 0, [grid.width, grid.height]).astype(int)
    if np.any(last - first < 2):
        return None
    columns, rows = np.arange(first[0], last[0]) + 0.5, np.arange(first[1], last[1]) + 0.5
    pixels, slant = project(view, lens, local_with_height(grid, surface, columns, rows))
    cell_px = (
        lens.focal_px * grid.cell_m / max(1.0, float(view.centre[2] - surface.height_m(view.centre[:2])))
    )
    margin_px = BORDER_CELLS * cell_px
    inside = (pixels > margin_px) & (pixels < np.array([lens.width_px, lens.height_px]) - margin_px)
    seen = inside.all(axis=-1) & (slant <= STEEPEST)
    if not seen.any():
        return None
    colours = _colours(found, view, pixels, cell_px)
    return Footprint(
        view, int(first[0]), int(first[1]), np.where(seen, slant, np.inf).astype(np.float32), colours
    )


def local_with_height(grid: Grid, surface: Surface, columns: Array, rows: Array) -> Array:
    """(r, c, 3) local east, north and ground height at a lattice of the grid's columns and rows."""
    local = grid.local_from_lattice(columns, rows)
    heights_m = surface.height_on_utm(grid.west_m + columns * grid.cell_m, grid.north_m - rows * grid.cell_m)
    return np.concatenate([local, heights_m[..., None]], axis=-1)


def _colours(found: Survey, view: View, pixels: Array, cell_px: float) -> Pixels:
    """The photo averaged to about one pixel a cell, taken at each cell."""
    photo = found.photos[view.name]
    reduce = next((step for step in (8, 4, 2) if step <= cell_px), 1)
    picture = decode(photo.path, reduce)
    shrink = max(1.0, cell_px / reduce)
    size = (max(1, round(picture.shape[1] / shrink)), max(1, round(picture.shape[0] / shrink)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    scale = np.array([size[0] / photo.width_px, size[1] / photo.height_px])
    where = np.nan_to_num(pixels * scale - 0.5, nan=-1e6).astype(np.float32)
    shown = cv2.remap(small, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(shown, np.uint8)
