"""The sheet that the world is painted on: colour, height and material, seen from straight above."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from sitl.world.noise import Field, fractal

Colour = tuple[float, float, float]
Values = npt.NDArray[np.floating[Any]]
TILE_CELLS = 500


class Material(IntEnum):
    """What the ground is made of; the thermal picture is painted from it."""

    GRASS = 0
    ASPHALT = 1
    PAVING = 2
    GRAVEL = 3
    PAINT = 4
    LEAVES = 5
    METAL = 6
    GLASS = 7
    STONE = 8
    SOIL = 9


class Canvas:
    """Square, `cells` x `cells`, centred on the origin; row 0 is the northern edge.

    `rgb` is (3, cells, cells), 0 to 255; `height` in metres above the world's ground level. `fine`, `middle`
    and `coarse` are noise of a few centimetres, of a decimetre to a metre and a half, and of two to thirty
    metres.
    """

    def __init__(self, cells: int, texel_m: float, rng: np.random.Generator) -> None:
        self.cells = cells
        self.texel_m = texel_m
        self.rng = rng
        self.rgb = np.zeros((3, cells, cells), np.float32)
        self.height = np.zeros((cells, cells), np.float32)
        self.material = np.zeros((cells, cells), np.uint8)
        self.fine = fractal(rng, cells, 4, 1, 0.8)
        self.middle = fractal(rng, cells, max(1.5 / texel_m, 4), max(0.1 / texel_m, 2), 0.75)
        self.coarse = fractal(rng, cells, 30 / texel_m, max(2 / texel_m, 2), 0.65)
        self._metres = ((np.arange(cells) + 0.5 - cells / 2) * texel_m).astype(np.float32)

    def patch(self, rows: slice, columns: slice) -> Patch:
        """A part of the canvas."""
        return Patch(self, rows, columns, self._metres[None, columns], -self._metres[rows, None])

    def around(self, east_m: float, north_m: float, radius_m: float) -> Patch:
        """The square of cells around a place, clipped to the canvas: it may be empty."""
        half = self.cells / 2
        column, row = east_m / self.texel_m + half, -north_m / self.texel_m + half
        reach = radius_m / self.texel_m + 1
        columns = np.clip([int(column - reach), int(column + reach) + 1], 0, self.cells).tolist()
        rows = np.clip([int(row - reach), int(row + reach) + 1], 0, self.cells).tolist()
        return self.patch(slice(*rows), slice(*columns))

    def tiles(self) -> Iterator[Patch]:
        """The whole canvas in parts small enough for the processor's cache."""
        for top in range(0, self.cells, TILE_CELLS):
            for left in range(0, self.cells, TILE_CELLS):
                yield self.patch(
                    slice(top, min(top + TILE_CELLS, self.cells)),
                    slice(left, min(left + TILE_CELLS, self.cells)),
                )

    def pixel(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Column and row of a place, for a pen."""
        half = self.cells / 2
        return east_m / self.texel_m + half - 0.5, -north_m / self.texel_m + half - 0.5


class Patch:
    """A rectangle of the canvas; writing to its arrays writes to the canvas.

    `east` is (1, w) and `north` (h, 1), metres of the cells' centres. `turned` is the coarse noise turned
    half round: a second field for the price of one.
    """

    def __init__(self, canvas: Canvas, rows: slice, columns: slice, east: Field, north: Field) -> None:
        self.texel_m = canvas.texel_m
        self.east, self.north = east, north
        self.rgb = canvas.rgb[:, rows, columns]
        self.height = canvas.height[rows, columns]
        self.material = canvas.material[rows, columns]
        self.fine = canvas.fine[rows, columns]
        self.middle = canvas.middle[rows, columns]
        self.coarse = canvas.coarse[rows, columns]
        self.turned = canvas.coarse[::-1, ::-1][rows, columns]

    @property
    def empty(self) -> bool:
        """Whether it lies beyond the canvas."""
        return self.height.size == 0

    def soft(self, distance_m: Values) -> Field:
        """Coverage 0 to 1 from a signed distance (inside negative), an edge one cell wide."""
        return np.asarray(np.clip(0.5 - distance_m / self.texel_m, 0, 1), np.float32)

    def lay(self, cover: Values, colour: Colour | Values, material: Material | None = None) -> None:
        """Paint `colour` (three numbers, or (3, h, w)) where `cover` is above 0, and set the material."""
        if not cover.any():
            return
        for band in range(3):
            self.rgb[band] += cover * (colour[band] - self.rgb[band])
        if material is not None:
            self.material[cover > 0.5] = material

    def darken(self, cover: Values) -> None:
        """Multiply the colour by 1 - cover."""
        if cover.any():
            self.rgb *= 1 - cover


def grain(base: Colour, field: Values, gains: Colour) -> Field:
    """(3, h, w) colour: `base` plus `gains` times a noise field."""
    return np.stack([np.float32(b) + np.float32(g) * field for b, g in zip(base, gains, strict=True)])
