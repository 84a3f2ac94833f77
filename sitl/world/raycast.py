"""From rays to the surface they hit: a height map seen in perspective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sitl.world.kernels import Float32, march, settle, tallest_near
from sitl.world.lens import Array, Floats
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


def cast(world: World, eyes: Floats, rays: Array) -> Hits:
    """Where (n, 3) rays meet the surface. `eyes`, above it, is (3,), or (m, 3) for n / m rays each.

    Low ground is solved by fixed-point iteration of z = h(x, y); near anything taller the ray is stepped
    down from the top of the skyline until it is below the surface, and the step it crossed in is halved.
    """
    eyes_32: Float32 = np.atleast_2d(eyes).astype(np.float32)
    falling = np.maximum(-rays[:, 2], 1e-4)
    slopes = np.empty((2, len(rays)), np.float32)
    np.divide(rays[:, 0], falling, out=slopes[0], casting="same_kind")
    np.divide(rays[:, 1], falling, out=slopes[1], casting="same_kind")
    eye_u = eyes_32[:, 2].repeat(len(rays) // len(eyes_32)) if len(eyes_32) > 1 else eyes_32[0, 2]
    sky = (rays[:, 2] >= -1e-4) | (np.hypot(*slopes) * eye_u > FARTHEST_M)
    slopes[:, sky] = 0
    up, wall = _met(world, eyes_32, slopes, sky)
    drop = eye_u - up
    each = len(rays) // len(eyes_32) if len(eyes_32) > 1 else 1
    east = slopes[0] * drop + eyes_32[:, 0].repeat(each)
    north = slopes[1] * drop + eyes_32[:, 1].repeat(each)
    return Hits(east, north, up, wall, sky)


def _met(
    world: World, eyes: Float32, slopes: Float32, sky: npt.NDArray[np.bool_]
) -> tuple[Float32, npt.NDArray[np.bool_]]:
    """(n,) the level at which each ray meets the surface, and whether it does so through a side."""
    heights, scale = world.heights.planes[0], world.heights.scale
    base, slack_m = _base(world, eyes, slopes)
    up = base.copy()
    settle(heights, scale, eyes, slopes, up, *((2, 1) if world.terrain is None else (1, 2)))
    wall = np.zeros(len(up), bool)
    tall = _tallest_near(world, eyes, slopes, base)
    tall[sky] = 0
    most_steps = int(float(tall.max(initial=0.0) + 1.6 + 2 * slack_m) / STEP_M) + 2
    march(
        heights,
        scale,
        world.skyline.planes[0],
        world.skyline.scale,
        eyes,
        slopes,
        base,
        tall,
        np.float32(LOW_M),
        np.float32(slack_m),
        np.float32(STEP_M),
        most_steps,
        world.terrain is not None,
        up,
        wall,
    )
    return up, wall


def _base(world: World, eyes: Float32, slopes: Float32) -> tuple[Float32, float]:
    """(n,) where rays meet the bare terrain, 0 where it is level; and how much it may rise near there."""
    base = np.zeros(slopes.shape[1], np.float32)
    if world.terrain is None:
        return base, 0.0
    settle(world.terrain.planes[0], world.terrain.scale, eyes, slopes, base, 0, 4)
    reach_m = float(np.max(np.hypot(*slopes), initial=0.0)) * float(world.skyline.planes.max())
    return base, 0.1 + min(reach_m, 30.0) * world.steepest


def _tallest_near(world: World, eyes: Float32, slopes: Float32, base: Float32) -> Float32:
    """The skyline along the last stretch of each ray, from the highest thing's level down to the ground."""
    highest = float(world.skyline.planes.max())
    reach = float(np.max(np.hypot(*slopes), initial=0.0)) * highest
    samples = min(64, max(2, int(reach / world.skyline.texel_m) + 2))
    levels = np.linspace(0, min(highest, float(eyes[:, 2].min())), samples, dtype=np.float32)
    return np.asarray(tallest_near(world.skyline.planes[0], world.skyline.scale, eyes, slopes, base, levels))
