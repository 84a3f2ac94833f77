"""From rays to the surface they hit: a height map seen in perspective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sitl.world.raster import Float32
from sitl.world.view import Array, Floats
from sitl.world.world import World

LOW_M = 0.3
STEP_M = 0.12
FARTHEST_M = 3000.0


@dataclass(frozen=True, slots=True)
class Hits:
    """(n,) metres east, north, up of where rays end; `wall` where they met a side, `sky` where nothing."""

    east: Float32
    north: Float32
    up: Float32
    wall: npt.NDArray[np.bool_]
    sky: npt.NDArray[np.bool_]


def cast(world: World, eye: Floats, rays: Array) -> Hits:
    """Where (n, 3) rays from `eye` meet the surface; `eye` must be above it.

    Low ground is solved by fixed-point iteration of z = h(x, y); near anything taller the ray is stepped
    down from the top of the skyline until it is below the surface, and the step it crossed in is halved.
    """
    falling = np.maximum(-rays[:, 2], 1e-4)
    slope_e = (rays[:, 0] / falling).astype(np.float32)
    slope_n = (rays[:, 1] / falling).astype(np.float32)
    eye_e, eye_n, eye_u = (np.float32(value) for value in eye)
    sky = (rays[:, 2] >= -1e-4) | (np.hypot(slope_e, slope_n) * eye_u > FARTHEST_M)
    slope_e[sky] = slope_n[sky] = 0
    up = _low_ground(world, (eye_e, eye_n, eye_u), slope_e, slope_n)
    wall = np.zeros(len(rays), bool)
    tall = _tallest_near(world, (eye_e, eye_n, eye_u), slope_e, slope_n)
    active = np.flatnonzero((tall > LOW_M) & ~sky)
    if active.size:
        solved, sides = _march(
            world, (eye_e, eye_n, eye_u), slope_e[active], slope_n[active], np.minimum(tall[active], eye_u)
        )
        up[active], wall[active] = solved, sides
    drop = eye_u - up
    return Hits(eye_e + slope_e * drop, eye_n + slope_n * drop, up, wall, sky)


Eye = tuple[np.float32, np.float32, np.float32]


def _low_ground(world: World, eye: Eye, slope_e: Float32, slope_n: Float32) -> Float32:
    up = np.zeros_like(slope_e)
    for last in (False, False, True):
        drop = eye[2] - up
        east, north = eye[0] + slope_e * drop, eye[1] + slope_n * drop
        up = world.heights.read(east, north)[0] if last else world.heights.nearest(east, north)
    return np.asarray(up, np.float32)


def _tallest_near(world: World, eye: Eye, slope_e: Float32, slope_n: Float32) -> Float32:
    """The skyline along the last stretch of each ray, from the highest thing's level down to the ground."""
    highest = float(world.skyline.planes.max())
    tallest = np.zeros_like(slope_e)
    reach = float(np.max(np.hypot(slope_e, slope_n), initial=0.0)) * highest
    samples = min(64, max(2, int(reach / world.skyline.texel_m) + 2))
    for level in np.linspace(0, min(highest, float(eye[2])), samples, dtype=np.float32):
        drop = eye[2] - level
        east, north = eye[0] + slope_e * drop, eye[1] + slope_n * drop
        np.maximum(tallest, world.skyline.nearest(east, north), out=tallest)
    return tallest


def _march(
    world: World, eye: Eye, slope_e: Float32, slope_n: Float32, top: Float32
) -> tuple[Float32, npt.NDArray[np.bool_]]:
    """Levels at which rays first dip below the surface, and whether they did so through a side."""
    above = top + np.float32(0.05)
    below = np.full_like(above, np.float32(-1.5))
    going = np.arange(len(top))
    for _ in range(int(float(top.max() + 1.6) / STEP_M) + 2):
        level = above[going] - np.float32(STEP_M)
        hit = _surface(world, eye, slope_e[going], slope_n[going], level) >= level
        below[going[hit]] = level[hit]
        going, level = going[~hit], level[~hit]
        above[going] = level
        if not going.size:
            break
    for _ in range(6):
        middle = (above + below) / 2
        inside = _surface(world, eye, slope_e, slope_n, middle) >= middle
        below[inside] = middle[inside]
        above[~inside] = middle[~inside]
    surface = _surface(world, eye, slope_e, slope_n, below)
    return below, surface - below > 0.06


def _surface(world: World, eye: Eye, slope_e: Float32, slope_n: Float32, level: Array) -> Float32:
    drop = eye[2] - level
    return np.asarray(world.heights.nearest(eye[0] + slope_e * drop, eye[1] + slope_n * drop), np.float32)
