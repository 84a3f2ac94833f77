"""What does not stand still: vehicles that drive and people who walk, put into the world photo by photo."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from missions.errors import InputError
from sitl.world.canvas import Canvas, Colour, Material, Patch
from sitl.world.lens import Floats
from sitl.world.light import sunlight
from sitl.world.raster import Raster
from sitl.world.things import body_axes
from sitl.world.vehicles import Vehicle, paint_vehicle
from sitl.world.world import SUN_ELEVATION_DEG, World

PERSON_M = (0.3, 0.5, 1.75)
SHADOW_M = 2.6
STANDING_M = 1e-3
HAIR: Colour = (62, 46, 34)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a mover is at one moment; it goes `speed_m_s` towards `heading_deg`."""

    east_m: float
    north_m: float
    heading_deg: float
    speed_m_s: float


@dataclass(frozen=True, slots=True)
class Mover:
    """Something that is at (seconds after the first photo, metres east, metres north), straight in between.

    Before its path begins and after it ends it is not there. Where it stands it faces the way it will go,
    else the way it came, else `heading_deg`. Raises InputError for a path without places or that runs back in
    time.
    """

    name: str
    path: tuple[tuple[float, float, float], ...]
    kind: Literal["car", "van", "police", "person"] = "car"
    colour: Colour = (164, 168, 172)
    heading_deg: float = 0.0

    def __post_init__(self) -> None:
        times_s = [stop[0] for stop in self.path]
        if not times_s or any(later <= earlier for earlier, later in pairwise(times_s)):
            raise InputError(
                f"the path of {self.name} does not go forward in time",
                remedy="Give (seconds, east, north) with each time after the one before",
            )

    @property
    def size_m(self) -> tuple[float, float, float]:
        """Length, width and height."""
        return PERSON_M if self.kind == "person" else self._vehicle(Stand(0, 0, 0, 0)).size_m

    def at(self, after_s: float) -> Stand | None:
        """Where it is then, None where it is not there."""
        times_s, east, north = (np.array(part) for part in zip(*self.path, strict=True))
        if not times_s[0] <= after_s <= times_s[-1]:
            return None
        leg = min(int(np.searchsorted(times_s, after_s, "right")) - 1, max(0, len(times_s) - 2))
        speed_m_s = 0.0
        if len(times_s) > 1:
            length_m = math.hypot(east[leg + 1] - east[leg], north[leg + 1] - north[leg])
            speed_m_s = length_m / float(times_s[leg + 1] - times_s[leg])
        place = float(np.interp(after_s, times_s, east)), float(np.interp(after_s, times_s, north))
        return Stand(*place, self._heading_deg(leg), speed_m_s)

    def paint(self, canvas: Canvas, stand: Stand) -> None:
        """Paint it where it stands."""
        if self.kind == "person":
            _paint_person(canvas, stand, self.colour)
        else:
            paint_vehicle(canvas, self._vehicle(stand))

    def corners(self, stand: Stand, up_m: float) -> Floats:
        """(8, 3) east, north, up of the box around it; it stands on the level `up_m`."""
        length_m, width_m, height_m = self.size_m
        turn = math.radians(stand.heading_deg)
        ahead, aside = np.array([math.sin(turn), math.cos(turn)]), np.array([math.cos(turn), -math.sin(turn)])
        return np.array(
            [
                [*(np.array([stand.east_m, stand.north_m]) + x * length_m * ahead + y * width_m * aside), up]
                for x in (-0.5, 0.5)
                for y in (-0.5, 0.5)
                for up in (up_m, up_m + height_m)
            ]
        )

    def _heading_deg(self, leg: int) -> float:
        legs = list(pairwise(self.path))
        for start, end in (*legs[leg:], *legs[:leg][::-1]):
            if math.dist(start[1:], end[1:]) > STANDING_M:
                return math.degrees(math.atan2(end[1] - start[1], end[2] - start[2])) % 360
        return self.heading_deg

    def _vehicle(self, stand: Stand) -> Vehicle:
        return Vehicle(self.name, stand.east_m, stand.north_m, stand.heading_deg, self.colour, self.kind)


def _paint_person(canvas: Canvas, stand: Stand, colour: Colour) -> None:
    patch = canvas.around(stand.east_m, stand.north_m, 0.5)
    if patch.empty:
        return
    ahead, aside = body_axes(patch, stand.east_m, stand.north_m, stand.heading_deg)
    ground = float(np.median(patch.height))
    shoulders = (np.hypot(ahead / 0.15, aside / 0.25) - 1) * 0.15
    head = np.hypot(ahead - 0.03, aside) - 0.12
    for shape, top_m, tint in ((shoulders, 1.45, colour), (head, PERSON_M[2], HAIR)):
        patch.lay(patch.soft(shape.astype(np.float32)), tint, Material.SOIL)
        patch.height[shape < 0] = ground + top_m


class _Window(Canvas):
    """A part of a world as a canvas of its own: colours without the light, heights above the bare terrain."""

    def __init__(self, world: World, rows: slice, columns: slice) -> None:
        texel_m, cells = world.texel_m, world.sunlit.shape[0]
        metres = ((np.arange(cells) + 0.5 - cells / 2) * texel_m).astype(np.float32)
        self.texel_m = texel_m
        self.east, self.north = metres[None, columns], -metres[rows, None]
        self.light = world.sunlit[rows, columns]
        self.rgb = np.asarray(world.colours.planes[:, rows, columns] / self.light, np.float32)
        terrain = world.layout.terrain
        self.under = np.zeros_like(self.light) if terrain is None else terrain.height(self.east, self.north)
        self.height = world.heights.planes[0, rows, columns] - self.under
        self.material = world.materials.planes[0, rows, columns].copy()
        self.fine = self.middle = self.coarse = np.zeros_like(self.light)
        self.before = self.height.copy()

    def around(self, east_m: float, north_m: float, radius_m: float) -> Patch:
        """All of it: it was cut out around the place."""
        del east_m, north_m, radius_m
        return Patch(self, slice(None), slice(None), self.east, self.north)

    def lit(self, sun_azimuth_deg: float) -> Floats:
        """(3, h, w) its colours in the light that is left: what was painted casts a shadow."""
        before, after = (
            sunlight(height, self.texel_m, sun_azimuth_deg, SUN_ELEVATION_DEG)
            for height in (self.before, self.height)
        )
        return np.asarray(np.clip(self.rgb * (self.light * after / before), 0, 255))


@contextmanager
def staged(world: World, standing: Sequence[tuple[Mover, Stand]]) -> Iterator[None]:
    """The world with these movers in it; without them again afterwards."""
    skyline, highest_m = world.skyline.planes[0].copy(), world.highest_m
    kept = []
    try:
        for mover, stand in standing:
            rows, columns = _cells_around(world, stand, math.hypot(*mover.size_m[:2]) / 2 + 0.3 + SHADOW_M)
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            parts = [raster.planes[:, rows, columns] for raster in _rasters(world)]
            kept.append((rows, columns, [part.copy() for part in parts]))
            window = _Window(world, rows, columns)
            mover.paint(window, stand)
            parts[0][:] = np.round(window.lit(world.sun_azimuth_deg)).astype(np.uint8)
            parts[1][0] = window.height + window.under
            parts[2][0] = window.material
            world.colours.refresh(rows, columns)
            _raise_skyline(world, rows, columns, float(window.height.max()))
            world.highest_m = max(world.highest_m, float(parts[1].max()))
        yield
    finally:
        for rows, columns, saved in reversed(kept):
            for raster, part in zip(_rasters(world), saved, strict=True):
                raster.planes[:, rows, columns] = part
            world.colours.refresh(rows, columns)
        world.skyline.planes[0][:] = skyline
        world.highest_m = highest_m


def _rasters(world: World) -> tuple[Raster, Raster, Raster]:
    return world.colours, world.heights, world.materials


def _cells_around(world: World, stand: Stand, radius_m: float) -> tuple[slice, slice]:
    cells = world.sunlit.shape[0]
    half, reach = cells / 2, radius_m / world.texel_m
    row, column = half - stand.north_m / world.texel_m, half + stand.east_m / world.texel_m
    rows = np.clip([math.floor(row - reach), math.ceil(row + reach)], 0, cells).tolist()
    columns = np.clip([math.floor(column - reach), math.ceil(column + reach)], 0, cells).tolist()
    return slice(*rows), slice(*columns)


def _raise_skyline(world: World, rows: slice, columns: slice, height_m: float) -> None:
    block = round(world.skyline.texel_m / world.texel_m)
    part = world.skyline.planes[0][
        max(0, rows.start // block - 1) : rows.stop // block + 2,
        max(0, columns.start // block - 1) : columns.stop // block + 2,
    ]
    np.maximum(part, np.float32(height_m), out=part)
