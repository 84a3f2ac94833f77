"""What the cameras of an adjusted block see of level ground, and of a level plate above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.adjustment import Adjusted
from imaging.control.points import Mark
from imaging.lens import Array
from imaging.photos import Pixels
from missions.errors import InputError

SIZE_M, TEXEL_M = 60.0, 0.02


class Level:
    """A surface that is level at a height."""

    def __init__(self, height_m: float = 0.0, sigma_m: float = 0.02, relief_m: float = 0.0) -> None:
        self.height_m, self.sigma_m, self._relief_m = height_m, sigma_m, relief_m

    def __call__(self, east_north: Array) -> tuple[float, float]:
        return self.height_m, self.sigma_m

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        return self._relief_m


class Unknown(Level):
    """A surface that has no height anywhere, as under a wall."""

    def __call__(self, east_north: Array) -> tuple[float, float]:
        raise InputError("the surface has no height here")


@dataclass(frozen=True, slots=True)
class Plate:
    """A roof without walls: level, from `low` to `high` (2,) metres east and north, painted as `colours`."""

    height_m: float
    low: Array
    high: Array
    colours: Pixels


def gravel(seed: int, contrast: float = 6.0) -> Pixels:
    """A level field, (n, n) grey, its middle at the origin."""
    random = np.random.default_rng(seed)
    count = round(SIZE_M / TEXEL_M)
    fine = cv2.GaussianBlur(random.uniform(0, 255, (count, count)).astype(np.float32), (0, 0), 1.5)
    return np.asarray(np.clip((fine - fine.mean()) * contrast + 128, 0, 255), np.uint8)


def painted(field: Pixels, middle: Array, half_m: tuple[float, float], grey: int) -> None:
    """Paint a level rectangle, `half_m` to either side east and north, on a field."""
    column, row = ((middle[:2] * [1, -1] + SIZE_M / 2) / TEXEL_M).round().astype(int)
    wide, high = (round(each / TEXEL_M) for each in half_m)
    field[row - high : row + high, column - wide : column + wide] = grey


def photo_of(
    adjusted: Adjusted,
    ground: Pixels,
    name: str,
    place: Array,
    plate: Plate | None = None,
    noise: float = 0.0,
) -> Pixels:
    """What a camera sees of the field about a place; black elsewhere, which nobody looks at."""
    reach_px = 150
    view = adjusted.views[adjusted.network.index[name]]
    lens = adjusted.lenses[view.lens]
    picture = np.zeros((lens.height_px, lens.width_px, 3), np.uint8)
    middle = np.nan_to_num(view.pixels(lens, place[None, :])[0], nan=-1e6)
    left, top = np.clip(middle - reach_px, 0, [lens.width_px, lens.height_px]).astype(int).tolist()
    right, below = np.clip(middle + reach_px, 0, [lens.width_px, lens.height_px]).astype(int).tolist()
    if right <= left or below <= top:
        return picture
    columns, rows = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, below) + 0.5)
    rays = lens.rays(np.column_stack([columns.ravel(), rows.ravel()])) @ view.rotation
    begin = view.centre + (rows.ravel()[:, None] / lens.height_px - 0.5) * view.motion_m

    def on(height_m: float) -> Array:
        return np.asarray((begin + rays * ((height_m - begin[:, 2]) / rays[:, 2])[:, None])[:, :2]).reshape(
            *columns.shape, 2
        )

    grey = _read(ground, on(0.0))
    if plate is not None:
        above = on(plate.height_m)
        within = ((above > plate.low) & (above < plate.high)).all(axis=-1)
        grey = np.where(within, _read(plate.colours, above), grey)
    grain = np.random.default_rng(adjusted.network.index[name]).normal(0, noise, grey.shape)
    seen = np.clip(grey + grain, 0, 255).astype(np.uint8)
    picture[top:below, left:right] = seen[..., None]
    return picture


def photos_of(
    adjusted: Adjusted, ground: Pixels, place: Array, plate: Plate | None = None, noise: float = 0.0
) -> Callable[[str], Pixels]:
    """The same by name, as matching asks for it."""
    return lambda name: photo_of(adjusted, ground, name, place, plate, noise)


def click(adjusted: Adjusted, name: str, place: Array) -> Mark:
    """A place as somebody clicks it in a photo, exactly."""
    view = adjusted.views[adjusted.network.index[name]]
    px = view.pixels(adjusted.lenses[view.lens], place[None, :])[0]
    return Mark(name, float(px[0]), float(px[1]), 0.5)


def _read(field: Pixels, east_north: Array) -> Array:
    where = ((east_north * [1, -1] + SIZE_M / 2) / TEXEL_M - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(field, where[..., 0], where[..., 1], cv2.INTER_LINEAR), float)
