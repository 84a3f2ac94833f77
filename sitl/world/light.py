"""Sunlight on a height map: slopes brighter or darker, and the shadows that things cast."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from sitl.world.noise import Field


def sunlight(height: Field, texel_m: float, azimuth_deg: float, elevation_deg: float) -> Field:
    """(cells, cells) brightness relative to level ground in the sun."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    down_rows, along_columns = (np.clip(slope, -1.5, 1.5) for slope in np.gradient(height, texel_m))
    slope = math.cos(azimuth) * down_rows - math.sin(azimuth) * along_columns
    facing = (math.sin(elevation) + math.cos(elevation) * slope) / np.sqrt(
        1 + down_rows**2 + along_columns**2
    )
    direct = np.clip(facing / math.sin(elevation), 0, 1.35)
    return np.asarray(0.42 + 0.58 * direct * (1 - shadow(height, texel_m, azimuth, elevation)), np.float32)


def shadow(height: Field, texel_m: float, azimuth_rad: float, elevation_rad: float) -> Field:
    """(cells, cells) 0 in the sun to 1 in the shadow of something higher towards the sun."""
    coarse = max(1, round(0.09 / texel_m))
    low = height[::coarse, ::coarse]
    step_m = texel_m * coarse
    shaded = np.zeros(low.shape, bool)
    steps = int(float(low.max()) / math.tan(elevation_rad) / step_m) + 2
    for step in range(1, steps):
        rows = round(step * math.cos(azimuth_rad))
        columns = round(-step * math.sin(azimuth_rad))
        rise = step * step_m * math.tan(elevation_rad)
        here, there = _overlap(low.shape[0], rows), _overlap(low.shape[1], columns)
        shaded[here[0], there[0]] |= low[here[1], there[1]] > low[here[0], there[0]] + rise + 0.03
    soft = Image.fromarray(ndimage.gaussian_filter(shaded.astype(np.float32), 0.6))
    rows, columns = height.shape
    box = (0.0, 0.0, columns / coarse, rows / coarse)
    return np.asarray(soft.resize((columns, rows), Image.Resampling.BILINEAR, box=box), np.float32)


def _overlap(size: int, shift: int) -> tuple[slice, slice]:
    """Slices so that a[first] meets its neighbour `shift` cells before it, a[second]; empty without one."""
    shift = max(-size, min(size, shift))
    if shift >= 0:
        return slice(shift, size), slice(0, size - shift)
    return slice(0, size + shift), slice(-shift, size)
