"""Drawing a block of the picture: each photo only where it is shown, with few decoded photos held at once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.footprints import Floats, Footprint, local_with_height, project
from imaging.georeference import Georeference
from imaging.grid import Grid
from imaging.lens import Lens
from imaging.photos import Pixels, decode
from imaging.seams import Labels, Seams
from imaging.surface import Surface
from imaging.survey import Survey

NODE_PX = 8


@dataclass(frozen=True, slots=True)
class Sources:
    """What a picture is drawn from."""

    found: Survey
    lenses: dict[str, Lens]
    placed: Georeference
    surface: Surface


@dataclass(frozen=True, slots=True)
class Plan:
    """Which photo goes where: `step` pixels of `grid` a side make one coarse cell of the seams."""

    grid: Grid
    step: int
    footprints: list[Footprint]
    seams: Seams


class Decoded:
    """Decoded photos, the ones used last, up to `limit_bytes` in all (one at least)."""

    def __init__(self, found: Survey, reduce: int, limit_bytes: int) -> None:
        self._found, self._reduce, self._limit_bytes = found, reduce, limit_bytes
        self._held: OrderedDict[str, Pixels] = OrderedDict()

    def picture(self, name: str) -> Pixels:
        """The photo's pixels, (height, width, 3), each side 1/`reduce` of the file's."""
        if name in self._held:
            self._held.move_to_end(name)
            return self._held[name]
        picture = decode(self._found.photos[name].path, self._reduce)
        total = picture.nbytes + sum(other.nbytes for other in self._held.values())
        while self._held and total > self._limit_bytes:
            total -= self._held.popitem(last=False)[1].nbytes
        self._held[name] = picture
        return picture


def paint(
    sources: Sources, plan: Plan, decoded: Decoded, column: int, row: int, width: int, height: int
) -> Pixels:
    """(height, width, 4) RGBA of the block whose corner, on a coarse cell, is at (`column`, `row`)."""
    step = plan.step
    cells = _labels_around(plan, column, row, width, height)
    total = np.zeros((cells.shape[0] * step, cells.shape[1] * step, 3), np.float32)
    weight = np.zeros(total.shape[:2], np.float32)
    first_column, first_row = column // step - 1, row // step - 1
    for index in np.unique(cells[cells >= 0]).tolist():
        rows, columns = _box(cells == index)
        part = slice(rows.start * step, rows.stop * step), slice(columns.start * step, columns.stop * step)
        share = _enlarged((cells[rows, columns] == index).astype(np.float32), step)
        correction = _correction(plan, index, first_row, first_column, rows, columns)
        shown = _shown(
            sources,
            plan,
            decoded,
            index,
            (first_column + columns.start) * step,
            (first_row + rows.start) * step,
            share,
        )
        total[part] += share[..., None] * (shown + _enlarged(correction, step))
        weight[part] += share
    total, weight = (array[step : step + height, step : step + width] for array in (total, weight))
    rgb = np.clip(total / np.maximum(weight, 1e-6)[..., None] + 0.5, 0, 255)
    alpha = np.where(weight >= 0.5, 255, 0)
    rgb[alpha == 0] = 0
    return np.dstack([rgb, alpha]).astype(np.uint8)


def _labels_around(plan: Plan, column: int, row: int, width: int, height: int) -> Labels:
    """The block's labels with one coarse cell more on each side, nobody's outside the grid."""
    padded = np.pad(plan.seams.labels, 1, constant_values=-1)
    first_column, first_row = column // plan.step, row // plan.step
    rows, columns = -(-height // plan.step) + 2, -(-width // plan.step) + 2
    return padded[first_row : first_row + rows, first_column : first_column + columns]


def _box(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[slice, slice]:
    """Rows and columns that hold the mask with one cell more on each side."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    last_row, last_column = mask.shape
    return (
        slice(max(0, int(rows[0]) - 1), min(last_row, int(rows[-1]) + 2)),
        slice(max(0, int(columns[0]) - 1), min(last_column, int(columns[-1]) + 2)),
    )


def _enlarged(values: Floats, step: int) -> Floats:
    """Values at cells' centres, linearly between them at `step` times as many pixels each way."""
    size = (values.shape[1] * step, values.shape[0] * step)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _correction(
    plan: Plan, index: int, first_row: int, first_column: int, rows: slice, columns: slice
) -> Floats:
    """The photo's correction on these coarse cells, held at its window's border."""
    footprint, values = plan.footprints[index], plan.seams.corrections[index]
    row = np.arange(rows.start, rows.stop) + first_row - footprint.row
    column = np.arange(columns.start, columns.stop) + first_column - footprint.column
    inside = np.ix_(np.clip(row, 0, values.shape[0] - 1), np.clip(column, 0, values.shape[1] - 1))
    return np.asarray(values[inside], np.float32)


def _shown(
    sources: Sources, plan: Plan, decoded: Decoded, index: int, column: int, row: int, share: Floats
) -> Pixels:
    """(h, w, 3) of the photo as it lies on the ground, from pixel (`column`, `row`) of the grid on.

    The photo's coordinates are worked out at nodes every eight pixels and are linear between them.
    """
    view = plan.footprints[index].view
    lens = sources.lenses[view.lens]
    height, width = share.shape
    columns = column + np.arange(0, width + 2 * NODE_PX, NODE_PX, dtype=float)
    rows = row + np.arange(0, height + 2 * NODE_PX, NODE_PX, dtype=float)
    pixels, _ = project(view, lens, local_with_height(plan.grid, sources.surface, columns, rows))
    picture = decoded.picture(view.name)
    scale = np.array([picture.shape[1] / lens.width_px, picture.shape[0] / lens.height_px])
    nodes = np.nan_to_num(pixels * scale - 0.5, nan=-1e6).astype(np.float32)
    half = NODE_PX // 2
    where = _enlarged(nodes, NODE_PX)[half : half + height, half : half + width]
    shown = cv2.remap(picture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(shown, np.uint8)
