"""What stands and lies on the ground: trees, skid marks, debris, stones, cones and survey targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from sitl.world.canvas import Canvas, Colour, Material, Patch, grain
from sitl.world.noise import Field

TARGET_SIDE_M = 0.8


def body_axes(patch: Patch, east_m: float, north_m: float, heading_deg: float) -> tuple[Field, Field]:
    """Metres ahead of and to the right of a thing, for each cell of its window."""
    sine, cosine = math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
    east, north = patch.east - east_m, patch.north - north_m
    return (east * sine + north * cosine).astype(np.float32), (east * cosine - north * sine).astype(
        np.float32
    )


def paint_tree(canvas: Canvas, east_m: float, north_m: float, radius_m: float, height_m: float) -> None:
    """A crown: a rough dome of leaves."""
    patch = canvas.around(east_m, north_m, radius_m * 1.5)
    if patch.empty:
        return
    distance = np.hypot(patch.east - east_m, patch.north - north_m) / radius_m
    clumps = patch.middle
    leaves = patch.fine
    rim = (distance + 0.12 * clumps - 1) * radius_m
    dome = height_m * (0.12 + 0.88 * np.sqrt(np.clip(1 - distance**2, 0, 1)))
    crown = (dome + 0.06 * height_m * clumps + 0.15 * leaves).astype(np.float32)
    under = patch.height
    under[:] = np.where(rim < 0, np.maximum(under, crown), under)
    tint = float(canvas.rng.normal(0, 6))
    colour = grain((58 + tint, 82 + tint, 40), leaves + 0.9 * clumps, (13, 16, 9))
    patch.lay(patch.soft(rim.astype(np.float32)), colour, Material.LEAVES)


def paint_skid(canvas: Canvas, path_en_m: Sequence[tuple[float, float]], strength: float = 0.75) -> None:
    """A tyre's rubber along a path, faint at first and black where it ends."""
    path = np.asarray(path_en_m)
    middle_e, middle_n = ((path.min(axis=0) + path.max(axis=0)) / 2).tolist()
    patch = canvas.around(middle_e, middle_n, float(np.ptp(path, axis=0).max()) / 2 + 0.5)
    if patch.empty:
        return
    rows, columns = patch.height.shape
    mask = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(mask)
    corner = np.array([patch.east[0, 0], patch.north[0, 0]])
    pixels = [tuple(spot) for spot in ((path - corner) * (1, -1) / patch.texel_m).tolist()]
    for step, leg in enumerate(pairwise(pixels)):
        shade = int(255 * min(1.0, 0.15 + 1.1 * step / (len(pixels) - 1)))
        pen.line(leg, fill=shade, width=max(1, round(0.19 / patch.texel_m)))
    rubber = ndimage.gaussian_filter(np.asarray(mask, np.float32) / 255, 0.03 / patch.texel_m)
    patch.darken(np.float32(strength) * rubber * np.clip(0.85 + 0.2 * patch.fine, 0.3, 1))


def paint_stain(canvas: Canvas, east_m: float, north_m: float, radius_m: float) -> None:
    """Oil and coolant run out on the road."""
    patch = canvas.around(east_m, north_m, radius_m * 2)
    if patch.empty:
        return
    rim = np.hypot(patch.east - east_m, (patch.north - north_m) * 1.5) - radius_m
    wet = patch.soft(rim + 0.35 * radius_m * patch.middle)
    patch.darken(np.float32(0.55) * wet)


def paint_debris(canvas: Canvas, east_m: float, north_m: float, spread_m: float, pieces: int) -> None:
    """Broken parts scattered on the ground: plastic, glass, metal, most of them a few centimetres."""
    palette: tuple[Colour, ...] = (
        (26, 26, 28),
        (208, 208, 204),
        (140, 30, 26),
        (120, 122, 126),
        (232, 232, 236),
    )
    for _ in range(pieces):
        east = east_m + canvas.rng.normal(0, spread_m)
        north = north_m + canvas.rng.normal(0, spread_m)
        size = float(np.clip(canvas.rng.lognormal(-2.7, 0.7), 0.025, 0.5))
        patch = canvas.around(east, north, size)
        if patch.empty:
            continue
        ahead, aside = body_axes(patch, east, north, canvas.rng.uniform(0, 360))
        shape = np.maximum(np.abs(ahead) - size / 2, np.abs(aside) - size / 4)
        patch.lay(patch.soft(shape), palette[int(canvas.rng.integers(len(palette)))])
        patch.height[shape < 0] += np.float32(min(0.06, size / 3))


def paint_stone(canvas: Canvas, east_m: float, north_m: float, radius_m: float) -> None:
    """A boulder."""
    patch = canvas.around(east_m, north_m, radius_m * 1.3)
    if patch.empty:
        return
    distance = np.hypot(patch.east - east_m, patch.north - north_m) / radius_m
    distance = distance + 0.1 * patch.middle
    cover = patch.soft(((distance - 1) * radius_m).astype(np.float32))
    tone = patch.fine + patch.middle
    patch.lay(cover, grain((146, 142, 136), tone, (14, 14, 14)), Material.STONE)
    bulge = (0.7 * radius_m * np.sqrt(np.clip(1 - distance**2, 0, 1))).astype(np.float32)
    patch.height += bulge


def paint_cone(canvas: Canvas, east_m: float, north_m: float) -> None:
    """A traffic cone."""
    patch = canvas.around(east_m, north_m, 0.35)
    if patch.empty:
        return
    radius = np.hypot(patch.east - east_m, patch.north - north_m).astype(np.float32)
    patch.lay(patch.soft(radius - 0.2), (232, 84, 22))
    patch.lay(patch.soft(np.abs(radius - 0.1) - 0.03), (240, 240, 236))
    patch.height += np.clip(0.7 * (1 - radius / 0.2), 0, 0.7).astype(np.float32)


def paint_target(canvas: Canvas, east_m: float, north_m: float, heading_deg: float) -> None:
    """A survey target: a flat black plate with two white quadrants that meet in the surveyed point."""
    patch = canvas.around(east_m, north_m, TARGET_SIDE_M)
    ahead, aside = body_axes(patch, east_m, north_m, heading_deg)
    square = np.maximum(np.abs(ahead), np.abs(aside))
    patch.lay(patch.soft(square - TARGET_SIDE_M / 2), (18, 18, 20))
    quadrants = np.where(ahead * aside > 0, -1, 1) * np.minimum(np.abs(ahead), np.abs(aside))
    inner = np.maximum(quadrants, square - TARGET_SIDE_M * 0.375)
    patch.lay(patch.soft(inner), (240, 240, 238))
    heights = patch.height
    heights[square < TARGET_SIDE_M / 2 + 0.1] = float(np.median(heights[square < TARGET_SIDE_M / 2]))
